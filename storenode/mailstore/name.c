/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/name.h"

/* ---- paths */

/* The character at b.p[0] and its length; 0: not UTF-8. */
static size_t utf8_take(struct bytes b, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t lead = b.p[0];
	size_t n = lead < 0x80 ? 1 :
		   lead < 0xc2 ? 0 :
		   lead < 0xe0 ? 2 :
		   lead < 0xf0 ? 3 :
		   lead < 0xf5 ? 4 :
				 0;

	if (n == 0 || n > b.n)
		return 0;
	*c = n == 1 ? lead : lead & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((b.p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (b.p[i] & 0x3f);
	}
	return *c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000) ? 0 : n;
}

/* RFC 5198: no control characters, no line or paragraph separators. */
static bool name_char(uint32_t c)
{
	return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x2028 && c != 0x2029;
}

static bool text_check(struct bytes text, size_t *chars)
{
	*chars = 0;
	while (text.n) {
		uint32_t c = 0;
		size_t n = utf8_take(text, &c);

		if (n == 0 || !name_char(c))
			return false;
		text = bytes_skip(text, n);
		++*chars;
	}
	return true;
}

size_t utf8_chars(struct bytes text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += (text.p[i] & 0xc0) != 0x80;
	return n;
}

static struct bytes canonical(struct bytes text, struct arena *mem)
{
	struct bytes rest = text, first = bytes_cut(&rest, '/');
	uint8_t *own;

	if (!bytes_ieq(first, BYTES("INBOX")))
		return bytes_dup(mem, text);
	own = arena_alloc(mem, text.n);
	memcpy(own, text.p, text.n);
	memcpy(own, "INBOX", 5);
	return bytes_of(own, text.n);
}

int path_parse(struct bytes text, struct arena *mem, struct path *p, struct why *why)
{
	struct bytes rest;

	memset(p, 0, sizeof(*p));
	if (text.n == 0 || text.n > PATH_BYTES)
		return why_set(why, ERR_INVALID, "a mailbox name has 1 to %d characters",
			       PATH_CHARS);
	if (!text_check(text, &p->chars))
		return why_set(why, ERR_INVALID, "the mailbox name is not plain UTF-8 text");
	if (p->chars > PATH_CHARS)
		return why_set(why, ERR_LIMIT, "the mailbox name is longer than %d characters",
			       PATH_CHARS);
	rest = p->full = canonical(text, mem);
	if (rest.p[rest.n - 1] == '/')
		return why_set(why, ERR_INVALID, "a part of the mailbox name is empty");
	while (rest.n) {
		if (p->n == DEPTH_MAX)
			return why_set(why, ERR_LIMIT, "mailboxes nest at most %d deep", DEPTH_MAX);
		p->names[p->n] = bytes_cut(&rest, '/');
		if (p->names[p->n++].n == 0)
			return why_set(why, ERR_INVALID, "a part of the mailbox name is empty");
	}
	return 0;
}

/* ---- finding */

bool node_find(struct rows *r, uint64_t account, uint32_t parent, struct bytes name, uint32_t *id)
{
	uint64_t v;
	struct key k;

	key_name(&k, account, parent, name);
	if (!number_get(r, key_bytes(&k), &v))
		return false;
	*id = (uint32_t)v;
	return true;
}

bool path_find(struct rows *r, uint64_t account, const struct path *p, struct arena *mem,
	       struct node_rec *node, unsigned *depth)
{
	uint32_t id = NO_PARENT;
	unsigned i;

	memset(node, 0, sizeof(*node));
	for (i = 0; i < p->n && node_find(r, account, id, p->names[i], &id); i++)
		;
	if (i)
		INVARIANT(node_get(r, account, id, mem, node));
	if (depth)
		*depth = i;
	return i == p->n;
}

struct bytes node_path(struct rows *r, uint64_t account, const struct node_rec *node,
		       struct arena *mem)
{
	struct bytes names[DEPTH_MAX];
	struct node_rec up = *node;
	unsigned n = 0;
	struct buf b;
	struct bytes full;

	names[n++] = node->name;
	while (up.parent != NO_PARENT && n < DEPTH_MAX) {
		INVARIANT(node_get(r, account, up.parent, mem, &up));
		names[n++] = up.name;
	}
	buf_init(&b, 0);
	while (n-- > 0) {
		buf_put_bytes(&b, names[n]);
		if (n)
			buf_putc(&b, '/');
	}
	full = bytes_dup(mem, buf_bytes(&b));
	buf_release(&b);
	return full;
}

/* ---- changing */

static void name_put(struct txn *t, struct account *a, const struct node_rec *node)
{
	struct key k;

	key_name(&k, a->id, node->parent, node->name);
	number_put(t->rows, key_bytes(&k), node->id);
}

static void name_del(struct txn *t, struct account *a, const struct node_rec *node)
{
	struct key k;

	key_name(&k, a->id, node->parent, node->name);
	rows_del(t->rows, key_bytes(&k));
}

static void children_add(struct txn *t, struct account *a, struct node_rec *parent, uint32_t n)
{
	if (!parent)
		return;
	parent->children += n;
	node_put(t->rows, a->id, parent);
}

int node_add(struct txn *t, struct account *a, struct node_rec *parent, struct bytes name,
	     struct node_rec *node)
{
	if (a->c.names >= MAILBOXES_MAX)
		return REFUSE(t, ERR_LIMIT, "an account has at most %d mailboxes", MAILBOXES_MAX);
	if (a->c.next_mailbox >= UINT32_MAX - 1)
		return REFUSE(t, ERR_LIMIT, "the account has no mailbox numbers left");
	*node = (struct node_rec){ .id = a->c.next_mailbox++,
				   .parent = parent ? parent->id : NO_PARENT,
				   .name = bytes_dup(t->mem, name) };
	a->c.names++;
	a->dirty = true;
	children_add(t, a, parent, 1);
	name_put(t, a, node);
	node_put(t->rows, a->id, node);
	return 0;
}

static void node_remove(struct txn *t, struct account *a, const struct node_rec *node)
{
	struct key k;

	name_del(t, a, node);
	key_account_u32(&k, a->id, A_NODE, node->id);
	rows_del(t->rows, key_bytes(&k));
	a->c.names--;
	a->dirty = true;
}

void node_prune(struct txn *t, struct account *a, const struct node_rec *node)
{
	struct node_rec at = *node, parent;

	while (at.mailbox == 0 && at.children == 0) {
		node_remove(t, a, &at);
		if (at.parent == NO_PARENT)
			return;
		INVARIANT(node_get(t->rows, a->id, at.parent, t->mem, &parent));
		children_add(t, a, &parent, UINT32_MAX); /* one less */
		at = parent;
	}
}

void node_move(struct txn *t, struct account *a, struct node_rec *node, struct node_rec *parent,
	       struct bytes name)
{
	struct node_rec old_parent, old = *node;

	name_del(t, a, node);
	node->parent = parent ? parent->id : NO_PARENT;
	node->name = bytes_dup(t->mem, name);
	name_put(t, a, node);
	node_put(t->rows, a->id, node);
	if (old.parent == node->parent)
		return;
	children_add(t, a, parent, 1);
	if (old.parent == NO_PARENT)
		return;
	INVARIANT(node_get(t->rows, a->id, old.parent, t->mem, &old_parent));
	children_add(t, a, &old_parent, UINT32_MAX);
	node_prune(t, a, &old_parent);
}

void node_extent(struct txn *t, struct account *a, uint32_t id, unsigned *levels, size_t *chars)
{
	struct rows_iter *it[DEPTH_MAX + 1];
	size_t length[DEPTH_MAX + 1] = { 0 };
	struct bytes key, value;
	unsigned depth = 0;
	struct key k;

	*levels = 0;
	*chars = 0;
	key_account_u32(&k, a->id, A_NAME, id);
	it[0] = rows_under(t->rows, key_bytes(&k), BYTES_NONE);
	for (;;) {
		if (!rows_iter_next(it[depth], &key, &value)) {
			rows_iter_free(&it[depth]);
			if (depth-- == 0)
				return;
			continue;
		}
		INVARIANT(depth < DEPTH_MAX);
		length[depth + 1] = length[depth] + 1 + utf8_chars(bytes_skip(key, KEY_MAILBOX));
		*levels = MAX(*levels, depth + 1);
		*chars = MAX(*chars, length[depth + 1]);
		key_account_u32(&k, a->id, A_NAME, (uint32_t)number_decode(value));
		it[++depth] = rows_under(t->rows, key_bytes(&k), BYTES_NONE);
	}
}
