/* SPDX-License-Identifier: ISC */
/*
 * Keys and certificates for tests, made on the spot so that none expires in
 * the tree.  What is returned is the caller's.
 */
#ifndef REGRESS_PEM_H
#define REGRESS_PEM_H

#include <check.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "common/xmalloc.h"

static inline EVP_PKEY *
pem_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	ck_assert_ptr_nonnull(key);
	return key;
}

/*
 * A certificate of the name for the key, valid from and to so many seconds
 * from now.  Without an issuer it is an authority and signs itself.
 */
static inline X509 *
pem_certificate(EVP_PKEY *key, const char *name, X509 *issuer,
    EVP_PKEY *issuer_key, long from, long to)
{
	static long serial;
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);
	X509_EXTENSION *ca;

	ck_assert_int_eq(X509_set_version(x, 2), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(x), from);
	X509_gmtime_adj(X509_getm_notAfter(x), to);
	ck_assert_int_eq(X509_set_pubkey(x, key), 1);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
			     (const unsigned char *)name, -1, -1, 0),
	    1);
	X509_set_issuer_name(x,
	    issuer == NULL ? subject : X509_get_subject_name(issuer));
	ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
	    issuer == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
	ck_assert_ptr_nonnull(ca);
	ck_assert_int_eq(X509_add_ext(x, ca, -1), 1);
	X509_EXTENSION_free(ca);
	ck_assert_int_gt(
	    X509_sign(x, issuer == NULL ? key : issuer_key, EVP_sha256()), 0);
	return x;
}

static inline char *
pem_text(BIO *bio)
{
	char *data, *text;
	long n = BIO_get_mem_data(bio, &data);

	text = xcalloc(1, (size_t)n + 1);
	memcpy(text, data, (size_t)n);
	BIO_free(bio);
	return text;
}

static inline char *
pem_of_certificate(X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert_int_eq(PEM_write_bio_X509(bio, x), 1);
	return pem_text(bio);
}

/* Locked if there is a passphrase. */
static inline char *
pem_of_key(EVP_PKEY *key, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert_int_eq(PEM_write_bio_PrivateKey(bio, key,
			     passphrase == NULL ? NULL : EVP_aes_128_cbc(),
			     (const unsigned char *)passphrase,
			     passphrase == NULL ? 0 : (int)strlen(passphrase),
			     NULL, NULL),
	    1);
	return pem_text(bio);
}

#endif
