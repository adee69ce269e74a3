/* SPDX-License-Identifier: Apache-2.0 */
#include "replica/conf.h"

#include <stdio.h>

#define FORMAT 1      /* of libraft's encoding */
#define MAX_DIGITS 10 /* of a node's position */

int conf_find(const struct conf *c, uint64_t replica)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->m[i].replica == replica)
			return (int)i;
	return -1;
}

int conf_find_node(const struct conf *c, uint32_t node)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->m[i].node == node)
			return (int)i;
	return -1;
}

unsigned conf_voters(const struct conf *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n; i++)
		n += c->m[i].role == CONF_VOTER;
	return n;
}

bool conf_is_voter(const struct conf *c, uint64_t replica)
{
	int i = conf_find(c, replica);

	return i >= 0 && c->m[i].role == CONF_VOTER;
}

bool conf_other_voter_on(const struct conf *c, uint64_t replica, uint32_t node)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->m[i].node == node && c->m[i].replica != replica &&
		    c->m[i].role == CONF_VOTER)
			return true;
	return false;
}

bool conf_add(struct conf *c, uint64_t replica, uint32_t node, enum conf_role role)
{
	if (c->n == CONF_MAX || replica == 0 || conf_find(c, replica) >= 0 ||
	    conf_find_node(c, node) >= 0)
		return false;
	c->m[c->n++] = (struct conf_member){ replica, node, role };
	return true;
}

void conf_remove(struct conf *c, uint64_t replica)
{
	int i = conf_find(c, replica);

	if (i < 0)
		return;
	c->n--;
	memmove(&c->m[i], &c->m[i + 1], (c->n - (unsigned)i) * sizeof(c->m[0]));
}

static void put_u64le(struct buf *out, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		buf_putc(out, (uint8_t)(v >> (8 * i)));
}

static bool get_u64le(struct bytes *in, uint64_t *v)
{
	if (in->n < 8)
		return false;
	*v = 0;
	for (unsigned i = 8; i-- > 0;)
		*v = *v << 8 | in->p[i];
	*in = bytes_skip(*in, 8);
	return true;
}

void conf_pack(const struct conf *c, struct buf *out)
{
	size_t start = out->n;

	buf_putc(out, FORMAT);
	put_u64le(out, c->n);
	for (unsigned i = 0; i < c->n; i++) {
		put_u64le(out, c->m[i].replica);
		buf_printf(out, "%u", c->m[i].node);
		buf_putc(out, 0);
		buf_putc(out, (uint8_t)c->m[i].role);
	}
	while ((out->n - start) % 8)
		buf_putc(out, 0);
}

static bool take_member(struct bytes *in, struct conf *c)
{
	struct bytes address;
	uint64_t replica, node;
	uint8_t role;

	if (!get_u64le(in, &replica) || bytes_chr(*in, 0) > MAX_DIGITS ||
	    bytes_chr(*in, 0) == in->n)
		return false;
	address = bytes_cut(in, 0);
	if (!bytes_u64(address, UINT32_MAX, &node) || !get_u8(in, &role) || role > CONF_SPARE)
		return false;
	return conf_add(c, replica, (uint32_t)node, (enum conf_role)role);
}

bool conf_unpack(struct bytes b, struct conf *c)
{
	uint8_t format;
	uint64_t n;

	*c = (struct conf){ 0 };
	if (b.n % 8 || !get_u8(&b, &format) || format != FORMAT || !get_u64le(&b, &n) ||
	    n > CONF_MAX)
		return false;
	while (n--)
		if (!take_member(&b, c))
			return false;
	return b.n < 8;
}
