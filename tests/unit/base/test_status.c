/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net.h"
#include "base/status.h"
#include "lib/test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n"

static const struct {
	struct bytes request;
	int code;
	const char *path;
} requests[] = {
	{ BYTES(GET("/health") "\r\n"), 200, "/health" },
	{ BYTES(GET("/a?b=c") "\r\n"), 200, "/a" },
	{ BYTES("HEAD / HTTP/1.0\r\n\r\n"), 200, "/" },
	{ BYTES(GET("/") "Accept:\r\nX: a\tb\xff\r\nContent-Length: 0\r\n\r\n"), 200, "/" },
	{ BYTES(""), 0, NULL },
	{ BYTES("GE"), 0, NULL },
	{ BYTES("GET / HTTP/1.1\r"), 0, NULL },
	{ BYTES(GET("/") "A: b\r\n"), 0, NULL },
	{ BYTES(GET("/") "\r"), 0, NULL },
	/* lines */
	{ BYTES("GET / HTTP/1.1\nHost: x\n\n"), 400, NULL },
	{ BYTES("GET / HTTP/1.1\r\nHost: x\n\r\n"), 400, NULL },
	{ BYTES("GET / HTTP/1.1\rHost: x\r\n\r\n"), 400, NULL },
	{ BYTES("GET / HTTP/1.1\r\r\nHost: x\r\n\r\n"), 400, NULL },
	{ BYTES("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), 400, NULL },
	/* the request line */
	{ BYTES("GET  / HTTP/1.1\r\n"), 400, NULL },
	{ BYTES("GET /a b HTTP/1.1\r\n"), 400, NULL },
	{ BYTES("GET /\r\n"), 400, NULL },
	{ BYTES("GET http://x/ HTTP/1.1\r\n"), 400, NULL },
	{ BYTES("GET /\x80 HTTP/1.1\r\n"), 400, NULL },
	{ BYTES("GET /\0 HTTP/1.1\r\n"), 400, NULL },
	{ BYTES("G@T / HTTP/1.1\r\n"), 400, NULL },
	{ BYTES("GET / http/1.1\r\n"), 400, NULL },
	{ BYTES("GET / HTTP/1.1 \r\n"), 400, NULL },
	{ BYTES("GET / HTTP/2.0\r\n"), 505, NULL },
	{ BYTES("POST / HTTP/1.1\r\n"), 405, NULL },
	{ BYTES("get / HTTP/1.1\r\n"), 405, NULL },
	/* fields */
	{ BYTES(GET("/") "no colon\r\n"), 400, NULL },
	{ BYTES(GET("/") "A : b\r\n"), 400, NULL },
	{ BYTES(GET("/") ": b\r\n"), 400, NULL },
	{ BYTES(GET("/") " folded: b\r\n"), 400, NULL },
	{ BYTES(GET("/") "A: b\0c\r\n"), 400, NULL },
	{ BYTES(GET("/") "A: b\x01\r\n"), 400, NULL },
	{ BYTES("GET / HTTP/1.1\r\n\r\n"), 400, NULL },
	{ BYTES(GET("/") "host: y\r\n\r\n"), 400, NULL },
	/* bodies */
	{ BYTES(GET("/") "Content-Length: 1\r\n"), 400, NULL },
	{ BYTES(GET("/") "content-length: 00\r\n"), 400, NULL },
	{ BYTES(GET("/") "Transfer-Encoding: chunked\r\n"), 400, NULL },
	{ BYTES(GET("/") "\r\nx"), 400, NULL },
	{ BYTES(GET("/") "\r\nGET / HTTP/1.1\r\n"), 400, NULL },
};

TEST(status, requests_are_read_strictly)
{
	struct bytes path;
	bool head;

	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		int code = status_parse(requests[i].request, &path, &head);

		CHECK_INT(code, requests[i].code);
		if (code == 200)
			CHECK(bytes_eq(path, bytes_str(requests[i].path)));
	}
}

/* A prefix of a good request is never refused, one of a bad one never accepted. */
TEST(status, byte_by_byte)
{
	struct bytes path;
	bool head;

	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct bytes r = requests[i].request;

		for (size_t n = 0; n < r.n; n++) {
			int code = status_parse(bytes_head(r, n), &path, &head);

			if (requests[i].code == 200 || requests[i].code == 0)
				CHECK_INT(code, 0);
			else if (!bytes_find(bytes_head(r, n), BYTES("\r\n\r\n")))
				CHECK(code == 0 || code == requests[i].code);
		}
	}
}

TEST(status, eight_kilobytes_are_the_end)
{
	static char big[9000];
	struct bytes path;
	bool head;

	memset(big, 'a', sizeof(big));
	memcpy(big, "GET /", 5);
	CHECK_INT(status_parse(bytes_of(big, 8191), &path, &head), 0);
	CHECK_INT(status_parse(bytes_of(big, 8192), &path, &head), 400);
	CHECK_INT(status_parse(bytes_of(big, sizeof(big)), &path, &head), 400);
}

/* ---- over a socket ---------------------------------------------------------------------- */

struct site {
	struct loop *loop;
	struct status_server *server;
	struct net_addr addr;
};

static int page(void *arg UNUSED, struct bytes path, struct buf *body, const char **type)
{
	if (bytes_eq(path, BYTES("/health"))) {
		buf_puts(body, "draining\n");
		return 503;
	}
	if (bytes_eq(path, BYTES("/big"))) {
		for (unsigned i = 0; i < 100000; i++)
			buf_puts(body, "12345678\n");
		*type = "text/x-big";
		return 200;
	}
	return 404;
}

static void open_site(struct site *s)
{
	socklen_t n = sizeof(s->addr);
	struct why why;
	int fd;

	CHECK_INT(net_parse("127.0.0.1:0", &s->addr, &why), 0);
	fd = net_listen(&s->addr, &why);
	CHECK(fd >= 0);
	CHECK_INT(getsockname(fd, &s->addr.sa, &n), 0);
	s->loop = loop_new();
	s->server = status_new(s->loop, fd, page, NULL);
}

static void close_site(struct site *s)
{
	status_free(&s->server);
	loop_free(&s->loop);
}

static int dial(struct site *s)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_INT(connect(fd, &s->addr.sa, net_len(&s->addr)), 0);
	loop_turn(s->loop);
	return fd;
}

static void hang_up(struct site *s, int fd)
{
	close(fd);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(s->loop);
}

/* Sends in steps and reads to the end of input. */
static struct bytes talk(struct site *s, struct bytes request, size_t step)
{
	static char answer[1 << 20];
	size_t got = 0;
	ssize_t n = 1;
	int fd = dial(s);

	while (request.n) {
		struct bytes part = bytes_head(request, step);

		CHECK_INT(send(fd, part.p, part.n, MSG_NOSIGNAL), part.n);
		request = bytes_skip(request, part.n);
		loop_turn(s->loop);
	}
	while (n != 0) {
		loop_turn(s->loop);
		n = recv(fd, answer + got, sizeof(answer) - got, MSG_DONTWAIT);
		if (n > 0)
			got += (size_t)n;
		else if (n < 0)
			CHECK(errno == EAGAIN);
	}
	hang_up(s, fd);
	return bytes_of(answer, got);
}

TEST(status, serves)
{
	struct bytes request = BYTES(GET("/health") "\r\n"), answer;
	struct site s;

	open_site(&s);
	for (size_t step = 1; step <= request.n; step += 7) {
		answer = talk(&s, request, step);
		CHECK(bytes_starts(answer, BYTES("HTTP/1.1 503 Service Unavailable\r\n")));
		CHECK(bytes_find(answer, BYTES("Content-Length: 9\r\n")) < answer.n);
		CHECK(bytes_ends(answer, BYTES("\r\n\r\ndraining\n")));
	}
	answer = talk(&s, BYTES(GET("/metrics") "\r\n"), 999);
	CHECK(bytes_starts(answer, BYTES("HTTP/1.1 200 OK\r\n"
					 "Content-Type: text/plain; version=0.0.4")));
	CHECK(bytes_find(answer, BYTES("\ntern_log_lines_total ")) < answer.n);
	answer = talk(&s, BYTES("HEAD /health HTTP/1.0\r\n\r\n"), 999);
	CHECK(bytes_find(answer, BYTES("Content-Length: 9\r\n")) < answer.n);
	CHECK(bytes_ends(answer, BYTES("\r\n\r\n")));
	answer = talk(&s, BYTES(GET("/nowhere") "\r\n"), 999);
	CHECK(bytes_starts(answer, BYTES("HTTP/1.1 404 Not Found\r\n")));
	answer = talk(&s, BYTES("POST / HTTP/1.1\r\n"), 999);
	CHECK(bytes_starts(answer, BYTES("HTTP/1.1 405 Method Not Allowed\r\n")));
	CHECK(bytes_find(answer, BYTES("Allow: GET, HEAD\r\n")) < answer.n);
	answer = talk(&s, BYTES("GET / HTTP/1.1\n"), 999);
	CHECK(bytes_starts(answer, BYTES("HTTP/1.1 400 Bad Request\r\n")));
	close_site(&s);
}

TEST(status, big_pages_wait_for_a_slow_reader)
{
	struct bytes answer;
	struct site s;

	open_site(&s);
	answer = talk(&s, BYTES(GET("/big") "\r\n"), 999);
	CHECK(bytes_find(answer, BYTES("Content-Type: text/x-big\r\n")) < answer.n);
	CHECK(bytes_find(answer, BYTES("Content-Length: 900000\r\n")) < answer.n);
	CHECK(answer.n > 900000);
	close_site(&s);
}

TEST(status, sixty_four_and_the_next_one_waits)
{
	int fds[65];
	char c;
	struct site s;

	open_site(&s);
	for (unsigned i = 0; i < 65; i++) {
		fds[i] = dial(&s);
		CHECK_INT(send(fds[i], GET("/health") "\r\n", 33, MSG_NOSIGNAL), 33);
	}
	for (unsigned i = 0; i < 5; i++)
		loop_turn(s.loop);
	CHECK_INT(recv(fds[63], &c, 1, MSG_DONTWAIT), 1);
	CHECK_INT(recv(fds[64], &c, 1, MSG_DONTWAIT), -1);
	hang_up(&s, fds[0]);
	CHECK_INT(recv(fds[64], &c, 1, MSG_DONTWAIT), 1);
	for (unsigned i = 1; i < 65; i++)
		hang_up(&s, fds[i]);
	close_site(&s);
}

TEST(status, goes_with_connections_open)
{
	struct site s;
	int fd;

	open_site(&s);
	fd = dial(&s);
	CHECK_INT(send(fd, "GET", 3, MSG_NOSIGNAL), 3);
	loop_turn(s.loop);
	close_site(&s);
	close(fd);
}
