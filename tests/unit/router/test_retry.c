/* SPDX-License-Identifier: Apache-2.0 */
/* Every case of the rules, 4 classes and a fence x 12 answers x 2 x 3, written out once more in
 * another form: one letter each.
 *
 *   D done  s send at once: s same, n next, h hint  S N pause, then same or next
 *   R refresh the map, pause, next  H hello  w wait  F fence  B fail busy  U fail unknown */
#include "base/base.h"
#include "lib/test.h"

#include "router/retry.h"

static const char *const names[RETRY_ANSWERS] = {
	"final", "refused", "missing", "hint",       "notleader", "epoch",
	"busy",  "expired", "silence", "disconnect", "unsent",    "time",
};

/* For each answer: never sent {in time, past deadline, past all}, maybe sent {the same}. */
struct expected {
	const char *never, *maybe;
};

static const struct expected reads[RETRY_ANSWERS] = {
	[RETRY_GOT_FINAL] = { "DDD", "DDD" },     [RETRY_GOT_REFUSED] = { "DDD", "DDD" },
	[RETRY_GOT_MISSING] = { "nBB", "nBB" },   [RETRY_GOT_HINT] = { "hBB", "hBB" },
	[RETRY_GOT_NOTLEADER] = { "NBB", "NBB" }, [RETRY_GOT_EPOCH] = { "RBB", "RBB" },
	[RETRY_GOT_BUSY] = { "SBB", "SBB" },      [RETRY_GOT_EXPIRED] = { "HBB", "HBB" },
	[RETRY_SILENCE] = { "nBB", "nBB" },       [RETRY_DISCONNECT] = { "nBB", "nBB" },
	[RETRY_UNSENT] = { "NBB", "NBB" },        [RETRY_TIME] = { "wBB", "wBB" },
};

static const struct expected mutations[RETRY_ANSWERS] = {
	[RETRY_GOT_FINAL] = { "DDD", "DDD" },     [RETRY_GOT_REFUSED] = { "DDD", "FFF" },
	[RETRY_GOT_MISSING] = { "nBB", "nnF" },   [RETRY_GOT_HINT] = { "hBB", "hhF" },
	[RETRY_GOT_NOTLEADER] = { "NBB", "NNF" }, [RETRY_GOT_EPOCH] = { "RBB", "RRF" },
	[RETRY_GOT_BUSY] = { "SBB", "SSF" },      [RETRY_GOT_EXPIRED] = { "HBB", "HHF" },
	[RETRY_SILENCE] = { "nBB", "nnF" },       [RETRY_DISCONNECT] = { "nBB", "nnF" },
	[RETRY_UNSENT] = { "NBB", "NNF" },        [RETRY_TIME] = { "wBB", "wwF" },
};

static const struct expected fences[RETRY_ANSWERS] = {
	[RETRY_GOT_FINAL] = { "DDD", "DDD" },     [RETRY_GOT_REFUSED] = { "UUU", "UUU" },
	[RETRY_GOT_MISSING] = { "nUU", "nUU" },   [RETRY_GOT_HINT] = { "hUU", "hUU" },
	[RETRY_GOT_NOTLEADER] = { "NUU", "NUU" }, [RETRY_GOT_EPOCH] = { "RUU", "RUU" },
	[RETRY_GOT_BUSY] = { "SUU", "SUU" },      [RETRY_GOT_EXPIRED] = { "HUU", "HUU" },
	[RETRY_SILENCE] = { "nUU", "nUU" },       [RETRY_DISCONNECT] = { "nUU", "nUU" },
	[RETRY_UNSENT] = { "NUU", "NUU" },        [RETRY_TIME] = { "wUU", "wUU" },
};

static char letter(struct retry_step s)
{
	static const char at_once[] = {
		[RETRY_SAME] = 's', [RETRY_NEXT] = 'n', [RETRY_TO_HINT] = 'h'
	};
	static const char paused[] = {
		[RETRY_SAME] = 'S', [RETRY_NEXT] = 'N', [RETRY_TO_HINT] = '?'
	};

	switch (s.action) {
	case RETRY_DONE: return 'D';
	case RETRY_SEND: return s.backoff ? paused[s.where] : at_once[s.where];
	case RETRY_HELLO: return 'H';
	case RETRY_REFRESH: return s.backoff && s.where == RETRY_NEXT ? 'R' : '?';
	case RETRY_WAIT: return 'w';
	case RETRY_FENCE: return 'F';
	case RETRY_FAIL_BUSY: return 'B';
	case RETRY_FAIL_UNKNOWN: return 'U';
	}
	return '?';
}

static void check_class(const char *what, enum call_class class, bool fencing,
			const struct expected *expected)
{
	for (int answer = 0; answer < RETRY_ANSWERS; answer++)
		for (int sent = 0; sent < 2; sent++)
			for (int time = 0; time < 3; time++) {
				const struct expected *e = &expected[answer];
				char want = (sent ? e->maybe : e->never)[time];
				char got = letter(retry_step(class, fencing, answer, sent, time));

				/* any other replica is as good for a chunk */
				if (class == CALL_ANY && answer == RETRY_GOT_BUSY && want == 'S')
					want = 'N';
				if (got != want)
					fail_msg("%s, %s, %s, time %d: %c instead of %c", what,
						 names[answer], sent ? "maybe" : "never", time, got,
						 want);
			}
}

TEST(retry, the_whole_table)
{
	check_class("read", CALL_READ, false, reads);
	check_class("any", CALL_ANY, false, reads);
	check_class("op", CALL_OP, false, mutations);
	check_class("delivery", CALL_DELIVERY, false, mutations);
	check_class("fence", CALL_OP, true, fences);
}

/* What the promise rests on, said without the table. */
TEST(retry, no_negative_answer_while_it_may_still_happen)
{
	for (int class = CALL_OP; class <= CALL_DELIVERY; class ++)
		for (int answer = 0; answer < RETRY_ANSWERS; answer++)
			for (int time = 0; time < 3; time++) {
				struct retry_step s = retry_step((enum call_class) class, false,
								 answer, RETRY_MAYBE_SENT, time);

				CHECK(s.action != RETRY_FAIL_BUSY);
				CHECK(s.action != RETRY_DONE || answer == RETRY_GOT_FINAL);
				CHECK(s.action != RETRY_FAIL_UNKNOWN);
			}
}

TEST(retry, backoff_doubles_with_jitter_up_to_500_ms)
{
	struct prng rand;

	prng_seed(&rand, 7);
	for (unsigned n = 0; n < 12; n++) {
		unsigned full = MIN(20u << MIN(n, 10u), 500u), least = 1000, most = 0;

		for (int i = 0; i < 2000; i++) {
			unsigned ms = retry_backoff(&rand, n);

			least = MIN(least, ms);
			most = MAX(most, ms);
		}
		CHECK(least >= full / 2 && least <= full / 2 + 5);
		CHECK(most <= full && most >= full - 5);
	}
	CHECK(retry_backoff(&rand, UINT32_MAX) <= 500);
}
