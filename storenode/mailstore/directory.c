/* SPDX-License-Identifier: Apache-2.0 */
/* directory.c - domains and aliases; accounts' addresses are written by account.c. */
#include "mailstore/directory.h"

#include "mailstore/ops.h"
#include "model/address.h"

int address_check(const char *text, struct why *why)
{
	struct bytes full = bytes_str(text), domain = address_domain(full);

	if (full.n == 0 || full.n > ADDRESS_BYTES || address_local(full).n == 0)
		return why_set(why, ERR_INVALID, "not an address");
	for (size_t i = 0; i < full.n; i++)
		if (full.p[i] < 0x20 || full.p[i] == 0x7f || ascii_lower(full.p[i]) != full.p[i])
			return why_set(why, ERR_INVALID, "the address is not in canonical form");
	if (domain.n == 0 && full.p[full.n - 1] == '@')
		return why_set(why, ERR_INVALID, "the address has an empty domain");
	return 0;
}

bool domain_name_valid(struct bytes name)
{
	if (name.n == 0 || name.n > 255)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= 0x20 || name.p[i] >= 0x7f || name.p[i] == '@' ||
		    ascii_lower(name.p[i]) != name.p[i])
			return false;
	return true;
}

/* ---- domains */

int check_domain_set(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	const Tern__DomainSet *d = op->domain_set;

	if (!domain_name_valid(bytes_str(d->name)) ||
	    (*d->alias_of && !domain_name_valid(bytes_str(d->alias_of))))
		return why_set(why, ERR_INVALID, "not a domain in canonical form");
	if (*d->postmaster && address_check(d->postmaster, why))
		return -ERR_INVALID;
	if (*d->catch_all && address_check(d->catch_all, why))
		return -ERR_INVALID;
	return 0;
}

/* Rows that hold messages hold what this program knows of them: unknown fields would be kept
 * by one version and dropped by another. */
static struct bytes pack_clean(struct txn *t, const ProtobufCMessage *m)
{
	uint8_t *p = arena_alloc(t->mem, protobuf_c_message_get_packed_size(m));

	return bytes_of(p, protobuf_c_message_pack(m, p));
}

int op_domain_set(struct txn *t, const Tern__Op *op)
{
	const Tern__DomainSet *in = op->domain_set;
	Tern__DomainSet d = TERN__DOMAIN_SET__INIT;
	struct key k;

	d.name = in->name;
	d.alias_of = in->alias_of;
	d.postmaster = in->postmaster;
	d.catch_all = in->catch_all;
	key_domain(&k, bytes_str(d.name));
	raw_put(t->rows, key_bytes(&k), pack_clean(t, &d.base));
	return 0;
}

int check_domain_delete(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	if (!domain_name_valid(bytes_str(op->domain_delete->name)))
		return why_set(why, ERR_INVALID, "not a domain in canonical form");
	return 0;
}

int op_domain_delete(struct txn *t, const Tern__Op *op)
{
	struct bytes value;
	struct key k;

	key_domain(&k, bytes_str(op->domain_delete->name));
	if (!rows_get(t->rows, key_bytes(&k), &value))
		return REFUSE(t, ERR_NOTFOUND, "no such domain");
	rows_del(t->rows, key_bytes(&k));
	return 0;
}

/* ---- aliases */

static int target_check(const Tern__Target *target, struct why *why)
{
	if (*target->address)
		return address_check(target->address, why);
	if (target->account == 0)
		return why_set(why, ERR_INVALID, "an alias to nobody");
	return 0;
}

int check_alias_set(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	const Tern__AliasSet *in = op->alias_set;
	int ret = address_check(in->address, why);

	if (ret)
		return ret;
	if (in->n_targets == 0 || in->n_targets > TARGETS_MAX)
		return why_set(why, ERR_LIMIT, "an alias has 1 to %d targets", TARGETS_MAX);
	for (size_t i = 0; i < in->n_targets && ret == 0; i++)
		ret = target_check(in->targets[i], why);
	return ret;
}

static struct bytes pack_alias(struct txn *t, const Tern__AliasSet *in)
{
	Tern__AliasSet alias = TERN__ALIAS_SET__INIT;

	alias.address = in->address;
	alias.n_targets = in->n_targets;
	alias.targets = arena_array(t->mem, Tern__Target *, in->n_targets);
	for (size_t i = 0; i < in->n_targets; i++) {
		alias.targets[i] = arena_new(t->mem, Tern__Target);
		tern__target__init(alias.targets[i]);
		alias.targets[i]->account = in->targets[i]->account;
		alias.targets[i]->address = in->targets[i]->address;
	}
	return pack_clean(t, &alias.base);
}

int op_alias_set(struct txn *t, const Tern__Op *op)
{
	struct bytes full = bytes_str(op->alias_set->address);
	struct address_rec rec = { .account = 0 };

	if (address_get(t->rows, full, t->mem, &rec) && rec.account)
		return REFUSE(t, ERR_EXISTS, "the address belongs to an account");
	rec.alias = pack_alias(t, op->alias_set);
	address_put(t->rows, full, &rec);
	return 0;
}

int check_alias_delete(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	return address_check(op->alias_delete->address, why);
}

int op_alias_delete(struct txn *t, const Tern__Op *op)
{
	struct bytes full = bytes_str(op->alias_delete->address);
	struct address_rec rec;
	struct key k;

	if (!address_get(t->rows, full, t->mem, &rec) || rec.account)
		return REFUSE(t, ERR_NOTFOUND, "no such alias");
	key_address(&k, full);
	rows_del(t->rows, key_bytes(&k));
	return 0;
}
