/* SPDX-License-Identifier: Apache-2.0 */
#include "model/ids.h"

#include "base/arena.h"
#include "base/hash.h"
#include "model/address.h"

uint32_t shard_of_domain(struct bytes domain, uint64_t hash_key, uint32_t shards)
{
	INVARIANT(shards > 0);
	return (uint32_t)(hash64(domain, hash_key) % shards);
}

/* Never another rule than this one: it is where every stored account is looked for. */
uint32_t shard_of_address(struct bytes normalised, uint64_t hash_key, uint32_t shards)
{
	struct bytes local = address_local(normalised), domain = address_domain(normalised);
	size_t cut = MIN(bytes_chr(local, '+'), bytes_chr(local, '-'));
	struct arena mem;
	uint32_t shard;
	uint8_t *key;

	arena_init(&mem, 0);
	key = arena_alloc(&mem, cut + 1 + domain.n);
	for (size_t i = 0; i < cut; i++)
		key[i] = ascii_lower(local.p[i]);
	key[cut] = '@';
	if (domain.n)
		memcpy(key + cut + 1, domain.p, domain.n);
	shard = shard_of_domain(bytes_of(key, cut + 1 + domain.n), hash_key, shards);
	arena_release(&mem);
	return shard;
}

void id_hex(struct bytes id, char *out)
{
	static const char digits[] = "0123456789abcdef";

	INVARIANT(id.n <= 16);
	for (size_t i = 0; i < id.n; i++) {
		*out++ = digits[id.p[i] >> 4];
		*out++ = digits[id.p[i] & 15];
	}
	*out = '\0';
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool id_from_hex(struct bytes hex, uint8_t *id, size_t n)
{
	if (hex.n != n * 2)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_value(hex.p[2 * i]), lo = hex_value(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		id[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}
