/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c - CURVE keys: made, and read from files that nobody else can read. */
#include "router/clusterconf.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

int curve_keypair(char public_key[CURVE_KEY + 1], char secret_key[CURVE_KEY + 1])
{
	return zmq_curve_keypair(public_key, secret_key) == 0 ? 0 : -ERR_IO;
}

int curve_public(const char secret_key[CURVE_KEY + 1], char public_key[CURVE_KEY + 1])
{
	return zmq_curve_public(public_key, secret_key) == 0 ? 0 : -ERR_INVALID;
}

static int check_file(const char *path, int fd, struct why *why)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return why_set(why, ERR_CONFIG, "%s: is not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return why_set(why, ERR_CONFIG,
			       "%s: belongs to user %u; it must be root's or this process's own",
			       path, (unsigned)st.st_uid);
	if ((st.st_mode & 07777) != 0400 && (st.st_mode & 07777) != 0600)
		return why_set(why, ERR_CONFIG,
			       "%s: has mode %04o; chmod 0400 it, others must not read it", path,
			       (unsigned)(st.st_mode & 07777));
	return 0;
}

static int read_key(const char *path, int fd, char secret_key[CURVE_KEY + 1], struct why *why)
{
	char text[CURVE_KEY + 3], public_key[CURVE_KEY + 1];
	ssize_t n = read(fd, text, sizeof(text));
	int ret = 0;

	if (n < 0)
		return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	while (n > CURVE_KEY && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	memcpy(secret_key, text, CURVE_KEY);
	secret_key[CURVE_KEY] = '\0';
	if (n != CURVE_KEY || strlen(secret_key) != CURVE_KEY ||
	    curve_public(secret_key, public_key) < 0) {
		explicit_bzero(secret_key, CURVE_KEY + 1);
		ret = why_set(why, ERR_CONFIG,
			      "%s: holds no secret key; make one with `ternctl keygen --out FILE`",
			      path);
	}
	explicit_bzero(text, sizeof(text));
	return ret;
}

int curve_load_secret(const char *path, char secret_key[CURVE_KEY + 1], struct why *why)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	int ret;

	memset(secret_key, 0, CURVE_KEY + 1);
	if (fd < 0)
		return errno == ELOOP ?
			       why_set(why, ERR_CONFIG,
				       "%s: is a symbolic link; name the file itself", path) :
			       why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	ret = check_file(path, fd, why);
	if (ret == 0)
		ret = read_key(path, fd, secret_key, why);
	close(fd);
	return ret;
}
