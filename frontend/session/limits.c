/* SPDX-License-Identifier: Apache-2.0 */
#include "session/limits.h"

const struct conf_option limits_options[] = {
#define LIMIT(kind, limit, value, least, most, text) \
	{ .name = #limit,                            \
	  .type = CONF_##kind,                       \
	  .offset = offsetof(struct limits, limit),  \
	  .def = value,                              \
	  .min = least,                              \
	  .max = most,                               \
	  .help = text },
#include "session/limits.def"
#undef LIMIT
	{ 0 },
};
