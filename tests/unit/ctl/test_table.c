/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and records as people and programs see them. */
#include "base/base.h"
#include "lib/test.h"

#include "router/ctl/table.c"

static char *printed;
static size_t printed_n;

static FILE *catch_output(void)
{
	free(printed);
	return open_memstream(&printed, &printed_n);
}

static struct table *make(bool json, unsigned rows)
{
	struct table *t = table_new("things", json);

	table_column(t, "name", TABLE_TEXT);
	table_column(t, "size", TABLE_NUMBER);
	table_column(t, "big", TABLE_BOOL);
	for (unsigned i = 0; i < rows; i++) {
		table_row(t);
		table_text(t, "thing \"%u\"", i);
		table_size(t, 1536u << (10 * i));
		table_bool(t, i > 0);
	}
	return t;
}

/* Columns are aligned; spaces at line ends do not matter. */
static void check(const char *wanted)
{
	char *to = printed;

	for (char *from = printed; *from; from++) {
		if (*from == '\n')
			while (to > printed && to[-1] == ' ')
				to--;
		*to++ = *from;
	}
	*to = '\0';
	CHECK_STR(printed, wanted);
}

TEST(table, for_people)
{
	struct table *t = make(false, 2);
	FILE *f = catch_output();

	table_print(&t, f);
	fclose(f);
	assert_null(t);
	check("name         size big\n"
	      "thing \"0\" 1.5 KiB -\n"
	      "thing \"1\" 1.5 MiB yes\n");
}

TEST(table, as_json)
{
	struct table *t = make(true, 2);
	FILE *f = catch_output();

	table_print(&t, f);
	fclose(f);
	check("{\n"
	      "   \"things\": [\n"
	      "      {\n"
	      "         \"name\": \"thing \\\"0\\\"\",\n"
	      "         \"size\": 1536,\n"
	      "         \"big\": false\n"
	      "      },{\n"
	      "         \"name\": \"thing \\\"1\\\"\",\n"
	      "         \"size\": 1572864,\n"
	      "         \"big\": true\n"
	      "      }\n"
	      "   ]\n"
	      "}\n");
}

TEST(table, empty_ones)
{
	struct table *t = make(false, 0);
	FILE *f = catch_output();

	table_print(&t, f);
	fclose(f);
	CHECK_STR(printed, "");
	t = make(true, 0);
	f = catch_output();
	table_print(&t, f);
	fclose(f);
	CHECK(strstr(printed, "\"things\""));
	CHECK(strchr(printed, '[') && strchr(printed, ']'));
}

TEST(table, records)
{
	struct table *t = make(false, 1);
	FILE *f = catch_output();

	table_print_record(&t, f);
	fclose(f);
	check("name  thing \"0\"\n"
	      "size  1.5 KiB\n"
	      "big   -\n");
	t = make(true, 1);
	f = catch_output();
	table_print_record(&t, f);
	fclose(f);
	check("{\"name\": \"thing \\\"0\\\"\", \"size\": 1536, \"big\": false}\n");
}

TEST(table, sizes_and_times)
{
	static const struct {
		uint64_t v;
		const char *text;
	} sizes[] = { { 0, "0 B" },
		      { 1023, "1023 B" },
		      { 1024, "1.0 KiB" },
		      { 150 * 1024, "150 KiB" },
		      { MIB(5), "5.0 MiB" },
		      { GIB(2), "2.0 GiB" },
		      { GIB(1024), "1.0 TiB" },
		      { UINT64_MAX, "16384 PiB" } };
	static const struct {
		uint64_t ms;
		const char *text;
	} times[] = {
		{ 999, "0s" }, { 61000, "1m 1s" }, { 3660000, "1h 1m" }, { 90000000, "1d 1h" }
	};
	char out[16];

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		size_text(sizes[i].v, out);
		CHECK_STR(out, sizes[i].text);
	}
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		time_text(times[i].ms, out);
		CHECK_STR(out, times[i].text);
	}
}
