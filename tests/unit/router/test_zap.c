/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets in: with real sockets, every role at every door, strangers, and no handler at all. */
#include "base/base.h"
#include "lib/test.h"

#include "router/zap.h"

#include <stdlib.h>
#include <zmq.h>

struct who {
	char public_key[CURVE_KEY + 1], secret_key[CURVE_KEY + 1];
};

static struct who server, node, front, operator_, stranger, late;
static struct conf_node nodes[1];
static struct conf_peer fronts[2], operators[1];
static struct clusterconf conf;

static void make(void)
{
	struct who *all[] = { &server, &node, &front, &operator_, &stranger, &late };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		CHECK_INT(curve_keypair(all[i]->public_key, all[i]->secret_key), 0);
	nodes[0] = (struct conf_node){ .name = "s1", .public_key = node.public_key };
	fronts[0] = (struct conf_peer){ "f1", front.public_key };
	fronts[1] = (struct conf_peer){ "f2", late.public_key };
	operators[0] = (struct conf_peer){ "ann", operator_.public_key };
	conf = (struct clusterconf){ .nodes = { nodes, 1 },
				     .front_ends = { fronts, 1 },
				     .operators = { operators, 1 } };
}

static void *open_server(void *zmq, const char *domain, char *where, size_t n)
{
	void *s = zmq_socket(zmq, ZMQ_ROUTER);
	int zero = 0;

	zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof(zero));
	zap_protect(s, domain, server.secret_key);
	CHECK_INT(zmq_bind(s, "tcp://127.0.0.1:*"), 0);
	zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, where, &n);
	return s;
}

/* The User-Id under which a message of this peer arrives; "" when it does not. */
static const char *knock(void *s, const char *where, const struct who *w, bool curve)
{
	static char user[80];
	void *zmq = zmq_ctx_new(), *d = zmq_socket(zmq, ZMQ_DEALER);
	zmq_pollitem_t item = { s, 0, ZMQ_POLLIN, 0 };
	int zero = 0, more = 1;

	user[0] = '\0';
	zmq_setsockopt(d, ZMQ_LINGER, &zero, sizeof(zero));
	if (curve) {
		zmq_setsockopt(d, ZMQ_CURVE_SERVERKEY, server.public_key, CURVE_KEY + 1);
		zmq_setsockopt(d, ZMQ_CURVE_PUBLICKEY, w->public_key, CURVE_KEY + 1);
		zmq_setsockopt(d, ZMQ_CURVE_SECRETKEY, w->secret_key, CURVE_KEY + 1);
	}
	CHECK_INT(zmq_connect(d, where), 0);
	zmq_send(d, "hi", 2, ZMQ_DONTWAIT);
	while (more && zmq_poll(&item, 1, 400) > 0) {
		zmq_msg_t m;

		zmq_msg_init(&m);
		zmq_msg_recv(&m, s, 0);
		more = zmq_msg_more(&m);
		if (!more)
			snprintf(user, sizeof(user), "%s", zmq_msg_gets(&m, "User-Id"));
		zmq_msg_close(&m);
	}
	zmq_close(d);
	zmq_ctx_term(zmq);
	return user;
}

TEST(zap, every_role_at_every_door)
{
	char requests[64], raft[64];
	struct why why;
	struct zap *z;
	void *zmq = zmq_ctx_new(), *a, *b;

	make();
	z = zap_new(zmq, &conf, &why);
	assert_non_null(z);
	a = open_server(zmq, ZAP_REQUESTS, requests, sizeof(requests));
	b = open_server(zmq, ZAP_RAFT, raft, sizeof(raft));
	CHECK_STR(knock(a, requests, &node, true), "n:s1");
	CHECK_STR(knock(a, requests, &front, true), "f:f1");
	CHECK_STR(knock(a, requests, &operator_, true), "o:ann");
	CHECK_STR(knock(a, requests, &stranger, true), "");
	CHECK_STR(knock(a, requests, &stranger, false), "");
	CHECK_STR(knock(b, raft, &node, true), "n:s1");
	CHECK_STR(knock(b, raft, &front, true), "");
	CHECK_STR(knock(b, raft, &operator_, true), "");
	CHECK_STR(knock(b, raft, &stranger, true), "");
	/* a key is added and another taken away while all runs */
	CHECK_STR(knock(a, requests, &late, true), "");
	CHECK(zap_knows(z, BYTES("f:f1")) && !zap_knows(z, BYTES("f:f2")));
	fronts[0] = fronts[1];
	zap_reload(z, &conf);
	CHECK_STR(knock(a, requests, &late, true), "f:f2");
	CHECK_STR(knock(a, requests, &front, true), "");
	CHECK(!zap_knows(z, BYTES("f:f1")) && zap_knows(z, BYTES("f:f2")));
	CHECK(!zap_knows(z, BYTES("n:f2")));
	zmq_close(a);
	zmq_close(b);
	zap_free(&z);
	zmq_ctx_term(zmq);
}

TEST(zap, without_the_thread_nobody_gets_in)
{
	char where[64];
	struct why why;
	struct zap *z;
	void *zmq = zmq_ctx_new(), *s;

	make();
	z = zap_new(zmq, &conf, &why);
	s = open_server(zmq, ZAP_REQUESTS, where, sizeof(where));
	CHECK_STR(knock(s, where, &front, true), "f:f1");
	zap_free(&z);
	CHECK_STR(knock(s, where, &front, true), "");
	CHECK_STR(knock(s, where, &stranger, true), "");
	zmq_close(s);
	zmq_ctx_term(zmq);
}

TEST(zap, a_second_one_in_a_context_is_refused)
{
	struct why why = { "" };
	void *zmq = zmq_ctx_new();
	struct zap *z, *second;

	make();
	z = zap_new(zmq, &conf, &why);
	second = zap_new(zmq, &conf, &why);
	assert_null(second);
	CHECK(strstr(why.text, "authentication thread"));
	zap_free(&z);
	zmq_ctx_term(zmq);
}
