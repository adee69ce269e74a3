/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - libuv behind our own names; the only home of uv.h and of zmq_* events in a loop.
 *
 * One loop belongs to one thread. Objects are freed by their _free function, which may be
 * called inside their own callback; libuv's delayed close is hidden. Level-triggered. */
#ifndef TERN_LOOP_H
#define TERN_LOOP_H

#include "base/base.h"

struct loop;
struct loop_fd;
struct loop_timer;
struct loop_signal;
struct loop_zmq;

struct loop *loop_new(void); /* also ignores SIGPIPE, for the whole process */
/* Runs what was posted; everything else on it must have been freed. */
void loop_free(struct loop **loop);
/* In a child of a process that has a loop: cuts the inherited one off, whose epoll set and
 * signal pipe parent and child would share. It must not be used or freed afterwards. */
void loop_forked(struct loop *inherited);
void loop_run(struct loop *loop); /* until loop_stop */
void loop_stop(struct loop *loop);
/* One turn that does not wait: for tests. */
void loop_turn(struct loop *loop);
uint64_t loop_now(struct loop *loop); /* clock_ms of this turn */

enum { LOOP_READ = 1, LOOP_WRITE = 2 };
/* Watches a descriptor of ours. events 0 = none for now. Free it before closing fd. */
struct loop_fd *loop_fd_new(struct loop *loop, int fd, void (*ready)(void *arg, int events),
			    void *arg);
void loop_fd_want(struct loop_fd *w, int events);
void loop_fd_free(struct loop_fd **w);

struct loop_timer *loop_timer_new(struct loop *loop, void (*fired)(void *arg), void *arg);
/* 0 counts as 1 ms: use loop_post for "as soon as possible". */
void loop_timer_set(struct loop_timer *t, uint64_t after_ms, uint64_t repeat_ms); /* restarts */
void loop_timer_clear(struct loop_timer *t);
void loop_timer_free(struct loop_timer **t);

struct loop_signal *loop_signal_new(struct loop *loop, int signo, void (*got)(void *arg),
				    void *arg);
void loop_signal_free(struct loop_signal **s);

/* Runs fn(arg) on the loop's thread, in order, soon. From any thread. Wake-ups coalesce. */
void loop_post(struct loop *loop, void (*fn)(void *arg), void *arg);

/* A ZeroMQ socket: `readable` is called on every turn in which ZMQ_POLLIN holds, now and then
 * without need, and reads what it wants (bounded, say 256 messages); nothing is lost when it
 * leaves some. */
struct loop_zmq *loop_zmq_new(struct loop *loop, void *socket, void (*readable)(void *arg),
			      void *arg);
void loop_zmq_free(struct loop_zmq **z); /* before zmq_close */
/* To be called whenever something was sent on the socket, or read outside `readable`: that may
 * have taken in the news of a message, which then shows on no descriptor. */
void loop_zmq_used(struct loop_zmq *z);

/* Called once at the end of every turn that did any work (flush batches here). */
struct loop_hook;
struct loop_hook *loop_hook_new(struct loop *loop, void (*turn_end)(void *arg), void *arg);
void loop_hook_free(struct loop_hook **h);

#endif
