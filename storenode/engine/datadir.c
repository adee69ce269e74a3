/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/datadir.h"

#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char *join(const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 2;
	char *path = xmalloc(n);

	snprintf(path, n, "%s/%s", dir, name);
	return path;
}

static int io_error(struct why *why, const char *what, const char *path)
{
	return why_set(why, errno == ENOSPC ? ERR_NOSPACE : ERR_IO, "%s %s: %s", what, path,
		       strerror(errno));
}

int datadir_make(const char *path, struct why *why)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	return io_error(why, "cannot make directory", path);
}

static int lock_format(struct datadir *d, const char *file, struct why *why)
{
	d->lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock < 0)
		return io_error(why, "cannot open", file);
	if (flock(d->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return why_set(why, ERR_INUSE, "the data directory %s is in use by another process",
			       d->path);
	return io_error(why, "cannot lock", file);
}

static int judge_format(struct datadir *d, const char *text, struct why *why)
{
	struct bytes rest = bytes_trim(bytes_str(text));
	struct bytes name = bytes_cut(&rest, ' ');
	uint64_t version;

	d->fresh = *text == '\0';
	if (d->fresh)
		return 0;
	if (!bytes_eq(name, BYTES("tern-data")) || !bytes_u64(rest, UINT32_MAX, &version))
		return why_set(why, ERR_CORRUPT, "%s/FORMAT is not that of a Tern data directory",
			       d->path);
	if (version > DATADIR_FORMAT)
		return why_set(why, ERR_VERSION,
			       "the data directory %s has format %u, this program knows up to %u: "
			       "it was written by a newer version",
			       d->path, (unsigned)version, DATADIR_FORMAT);
	return 0;
}

static int read_format(struct datadir *d, const char *file, bool read_only, struct why *why)
{
	char text[64] = "";
	int fd = read_only ? open(file, O_RDONLY | O_CLOEXEC) : d->lock;
	ssize_t n;

	if (fd < 0)
		return io_error(why, "cannot open", file);
	n = pread(fd, text, sizeof(text) - 1, 0);
	if (read_only)
		close(fd);
	return n < 0 ? io_error(why, "cannot read", file) : judge_format(d, text, why);
}

int datadir_open(struct datadir *d, const char *path, bool read_only, struct why *why)
{
	char *file = join(path, "FORMAT");
	int ret = 0;

	*d = (struct datadir){ .path = xstrdup(path), .db = join(path, "db"), .lock = -1 };
	if (!read_only)
		ret = datadir_make(path, why);
	if (ret == 0 && !read_only)
		ret = lock_format(d, file, why);
	if (ret == 0)
		ret = read_format(d, file, read_only, why);
	if (ret == 0 && read_only && d->fresh)
		ret = why_set(why, ERR_NOTFOUND, "there is no store in %s yet", path);
	free(file);
	if (ret)
		datadir_close(d);
	return ret;
}

static int sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		close(fd);
	return ret;
}

int datadir_made(struct datadir *d, struct why *why)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "tern-data %u\n", DATADIR_FORMAT);

	if (!d->fresh)
		return 0;
	if (pwrite(d->lock, text, (size_t)n, 0) != n || fsync(d->lock) || sync_directory(d->path))
		return io_error(why, "cannot write FORMAT in", d->path);
	d->fresh = false;
	return 0;
}

void datadir_close(struct datadir *d)
{
	if (d->lock >= 0)
		close(d->lock);
	free(d->path);
	free(d->db);
	*d = (struct datadir){ .lock = -1 };
}
