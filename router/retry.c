/* SPDX-License-Identifier: Apache-2.0 */
/* retry.c - rows from the top; the first that matches holds. */
#include "router/retry.h"

enum {
	READ = BIT(CALL_READ),
	ANY = BIT(CALL_ANY),
	OP = BIT(CALL_OP),
	DELIVERY = BIT(CALL_DELIVERY),
	READS = READ | ANY,
	MUTATIONS = OP | DELIVERY,
	ALL = READS | MUTATIONS,

	NEVER = BIT(RETRY_NEVER_SENT),
	MAYBE = BIT(RETRY_MAYBE_SENT),
	SENT_ANY = NEVER | MAYBE,

	IN_TIME = BIT(RETRY_IN_TIME),
	PAST_DEADLINE = BIT(RETRY_PAST_DEADLINE),
	PAST_ALL = BIT(RETRY_PAST_ALL),
	LATE = PAST_DEADLINE | PAST_ALL,
	TIME_ANY = IN_TIME | LATE,

	NO_FENCE = 1, /* an ordinary call */
	FENCE = 2,    /* a fence */
	BOTH = 3,

	ANSWER_ANY = -1,
};

struct rule {
	int answer;
	unsigned classes, fences, sent, times;
	struct retry_step step;
};

#define DO(action)                                \
	{                                         \
		RETRY_##action, RETRY_SAME, false \
	}
#define SEND(where)                      \
	{                                \
		RETRY_SEND, where, false \
	}
#define PAUSE_SEND(where)               \
	{                               \
		RETRY_SEND, where, true \
	}

static const struct rule rules[] = {
	/* An outcome is an outcome, whenever it comes. */
	{ RETRY_GOT_FINAL, ALL, BOTH, SENT_ANY, TIME_ANY, DO(DONE) },

	/* Reads promise nothing: at the deadline they end. */
	{ RETRY_GOT_REFUSED, READS, BOTH, SENT_ANY, TIME_ANY, DO(DONE) },
	{ ANSWER_ANY, READS, BOTH, SENT_ANY, LATE, DO(FAIL_BUSY) },
	{ RETRY_GOT_MISSING, ANY, BOTH, SENT_ANY, IN_TIME, SEND(RETRY_NEXT) },
	{ RETRY_GOT_BUSY, ANY, BOTH, SENT_ANY, IN_TIME, PAUSE_SEND(RETRY_NEXT) },

	/* A refusal is the truth unless an earlier attempt may have been proposed. */
	{ RETRY_GOT_REFUSED, MUTATIONS, FENCE, SENT_ANY, TIME_ANY, DO(FAIL_UNKNOWN) },
	{ RETRY_GOT_REFUSED, MUTATIONS, NO_FENCE, NEVER, TIME_ANY, DO(DONE) },
	{ RETRY_GOT_REFUSED, MUTATIONS, NO_FENCE, MAYBE, TIME_ANY, DO(FENCE) },

	/* A mutation that no replica can have proposed did not and will not happen. A fence that
	 * was not sent leaves its target as open as before. */
	{ ANSWER_ANY, MUTATIONS, NO_FENCE, NEVER, LATE, DO(FAIL_BUSY) },
	{ ANSWER_ANY, MUTATIONS, FENCE, SENT_ANY, LATE, DO(FAIL_UNKNOWN) },
	/* One that may have been sent goes on under its id, then is fenced. */
	{ ANSWER_ANY, MUTATIONS, NO_FENCE, MAYBE, PAST_ALL, DO(FENCE) },

	{ RETRY_GOT_EXPIRED, ALL, BOTH, SENT_ANY, TIME_ANY, DO(HELLO) },
	{ RETRY_GOT_HINT, ALL, BOTH, SENT_ANY, TIME_ANY, SEND(RETRY_TO_HINT) },
	{ RETRY_GOT_NOTLEADER, ALL, BOTH, SENT_ANY, TIME_ANY, PAUSE_SEND(RETRY_NEXT) },
	{ RETRY_GOT_EPOCH, ALL, BOTH, SENT_ANY, TIME_ANY, { RETRY_REFRESH, RETRY_NEXT, true } },
	{ RETRY_GOT_BUSY, ALL, BOTH, SENT_ANY, TIME_ANY, PAUSE_SEND(RETRY_SAME) },
	{ RETRY_GOT_MISSING, ALL, BOTH, SENT_ANY, TIME_ANY, SEND(RETRY_NEXT) },
	{ RETRY_SILENCE, ALL, BOTH, SENT_ANY, TIME_ANY, SEND(RETRY_NEXT) },
	{ RETRY_DISCONNECT, ALL, BOTH, SENT_ANY, TIME_ANY, SEND(RETRY_NEXT) },
	{ RETRY_UNSENT, ALL, BOTH, SENT_ANY, TIME_ANY, PAUSE_SEND(RETRY_NEXT) },
	{ RETRY_TIME, ALL, BOTH, SENT_ANY, TIME_ANY, DO(WAIT) },
};

static bool matches(const struct rule *r, enum call_class class, bool fencing,
		    enum retry_answer answer, enum retry_sent sent, enum retry_time time)
{
	return (r->answer == ANSWER_ANY || r->answer == (int)answer) && r->classes & BIT(class) &&
	       r->fences & (fencing ? FENCE : NO_FENCE) && r->sent & BIT(sent) &&
	       r->times & BIT(time);
}

struct retry_step retry_step(enum call_class class, bool fencing, enum retry_answer answer,
			     enum retry_sent sent, enum retry_time time)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (matches(&rules[i], class, fencing, answer, sent, time))
			return rules[i].step;
	BUG("a case without a rule");
}

unsigned retry_backoff(struct prng *rand, unsigned n)
{
	unsigned full = n < 5 ? 20u << n : 500;

	return full / 2 + (unsigned)prng_below(rand, full / 2 + 1);
}
