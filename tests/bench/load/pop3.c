/* SPDX-License-Identifier: Apache-2.0 */
/* pop3 - RETR of one message after the other, as POP3 clients do, on connections that stay. */
#include "load.h"

#include <string.h>

static void retr_begin(struct conn *c)
{
	c->wanted = 1 + c->wanted % g.count;
	putf(c, "RETR %u\r\n", c->wanted);
}

static void pop3_line(struct conn *c, const char *line, size_t n)
{
	(void)n;
	if (strncmp(line, "+OK", 3) != 0)
		die("pop3: %s", line);
	if (c->phase == GREETING) {
		putf(c, "USER u%u@%s\r\n", user_number(c->user), g.domain);
		c->phase = HELLO;
	} else if (c->phase == HELLO) {
		putf(c, "PASS %s\r\n", g.password);
		c->phase = LOGIN;
	} else if (c->phase == LOGIN) {
		is_ready(c);
	} else {
		c->block = true;
	}
}

static void pop3_body(struct conn *c, const char *p, size_t n)
{
	check_body(c, p, n);
	done(c);
	begin(c);
}

static const struct protocol pop3 = { pop3_line, pop3_body };

const struct mode pop3_modes[] = {
	{ .name = "pop3-retr", .protocol = &pop3, .begin = retr_begin },
	{ .name = NULL },
};
