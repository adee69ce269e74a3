/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

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

static void add_name(X509 *x)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");

	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

void certificate_new(struct buf *certificate, struct buf *key)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	BIO *bio = BIO_new(BIO_s_mem());

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1,
				   -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, pair);
	add_name(x);
	X509_sign(x, pair, EVP_sha256());
	PEM_write_bio_X509(bio, x);
	take(bio, certificate);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, pair, NULL, NULL, 0, NULL, NULL);
	take(bio, key);
	X509_free(x);
	EVP_PKEY_free(pair);
}
