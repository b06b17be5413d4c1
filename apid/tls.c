/* SPDX-License-Identifier: ISC */
/*
 * TLS of the API's listeners; see tls.h.
 */
#include "apid/tls.h"

#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "common/log.h"
#include "common/xmalloc.h"

struct tls_context {
	SSL_CTX *ctx;
};

struct tls_conn {
	LIST_ENTRY(tls_conn) entry;
	struct event_base *base;
	struct bufferevent *crypt; /* towards the client */
	struct bufferevent *clear; /* towards the core; NULL: handshake */
	struct event *timer; /* the end of patience */
	struct event *hangup; /* the core closed; NULL: handshake */
	void (*plain)(void *, int);
	void *ctx;
	int priority;
	bool left; /* the core closed, and what it wrote is on its way */
	bool closing; /* one side ended: what is left goes out to the other */
};

/* --- contexts --- */

/* gRPC is HTTP/2, and says so (RFC 7301, RFC 9113 3.2). */
static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned int in_len, void *arg)
{
	unsigned int at;

	(void)ssl;
	(void)arg;
	for (at = 0; at < in_len; at += 1u + in[at]) {
		if (in[at] == 2 && at + 3 <= in_len &&
		    memcmp(in + at + 1, "h2", 2) == 0) {
			*out = in + at + 1;
			*out_len = 2;
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static BIO *
bio_of(const struct conf_file *f)
{
	BIO *bio = BIO_new_mem_buf(f->text, (int)f->len);

	if (bio == NULL)
		fatalx("%s: out of memory", __func__);
	return bio;
}

static bool
use_certificate(SSL_CTX *ctx, const struct conf_file *f)
{
	BIO *bio = bio_of(f);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	bool ok = x != NULL && SSL_CTX_use_certificate(ctx, x) == 1;

	X509_free(x);
	/* The chain follows; SSL_CTX_add0_chain_cert takes each. */
	while (ok && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		ok = SSL_CTX_add0_chain_cert(ctx, x) == 1;
		if (!ok)
			X509_free(x);
	}
	ERR_clear_error();
	BIO_free(bio);
	return ok;
}

static bool
use_key(SSL_CTX *ctx, const struct conf_file *f)
{
	BIO *bio = bio_of(f);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	bool ok = key != NULL && SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
	    SSL_CTX_check_private_key(ctx) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	return ok;
}

/* Only clients with a certificate of this CA are let in. */
static bool
demand_certificate(SSL_CTX *ctx, const struct conf_file *f)
{
	BIO *bio = bio_of(f);
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509 *x;
	int n = 0;

	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		n += X509_STORE_add_cert(store, x) == 1 &&
		    SSL_CTX_add_client_CA(ctx, x) == 1;
		X509_free(x);
	}
	ERR_clear_error();
	BIO_free(bio);
	SSL_CTX_set_verify(ctx,
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return n > 0;
}

struct tls_context *
tls_context_new(const struct conf_access *a, struct err *e)
{
	struct tls_context *tls;
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const char *fault = NULL;

	if (ctx == NULL)
		fatalx("%s: no TLS context", __func__);
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
		SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	if (!use_certificate(ctx, &a->certificate))
		fault = a->certificate.path;
	else if (!use_key(ctx, &a->key))
		fault = a->key.path;
	else if (a->client_ca.path != NULL &&
	    !demand_certificate(ctx, &a->client_ca))
		fault = a->client_ca.path;
	if (fault != NULL) {
		(void)err_set(e, ERR_INVALID, "%s cannot be used: %s", fault,
		    ERR_reason_error_string(ERR_peek_last_error()));
		ERR_clear_error();
		SSL_CTX_free(ctx);
		return NULL;
	}
	tls = xcalloc(1, sizeof(*tls));
	tls->ctx = ctx;
	return tls;
}

void
tls_context_free(struct tls_context *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->ctx); /* counted: connections hold it too */
	free(tls);
}

/* --- connections --- */

/* For a handshake, and for each step of the rest at an orderly end. */
static const struct timeval patience = { TLS_HANDSHAKE_SECS, 0 };

static void
conn_free(struct tls_conn *c)
{
	LIST_REMOVE(c, entry);
	event_free(c->timer);
	if (c->hangup != NULL)
		event_free(c->hangup);
	bufferevent_free(c->crypt);
	if (c->clear != NULL)
		bufferevent_free(c->clear);
	free(c);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	conn_free(arg);
}

static struct bufferevent *
other(const struct tls_conn *c, const struct bufferevent *bev)
{
	return bev == c->crypt ? c->clear : c->crypt;
}

/* Bytes came on one side: over to the other, which stops us when it has
 * enough. */
static void
on_read(struct bufferevent *bev, void *arg)
{
	struct tls_conn *c = arg;
	struct bufferevent *to = other(c, bev);

	if (to == NULL)
		return;
	if (c->left && bev == c->clear)
		(void)event_add(c->timer, &patience);
	(void)bufferevent_write_buffer(to, bufferevent_get_input(bev));
	if (evbuffer_get_length(bufferevent_get_output(to)) >= TLS_HIGH) {
		bufferevent_setwatermark(to, EV_WRITE, TLS_LOW, 0);
		(void)bufferevent_disable(bev, EV_READ);
	}
}

/* What waited has gone, down to the low mark. */
static void
on_write(struct bufferevent *bev, void *arg)
{
	struct tls_conn *c = arg;
	struct bufferevent *from = other(c, bev);

	if (c->closing) {
		if (evbuffer_get_length(bufferevent_get_output(bev)) == 0)
			conn_free(c);
		return;
	}
	bufferevent_setwatermark(bev, EV_WRITE, 0, 0);
	if (from != NULL)
		(void)bufferevent_enable(from, EV_READ);
}

/*
 * The core closed its end.  While the client does not read, nor do we, and so
 * would not see that: without a limit such a client could stay for ever.
 */
static void
on_hangup(evutil_socket_t fd, short what, void *arg)
{
	struct tls_conn *c = arg;

	(void)fd;
	(void)what;
	c->left = true;
	(void)event_add(c->timer, &patience);
}

static void on_event(struct bufferevent *, short, void *);

/* The handshake is done: connect the plain side.  False: cannot. */
static bool
open_plain(struct tls_conn *c)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		pair) == -1)
		return false;
	c->clear =
	    bufferevent_socket_new(c->base, pair[0], BEV_OPT_CLOSE_ON_FREE);
	c->hangup = event_new(c->base, pair[0], EV_CLOSED, on_hangup, c);
	if (c->clear == NULL || c->hangup == NULL ||
	    event_priority_set(c->hangup, c->priority) == -1 ||
	    event_add(c->hangup, NULL) == -1)
		fatalx("%s: no event", __func__);
	(void)bufferevent_priority_set(c->clear, c->priority);
	bufferevent_setwatermark(c->clear, EV_READ, 0, TLS_HIGH);
	bufferevent_setwatermark(c->crypt, EV_READ, 0, TLS_HIGH);
	bufferevent_setcb(c->clear, on_read, on_write, on_event, c);
	(void)event_del(c->timer);
	(void)bufferevent_enable(c->clear, EV_READ | EV_WRITE);
	c->plain(c->ctx, pair[1]);
	/* Should something have come right behind the handshake. */
	if (evbuffer_get_length(bufferevent_get_input(c->crypt)) > 0)
		on_read(c->crypt, c);
	return true;
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct tls_conn *c = arg;
	struct bufferevent *to;

	if (what & BEV_EVENT_CONNECTED) {
		if (!open_plain(c))
			conn_free(c);
		return;
	}
	to = other(c, bev);
	/* An orderly end lets what is under way arrive, within a time. */
	if ((what & BEV_EVENT_EOF) && to != NULL && !c->closing &&
	    evbuffer_get_length(bufferevent_get_output(to)) > 0) {
		c->closing = true;
		(void)bufferevent_disable(bev, EV_READ | EV_WRITE);
		(void)bufferevent_disable(to, EV_READ);
		bufferevent_setwatermark(to, EV_WRITE, 0, 0);
		(void)event_add(c->timer, &patience);
		return;
	}
	conn_free(c);
}

void
tls_accept(struct event_base *base, struct tls_context *tls, int fd,
    int priority, struct tls_conns *conns, void (*plain)(void *, int),
    void *ctx)
{
	struct tls_conn *c;
	struct bufferevent *bev;
	SSL *ssl = SSL_new(tls->ctx);

	if (ssl == NULL) {
		close(fd);
		return;
	}
	bev = bufferevent_openssl_socket_new(base, fd, ssl,
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL) {
		SSL_free(ssl);
		close(fd);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->base = base;
	c->crypt = bev;
	c->plain = plain;
	c->ctx = ctx;
	c->priority = priority;
	LIST_INSERT_HEAD(conns, c, entry);
	/* A client that just closes is no news. */
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	(void)bufferevent_priority_set(bev, priority);
	bufferevent_setcb(bev, on_read, on_write, on_event, c);
	c->timer = event_new(base, -1, EV_TIMEOUT, on_timer, c);
	if (c->timer == NULL || event_add(c->timer, &patience) == -1)
		fatalx("%s: no event", __func__);
	(void)bufferevent_enable(bev, EV_READ | EV_WRITE);
}

void
tls_close_all(struct tls_conns *conns)
{
	struct tls_conn *c, *next;

	LIST_FOREACH_SAFE(c, conns, entry, next)
		conn_free(c);
}
