/* SPDX-License-Identifier: Apache-2.0 */
/* What only the engine on disk has: directories, formats, crashes and damage. */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void path_of(const struct fixture *f, const char *name, char *path, size_t n)
{
	snprintf(path, n, "%s/%s", f->dir, name);
}

static void write_format(const struct fixture *f, const char *text)
{
	char path[128];
	FILE *file;

	path_of(f, "data/FORMAT", path, sizeof(path));
	file = fopen(path, "w");
	CHECK(file);
	fputs(text, file);
	fclose(file);
}

static void refused(const struct fixture *f, const char *name, bool read_only, int err,
		    const char *sentence)
{
	struct kv *kv = NULL;
	struct why why = { "" };

	CHECK_INT(fixture_open(f, name, read_only, &kv, &why), -err);
	if (!strstr(why.text, sentence))
		fail_msg("\"%s\" is not in: %s", sentence, why.text);
	CHECK(!kv);
}

TEST(kv_rocks, formats)
{
	struct fixture f;
	struct why why;

	fixture_rocks(&f);
	put(f.kv, KV_ROWS, "a", "1");
	kv_close(&f.kv);
	write_format(&f, "tern-data 2\n");
	refused(&f, "data", false, ERR_VERSION, "has format 2, this program knows up to 1");
	refused(&f, "data", true, ERR_VERSION, "newer version");
	write_format(&f, "something else\n");
	refused(&f, "data", false, ERR_CORRUPT, "not that of a Tern data directory");
	write_format(&f, "tern-data 1\n");
	CHECK_INT(fixture_open(&f, "data", false, &f.kv, &why), 0);
	CHECK_STR(get(f.kv, NULL, KV_ROWS, "a"), "1");
	fixture_end(&f);
}

TEST(kv_rocks, a_directory_in_use_is_refused)
{
	struct fixture f;
	int status;
	pid_t pid;

	fixture_rocks(&f);
	refused(&f, "data", false, ERR_INUSE, "is in use by another process");
	pid = fork();
	if (pid == 0) {
		struct why why = { "" };
		struct kv *kv;

		_exit(fixture_open(&f, "data", false, &kv, &why) == -ERR_INUSE ? 0 : 1);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	fixture_end(&f);
}

TEST(kv_rocks, a_lost_store_is_not_made_anew)
{
	struct fixture f;
	char db[128], away[128];

	fixture_rocks(&f);
	put(f.kv, KV_ROWS, "a", "1");
	kv_close(&f.kv);
	path_of(&f, "data/db", db, sizeof(db));
	path_of(&f, "away", away, sizeof(away));
	CHECK_INT(rename(db, away), 0);
	refused(&f, "data", false, ERR_IO, "cannot be opened");
	fixture_end(&f);
}

TEST(kv_rocks, nothing_to_read_is_said)
{
	struct fixture f;
	char path[128];

	fixture_rocks(&f);
	refused(&f, "nowhere", true, ERR_IO, "FORMAT: No such file");
	refused(&f, "no/where", false, ERR_IO, "cannot make directory");
	path_of(&f, "empty", path, sizeof(path));
	CHECK_INT(mkdir(path, 0700), 0);
	path_of(&f, "empty/FORMAT", path, sizeof(path));
	CHECK_INT(creat(path, 0600) < 0, 0);
	refused(&f, "empty", true, ERR_NOTFOUND, "no store in");
	fixture_end(&f);
}

/* RocksDB 7.8.3 answers "not found" for these when opened without families and with
 * max_open_files == -1. */
TEST(kv_rocks, read_only_finds_values_in_blob_files)
{
	struct fixture f;
	struct kv *kv;
	struct why why;
	struct blob *value;
	char *body = malloc(100001);

	fixture_rocks(&f);
	memset(body, 'b', 100000);
	body[100000] = '\0';
	put(f.kv, KV_CHUNKS, "1", body);
	CHECK_INT(kv_flush(f.kv), 0);
	put(f.kv, KV_CHUNKS, "2", body);
	put(f.kv, KV_ROWS, "a", "1");
	CHECK_INT(kv_sync(f.kv), 0);
	kv_close(&f.kv);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(fixture_open(&f, "data", true, &kv, &why), 0);
		for (const char *k = "12"; *k; k++) {
			CHECK_INT(kv_get(kv, NULL, KV_CHUNKS, bytes_of(k, 1), &value), 0);
			CHECK(value && value->b.n == 100000);
			blob_unref(&value);
		}
		CHECK_STR(get(kv, NULL, KV_ROWS, "a"), "1");
		kv_close(&kv);
	}
	free(body);
	fixture_end(&f);
}

/* ---- crashes */

static unsigned count_rows(struct kv *kv)
{
	struct kv_iter *it = kv_iter_new(kv, NULL, KV_ROWS, BYTES_NONE, BYTES_NONE);
	struct bytes key, value;
	char want[16];
	unsigned n = 0;

	while (kv_iter_next(it, &key, &value)) {
		snprintf(want, sizeof(want), "%05u", n);
		if (!bytes_eq(key, bytes_str(want)))
			break;
		n++;
	}
	CHECK(!kv_iter_next(it, &key, &value));
	CHECK_INT(kv_iter_error(it), 0);
	kv_iter_free(&it);
	return n;
}

static void put_rows(struct kv *kv, unsigned from, unsigned to)
{
	char key[16];

	for (unsigned i = from; i < to; i++) {
		snprintf(key, sizeof(key), "%05u", i);
		put(kv, KV_ROWS, key, "sixteen bytes ok");
		if (i % 10 == 0)
			put(kv, KV_META, "applied", key);
	}
}

/* Rows of a copy of the store, which must be the first ones without a gap. */
static unsigned rows_of_copy(const struct fixture *f, const char *name)
{
	struct kv *kv;
	struct why why;
	unsigned n;

	if (fixture_open(f, name, false, &kv, &why))
		fail_msg("%s", why.text);
	n = count_rows(kv);
	put(kv, KV_META, "and", "it can be written");
	CHECK_INT(kv_sync(kv), 0);
	kv_close(&kv);
	return n;
}

/* The write-ahead log with the lowest or highest number. */
static void find_log(const struct fixture *f, const char *name, bool highest, char *path, size_t n)
{
	char dir[128];
	unsigned long best = 0;
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/%s/db", f->dir, name);
	d = opendir(dir);
	CHECK(d);
	while ((e = readdir(d))) {
		char *end;
		unsigned long number = strtoul(e->d_name, &end, 10);

		if (strcmp(end, ".log") == 0 && end != e->d_name &&
		    (best == 0 || (number > best) == highest))
			best = number;
	}
	closedir(d);
	CHECK(best);
	snprintf(path, n, "%s/%06lu.log", dir, best);
}

static void flip(const char *path, double where)
{
	int fd = open(path, O_RDWR);
	struct stat st;
	off_t at;
	uint8_t c;

	CHECK(fd >= 0 && fstat(fd, &st) == 0);
	at = (off_t)((double)st.st_size * where);
	CHECK_INT(pread(fd, &c, 1, at), 1);
	c ^= 0x10;
	CHECK_INT(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

static void cut(const char *path, off_t bytes)
{
	struct stat st;

	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(truncate(path, st.st_size - bytes), 0);
}

TEST(kv_rocks, what_was_synced_is_in_a_copy_taken_then)
{
	struct fixture f;

	fixture_rocks(&f);
	put_rows(f.kv, 0, 500);
	CHECK_INT(kv_sync(f.kv), 0);
	fixture_copy(&f, "data", "copy");
	put_rows(f.kv, 500, 600);
	CHECK_INT(rows_of_copy(&f, "copy"), 500);
	CHECK_INT(count_rows(f.kv), 600);
	fixture_end(&f);
}

/* Copied in the middle of writing, with each length of torn tail: a prefix, never less than
 * what is in whole records, and the store goes on. */
TEST(kv_rocks, a_torn_tail_leaves_a_prefix)
{
	struct fixture f;
	char log[256];
	unsigned last = 200;

	fixture_rocks(&f);
	put_rows(f.kv, 0, 200);
	CHECK_INT(kv_sync(f.kv), 0);
	for (off_t torn = 0; torn <= 400; torn += 37) {
		unsigned n;

		fixture_copy(&f, "data", "copy");
		find_log(&f, "copy", true, log, sizeof(log));
		if (torn)
			cut(log, torn);
		n = rows_of_copy(&f, "copy");
		CHECK(n <= last && n + (unsigned)torn / 30 + 1 >= 200);
		last = n;
	}
	fixture_end(&f);
}

/* Why a node compares what it finds with what it and its peers know it had synced: RocksDB opens
 * without a word, and half of the synced rows are gone. */
TEST(kv_rocks, damage_in_the_log_silently_leaves_a_prefix)
{
	struct fixture f;
	char log[256];
	uint64_t synced;
	unsigned n;

	fixture_rocks(&f);
	put_rows(f.kv, 0, 1000);
	CHECK_INT(kv_sync(f.kv), 0);
	synced = kv_seq(f.kv);
	kv_close(&f.kv);
	find_log(&f, "data", true, log, sizeof(log));
	flip(log, 0.5);
	n = rows_of_copy(&f, "data");
	CHECK(n > 400 && n < 600);
	CHECK(synced > n);
	fixture_end(&f);
}

static bool live_is(struct kv *kv, uint64_t at_least, uint64_t below)
{
	struct kv_space s;

	CHECK_INT(kv_space(kv, &s), 0);
	return s.live >= at_least && s.live < below;
}

static void two_logs(struct fixture *f, char *older, size_t n)
{
	char newest[256], *big = malloc(5000001);

	fixture_rocks(f);
	put_rows(f->kv, 0, 100);
	memset(big, 'x', 5000000);
	big[5000000] = '\0';
	put(f->kv, KV_CHUNKS, "fills its memtable", big);
	put_rows(f->kv, 100, 200);
	CHECK_INT(kv_sync(f->kv), 0);
	for (int i = 0; i < 2000 && !live_is(f->kv, 5000000, UINT64_MAX); i++)
		usleep(10000); /* the flush is still going on */
	fixture_copy(f, "data", "copy");
	find_log(f, "copy", false, older, n);
	find_log(f, "copy", true, newest, sizeof(newest));
	CHECK(strcmp(older, newest) != 0);
	free(big);
}

/* A log is closed when one family is flushed, and the others need it still. Damage there must
 * not let the next log be played over a hole: the store does not open. */
TEST(kv_rocks, damage_in_an_older_log_is_refused)
{
	struct fixture f;
	char log[256];

	two_logs(&f, log, sizeof(log));
	flip(log, 0.0005);
	refused(&f, "copy", false, ERR_CORRUPT, "is damaged: Corruption");
	fixture_end(&f);
}

TEST(kv_rocks, a_shorter_or_lost_older_log_is_refused)
{
	struct fixture f;
	char log[256];

	two_logs(&f, log, sizeof(log));
	cut(log, 100);
	refused(&f, "copy", false, ERR_CORRUPT, "is damaged: Corruption");
	fixture_copy(&f, "data", "copy");
	CHECK_INT(unlink(log), 0);
	refused(&f, "copy", false, ERR_CORRUPT, "is damaged: Corruption");
	fixture_end(&f);
}

/* What an honest power cut leaves after a flush must open: RocksDB syncs the older log before it
 * lets the flushed table in. */
TEST(kv_rocks, a_torn_newest_log_opens_after_a_flush)
{
	struct fixture f;
	char older[256], log[256];
	unsigned n;

	two_logs(&f, older, sizeof(older));
	find_log(&f, "copy", true, log, sizeof(log));
	cut(log, 1000);
	n = rows_of_copy(&f, "copy");
	CHECK(n >= 100 && n < 200);
	fixture_copy(&f, "data", "copy");
	flip(log, 0.5);
	n = rows_of_copy(&f, "copy");
	CHECK(n >= 100 && n < 200);
	fixture_copy(&f, "data", "copy");
	cut(log, 1000);
	CHECK_INT(truncate(log, 20000), 0); /* zeros, as a file that grew before its data */
	n = rows_of_copy(&f, "copy");
	CHECK(n >= 100 && n < 200);
	fixture_end(&f);
}

TEST(kv_rocks, unlogged_writes_are_lost_until_they_are_flushed)
{
	struct fixture f;
	struct kv_batch *b;
	struct kv *kv;
	struct why why;

	fixture_rocks(&f);
	b = kv_batch_new(f.kv);
	kv_batch_put(b, KV_CHUNKS, BYTES("c"), BYTES("installed"));
	CHECK_INT(kv_write_nolog(f.kv, b), 0);
	put_rows(f.kv, 0, 10);
	CHECK_INT(kv_sync(f.kv), 0);
	for (int flushed = 0; flushed <= 1; flushed++) {
		fixture_copy(&f, "data", "copy");
		CHECK_INT(fixture_open(&f, "copy", false, &kv, &why), 0);
		CHECK_STR(get(kv, NULL, KV_CHUNKS, "c"), flushed ? "installed" : "-");
		CHECK_INT(count_rows(kv), 10);
		kv_close(&kv);
		CHECK_INT(kv_flush(f.kv), 0);
	}
	kv_batch_free(&b);
	fixture_end(&f);
}

TEST(kv_rocks, a_damaged_table_is_an_error_for_its_keys)
{
	struct fixture f;
	struct kv_iter *it;
	struct bytes key, value;

	fixture_rocks(&f);
	put_rows(f.kv, 0, 3000);
	CHECK_INT(kv_flush(f.kv), 0);
	kv_close(&f.kv);
	fixture_damage_tables(&f);
	CHECK_INT(fixture_open(&f, "data", false, &f.kv, NULL), 0);
	it = kv_iter_new(f.kv, NULL, KV_ROWS, BYTES_NONE, BYTES_NONE);
	while (kv_iter_next(it, &key, &value))
		;
	CHECK_INT(kv_iter_error(it), -ERR_CORRUPT);
	kv_iter_free(&it);
	fixture_end(&f);
}

TEST(kv_rocks, a_lost_table_is_refused)
{
	struct fixture f;
	char command[256];

	fixture_rocks(&f);
	put_rows(f.kv, 0, 100);
	CHECK_INT(kv_flush(f.kv), 0);
	kv_close(&f.kv);
	snprintf(command, sizeof(command), "rm %s/data/db/*.sst", f.dir);
	CHECK_INT(system(command), 0);
	refused(&f, "data", false, ERR_CORRUPT, "is damaged: Corruption");
	fixture_end(&f);
}

TEST(kv_rocks, a_killed_process_loses_nothing_it_had_written)
{
	struct fixture f;
	struct why why;
	int status;
	pid_t pid;

	FORKS_A_STORE();
	fixture_rocks(&f);
	kv_close(&f.kv);
	pid = fork();
	if (pid == 0) {
		if (fixture_open(&f, "data", false, &f.kv, &why))
			_exit(1);
		put_rows(f.kv, 0, 300);
		kill(getpid(), SIGKILL);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	CHECK_INT(rows_of_copy(&f, "data"), 300);
	CHECK_INT(fixture_open(&f, "data", false, &f.kv, &why), 0);
	fixture_end(&f);
}

/* ---- garbage */

TEST(kv_rocks, compaction_gives_dead_bodies_back)
{
	struct kv_space s;
	struct fixture f;
	char key[16], *body = malloc(50001);

	fixture_rocks(&f);
	memset(body, 'b', 50000);
	body[50000] = '\0';
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "%03d", i);
		put(f.kv, KV_CHUNKS, key, body);
	}
	CHECK_INT(kv_flush(f.kv), 0);
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "%03d", i);
		if (i % 4)
			del(f.kv, KV_CHUNKS, key);
	}
	CHECK_INT(kv_flush(f.kv), 0);
	CHECK(live_is(f.kv, 4900000, 6000000));
	/* An automatic compaction may be in the way of the first pass. */
	for (int i = 0; i < 100 && !live_is(f.kv, 1000000, 1500000); i++) {
		CHECK_INT(kv_compact(f.kv, KV_CHUNKS, BYTES_NONE, BYTES_NONE), 0);
		usleep(10000);
	}
	CHECK(live_is(f.kv, 1000000, 1500000));
	CHECK_INT(kv_space(f.kv, &s), 0);
	CHECK_INT(s.garbage, 0);
	CHECK_STR(get(f.kv, NULL, KV_CHUNKS, "004"), body);
	CHECK_STR(get(f.kv, NULL, KV_CHUNKS, "005"), "-");
	free(body);
	fixture_end(&f);
}
