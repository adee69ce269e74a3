/* SPDX-License-Identifier: Apache-2.0 */
#include "replica/conf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FORMAT 1 /* of libraft's encoding */

int conf_find(const struct conf *c, uint64_t replica)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->m[i].replica == replica)
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
	if (c->n == CONF_MAX || replica == 0 || conf_find(c, replica) >= 0)
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

void conf_address(const struct conf_member *m, char out[CONF_ADDRESS])
{
	snprintf(out, CONF_ADDRESS, "%u/%" PRIx64, m->node, m->replica);
}

uint32_t conf_address_node(const char *address)
{
	return (uint32_t)strtoul(address, NULL, 10);
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
	char address[CONF_ADDRESS];

	buf_putc(out, FORMAT);
	put_u64le(out, c->n);
	for (unsigned i = 0; i < c->n; i++) {
		put_u64le(out, c->m[i].replica);
		conf_address(&c->m[i], address);
		buf_put(out, address, strlen(address) + 1);
		buf_putc(out, (uint8_t)c->m[i].role);
	}
	while ((out->n - start) % 8)
		buf_putc(out, 0);
}

/* Exactly as conf_address writes it. */
static bool take_address(struct bytes *in, struct conf_member *m)
{
	size_t n = bytes_chr(*in, 0);
	char expected[CONF_ADDRESS];
	struct bytes address, digits;
	uint64_t node;

	if (n == in->n || n >= CONF_ADDRESS)
		return false;
	address = digits = bytes_cut(in, 0);
	digits = bytes_cut(&digits, '/');
	if (!bytes_u64(digits, UINT32_MAX, &node))
		return false;
	m->node = (uint32_t)node;
	conf_address(m, expected);
	return bytes_eq(address, bytes_str(expected));
}

static bool take_member(struct bytes *in, struct conf *c)
{
	struct conf_member m;
	uint8_t role;

	if (!get_u64le(in, &m.replica) || !take_address(in, &m) || !get_u8(in, &role) ||
	    role > CONF_SPARE)
		return false;
	return conf_add(c, m.replica, m.node, (enum conf_role)role);
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
