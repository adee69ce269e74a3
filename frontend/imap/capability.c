/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/private.h"

#include <inttypes.h>

void capability_write(const struct session *s, struct buf *out)
{
	buf_puts(out, "CAPABILITY");
#define CAP(name, when) \
	if (when)       \
		buf_puts(out, " " name);
#include "imap/capability.def"
#undef CAP
	/* RFC 7889: an upload of more is refused before it is sent. */
	if (s->account)
		buf_printf(out, " APPENDLIMIT=%" PRIu64, s->limits->message_size);
}

CO int imap_cmd_capability(struct imap *im, struct imap_cmd *cmd UNUSED)
{
	struct buf out;

	buf_init(&out, 0);
	buf_puts(&out, "* ");
	capability_write(im->s, &out);
	buf_puts(&out, "\r\n");
	session_put(im->s, buf_bytes(&out));
	buf_release(&out);
	return 0;
}
