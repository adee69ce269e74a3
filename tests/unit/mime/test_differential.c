/* SPDX-License-Identifier: Apache-2.0 */
/* The parser against Python's email package, on random messages: differential.py makes both the
 * messages and what is expected. Without python3 nothing is tested. TERN_SEED, TERN_MESSAGES. */
#include "mime_util.h"

#include "lib/test.h"

#include <stdlib.h>

/* CRC-32 as zlib has it. */
static uint32_t crc32_of(struct bytes b)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < b.n; i++) {
		crc ^= b.p[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void put_addresses(struct buf *out, const char *name, Tern__FactsAddr *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s %.*s %.*s@%.*s\n", name, BYTES_ARG(facts_bytes(v[i]->name)),
			   BYTES_ARG(facts_bytes(v[i]->mailbox)),
			   BYTES_ARG(facts_bytes(v[i]->host)));
}

static void put_part(struct buf *out, const Tern__Facts *f, size_t i, struct bytes message,
		     bool closed)
{
	const Tern__FactsPart *p = f->parts[i];
	struct bytes body = bytes_slice(message, p->body, p->end - p->body);

	for (size_t at = i; at != 0; at = f->parts[at]->parent)
		buf_puts(out, "  ");
	for (size_t k = 0; k < p->type.len; k++)
		buf_putc(out, ascii_lower(p->type.data[k]));
	buf_putc(out, '/');
	for (size_t k = 0; k < p->subtype.len; k++)
		buf_putc(out, ascii_lower(p->subtype.data[k]));
	while (!closed && body.n && strchr("\r\n", body.p[body.n - 1]))
		body.n--;
	if (p->kind == PART_LEAF)
		buf_printf(out, " %zu %u", body.n, crc32_of(body));
	buf_putc(out, '\n');
}

static void check_message(struct bytes message, struct bytes want)
{
	bool closed = bytes_starts(want, BYTES("closed"));
	const Tern__Facts *f;
	struct arena mem;
	struct buf out;

	arena_init(&mem, 0);
	buf_init(&out, 0);
	f = parse_checked(message, &mem);
	buf_puts(&out, closed ? "closed\n" : "open\n");
	put_addresses(&out, "from", f->envelope->from, f->envelope->n_from);
	put_addresses(&out, "to", f->envelope->to, f->envelope->n_to);
	if (f->envelope->has_subject)
		buf_printf(&out, "subject %.*s\n", BYTES_ARG(facts_bytes(f->envelope->subject)));
	if (f->envelope->has_date)
		buf_printf(&out, "date %lld\n", (long long)f->sent_ms);
	for (size_t i = 0; i < f->n_parts; i++)
		put_part(&out, f, i, message, closed);
	if (!bytes_eq(buf_bytes(&out), want)) {
		/* cmocka's messages are short */
		fprintf(stderr, "message:\n%.*s\ntern:\n%s\npython:\n%.*s\n", BYTES_ARG(message),
			text_of(&out), BYTES_ARG(want));
		fail();
	}
	buf_release(&out);
	arena_release(&mem);
}

static unsigned long number_from(const char *variable, const char *otherwise)
{
	const char *text = getenv(variable);

	return strtoul(text ? text : otherwise, NULL, 10);
}

static void read_all(FILE *in, struct buf *all)
{
	for (;;) {
		uint8_t *room = buf_room(all, 65536);
		size_t n = fread(room, 1, 65536, in);

		if (n == 0)
			return;
		buf_grew(all, n);
	}
}

static unsigned check_records(struct bytes in)
{
	unsigned records = 0;

	for (; in.n; records++) {
		struct bytes line = bytes_cut(&in, '\n'), message;
		uint64_t n, want;

		CHECK(bytes_u64(bytes_cut(&line, ' '), in.n, &n));
		CHECK(bytes_u64(line, in.n - n, &want));
		message = bytes_head(in, (size_t)n);
		in = bytes_skip(in, (size_t)n);
		check_message(message, bytes_head(in, (size_t)want));
		in = bytes_skip(in, (size_t)want);
	}
	return records;
}

TEST(differential, agrees_with_python)
{
	char command[1536], folder[1024] = __FILE__;
	struct buf all;
	FILE *in;

	*strrchr(folder, '/') = '\0';
	snprintf(command, sizeof(command), "python3 '%s/differential.py' %lu %lu", folder,
		 number_from("TERN_SEED", "1"), number_from("TERN_MESSAGES", "1000"));
	if (system("python3 -c 'import email' 2>/dev/null") != 0)
		skip();
	in = popen(command, "r");
	CHECK(in);
	buf_init(&all, 0);
	read_all(in, &all);
	CHECK_INT(pclose(in), 0);
	CHECK_INT(check_records(buf_bytes(&all)), number_from("TERN_MESSAGES", "1000"));
	buf_release(&all);
}
