/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_data.c - DATA: the message streams from the client through the end-of-data machine into
 * an upload; the verdict comes after its true end, whatever is wrong with it. */
#include "base/clock.h"
#include "base/metric.h"
#include "smtp/data.h"
#include "smtp/fields.h"
#include "smtp/private.h"
#include "smtp/trace.h"

#include <inttypes.h>
#include <stdio.h>

/* limits->data_rate is an average over so long. */
#define RATE_WINDOW SECONDS(60)

struct intake {
	struct smtp *m;
	struct upload *up; /* NULL: refused, the rest is thrown away */
	struct smtp_data data;
	struct smtp_fields fields;
	enum smtp_reply verdict;       /* REPLY_NONE: none yet */
	int err;                       /* of the store: did not and will not happen */
	uint64_t waited, window_start; /* for the client, ms; octets taken when the window began */
};

/* ---- how fast it comes --------------------------------------------------------------------- */

/* Only time spent on waiting for the client counts. -ERR_LATE: too slow (S19). */
static int rate(struct intake *in, bool window_over)
{
	uint64_t octets = in->data.taken - in->window_start;

	if (!window_over && in->waited < RATE_WINDOW)
		return 0;
	if (octets * 1000 < in->m->s->limits->data_rate * RATE_WINDOW)
		return -ERR_LATE;
	in->window_start = in->data.taken;
	in->waited = 0;
	return 0;
}

CO static int read_some(struct intake *in, struct bytes *some)
{
	uint64_t before = clock_ms();
	int ret = session_read(in->m->s, RATE_WINDOW - in->waited, some);

	in->waited = MIN(in->waited + (clock_ms() - before), RATE_WINDOW);
	return ret == -ERR_LATE ? rate(in, true) : ret;
}

/* ---- what is kept -------------------------------------------------------------------------- */

static void refuse(struct intake *in, enum smtp_reply why)
{
	if (!in->verdict)
		in->verdict = why;
	upload_close(&in->up);
}

CO static void store(struct intake *in, struct bytes piece)
{
	int ret;

	if (!in->up || piece.n == 0)
		return;
	ret = upload_write(in->up, piece);
	if (ret < 0) {
		in->err = ret;
		upload_close(&in->up);
	}
}

/* RFC 6409, 8: a submitted message gets what its client left out, at the end of the header. */
CO static void add_missing(struct intake *in)
{
	struct session *s = in->m->s;
	struct buf out;

	if (in->m->on != ON_SUBMISSION)
		return;
	buf_init(&out, 0);
	if (!in->fields.date) {
		buf_puts(&out, "Date: ");
		smtp_date_put(&out, clock_wall_ms());
		buf_puts(&out, "\r\n");
	}
	if (!in->fields.message_id)
		buf_printf(&out, "Message-ID: <%016" PRIx64 ".%s@%s>\r\n", s->user.trace, s->id,
			   s->site->hostname);
	store(in, buf_bytes(&out));
	buf_release(&out);
}

static void judge(struct intake *in)
{
	const struct limits *l = in->m->s->limits;

	if (in->data.bare)
		refuse(in, REPLY_BARE);
	else if (in->data.long_line)
		refuse(in, REPLY_TEXT_LONG);
	else if (in->data.size > l->message_size)
		refuse(in, REPLY_TOO_BIG);
	else if (in->fields.received > l->received_hops)
		refuse(in, REPLY_LOOP);
}

CO static void take_piece(struct intake *in, struct bytes piece)
{
	bool over = in->fields.over;
	size_t header = smtp_fields_scan(&in->fields, piece);

	judge(in);
	if (!over && in->fields.over) {
		store(in, bytes_head(piece, header));
		add_missing(in);
		piece = bytes_skip(piece, header);
	}
	store(in, piece);
}

/* True: the end was reached. */
CO static bool feed(struct intake *in, struct bytes *some)
{
	enum smtp_data_got got;
	struct bytes piece;

	while ((got = smtp_data_take(&in->data, some, &piece)) == DATA_PIECE)
		take_piece(in, piece);
	judge(in);
	return got == DATA_END;
}

/* S17: what is refused is read to its end, but not for ever. */
static bool enough(const struct intake *in)
{
	return in->data.taken / 2 > in->m->s->limits->message_size;
}

CO static int receive(struct intake *in)
{
	struct bytes some, rest;
	bool ended = false;
	int ret = 0;

	while (!ended) {
		ret = read_some(in, &some);
		if (ret < 0)
			return ret;
		rest = some;
		ended = feed(in, &rest);
		session_consume(in->m->s, some.n - rest.n);
		if (!ended && enough(in))
			return -ERR_TOOBIG;
		ret = ended ? 0 : rate(in, false);
		if (ret < 0)
			return ret;
	}
	if (!in->fields.over)
		add_missing(in);
	return 0;
}

/* ---- before and after ---------------------------------------------------------------------- */

CO static void put_trace(struct intake *in)
{
	struct smtp *m = in->m;
	struct session *s = m->s;
	struct smtp_trace t = { .sender = m->tx->sender,
				.helo = bytes_str(m->helo),
				.host = s->site->hostname,
				.tls = session_tls_name(s),
				.esmtp = m->esmtp,
				.lmtp = m->on == ON_LMTP,
				.login = s->account != 0,
				.id = s->user.trace,
				.wall_ms = clock_wall_ms() };
	char peer[64];
	struct buf out;

	net_print_host(&s->peer, peer, sizeof(peer));
	t.peer = peer;
	if (m->tx->n_rcpts == 1)
		t.rcpt = m->tx->rcpts[0].path;
	buf_init(&out, 0);
	smtp_trace_put(&out, &t);
	store(in, buf_bytes(&out));
	buf_release(&out);
}

/* S24: every From address must be the user's own. */
CO static enum smtp_reply check_from(struct smtp *m, const struct intake *in)
{
	const Tern__FactsEnvelope *e = upload_facts(in->up)->envelope;

	if (in->fields.from != 1 || !e || e->n_from == 0)
		return REPLY_NOT_YOURS;
	for (size_t i = 0; i < e->n_from; i++) {
		const Tern__FactsAddr *from = e->from[i];
		char *text = arena_printf(&m->s->mem, "%.*s@%.*s", (int)from->mailbox.len,
					  (const char *)from->mailbox.data, (int)from->host.len,
					  (const char *)from->host.data);
		struct address a;
		bool owns = false;

		if (address_parse(bytes_str(text), false, &m->s->mem, &a, NULL) < 0)
			return REPLY_NOT_YOURS;
		if (store_owns(&m->s->user, m->s->account, a.full, &owns) < 0)
			return REPLY_TRY_LATER;
		if (!owns)
			return REPLY_NOT_YOURS;
	}
	return REPLY_NONE;
}

static void answer_refusal(struct smtp *m, enum smtp_reply r)
{
	char max[24];

	metric_inc(M_deliver_refused_total);
	log_info(&m->s->log, "message_refused", "from=%B code=%u", &m->tx->sender,
		 smtp_reply_code(r));
	(void)!snprintf(max, sizeof(max), "%" PRIu64, m->s->limits->message_size);
	smtp_answer(m, r, max);
}

/* Until the deliver operation is sent nothing can be stored: any error is a true no. */
CO static void finish(struct intake *in)
{
	struct smtp *m = in->m;

	if (in->up && in->err == 0)
		in->err = upload_end(in->up);
	if (in->up && in->err == 0 && m->on == ON_SUBMISSION)
		in->verdict = check_from(m, in);
	if (in->verdict)
		answer_refusal(m, in->verdict);
	else if (in->err == -ERR_GONE)
		return;
	else if (in->err < 0)
		smtp_answer_error(m, in->err);
	else
		smtp_deliver(m, in->up);
}

/* The end was not reached: what the client is sending cannot be told from commands any more. */
static void give_up(struct smtp *m, int why)
{
	if (why == -ERR_GONE)
		return;
	if (why == -ERR_TOOBIG)
		answer_refusal(m, REPLY_TOO_BIG);
	else
		smtp_say(m->s, REPLY_SLOW);
	session_close(m->s);
}

CO void smtp_data(struct smtp *m, const struct smtp_cmd *c UNUSED)
{
	struct intake in = { .m = m };
	int ret;

	if (m->tx->n_rcpts == 0) {
		smtp_fail(m, REPLY_WANT_RCPT);
		return;
	}
	smtp_data_init(&in.data, m->s->limits->text_line);
	in.up = upload_open(&m->s->user, ACCOUNT_SHARD(m->tx->targets[0].account));
	put_trace(&in);
	smtp_say(m->s, REPLY_DATA_GO);
	ret = receive(&in);
	if (ret < 0)
		give_up(m, ret);
	else
		finish(&in);
	upload_close(&in.up);
	smtp_tx_free(&m->tx);
}
