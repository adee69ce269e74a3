/* SPDX-License-Identifier: Apache-2.0 */
/* message - the messages that are sent, and whether what comes back is one of them.
 *
 * Each is sent behind two lines of its own: a Message-ID, which begins with the number of the file
 * and never comes twice, and "X-Bench: FILE". */
#include "load.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What stands between `before`, at the start of a line, and one of `ends`. */
static void copy_field(const struct message *m, const char *before, const char *ends, char *out,
		       size_t room)
{
	const char *at = memmem(m->text, m->n, before, strlen(before));
	size_t n;

	if (!at)
		die("a message lacks %s", before + 1);
	at += strlen(before);
	n = strcspn(at, ends);
	snprintf(out, room, "%.*s", (int)n, at);
}

static void load_message(const char *folder, const char *name)
{
	char path[1024];
	struct message *m;
	unsigned number;
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (!f || fstat(fileno(f), &st) || g.n_messages == MAX_MESSAGES)
		die("%s: %s", path, strerror(errno));
	number = (unsigned)strtoul(name, NULL, 10) % MAX_MESSAGES;
	g.base = number < g.base ? number : g.base;
	m = &g.messages[number];
	m->n = (size_t)st.st_size;
	m->text = grown(NULL, m->n + 1);
	if (fread(m->text, 1, m->n, f) != m->n)
		die("%s: short", path);
	m->text[m->n] = 0;
	fclose(f);
	copy_field(m, "\nSubject: ", "\r", m->subject, sizeof(m->subject));
	copy_field(m, "\nContent-Type: ", ";", m->subtype, sizeof(m->subtype));
	memmove(m->subtype, strchr(m->subtype, '/') + 1, strlen(strchr(m->subtype, '/')));
	g.n_messages++;
}

void load_messages(const char *folder)
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

/* One after the other to each user; neighbours get different ones. */
void choose_message(struct conn *c)
{
	uint64_t turn = g.serial++ / g.users;

	c->message = g.base + (unsigned)((turn + (uint64_t)c->user * 37) % g.n_messages);
}

static int mark(const struct conn *c, char *line, size_t room)
{
	return snprintf(line, room,
			"Message-ID: <%04u.%08x.%010llx@bench.test>\r\nX-Bench: %04u\r\n",
			c->message, (unsigned)getpid(), (unsigned long long)g.serial, c->message);
}

size_t message_size(const struct conn *c)
{
	char line[LINE];

	return (size_t)mark(c, line, sizeof(line)) + g.messages[c->message].n;
}

void put_message(struct conn *c)
{
	const struct message *m = &g.messages[c->message];
	char line[LINE];
	int n = mark(c, line, sizeof(line));

	put(c, line, (size_t)n);
	put(c, m->text, m->n);
	g.bytes += (size_t)n + m->n;
}

static const struct message *numbered(unsigned long n)
{
	return n < MAX_MESSAGES && g.messages[n].text ? &g.messages[n] : NULL;
}

/* Behind what delivery puts before it, a body must be what was sent. */
void check_body(struct conn *c, const char *p, size_t n)
{
	const char *at = memmem(p, n, "X-Bench: ", 9);
	const char *rest = at ? memchr(at, '\n', n - (size_t)(at - p)) : NULL;
	unsigned long i = at ? strtoul(at + 9, NULL, 10) : MAX_MESSAGES;
	const struct message *m = numbered(i);

	if (!rest || !m)
		die("message %u is none of ours", c->wanted);
	rest++;
	if ((size_t)(p + n - rest) != m->n || memcmp(rest, m->text, m->n) != 0)
		die("message %u is not what was sent: %zu bytes of %zu", c->wanted,
		    (size_t)(p + n - rest), m->n);
	c->checked++;
	g.bytes += n;
}

/* The row must be of the message that its Message-ID names. */
void check_envelope(struct conn *c, const char *line, bool structure)
{
	const char *id = strstr(line, "@bench.test>"), *size = strstr(line, "RFC822.SIZE ");
	const struct message *m;
	unsigned long n = size ? strtoul(size + 12, NULL, 10) : 0;

	while (id && id > line && *id != '<')
		id--;
	m = id && *id == '<' ? numbered(strtoul(id + 1, NULL, 10)) : NULL;
	if (!m)
		die("row %u is none of ours: %s", c->rows, line);
	if (n < m->n || n > m->n + 2048)
		die("row %u has size %lu, not %zu and a little: %s", c->rows, n, m->n, line);
	if (!strstr(line, m->subject) || !strstr(line, "INTERNALDATE \"") ||
	    !strstr(line, "FLAGS (") || !strstr(line, "ENVELOPE ("))
		die("row %u is incomplete: %s", c->rows, line);
	if (structure && (!strstr(line, "BODYSTRUCTURE (") || !strcasestr(line, m->subtype)))
		die("row %u has no structure of %s: %s", c->rows, m->subtype, line);
}
