/* SPDX-License-Identifier: Apache-2.0 */
/* front.c - front ends: processes with a real router, which may die and come back as another. */
#include "sim/sim.h"

#include "router/router.h"

#include <stdlib.h>

struct front {
	struct loop *loop; /* NULL: down */
	struct router *router;
};

static unsigned starting;

unsigned front_now(const struct sim *s)
{
	(void)s;
	return starting;
}

struct router *front_router(const struct sim *s, unsigned front)
{
	return s->fronts[front].router;
}

void front_turn_end(struct sim *s, unsigned front)
{
	if (s->fronts[front].loop)
		sim_loop_end(s->fronts[front].loop);
}

static const struct clusterconf *cluster_of(const struct sim *s)
{
	static struct conf_node nodes[SIM_NODES];
	static struct clusterconf cluster;
	static const char *const names[SIM_NODES] = { "n0", "n1", "n2", "n3", "n4" };

	for (unsigned i = 0; i < s->n_nodes; i++)
		nodes[i].name = nodes[i].address = names[i];
	cluster.nodes.v = nodes;
	cluster.nodes.n = s->n_nodes;
	return &cluster;
}

/* Often so short that a fence overtakes what it is for. */
static unsigned retry_ms(struct sim *s)
{
	return (unsigned)(sim_chance(s, 60) ? sim_between(s, 10, 400) : sim_between(s, 500, 6000));
}

static void boot(struct sim *s, unsigned front)
{
	struct front *f = &s->fronts[front];
	struct router_config c = {
		.cluster = cluster_of(s),
		.secret_key = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs", /* zmq_curve(7)'s */
		.max_inflight_bytes = sim_chance(s, 30) ? KIB(30) : MIB(32),
		.session_retry_ms = retry_ms(s),
		.delivery_retry_ms = retry_ms(s),
		.attempt_ms = (unsigned)sim_between(s, 200, 1500),
	};
	struct why why;

	starting = front;
	router_break(s->broken ? s->broken : "");
	f->loop = loop_new();
	f->router = router_new(f->loop, &c, &why);
	if (!f->router)
		sim_fail("no router: %s", why.text);
	sim_loop_end(f->loop);
	sim_note("front end %u starts", front);
}

static void stop(struct front *f)
{
	router_free(&f->router);
	loop_free(&f->loop);
}

void fronts_event(struct sim *s, struct event *e)
{
	if (!s->fronts[e->a].loop)
		boot(s, (unsigned)e->a);
}

void front_crash(struct sim *s)
{
	unsigned front = (unsigned)prng_below(&s->rng, s->n_fronts);

	if (!s->fronts[front].loop)
		return;
	sim_note("front end %u dies", front);
	s->faults[F_FRONT]++;
	stop(&s->fronts[front]);
	sim_at(s, s->now + sim_between(s, MS(20), MS(2000)), EV_FRONT, SIM_NODES)->a = front;
}

void fronts_init(struct sim *s)
{
	s->fronts = xcalloc(s->n_fronts, sizeof(*s->fronts));
	for (unsigned i = 0; i < s->n_fronts; i++)
		boot(s, i);
}

void fronts_free(struct sim *s)
{
	for (unsigned i = 0; s->fronts && i < s->n_fronts; i++)
		if (s->fronts[i].loop)
			stop(&s->fronts[i]);
	free(s->fronts);
}

/* ---- base/rand.h: all of it from the seed */

void rand_bytes(void *p, size_t n)
{
	uint8_t *at = p;

	while (n--)
		*at++ = (uint8_t)(sim_current ? prng_u64(&sim_current->rng) : 0);
}

uint64_t rand_u64(void)
{
	return prng_u64(&sim_current->rng);
}
