/* SPDX-License-Identifier: Apache-2.0 */
/* status.h - health and metrics over HTTP on a loop: GET /health, /metrics and whatever is added.
 *
 * A small strict HTTP/1.1 server for operators and load balancers: GET and HEAD only, 8 KiB of
 * request, 5 s, 64 connections, one response per connection. */
#ifndef TERN_STATUS_H
#define TERN_STATUS_H

#include "base/buf.h"
#include "base/loop.h"

struct status_server;

/* Fills body (text/plain unless *type is set) and returns the HTTP status code. */
typedef int status_fn(void *arg, struct bytes path, struct buf *body, const char **type);

/* Takes over the listening descriptor. `get` is asked for every path but /metrics. */
struct status_server *status_new(struct loop *loop, int listen_fd, status_fn *get, void *arg);
void status_free(struct status_server **s);

/* What status_new does with what has arrived; pure. 0: more is wanted; 200: *path (without the
 * query) and *head are set; else the HTTP code of the refusal. */
int status_parse(struct bytes in, struct bytes *path, bool *head) MUST_USE;

#endif
