/* SPDX-License-Identifier: Apache-2.0 */
/* conf.h - who the members of a shard are: the value that configuration entries carry.
 *
 * Pure. The packed form is libraft's own (raft_configuration_encode), since the core decodes
 * it too. Addresses are "NODE/REPLICA": the node's position in the map in decimal, and the
 * replica id in hex, because libraft wants them to differ and a node that lost its replica gets
 * a new one while the old one is still a member. Unpacking is strict: what passes here cannot
 * trip the core's decoder. */
#ifndef TERN_REPLICA_CONF_H
#define TERN_REPLICA_CONF_H

#include "base/buf.h"

#define CONF_MAX 15 /* members, all roles */

enum conf_role { CONF_STANDBY, CONF_VOTER, CONF_SPARE }; /* as libraft counts them */

struct conf_member {
	uint64_t replica;
	uint32_t node;
	enum conf_role role;
};

struct conf {
	unsigned n;
	struct conf_member m[CONF_MAX];
};

/* -1: no such member. */
int conf_find(const struct conf *c, uint64_t replica);
unsigned conf_voters(const struct conf *c);
bool conf_is_voter(const struct conf *c, uint64_t replica);
/* Some voter other than `replica` lives on `node`. */
bool conf_other_voter_on(const struct conf *c, uint64_t replica, uint32_t node);

/* False: full, or the replica is in it already. */
bool conf_add(struct conf *c, uint64_t replica, uint32_t node, enum conf_role role);
void conf_remove(struct conf *c, uint64_t replica);

#define CONF_ADDRESS 32
void conf_address(const struct conf_member *m, char out[CONF_ADDRESS]);
uint32_t conf_address_node(const char *address);

void conf_pack(const struct conf *c, struct buf *out);
bool conf_unpack(struct bytes b, struct conf *c) MUST_USE;

#endif
