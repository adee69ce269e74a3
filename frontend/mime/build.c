/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/build.h"

#include "mime/header.h"
#include "mime/lexer.h"
#include "mime/mime.h"

/* wire_unpack gives 16 x the packed bytes + 64 KiB: many small things, addresses "<>" say, would not
 * come back. So each is weighed both ways. While it reads, protobuf-c has 32 bytes for each field of
 * a message, in blocks that double from 32 on when the first 16 are used up. */
enum {
	UNPACK_FACTOR = 16,
	UNPACK_EXTRA = 56 * 1024,
	FIELD_MEMORY = 64,
	FIELDS_FREE = 16,
	FIELDS_MEMORY = 1024
};

/* What the fixed parts of a packed message take: at least, for the slack, and about. */
enum { PART_LEAST = 2, PART_COST = 44, ADDR_COST = 4, PARAM_COST = 6, VALUE_COST = 2 };
#define MEMORY(type) (sizeof(type) + sizeof(void *) + FIELD_MEMORY)

void build_init(struct build *b, struct arena *mem)
{
	*b = (struct build){ .mem = mem, .budget = MIME_MAX_FACTS, .slack = UNPACK_EXTRA };
	b->facts = arena_new(mem, Tern__Facts);
	tern__facts__init(b->facts);
	b->facts->version = FACTS_VERSION;
	b->facts->envelope = build_envelope(b);
}

Tern__FactsEnvelope *build_envelope(struct build *b)
{
	Tern__FactsEnvelope *e = arena_new(b->mem, Tern__FactsEnvelope);

	b->slack -= sizeof(*e);
	tern__facts_envelope__init(e);
	return e;
}

static void set(ProtobufCBinaryData *to, struct bytes v)
{
	*to = (ProtobufCBinaryData){ v.n, (uint8_t *)v.p };
}

void build_set_type(Tern__FactsPart *part, const char *type, const char *subtype)
{
	set(&part->type, bytes_str(type));
	set(&part->subtype, bytes_str(subtype));
	part->n_params = 0;
}

bool build_type_is(const Tern__FactsPart *part, const char *type, const char *subtype)
{
	return bytes_ieq(facts_bytes(part->type), bytes_str(type)) &&
	       (!subtype || bytes_ieq(facts_bytes(part->subtype), bytes_str(subtype)));
}

/* memory 0: what is weighed at the end of the header. */
static bool pay(struct build *b, size_t packed, size_t memory)
{
	int64_t slack = b->slack;

	if (memory)
		slack += (int64_t)packed * UNPACK_FACTOR - (int64_t)memory;

	if (packed > b->budget || slack < 0) {
		b->facts->limits |= LIMIT_FACTS;
		return false;
	}
	b->budget -= packed;
	b->slack = slack;
	return true;
}

static void keep(struct build *b, ProtobufCBinaryData *to, struct bytes v)
{
	if (pay(b, v.n + VALUE_COST, v.n))
		set(to, v);
}

bool build_room(struct build *b, size_t n)
{
	if (b->facts->n_parts + n >= MIME_MAX_PARTS) {
		b->facts->limits |= LIMIT_PARTS;
		return false;
	}
	if (b->budget < (n + 1) * PART_COST ||
	    b->slack <
		    (int64_t)((n + 1) * (MEMORY(Tern__FactsPart) + sizeof(Tern__FactsEnvelope)))) {
		b->facts->limits |= LIMIT_FACTS;
		return false;
	}
	return true;
}

/* Doubles an array of pointers in the arena when it is full. */
static void *grown(struct arena *mem, void *v, size_t n, size_t *cap)
{
	void **wider;

	if (n < *cap)
		return v;
	*cap = *cap ? *cap * 2 : 4;
	wider = arena_array(mem, void *, *cap);
	if (n)
		memcpy(wider, v, n * sizeof(*wider));
	return wider;
}

void build_header_end(struct build *b, const Tern__FactsPart *p, const Tern__FactsEnvelope *e)
{
	size_t types = p->type.len + p->subtype.len + p->encoding.len + 3 * VALUE_COST;
	size_t fields = 9u + p->has_id + p->has_description + p->has_md5 + p->has_disposition +
			p->has_location + p->n_params + p->n_disposition_params + p->n_languages;

	b->slack += (int64_t)types * UNPACK_FACTOR;
	if (fields > FIELDS_FREE)
		b->slack -= FIELDS_MEMORY;
	if (e && 4 + e->n_from + e->n_sender + e->n_reply_to + e->n_to + e->n_cc + e->n_bcc >
			 FIELDS_FREE)
		b->slack -= FIELDS_MEMORY;
}

static unsigned varint_length(uint64_t v)
{
	unsigned n = 1;

	while (v >>= 7)
		n++;
	return n;
}

Tern__FactsPart *build_part(struct build *b, uint32_t parent, uint64_t offset)
{
	Tern__Facts *f = b->facts;
	Tern__FactsPart *part = arena_new(b->mem, Tern__FactsPart);

	tern__facts_part__init(part);
	part->parent = parent;
	part->header = offset;
	build_set_type(part, "text", "plain");
	set(&part->encoding, BYTES("7bit"));
	f->parts = grown(b->mem, f->parts, f->n_parts, &b->cap_parts);
	f->parts[f->n_parts++] = part;
	b->budget -= MIN(b->budget, (size_t)PART_COST);
	b->slack += (int64_t)(PART_LEAST + 3 * (1 + varint_length(offset))) * UNPACK_FACTOR -
		    (int64_t)MEMORY(Tern__FactsPart);
	b->seen = 0;
	b->typed = false;
	b->boundary = BYTES_NONE;
	return part;
}

static void text_field(struct build *b, ProtobufCBinaryData *to, protobuf_c_boolean *has,
		       struct bytes value)
{
	*has = true;
	if (value.n > b->budget)
		b->facts->limits |= LIMIT_FACTS;
	else
		keep(b, to, header_unfold(value, b->mem));
}

static size_t cost(ProtobufCBinaryData d)
{
	return d.len ? VALUE_COST + d.len : 0;
}

/* What an array of n pointers has room for: they double from 4. */
static size_t capacity(size_t n)
{
	size_t cap = n ? 4 : 0;

	while (cap < n)
		cap *= 2;
	return cap;
}

/* Several fields of one name are one list: nobody can hide an address behind a second From. */
static void address_field(struct build *b, Tern__FactsAddr ***v, size_t *n, struct bytes value)
{
	struct addr_list list = { *v, *n, capacity(*n) };
	size_t was = *n, left = MIME_MAX_ADDRESSES - MIN(b->addresses, MIME_MAX_ADDRESSES);

	if (b->budget < ADDR_COST || b->slack < (int64_t)MEMORY(Tern__FactsAddr)) {
		b->facts->limits |= LIMIT_FACTS; /* or a megabyte would be parsed for nothing */
		return;
	}
	if (!header_addresses(value, b->mem, was + left, &list))
		b->facts->limits |= LIMIT_ADDRESSES;
	b->addresses += (unsigned)(list.n - was);
	for (; *n < list.n; ++*n) {
		const Tern__FactsAddr *a = list.v[*n];
		size_t text = cost(a->name) + cost(a->adl) + cost(a->mailbox) + cost(a->host);

		if (!pay(b, ADDR_COST + text, MEMORY(Tern__FactsAddr) + text))
			break;
	}
	*v = list.v;
}

/* Takes all parameters that are left in `in`; returns the boundary. */
static struct bytes params_field(struct build *b, Tern__FactsParam ***v, size_t *n, struct bytes in)
{
	struct bytes name, value, boundary = BYTES_NONE;
	size_t cap = 0;

	*n = 0;
	while (header_param(&in, b->mem, &name, &value)) {
		Tern__FactsParam *param;

		if (boundary.n == 0 && bytes_ieq(name, BYTES("boundary")))
			boundary = value;
		if (b->params++ >= MIME_MAX_PARAMS) {
			b->facts->limits |= LIMIT_PARAMS;
			break;
		}
		if (!pay(b, PARAM_COST + name.n + value.n,
			 MEMORY(Tern__FactsParam) + name.n + value.n))
			break;
		param = arena_new(b->mem, Tern__FactsParam);
		tern__facts_param__init(param);
		set(&param->name, bytes_dup(b->mem, name));
		set(&param->value, value);
		*v = grown(b->mem, *v, *n, &cap);
		(*v)[(*n)++] = param;
	}
	return boundary;
}

/* RFC 2045, 5.2: what is not understood is text/plain. */
static void type_field(struct build *b, Tern__FactsPart *part, struct bytes in)
{
	struct bytes type, subtype;

	b->typed = true;
	if (!header_media_type(&in, &type, &subtype) || !pay(b, type.n + subtype.n, 0))
		return;
	build_set_type(part, "", "");
	set(&part->type, bytes_dup(b->mem, type));
	set(&part->subtype, bytes_dup(b->mem, subtype));
	b->boundary = params_field(b, &part->params, &part->n_params, in);
	/* RFC 2046, 5.1.1: a boundary does not end in a blank. */
	while (b->boundary.n && lex_is_white(b->boundary.p[b->boundary.n - 1]))
		b->boundary.n--;
}

static void disposition_field(struct build *b, Tern__FactsPart *part, struct bytes in)
{
	struct bytes token;

	if (!header_token(&in, &token))
		return;
	part->has_disposition = true;
	keep(b, &part->disposition, bytes_dup(b->mem, token));
	params_field(b, &part->disposition_params, &part->n_disposition_params, in);
}

static void encoding_field(struct build *b, Tern__FactsPart *part, struct bytes in)
{
	struct bytes token;

	if (header_token(&in, &token) && pay(b, token.n, 0))
		set(&part->encoding, bytes_dup(b->mem, token));
}

/* RFC 3282: tags between commas. */
static void language_field(struct build *b, Tern__FactsPart *part, struct bytes in)
{
	size_t max = 8;
	struct bytes tag;

	part->languages = arena_array(b->mem, ProtobufCBinaryData, max);
	while (part->n_languages < max && header_token(&in, &tag)) {
		keep(b, &part->languages[part->n_languages++], bytes_dup(b->mem, tag));
		in = bytes_skip(in, bytes_chr(in, ',') + 1);
	}
	if (part->n_languages == max)
		b->facts->limits |= LIMIT_PARAMS;
}

enum field {
	F_NONE,
	F_TYPE,
	F_ENCODING,
	F_DISPOSITION,
	F_ID,
	F_DESCRIPTION,
	F_MD5,
	F_LANGUAGE,
	F_LOCATION,
	F_ENVELOPE, /* from here on only in the header of a message */
	F_DATE = F_ENVELOPE,
	F_SUBJECT,
	F_IN_REPLY_TO,
	F_MESSAGE_ID,
	F_REFERENCES,
	F_FROM,
	F_SENDER,
	F_REPLY_TO,
	F_TO,
	F_CC,
	F_BCC,
};

static const struct {
	const char *name;
	enum field field;
} fields[] = {
	{ "content-type", F_TYPE },
	{ "content-transfer-encoding", F_ENCODING },
	{ "content-disposition", F_DISPOSITION },
	{ "content-id", F_ID },
	{ "content-description", F_DESCRIPTION },
	{ "content-md5", F_MD5 },
	{ "content-language", F_LANGUAGE },
	{ "content-location", F_LOCATION },
	{ "date", F_DATE },
	{ "subject", F_SUBJECT },
	{ "in-reply-to", F_IN_REPLY_TO },
	{ "message-id", F_MESSAGE_ID },
	{ "references", F_REFERENCES },
	{ "from", F_FROM },
	{ "sender", F_SENDER },
	{ "reply-to", F_REPLY_TO },
	{ "to", F_TO },
	{ "cc", F_CC },
	{ "bcc", F_BCC },
};

static enum field field_of(struct bytes name)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (bytes_ieq(name, bytes_str(fields[i].name)))
			return fields[i].field;
	return F_NONE;
}

static void address_list(struct build *b, Tern__FactsEnvelope *e, enum field field, struct bytes v)
{
	switch (field) {
	case F_FROM: address_field(b, &e->from, &e->n_from, v); break;
	case F_SENDER: address_field(b, &e->sender, &e->n_sender, v); break;
	case F_REPLY_TO: address_field(b, &e->reply_to, &e->n_reply_to, v); break;
	case F_TO: address_field(b, &e->to, &e->n_to, v); break;
	case F_CC: address_field(b, &e->cc, &e->n_cc, v); break;
	default: address_field(b, &e->bcc, &e->n_bcc, v); break;
	}
}

static void envelope_text(struct build *b, Tern__FactsEnvelope *e, enum field field, struct bytes v)
{
	switch (field) {
	case F_DATE: text_field(b, &e->date, &e->has_date, v); break;
	case F_SUBJECT: text_field(b, &e->subject, &e->has_subject, v); break;
	case F_IN_REPLY_TO: text_field(b, &e->in_reply_to, &e->has_in_reply_to, v); break;
	case F_MESSAGE_ID: text_field(b, &e->message_id, &e->has_message_id, v); break;
	default: break;
	}
}

static void part_text(struct build *b, Tern__FactsPart *part, enum field field, struct bytes v)
{
	switch (field) {
	case F_TYPE: type_field(b, part, v); break;
	case F_ENCODING: encoding_field(b, part, v); break;
	case F_DISPOSITION: disposition_field(b, part, v); break;
	case F_LANGUAGE: language_field(b, part, v); break;
	case F_ID: text_field(b, &part->id, &part->has_id, v); break;
	case F_DESCRIPTION: text_field(b, &part->description, &part->has_description, v); break;
	case F_MD5: text_field(b, &part->md5, &part->has_md5, v); break;
	default: text_field(b, &part->location, &part->has_location, v); break;
	}
}

/* What is wanted once more when the message is complete: threads and the date. */
static void remember(struct build *b, enum field field, struct bytes value)
{
	if (field == F_MESSAGE_ID)
		b->message_id = bytes_dup(b->mem, value);
	else if (field == F_REFERENCES)
		b->references = bytes_dup(b->mem, value);
	else if (field == F_IN_REPLY_TO)
		b->in_reply_to = bytes_dup(b->mem, value);
	else if (field == F_DATE && !header_date(value, &b->facts->sent_ms))
		b->facts->sent_ms = 0;
}

void build_field(struct build *b, Tern__FactsPart *part, Tern__FactsEnvelope *envelope,
		 struct bytes name, struct bytes value)
{
	enum field field = field_of(name);
	bool first = !(b->seen & BIT(field));

	if (field == F_NONE || (field >= F_ENVELOPE && !envelope))
		return;
	b->seen |= BIT(field);
	if (field >= F_FROM) {
		address_list(b, envelope, field, value);
		return;
	}
	if (!first)
		return;
	if (field < F_ENVELOPE)
		part_text(b, part, field, value);
	else
		envelope_text(b, envelope, field, value);
	if (envelope == b->facts->envelope)
		remember(b, field, value);
}
