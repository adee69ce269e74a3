/* SPDX-License-Identifier: Apache-2.0 */
/* idle - opens IMAP connections, logs in, selects INBOX, and idles.
 *
 *	bench_idle --port P --connections N [--first U] --users K --password W [--tls]
 *
 * Prints "ready" when all of them idle and ends, closing them, at the end of its input. One
 * after the other and blocking: what it costs the server to hold them is what counts. */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ROOM = 16384 };

struct idler {
	int fd;
	SSL *tls;
};

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench_idle: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void open_idler(struct idler *i, unsigned port, SSL_CTX *tls)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 30 };

	i->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (i->fd < 0 || connect(i->fd, (struct sockaddr *)&a, sizeof(a)))
		die("connect: %s", strerror(errno));
	setsockopt(i->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (!tls)
		return;
	i->tls = SSL_new(tls);
	if (!i->tls || !SSL_set_fd(i->tls, i->fd) || SSL_connect(i->tls) != 1)
		die("TLS handshake failed");
}

static void send_text(struct idler *i, const char *text)
{
	int n = (int)strlen(text);

	if ((i->tls ? SSL_write(i->tls, text, n) : (int)send(i->fd, text, (size_t)n, 0)) != n)
		die("send: %s", strerror(errno));
}

/* Reads until there is a whole line that begins with `wanted`. */
static void await(struct idler *i, const char *wanted)
{
	static char in[ROOM + 2] = "\n";
	size_t have = 1;
	char pattern[32];

	snprintf(pattern, sizeof(pattern), "\n%s", wanted);
	for (;;) {
		int n = i->tls ? SSL_read(i->tls, in + have, (int)(ROOM - have)) :
				 (int)recv(i->fd, in + have, ROOM - have, 0);
		char *at;

		if (n <= 0)
			die("no \"%s\": closed, or silent for 30 s", wanted);
		have += (size_t)n;
		in[have] = 0;
		at = strstr(in, pattern);
		if (at && strchr(at + 1, '\n'))
			return;
		if (have == ROOM)
			die("no \"%s\" in %d bytes", wanted, ROOM);
	}
}

static void make_idle(struct idler *i, unsigned user, const char *password)
{
	char line[256];

	await(i, "* OK");
	snprintf(line, sizeof(line), "a LOGIN u%u@example.test %s\r\n", user, password);
	send_text(i, line);
	await(i, "a OK");
	send_text(i, "b SELECT INBOX\r\n");
	await(i, "b OK");
	send_text(i, "c IDLE\r\n");
	await(i, "+");
}

static void idle(unsigned port, unsigned n, unsigned first, unsigned users, const char *password,
		 SSL_CTX *tls)
{
	struct idler *all = calloc(n, sizeof(*all));
	char byte;

	if (!all)
		die("out of memory");
	for (unsigned i = 0; i < n; i++) {
		open_idler(&all[i], port, tls);
		make_idle(&all[i], first + i % users, password);
	}
	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	free(all);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "connections", required_argument, NULL, 'c' },
		{ "first", required_argument, NULL, 'f' },
		{ "users", required_argument, NULL, 'u' },
		{ "password", required_argument, NULL, 'w' },
		{ "tls", no_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned port = 0, n = 1, first = 0, users = 1;
	const char *password = "secret";
	SSL_CTX *tls = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'p')
			port = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'c')
			n = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'f')
			first = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'u')
			users = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'w')
			password = optarg;
		else if (option == 't')
			tls = SSL_CTX_new(TLS_client_method());
		else
			return 2;
	}
	if (!users)
		die("--users 0");
	idle(port, n, first, users, password, tls);
	return 0;
}
