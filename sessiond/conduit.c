/* SPDX-License-Identifier: ISC */
/*
 * Conduits (common/msg_conduit.h): connections to servers that the rde writes
 * to.  Nothing here knows what the bytes mean.
 *
 * An attempt follows at once on CONDUIT_OPEN, later ones after a time that
 * doubles and starts again from the bottom when a connection held for a while.
 * What the other end says is thrown away, and if that is much, it is no such
 * server: its end of file is the end of the connection, and so are too many
 * bytes.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xmalloc.h"

#include "sessiond/sessiond.h"

enum {
	RETRY_MIN_MS = 2 * 1000,
	RETRY_MAX_MS = 60 * 1000,
	CONNECT_MS = 30 * 1000, /* that an attempt may take */
	SETTLED_MS = 60 * 1000, /* a connection that held so long was good */
	HEARD_MAX = 64 * 1024, /* bytes from a server, who has nothing to say */
};

struct conduit {
	struct sessiond *sd;
	TAILQ_ENTRY(conduit) entry;
	uint32_t id;
	struct addr addr;
	uint16_t port;
	char name[ENDPOINT_STRLEN];
	uint32_t sock_req; /* the request we wait for, 0: none */
	int fd; /* -1: none */
	bool connecting;
	uint32_t epoch; /* of the connection; 0: not up */
	uint32_t last_epoch;
	struct mono since; /* it came up */
	uint32_t retry_ms; /* the next wait */
	int last_errno; /* against log floods */
	struct event ev_read;
	struct event ev_write;
	struct event timer; /* the next attempt, or the end of this one */
	/* Bytes on their way out: at most CONDUIT_WINDOW. */
	uint8_t *buf;
	size_t at, len;
	bool blocked; /* ev_write waits */
	size_t heard; /* bytes that came */
};

static void on_writable(evutil_socket_t, short, void *);

static struct conduit *
find(struct sessiond *sd, uint32_t id)
{
	struct conduit *c;

	TAILQ_FOREACH(c, &sd->conduits, entry) {
		if (c->id == id)
			return c;
	}
	return NULL;
}

static void
tell(const struct conduit *c, enum msg_type type, uint32_t epoch, uint32_t v)
{
	uint8_t payload[4];
	struct wr w;

	if (c->sd->rde == NULL)
		return;
	wr_init(&w, payload, sizeof(payload));
	if (type != MSG_CONDUIT_UP)
		wr_n32(&w, v);
	chan_send_wr(c->sd->rde, type, c->id, epoch, &w);
}

/* Take everything back that belongs to the connection but for its socket. */
static void
release(struct conduit *c)
{
	if (c->fd != -1 && (c->connecting || c->blocked))
		event_del(&c->ev_write);
	if (c->fd != -1 && !c->connecting)
		event_del(&c->ev_read);
	event_del(&c->timer);
	c->connecting = false;
	c->blocked = false;
	c->sock_req = 0;
	c->epoch = 0;
	c->fd = -1;
	free(c->buf);
	c->buf = NULL;
	c->at = c->len = 0;
}

static void
conduit_free(struct conduit *c)
{
	int fd = c->fd;

	release(c);
	if (fd != -1)
		close(fd);
	TAILQ_REMOVE(&c->sd->conduits, c, entry);
	c->sd->n_conduits--;
	free(c);
}

/* --- connecting */

static void
attempt(struct conduit *c)
{
	struct sessiond *sd = c->sd;
	struct sock_req req;
	uint8_t buf[64];
	struct wr w;

	if (sd->bgpd == NULL || sd->stopping)
		return;
	if (++sd->last_sock_req == 0)
		sd->last_sock_req = 1;
	c->sock_req = sd->last_sock_req;
	memset(&req, 0, sizeof(req));
	req.remote = c->addr;
	req.port = c->port;
	wr_init(&w, buf, sizeof(buf));
	msg_sock_req_put(&w, &req);
	chan_send_wr(sd->bgpd, MSG_SOCK_REQ, 0, c->sock_req, &w);
	timer_set(&c->timer, CONNECT_MS);
}

/* The attempt failed or the connection ended: try again later. */
static void
lost(struct conduit *c, int error)
{
	uint32_t epoch = c->epoch;
	int fd = c->fd;

	if (epoch != 0)
		log_info("BMP server %s: connection lost: %s", c->name,
		    error == 0 ? "closed by the other end" : strerror(error));
	else if (error != c->last_errno)
		log_info("BMP server %s: cannot connect: %s", c->name,
		    strerror(error));
	c->last_errno = error;
	if (epoch != 0 && mono_diff_ms(mono_now(), c->since) >= SETTLED_MS)
		c->retry_ms = RETRY_MIN_MS;
	release(c);
	if (fd != -1)
		close(fd);
	tell(c, MSG_CONDUIT_DOWN, epoch, (uint32_t)error);
	timer_set(&c->timer, timer_jitter(c->retry_ms));
	c->retry_ms *= 2;
	if (c->retry_ms > RETRY_MAX_MS)
		c->retry_ms = RETRY_MAX_MS;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conduit *c = arg;

	(void)fd;
	(void)what;
	if (c->sock_req != 0 || c->connecting)
		lost(c, ETIMEDOUT);
	else
		attempt(c);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conduit *c = arg;
	ssize_t n;

	(void)what;
	n = recv(fd, c->sd->rxbuf, RX_READ_MAX, 0);
	if (n > 0)
		c->heard += (size_t)n;
	if (n == 0)
		lost(c, 0);
	else if (c->heard > HEARD_MAX)
		lost(c, EPROTO);
	else if (n == -1 && errno != EAGAIN && errno != EINTR)
		lost(c, errno);
}

/* A server that vanished is to be found out, however little there is to say;
 * one that stops reading is not to hold megabytes of the kernel's. */
static void
set_up(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_KEEPIDLE, 60 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 15 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 8 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_SNDBUF, CONDUIT_WINDOW },
	};
	size_t i;

	for (i = 0; i < nitems(options); i++)
		(void)setsockopt(fd, options[i].level, options[i].name,
		    &options[i].value, sizeof(options[i].value));
}

static void
up(struct conduit *c)
{
	c->connecting = false;
	event_del(&c->timer);
	set_up(c->fd);
	if (++c->last_epoch == 0)
		c->last_epoch = 1;
	c->epoch = c->last_epoch;
	c->since = mono_now();
	c->last_errno = 0;
	c->heard = 0;
	event_assign(&c->ev_read, c->sd->base, c->fd, EV_READ | EV_PERSIST,
	    on_readable, c);
	event_priority_set(&c->ev_read, PRIO_DATA);
	event_add(&c->ev_read, NULL);
	event_assign(&c->ev_write, c->sd->base, c->fd, EV_WRITE, on_writable,
	    c);
	event_priority_set(&c->ev_write, PRIO_DATA);
	log_info("BMP server %s: connected", c->name);
	tell(c, MSG_CONDUIT_UP, c->epoch, 0);
}

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct conduit *c = arg;
	int error;
	socklen_t len = sizeof(error);

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0)
		lost(c, error);
	else
		up(c);
}

bool
conduit_socket(struct sessiond *sd, uint32_t request, int fd, int error)
{
	struct sockaddr_storage ss;
	struct conduit *c;
	socklen_t len;

	TAILQ_FOREACH(c, &sd->conduits, entry) {
		if (c->sock_req != 0 && c->sock_req == request)
			break;
	}
	if (c == NULL)
		return false;
	c->sock_req = 0;
	if (fd == -1) {
		lost(c, error != 0 ? error : EMFILE);
		return true;
	}
	len = addr_to_sockaddr(&c->addr, c->port, &ss);
	c->fd = fd;
	c->connecting = true;
	event_assign(&c->ev_write, sd->base, fd, EV_WRITE, on_connected, c);
	event_priority_set(&c->ev_write, PRIO_DATA);
	if (connect(fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS)
		lost(c, errno);
	else
		event_add(&c->ev_write, NULL);
	return true;
}

/* --- bytes */

static void
flush(struct conduit *c)
{
	size_t done = 0;
	ssize_t n;

	while (c->at < c->len) {
		n = send(c->fd, c->buf + c->at, c->len - c->at, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			c->blocked = true;
			event_add(&c->ev_write, NULL);
			break;
		}
		if (n == -1) {
			lost(c, errno);
			return;
		}
		c->at += (size_t)n;
		done += (size_t)n;
	}
	if (c->at == c->len)
		c->at = c->len = 0;
	if (done > 0)
		tell(c, MSG_CONDUIT_CREDIT, c->epoch, (uint32_t)done);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conduit *c = arg;

	(void)fd;
	(void)what;
	c->blocked = false;
	flush(c);
}

/* --- from the rde */

int
conduit_open(struct sessiond *sd, uint32_t id, const struct conduit_open *o)
{
	struct conduit *c;

	if (find(sd, id) != NULL || sd->n_conduits >= CONDUITS_MAX)
		return -1;
	c = xcalloc(1, sizeof(*c));
	c->sd = sd;
	c->id = id;
	c->addr = o->addr;
	c->port = o->port;
	c->fd = -1;
	c->retry_ms = RETRY_MIN_MS;
	endpoint_str(&o->addr, o->port, c->name);
	evtimer_assign(&c->timer, sd->base, on_timer, c);
	event_priority_set(&c->timer, PRIO_CONTROL);
	TAILQ_INSERT_TAIL(&sd->conduits, c, entry);
	sd->n_conduits++;
	attempt(c);
	return 0;
}

int
conduit_data(struct sessiond *sd, uint32_t id, uint32_t epoch,
    const uint8_t *data, size_t len)
{
	struct conduit *c = find(sd, id);

	/* For a connection that is over. */
	if (c == NULL || epoch == 0 || c->epoch != epoch)
		return 0;
	if (len > CONDUIT_WINDOW - (c->len - c->at))
		return -1;
	if (c->buf == NULL)
		c->buf = xmalloc(CONDUIT_WINDOW);
	if (len > CONDUIT_WINDOW - c->len) {
		memmove(c->buf, c->buf + c->at, c->len - c->at);
		c->len -= c->at;
		c->at = 0;
	}
	memcpy(c->buf + c->len, data, len);
	c->len += len;
	if (!c->blocked)
		flush(c);
	return 0;
}

void
conduit_close(struct sessiond *sd, uint32_t id)
{
	struct conduit *c = find(sd, id);
	uint8_t *buf;
	size_t at, len;
	int fd;

	if (c == NULL)
		return;
	if (c->epoch != 0) {
		/* What was given out leaves first. */
		buf = c->buf;
		at = c->at;
		len = c->len;
		fd = c->fd;
		c->buf = NULL;
		release(c);
		farewell_start(sd, fd, buf != NULL ? buf + at : NULL, len - at,
		    false);
		free(buf);
	}
	conduit_free(c);
	sessiond_check_stopped(sd);
}

void
conduits_stop(struct sessiond *sd)
{
	struct conduit *c, *next;

	TAILQ_FOREACH_SAFE(c, &sd->conduits, entry, next) {
		if (c->epoch == 0)
			conduit_free(c);
	}
	if (sd->rde == NULL)
		conduits_free(sd);
	else if (!TAILQ_EMPTY(&sd->conduits))
		chan_send_buf(sd->rde, MSG_CONDUIT_END, 0, 0, NULL, 0);
}

void
conduits_free(struct sessiond *sd)
{
	struct conduit *c;

	while ((c = TAILQ_FIRST(&sd->conduits)) != NULL)
		conduit_free(c);
}
