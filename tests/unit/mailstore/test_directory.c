/* SPDX-License-Identifier: Apache-2.0 */
/* test_directory.c - domains, addresses, accounts, lists; shard 0's rows. */
#include "store.h"

static struct store s;

static void begin(uint32_t shard)
{
	store_init(&s, shard);
	store_hello(&s);
}

static void end(void)
{
	store_release(&s);
}

static uint32_t alias(const char *address, const char *to, uint64_t account)
{
	Tern__Op *op = OP_NEW(&s, alias_set, ALIAS_SET, alias_set);

	op->alias_set->address = store_text(&s, address);
	op->alias_set->n_targets = 1;
	op->alias_set->targets = arena_array(&s.ops, Tern__Target *, 1);
	op->alias_set->targets[0] = store_msg(&s, &tern__target__descriptor);
	op->alias_set->targets[0]->address = store_text(&s, to);
	op->alias_set->targets[0]->account = account;
	return store_do(&s, op, BYTES_NONE)->status;
}

static uint32_t alias_delete(const char *address)
{
	Tern__Op *op = OP_NEW(&s, alias_delete, ALIAS_DELETE, alias_delete);

	op->alias_delete->address = store_text(&s, address);
	return store_do(&s, op, BYTES_NONE)->status;
}

static uint32_t account_delete(const char *address)
{
	Tern__Op *op = OP_NEW(&s, account_delete, ACCOUNT_DELETE, account_delete);

	op->account_delete->address = store_text(&s, address);
	return store_do(&s, op, BYTES_NONE)->status;
}

static uint32_t account_create(const char *address)
{
	Tern__Op *op = OP_NEW(&s, account_create, ACCOUNT_CREATE, account_create);

	op->account_create->address = store_text(&s, address);
	return store_do(&s, op, BYTES_NONE)->status;
}

static uint32_t domain(const char *name, const char *alias_of)
{
	Tern__Op *op = OP_NEW(&s, domain_set, DOMAIN_SET, domain_set);

	op->domain_set->name = store_text(&s, name);
	op->domain_set->alias_of = store_text(&s, alias_of);
	return store_do(&s, op, BYTES_NONE)->status;
}

static Tern__ResolveReply *resolve(const char *address)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Resolve in = TERN__RESOLVE__INIT;

	q.what_case = TERN__QUERY__WHAT_RESOLVE;
	q.resolve = &in;
	in.address = (char *)(uintptr_t)address;
	return store_ask(&s, &q, NULL)->resolve;
}

static Tern__CredentialReply *credential(const char *address)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Credential in = TERN__CREDENTIAL__INIT;

	q.what_case = TERN__QUERY__WHAT_CREDENTIAL;
	q.credential = &in;
	in.address = (char *)(uintptr_t)address;
	return store_ask(&s, &q, NULL)->credential;
}

TEST(directory, resolve_longest_match_first)
{
	Tern__ResolveReply *r;
	uint64_t ann, ext;

	begin(2);
	ann = store_account(&s, "ann@example.org", 0);
	ext = store_account(&s, "ann+own@example.org", 0);
	alias("lists-default@example.org", "ann@example.org", ann);
	alias("lists-dev-default@example.org", "", ext);
	CHECK_INT(resolve("ann@example.org")->targets[0]->account, ann);
	CHECK_INT(resolve("ann+x@example.org")->targets[0]->account, ann);
	CHECK_STR(resolve("ann+x@example.org")->targets[0]->address, "ann@example.org");
	CHECK_INT(resolve("ann+own@example.org")->targets[0]->account, ext);
	CHECK(!resolve("ann-x@example.org")->found);
	CHECK(!resolve("bob@example.org")->found);
	CHECK(!resolve("")->found);
	CHECK(!resolve("ann@example.com")->found);
	r = resolve("lists-a@example.org");
	CHECK(r->alias);
	CHECK_INT(r->targets[0]->account, ann);
	CHECK(r->targets[0]->known);
	CHECK_INT(resolve("lists-dev-b-c@example.org")->targets[0]->account, ext);
	end();
}

TEST(directory, alias_elsewhere_is_not_known_here)
{
	Tern__ResolveReply *r;

	begin(2);
	CHECK_INT(alias("a@example.org", "b@example.com", 0), ERR_OK);
	r = resolve("a@example.org");
	CHECK(r->found && r->alias && !r->targets[0]->known);
	CHECK_STR(r->targets[0]->address, "b@example.com");
	CHECK_INT(alias("a@example.org", "c@example.com", 0), ERR_OK);
	CHECK_STR(resolve("a@example.org")->targets[0]->address, "c@example.com");
	CHECK_INT(account_create("a@example.org"), ERR_EXISTS);
	CHECK_INT(account_delete("a@example.org"), ERR_NOTFOUND);
	CHECK_INT(alias_delete("a@example.org"), ERR_OK);
	CHECK_INT(alias_delete("a@example.org"), ERR_NOTFOUND);
	CHECK_INT(alias("A@example.org", "c@example.com", 0), ERR_INVALID);
	CHECK_INT(alias("a@example.org", "", 0), ERR_INVALID);
	end();
}

TEST(directory, disabled_and_full_accounts_are_seen)
{
	uint64_t ann;
	Tern__Op *op;

	begin(1);
	ann = store_account(&s, "ann@example.org", 10);
	CHECK(!resolve("ann@example.org")->targets[0]->over_quota);
	store_append(&s, ann, 1, 10, "");
	CHECK(resolve("ann@example.org")->targets[0]->over_quota);
	op = OP_NEW(&s, account_set, ACCOUNT_SET, account_set);
	op->account_set->account = ann;
	op->account_set->has_disabled = op->account_set->disabled = true;
	op->account_set->has_password = true;
	op->account_set->password = store_text(&s, "new");
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
	CHECK(resolve("ann@example.org")->targets[0]->disabled);
	CHECK(credential("ann@example.org")->disabled);
	CHECK_STR(credential("ann@example.org")->password, "new");
	CHECK_INT(store_account_get(&s, ann)->quota_bytes, 10); /* not asked to change */
	CHECK_INT(store_deliver(&s, 1, &ann, 1, 0)->statuses[0], ERR_CANNOT);
	CHECK(!credential("ann+x@example.org")->found);
	end();
}

TEST(directory, a_deleted_account_frees_its_address_and_its_bodies)
{
	uint64_t ann, again;

	begin(1);
	ann = store_account(&s, "ann@example.org", 0);
	store_create(&s, ann, "a/b/c");
	for (int i = 0; i < 5; i++)
		store_append(&s, ann, 1, 10, "$k");
	CHECK_INT(account_delete("ann@example.org"), ERR_OK);
	CHECK_INT(account_delete("ann@example.org"), ERR_NOTFOUND);
	assert_null(store_account_get(&s, ann));
	assert_null(store_select(&s, ann, "INBOX"));
	CHECK(!credential("ann@example.org")->found);
	CHECK_INT(store_deliver(&s, 1, &ann, 1, 10)->statuses[0], ERR_NOTFOUND);
	CHECK_INT(s.fx.n_reclaim, 1);
	again = store_account(&s, "ann@example.org", 0);
	CHECK(again != ann);
	store_pass(&s, SECONDS(1));
	CHECK_INT(store_select(&s, again, "INBOX")->messages, 0);
	store_pass(&s, UNDELETE);
	CHECK_INT(s.fx.n_reclaim, 5);
	CHECK_INT(account_delete("ann@example.org"), ERR_OK);
	s.done_below = s.seq + 1;
	store_pass(&s, DAYS(20));
	CHECK_INT(s.state.rows, 4); /* the shard's, the client's, its timer's, its last answer */
	end();
}

TEST(directory, account_with_mailboxes_is_all_or_nothing)
{
	Tern__Op *op;

	begin(1);
	op = OP_NEW(&s, account_create, ACCOUNT_CREATE, account_create);
	op->account_create->address = store_text(&s, "ann@example.org");
	op->account_create->n_mailboxes = 2;
	op->account_create->mailboxes = arena_array(&s.ops, Tern__MailboxCreate *, 2);
	for (int i = 0; i < 2; i++) {
		op->account_create->mailboxes[i] = store_msg(&s, &tern__mailbox_create__descriptor);
		op->account_create->mailboxes[i]->path = store_text(&s, "Sent");
	}
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_EXISTS);
	CHECK(!resolve("ann@example.org")->found);
	op->account_create->n_mailboxes = 1;
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
	CHECK_INT(store_do(&s, op, BYTES_NONE)->account,
		  resolve("ann@example.org")->targets[0]->account);
	end();
}

static Tern__ListingReply *listing(Tern__ListWhat what, const char *dom, const char *after,
				   uint32_t max)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Listing in = TERN__LISTING__INIT;

	q.what_case = TERN__QUERY__WHAT_LISTING;
	q.listing = &in;
	in.what = what;
	in.domain = (char *)(uintptr_t)dom;
	in.after = (char *)(uintptr_t)after;
	in.max = max;
	return store_ask(&s, &q, NULL)->listing;
}

TEST(directory, lists_by_domain_and_page)
{
	Tern__ListingReply *r;

	begin(1);
	for (int i = 0; i < 4; i++) {
		char name[40];

		snprintf(name, sizeof(name), "u%d@example.org", i);
		store_account(&s, name, 0);
		snprintf(name, sizeof(name), "u%d@example.com", i);
		store_account(&s, name, 0);
	}
	alias("x@example.org", "u1@example.org", 0);
	domain("example.org", "");
	domain("example.com", "example.org");
	CHECK_INT(listing(TERN__LIST_WHAT__LIST_USERS, "", "", 0)->n_users, 8);
	CHECK_INT(listing(TERN__LIST_WHAT__LIST_USERS, "example.org", "", 0)->n_users, 4);
	CHECK_INT(listing(TERN__LIST_WHAT__LIST_USERS, "example", "", 0)->n_users, 0);
	r = listing(TERN__LIST_WHAT__LIST_USERS, "example.org", "", 3);
	CHECK_INT(r->n_users, 3);
	CHECK_STR(r->after, "u2@example.org");
	r = listing(TERN__LIST_WHAT__LIST_USERS, "example.org", r->after, 3);
	CHECK_INT(r->n_users, 1);
	CHECK_STR(r->after, "");
	CHECK_INT(listing(TERN__LIST_WHAT__LIST_ALIASES, "", "", 0)->n_aliases, 1);
	r = listing(TERN__LIST_WHAT__LIST_DOMAINS, "", "", 1);
	CHECK_STR(r->domains[0]->name, "example.com");
	CHECK_STR(r->domains[0]->alias_of, "example.org");
	r = listing(TERN__LIST_WHAT__LIST_DOMAINS, "", r->after, 1);
	CHECK_STR(r->domains[0]->name, "example.org");
	end();
}

TEST(directory, domains)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__DomainGet in = TERN__DOMAIN_GET__INIT;
	Tern__Op *op;

	begin(1);
	q.what_case = TERN__QUERY__WHAT_DOMAIN;
	q.domain = &in;
	in.name = (char *)(uintptr_t) "example.org";
	CHECK_INT(store_ask(&s, &q, NULL)->status, ERR_NOTFOUND);
	CHECK_INT(domain("example.org", ""), ERR_OK);
	CHECK_INT(domain("Example.org", ""), ERR_INVALID);
	CHECK_INT(domain("", ""), ERR_INVALID);
	CHECK_STR(store_ask(&s, &q, NULL)->domain->name, "example.org");
	op = OP_NEW(&s, domain_delete, DOMAIN_DELETE, domain_delete);
	op->domain_delete->name = store_text(&s, "example.org");
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_NOTFOUND);
	CHECK_INT(store_ask(&s, &q, NULL)->status, ERR_NOTFOUND);
	end();
}

/* ---- shard 0 */

static uint32_t replica(uint64_t id, Tern__ReplicaState state, const char *node)
{
	Tern__Op *op = OP_NEW(&s, replica_set, REPLICA_SET, replica_set);

	op->replica_set->replica = id;
	op->replica_set->shard = 4;
	op->replica_set->node = store_text(&s, node);
	op->replica_set->state = state;
	return store_do(&s, op, BYTES_NONE)->status;
}

TEST(cluster, a_replica_is_born_once_and_never_comes_back)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__ReplicaList in = TERN__REPLICA_LIST__INIT;
	Tern__ReplicaListReply *r;

	begin(0);
	CHECK_INT(replica(5, TERN__REPLICA_STATE__REPLICA_BORN, "n1"), ERR_NOTFOUND);
	CHECK_INT(replica(5, TERN__REPLICA_STATE__REPLICA_ALLOCATED, "n1"), ERR_OK);
	CHECK_INT(replica(5, TERN__REPLICA_STATE__REPLICA_ALLOCATED, "n1"), ERR_EXISTS);
	CHECK_INT(replica(5, TERN__REPLICA_STATE__REPLICA_BORN, "n2"), ERR_INVALID);
	CHECK_INT(replica(5, TERN__REPLICA_STATE__REPLICA_BORN, "n1"), ERR_OK);
	CHECK_INT(replica(5, TERN__REPLICA_STATE__REPLICA_BORN, "n1"), ERR_EXISTS);
	q.what_case = TERN__QUERY__WHAT_REPLICAS;
	q.replicas = &in;
	r = store_ask(&s, &q, NULL)->replicas;
	CHECK_INT(r->n_replicas, 1);
	CHECK_INT(r->replicas[0]->state, TERN__REPLICA_STATE__REPLICA_BORN);
	CHECK_INT(replica(5, TERN__REPLICA_STATE__REPLICA_GONE, "n1"), ERR_OK);
	CHECK_INT(replica(5, TERN__REPLICA_STATE__REPLICA_GONE, "n1"), ERR_OK);
	CHECK_INT(replica(5, TERN__REPLICA_STATE__REPLICA_BORN, "n1"), ERR_EXISTS);
	CHECK_INT(replica(5, TERN__REPLICA_STATE__REPLICA_ALLOCATED, "n1"), ERR_EXISTS);
	end();
	begin(1);
	CHECK_INT(replica(5, TERN__REPLICA_STATE__REPLICA_ALLOCATED, "n1"), ERR_INVALID);
	end();
}

static uint32_t map_set(uint64_t if_epoch, uint64_t epoch)
{
	Tern__Op *op = OP_NEW(&s, map_set, MAP_SET, map_set);
	Tern__ClusterMap *m = store_msg(&s, &tern__cluster_map__descriptor);

	op->map_set->if_epoch = if_epoch;
	op->map_set->map = m;
	m->epoch = epoch;
	m->cluster.len = 16;
	m->cluster.data = arena_alloc(&s.ops, 16);
	m->n_nodes = 1;
	m->nodes = arena_array(&s.ops, Tern__MapNode *, 1);
	m->nodes[0] = store_msg(&s, &tern__map_node__descriptor);
	m->nodes[0]->name = store_text(&s, "n1");
	m->n_shards = 1;
	m->shards = arena_array(&s.ops, Tern__MapShard *, 1);
	m->shards[0] = store_msg(&s, &tern__map_shard__descriptor);
	return store_do(&s, op, BYTES_NONE)->status;
}

TEST(cluster, the_map_is_compared_and_set)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__MapGet in = TERN__MAP_GET__INIT;

	begin(0);
	q.what_case = TERN__QUERY__WHAT_MAP;
	q.map = &in;
	CHECK_INT(store_ask(&s, &q, NULL)->status, ERR_NOTFOUND);
	CHECK_INT(map_set(1, 2), ERR_EPOCH);
	CHECK_INT(map_set(0, 1), ERR_OK);
	CHECK(s.fx.map_changed);
	CHECK_INT(map_set(0, 2), ERR_EPOCH);
	CHECK(!s.fx.map_changed);
	CHECK_INT(map_set(1, 1), ERR_INVALID);
	CHECK_INT(map_set(1, 7), ERR_OK);
	CHECK_INT(store_ask(&s, &q, NULL)->map->epoch, 7);
	end();
}
