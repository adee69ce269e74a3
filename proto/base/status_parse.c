/* SPDX-License-Identifier: Apache-2.0 */
/* status_parse.c - HTTP/1.1 requests (RFC 9112) without a body; what is doubtful is refused. */
#include "base/status.h"

enum { MAX_REQUEST = 8192, MORE = 0, OK = 200, BAD = 400, NOT_ALLOWED = 405, BAD_VERSION = 505 };

struct seen {
	unsigned hosts;
	bool http11;
};

static bool is_token(uint8_t c)
{
	return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
	       (c && memchr("!#$%&'*+-.^_`|~", c, 15));
}

static bool is_target(uint8_t c)
{
	return c > ' ' && c < 0x7f;
}

static bool is_value(uint8_t c)
{
	return (c >= ' ' && c != 0x7f) || c == '\t';
}

static bool all(struct bytes b, bool (*in)(uint8_t c))
{
	return bytes_span(b, in) == b.n;
}

/* Takes a line off *in: MORE, BAD (its end is not CRLF, or a CR stands elsewhere) or OK. */
static int take_line(struct bytes *in, struct bytes *line)
{
	size_t lf = bytes_chr(*in, '\n');

	*line = bytes_head(*in, lf);
	if (bytes_chr(*line, '\r') + 1 < line->n)
		return BAD;
	if (lf == in->n)
		return MORE;
	if (!bytes_ends(*line, BYTES("\r")))
		return BAD;
	line->n--;
	*in = bytes_skip(*in, lf + 1);
	return OK;
}

static int request_line(struct bytes line, struct bytes *path, bool *head, struct seen *seen)
{
	struct bytes method = bytes_cut(&line, ' ');
	struct bytes target = bytes_cut(&line, ' ');

	if (method.n == 0 || !all(method, is_token) || !bytes_starts(target, BYTES("/")) ||
	    !all(target, is_target))
		return BAD;
	seen->http11 = bytes_eq(line, BYTES("HTTP/1.1"));
	if (!seen->http11 && !bytes_eq(line, BYTES("HTTP/1.0")))
		return bytes_starts(line, BYTES("HTTP/")) && all(line, is_target) ? BAD_VERSION :
										    BAD;
	*head = bytes_eq(method, BYTES("HEAD"));
	if (!*head && !bytes_eq(method, BYTES("GET")))
		return NOT_ALLOWED;
	*path = bytes_cut(&target, '?');
	return OK;
}

static int field(struct bytes line, struct seen *seen)
{
	bool colon = bytes_chr(line, ':') < line.n;
	struct bytes name = bytes_cut(&line, ':');
	struct bytes value = bytes_trim(line);

	if (!colon || name.n == 0 || !all(name, is_token) || !all(line, is_value))
		return BAD;
	seen->hosts += bytes_ieq(name, BYTES("Host"));
	if (bytes_ieq(name, BYTES("Transfer-Encoding")))
		return BAD;
	if (bytes_ieq(name, BYTES("Content-Length")) && !bytes_eq(value, BYTES("0")))
		return BAD;
	return OK;
}

static int parse(struct bytes in, struct bytes *path, bool *head)
{
	struct seen seen = { 0 };
	struct bytes line;
	int ret = take_line(&in, &line);

	if (ret == OK)
		ret = request_line(line, path, head, &seen);
	while (ret == OK) {
		ret = take_line(&in, &line);
		if (ret == OK && line.n == 0) {
			/* RFC 9112, 3.2: HTTP/1.1 names its host, once. What follows is a body. */
			if (seen.hosts > 1 || (seen.http11 && seen.hosts == 0) || in.n > 0)
				return BAD;
			return OK;
		}
		if (ret == OK)
			ret = field(line, &seen);
	}
	return ret;
}

int status_parse(struct bytes in, struct bytes *path, bool *head)
{
	int ret = parse(bytes_head(in, MAX_REQUEST), path, head);

	return in.n >= MAX_REQUEST && ret == MORE ? BAD : ret;
}
