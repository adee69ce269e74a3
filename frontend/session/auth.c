/* SPDX-License-Identifier: Apache-2.0 */
/* auth.c - session_login: who is it, may they try, is it the password.
 *
 * An unknown user, a disabled one and a wrong password must look alike: same text, same asking
 * of the store, same hashing. The decoy that stands in for a hash we do not have is the last
 * real one seen, so that its cost is that of the installation's hashes; what comes out of it is
 * never compared. A success is remembered for a minute under a keyed digest of account, stored
 * hash and password: clients that log in for every poll cost one hash a minute, and a changed
 * password is another key at once. */
#include "session/auth.h"

#include "base/clock.h"
#include "base/metric.h"
#include "base/rand.h"
#include "session/failures.h"
#include "session/hasher.h"
#include "session/private.h"

#include <crypt.h>
#include <openssl/hmac.h>
#include <stdlib.h>

enum { MAX_FAILURES = 65536, MAX_FRESH = 8192, DIGEST = 32 };
#define FRESH_FOR SECONDS(60)

struct fresh {
	uint8_t digest[DIGEST];
	struct list node; /* oldest first: all live equally long */
	uint64_t until;
};

struct auth {
	struct hasher *hasher;
	struct failures *failures;
	struct map fresh;
	struct list fresh_age;
	uint8_t key[DIGEST];
	char *decoy;
};

/* One login; on the stack of the command. */
struct attempt {
	struct session *s;
	struct auth *auth;
	struct bytes name; /* canonical, or as typed when it is no address */
	struct bytes password;
	bool is_address;
	struct store_credential cred;
	uint8_t digest[DIGEST];
};

struct auth *auth_new(struct loop *loop, const struct limits *limits)
{
	struct auth *a = xnew(struct auth);
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	a->hasher = hasher_new(loop, (unsigned)limits->auth_threads);
	a->failures = failures_new(MAX_FAILURES);
	map_init(&a->fresh);
	list_init(&a->fresh_age);
	rand_bytes(a->key, sizeof(a->key));
	if (!crypt_gensalt_rn(NULL, 0, NULL, 0, setting, sizeof(setting)))
		BUG("crypt has no default method");
	a->decoy = xstrdup(setting);
	return a;
}

/* ---- fresh successes ------------------------------------------------------------------------- */

static void fresh_forget(struct auth *a, struct fresh *f)
{
	map_del(&a->fresh, bytes_of(f->digest, DIGEST));
	list_del(&f->node);
	free(f);
}

static void fresh_expire(struct auth *a)
{
	struct list *node;

	while ((node = list_first(&a->fresh_age))) {
		struct fresh *f = list_entry(node, struct fresh, node);

		if (f->until > clock_ms() && a->fresh.n < MAX_FRESH)
			return;
		fresh_forget(a, f);
	}
}

static bool fresh_has(struct auth *a, const uint8_t digest[DIGEST])
{
	const struct fresh *f = map_get(&a->fresh, bytes_of(digest, DIGEST));

	return f && f->until > clock_ms();
}

static void fresh_add(struct auth *a, const uint8_t digest[DIGEST])
{
	struct fresh *f = map_get(&a->fresh, bytes_of(digest, DIGEST));

	if (f)
		fresh_forget(a, f);
	fresh_expire(a);
	f = xnew(struct fresh);
	memcpy(f->digest, digest, DIGEST);
	f->until = clock_ms() + FRESH_FOR;
	list_add(&a->fresh_age, &f->node);
	map_put(&a->fresh, bytes_of(f->digest, DIGEST), f);
}

/* Over everything that made the success true, each part with its length. */
static void fresh_digest(struct attempt *t)
{
	struct bytes hash = bytes_str(t->cred.password);
	struct buf b;

	buf_init(&b, 0);
	buf_puts(&b, "password");
	buf_u64be(&b, t->cred.account);
	buf_u64be(&b, hash.n);
	buf_put_bytes(&b, hash);
	buf_put_bytes(&b, t->password);
	if (!HMAC(EVP_sha256(), t->auth->key, DIGEST, b.p, b.n, t->digest, NULL))
		BUG("HMAC failed");
	explicit_bzero(b.p, b.n);
	buf_release(&b);
}

void auth_free(struct auth **arg)
{
	struct auth *a = *arg;
	struct list *node;

	*arg = NULL;
	if (!a)
		return;
	hasher_free(&a->hasher);
	failures_free(&a->failures);
	while ((node = list_first(&a->fresh_age)))
		fresh_forget(a, list_entry(node, struct fresh, node));
	map_release(&a->fresh);
	explicit_bzero(a->key, sizeof(a->key));
	free(a->decoy);
	free(a);
}

/* ---- hashing ----------------------------------------------------------------------------------- */

struct hashing {
	struct live *l; /* NULL: the session did not wait */
	bool done, match;
};

/* A session that left has cut the job off: it only needs freeing. */
static void hashed(struct hash_job *j)
{
	struct hashing *h = j->arg;
	bool match = j->match;

	hash_job_free(j);
	if (!h)
		return;
	h->match = match;
	h->done = true;
	session_resume(h->l, WAIT_HASH);
}

static char *dup_text(struct bytes b)
{
	char *s = xmalloc(b.n + 1);

	memcpy(s, b.p, b.n);
	s[b.n] = '\0';
	return s;
}

/* 0 and whether it matched, or -ERR_GONE. */
CO static int hash(struct attempt *t, bool *match)
{
	struct hashing h = { .l = live_of(t->s) };
	struct hash_job *j = xnew(struct hash_job);
	int ret = 0;

	j->password = dup_text(t->password);
	j->hash = t->cred.found && t->cred.password ? xstrdup(t->cred.password) : NULL;
	j->decoy = xstrdup(t->auth->decoy);
	j->done = hashed;
	j->arg = &h;
	hasher_submit(t->auth->hasher, j);
	while (ret == 0 && !h.done)
		ret = session_wait(h.l, WAIT_HASH, 0);
	if (!h.done)
		j->arg = NULL; /* posts come on this thread only */
	*match = h.match;
	return ret;
}

static void keep_decoy(struct auth *a, const char *hash)
{
	if (!hash || *hash != '$' || strcmp(hash, a->decoy) == 0)
		return;
	free(a->decoy);
	a->decoy = xstrdup(hash);
}

/* ---- the attempt --------------------------------------------------------------------------------- */

static int refuse(struct attempt *t, const char *reason, struct why *why)
{
	struct session *s = t->s;
	uint64_t delay = 0;

	metric_inc(M_login_failures_total);
	log_notice(&s->log, "login_failed", "user=%B reason=%s", &t->name, reason);
	if (s->trusted)
		return why_set(why, ERR_AUTH, "authentication failed");
	delay = failures_add(t->auth->failures, s->limits, t->name, &s->peer);
	if (delay)
		session_hold(s, delay);
	if (failures_blocked(t->auth->failures, s->limits, t->name, &s->peer))
		return why_set(why, ERR_LIMIT, "too many failed logins");
	return why_set(why, ERR_AUTH, "authentication failed");
}

static int accept_login(struct attempt *t, struct why *why)
{
	struct session *s = t->s;

	failures_forgive(t->auth->failures, t->name, &s->peer);
	fresh_add(t->auth, t->digest);
	if (!sessions_login_enter(live_of(s), t->cred.account)) {
		log_notice(&s->log, "login_refused", "user=%B reason=sessions", &t->name);
		return why_set(why, ERR_LIMIT, "too many sessions of this user from this address");
	}
	s->account = t->cred.account;
	s->login = dup_text(t->cred.address);
	metric_inc(M_logins_total);
	sessions_describe(s);
	log_info(&s->log, "login", "tls=%s", session_tls_name(s));
	return 0;
}

/* Everything about the name that needs no store. */
static void normalise(struct attempt *t, struct bytes user)
{
	struct arena *mem = &t->s->mem;
	struct address a;

	if (bytes_chr(user, '@') == user.n && *t->s->site->default_domain)
		user = bytes_str(
			arena_printf(mem, "%.*s@%s", BYTES_ARG(user), t->s->site->default_domain));
	t->is_address = address_parse(user, true, mem, &a, NULL) == 0;
	t->name = t->is_address ? a.full : bytes_lower(mem, user);
}

CO static int look_up(struct attempt *t, struct why *why)
{
	int ret = 0;

	if (t->is_address)
		ret = store_credential(&t->s->user, t->name, &t->s->mem, &t->cred);
	if (ret == -ERR_GONE)
		return ret;
	if (ret < 0) {
		log_warn(&t->s->log, "login_unavailable", "user=%B error=%s", &t->name,
			 err_name(ret));
		return why_set(why, ERR_BUSY, "logins are not possible at the moment");
	}
	if (t->cred.found)
		keep_decoy(t->auth, t->cred.password);
	return 0;
}

CO static int verify(struct attempt *t, struct why *why)
{
	bool match = false;
	int ret;

	fresh_digest(t);
	if (t->cred.found && !t->cred.disabled && fresh_has(t->auth, t->digest))
		return accept_login(t, why);
	ret = hash(t, &match);
	if (ret < 0)
		return ret;
	if (!t->cred.found)
		return refuse(t, "unknown", why);
	if (!match)
		return refuse(t, "password", why);
	return t->cred.disabled ? refuse(t, "disabled", why) : accept_login(t, why);
}

static bool well_formed(struct bytes authzid, struct bytes user, struct bytes password)
{
	return user.n && password.n && sasl_text(user, SASL_NAME_MAX) &&
	       sasl_text(password, SASL_PASSWORD_MAX) &&
	       (authzid.n == 0 || bytes_eq(authzid, user));
}

CO int session_login(struct session *s, struct bytes authzid, struct bytes user,
		     struct bytes password, struct why *why)
{
	struct attempt t = { .s = s, .auth = live_of(s)->of->auth, .password = password };
	int ret;

	if (!session_login_allowed(s) || s->account)
		return why_set(why, ERR_DENIED, "no login here");
	if (!well_formed(authzid, user, password)) {
		t.name = BYTES("?");
		return refuse(&t, "malformed", why);
	}
	normalise(&t, user);
	if (!s->trusted && failures_blocked(t.auth->failures, s->limits, t.name, &s->peer)) {
		metric_inc(M_login_failures_total);
		log_notice(&s->log, "login_failed", "user=%B reason=blocked", &t.name);
		return why_set(why, ERR_LIMIT, "too many failed logins");
	}
	ret = look_up(&t, why);
	return ret < 0 ? ret : verify(&t, why);
}
