/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/quota.h"

static bool over(uint64_t limit, uint64_t used, uint64_t more)
{
	return limit && (used > limit || more > limit - used);
}

bool quota_over(const struct info_rec *info, const struct counters_rec *c, uint64_t bytes,
		uint64_t messages)
{
	return over(info->quota_bytes, c->used_bytes, bytes) ||
	       over(info->quota_messages, c->used_messages, messages);
}

int quota_take(struct txn *t, struct account *a, uint64_t bytes, uint64_t messages)
{
	if (quota_over(&a->info, &a->c, bytes, messages))
		return REFUSE(t, ERR_QUOTA, "the mailbox is full");
	a->c.used_bytes += bytes;
	a->c.used_messages += messages;
	a->dirty = true;
	return 0;
}

void quota_give(struct account *a, uint64_t bytes, uint64_t messages)
{
	INVARIANT(a->c.used_bytes >= bytes && a->c.used_messages >= messages);
	a->c.used_bytes -= bytes;
	a->c.used_messages -= messages;
	a->dirty = true;
}
