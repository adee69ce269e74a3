/* SPDX-License-Identifier: Apache-2.0 */
/* ids.h - the numbers by which things are known, and where they live. */
#ifndef TERN_MODEL_IDS_H
#define TERN_MODEL_IDS_H

#include "base/bytes.h"

/* Account id = birth shard (16 bits) | number (48). It says where the account was born; a
 * forwarding row says where it went. */
#define ACCOUNT_ID(shard, number) ((uint64_t)(shard) << 48 | (number))
#define ACCOUNT_SHARD(id) ((uint32_t)((id) >> 48))

#define SHARDS_DEFAULT 256
#define SHARDS_MAX 4096
#define REPLICAS 3

/* Shard of an address: keyed hash of (local part lower-cased, cut at the first '+' or '-') '@'
 * (domain as lower-case A-label), so user, user+x and user-x live together. Shard of a domain:
 * keyed hash of its name. */
uint32_t shard_of_address(struct bytes normalised, uint64_t hash_key, uint32_t shards);
uint32_t shard_of_domain(struct bytes domain, uint64_t hash_key, uint32_t shards);

/* 128-bit ids print as 32 hex digits, 64-bit ones as 16. out holds 33 bytes. */
void id_hex(struct bytes id, char *out);
bool id_from_hex(struct bytes hex, uint8_t *id, size_t n) MUST_USE;

#endif
