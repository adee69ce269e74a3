/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/layout.h"

#include "model/address.h"

void key_table(struct key *k, enum table t)
{
	key_start(k, (uint8_t)t);
}

void key_table_u64(struct key *k, enum table t, uint64_t id)
{
	key_table(k, t);
	key_u64(k, id);
}

void key_table_u64x2(struct key *k, enum table t, uint64_t a, uint64_t b)
{
	key_table_u64(k, t, a);
	key_u64(k, b);
}

void key_id(struct key *k, enum table t, struct bytes id)
{
	INVARIANT(id.n == 16);
	key_table(k, t);
	key_raw(k, id);
}

void key_id_u64(struct key *k, enum table t, struct bytes id, uint64_t n)
{
	key_id(k, t, id);
	key_u64(k, n);
}

void key_staged(struct key *k, struct bytes upload, uint32_t block)
{
	key_id(k, T_STAGED, upload);
	key_u32(k, block);
}

void key_timer(struct key *k, uint64_t due, enum timer_kind kind, struct bytes id)
{
	key_table_u64(k, T_TIMER, due);
	key_u8(k, (uint8_t)kind);
	key_raw(k, id);
}

void key_domain(struct key *k, struct bytes name)
{
	key_table(k, T_DOMAIN);
	key_raw(k, name);
}

/* The domain first, so that a domain's addresses can be listed. */
void key_address(struct key *k, struct bytes full)
{
	key_table(k, T_ADDRESS);
	key_raw(k, address_domain(full));
	key_u8(k, 0);
	key_raw(k, address_local(full));
}

void key_account(struct key *k, uint64_t account, enum account_table t)
{
	key_table_u64(k, T_ACCOUNT, account);
	key_u8(k, (uint8_t)t);
}

void key_account_u32(struct key *k, uint64_t account, enum account_table t, uint32_t id)
{
	key_account(k, account, t);
	key_u32(k, id);
}

void key_account_u64(struct key *k, uint64_t account, enum account_table t, uint64_t id)
{
	key_account(k, account, t);
	key_u64(k, id);
}

void key_name(struct key *k, uint64_t account, uint32_t parent, struct bytes component)
{
	key_account_u32(k, account, A_NAME, parent);
	key_raw(k, component);
}

void key_subscribed(struct key *k, uint64_t account, struct bytes path)
{
	key_account(k, account, A_SUBSCRIBED);
	for (size_t i = 0; i < path.n; i++)
		key_u8(k, path.p[i] == '/' ? PATH_KEY_SEPARATOR : path.p[i]);
}

void key_modseq(struct key *k, uint64_t account, enum account_table t, uint32_t mailbox,
		uint64_t modseq)
{
	key_account_u32(k, account, t, mailbox);
	key_u64(k, modseq);
}

void key_place(struct key *k, uint64_t account, enum account_table t, uint32_t mailbox,
	       uint32_t segment, uint32_t offset)
{
	key_account_u32(k, account, t, mailbox);
	key_u32(k, segment);
	key_u32(k, offset);
}

void key_hold(struct key *k, uint64_t account, uint64_t email, uint32_t mailbox, uint32_t segment,
	      uint32_t offset)
{
	key_account_u64(k, account, A_HOLD, email);
	key_u32(k, mailbox);
	key_u32(k, segment);
	key_u32(k, offset);
}
