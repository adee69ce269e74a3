/* SPDX-License-Identifier: Apache-2.0 */
/* A header is whole at one length only, and what follows it changes nothing. */
#include "net/proxyproto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct proxy_header h, again;
	struct bytes in = bytes_of(data, n);

	if (proxy_parse(in, &h) != PROXY_DONE)
		return 0;
	INVARIANT(h.size > 0 && h.size <= n && h.size <= PROXY_MAX);
	INVARIANT(proxy_parse(bytes_head(in, h.size), &again) == PROXY_DONE);
	INVARIANT(again.size == h.size && again.named == h.named);
	INVARIANT(memcmp(&again.peer, &h.peer, sizeof(h.peer)) == 0);
	for (size_t i = 0; i < h.size; i++)
		INVARIANT(proxy_parse(bytes_head(in, i), &again) == PROXY_MORE);
	return 0;
}
