/* SPDX-License-Identifier: Apache-2.0 */
/* ctl.h - what the verbs of ternctl share: a router, calls that wait, and how errors are told. */
#ifndef TERN_CTL_CTL_H
#define TERN_CTL_CTL_H

#include "router/clustermap.h"
#include "router/ctl/args.h"
#include "router/ctl/table.h"
#include "router/router.h"

enum { /* exit status */
       EXIT_OK = 0,
       EXIT_REFUSED = 1, /* the cluster said no, or what was asked about is not well */
       EXIT_USAGE = 2,   /* the command line is wrong */
       EXIT_CONFIG = 3,  /* a configuration or key file is wrong */
       EXIT_LATER = 4,   /* not now: nothing was changed, try again */
       EXIT_UNKNOWN = 5, /* the outcome is unknown: look before trying again */
};

struct ctl {
	struct clusterconf cluster;
	struct arena mem; /* of the run */
	struct loop *loop;
	struct router *router;
	char key[CURVE_KEY + 1];
	uint64_t timeout_ms;
	bool json;
};

extern const struct verb verbs[];

/* Says it on standard error and gives the exit status that belongs to err. */
int ctl_fail(int err, const char *fmt, ...) PRINTF(2, 3);

/* client.c: calls that wait. 0 or -ERR_X with `why`; replies live in ctl->mem. */
bool ctl_connect(struct ctl *ctl, struct why *why); /* until the map is there */
int ctl_query(struct ctl *ctl, uint32_t shard, Tern__Query *q, Tern__Reply **reply,
	      struct why *why);
int ctl_op(struct ctl *ctl, uint32_t shard, Tern__Op *op, bool grows, Tern__Result **result,
	   struct why *why);
int ctl_node_call(struct ctl *ctl, int node, Tern__Kind kind, struct blob *body,
		  uint64_t timeout_ms, struct blob **reply, struct why *why);

/* One query to each shard at once (a few dozen in flight); `got` sees each reply in turn, in the
 * order of their coming. More pages of a listing: set q again and return true to be asked on. */
struct ctl_each {
	void (*fill)(void *arg, uint32_t shard, const char *after, Tern__Query *q);
	void (*got)(void *arg, uint32_t shard, const Tern__Reply *reply);
	void *arg;
};
int ctl_each_shard(struct ctl *ctl, const struct ctl_each *each, struct why *why);

/* Every node of cluster.conf asked for its status at once; NULL where none came. */
struct node_status {
	const struct conf_node *conf;
	Tern__NodeReply *reply;
	const char *why;
};
struct node_status *ctl_nodes(struct ctl *ctl, bool shards, uint64_t timeout_ms);

/* Addresses as given by people, normalised. */
int ctl_address(struct ctl *ctl, const char *text, struct bytes *full, struct why *why);
int ctl_domain(struct ctl *ctl, const char *text, struct bytes *name, struct why *why);
/* *domain NULL: there is none. */
int ctl_domain_get(struct ctl *ctl, struct bytes name, Tern__DomainSet **domain, struct why *why);
/* The account of an address; -ERR_NOTFOUND. */
int ctl_account(struct ctl *ctl, struct bytes address, Tern__CredentialReply **c, struct why *why);
bool ctl_confirm(const struct args *a, const char *fmt, ...) PRINTF(2, 3); /* --yes, or asked */

/* password.c */
int password_get(const struct args *a, struct ctl *ctl, const char **password, struct why *why);
int password_hash(const char *password, const char *method, const char *cost, struct arena *mem,
		  const char **hash, struct why *why);

/* the verbs */
int run_keygen(struct ctl *ctl, const struct args *a);
int run_check_config(struct ctl *ctl, const struct args *a);
int run_cluster_bootstrap(struct ctl *ctl, const struct args *a);
int run_cluster_status(struct ctl *ctl, const struct args *a);
int run_node_list(struct ctl *ctl, const struct args *a);
int run_shard_list(struct ctl *ctl, const struct args *a);
int run_shard_show(struct ctl *ctl, const struct args *a);
int run_shard_verify(struct ctl *ctl, const struct args *a);
int run_domain_add(struct ctl *ctl, const struct args *a);
int run_domain_set(struct ctl *ctl, const struct args *a);
int run_domain_list(struct ctl *ctl, const struct args *a);
int run_domain_show(struct ctl *ctl, const struct args *a);
int run_domain_delete(struct ctl *ctl, const struct args *a);
int run_user_add(struct ctl *ctl, const struct args *a);
int run_user_list(struct ctl *ctl, const struct args *a);
int run_user_show(struct ctl *ctl, const struct args *a);
int run_user_delete(struct ctl *ctl, const struct args *a);
int run_user_passwd(struct ctl *ctl, const struct args *a);
int run_user_quota(struct ctl *ctl, const struct args *a);
int run_user_disable(struct ctl *ctl, const struct args *a);
int run_user_enable(struct ctl *ctl, const struct args *a);
int run_alias_add(struct ctl *ctl, const struct args *a);
int run_alias_list(struct ctl *ctl, const struct args *a);
int run_alias_show(struct ctl *ctl, const struct args *a);
int run_alias_delete(struct ctl *ctl, const struct args *a);

#endif
