/* SPDX-License-Identifier: ISC */
/*
 * The process object: its beginning, its end, and what is worked off at the
 * end of each round of the event loop (sockets to be written, credit to be
 * given back, objects to be freed).
 */
#include "sessiond/sessiond.h"

#include <sys/resource.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xmalloc.h"

/* Descriptors kept free for what bgpd sends. */
#define FD_HEADROOM 64

void
timer_set(struct event *ev, uint32_t ms)
{
	struct timeval tv;

	tv.tv_sec = ms / 1000;
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	event_add(ev, &tv);
}

uint32_t
timer_jitter(uint32_t ms)
{
	uint32_t span;

	span = ms / 4;
	if (span == 0)
		return ms;
	return ms - (uint32_t)((uint64_t)random() % (span + 1));
}

static void
on_round(evutil_socket_t fd, short what, void *arg)
{
	struct sessiond *sd = arg;

	(void)fd;
	(void)what;
	tx_flush(sd);
	sessions_free_dead(sd);
	peers_free_dead(sd);
}

void
sessiond_round(struct sessiond *sd)
{
	event_active(&sd->ev_round, EV_TIMEOUT, 0);
}

static void
on_accept_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	listen_resume(arg);
}

static void
on_stop_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct sessiond *sd = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(sd->base);
}

int
fd_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 ||
	    rl.rlim_cur > (rlim_t)INT32_MAX)
		return INT32_MAX;
	if (rl.rlim_cur < 2 * FD_HEADROOM)
		return (int)rl.rlim_cur / 2;
	return (int)rl.rlim_cur - FD_HEADROOM;
}

struct sessiond *
sessiond_new(struct event_base *base, int bgpd_fd)
{
	struct sessiond *sd;
	uint8_t keepalive[BGP_HEADER_LEN];
	uint8_t refresh[BGP_REFRESH_LEN];
	int f;

	sd = xcalloc(1, sizeof(*sd));
	sd->base = base;
	TAILQ_INIT(&sd->listeners);
	TAILQ_INIT(&sd->listeners_next);
	TAILQ_INIT(&sd->farewells);
	TAILQ_INIT(&sd->tx_dirty);
	TAILQ_INIT(&sd->tx_credit);
	TAILQ_INIT(&sd->rx_waiting);
	TAILQ_INIT(&sd->dead_sessions);
	TAILQ_INIT(&sd->dead_peers);
	TAILQ_INIT(&sd->queries);
	TAILQ_INIT(&sd->conduits);
	sd->ids = idmap_new(1, PEER_ID_MAX);
	sd->rxbuf = xmalloc(RX_READ_MAX);
	bgp_msg_keepalive(keepalive);
	sd->keepalive = tx_block_new(keepalive, sizeof(keepalive), false);
	for (f = 0; f < FAMILY__MAX; f++) {
		bgp_msg_refresh(refresh, (enum family)f, BGP_REFRESH_REQUEST);
		sd->refresh[f] = tx_block_new(refresh, sizeof(refresh), false);
	}
	sd->send_hold_min_ms = SEND_HOLD_MIN_MS;
	sd->reserve_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	evtimer_assign(&sd->ev_round, base, on_round, sd);
	evtimer_assign(&sd->t_accept, base, on_accept_again, sd);
	evtimer_assign(&sd->t_stop, base, on_stop_timeout, sd);
	event_priority_set(&sd->ev_round, PRIO_DATA);
	event_priority_set(&sd->t_accept, PRIO_CONTROL);
	event_priority_set(&sd->t_stop, PRIO_CONTROL);
	link_bgpd(sd, bgpd_fd);
	return sd;
}

void
sessiond_check_stopped(struct sessiond *sd)
{
	if (sd->stopping && TAILQ_EMPTY(&sd->farewells) &&
	    TAILQ_EMPTY(&sd->conduits))
		event_base_loopexit(sd->base, NULL);
}

void
sessiond_stop(struct sessiond *sd, uint8_t subcode, int timeout_ms,
    int exit_status)
{
	uint32_t i;

	if (sd->stopping)
		return;
	sd->stopping = true;
	sd->exit_status = exit_status;
	listen_free(sd);
	event_del(&sd->t_accept);
	/* From the end: who leaves moves the later ones. */
	for (i = sd->n_peers; i > 0; i--)
		peer_stop(sd->peers[i - 1], subcode, NULL);
	conduits_stop(sd);
	timer_set(&sd->t_stop, (uint32_t)timeout_ms);
	sessiond_check_stopped(sd);
}

void
sessiond_free(struct sessiond *sd)
{
	int f;

	/* Nobody is to hear of what goes now. */
	chan_free(sd->rde);
	sd->rde = NULL;
	sd->stopping = true;
	while (sd->n_peers > 0)
		peer_remove(sd->peers[sd->n_peers - 1], BGP_CEASE_DECONFIGURED);
	conduits_free(sd);
	farewells_free(sd);
	if (sd->apid != NULL)
		link_queries_free(sd);
	chan_free(sd->apid);
	chan_free(sd->bgpd);
	listen_free(sd);
	sessions_free_dead(sd);
	peers_free_dead(sd);
	event_del(&sd->ev_round);
	event_del(&sd->t_accept);
	event_del(&sd->t_stop);
	if (sd->reserve_fd != -1)
		close(sd->reserve_fd);
	conf_rx_abort(&sd->conf_rx);
	conf_free(sd->conf);
	idmap_free(sd->ids);
	tx_block_unref(sd->keepalive);
	for (f = 0; f < FAMILY__MAX; f++)
		tx_block_unref(sd->refresh[f]);
	free(sd->rxbuf);
	free(sd->peers);
	free(sd->by_id);
	free(sd);
}
