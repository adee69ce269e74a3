/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_retr.c - RETR and TOP: the stored octets, unchanged but for the dots. */
#include "pop3/dots.h"
#include "pop3/private.h"
#include "store/body.h"

#include <inttypes.h>

CO static int put_piece(struct pop3 *p, struct pop3_dots *d, struct bytes piece)
{
	struct bytes run;
	bool dot;

	while (pop3_dots_take(d, &piece, &dot, &run)) {
		if (dot)
			session_puts(p->s, ".");
		session_put(p->s, run);
	}
	return session_flush_wait(p->s);
}

/* The first piece is there before +OK is said: later only a broken connection can tell that the
 * rest cannot be had. */
CO static void put_body(struct pop3 *p, struct pop3_dots *d, const struct drop_message *m,
			struct body *body)
{
	struct bytes piece;
	int ret = body_next(body, &piece);

	if (ret < 0) {
		pop3_store_err(p, ret);
		return;
	}
	if (d->limited)
		pop3_ok(p, "top of message follows");
	else
		session_printf(p->s, "+OK %" PRIu64 " octets\r\n", m->size);
	while (ret == 0 && piece.n && !d->done) {
		ret = put_piece(p, d, piece);
		if (ret == 0 && !d->done)
			ret = body_next(body, &piece);
	}
	if (ret < 0) {
		log_warn(&p->s->log, "retr_broken", "uid=%u error=%s", m->uid, err_name(ret));
		session_abort(p->s);
		return;
	}
	session_puts(p->s, pop3_dots_end(d));
}

CO static void retrieve(struct pop3 *p, const struct pop3_cmd *c, struct pop3_dots *d)
{
	struct drop_message *m = maildrop_get(p->drop, c->msg);
	struct body *body = NULL;
	int ret;

	if (!m) {
		pop3_err(p, "no such message");
		return;
	}
	ret = maildrop_body(p->s, p->drop, m, &body);
	if (ret == -ERR_NOTFOUND)
		pop3_err(p, "[SYS/TEMP] somebody else removed this message");
	else if (ret < 0)
		pop3_store_err(p, ret);
	else
		put_body(p, d, m, body);
	body_close(&body);
}

CO void pop3_cmd_retr(struct pop3 *p, const struct pop3_cmd *c)
{
	struct pop3_dots d;

	pop3_dots_init(&d);
	retrieve(p, c, &d);
}

CO void pop3_cmd_top(struct pop3 *p, const struct pop3_cmd *c)
{
	struct pop3_dots d;

	pop3_dots_init(&d);
	pop3_dots_limit(&d, c->lines);
	retrieve(p, c, &d);
}
