/* SPDX-License-Identifier: ISC */
/*
 * TLS of the API's listeners, with a client of OpenSSL at the other end of a
 * socket pair.  Both ends take turns in one thread.
 */
#include <sys/socket.h>

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "apid/tls.h"
#include "common/mono.h"
#include "regress/unit/pem.h"

enum { PRIORITIES = 3, PATIENCE_MS = 20 * 1000, LOT = 8 << 20 };

static struct event_base *base;
static struct tls_conns conns;
static EVP_PKEY *ca_key, *server_key, *client_key, *stranger_key;
static X509 *ca, *server, *client, *stranger;
static struct conf_access conf;
static struct err e;

/* The client: its end of the wire and its TLS; and the end that the core
 * would get, -1 before the handshake is done. */
struct pair {
	int wire;
	SSL_CTX *ctx;
	SSL *ssl;
	int plain;
	unsigned int n_plain;
};

static char *
both(char *a, char *b)
{
	char *text = xasprintf("%s%s", a, b);

	free(a);
	free(b);
	return text;
}

static void
conf_file(struct conf_file *f, const char *path, char *text)
{
	free(f->text);
	free(f->path);
	f->path = xstrdup(path);
	f->text = text;
	f->len = strlen(text);
}

static void
setup(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	event_base_priority_init(base, PRIORITIES);
	LIST_INIT(&conns);
	ca_key = pem_key();
	server_key = pem_key();
	client_key = pem_key();
	stranger_key = pem_key();
	ca = pem_certificate(ca_key, "ca", NULL, NULL, -60, 3600);
	server = pem_certificate(server_key, "server", ca, ca_key, -60, 3600);
	client = pem_certificate(client_key, "client", ca, ca_key, -60, 3600);
	stranger =
	    pem_certificate(stranger_key, "stranger", NULL, NULL, -60, 3600);
	memset(&conf, 0, sizeof(conf));
	conf_file(&conf.certificate, "/a/crt", pem_of_certificate(server));
	conf_file(&conf.key, "/a/key", pem_of_key(server_key, NULL));
	err_clear(&e);
}

static void
conf_fini(struct conf_file *f)
{
	free(f->path);
	free(f->text);
}

static void
teardown(void)
{
	tls_close_all(&conns);
	conf_fini(&conf.certificate);
	conf_fini(&conf.key);
	conf_fini(&conf.client_ca);
	X509_free(ca);
	X509_free(server);
	X509_free(client);
	X509_free(stranger);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(server_key);
	EVP_PKEY_free(client_key);
	EVP_PKEY_free(stranger_key);
	event_base_free(base);
}

/* Everything that our side can do now. */
static void
turn(void)
{
	int i;

	for (i = 0; i < PRIORITIES; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

#define UNTIL(what)                                                            \
	do {                                                                   \
		struct mono end_ = mono_add_ms(mono_now(), PATIENCE_MS);       \
		while (!(what)) {                                              \
			ck_assert_msg(mono_diff_ms(end_, mono_now()) > 0,      \
			    "%s", #what);                                      \
			turn();                                                \
		}                                                              \
	} while (0)

static void
on_plain(void *ctx, int fd)
{
	struct pair *p = ctx;

	p->plain = fd;
	p->n_plain++;
}

static struct tls_context *
context(void)
{
	struct tls_context *tls = tls_context_new(&conf, &e);

	ck_assert_msg(tls != NULL, "%s", e.text);
	return tls;
}

/* Connect: nothing has been said yet. */
static void
pair_open(struct pair *p, struct tls_context *tls)
{
	int fds[2];

	memset(p, 0, sizeof(*p));
	ck_assert_int_eq(socketpair(AF_UNIX,
			     SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			     fds),
	    0);
	p->wire = fds[0];
	p->plain = -1;
	p->ctx = SSL_CTX_new(TLS_client_method());
	X509_STORE_add_cert(SSL_CTX_get_cert_store(p->ctx), ca);
	SSL_CTX_set_verify(p->ctx, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_mode(p->ctx,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	p->ssl = SSL_new(p->ctx);
	SSL_set_fd(p->ssl, p->wire);
	SSL_set_connect_state(p->ssl);
	(void)SSL_set_alpn_protos(p->ssl, (const uint8_t *)"\2h2", 3);
	tls_accept(base, tls, fds[1], 1, &conns, on_plain, p);
}

/* The client goes without a word of TLS. */
static void
hang_up(struct pair *p)
{
	if (p->wire != -1)
		close(p->wire);
	p->wire = -1;
}

static void
pair_close(struct pair *p)
{
	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	hang_up(p);
	if (p->plain != -1)
		close(p->plain);
}

/* One step of the client's handshake: 1 done, 0 not yet, -1 failed. */
static int
step(struct pair *p)
{
	int rc = SSL_do_handshake(p->ssl);
	int error = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(p->ssl, rc);

	if (rc == 1)
		return 1;
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ?
	    0 :
	    -1;
}

static void
handshake(struct pair *p)
{
	int rc = 0;

	UNTIL((rc = step(p)) != 0);
	ck_assert_int_eq(rc, 1);
}

static void
connect_both(struct pair *p, struct tls_context *tls)
{
	pair_open(p, tls);
	handshake(p);
	UNTIL(p->plain != -1);
	ck_assert_uint_eq(p->n_plain, 1);
}

/* What the client reads: bytes, 0 at the end, -1 if none wait. */
static int
client_read(struct pair *p, void *to, size_t max)
{
	int n = SSL_read(p->ssl, to, (int)max);
	int error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(p->ssl, n);

	if (n > 0)
		return n;
	return error == SSL_ERROR_WANT_READ ? -1 : 0;
}

static int
client_write(struct pair *p, const void *data, size_t len)
{
	int n = SSL_write(p->ssl, data, (int)len);

	return n > 0 ? n : -1;
}

/* A stream that tells by its bytes what is missing. */
static uint8_t
octet(size_t at)
{
	return (uint8_t)(at * 7 + (at >> 8));
}

static void
fill(uint8_t *to, size_t n, size_t at)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = octet(at + i);
}

static void
check_octets(const uint8_t *p, size_t n, size_t at)
{
	size_t i;

	for (i = 0; i < n; i++)
		ck_assert_uint_eq(p[i], octet(at + i));
}

/* The handshake must not come about, and the core hear of nothing. */
static void
is_refused(struct pair *p)
{
	uint8_t octets[64];
	int rc = 0;

	/* The client of TLS 1.3 is done before it is judged. */
	UNTIL((rc = step(p)) != 0);
	if (rc == 1)
		UNTIL((rc = client_read(p, octets, sizeof(octets))) != -1);
	UNTIL(LIST_EMPTY(&conns));
	ck_assert_int_le(rc, 0);
	ck_assert_int_eq(p->plain, -1);
	ERR_clear_error();
}

/* --- contexts --- */

static void
context_fails(const char *path)
{
	err_clear(&e);
	ck_assert_ptr_null(tls_context_new(&conf, &e));
	ck_assert_int_eq(e.code, ERR_INVALID);
	ck_assert_msg(strstr(e.text, path) != NULL, "%s", e.text);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(bad_file_is_named)
{
	conf_file(&conf.key, "/a/key", pem_of_key(client_key, NULL));
	context_fails("/a/key");
	conf_file(&conf.key, "/a/key", xstrdup(""));
	context_fails("/a/key");
	conf_file(&conf.key, "/a/key", pem_of_key(server_key, NULL));
	conf_file(&conf.client_ca, "/a/ca", xstrdup("no CA"));
	context_fails("/a/ca");
	conf_file(&conf.client_ca, "/a/ca", pem_of_certificate(ca));
	conf_file(&conf.certificate, "/a/crt", pem_of_key(server_key, NULL));
	context_fails("/a/crt");
	conf_file(&conf.certificate, "/a/crt", pem_of_certificate(server));
	tls_context_free(context());
}
END_TEST

START_TEST(chain_is_sent)
{
	EVP_PKEY *key = pem_key();
	X509 *leaf = pem_certificate(key, "leaf", server, server_key, -60, 99);
	struct tls_context *tls;
	struct pair p;

	conf_file(&conf.certificate, "/a/crt",
	    both(pem_of_certificate(leaf), pem_of_certificate(server)));
	conf_file(&conf.key, "/a/key", pem_of_key(key, NULL));
	tls = context();
	pair_open(&p, tls);
	SSL_set_verify(p.ssl, SSL_VERIFY_NONE, NULL);
	handshake(&p);
	ck_assert_int_eq(sk_X509_num(SSL_get_peer_cert_chain(p.ssl)), 2);
	pair_close(&p);
	tls_context_free(tls);
	X509_free(leaf);
	EVP_PKEY_free(key);
}
END_TEST

/* --- handshakes --- */

START_TEST(bytes_go_both_ways)
{
	struct tls_context *tls = context();
	char text[32];
	struct pair p;
	int n = -1;

	connect_both(&p, tls);
	ck_assert_int_eq(client_write(&p, "question", 8), 8);
	UNTIL((n = (int)read(p.plain, text, sizeof(text))) != -1);
	ck_assert_int_eq(n, 8);
	ck_assert_mem_eq(text, "question", 8);
	ck_assert_int_eq(write(p.plain, "answer", 6), 6);
	UNTIL((n = client_read(&p, text, sizeof(text))) != -1);
	ck_assert_int_eq(n, 6);
	ck_assert_mem_eq(text, "answer", 6);
	ck_assert_int_ge(SSL_version(p.ssl), TLS1_2_VERSION);
	pair_close(&p);
	UNTIL(LIST_EMPTY(&conns));
	tls_context_free(tls);
}
END_TEST

START_TEST(connection_outlives_its_context)
{
	struct tls_context *tls = context();
	char text[8];
	struct pair p;
	int n = -1;

	pair_open(&p, tls);
	tls_context_free(tls);
	handshake(&p);
	UNTIL(p.plain != -1);
	ck_assert_int_eq(client_write(&p, "x", 1), 1);
	UNTIL((n = (int)read(p.plain, text, sizeof(text))) != -1);
	ck_assert_int_eq(n, 1);
	pair_close(&p);
}
END_TEST

/* What a hurried client sends together with the end of its handshake. */
START_TEST(bytes_right_behind_the_handshake_arrive)
{
	struct tls_context *tls = context();
	char text[32];
	struct pair p;
	int n = -1;

	pair_open(&p, tls);
	handshake(&p);
	ck_assert_int_eq(p.plain, -1);
	ck_assert_int_eq(client_write(&p, "at once", 7), 7);
	UNTIL(p.plain != -1);
	UNTIL((n = (int)read(p.plain, text, sizeof(text))) != -1);
	ck_assert_int_eq(n, 7);
	pair_close(&p);
	tls_context_free(tls);
}
END_TEST

START_TEST(protocol_is_http2)
{
	struct tls_context *tls = context();
	const unsigned char *chosen;
	unsigned int len;
	struct pair p;

	pair_open(&p, tls);
	(void)SSL_set_alpn_protos(p.ssl, (const uint8_t *)"\10http/1.1", 9);
	is_refused(&p);
	pair_close(&p);
	pair_open(&p, tls);
	(void)SSL_set_alpn_protos(p.ssl, (const uint8_t *)"\2h3\2h2", 6);
	handshake(&p);
	SSL_get0_alpn_selected(p.ssl, &chosen, &len);
	ck_assert_uint_eq(len, 2);
	ck_assert_mem_eq(chosen, "h2", 2);
	pair_close(&p);
	tls_context_free(tls);
}
END_TEST

START_TEST(certificate_of_the_client_is_judged)
{
	struct tls_context *tls;
	struct pair p;

	conf_file(&conf.client_ca, "/a/ca", pem_of_certificate(ca));
	tls = context();
	pair_open(&p, tls);
	is_refused(&p);
	pair_close(&p);
	pair_open(&p, tls);
	SSL_use_certificate(p.ssl, stranger);
	SSL_use_PrivateKey(p.ssl, stranger_key);
	is_refused(&p);
	pair_close(&p);
	pair_open(&p, tls);
	SSL_use_certificate(p.ssl, client);
	SSL_use_PrivateKey(p.ssl, client_key);
	handshake(&p);
	UNTIL(p.plain != -1);
	pair_close(&p);
	tls_context_free(tls);
}
END_TEST

START_TEST(noise_ends_a_connection)
{
	static const char text[] = "GET / HTTP/1.0\r\n\r\n";
	struct tls_context *tls = context();
	struct pair p;

	pair_open(&p, tls);
	ck_assert_int_eq(write(p.wire, text, sizeof(text)), sizeof(text));
	UNTIL(LIST_EMPTY(&conns));
	ck_assert_int_eq(p.plain, -1);
	pair_close(&p);
	/* Nor does one that goes in the middle of it leave anything. */
	pair_open(&p, tls);
	ck_assert_int_eq(step(&p), 0);
	turn();
	hang_up(&p);
	UNTIL(LIST_EMPTY(&conns));
	ck_assert_int_eq(p.plain, -1);
	pair_close(&p);
	tls_context_free(tls);
}
END_TEST

/* --- ends --- */

/* 0: with close_notify, 1: without */
START_TEST(end_of_the_client_arrives)
{
	struct tls_context *tls = context();
	char text[32];
	struct pair p;
	int n = -1;

	connect_both(&p, tls);
	ck_assert_int_eq(client_write(&p, "last", 4), 4);
	if (_i == 0)
		(void)SSL_shutdown(p.ssl);
	hang_up(&p);
	UNTIL((n = (int)read(p.plain, text, sizeof(text))) != -1);
	ck_assert_int_eq(n, 4);
	UNTIL((n = (int)read(p.plain, text, sizeof(text))) != -1);
	ck_assert_int_eq(n, 0);
	UNTIL(LIST_EMPTY(&conns));
	pair_close(&p);
	tls_context_free(tls);
}
END_TEST

START_TEST(end_of_the_core_lets_the_rest_arrive)
{
	struct tls_context *tls = context();
	static uint8_t octets[200 * 1024];
	struct pair p;
	size_t sent = 0, at = 0;
	int n;

	connect_both(&p, tls);
	while (sent < sizeof(octets)) {
		fill(octets, sizeof(octets) - sent, sent);
		n = (int)write(p.plain, octets, sizeof(octets) - sent);
		if (n > 0)
			sent += (size_t)n;
		else
			turn();
	}
	close(p.plain);
	p.plain = -1;
	for (;;) {
		n = -1;
		UNTIL((n = client_read(&p, octets, 5000)) != -1);
		if (n == 0)
			break;
		check_octets(octets, (size_t)n, at);
		at += (size_t)n;
	}
	ck_assert_uint_eq(at, sent);
	UNTIL(LIST_EMPTY(&conns));
	pair_close(&p);
	tls_context_free(tls);
}
END_TEST

START_TEST(all_are_closed)
{
	struct tls_context *tls = context();
	struct pair p, q;
	char text[8];
	int n = -1;

	connect_both(&p, tls);
	pair_open(&q, tls);
	turn();
	tls_close_all(&conns);
	ck_assert(LIST_EMPTY(&conns));
	/* libevent closes on its next turn. */
	UNTIL((n = (int)read(p.plain, text, sizeof(text))) != -1);
	ck_assert_int_eq(n, 0);
	UNTIL((n = client_read(&p, text, sizeof(text))) != -1);
	ck_assert_int_eq(n, 0);
	UNTIL((n = (int)read(q.wire, text, sizeof(text))) != -1);
	ck_assert_int_eq(n, 0);
	pair_close(&p);
	pair_close(&q);
	tls_context_free(tls);
}
END_TEST

/* --- more than is read --- */

/*
 * What fits into both socket buffers and what may wait between them; there
 * is an end to it, whatever the kernel's share.
 */
static size_t
room(const struct pair *p)
{
	int wire, plain;
	socklen_t len = sizeof(int);

	ck_assert_int_eq(
	    getsockopt(p->wire, SOL_SOCKET, SO_SNDBUF, &wire, &len), 0);
	ck_assert_int_eq(
	    getsockopt(p->plain, SOL_SOCKET, SO_SNDBUF, &plain, &len), 0);
	return (size_t)wire + (size_t)plain + 3 * TLS_HIGH;
}

/* Both directions: 0 the client does not read, 1 the core does not. */
START_TEST(one_that_does_not_read_stops_the_other)
{
	struct tls_context *tls = context();
	static uint8_t octets[16 * 1024];
	struct pair p;
	size_t sent = 0, at = 0;
	unsigned int idle = 0;
	int n;

	connect_both(&p, tls);
	while (sent < LOT && idle < 100) {
		fill(octets, sizeof(octets), sent);
		n = _i == 0 ? (int)write(p.plain, octets, sizeof(octets)) :
			      client_write(&p, octets, sizeof(octets));
		idle = n > 0 ? 0 : idle + 1;
		sent += n > 0 ? (size_t)n : 0;
		turn();
	}
	ck_assert_uint_gt(sent, TLS_HIGH);
	ck_assert_uint_le(sent, room(&p));
	/* Nothing of it is lost, and it goes on. */
	while (at < sent) {
		n = -1;
		UNTIL((n = _i == 0 ? client_read(&p, octets, sizeof(octets)) :
				     (int)read(p.plain, octets,
					 sizeof(octets))) != -1);
		ck_assert_int_gt(n, 0);
		check_octets(octets, (size_t)n, at);
		at += (size_t)n;
	}
	ck_assert_uint_eq(at, sent);
	/* The same bytes as before: OpenSSL may have begun with them. */
	fill(octets, sizeof(octets), sent);
	UNTIL((_i == 0 ? (int)write(p.plain, octets, sizeof(octets)) :
			 client_write(&p, octets, sizeof(octets))) > 0);
	UNTIL((n = _i == 0 ? client_read(&p, octets, 9) :
			     (int)read(p.plain, octets, 9)) != -1);
	ck_assert_int_eq(n, 9);
	check_octets(octets, 9, sent);
	pair_close(&p);
	tls_context_free(tls);
}
END_TEST

/* A handshake that does not end, and an end that does not come to one: both
 * wait for the same time. */
START_TEST(patience_ends)
{
	struct tls_context *tls = context();
	static uint8_t octets[16 * 1024];
	struct mono start = mono_now();
	struct pair silent, slow;
	unsigned int idle = 0;
	int n = -1;

	pair_open(&silent, tls);
	connect_both(&slow, tls);
	while (idle < 100) {
		idle = write(slow.plain, octets, sizeof(octets)) > 0 ? 0 :
								       idle + 1;
		turn();
	}
	close(slow.plain);
	slow.plain = -1;
	while (!LIST_EMPTY(&conns))
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_int_ge(mono_diff_ms(mono_now(), start),
	    TLS_HANDSHAKE_SECS * 1000 - 100);
	ck_assert_int_eq(silent.plain, -1);
	UNTIL((n = (int)read(silent.wire, octets, 1)) != -1);
	ck_assert_int_eq(n, 0);
	pair_close(&silent);
	pair_close(&slow);
	tls_context_free(tls);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tls");
	TCase *t = tcase_create("tls");
	SRunner *r;
	int n;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, bad_file_is_named);
	tcase_add_test(t, chain_is_sent);
	tcase_add_test(t, bytes_go_both_ways);
	tcase_add_test(t, connection_outlives_its_context);
	tcase_add_test(t, bytes_right_behind_the_handshake_arrive);
	tcase_add_test(t, protocol_is_http2);
	tcase_add_test(t, certificate_of_the_client_is_judged);
	tcase_add_test(t, noise_ends_a_connection);
	tcase_add_loop_test(t, end_of_the_client_arrives, 0, 2);
	tcase_add_test(t, end_of_the_core_lets_the_rest_arrive);
	tcase_add_test(t, all_are_closed);
	tcase_add_loop_test(t, one_that_does_not_read_stops_the_other, 0, 2);
	tcase_add_test(t, patience_ends);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n != 0;
}
