/* SPDX-License-Identifier: Apache-2.0 */
/* An accepted address divides into what it was made of, and its normal form is stable. */
#include "model/address.h"

#include "model/ids.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(struct bytes text, bool utf8, struct arena *mem)
{
	struct bytes again, domain;
	struct address a;

	if (address_parse(text, utf8, mem, &a, NULL) < 0)
		return;
	INVARIANT(a.local.n > 0 && a.domain.n > 0);
	INVARIANT(!memchr(a.full.p, 0, a.full.n) && !memchr(a.full.p, '\n', a.full.n));
	INVARIANT(address_local(a.full).n == a.local.n);
	domain = address_domain(a.full);
	if (domain.p[0] != '[')
		INVARIANT(domain_normalise(domain, mem, &again) && bytes_eq(again, domain));
	if (address_base(a.full, mem, &again))
		INVARIANT(shard_of_address(again, 1, 4096) == shard_of_address(a.full, 1, 4096));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena mem;

	arena_init(&mem, MIB(1));
	check(bytes_of(data, n), false, &mem);
	check(bytes_of(data, n), true, &mem);
	arena_release(&mem);
	return 0;
}
