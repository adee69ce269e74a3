/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/keyword.h"

#include "mailstore/codec.h"

struct keywords {
	size_t n;
	size_t loaded; /* of them, before this entry */
	struct bytes names[KEYWORDS_MAX];
};

size_t keywords_read(struct rows *r, uint64_t account, struct arena *mem, struct bytes *names)
{
	struct bytes value;
	struct key k;
	struct dec d;
	size_t n;

	key_account(&k, account, A_KEYWORDS);
	if (!rows_get(r, key_bytes(&k), &value))
		return 0;
	dec_start(&d, bytes_dup(mem, value));
	n = dec_u32(&d);
	INVARIANT(n <= KEYWORDS_MAX);
	for (size_t i = 0; i < n; i++)
		names[i] = dec_bytes(&d);
	dec_end(&d);
	return n;
}

static struct keywords *load(struct txn *t, struct account *a)
{
	if (!a->keywords) {
		a->keywords = arena_new(t->mem, struct keywords);
		a->keywords->n = keywords_read(t->rows, a->id, t->mem, a->keywords->names);
		a->keywords->loaded = a->keywords->n;
	}
	return a->keywords;
}

void keywords_close(struct txn *t, struct account *a)
{
	const struct keywords *kw = a->keywords;
	struct buf b;
	struct key k;

	if (!kw || kw->n == kw->loaded)
		return;
	key_account(&k, a->id, A_KEYWORDS);
	enc_start(&b);
	buf_varint(&b, kw->n);
	for (size_t i = 0; i < kw->n; i++)
		enc_bytes(&b, kw->names[i]);
	enc_end(&b, t->rows, &k);
}

void keywords_report(struct txn *t, struct account *a)
{
	const struct keywords *kw = a->keywords;

	if (!kw || kw->n == kw->loaded)
		return;
	t->res->keywords_from = (uint32_t)kw->loaded;
	t->res->n_keywords = kw->n - kw->loaded;
	t->res->keywords = arena_array(t->mem, char *, t->res->n_keywords);
	for (size_t i = kw->loaded; i < kw->n; i++)
		t->res->keywords[i - kw->loaded] = bytes_cstr(t->mem, kw->names[i]);
}

int flags_check(const Tern__Flags *f, struct why *why)
{
	if (!f)
		return 0;
	if (f->system & ~(uint32_t)FLAGS_SYSTEM || f->n_keywords > KEYWORDS_MAX)
		return why_set(why, ERR_INVALID, "flags that do not exist");
	for (size_t i = 0; i < f->n_keywords; i++)
		if (!keyword_valid(bytes_str(f->keywords[i])))
			return why_set(why, ERR_INVALID, "not a keyword");
	return 0;
}

static int number_of(struct txn *t, struct account *a, struct bytes name, bool add)
{
	struct keywords *kw = load(t, a);

	for (size_t i = 0; i < kw->n; i++)
		if (bytes_ieq(kw->names[i], name))
			return (int)i;
	if (!add || kw->n == KEYWORDS_MAX)
		return -1;
	kw->names[kw->n] = bytes_dup(t->mem, name);
	return (int)kw->n++;
}

int flags_resolve(struct txn *t, struct account *a, const Tern__Flags *flags, bool add,
		  struct flag_set *set)
{
	*set = (struct flag_set){ .system = flags ? flags->system : 0 };
	for (size_t i = 0; flags && i < flags->n_keywords; i++) {
		int n = number_of(t, a, bytes_str(flags->keywords[i]), add);

		if (n >= 0)
			set->keywords.bits[n / 64] |= 1ull << (n % 64);
		else if (add)
			return REFUSE(t, ERR_LIMIT, "the account has %d keywords already",
				      KEYWORDS_MAX);
	}
	return 0;
}

void row_flags_get(const struct row *row, struct flag_set *set)
{
	*set = (struct flag_set){ .system = row->flags };
	for (unsigned i = 0; i < row->n_keywords; i++)
		set->keywords.bits[row->keywords[i] / 64] |= 1ull << (row->keywords[i] % 64);
}

void row_flags_set(struct row *row, const struct flag_set *set)
{
	row->flags = set->system;
	row->n_keywords = 0;
	for (unsigned i = 0; i < KEYWORDS_MAX; i++)
		if (set->keywords.bits[i / 64] >> (i % 64) & 1)
			row->keywords[row->n_keywords++] = (uint8_t)i;
}
