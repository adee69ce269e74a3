/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/tx.h"

#include <stdlib.h>

struct smtp_tx *smtp_tx_new(const struct smtp_path *sender)
{
	struct smtp_tx *tx = xnew(struct smtp_tx);

	arena_init(&tx->mem, 0);
	map_init(&tx->seen);
	if (!sender->null)
		tx->sender = bytes_dup(&tx->mem, sender->text);
	return tx;
}

void smtp_tx_free(struct smtp_tx **arg)
{
	struct smtp_tx *tx = *arg;

	*arg = NULL;
	if (!tx)
		return;
	map_release(&tx->seen);
	free(tx->rcpts);
	free(tx->targets);
	arena_release(&tx->mem);
	free(tx);
}

static size_t add_target(struct smtp_tx *tx, const struct store_target *t)
{
	uintptr_t place = (uintptr_t)map_get(&tx->seen, MAP_KEY(t->account));

	if (place)
		return place - 1;
	if (tx->n_targets == tx->cap_targets) {
		tx->cap_targets = MAX(tx->cap_targets * 2, 4);
		tx->targets = xrealloc(tx->targets, tx->cap_targets * sizeof(*tx->targets));
	}
	tx->targets[tx->n_targets] = (struct delivery_rcpt){
		.account = t->account, .address = bytes_dup(&tx->mem, t->address)
	};
	map_put(&tx->seen, MAP_KEY(t->account), (void *)(uintptr_t)(tx->n_targets + 1));
	return tx->n_targets++;
}

void smtp_tx_add(struct smtp_tx *tx, struct bytes path, const struct store_target *targets,
		 const bool *use, size_t n)
{
	struct tx_rcpt *r;

	if (tx->n_rcpts == tx->cap_rcpts) {
		tx->cap_rcpts = MAX(tx->cap_rcpts * 2, 4);
		tx->rcpts = xrealloc(tx->rcpts, tx->cap_rcpts * sizeof(*tx->rcpts));
	}
	r = &tx->rcpts[tx->n_rcpts++];
	*r = (struct tx_rcpt){ .path = bytes_dup(&tx->mem, path),
			       .targets = arena_array(&tx->mem, size_t, n) };
	for (size_t i = 0; i < n; i++)
		if (use[i])
			r->targets[r->n_targets++] = add_target(tx, &targets[i]);
}

/* Of two failures the one that asks for another try. */
static int worse(int a, int b)
{
	if (a == 0)
		return b;
	return err_smtp_code(a) / 100 != 4 && err_smtp_code(b) / 100 == 4 ? b : a;
}

int smtp_tx_status(const struct smtp_tx *tx, const struct tx_rcpt *rcpt)
{
	int status = 0;

	for (size_t i = 0; i < rcpt->n_targets; i++) {
		int one = tx->targets[rcpt->targets[i]].status;

		if (one == 0)
			return 0;
		status = worse(status, one);
	}
	return status;
}

int smtp_tx_outcome(const struct smtp_tx *tx)
{
	int status = 0;

	for (size_t i = 0; i < tx->n_rcpts; i++) {
		int one = smtp_tx_status(tx, &tx->rcpts[i]);

		if (one == 0)
			return 0;
		status = worse(status, one);
	}
	return status;
}
