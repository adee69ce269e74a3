/* SPDX-License-Identifier: Apache-2.0 */
/* listing.h - domains, users and aliases from all shards, sorted by name. */
#ifndef TERN_CTL_LISTING_H
#define TERN_CTL_LISTING_H

#include "router/ctl/ctl.h"

struct listing {
	void **v; /* Tern__DomainSet, Tern__ListedAccount or Tern__AliasSet */
	size_t n;
};

/* `domain` NULL: all. The items live in ctl->mem. */
int listing_get(struct ctl *ctl, Tern__ListWhat what, const char *domain, struct listing *l,
		struct why *why);

/* cmd_domain.c, for user add. */
int domain_set_postmaster(struct ctl *ctl, Tern__DomainSet *d, struct bytes address,
			  struct why *why);

#endif
