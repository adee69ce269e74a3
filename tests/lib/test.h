/* SPDX-License-Identifier: Apache-2.0 */
/* lib/test.h - unit tests as thin macros over cmocka.
 *
 *	#include "lib/test.h"
 *
 *	TEST(flags, add_keeps_the_others)
 *	{
 *		assert_int_equal(...);
 *	}
 *
 * A TEST registers itself; all .c files of tests/unit/FOLDER become one program
 * with one main() (tests/lib/test_main.c). Arguments of the program are
 * patterns: `test_base 'flags.*'` runs those only, `--list` names them. */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Adds a test; the TEST macro calls it before main(). */
void test_add(const char *group, const char *name, void (*run)(void));

#define TEST(group, name)                                                   \
	static void test_##group##_##name(void);                            \
	__attribute__((constructor)) static void add_##group##_##name(void) \
	{                                                                   \
		test_add(#group, #group "." #name, test_##group##_##name);  \
	}                                                                   \
	static void test_##group##_##name(void)

#define CHECK(condition) assert_true(condition)
#define CHECK_INT(a, b) assert_int_equal(a, b)
#define CHECK_STR(a, b) assert_string_equal(a, b)

#endif
