/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - one line per event: time, level, event, then key=value.
 *
 *   2026-03-01T10:00:00.123Z info deliver trace=9f02c1 rcpt=ann@example.org index=812
 *
 * Values are quoted when they hold a space, quote, control byte or invalid UTF-8, and escaped
 * so that a value can never start a new line or look like another key. The fields of a
 * struct log_ctx are put before those of the call. Never message contents or passwords.
 * Lines go to standard error, one write each. */
#ifndef TERN_LOG_H
#define TERN_LOG_H

#include "base/bytes.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARN, LOG_ERROR };

struct log_ctx {
	const struct log_ctx *parent;
	char fields[160]; /* "sess=7f3 proto=imap", ready-made */
};

void log_ctx_set(struct log_ctx *ctx, const struct log_ctx *parent, const char *fmt, ...)
	PRINTF(3, 4);

/* fmt is a row of key=%conversion separated by one space; besides printf's d i u x lu zu llu s
 * there is %B: a const struct bytes *. Each value is escaped by itself. */
void log_event(const struct log_ctx *ctx, enum log_level level, const char *event, const char *fmt,
	       ...);
#define log_debug(ctx, ...) log_event(ctx, LOG_DEBUG, __VA_ARGS__)
#define log_info(ctx, ...) log_event(ctx, LOG_INFO, __VA_ARGS__)
#define log_notice(ctx, ...) log_event(ctx, LOG_NOTICE, __VA_ARGS__)
#define log_warn(ctx, ...) log_event(ctx, LOG_WARN, __VA_ARGS__)
#define log_error(ctx, ...) log_event(ctx, LOG_ERROR, __VA_ARGS__)

void log_set_level(enum log_level least);
/* Tests: lines go to `sink` instead. */
void log_set_sink(void (*sink)(struct bytes line, void *arg), void *arg);

#endif
