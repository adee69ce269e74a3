/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "base/clock.h"
#include "base/rand.h"
#include "imap/imap.h"
#include "lib/local_router_names.h"
#include "mime/facts.h"
#include "mime/mime.h"
#include "smtp/smtp.h"
#include "store/codec.h"
#include "tls.h"
#if __has_include("pop3/pop3.h")
#include "pop3/pop3.h"
#define POP3 &proto_pop3
#else
#define POP3 NULL
#endif

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SHARDS = 4, PATIENCE = 5000 };

static const struct proto *const protos[LISTEN_KINDS] = {
	[LISTEN_SMTP] = &proto_smtp,
	[LISTEN_SUBMISSION] = &proto_smtp,
	[LISTEN_SUBMISSIONS] = &proto_smtp,
	[LISTEN_LMTP] = &proto_smtp,
	[LISTEN_IMAP] = &proto_imap,
	[LISTEN_IMAPS] = &proto_imap,
	[LISTEN_POP3] = POP3,
	[LISTEN_POP3S] = POP3,
};

/* ---- users ----------------------------------------------------------------------------------- */

static const char *hash(void)
{
	static char made[CRYPT_OUTPUT_SIZE];
	struct crypt_data data;

	memset(&data, 0, sizeof(data));
	if (!*made) {
		const char *h = crypt_r("secret", "$5$rounds=1000$transcript$", &data);

		INVARIANT(h && strlen(h) < sizeof(made));
		memcpy(made, h, strlen(h) + 1);
	}
	return made;
}

static uint32_t address_shard(struct router *r, const char *address)
{
	return local_router_address_shard(r, bytes_str(address));
}

static uint64_t add_user(struct router *r, const char *address, uint64_t bytes, uint64_t messages)
{
	Tern__AccountCreate create = TERN__ACCOUNT_CREATE__INIT;
	Tern__Op op = TERN__OP__INIT;
	uint64_t account = 0;

	create.address = (char *)address;
	create.password = (char *)hash();
	create.quota_bytes = bytes;
	create.quota_messages = messages;
	op.what_case = TERN__OP__WHAT_ACCOUNT_CREATE;
	op.account_create = &create;
	INVARIANT(local_router_op(r, address_shard(r, address), &op, &account) == 0);
	return account;
}

static void disable(struct router *r, uint64_t account)
{
	Tern__AccountSet set = TERN__ACCOUNT_SET__INIT;
	Tern__Op op = TERN__OP__INIT;

	set.account = account;
	set.has_disabled = set.disabled = true;
	op.what_case = TERN__OP__WHAT_ACCOUNT_SET;
	op.account_set = &set;
	INVARIANT(local_router_op(r, (uint32_t)(account >> 48), &op, NULL) == 0);
}

static void add_alias(struct router *r, const char *address, const uint64_t *accounts,
		      const char *const *names, size_t n)
{
	Tern__AliasSet set = TERN__ALIAS_SET__INIT;
	Tern__Target targets[2], *list[2];
	Tern__Op op = TERN__OP__INIT;

	for (size_t i = 0; i < n; i++) {
		tern__target__init(&targets[i]);
		targets[i].account = accounts[i];
		targets[i].address = (char *)names[i];
		list[i] = &targets[i];
	}
	set.address = (char *)address;
	set.n_targets = n;
	set.targets = list;
	op.what_case = TERN__OP__WHAT_ALIAS_SET;
	op.alias_set = &set;
	INVARIANT(local_router_op(r, address_shard(r, address), &op, NULL) == 0);
}

static void add_domain(struct router *r, const char *name)
{
	Tern__DomainSet set = TERN__DOMAIN_SET__INIT;
	Tern__Op op = TERN__OP__INIT;

	set.name = (char *)name;
	set.postmaster = (char *)"one@example.test";
	op.what_case = TERN__OP__WHAT_DOMAIN_SET;
	op.domain_set = &set;
	INVARIANT(local_router_op(r, local_router_domain_shard(r, bytes_str(name)), &op, NULL) ==
		  0);
}

static void populate(struct world *w)
{
	static const char *const names[] = { "one@example.test", "two@example.test" };
	struct router *r = w->router;
	uint64_t accounts[2];

	add_domain(r, "example.test");
	accounts[0] = add_user(r, names[0], 0, 0);
	accounts[1] = add_user(r, names[1], 0, 0);
	w->one = accounts[0];
	w->two = accounts[1];
	(void)add_user(r, "small@example.test", 4096, 5);
	disable(r, add_user(r, "off@example.test", 0, 0));
	add_alias(r, "alias@example.test", accounts, names, 1);
	add_alias(r, "both@example.test", accounts, names, 2);
}

/* ---- the front end --------------------------------------------------------------------------- */

static void default_limits(struct limits *l)
{
	struct arena mem;

	arena_init(&mem, 0);
	conf_defaults(limits_options, l, &mem);
	arena_release(&mem);
}

struct world *world_new(void)
{
	struct world *w = xnew(struct world);
	struct sessions_config c = { .site = { "mx.example.test", "example.test" } };
	struct net_prefix trusted[2];

	default_limits(&w->limits);
	w->loop = loop_new();
	w->router = local_router_new(w->loop, SHARDS);
	populate(w);
	w->store = store_new(w->loop, w->router);
	w->tls = transcript_tls();
	INVARIANT(net_prefix_parse("127.0.0.0/8", &trusted[0], NULL) == 0);
	INVARIANT(net_prefix_parse("::1/128", &trusted[1], NULL) == 0);
	c.loop = w->loop;
	c.store = w->store;
	c.tls = w->tls;
	c.limits = &w->limits;
	c.trusted = trusted;
	c.n_trusted = 2;
	memcpy(c.protos, protos, sizeof(protos));
	w->sessions = sessions_new(&c);
	return w;
}

void world_turn(struct world *w)
{
	static const struct timespec rest = { .tv_nsec = 20000 };

	loop_turn(w->loop);
	nanosleep(&rest, NULL);
}

static bool quiet(struct world *w)
{
	return sessions_count(w->sessions) == 0 && sessions_busy(w->sessions) == 0;
}

bool world_end(struct world **arg, struct why *why)
{
	struct world *w = *arg;
	int ret = 0;

	*arg = NULL;
	local_router_mood(w->router, LOCAL_WELL);
	for (unsigned i = 0; i < PATIENCE && !quiet(w); i++)
		world_turn(w);
	if (!quiet(w))
		ret = why_set(why, ERR_INUSE, "%zu sessions and %u commands are left",
			      sessions_count(w->sessions), sessions_busy(w->sessions));
	sessions_free(&w->sessions);
	for (unsigned i = 0; i < 50; i++)
		world_turn(w);
	if (ret == 0)
		ret = local_router_check(w->router, why);
	store_free(&w->store);
	local_router_free(&w->router);
	tls_free(&w->tls);
	loop_free(&w->loop);
	free(w);
	return ret == 0;
}

int world_connect(struct world *w, enum listener_kind kind, const char *peer)
{
	struct net_addr from, local;
	char text[64];
	int fds[2];

	(void)!snprintf(text, sizeof(text), strchr(peer, ':') ? "[%s]:40000" : "%s:40000", peer);
	if (net_parse(text, &from, NULL) < 0 || net_parse("127.0.0.1:1", &local, NULL) < 0 ||
	    !protos[kind])
		return -1;
	INVARIANT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	sessions_accept(w->sessions, fds[0], kind, false, &from, &local);
	return fds[1];
}

/* ---- mail that comes by no client ---- */

static uint64_t user_of(const struct world *w, const char *address)
{
	return strcmp(address, "one@example.test") == 0 ? w->one :
	       strcmp(address, "two@example.test") == 0 ? w->two :
							  0;
}

static Tern__Content *content_of(struct bytes message, struct blob *stored, struct arena *mem)
{
	Tern__Content *c = arena_new(mem, Tern__Content);
	Tern__ChunkRef *ref = arena_new(mem, Tern__ChunkRef);
	struct hash128 hash = hash128(stored->b);
	Tern__Facts *facts;
	struct bytes packed;

	tern__content__init(c);
	tern__chunk_ref__init(ref);
	INVARIANT(mime_parse(message, mem, &facts) == 0);
	packed = facts_pack(facts, mem);
	ref->raw = (uint32_t)message.n;
	ref->stored = (uint32_t)stored->b.n;
	ref->hash_lo = hash.lo;
	ref->hash_hi = hash.hi;
	c->size = message.n;
	c->facts = (ProtobufCBinaryData){ packed.n, (uint8_t *)(uintptr_t)packed.p };
	c->chunks = arena_array(mem, Tern__ChunkRef *, 1);
	c->chunks[0] = ref;
	c->n_chunks = 1;
	return c;
}

bool world_deliver(struct world *w, const char *address, struct bytes prefix, struct bytes message)
{
	struct blob *stored = codec_pack(message);
	Tern__Deliver deliver = TERN__DELIVER__INIT;
	Tern__Recipient to = TERN__RECIPIENT__INIT, *here[1] = { &to };
	Tern__Op op = TERN__OP__INIT;
	uint8_t id[16];
	struct arena mem;
	int ret;

	arena_init(&mem, 0);
	rand_bytes(id, sizeof(id));
	to.account = user_of(w, address);
	to.address = (char *)address;
	to.prefix = (ProtobufCBinaryData){ prefix.n, (uint8_t *)(uintptr_t)prefix.p };
	deliver.delivery = (ProtobufCBinaryData){ sizeof(id), id };
	deliver.born_ms = clock_wall_ms();
	deliver.content = content_of(message, stored, &mem);
	deliver.n_here = 1;
	deliver.here = here;
	op.what_case = TERN__OP__WHAT_DELIVER;
	op.deliver = &deliver;
	ret = local_router_deliver(w->router, (uint32_t)(to.account >> 48), &op, stored);
	blob_unref(&stored);
	arena_release(&mem);
	return to.account && ret == 0;
}

/* ---- names ----------------------------------------------------------------------------------- */

bool world_kind(const char *name, enum listener_kind *kind)
{
	for (unsigned i = 0; i < LISTEN_KINDS; i++)
		if (strcmp(name, listener_kind_name((enum listener_kind)i)) == 0) {
			*kind = (enum listener_kind)i;
			return true;
		}
	return false;
}

bool world_limit(struct world *w, const char *name, const char *value)
{
	bool known = false;

#define LIMIT(type, limit, def, min, max, help)              \
	if (strcmp(name, #limit) == 0) {                     \
		w->limits.limit = strtoull(value, NULL, 10); \
		known = true;                                \
	}
#include "session/limits.def"
#undef LIMIT
	if (known) {
		struct net_prefix trusted[2];

		INVARIANT(net_prefix_parse("127.0.0.0/8", &trusted[0], NULL) == 0);
		INVARIANT(net_prefix_parse("::1/128", &trusted[1], NULL) == 0);
		sessions_reload(w->sessions, &w->limits, trusted, 2);
	}
	return known;
}
