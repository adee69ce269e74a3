/* SPDX-License-Identifier: Apache-2.0 */
/* load - drives one server: N connections, one operation after the other on each.
 *
 *	bench_load MODE --port P --connections N --seconds S [--first U] [--users K]
 *		[--list U,U,...] [--domain D] [--password W] [--messages FOLDER] [--count N]
 *		[--operations N] [--recipients N] [--search CRITERIA] [--hits N]
 *	bench_load fdatasync --file F --seconds S
 *
 * MODE: lmtp, smtp, pop3-retr, and those of imap.c and mixed.c. All connections are made and logged
 * in first; then it prints "ready" and starts at the first byte of its input, so that the caller
 * can look at the clocks. Users are uU@D to uU+K-1, or those of the list; connection i logs in as
 * the i-th, deliveries go to one after the other. Messages are the files of FOLDER, marked as
 * message.c says; imap-verify takes several folders. Whatever is read is compared with them; --count
 * says how many INBOX holds. An answer that is not the wanted one ends the program with status 1.
 *
 * Prints one line of JSON, times in milliseconds. */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct load g;

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench_load: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

void *grown(void *p, size_t n)
{
	p = realloc(p, n);
	if (!p)
		die("out of memory");
	return p;
}

unsigned user_number(unsigned place)
{
	return g.list ? g.list[place] : g.first + place;
}

unsigned below(unsigned n)
{
	return (unsigned)random() % n;
}

/* ---- operations ----------------------------------------------------------------------- */

void begin(struct conn *c)
{
	if (now_us() >= g.end || g.begun == g.operations) {
		close_connection(c);
		return;
	}
	g.begun++;
	c->phase = WORKING;
	c->step = c->rows = c->checked = c->hits = 0;
	c->start = now_us();
	g.mode->begin(c);
}

void is_ready(struct conn *c)
{
	c->phase = READY;
	g.ready++;
	if (g.running)
		begin(c);
}

void done(struct conn *c)
{
	g.last = now_us();
	if (g.ops == g.room) {
		g.room = g.room ? 2 * g.room : 65536;
		g.us = grown(g.us, g.room * sizeof(*g.us));
	}
	g.us[g.ops++] = (uint32_t)(g.last - c->start);
}

/* ---- the run -------------------------------------------------------------------------- */

static bool not_ready(void)
{
	return g.ready < g.connections;
}

static bool not_finished(void)
{
	return g.open > 0;
}

static void connect_all(void)
{
	g.epoll = epoll_create1(EPOLL_CLOEXEC);
	g.conns = calloc(g.connections, sizeof(*g.conns));
	if (g.epoll < 0 || !g.conns)
		die("start: %s", strerror(errno));
	g.open = g.connections;
	for (unsigned i = 0; i < g.connections; i++) {
		g.conns[i].fd = -1;
		g.conns[i].user = i % g.users;
		if (!g.mode->fresh)
			open_connection(&g.conns[i]);
	}
	if (!g.mode->fresh)
		loop(not_ready);
}

static void await_start(void)
{
	char byte;

	printf("ready\n");
	fflush(stdout);
	if (read(STDIN_FILENO, &byte, 1) != 1)
		die("nobody says when to start");
	g.start = now_us();
	g.end = g.start + (uint64_t)(g.seconds * 1e6);
	g.running = true;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double percentile(unsigned p)
{
	size_t at = g.ops * p / 100;

	return g.ops ? g.us[at < g.ops ? at : g.ops - 1] / 1e3 : 0;
}

static void report(void)
{
	struct rusage u;
	double cpu;

	getrusage(RUSAGE_SELF, &u);
	cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	      (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	if (g.ops)
		qsort(g.us, g.ops, sizeof(*g.us), by_size);
	printf("{\"ops\": %zu, \"seconds\": %.6f, \"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f, "
	       "\"bytes\": %llu, \"cpu\": %.3f, \"accepted\": [",
	       g.ops, (double)(g.last - g.start) / 1e6, percentile(50), percentile(99),
	       percentile(100), (unsigned long long)g.bytes, cpu);
	for (unsigned i = 0; i < g.users; i++)
		printf("%s%d", i ? ", " : "", g.accepted[i]);
	printf("]}\n");
}

/* What the disk can do: append 4 KiB, fdatasync, as often as it goes. */
static void measure_sync(void)
{
	static char block[BLOCK];
	int fd = open(g.file, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		die("%s: %s", g.file, strerror(errno));
	await_start();
	while (now_us() < g.end) {
		struct conn c = { .start = now_us() };

		memset(block, (int)g.ops, sizeof(block));
		if (write(fd, block, sizeof(block)) != BLOCK || fdatasync(fd))
			die("%s: %s", g.file, strerror(errno));
		done(&c);
	}
	close(fd);
	unlink(g.file);
}

/* ---- command line --------------------------------------------------------------------- */

/* "3,17,4": each a user. */
static void set_list(const char *text)
{
	char *end;

	g.list = grown(NULL, MAX_USERS * sizeof(*g.list));
	for (g.users = 0; *text && g.users < MAX_USERS; text = end + (*end == ',')) {
		g.list[g.users++] = (unsigned)strtoul(text, &end, 10);
		if (end == text)
			die("not a number: %s", text);
	}
}

static void find_mode(const char *name)
{
	const struct mode *const all[] = { mail_modes, imap_modes, mixed_modes, pop3_modes };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (const struct mode *m = all[i]; m->name; m++)
			if (strcmp(m->name, name) == 0)
				g.mode = m;
}

static void set_option(int option, const char *value)
{
	unsigned number = (unsigned)strtoul(value, NULL, 10);

	switch (option) {
	case 'p': g.port = number; break;
	case 'c': g.connections = number; break;
	case 's': g.seconds = strtod(value, NULL); break;
	case 'f': g.first = number; break;
	case 'u': g.users = number; break;
	case 'o': g.operations = number; break;
	case 'n': g.count = number; break;
	case 'w': g.password = value; break;
	case 'd': g.domain = value; break;
	case 'm': load_messages(value); break;
	case 'l': set_list(value); break;
	case 'r': g.recipients = number; break;
	case 'S': g.search = value; break;
	case 'h': g.hits = number; break;
	case 'F': g.file = value; break;
	default: exit(2);
	}
}

static void read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "connections", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 's' },
		{ "first", required_argument, NULL, 'f' },
		{ "users", required_argument, NULL, 'u' },
		{ "operations", required_argument, NULL, 'o' },
		{ "count", required_argument, NULL, 'n' },
		{ "list", required_argument, NULL, 'l' },
		{ "recipients", required_argument, NULL, 'r' },
		{ "search", required_argument, NULL, 'S' },
		{ "hits", required_argument, NULL, 'h' },
		{ "domain", required_argument, NULL, 'd' },
		{ "password", required_argument, NULL, 'w' },
		{ "messages", required_argument, NULL, 'm' },
		{ "file", required_argument, NULL, 'F' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	g.connections = g.users = g.count = g.recipients = 1;
	g.seconds = 2;
	g.operations = UINT64_MAX;
	g.base = MAX_MESSAGES;
	g.password = "secret";
	g.domain = "example.test";
	g.search = "ALL";
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		set_option(option, optarg);
	if (!g.users || g.users > MAX_USERS || !g.connections || !g.count || !g.recipients ||
	    g.recipients > g.users)
		die("a number is out of range");
}

static void run_mode(void)
{
	connect_all();
	await_start();
	for (unsigned i = 0; i < g.connections; i++) {
		begin(&g.conns[i]);
		if (!g.mode->fresh)
			flush(&g.conns[i]);
	}
	loop(not_finished);
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	if (optind + 1 != argc)
		die("usage: bench_load MODE --port P ...; see the head of main.c");
	find_mode(argv[optind]);
	if (g.file)
		measure_sync();
	else if (g.mode)
		run_mode();
	else
		die("no such mode: %s", argv[optind]);
	report();
	return 0;
}
