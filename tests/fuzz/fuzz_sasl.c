/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 that is taken is the one spelling of what it says; PLAIN has its three parts. */
#include "session/session.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_spelling(struct bytes base64, struct bytes plain)
{
	INVARIANT(base64.n == (plain.n + 2) / 3 * 4);
	for (size_t i = 0; i < base64.n; i++) {
		size_t bit = i * 6, byte = bit / 8;
		unsigned two = byte < plain.n ? (unsigned)plain.p[byte] << 8 : 0;

		two |= byte + 1 < plain.n ? plain.p[byte + 1] : 0;
		if (byte < plain.n)
			INVARIANT(base64.p[i] == (uint8_t)digits[two >> (10 - bit % 8) & 63]);
		else
			INVARIANT(base64.p[i] == '=');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes in = bytes_of(data, n), out, authzid, user, password;
	struct arena mem;

	arena_init(&mem, MIB(1));
	if (sasl_base64(in, &mem, &out) == 0)
		check_spelling(in, out);
	if (sasl_plain(in, &mem, &authzid, &user, &password, NULL) == 0) {
		INVARIANT(user.n > 0 && password.n > 0);
		INVARIANT(authzid.n + user.n + password.n + 2 == out.n);
		INVARIANT(bytes_chr(user, 0) == user.n && bytes_chr(password, 0) == password.n);
	}
	arena_release(&mem);
	return 0;
}
