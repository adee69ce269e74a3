/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include "base/clock.h"
#include "client.h"
#include "match.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 16, PATIENCE = 8000, LINES = 100000 };

struct named {
	struct bytes label;
	struct client c;
};

struct play {
	struct world *w;
	struct vars vars;
	struct named clients[CLIENTS];
	size_t n;
	struct bytes rest; /* of the script */
	struct bytes line; /* the one that is played */
	unsigned number;
	enum listener_kind kind;
	bool dribble;
	struct why *why;
};

static bool fail(struct play *p, const char *what, struct bytes got)
{
	struct bytes line = bytes_head(p->line, 70);

	got = got.n ? bytes_head(got, 110) : BYTES("nothing");
	why_set(p->why, ERR_INVALID, "line %u: %.*s: %s: %.*s", p->number, BYTES_ARG(line), what,
		BYTES_ARG(got));
	return false;
}

/* ---- connections ----------------------------------------------------------------------------- */

static struct client *open_client(struct play *p, struct bytes label, enum listener_kind kind,
				  const char *peer)
{
	struct named *n = NULL;

	for (size_t i = 0; i < p->n; i++)
		if (bytes_eq(p->clients[i].label, label))
			n = &p->clients[i];
	if (!n && p->n == CLIENTS)
		return NULL;
	if (!n)
		n = &p->clients[p->n++];
	else
		client_close(&n->c);
	n->label = label;
	n->c.dribble = p->dribble;
	return client_open(&n->c, p->w, kind, peer) ? &n->c : NULL;
}

static struct client *client_of(struct play *p, struct bytes label)
{
	for (size_t i = 0; i < p->n; i++)
		if (bytes_eq(p->clients[i].label, label))
			return &p->clients[i].c;
	return open_client(p, label, p->kind, "127.0.0.1");
}

static bool do_connect(struct play *p, struct bytes label, struct bytes rest)
{
	struct bytes name = bytes_cut(&rest, ' ');
	char kind_name[32], peer[64] = "127.0.0.1";
	enum listener_kind kind;

	(void)!snprintf(kind_name, sizeof(kind_name), "%.*s", BYTES_ARG(name));
	if (bytes_eq(bytes_cut(&rest, ' '), BYTES("from")))
		(void)!snprintf(peer, sizeof(peer), "%.*s", BYTES_ARG(rest));
	if (!world_kind(kind_name, &kind) || !open_client(p, label, kind, peer))
		return fail(p, "cannot connect", name);
	return true;
}

/* ---- sending --------------------------------------------------------------------------------- */

static bool next_line(struct play *p)
{
	if (p->rest.n == 0)
		return false;
	p->line = bytes_cut(&p->rest, '\n');
	p->number++;
	return true;
}

/* The "LABEL: |" lines behind a command with {@}. */
static bool take_payload(struct play *p, struct bytes label, struct buf *payload)
{
	bool any = false;

	for (;;) {
		struct bytes ahead = p->rest, line = bytes_cut(&ahead, '\n');

		if (!bytes_starts(line, label) ||
		    !bytes_starts(bytes_skip(line, label.n), BYTES(": |")))
			return any;
		(void)next_line(p);
		line = bytes_skip(line, label.n + 3);
		any = true;
		if (bytes_starts(line, BYTES("- "))) {
			if (!expand(&p->vars, bytes_skip(line, 2), payload))
				return false;
			continue;
		}
		if (!expand(&p->vars, bytes_skip(line, 1), payload))
			return false;
		buf_puts(payload, "\r\n");
	}
}

static bool send_literal(struct play *p, struct bytes label, struct client *c, struct bytes text,
			 size_t at)
{
	bool sync = bytes_slice(text, at + 2, 1).p[0] == '}';
	struct buf command, payload;
	struct bytes line;
	bool ok;

	buf_init(&command, 0);
	buf_init(&payload, 0);
	ok = take_payload(p, label, &payload) && expand(&p->vars, bytes_head(text, at), &command);
	buf_printf(&command, "{%zu%s}\r\n", payload.n, sync ? "" : "+");
	buf_puts(&payload, "\r\n");
	if (!ok)
		fail(p, "no payload, or no such variable", text);
	ok = ok && client_send(c, buf_bytes(&command));
	if (ok && sync && (!client_line(c, PATIENCE, &line) || !bytes_starts(line, BYTES("+"))))
		ok = fail(p, "no continuation", line);
	ok = ok && client_send(c, buf_bytes(&payload));
	buf_release(&command);
	buf_release(&payload);
	return ok;
}

static bool do_send(struct play *p, struct bytes label, struct client *c, struct bytes text,
		    bool end)
{
	size_t at = bytes_find(text, BYTES("{@"));
	struct buf out;
	bool ok;

	if (at < text.n)
		return send_literal(p, label, c, text, at);
	buf_init(&out, 0);
	ok = expand(&p->vars, text, &out);
	if (end)
		buf_puts(&out, "\r\n");
	ok = ok ? client_send(c, buf_bytes(&out)) || fail(p, "cannot send", BYTES_NONE) :
		  fail(p, "no such variable", text);
	buf_release(&out);
	return ok;
}

/* ---- expecting ------------------------------------------------------------------------------- */

static bool no_line(struct play *p, const struct client *c)
{
	if (c->ended)
		return fail(p, "the server has closed; it said", buf_bytes(&c->got));
	return fail(p, "nothing came but", buf_bytes(&c->got));
}

static bool do_expect(struct play *p, struct client *c, struct bytes pattern, bool some)
{
	struct bytes line;

	for (unsigned i = 0; i < LINES; i++) {
		if (!client_line(c, PATIENCE, &line))
			return no_line(p, c);
		if (c->strict.why)
			return fail(p, c->strict.why, line);
		if (match(&p->vars, pattern, line))
			return true;
		if (!some)
			return fail(p, "got", line);
	}
	return fail(p, "not among so many lines", line);
}

static uint64_t number(struct bytes text)
{
	uint64_t v = 0;

	(void)!bytes_u64(bytes_trim(text), UINT32_MAX, &v);
	return v;
}

static bool do_quiet(struct play *p, struct client *c, struct bytes ms)
{
	struct bytes line;

	if (client_line(c, (unsigned)number(ms), &line))
		return fail(p, "got", line);
	return true;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool do_store(struct play *p, struct bytes text)
{
	static const char *const moods[] = { "well",   "away", "unknown", "no-chunks",
					     "rotten", "deaf", "lost" };

	for (unsigned i = 0; i < ARRAY_LEN(moods); i++)
		if (bytes_eq(text, bytes_str(moods[i]))) {
			local_router_mood(p->w->router, (enum local_mood)i);
			return true;
		}
	if (!bytes_starts(text, BYTES("chunks ")))
		return fail(p, "no such mood", text);
	local_router_chunks(p->w->router, (unsigned)number(bytes_skip(text, 7)));
	return true;
}

static bool do_deliver(struct play *p, struct bytes text)
{
	struct bytes first = bytes_cut(&text, ' ');
	struct buf prefix, message;
	char address[64];
	bool ok;

	(void)!snprintf(address, sizeof(address), "%.*s", BYTES_ARG(first));
	buf_init(&prefix, 0);
	buf_init(&message, 0);
	if (text.n) {
		buf_put_bytes(&prefix, text);
		buf_puts(&prefix, "\r\n");
	}
	ok = take_payload(p, BYTES("deliver"), &message) &&
	     world_deliver(p->w, address, buf_bytes(&prefix), buf_bytes(&message));
	buf_release(&prefix);
	buf_release(&message);
	return ok || fail(p, "cannot deliver", first);
}

static bool do_limit(struct play *p, struct bytes text)
{
	char name[64], value[32];
	struct bytes first = bytes_cut(&text, ' ');

	(void)!snprintf(name, sizeof(name), "%.*s", BYTES_ARG(first));
	(void)!snprintf(value, sizeof(value), "%.*s", BYTES_ARG(text));
	return world_limit(p->w, name, value) || fail(p, "no such limit", first);
}

static bool is_verb(struct bytes *rest, const char *verb)
{
	struct bytes v = bytes_str(verb);

	if (!bytes_starts(*rest, v) || (rest->n > v.n && rest->p[v.n] != ' '))
		return false;
	*rest = bytes_skip(*rest, v.n + 1);
	return true;
}

static bool do_client(struct play *p, struct bytes label, struct bytes rest)
{
	struct client *c;

	if (is_verb(&rest, "connect"))
		return do_connect(p, label, rest);
	c = client_of(p, label);
	if (!c)
		return fail(p, "cannot connect", label);
	if (is_verb(&rest, ">"))
		return do_send(p, label, c, rest, true);
	if (is_verb(&rest, ">>"))
		return do_send(p, label, c, rest, false);
	if (is_verb(&rest, "<"))
		return do_expect(p, c, rest, false);
	if (is_verb(&rest, "<~"))
		return do_expect(p, c, rest, true);
	if (is_verb(&rest, "quiet"))
		return do_quiet(p, c, rest);
	if (is_verb(&rest, "starttls"))
		return client_secure(c) || fail(p, "no handshake", BYTES_NONE);
	if (is_verb(&rest, "closed"))
		return client_ended(c, PATIENCE) || fail(p, "still open or", buf_bytes(&c->got));
	if (is_verb(&rest, "deaf") || is_verb(&rest, "hears")) {
		c->deaf = !c->deaf;
		return true;
	}
	if (is_verb(&rest, "cut"))
		return client_cut(c, PATIENCE) || fail(p, "still open", BYTES_NONE);
	if (!is_verb(&rest, "close"))
		return fail(p, "no such step", rest);
	client_close(c);
	return true;
}

static bool play_line(struct play *p)
{
	struct bytes rest = p->line, label;

	if (bytes_trim(rest).n == 0 || rest.p[0] == '#' || bytes_eq(rest, BYTES("plain")))
		return true;
	label = bytes_cut(&rest, ':');
	if (rest.n && rest.p[0] == ' ')
		rest = bytes_skip(rest, 1);
	if (bytes_eq(label, BYTES("store")))
		return do_store(p, rest);
	if (bytes_eq(label, BYTES("deliver")))
		return do_deliver(p, rest);
	if (bytes_eq(label, BYTES("limit")))
		return do_limit(p, rest);
	if (bytes_eq(label, BYTES("log-time"))) {
		local_router_log_time(p->w->router, MINUTES(number(rest)));
		return true;
	}
	return do_client(p, label, rest);
}

/* ---- one file -------------------------------------------------------------------------------- */

/* transcript/imap/x.t speaks IMAP. */
static void kind_of(const char *path, enum listener_kind *kind)
{
	struct bytes dir = bytes_str(path), rest = dir;

	*kind = LISTEN_IMAP;
	while (bytes_chr(rest, '/') < rest.n) {
		char name[32];

		dir = bytes_cut(&rest, '/');
		(void)!snprintf(name, sizeof(name), "%.*s", (int)MIN(dir.n, sizeof(name) - 1),
				(const char *)dir.p);
		(void)world_kind(name, kind);
	}
}

static bool read_file(const char *path, struct buf *text)
{
	FILE *f = fopen(path, "rb");
	char room[4096];
	size_t n;

	if (!f)
		return false;
	while ((n = fread(room, 1, sizeof(room), f)) > 0)
		buf_put(text, room, n);
	return fclose(f) == 0;
}

static bool play_all(struct play *p)
{
	bool ok = true;

	while (ok && next_line(p))
		ok = play_line(p);
	for (size_t i = 0; i < p->n; i++) {
		struct client *c = &p->clients[i].c;

		if (ok && c->fd >= 0 && c->strict.why)
			ok = fail(p, c->strict.why, p->clients[i].label);
		client_close(c);
	}
	return ok;
}

bool script_play(const char *path, bool dribble, bool *skip, struct why *why)
{
	struct play p = { .why = why, .dribble = dribble };
	struct why end;
	struct buf text;
	bool ok, ended;

	buf_init(&text, 0);
	if (!read_file(path, &text)) {
		buf_release(&text);
		why_set(why, ERR_IO, "cannot be read");
		return false;
	}
	*skip = dribble && bytes_starts(buf_bytes(&text), BYTES("plain\n"));
	if (*skip) {
		buf_release(&text);
		return true;
	}
	p.rest = buf_bytes(&text);
	kind_of(path, &p.kind);
	vars_init(&p.vars);
	p.w = world_new();
	ok = play_all(&p);
	ended = world_end(&p.w, ok ? why : &end);
	vars_release(&p.vars);
	buf_release(&text);
	return ok && ended;
}
