/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"
#include "base/buf.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static void take(BIO *bio, struct buf *out)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	buf_init(out, 0);
	buf_put(out, p, (size_t)n);
	BIO_free(bio);
}

static X509 *certify(EVP_PKEY *pair)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)"mx.example.test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, pair);
	X509_sign(x, pair, EVP_sha256());
	return x;
}

/* One for all transcripts: making a key takes longer than most of them. */
struct tls *transcript_tls(void)
{
	static struct buf certificate, key;
	struct tls *t = tls_new();
	struct why why;

	if (!certificate.n) {
		EVP_PKEY *pair = EVP_EC_gen("P-256");
		X509 *x = certify(pair);
		BIO *bio = BIO_new(BIO_s_mem());

		PEM_write_bio_X509(bio, x);
		take(bio, &certificate);
		bio = BIO_new(BIO_s_mem());
		PEM_write_bio_PrivateKey(bio, pair, NULL, NULL, 0, NULL, NULL);
		take(bio, &key);
		X509_free(x);
		EVP_PKEY_free(pair);
	}
	INVARIANT(tls_load(t, buf_bytes(&certificate), buf_bytes(&key), "mx.example.test", &why) ==
		  0);
	return t;
}

SSL *transcript_tls_client(int fd)
{
	static SSL_CTX *context;
	SSL *ssl;

	if (!context)
		context = SSL_CTX_new(TLS_client_method());
	ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	SSL_set_tlsext_host_name(ssl, "mx.example.test");
	SSL_set_connect_state(ssl);
	return ssl;
}
