/* SPDX-License-Identifier: Apache-2.0 */
/* Header values through everything that reads them: fields add up to the header, text comes out
 * as UTF-8 on one line, streams do not depend on how they are cut. */
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_utf8(struct bytes b)
{
	uint32_t c;

	while (b.n) {
		int n = utf8_get(b, &c);

		INVARIANT(n > 0);
		b = bytes_skip(b, (size_t)n);
	}
}

static void check_line(struct bytes b)
{
	INVARIANT(bytes_chr(b, '\n') == b.n && bytes_chr(b, '\r') == b.n && bytes_chr(b, 0) == b.n);
}

static void check_fields(struct bytes header)
{
	struct bytes rest = header;
	struct header_field f;
	size_t sum = 0;

	while (header_next(&rest, &f)) {
		INVARIANT(f.whole.n > 0 && f.name.n + f.value.n < f.whole.n + 1);
		sum += f.whole.n;
	}
	INVARIANT(sum + rest.n == header.n);
	INVARIANT(rest.n == 0 || header_empty_line(rest) > 0);
}

static void check_value(struct bytes value, struct arena *mem)
{
	struct addr_list list = { 0 };
	struct bytes in = value, a, b;
	int64_t ms;

	check_line(header_unfold(value, mem));
	header_addresses(value, mem, 50, &list);
	INVARIANT(list.n <= 51);
	for (size_t i = 0; i < list.n; i++)
		check_line(bytes_of(list.v[i]->mailbox.data, list.v[i]->mailbox.len));
	if (header_date(value, &ms))
		INVARIANT(ms > -2300000000000 && ms < 253500000000000);
	while (header_message_id(&in, mem, &a))
		check_line(a);
	in = value;
	header_media_type(&in, &a, &b);
	while (header_param(&in, mem, &a, &b))
		check_line(b);
}

static void check_words(struct bytes value)
{
	struct buf out, folded, again;

	buf_init(&out, 0);
	buf_init(&folded, 0);
	buf_init(&again, 0);
	decode_words(value, &out);
	check_utf8(buf_bytes(&out));
	decode_fold(buf_bytes(&out), &folded);
	check_utf8(buf_bytes(&folded));
	decode_fold(buf_bytes(&folded), &again);
	INVARIANT(bytes_eq(buf_bytes(&folded), buf_bytes(&again)));
	buf_release(&out);
	buf_release(&folded);
	buf_release(&again);
}

static void decode(const Tern__FactsPart *part, struct bytes in, size_t step, struct buf *out)
{
	struct decode_part *d = decode_part_new(part);

	for (; in.n; in = bytes_skip(in, step))
		decode_part(d, bytes_head(in, step), out);
	decode_part_end(d, out);
	decode_part_free(&d);
}

static void check_part(struct bytes in, uint8_t kind)
{
	static char *const encodings[] = { "base64", "quoted-printable", "8bit" };
	static char *const charsets[] = { "utf-8", "iso-2022-jp", "gb18030", "utf-16",
					  "utf-7", "cp1252",      "euc-kr",  "koi8-r" };
	char *encoding = encodings[kind % 3], *charset = charsets[kind / 3 % 8];
	Tern__FactsParam param = TERN__FACTS_PARAM__INIT, *params = &param;
	Tern__FactsPart part = TERN__FACTS_PART__INIT;
	struct buf whole, cut;

	param.name = (ProtobufCBinaryData){ 7, (uint8_t *)"charset" };
	param.value = (ProtobufCBinaryData){ strlen(charset), (uint8_t *)charset };
	part.params = &params;
	part.n_params = 1;
	part.subtype = (ProtobufCBinaryData){ 4, (uint8_t *)(kind & 0x80 ? "html" : "text") };
	part.encoding = (ProtobufCBinaryData){ strlen(encoding), (uint8_t *)encoding };
	buf_init(&whole, 0);
	buf_init(&cut, 0);
	decode(&part, in, SIZE_MAX, &whole);
	decode(&part, in, 1 + kind % 5, &cut);
	check_utf8(buf_bytes(&whole));
	INVARIANT(bytes_eq(buf_bytes(&whole), buf_bytes(&cut)));
	buf_release(&whole);
	buf_release(&cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena mem;

	if (n == 0)
		return 0;
	arena_init(&mem, 0);
	check_fields(bytes_of(data + 1, n - 1));
	check_value(bytes_of(data + 1, n - 1), &mem);
	check_words(bytes_of(data + 1, n - 1));
	check_part(bytes_of(data + 1, n - 1), data[0]);
	arena_release(&mem);
	return 0;
}
