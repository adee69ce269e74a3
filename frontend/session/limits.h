/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - every limit a client can meet; rows of limits.def are config options. */
#ifndef TERN_SESSION_LIMITS_H
#define TERN_SESSION_LIMITS_H

#include "base/conf.h"

struct limits {
#define LIMIT(type, name, def, min, max, help) uint64_t name;
#include "session/limits.def"
#undef LIMIT
};

extern const struct conf_option limits_options[];

#endif
