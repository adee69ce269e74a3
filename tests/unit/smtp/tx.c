/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/tx.h"

#include "lib/test.h"

static struct store_target target(uint64_t account)
{
	return (struct store_target){ .account = account, .address = BYTES("x@example.test") };
}

static void add(struct smtp_tx *tx, const uint64_t *accounts, size_t n)
{
	struct store_target t[8];
	bool use[8];

	for (size_t i = 0; i < n; i++) {
		t[i] = target(accounts[i]);
		use[i] = accounts[i] < 100;
	}
	smtp_tx_add(tx, BYTES("x@example.test"), t, use, n);
}

TEST(tx, accounts_once_answers_for_each)
{
	struct smtp_path from = { .null = true };
	struct smtp_tx *tx = smtp_tx_new(&from);

	CHECK_INT(tx->sender.n, 0);
	add(tx, (uint64_t[]){ 1 }, 1);
	add(tx, (uint64_t[]){ 1, 2 }, 2);
	add(tx, (uint64_t[]){ 2 }, 1);
	add(tx, (uint64_t[]){ 3, 100 }, 2); /* 100 is not usable */
	CHECK_INT(tx->n_rcpts, 4);
	CHECK_INT(tx->n_targets, 3);
	CHECK_INT(tx->rcpts[3].n_targets, 1);
	tx->targets[0].status = -ERR_QUOTA;
	tx->targets[1].status = 0;
	tx->targets[2].status = -ERR_BUSY;
	CHECK_INT(smtp_tx_status(tx, &tx->rcpts[0]), -ERR_QUOTA);
	CHECK_INT(smtp_tx_status(tx, &tx->rcpts[1]), 0);
	CHECK_INT(smtp_tx_status(tx, &tx->rcpts[2]), 0);
	CHECK_INT(smtp_tx_status(tx, &tx->rcpts[3]), -ERR_BUSY);
	CHECK_INT(smtp_tx_outcome(tx), 0);
	tx->targets[1].status = -ERR_NOTFOUND;
	CHECK_INT(smtp_tx_status(tx, &tx->rcpts[1]), -ERR_QUOTA);
	CHECK_INT(smtp_tx_outcome(tx), -ERR_BUSY); /* another try may help */
	smtp_tx_free(&tx);
	CHECK(!tx);
}

TEST(tx, many)
{
	struct smtp_path from = { .text = BYTES("a@b") };
	struct smtp_tx *tx = smtp_tx_new(&from);

	for (uint64_t i = 0; i < 5000; i++)
		smtp_tx_add(tx, BYTES("p"), &(struct store_target){ .account = i % 1000 + 1 },
			    (bool[]){ true }, 1);
	CHECK_INT(tx->n_rcpts, 5000);
	CHECK_INT(tx->n_targets, 1000);
	smtp_tx_free(&tx);
}
