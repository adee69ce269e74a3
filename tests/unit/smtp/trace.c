/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/trace.h"

#include "lib/test.h"

#include <stdlib.h>

static char *trace_of(struct smtp_trace t)
{
	struct buf b;
	char *text;

	if (!t.peer)
		t.peer = "192.0.2.7";
	t.host = "mx.example.test";
	if (!t.tls)
		t.tls = "";
	t.id = 0x9f02c1;
	t.wall_ms = 1795500024000;
	buf_init(&b, 0);
	smtp_trace_put(&b, &t);
	text = xcalloc(b.n + 1, 1);
	memcpy(text, buf_bytes(&b).p, b.n);
	buf_release(&b);
	return text;
}

static void check(struct smtp_trace t, const char *want)
{
	char *got = trace_of(t);

	CHECK_STR(got, want);
	free(got);
}

TEST(trace, fields)
{
	check((struct smtp_trace){ .sender = BYTES("a@b"),
				   .helo = BYTES("mail.example.org"),
				   .esmtp = true,
				   .rcpt = BYTES("one@example.test") },
	      "Return-Path: <a@b>\r\n"
	      "Received: from mail.example.org ([192.0.2.7])\r\n"
	      "\tby mx.example.test with ESMTP\r\n\tid 00000000009f02c1\r\n"
	      "\tfor <one@example.test>;\r\n\tTue, 24 Nov 2026 06:00:24 +0000\r\n");
	check((struct smtp_trace){ .helo = BYTES("[IPv6:2001:db8::1]"),
				   .peer = "2001:db8::1",
				   .tls = "TLSv1.3 TLS_AES_256_GCM_SHA384",
				   .esmtp = true,
				   .login = true },
	      "Return-Path: <>\r\n"
	      "Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1])\r\n"
	      "\tby mx.example.test with ESMTPSA (TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
	      "\tid 00000000009f02c1;\r\n\tTue, 24 Nov 2026 06:00:24 +0000\r\n");
}

static bool has(struct smtp_trace t, const char *part)
{
	char *got = trace_of(t);
	bool found = strstr(got, part) != NULL;

	free(got);
	return found;
}

/* RFC 3848. */
TEST(trace, with)
{
	CHECK(has((struct smtp_trace){ .helo = BYTES("x") }, " with SMTP\r\n"));
	CHECK(has((struct smtp_trace){ .helo = BYTES("x"), .esmtp = true }, " with ESMTP\r\n"));
	CHECK(has((struct smtp_trace){ .helo = BYTES("x"), .tls = "T", .esmtp = true },
		  " with ESMTPS (T)\r\n"));
	CHECK(has((struct smtp_trace){ .helo = BYTES("x"), .login = true }, " with ESMTPA\r\n"));
	CHECK(has((struct smtp_trace){ .helo = BYTES("x"), .lmtp = true, .esmtp = true },
		  " with LMTP\r\n"));
	CHECK(has((struct smtp_trace){ .helo = BYTES("x"), .lmtp = true, .tls = "T" },
		  " with LMTPS (T)\r\n"));
}

/* S20. */
TEST(trace, names_that_are_none)
{
	CHECK(has((struct smtp_trace){ .helo = BYTES("a(b;c\tX") },
		  "Received: from [192.0.2.7] (helo a\\(b;c?X)\r\n"));
	CHECK(has((struct smtp_trace){ .helo = BYTES("a\r\nX-Evil: 1\\)") },
		  "(helo a??X-Evil: 1\\\\\\))\r\n"));
	CHECK(has((struct smtp_trace){ .helo = BYTES("\xff\x00=?utf-8?q?x?=") },
		  "(helo ?"
		  "?=?utf-8?q?x?=)\r\n"));
	CHECK(has((struct smtp_trace){ .helo = BYTES("[::1] x") }, "(helo [::1] x)\r\n"));
}

TEST(trace, long_names)
{
	uint8_t name[300];
	char *got;

	memset(name, 'n', sizeof(name));
	got = trace_of((struct smtp_trace){ .helo = bytes_of(name, sizeof(name)) });
	CHECK(strstr(got, "nnn...)\r\n") != NULL);
	CHECK(strlen(got) < 400);
	free(got);
}
