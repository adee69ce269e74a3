/* SPDX-License-Identifier: Apache-2.0 */
/* password.c - passwords from a prompt, standard input or a file, never from the command line,
 * where every user of the machine could read them; and their crypt(5) hashes. */
#include "router/ctl/ctl.h"

#include "base/bytes.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_MAX = 512 };

static const struct {
	const char *name, *prefix;
} methods[] = {
	{ "yescrypt", "$y$" },     { "gost-yescrypt", "$gy$" }, { "bcrypt", "$2b$" },
	{ "sha512-crypt", "$6$" }, { "sha256-crypt", "$5$" },
};

/* The first line, without its end. */
static int read_line(int fd, struct arena *mem, const char **line, struct why *why)
{
	char text[PASSWORD_MAX + 2];
	size_t n = 0;
	ssize_t got = 0;
	uint8_t *end;

	while (n < sizeof(text) && (got = read(fd, text + n, sizeof(text) - n)) > 0) {
		n += (size_t)got;
		if (memchr(text, '\n', n))
			break;
	}
	if (got < 0)
		return why_set(why, ERR_IO, "reading the password: %s", strerror(errno));
	end = memchr(text, '\n', n);
	n = end ? (size_t)((char *)end - text) : n;
	if (n && text[n - 1] == '\r')
		n--;
	*line = bytes_cstr(mem, bytes_of(text, n));
	explicit_bzero(text, sizeof(text));
	if (n == 0)
		return why_set(why, ERR_INVALID, "the password is empty");
	if (n > PASSWORD_MAX || strlen(*line) != n)
		return why_set(why, ERR_INVALID, "the password has a NUL or over %d bytes",
			       PASSWORD_MAX);
	return 0;
}

static int prompt(const char *question, struct arena *mem, const char **line, struct why *why)
{
	struct termios old, quiet;
	int ret;

	fprintf(stderr, "%s", question);
	fflush(stderr);
	tcgetattr(STDIN_FILENO, &old);
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	ret = read_line(STDIN_FILENO, mem, line, why);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
	fputc('\n', stderr);
	return ret;
}

static int ask_twice(struct arena *mem, const char **password, struct why *why)
{
	const char *again;
	int ret = prompt("Password: ", mem, password, why);

	if (ret == 0)
		ret = prompt("Again: ", mem, &again, why);
	if (ret == 0 && strcmp(*password, again) != 0)
		ret = why_set(why, ERR_INVALID, "the two passwords differ");
	return ret;
}

static int from_file(const char *path, struct arena *mem, const char **password, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	ret = read_line(fd, mem, password, why);
	close(fd);
	return ret;
}

int password_get(const struct args *a, struct ctl *ctl, const char **password, struct why *why)
{
	const char *file = args_option(a, "password-file");

	if (file && strcmp(file, "-") != 0)
		return from_file(file, &ctl->mem, password, why);
	if (!file && isatty(STDIN_FILENO))
		return ask_twice(&ctl->mem, password, why);
	return read_line(STDIN_FILENO, &ctl->mem, password, why);
}

static const char *prefix_of(const char *method)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (strcmp(methods[i].name, method ? method : "yescrypt") == 0)
			return methods[i].prefix;
	return NULL;
}

int password_hash(const char *password, const char *method, const char *cost, struct arena *mem,
		  const char **hash, struct why *why)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *prefix = prefix_of(method), *out;
	struct crypt_data *data;
	uint64_t count = 0;

	if (!prefix)
		return why_set(why, ERR_INVALID,
			       "--hash %s: use yescrypt, gost-yescrypt, bcrypt, sha512-crypt or "
			       "sha256-crypt",
			       method);
	if (cost && !bytes_u64(bytes_str(cost), UINT32_MAX, &count))
		return why_set(why, ERR_INVALID, "--cost %s: not a number", cost);
	if (!crypt_gensalt_rn(prefix, count, NULL, 0, setting, sizeof(setting)))
		return why_set(why, ERR_INVALID, "--cost %s: not possible with this hash",
			       cost ? cost : "");
	data = xcalloc(1, sizeof(*data));
	out = crypt_rn(password, setting, data, sizeof(*data));
	*hash = out ? bytes_cstr(mem, bytes_str(out)) : NULL;
	explicit_bzero(data, sizeof(*data));
	free(data);
	return *hash ? 0 : why_set(why, ERR_IO, "hashing the password: %s", strerror(errno));
}
