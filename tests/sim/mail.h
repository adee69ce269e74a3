/* SPDX-License-Identifier: Apache-2.0 */
/* mail.h - what a mail client knows: which requests there are, what follows from their answers, and
 * what must be read back. Shared by app_mail.c, which knows it, and mail_client.c, which asks. */
#ifndef SIM_MAIL_H
#define SIM_MAIL_H

#include "router/router.h"
#include "sim/sim.h"

/* Fills in class, body and payload of the client's next request. */
void mail_invent(struct sim *s, unsigned client, uint32_t shard, struct call *c);
/* False: refused, and for a reason. */
bool mail_settle(struct sim *s, unsigned client, struct bytes result);
/* Nobody can tell whether it happened. True: a read may. */
bool mail_doubt(struct sim *s, unsigned client);

/* A read of the client's mailbox, if it has one in that shard; a mailbox in doubt is read next. */
bool mail_read(struct sim *s, unsigned client, uint32_t shard, struct call *c);
void mail_seen(struct sim *s, unsigned client, const struct msg *reply);
/* A body that the last read has named, if any; and what came of asking for it. */
bool mail_chunk(struct sim *s, unsigned client, struct call *c);
void mail_chunk_seen(struct sim *s, unsigned client, const struct msg *reply);

uint64_t mail_account(struct sim *s, unsigned client, uint32_t shard); /* 0: none yet */
void mail_slept(struct sim *s); /* an hour: what was staged is gone */

#endif
