/* SPDX-License-Identifier: Apache-2.0 */
/* The store as far as sessions need it. */
#include "harness.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>

struct store_call {
	struct store_call *next;
	struct store_user *user;
	struct co *co;
	bool released;
};

unsigned stub_store_lookups;
static struct store_call *waiting;
static int answer;

void store_user_init(struct store_user *u, struct store *s)
{
	memset(u, 0, sizeof(*u));
	u->store = s;
}

void store_user_gone(struct store_user *u)
{
	u->gone = true;
	for (struct store_call *c = waiting; c; c = c->next)
		if (c->user == u && c->co) {
			co_resume(c->co);
			return;
		}
}

static void unlink_call(struct store_call *c)
{
	struct store_call **at = &waiting;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
}

CO int stub_store_call(struct store_user *u)
{
	struct store_call c = { .next = waiting, .user = u, .co = co_self() };

	waiting = &c;
	while (!c.released && !u->gone)
		co_park();
	unlink_call(&c);
	return u->gone ? -ERR_GONE : 0;
}

void stub_store_release(void)
{
	while (waiting) {
		waiting->released = true;
		co_resume(waiting->co);
	}
}

unsigned stub_store_waiting(void)
{
	unsigned n = 0;

	for (struct store_call *c = waiting; c; c = c->next)
		n++;
	return n;
}

void stub_store_answer(int err)
{
	answer = err;
}

/* A cheap method, so that tests are quick. */
static const char *method = "$5$rounds=1000$saltsalt$";
static char hash[256];

void stub_store_method(const char *setting)
{
	method = setting;
	hash[0] = '\0';
}

/* Made once, or it would show in the times. */
static const char *hash_of(const char *password)
{
	static struct crypt_data data;

	if (!hash[0])
		(void)snprintf(hash, sizeof(hash), "%s", crypt_r(password, method, &data));
	return hash;
}

CO int store_credential(struct store_user *u, struct bytes address, struct arena *mem,
			struct store_credential *c)
{
	bool ann = bytes_eq(address, BYTES("ann@example.org"));
	bool bob = bytes_eq(address, BYTES("bob@example.org"));

	memset(c, 0, sizeof(*c));
	stub_store_lookups++;
	if (u->gone || answer)
		return u->gone ? -ERR_GONE : answer;
	if (!ann && !bob)
		return 0;
	c->found = true;
	c->disabled = bob;
	c->account = ann ? 7 : 8;
	c->address = bytes_dup(mem, address);
	c->password = bytes_cstr(mem, bytes_str(hash_of("secret")));
	return 0;
}
