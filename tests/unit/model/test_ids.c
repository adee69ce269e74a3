/* SPDX-License-Identifier: Apache-2.0 */
#include "model/ids.h"

#include "lib/test.h"

TEST(ids, extensions_share_a_shard)
{
	static const char *const same[] = { "user@example.org",     "user+x@example.org",
					    "user-x@example.org",   "user-x-default@example.org",
					    "user+a-b@example.org", "USER@example.org" };
	uint32_t shard = shard_of_address(bytes_str(same[0]), 99, 4096);

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		CHECK_INT(shard_of_address(bytes_str(same[i]), 99, 4096), shard);
	CHECK(shard_of_address(BYTES("user@example.com"), 99, 4096) != shard);
	CHECK(shard_of_address(BYTES("users@example.org"), 99, 4096) != shard);
	CHECK(shard_of_address(BYTES("user@example.org"), 98, 4096) != shard);
	CHECK_INT(shard_of_address(BYTES("user"), 1, 256),
		  shard_of_address(BYTES("user+q"), 1, 256));
}

/* Stored data is looked for where this says: the numbers may never change. */
TEST(ids, placement_is_pinned)
{
	CHECK_INT(shard_of_address(BYTES("ann@example.org"), 0x1234, 256), 0x90);
	CHECK_INT(shard_of_domain(BYTES("example.org"), 0x1234, 256), 0xfd);
}

TEST(ids, spread_is_even)
{
	unsigned count[16] = { 0 };
	char name[64];

	for (unsigned i = 0; i < 16000; i++) {
		int n = snprintf(name, sizeof(name), "user%u@example.org", i);

		count[shard_of_address(bytes_of(name, (size_t)n), 5, 16)]++;
	}
	for (unsigned i = 0; i < 16; i++)
		CHECK(count[i] > 850 && count[i] < 1150);
}

TEST(ids, hex)
{
	uint8_t id[16], back[16];
	char out[33];

	for (unsigned i = 0; i < 16; i++)
		id[i] = (uint8_t)(i * 17);
	id_hex(bytes_of(id, 16), out);
	CHECK_STR(out, "00112233445566778899aabbccddeeff");
	CHECK(id_from_hex(BYTES("00112233445566778899AABBccddeeff"), back, 16));
	assert_memory_equal(id, back, 16);
	CHECK(!id_from_hex(BYTES("0011"), back, 16));
	CHECK(!id_from_hex(BYTES("0g"), back, 1));
	CHECK_INT(ACCOUNT_SHARD(ACCOUNT_ID(77, 5)), 77);
}
