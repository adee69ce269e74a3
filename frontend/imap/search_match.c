/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/search.h"

#include "imap/date.h"
#include "mime/decode.h"
#include "mime/envelope.h"
#include "mime/header.h"

/* ---- preparing ------------------------------------------------------------------------------ */

static void count(struct search *q, const struct search_key *k)
{
	q->n_keys++;
	for (k = k->child; k; k = k->next)
		count(q, k);
}

static struct bytes folded(struct search *q, struct bytes text)
{
	struct buf b;
	struct bytes out;

	buf_init(&b, 0);
	decode_fold(text, &b);
	out = bytes_dup(&q->im->s->mem, buf_bytes(&b));
	buf_release(&b);
	return out;
}

static void prepare_set(struct search *q, struct search_key *k)
{
	k->slot = (unsigned)q->n_sets++;
	uidset_init(&q->sets[k->slot]);
	view_resolve(&q->im->view, k->text, k->what == SEARCH_UIDS, &q->sets[k->slot]);
}

static void prepare_text(struct search *q, struct search_key *k)
{
	k->text = folded(q, k->text);
	q->headers |= k->what != SEARCH_BODY;
	if (k->what == SEARCH_HEADER)
		return;
	k->slot = (unsigned)q->n_texts;
	q->texts[q->n_texts++] = k;
}

static void prepare(struct search *q, struct search_key *k)
{
	switch (k->what) {
	case SEARCH_FLAG:
	case SEARCH_KEYWORD: q->columns |= ROW_FLAGS; break;
	case SEARCH_LARGER:
	case SEARCH_SMALLER: q->columns |= ROW_SIZE; break;
	case SEARCH_BEFORE:
	case SEARCH_ON:
	case SEARCH_SINCE:
	case SEARCH_YOUNGER:
	case SEARCH_OLDER: q->columns |= ROW_DATE; break;
	case SEARCH_SEQS:
	case SEARCH_UIDS: prepare_set(q, k); break;
	case SEARCH_HEADER:
		q->columns |= k->number ? ROW_ENVELOPE : 0;
		prepare_text(q, k);
		break;
	case SEARCH_BODY:
	case SEARCH_TEXT: prepare_text(q, k); break;
	default: break;
	}
	for (k = k->child; k; k = k->next)
		prepare(q, k);
}

void search_prepare(struct search *q)
{
	struct arena *mem = &q->im->s->mem;

	count(q, q->root);
	q->sets = arena_array(mem, struct uidset, q->n_keys);
	q->texts = arena_array(mem, struct search_key *, q->n_keys);
	q->found = arena_array(mem, bool, q->n_keys);
	prepare(q, q->root);
}

/* ---- judging -------------------------------------------------------------------------------- */

static enum verdict of_bool(bool b)
{
	return b ? YES : NO;
}

static bool has_keyword(const struct search *q, const struct row *row, struct bytes name)
{
	const struct store_box *box = &q->im->box;

	for (size_t i = 0; i < row->n_keywords; i++)
		if (row->keywords[i] < box->n_keywords &&
		    bytes_ieq(box->keywords[row->keywords[i]], name))
			return true;
	return false;
}

/* RFC 3501, 6.4.4: internal dates, whatever the time and zone. */
static bool internal_date(const struct search_key *k, const struct row *row)
{
	int32_t day = date_of(row->date_ms, row->zone);

	return k->what == SEARCH_BEFORE ? day < k->day :
	       k->what == SEARCH_ON     ? day == k->day :
					  day >= k->day;
}

/* The day that the Date field names; a message without one was sent on no day. */
static bool sent_date(const struct search_key *k, const struct subject *m)
{
	const Tern__FactsEnvelope *e = m->facts->envelope;
	int32_t day;

	if (!e || !e->has_date || !date_of_header(facts_bytes(e->date), &day))
		return false;
	return k->what == SEARCH_SENTBEFORE ? day < k->day :
	       k->what == SEARCH_SENTON     ? day == k->day :
					      day >= k->day;
}

static bool is_younger(const struct search *q, const struct search_key *k, const struct row *row)
{
	return row->date_ms + k->number * 1000 >= q->wall_ms;
}

static bool holds(struct bytes value, struct bytes needle)
{
	struct decode_search s;
	struct buf text;
	bool found;

	buf_init(&text, 0);
	decode_words(value, &text);
	decode_search_init(&s, needle);
	found = decode_search(&s, buf_bytes(&text));
	decode_search_release(&s);
	buf_release(&text);
	return found;
}

/* RFC 3501, 6.4.4: FROM, SUBJECT and so on are about the envelope structure, which is stored as
 * it is shown: no need for the message's header. */
static enum verdict in_envelope(const struct search_key *k, struct bytes envelope)
{
	struct buf text;
	enum verdict v = OPEN;

	buf_init(&text, 0);
	if (k->text.n && envelope_text(envelope, (enum envelope_field)k->number, &text))
		v = of_bool(holds(buf_bytes(&text), k->text));
	buf_release(&text);
	return v;
}

static enum verdict header_field(const struct search_key *k, const struct subject *m)
{
	struct bytes header = m->header;
	struct header_field f;

	if (!m->facts)
		return k->number ? in_envelope(k, m->row->envelope) : OPEN;
	while (header_next(&header, &f))
		if (f.name.n && bytes_ieq(f.name, k->name) &&
		    (k->text.n == 0 || holds(f.value, k->text)))
			return YES;
	return NO;
}

static enum verdict text(const struct search *q, const struct search_key *k,
			 const struct subject *m)
{
	if (k->text.n == 0)
		return YES;
	return m->read ? of_bool(q->found[k->slot]) : OPEN;
}

static enum verdict leaf(const struct search *q, const struct search_key *k,
			 const struct subject *m)
{
	const struct row *row = m->row;

	switch (k->what) {
	case SEARCH_ALL: return YES;
	case SEARCH_NONE: return NO;
	case SEARCH_FLAG: return of_bool(row->flags & k->number);
	case SEARCH_KEYWORD: return of_bool(has_keyword(q, row, k->text));
	case SEARCH_SEQS:
	case SEARCH_UIDS: return of_bool(uidset_has(&q->sets[k->slot], row->uid));
	case SEARCH_LARGER: return of_bool(row->size > k->number);
	case SEARCH_SMALLER: return of_bool(row->size < k->number);
	case SEARCH_BEFORE:
	case SEARCH_ON:
	case SEARCH_SINCE: return of_bool(internal_date(k, row));
	case SEARCH_YOUNGER: return of_bool(is_younger(q, k, row));
	case SEARCH_OLDER: return of_bool(!is_younger(q, k, row));
	case SEARCH_SENTBEFORE:
	case SEARCH_SENTON:
	case SEARCH_SENTSINCE: return m->facts ? of_bool(sent_date(k, m)) : OPEN;
	case SEARCH_HEADER: return header_field(k, m);
	default: return text(q, k, m);
	}
}

static enum verdict judge(const struct search *q, const struct search_key *k,
			  const struct subject *m);

/* All children (`decides` NO) or any of them (`decides` YES). */
static enum verdict several(const struct search *q, const struct search_key *k,
			    const struct subject *m, enum verdict decides)
{
	enum verdict all = decides == NO ? YES : NO;

	for (k = k->child; k; k = k->next) {
		enum verdict v = judge(q, k, m);

		if (v == decides)
			return v;
		if (v == OPEN)
			all = OPEN;
	}
	return all;
}

/* As deep as the grammar let it become. */
static enum verdict judge(const struct search *q, const struct search_key *k,
			  const struct subject *m)
{
	enum verdict v;

	switch (k->what) {
	case SEARCH_AND: return several(q, k, m, NO);
	case SEARCH_OR: return several(q, k, m, YES);
	case SEARCH_NOT: v = judge(q, k->child, m); return v == OPEN ? v : of_bool(v == NO);
	default: return leaf(q, k, m);
	}
}

enum verdict search_judge(const struct search *q, const struct subject *m)
{
	return judge(q, q->root, m);
}
