/* SPDX-License-Identifier: Apache-2.0 */
#include "protos.h"

const struct proto *const protos[LISTEN_KINDS] = {
	[LISTEN_SMTP] = &proto_smtp,        [LISTEN_SUBMISSION] = &proto_smtp,
	[LISTEN_SUBMISSIONS] = &proto_smtp, [LISTEN_LMTP] = &proto_smtp,
	[LISTEN_IMAP] = &proto_imap,        [LISTEN_IMAPS] = &proto_imap,
	[LISTEN_POP3] = &proto_pop3,        [LISTEN_POP3S] = &proto_pop3,
};
