/* SPDX-License-Identifier: ISC */
/*
 * Listening sockets, which the parent has bound, and what arrives on them.
 *
 * Nothing is kept about strangers: they are told Cease/Connection Rejected
 * and forgotten.  A peer that must not connect now (disabled, or waiting in
 * Idle) is closed without a word, but one that restarts while its routes are
 * kept is let in.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xmalloc.h"

#include "sessiond/sessiond.h"

#define STRANGER_LOG_MS 10000

/* --- who is it */

/* Rate-limited: anybody can cause this line. */
static void
log_stranger(struct sessiond *sd, const struct addr *remote, const char *why)
{
	char name[ADDR_STRLEN];
	struct mono now;

	now = mono_now();
	if (sd->stranger_logged.us != 0 &&
	    mono_diff_ms(now, sd->stranger_logged) < STRANGER_LOG_MS) {
		sd->strangers_unlogged++;
		return;
	}
	if (sd->strangers_unlogged > 0)
		log_info("%u more refused connections were not logged",
		    sd->strangers_unlogged);
	sd->strangers_unlogged = 0;
	sd->stranger_logged = now;
	log_info("connection from %s refused: %s", addr_str(remote, name), why);
}

static void
refuse_stranger(struct sessiond *sd, int fd, const struct addr *remote)
{
	struct bgp_error e;
	uint8_t msg[BGP_NOTIFICATION_MIN];
	size_t len;

	log_stranger(sd, remote, "no such peer");
	(void)bgp_error_set(&e, BGP_ERR_CEASE, BGP_CEASE_REJECTED, NULL, 0);
	len = bgp_msg_notification(msg, &e);
	farewell_start(sd, fd, msg, len, true);
}

/* A peer that nobody configured: defaults, and it never dials. */
static struct peer *
add_unconfigured(struct sessiond *sd, const struct addr *remote)
{
	struct conf_peer conf;
	struct peer *p;

	conf_peer_init(&conf, sd->conf);
	conf.addr = *remote;
	conf.port = BGP_PORT;
	conf.passive = true;
	p = peer_add(sd, &conf, false);
	conf_peer_fini(&conf);
	return p;
}

/*
 * RFC 4724 5: a peer that restarts connects again before we notice that its
 * old connection is dead.  The new one takes the place of the old one, whose
 * routes are kept.
 */
static void
replace_restarted(struct peer *p, struct session *candidate)
{
	session_end_set(p->current, PEER_DOWN_REMOTE, 0, 0,
	    "the peer restarted and connects again");
	session_event(p->current, FSM_EV_TCP_FAILS, NULL);
	session_event(candidate, FSM_EV_TCP_CONFIRMED, NULL);
}

/* The connection of a known peer; returns why not if it cannot be taken. */
static const char *
accept_peer(struct peer *p, int fd)
{
	struct session *s;
	struct session *c;
	bool restarted;

	s = p->current;
	if (p->admin != PEER_ADMIN_UP)
		return "the peer is disabled";
	if (s->state == PEER_IDLE)
		return "the peer is in Idle";
	if (p->candidate != NULL)
		return "two connections are there already";
	if (s->state == PEER_ACTIVE && s->fd == -1) {
		session_adopt(s, fd, true);
		session_event(s, FSM_EV_TCP_CONFIRMED, NULL);
		return NULL;
	}
	restarted = s->state == PEER_ESTABLISHED && open_stale_families(s) != 0;
	if (s->state == PEER_ESTABLISHED && !restarted &&
	    !p->conf.collision_established)
		return "the session is established";
	c = session_new(p, PEER_ACTIVE);
	p->candidate = c;
	session_adopt(c, fd, true);
	if (restarted)
		replace_restarted(p, c);
	else
		session_event(c, FSM_EV_TCP_CONFIRMED, NULL);
	return NULL;
}

void
listen_accepted(struct sessiond *sd, int fd, const struct addr *remote)
{
	struct peer *p;
	const char *why;

	if (sd->stopping || sd->conf == NULL) {
		close(fd);
		return;
	}
	p = peer_find(sd, remote);
	if (p == NULL && sd->conf->accept_unconfigured_peers)
		p = add_unconfigured(sd, remote);
	if (p == NULL) {
		refuse_stranger(sd, fd, remote);
		return;
	}
	peer_welcome(p);
	why = accept_peer(p, fd);
	if (why != NULL) {
		log_peer(LOG_LEVEL_DEBUG, p->name, "connection closed: %s",
		    why);
		close(fd);
	}
}

/* --- accepting */

static void
pause_all(struct sessiond *sd)
{
	struct listener *l;

	TAILQ_FOREACH(l, &sd->listeners, entry)
		event_del(&l->ev);
	timer_set(&sd->t_accept, ACCEPT_PAUSE_MS);
}

/*
 * No descriptor left: give up the reserve for one connection, so that the
 * queue of the kernel does not stay full of it, close that one, and rest.
 */
static void
out_of_descriptors(struct listener *l)
{
	struct sessiond *sd;
	int fd;

	sd = l->sd;
	log_warnx("no descriptor is free: accepting pauses");
	if (sd->reserve_fd != -1)
		close(sd->reserve_fd);
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd != -1)
		close(fd);
	sd->reserve_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	pause_all(sd);
}

static void
on_acceptable(evutil_socket_t lfd, short what, void *arg)
{
	struct listener *l = arg;
	struct sockaddr_storage ss;
	struct addr remote;
	uint16_t port;
	socklen_t len;
	int budget;
	int limit;
	int fd;

	(void)what;
	limit = fd_limit();
	for (budget = ACCEPT_BUDGET; budget > 0; budget--) {
		len = sizeof(ss);
		fd = accept4(lfd, (struct sockaddr *)&ss, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd != -1 &&
		    addr_from_sockaddr((struct sockaddr *)&ss, &remote,
			&port) != 0) {
			close(fd);
			continue;
		}
		if (fd >= limit) {
			close(fd);
			log_stranger(l->sd, &remote,
			    "too many connections are open");
			continue;
		}
		if (fd != -1) {
			listen_accepted(l->sd, fd, &remote);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			out_of_descriptors(l);
		else if (errno != EAGAIN && errno != EINTR &&
		    errno != ECONNABORTED)
			log_warn("accept");
		return;
	}
}

/* --- the set of listeners */

static struct listener *
find(struct listener_list *list, const struct addr *addr, uint16_t port)
{
	struct listener *l;

	TAILQ_FOREACH(l, list, entry) {
		if (l->port == port && addr_equal(&l->addr, addr))
			return l;
	}
	return NULL;
}

static void
listener_free(struct listener_list *list, struct listener *l)
{
	TAILQ_REMOVE(list, l, entry);
	if (l->active)
		event_del(&l->ev);
	if (l->fd != -1)
		close(l->fd);
	free(l);
}

int
listen_prepare(struct sessiond *sd, const struct conf_endpoint *e, int fd)
{
	struct listener *l;

	if (find(&sd->listeners_next, &e->addr, e->port) != NULL ||
	    (fd == -1 && find(&sd->listeners, &e->addr, e->port) == NULL)) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	l = xcalloc(1, sizeof(*l));
	l->sd = sd;
	l->addr = e->addr;
	l->port = e->port;
	l->fd = fd;
	TAILQ_INSERT_TAIL(&sd->listeners_next, l, entry);
	return 0;
}

static void
activate(struct listener *l)
{
	int flags;

	flags = fcntl(l->fd, F_GETFL);
	if (flags != -1)
		(void)fcntl(l->fd, F_SETFL, flags | O_NONBLOCK);
	event_assign(&l->ev, l->sd->base, l->fd, EV_READ | EV_PERSIST,
	    on_acceptable, l);
	event_priority_set(&l->ev, PRIO_DATA);
	event_add(&l->ev, NULL);
	l->active = true;
}

void
listen_commit(struct sessiond *sd)
{
	struct listener *l;
	struct listener *old;

	/* One without a descriptor goes on with the one it has. */
	TAILQ_FOREACH(l, &sd->listeners_next, entry) {
		old = find(&sd->listeners, &l->addr, l->port);
		if (l->fd != -1 || old == NULL)
			continue;
		l->fd = old->fd;
		event_del(&old->ev);
		old->active = false;
		old->fd = -1;
	}
	while ((old = TAILQ_FIRST(&sd->listeners)) != NULL)
		listener_free(&sd->listeners, old);
	TAILQ_CONCAT(&sd->listeners, &sd->listeners_next, entry);
	TAILQ_FOREACH(l, &sd->listeners, entry)
		activate(l);
}

void
listen_abort(struct sessiond *sd)
{
	struct listener *l;

	while ((l = TAILQ_FIRST(&sd->listeners_next)) != NULL)
		listener_free(&sd->listeners_next, l);
}

void
listen_free(struct sessiond *sd)
{
	struct listener *l;

	listen_abort(sd);
	while ((l = TAILQ_FIRST(&sd->listeners)) != NULL)
		listener_free(&sd->listeners, l);
}

void
listen_resume(struct sessiond *sd)
{
	struct listener *l;

	TAILQ_FOREACH(l, &sd->listeners, entry)
		event_add(&l->ev, NULL);
}
