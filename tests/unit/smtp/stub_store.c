/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>

struct stub stub;

struct upload {
	struct buf bytes;
};

void stub_reset(void)
{
	buf_release(&stub.message);
	buf_release(&stub.log);
	memset(&stub, 0, sizeof(stub));
	buf_init(&stub.message, 0);
	buf_init(&stub.log, 0);
}

void store_user_init(struct store_user *u, struct store *s)
{
	memset(u, 0, sizeof(*u));
	u->store = s;
}

void store_user_gone(struct store_user *u)
{
	u->gone = true;
}

CO int store_credential(struct store_user *u, struct bytes address, struct arena *mem,
			struct store_credential *c)
{
	(void)u;
	(void)address;
	(void)mem;
	memset(c, 0, sizeof(*c));
	return 0;
}

CO int store_owns(struct store_user *u, uint64_t account, struct bytes address, bool *owns)
{
	(void)u;
	(void)account;
	(void)address;
	*owns = false;
	return 0;
}

CO int store_resolve(struct store_user *u, struct bytes address, struct arena *mem,
		     enum resolved *kind, struct store_target **targets, size_t *n)
{
	struct bytes local = address_local(address);
	uint64_t number = 0;

	(void)u;
	*n = 0;
	*targets = arena_new(mem, struct store_target);
	if (!bytes_eq(address_domain(address), BYTES("ours"))) {
		*kind = RESOLVED_NOT_OURS;
	} else if (local.n < 2 || local.p[0] != 'a' ||
		   !bytes_u64(bytes_skip(local, 1), 1000, &number)) {
		*kind = RESOLVED_NO_USER;
	} else {
		*kind = RESOLVED_OK;
		*n = 1;
		(*targets)->account = number;
		(*targets)->address = bytes_dup(mem, address);
	}
	return 0;
}

struct upload *upload_open(struct store_user *u, uint32_t home)
{
	struct upload *up = xnew(struct upload);

	(void)u;
	(void)home;
	buf_init(&up->bytes, 0);
	stub.opened++;
	return up;
}

CO int upload_write(struct upload *up, struct bytes piece)
{
	if (stub.write_err && up->bytes.n + piece.n > stub.write_err_at)
		return stub.write_err;
	buf_put_bytes(&up->bytes, piece);
	return 0;
}

uint64_t upload_size(const struct upload *up)
{
	return up->bytes.n;
}

CO int upload_end(struct upload *up)
{
	(void)up;
	return stub.end_err;
}

const Tern__Facts *upload_facts(const struct upload *up)
{
	static const Tern__Facts none = TERN__FACTS__INIT;

	(void)up;
	return &none;
}

void upload_close(struct upload **up)
{
	if (!*up)
		return;
	buf_release(&(*up)->bytes);
	free(*up);
	*up = NULL;
	stub.closed++;
}

CO int upload_deliver(struct upload *up, struct bytes sender, struct delivery_rcpt *rcpts, size_t n,
		      unsigned wait_ms, struct why *where)
{
	(void)where;
	if (stub.deliver_err)
		return stub.deliver_err;
	stub.wait_ms = wait_ms;
	stub.delivered++;
	buf_clear(&stub.message);
	buf_put_bytes(&stub.message, buf_bytes(&up->bytes));
	buf_clear(&stub.log);
	buf_put_bytes(&stub.log, sender);
	for (size_t i = 0; i < n; i++) {
		buf_puts(&stub.log, i ? "," : "|");
		buf_put_bytes(&stub.log, rcpts[i].address);
		rcpts[i].status = i < ARRAY_LEN(stub.statuses) ? stub.statuses[i] : 0;
	}
	return 0;
}
