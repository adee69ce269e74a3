/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - counts who comes by the named points and strikes at the nth. */
#include "base/fault.h"

#ifdef TERN_FAULTS

#include "base/bytes.h"
#include "base/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum action { NOT_ARMED, KILL, ERROR, DELAY };

struct point {
	const char *name;
	enum action action;
	uint64_t nth, delay_ms;
	_Atomic uint64_t passed;
};

static struct point points[] = {
#define POINT(point, where) { .name = #point },
#include "base/fault.def"
#undef POINT
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct point *find(struct bytes name)
{
	for (size_t i = 0; i < ARRAY_LEN(points); i++)
		if (bytes_eq(bytes_str(points[i].name), name))
			return &points[i];
	return NULL;
}

static bool set_action(struct point *p, struct bytes action)
{
	if (action.n == 0 || bytes_eq(action, BYTES("kill"))) {
		p->action = KILL;
	} else if (bytes_eq(action, BYTES("error"))) {
		p->action = ERROR;
	} else {
		p->action = DELAY;
		return bytes_starts(action, BYTES("delay=")) &&
		       bytes_u64(bytes_skip(action, 6), 3600000, &p->delay_ms);
	}
	return true;
}

/* A test that means to break something must not pass because of a typing mistake. */
static void arm(void)
{
	struct bytes all = bytes_str(getenv("FAULTPOINT"));

	while (all.n) {
		struct bytes one = bytes_cut(&all, ',');
		struct point *p = find(bytes_cut(&one, ':'));
		struct bytes nth = bytes_cut(&one, ':');

		if (!p || !bytes_u64(nth, UINT64_MAX, &p->nth) || !set_action(p, one)) {
			fprintf(stderr, "FAULTPOINT: unknown point or bad count or action\n");
			abort();
		}
	}
}

static void sleep_ms(uint64_t ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1000),
			      .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) < 0)
		;
}

bool fault_hit(const char *name)
{
	struct point *p;
	uint64_t count;

	pthread_once(&once, arm);
	p = find(bytes_str(name));
	if (!p)
		BUG("a fault point without a row in fault.def");
	if (p->action == NOT_ARMED)
		return false;
	count = atomic_fetch_add(&p->passed, 1) + 1;
	if (p->nth != 0 && p->nth != count)
		return false;
	log_error(NULL, "fault", "name=%s count=%lu", name, (unsigned long)count);
	if (p->action == KILL)
		kill(getpid(), SIGKILL);
	if (p->action == DELAY)
		sleep_ms(p->delay_ms);
	return p->action == ERROR;
}

#endif
