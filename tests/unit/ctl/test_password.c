/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords come in whole, hashes fit, and nothing odd is taken. */
#include "base/base.h"
#include "lib/test.h"

#include "router/ctl/password.c"

static struct ctl ctl;

static int from_text(const char *text, size_t n, const char **password, struct why *why)
{
	char path[] = "/tmp/tern-password-XXXXXX";
	struct args a = { .n_options = 1 };
	int fd = mkstemp(path), ret;

	CHECK(fd >= 0 && write(fd, text, n) == (ssize_t)n);
	close(fd);
	a.options[0].name = "password-file";
	a.options[0].value = path;
	arena_release(&ctl.mem);
	arena_init(&ctl.mem, 0);
	ret = password_get(&a, &ctl, password, why);
	unlink(path);
	return ret;
}

static void check_read(const char *text, const char *wanted)
{
	const char *password;
	struct why why;

	CHECK_INT(from_text(text, strlen(text), &password, &why), 0);
	CHECK_STR(password, wanted);
}

TEST(password, the_first_line_is_it)
{
	char most[PASSWORD_MAX + 2];

	check_read("secret", "secret");
	check_read("secret\n", "secret");
	check_read("secret\r\nmore\n", "secret");
	check_read(" with spaces \n", " with spaces ");
	check_read("gr\xc3\xbc\xc3\x9f"
		   "e\n",
		   "gr\xc3\xbc\xc3\x9f"
		   "e");
	memset(most, 'x', PASSWORD_MAX);
	most[PASSWORD_MAX] = '\0';
	check_read(most, most);
}

TEST(password, empty_too_long_or_with_a_nul_is_refused)
{
	char text[PASSWORD_MAX + 100];
	const char *password;
	struct why why;

	CHECK(from_text("", 0, &password, &why) < 0);
	CHECK(from_text("\nsecret", 7, &password, &why) < 0);
	CHECK(from_text("a\0b\n", 4, &password, &why) < 0);
	memset(text, 'x', sizeof(text));
	CHECK(from_text(text, PASSWORD_MAX + 1, &password, &why) < 0);
	CHECK(from_text(text, sizeof(text), &password, &why) < 0);
}

static void check_hash(const char *method, const char *cost, const char *prefix)
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	const char *hash;
	struct arena mem;
	struct why why;

	arena_init(&mem, 0);
	CHECK_INT(password_hash("secret", method, cost, &mem, &hash, &why), 0);
	CHECK(strncmp(hash, prefix, strlen(prefix)) == 0);
	CHECK_STR(crypt_rn("secret", hash, data, sizeof(*data)), hash);
	CHECK(strcmp(crypt_rn("Secret", hash, data, sizeof(*data)), hash) != 0);
	arena_release(&mem);
	free(data);
}

TEST(password, hashes_verify)
{
	check_hash(NULL, "1", "$y$");
	check_hash("yescrypt", "2", "$y$");
	check_hash("bcrypt", "4", "$2b$04$");
	check_hash("sha512-crypt", "1000", "$6$rounds=1000$");
	check_hash("sha256-crypt", NULL, "$5$");
}

TEST(password, two_hashes_differ)
{
	const char *one, *two;
	struct arena mem;
	struct why why;

	arena_init(&mem, 0);
	CHECK_INT(password_hash("secret", "sha512-crypt", "1000", &mem, &one, &why), 0);
	CHECK_INT(password_hash("secret", "sha512-crypt", "1000", &mem, &two, &why), 0);
	CHECK(strcmp(one, two) != 0);
	arena_release(&mem);
}

TEST(password, unknown_methods_and_costs_are_refused)
{
	const char *hash;
	struct arena mem;
	struct why why = { "" };

	arena_init(&mem, 0);
	CHECK(password_hash("secret", "md5", NULL, &mem, &hash, &why) < 0);
	CHECK(strstr(why.text, "sha512-crypt"));
	CHECK(password_hash("secret", "yescrypt", "99", &mem, &hash, &why) < 0);
	CHECK(password_hash("secret", "yescrypt", "-1", &mem, &hash, &why) < 0);
	CHECK(password_hash("secret", "bcrypt", "many", &mem, &hash, &why) < 0);
	arena_release(&mem);
}
