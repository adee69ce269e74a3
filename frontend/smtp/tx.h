/* SPDX-License-Identifier: Apache-2.0 */
/* tx.h - one mail transaction: a sender and the recipients that were accepted.
 *
 * A RCPT may stand for several accounts (an alias) and several RCPTs for one account; each
 * account gets the message once. LMTP answers once for each RCPT all the same, so both lists are
 * kept. */
#ifndef TERN_SMTP_TX_H
#define TERN_SMTP_TX_H

#include "base/map.h"
#include "session/session.h"
#include "smtp/parse.h"

struct tx_rcpt {           /* one accepted RCPT */
	struct bytes path; /* as written */
	size_t *targets;   /* places in smtp_tx.targets */
	size_t n_targets;
};

struct smtp_tx {
	struct arena mem;
	struct bytes sender; /* as written; "" for <> */
	struct tx_rcpt *rcpts;
	size_t n_rcpts, cap_rcpts;
	struct delivery_rcpt *targets; /* one for each account */
	size_t n_targets, cap_targets;
	struct map seen; /* account -> place in targets + 1 */
};

struct smtp_tx *smtp_tx_new(const struct smtp_path *sender);
void smtp_tx_free(struct smtp_tx **tx);
/* The recipient's path and those of its targets that are marked as usable. */
void smtp_tx_add(struct smtp_tx *tx, struct bytes path, const struct store_target *targets,
		 const bool *use, size_t n);
/* After the delivery: 0 when somebody behind it has the message (a second try would give it to
 * them twice), else the error to name: a temporary one if there is any. */
int smtp_tx_status(const struct smtp_tx *tx, const struct tx_rcpt *rcpt);
/* The same over all of them. */
int smtp_tx_outcome(const struct smtp_tx *tx);

#endif
