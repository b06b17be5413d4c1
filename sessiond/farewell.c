/* SPDX-License-Identifier: ISC */
/*
 * Connections that are over but for their last words.
 *
 * Closing a socket with unread input makes the kernel send a reset, which
 * may destroy the NOTIFICATION that was just written.  So the bytes are
 * written, the connection is half-closed, and input is thrown away until the
 * peer closes too or the time is over.  The number of these is bounded; when
 * there are too many the oldest goes.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/xmalloc.h"

#include "sessiond/sessiond.h"

#define FAREWELL_MS 3000
#define FAREWELL_STRANGER_MS 1000
/* At our own end, for a peer that got everything and does not close. */
#define FAREWELL_STOP_MS 500

static void
farewell_free(struct farewell *f)
{
	struct sessiond *sd;

	sd = f->sd;
	event_del(&f->ev);
	event_del(&f->timer);
	close(f->fd);
	TAILQ_REMOVE(&sd->farewells, f, entry);
	sd->n_farewells--;
	if (f->stranger)
		sd->n_strangers--;
	free(f->buf);
	free(f);
	sessiond_check_stopped(sd);
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	farewell_free(arg);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct farewell *f = arg;
	ssize_t n;

	(void)what;
	n = recv(fd, f->sd->rxbuf, RX_READ_MAX, 0);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		farewell_free(f);
}

static void on_writable(evutil_socket_t, short, void *);

static void
watch(struct farewell *f, short what, event_callback_fn fn)
{
	event_assign(&f->ev, f->sd->base, f->fd, what, fn, f);
	event_priority_set(&f->ev, PRIO_DATA);
	event_add(&f->ev, NULL);
}

/* Write what the socket takes; -1 if the connection is of no use. */
static int
write_some(struct farewell *f)
{
	ssize_t n;

	while (f->off < f->len) {
		n = send(f->fd, f->buf + f->off, f->len - f->off, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			watch(f, EV_WRITE, on_writable);
			return 0;
		}
		if (n == -1)
			return -1;
		f->off += (size_t)n;
	}
	if (shutdown(f->fd, SHUT_WR) == -1)
		return -1;
	watch(f, EV_READ | EV_PERSIST, on_readable);
	return 0;
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (write_some(arg) != 0)
		farewell_free(arg);
}

/* The oldest one, or the oldest stranger; false if there is none. */
static bool
reclaim(struct sessiond *sd, bool stranger)
{
	struct farewell *f;

	TAILQ_FOREACH(f, &sd->farewells, entry) {
		if (stranger && !f->stranger)
			continue;
		farewell_free(f);
		return true;
	}
	return false;
}

bool
farewell_reclaim(struct sessiond *sd)
{
	return reclaim(sd, false);
}

void
farewell_start(struct sessiond *sd, int fd, const void *bytes, size_t len,
    bool stranger)
{
	struct farewell *f;

	if (stranger && sd->n_strangers >= FAREWELL_STRANGERS_MAX)
		(void)reclaim(sd, true);
	else if (sd->n_farewells >= FAREWELL_MAX)
		(void)reclaim(sd, false);
	f = xcalloc(1, sizeof(*f));
	f->sd = sd;
	f->fd = fd;
	f->stranger = stranger;
	f->buf = xmemdup(bytes, len);
	f->len = len;
	TAILQ_INSERT_TAIL(&sd->farewells, f, entry);
	sd->n_farewells++;
	if (stranger)
		sd->n_strangers++;
	event_assign(&f->ev, sd->base, fd, EV_READ, on_readable, f);
	evtimer_assign(&f->timer, sd->base, on_timeout, f);
	event_priority_set(&f->timer, PRIO_CONTROL);
	timer_set(&f->timer, stranger ? FAREWELL_STRANGER_MS : FAREWELL_MS);
	if (write_some(f) != 0)
		farewell_free(f);
	else if (sd->stopping && f->off == f->len)
		timer_set(&f->timer, FAREWELL_STOP_MS);
}

void
farewells_free(struct sessiond *sd)
{
	while (farewell_reclaim(sd))
		;
}
