/* SPDX-License-Identifier: Apache-2.0 */
/* Commands come out the same however the bytes are cut; nothing is held over the limits; names
 * and patterns of whatever comes are safe. */
#include "imap/name.h"
#include "imap/parse.h"
#include "imap/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct imap_limits limits[] = {
	{ .line = 400, .literal = 200, .skip = 500, .literals = 4, .depth = 6, .terms = 30 },
	{ .line = 4000, .literal = 4000, .skip = 9000, .literals = 10, .depth = 32, .terms = 100 },
};

/* What came of it, as a hash and a count. */
struct outcome {
	uint64_t hash;
	unsigned n;
};

static void note(struct outcome *o, uint64_t v)
{
	o->hash = o->hash * 1099511628211u + v + 1;
	o->n++;
}

static void note_bytes(struct outcome *o, struct bytes b)
{
	note(o, b.n);
	for (size_t i = 0; i < b.n; i++)
		note(o, b.p[i]);
}

static void use_names(const struct imap_cmd *cmd, struct outcome *o)
{
	struct bytes path = BYTES_NONE;
	struct pattern p;
	struct arena mem;

	arena_init(&mem, 0);
	if (name_path(cmd->name, &mem, &path) == 0) {
		INVARIANT(path.n > 0 && path.p[0] != '/' && path.p[path.n - 1] != '/');
		note_bytes(o, path);
	}
	pattern_init(&p, BYTES_NONE, bytes_head(cmd->name, 300), &mem);
	note(o, pattern_match(&p, bytes_head(cmd->to, 300)));
	arena_release(&mem);
}

static void note_command(struct outcome *o, const struct imap_cmd *cmd)
{
	note(o, cmd->verb);
	note_bytes(o, cmd->tag);
	note_bytes(o, cmd->set);
	note_bytes(o, cmd->name);
	note_bytes(o, cmd->to);
	note(o, cmd->flags.system);
	note(o, cmd->flags.n);
	if (cmd->verb == VERB_FETCH)
		for (size_t i = 0; i < cmd->fetch.n; i++)
			note(o, cmd->fetch.items[i].what + 16 * cmd->fetch.items[i].n_names);
	use_names(cmd, o);
}

static enum parse one(struct imap_parser *p, unsigned state, struct buf *in, struct outcome *o)
{
	const struct imap_limits *l = &limits[state != IN_STRANGER];
	struct imap_cmd cmd;
	struct arena mem;
	struct why why;
	size_t used;
	enum parse what;

	arena_init(&mem, 0);
	what = imap_parse(p, l, state, buf_bytes(in), &used, &mem, &cmd, &why);
	INVARIANT(used <= in->n);
	buf_take(in, used);
	if (what == PARSE_MORE)
		INVARIANT(in->n <= l->line);
	else if (what != PARSE_AGAIN)
		note(o, what);
	if (what == PARSE_BAD || what == PARSE_TOOBIG)
		note_bytes(o, cmd.tag);
	if (what == PARSE_DONE)
		note_command(o, &cmd);
	arena_release(&mem);
	return what;
}

static struct outcome play(unsigned state, struct bytes text, size_t piece)
{
	struct imap_parser p = { 0 };
	struct outcome o = { 0 };
	struct buf in;
	enum parse what = PARSE_MORE;

	buf_init(&in, 0);
	for (size_t i = 0; i < text.n && what != PARSE_BYE; i += piece) {
		buf_put_bytes(&in, bytes_slice(text, i, piece));
		do
			what = one(&p, state, &in, &o);
		while (what != PARSE_MORE && what != PARSE_BYE && in.n);
	}
	buf_release(&in);
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const unsigned states[] = { IN_STRANGER, IN_HOME, IN_MAILBOX, IN_MAILBOX };
	struct outcome whole, cut;
	unsigned state;
	struct bytes text;

	if (n < 2)
		return 0;
	state = states[data[0] % 4];
	text = bytes_of(data + 2, n - 2);
	whole = play(state, text, text.n ? text.n : 1);
	cut = play(state, text, 1 + data[1] % 7);
	INVARIANT(whole.hash == cut.hash && whole.n == cut.n);
	return 0;
}
