/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.c - the dot: one commit, and an answer that is true whatever becomes of us (G1, G3).
 *
 * 250 follows the commit. A negative answer follows only from one of the store's that says "it
 * did not and will not happen"; where nobody can know, the connection ends without a reply and
 * the client asks again. */
#include "base/clock.h"
#include "base/metric.h"
#include "smtp/private.h"

#include <inttypes.h>
#include <stdio.h>

/* How long LMTP waits for recipients in other shards; SMTP lets them be finished behind it. */
#define LMTP_WAIT_MS 2000

static void log_one(const struct smtp *m, const struct delivery_rcpt *rcpt, uint64_t size,
		    const struct why *where, uint64_t us)
{
	char trace[17];

	(void)!snprintf(trace, sizeof(trace), "%016" PRIx64, m->s->user.trace);
	log_info(&m->s->log, "deliver",
		 "trace=%s from=%B rcpt=%B size=%llu at=%s status=%s ms=%llu", trace,
		 &m->tx->sender, &rcpt->address, (unsigned long long)size, where->text,
		 err_name(rcpt->status), (unsigned long long)(us / 1000));
}

/* One reply for one recipient, or for all of them. An account may have gone or been disabled since
 * RCPT: the sender reads the same then as he would have at RCPT. */
static void answer(struct smtp *m, int status, const char *trace)
{
	switch (status) {
	case 0: smtp_say_with(m->s, REPLY_STORED, trace); break;
	case -ERR_NOTFOUND: smtp_say(m->s, REPLY_NO_USER); break;
	case -ERR_CANNOT: smtp_say(m->s, REPLY_DISABLED); break;
	default: smtp_say_error(m->s, status);
	}
}

/* SMTP has one reply: 250 as soon as anybody has the message, since a second try would bring it
 * to them twice; the others were good at RCPT and are in the log. */
static void answer_all(struct smtp *m)
{
	char trace[17];

	(void)!snprintf(trace, sizeof(trace), "%016" PRIx64, m->s->user.trace);
	if (m->on != ON_LMTP) {
		answer(m, smtp_tx_outcome(m->tx), trace);
		return;
	}
	for (size_t i = 0; i < m->tx->n_rcpts; i++)
		answer(m, smtp_tx_status(m->tx, &m->tx->rcpts[i]), trace);
}

static void committed(struct smtp *m, uint64_t size, const struct why *where, uint64_t us)
{
	for (size_t i = 0; i < m->tx->n_targets; i++)
		log_one(m, &m->tx->targets[i], size, where, us);
	metric_inc(smtp_tx_outcome(m->tx) == 0 ? M_deliver_total : M_deliver_refused_total);
	metric_time(M_deliver_us, us);
	answer_all(m);
	/* Who brings mail may make mistakes between two messages. */
	if (smtp_tx_outcome(m->tx) == 0)
		m->s->errors = m->s->junk = 0;
}

/* Does the error of a commit say for certain that nothing was stored? */
static bool is_certain(int ret)
{
	return ret != -ERR_UNKNOWN && ret != -ERR_CORRUPT && ret != -ERR_IO && ret != -ERR_GONE;
}

static void failed(struct smtp *m, int ret, uint64_t size)
{
	char trace[17];

	(void)!snprintf(trace, sizeof(trace), "%016" PRIx64, m->s->user.trace);
	log_warn(&m->s->log, "deliver_failed", "trace=%s from=%B size=%llu error=%s", trace,
		 &m->tx->sender, (unsigned long long)size, err_name(ret));
	metric_inc(M_deliver_refused_total);
	if (is_certain(ret))
		smtp_answer_error(m, ret);
	else
		session_abort(m->s);
}

CO void smtp_deliver(struct smtp *m, struct upload *up)
{
	struct smtp_tx *tx = m->tx;
	uint64_t start = clock_us(), size = upload_size(up);
	struct why where = { "" };
	int ret = upload_deliver(up, tx->sender, tx->targets, tx->n_targets,
				 m->on == ON_LMTP ? LMTP_WAIT_MS : 0, &where);

	if (ret < 0)
		failed(m, ret, size);
	else
		committed(m, size, &where, clock_us() - start);
}
