/* SPDX-License-Identifier: Apache-2.0 */
/* load - drives one front end: N connections, one operation after the other on each.
 *
 *	bench_load MODE --port P --connections N --seconds S [--first U] [--users K]
 *		[--password W] [--messages FOLDER] [--count N] [--operations N]
 *	bench_load fdatasync --file F --seconds S
 *
 * MODE: lmtp, smtp, imap-login, imap-select, imap-meta, imap-body, imap-store, imap-append.
 * All connections are made and logged in first; then it prints "ready" and starts at the first
 * byte of its input, so that the caller can look at the clocks. Users are uU@example.test to
 * uU+K-1; connection i logs in as the i-th, deliveries go to one after the other. Messages are
 * the files of FOLDER, each sent behind two lines of its own, a Message-ID and "X-Bench: FILE". Whatever is read is
 * compared with them; --count says how many INBOX holds. An answer that is not the wanted one ends the program with status 1.
 * Prints one line of JSON, times in milliseconds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_MESSAGES = 1024, MAX_USERS = 10000, LINE = 512, BLOCK = 4096 };

/* Where a connection is: before its first operation, in one, or at the end of its life. */
enum phase { GREETING, HELLO, LOGIN, SELECT, READY, WORKING, LEAVING, CLOSED };

struct message {
	char *text;
	size_t n;
};

struct conn {
	int fd;
	enum phase phase;
	unsigned step; /* answers seen of this operation */
	unsigned user;
	unsigned message; /* that it sends */
	unsigned wanted;  /* sequence number that it asked for */
	unsigned rows;    /* FETCH answers seen */
	unsigned checked; /* bodies compared */
	unsigned stored;  /* STOREs so far */
	uint64_t start;
	char *in;
	size_t in_n, in_room, literal;
	char *out;
	size_t out_n, out_room, out_done;
};

struct mode {
	const char *name;
	void (*line)(struct conn *c, const char *line, size_t n);
	void (*begin)(struct conn *c); /* starts an operation */
	bool select;                   /* INBOX is selected before the start */
};

static struct {
	const struct mode *mode;
	unsigned port, connections, first, users, count;
	double seconds;
	const char *password, *file;
	struct message messages[MAX_MESSAGES];
	unsigned n_messages;
	unsigned ready, open;
	bool running;
	int epoll;
	uint64_t start, end, last;
	uint64_t begun, operations;
	uint64_t serial, bytes;
	unsigned accepted[MAX_USERS];
	uint32_t *us; /* duration of each operation */
	size_t ops, room;
	struct conn *conns;
} g;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench_load: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void *grown(void *p, size_t n)
{
	p = realloc(p, n);
	if (!p)
		die("out of memory");
	return p;
}

/* ---- connections ---------------------------------------------------------------------- */

static void flush(struct conn *c)
{
	while (c->out_done < c->out_n) {
		ssize_t n = send(c->fd, c->out + c->out_done, c->out_n - c->out_done, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			die("send: %s", strerror(errno));
		c->out_done += (size_t)n;
	}
	c->out_done = c->out_n = 0;
}

static void put(struct conn *c, const char *p, size_t n)
{
	if (c->out_n + n > c->out_room) {
		c->out_room = 2 * (c->out_n + n);
		c->out = grown(c->out, c->out_room);
	}
	memcpy(c->out + c->out_n, p, n);
	c->out_n += n;
}

static void __attribute__((format(printf, 2, 3))) putf(struct conn *c, const char *format, ...)
{
	char line[LINE];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	put(c, line, (size_t)n);
}

static void open_connection(struct conn *c)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)g.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&a, sizeof(a)) && errno != EINPROGRESS)
		die("connect: %s", strerror(errno));
	if (epoll_ctl(g.epoll, EPOLL_CTL_ADD, c->fd, &e))
		die("epoll_ctl: %s", strerror(errno));
	c->phase = GREETING;
	c->in_n = c->out_n = c->out_done = c->literal = 0;
}

static void close_connection(struct conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->phase = CLOSED;
	g.open--;
}

/* ---- operations ----------------------------------------------------------------------- */

static void begin(struct conn *c)
{
	if (now_us() >= g.end || g.begun == g.operations) {
		close_connection(c);
		return;
	}
	g.begun++;
	c->phase = WORKING;
	c->step = c->rows = c->checked = 0;
	c->start = now_us();
	g.mode->begin(c);
}

static void is_ready(struct conn *c)
{
	c->phase = READY;
	g.ready++;
	if (g.running)
		begin(c);
}

static void done(struct conn *c)
{
	g.last = now_us();
	if (g.ops == g.room) {
		g.room = g.room ? 2 * g.room : 65536;
		g.us = grown(g.us, g.room * sizeof(*g.us));
	}
	g.us[g.ops++] = (uint32_t)(g.last - c->start);
}

static void choose_message(struct conn *c)
{
	c->message = (unsigned)(g.serial++ % g.n_messages);
}

static int mark(const struct conn *c, char *line, size_t room)
{
	return snprintf(line, room, "Message-ID: <%08x.%010llx@bench.test>\r\nX-Bench: %04u\r\n",
			(unsigned)getpid(), (unsigned long long)g.serial, c->message);
}

static void put_message(struct conn *c)
{
	const struct message *m = &g.messages[c->message];
	char line[LINE];
	int n = mark(c, line, sizeof(line));

	put(c, line, (size_t)n);
	put(c, m->text, m->n);
	g.bytes += (size_t)n + m->n;
}

/* ---- SMTP and LMTP -------------------------------------------------------------------- */

static void mail_begin(struct conn *c)
{
	choose_message(c);
	c->user = (unsigned)(g.serial % g.users);
	putf(c,
	     "MAIL FROM:<load@elsewhere.test>\r\nRCPT TO:<u%u@example.test>\r\n"
	     "DATA\r\n",
	     g.first + c->user);
}

static void mail_working(struct conn *c, const char *line)
{
	static const char *const wanted[] = { "250", "250", "354", "250" };

	if (strncmp(line, wanted[c->step], 3) != 0)
		die("answer %u of a delivery: %s", c->step + 1, line);
	c->step++;
	if (c->step == 3) {
		put_message(c);
		put(c, ".\r\n", 3);
	} else if (c->step == 4) {
		g.accepted[c->user]++;
		done(c);
		begin(c);
	}
}

static void mail_line(struct conn *c, const char *line, size_t n)
{
	if (n > 3 && line[3] == '-')
		return;
	if (c->phase == GREETING) {
		putf(c, "%s bench.elsewhere.test\r\n",
		     strcmp(g.mode->name, "lmtp") == 0 ? "LHLO" : "EHLO");
		c->phase = HELLO;
	} else if (c->phase == HELLO) {
		if (strncmp(line, "250", 3) != 0)
			die("hello: %s", line);
		is_ready(c);
	} else if (c->phase == WORKING) {
		mail_working(c, line);
	} else {
		die("unasked: %s", line);
	}
}

/* ---- IMAP ----------------------------------------------------------------------------- */

static void login_again(struct conn *c)
{
	open_connection(c);
	c->step = 1; /* an operation runs from its connection on */
}

static void select_begin(struct conn *c)
{
	putf(c, "x SELECT INBOX\r\n");
}

static void meta_begin(struct conn *c)
{
	putf(c, "x FETCH 1:* (ENVELOPE BODYSTRUCTURE)\r\n");
}

static void body_begin(struct conn *c)
{
	c->wanted = 1 + (unsigned)random() % g.count;
	putf(c, "x FETCH %u BODY.PEEK[]\r\n", c->wanted);
}

static void store_begin(struct conn *c)
{
	c->wanted = 1 + c->stored / 2 % g.count;
	putf(c, "x STORE %u %cFLAGS (\\Flagged)\r\n", c->wanted, c->stored++ % 2 ? '-' : '+');
}

static void append_begin(struct conn *c)
{
	char line[LINE];

	choose_message(c);
	putf(c, "x APPEND INBOX {%zu+}\r\n",
	     (size_t)mark(c, line, sizeof(line)) + g.messages[c->message].n);
	put_message(c);
	put(c, "\r\n", 2);
}

/* A tagged answer in the middle of an operation. */
static void imap_tagged(struct conn *c, const char *line)
{
	const char *name = g.mode->name;

	if (strncmp(line, "x OK", 4) != 0)
		die("%s: %s", name, line);
	c->step++;
	if (strcmp(name, "imap-select") == 0 && c->step == 1) {
		putf(c, "x FETCH 1:* FLAGS\r\n");
		return;
	}
	if ((strcmp(name, "imap-select") == 0 || strcmp(name, "imap-meta") == 0) &&
	    c->rows != g.count)
		die("%s: %u rows for %u messages", name, c->rows, g.count);
	if (strcmp(name, "imap-body") == 0 && c->checked != 1)
		die("no body for message %u", c->wanted);
	if (strcmp(name, "imap-store") == 0 && c->rows != 1)
		die("STORE of message %u: %u answers", c->wanted, c->rows);
	if (strcmp(name, "imap-append") == 0) {
		if (!strstr(line, "APPENDUID"))
			die("no APPENDUID: %s", line);
		g.accepted[c->user]++;
	}
	done(c);
	begin(c);
}

static void imap_untagged(struct conn *c, const char *line)
{
	const char *fetch = strstr(line, " FETCH (");

	if (!fetch || c->phase != WORKING)
		return;
	if (strcmp(g.mode->name, "imap-meta") == 0 &&
	    (!strstr(line, "ENVELOPE (") || !strstr(line, "BODYSTRUCTURE (")))
		die("incomplete: %s", line);
	if (c->wanted && strtoul(line + 2, NULL, 10) != c->wanted)
		die("asked for message %u: %s", c->wanted, line);
	c->rows++;
}

static void imap_login(struct conn *c)
{
	putf(c, "x LOGIN u%u@example.test %s\r\n", g.first + c->user, g.password);
	c->phase = LOGIN;
}

static void imap_logged_in(struct conn *c)
{
	if (g.mode->begin == login_again) {
		putf(c, "x LOGOUT\r\n");
		c->phase = LEAVING;
	} else if (g.mode->select) {
		putf(c, "x SELECT INBOX\r\n");
		c->phase = SELECT;
	} else {
		is_ready(c);
	}
}

static void imap_line(struct conn *c, const char *line, size_t n)
{
	(void)n;
	if (c->phase == GREETING) {
		if (strncmp(line, "* OK", 4) != 0)
			die("greeting: %s", line);
		imap_login(c);
		return;
	}
	if (line[0] != 'x') {
		imap_untagged(c, line);
		return;
	}
	if (c->phase == WORKING) {
		imap_tagged(c, line);
		return;
	}
	if (strncmp(line, "x OK", 4) != 0)
		die("before the start: %s", line);
	if (c->phase == LOGIN) {
		imap_logged_in(c);
	} else if (c->phase == SELECT) {
		is_ready(c);
	} else if (c->phase == LEAVING) {
		done(c);
		close(c->fd);
		c->fd = -1;
		begin(c);
	}
}

/* Behind what delivery puts before it, a body must be what was sent. */
static void check_body(struct conn *c, const char *p, size_t n)
{
	const char *at = memmem(p, n, "X-Bench: ", 9);
	const char *rest = at ? memchr(at, '\n', n - (size_t)(at - p)) : NULL;
	unsigned long i = at ? strtoul(at + 9, NULL, 10) : MAX_MESSAGES;
	const struct message *m = i < g.n_messages ? &g.messages[i] : NULL;

	if (!rest || !m)
		die("message %u is none of ours", c->wanted);
	rest++;
	if ((size_t)(p + n - rest) != m->n || memcmp(rest, m->text, m->n) != 0)
		die("message %u is not what was sent: %zu bytes of %zu", c->wanted,
		    (size_t)(p + n - rest), m->n);
	c->checked++;
	g.bytes += n;
}

/* ---- input ---------------------------------------------------------------------------- */

/* The size of the literal that a line announces, or 0. */
static size_t literal_of(const char *line, size_t n)
{
	const char *open = n && line[n - 1] == '}' ? memrchr(line, '{', n) : NULL;

	return open ? strtoul(open + 1, NULL, 10) : 0;
}

/* Takes one line or one literal from the buffer at p; returns its size or 0. */
static size_t take(struct conn *c, char *p, size_t n)
{
	size_t size = c->literal;
	char *end;

	if (size) {
		if (n < size)
			return 0;
		if (strcmp(g.mode->name, "imap-body") == 0)
			check_body(c, p, size);
		c->literal = 0;
		return size;
	}
	end = memchr(p, '\n', n);
	if (!end)
		return 0;
	size = (size_t)(end - p) + 1;
	if (end > p && end[-1] == '\r')
		end--;
	*end = 0;
	if (strncmp(g.mode->name, "imap", 4) == 0)
		c->literal = literal_of(p, (size_t)(end - p));
	g.mode->line(c, p, (size_t)(end - p));
	return size;
}

static void consume(struct conn *c)
{
	size_t done_n = 0, n;

	while ((n = take(c, c->in + done_n, c->in_n - done_n)) > 0) {
		done_n += n;
		if (!c->in_n || c->phase == CLOSED)
			return; /* another connection by now */
	}
	memmove(c->in, c->in + done_n, c->in_n - done_n);
	c->in_n -= done_n;
}

static void on_event(struct conn *c)
{
	int fd = c->fd;
	ssize_t n;

	while (c->fd == fd && c->phase != CLOSED) {
		flush(c);
		if (c->in_room - c->in_n < 65536) {
			c->in_room = 2 * c->in_room + 131072;
			c->in = grown(c->in, c->in_room);
		}
		n = recv(fd, c->in + c->in_n, c->in_room - c->in_n, 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			die("the server closed: %s", n ? strerror(errno) : "end of input");
		c->in_n += (size_t)n;
		consume(c);
	}
}

/* ---- the run -------------------------------------------------------------------------- */

static void loop(bool (*more)(void))
{
	struct epoll_event events[64];

	while (more()) {
		int n = epoll_wait(g.epoll, events, 64, 30000);

		if (n == 0)
			die("no answer for 30 s");
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (c->fd >= 0)
				on_event(c);
		}
	}
}

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
		if (g.mode->begin != login_again)
			open_connection(&g.conns[i]);
	}
	if (g.mode->begin != login_again)
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
		printf("%s%u", i ? ", " : "", g.accepted[i]);
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

static void load_message(const char *folder, const char *name)
{
	char path[1024];
	struct message *m;
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (!f || fstat(fileno(f), &st) || g.n_messages == MAX_MESSAGES)
		die("%s: %s", path, strerror(errno));
	m = &g.messages[strtoul(name, NULL, 10) % MAX_MESSAGES];
	m->n = (size_t)st.st_size;
	m->text = grown(NULL, m->n);
	if (fread(m->text, 1, m->n, f) != m->n)
		die("%s: short", path);
	fclose(f);
	g.n_messages++;
}

static void load_messages(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	if (!d)
		die("%s: %s", folder, strerror(errno));
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			load_message(folder, e->d_name);
	closedir(d);
}

static const struct mode modes[] = {
	{ "lmtp", mail_line, mail_begin, false },
	{ "smtp", mail_line, mail_begin, false },
	{ "imap-login", imap_line, login_again, false },
	{ "imap-select", imap_line, select_begin, false },
	{ "imap-meta", imap_line, meta_begin, true },
	{ "imap-body", imap_line, body_begin, true },
	{ "imap-store", imap_line, store_begin, true },
	{ "imap-append", imap_line, append_begin, false },
};

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
	case 'm': load_messages(value); break;
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
		{ "password", required_argument, NULL, 'w' },
		{ "messages", required_argument, NULL, 'm' },
		{ "file", required_argument, NULL, 'F' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	g.connections = g.users = g.count = 1;
	g.seconds = 2;
	g.operations = UINT64_MAX;
	g.password = "secret";
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		set_option(option, optarg);
	if (!g.users || g.users > MAX_USERS || !g.connections || !g.count)
		die("a number is out of range");
}

static void run_mode(void)
{
	connect_all();
	await_start();
	for (unsigned i = 0; i < g.connections; i++) {
		begin(&g.conns[i]);
		if (g.mode->begin != login_again)
			flush(&g.conns[i]);
	}
	loop(not_finished);
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	if (optind + 1 != argc)
		die("usage: bench_load MODE --port P ...; see the head of load.c");
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(modes[i].name, argv[optind]) == 0)
			g.mode = &modes[i];
	if (g.file)
		measure_sync();
	else if (g.mode)
		run_mode();
	else
		die("no such mode: %s", argv[optind]);
	report();
	return 0;
}
