/* SPDX-License-Identifier: ISC */
/*
 * sessiond as a process of its own between a bgpd, an rde and an apid that
 * this program plays, and peers that it scripts on loopback sockets.
 *
 * Nothing sleeps: everything waits for a message, a byte or an end of file,
 * up to a deadline that only a failure reaches.  Ports are the kernel's
 * choice.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/log.h"

#include "sessiond/sessiond.h"

#define DEADLINE_MS 10000
#define LOCAL_AS 65000
#define PEER_AS 65001
#define LOCAL_ID 0x0a000005u /* 10.0.0.5 */

/* --- the siblings */

struct seen {
	enum proc from;
	struct msg_hdr hdr;
	uint8_t *data;
	TAILQ_ENTRY(seen) entry;
};

static struct rig {
	struct event_base *base;
	struct chan *chans[PROC__MAX];
	bool closed[PROC__MAX];
	TAILQ_HEAD(, seen) seen;
	pid_t pid;
	struct conf *conf;
	uint16_t port; /* where sessiond listens, on 127.0.0.1 */
	uint32_t send_hold_ms;
	rlim_t files; /* limit of descriptors for sessiond, 0: as it is */
} rig;

static void
keep(enum proc from, const struct msg *m)
{
	struct seen *s = calloc(1, sizeof(*s));

	s->from = from;
	s->hdr = m->hdr;
	s->data = malloc(m->hdr.len + 1);
	memcpy(s->data, m->data, m->hdr.len);
	TAILQ_INSERT_TAIL(&rig.seen, s, entry);
}

static void
seen_free(struct seen *s)
{
	free(s->data);
	free(s);
}

/* bgpd's duty: a bound socket that is not connected. */
static void
on_sock_req(void *ctx, const struct msg *m)
{
	struct sock_req req;
	struct sockaddr_storage ss;
	uint8_t buf[4] = { 0 };
	struct iovec iov = { buf, sizeof(buf) };
	struct rd r;
	int fd;

	(void)ctx;
	rd_init(&r, m->data, m->hdr.len);
	msg_sock_req_get(&r, &req);
	ck_assert(rd_done(&r));
	fd = socket(req.remote.family == ADDR_IPV4 ? AF_INET : AF_INET6,
	    SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ne(fd, -1);
	if (req.local.family != ADDR_NONE) {
		socklen_t len = addr_to_sockaddr(&req.local, 0, &ss);

		ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, len), 0);
	}
	chan_send(rig.chans[PROC_BGPD], MSG_SOCK, m->hdr.id, m->hdr.epoch, &iov,
	    1, fd);
}

static void
on_bgpd_msg(void *ctx, const struct msg *m)
{
	(void)ctx;
	keep(PROC_BGPD, m);
}

static void
on_rde_msg(void *ctx, const struct msg *m)
{
	(void)ctx;
	keep(PROC_RDE, m);
}

static void
on_apid_msg(void *ctx, const struct msg *m)
{
	(void)ctx;
	keep(PROC_APID, m);
}

static void
closed(enum proc p)
{
	rig.closed[p] = true;
	chan_free(rig.chans[p]);
	rig.chans[p] = NULL;
}

static void
bgpd_closed(void *ctx, const char *why)
{
	(void)ctx;
	(void)why;
	closed(PROC_BGPD);
}

static void
rde_closed(void *ctx, const char *why)
{
	(void)ctx;
	(void)why;
	closed(PROC_RDE);
}

static void
apid_closed(void *ctx, const char *why)
{
	(void)ctx;
	(void)why;
	closed(PROC_APID);
}

static const chan_handler bgpd_handlers[MSG__MAX] = {
	[MSG_CONF_READY] = on_bgpd_msg,
	[MSG_CONF_REJECT] = on_bgpd_msg,
	[MSG_CONF_DONE] = on_bgpd_msg,
	[MSG_SOCK_REQ] = on_sock_req,
};
static const chan_handler rde_handlers[MSG__MAX] = {
	[MSG_PEER_UP] = on_rde_msg,
	[MSG_PEER_DOWN] = on_rde_msg,
	[MSG_PEER_GONE] = on_rde_msg,
	[MSG_UPDATES] = on_rde_msg,
	[MSG_REFRESH] = on_rde_msg,
	[MSG_MALFORMED] = on_rde_msg,
	[MSG_TX_CREDIT] = on_rde_msg,
	[MSG_CONDUIT_UP] = on_rde_msg,
	[MSG_CONDUIT_DOWN] = on_rde_msg,
	[MSG_CONDUIT_CREDIT] = on_rde_msg,
	[MSG_CONDUIT_END] = on_rde_msg,
};
static const chan_handler apid_handlers[MSG__MAX] = {
	[MSG_PEERS_ROWS] = on_apid_msg,
	[MSG_PEERS_END] = on_apid_msg,
	[MSG_PEER_CTL_DONE] = on_apid_msg,
};
static const struct chan_ops bgpd_ops = {
	.handlers = bgpd_handlers,
	.on_close = bgpd_closed,
};
static const struct chan_ops rde_ops = {
	.handlers = rde_handlers,
	.on_close = rde_closed,
};
static const struct chan_ops apid_ops = {
	.handlers = apid_handlers,
	.on_close = apid_closed,
};

static void
pump(int ms)
{
	struct timeval tv = { 0, ms * 1000 };

	if (ms == 0) {
		event_base_loop(rig.base, EVLOOP_NONBLOCK);
		return;
	}
	event_base_loopexit(rig.base, &tv);
	event_base_loop(rig.base, EVLOOP_ONCE);
}

/* The next message of the type, earlier ones of other types stay; NULL after
 * ms without it. */
static struct seen *
await_for(enum proc from, enum msg_type type, int ms)
{
	struct mono end = mono_add_ms(mono_now(), ms);
	struct seen *s;

	for (;;) {
		TAILQ_FOREACH(s, &rig.seen, entry) {
			if (s->from == from && s->hdr.type == type) {
				TAILQ_REMOVE(&rig.seen, s, entry);
				return s;
			}
		}
		if (mono_reached(mono_now(), end))
			return NULL;
		pump(5);
	}
}

static struct seen *
await(enum proc from, enum msg_type type)
{
	struct seen *s = await_for(from, type, DEADLINE_MS);

	ck_assert_msg(s != NULL, "no %s", msg_rules[type].name);
	return s;
}

static void
await_gone(enum proc from, enum msg_type type)
{
	seen_free(await(from, type));
}

static struct chan *
link_to(enum proc sibling, const struct chan_ops *ops)
{
	int sv[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	chan_send(rig.chans[PROC_BGPD], MSG_LINK, sibling, 0, NULL, 0, sv[1]);
	return chan_new(rig.base, sv[0], sibling, PROC_SESSIOND, ops, NULL, 0);
}

static int
listen_on(const char *ip, uint16_t *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, ip, &sin.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	ck_assert_int_eq(listen(fd, 128), 0);
	getsockname(fd, (struct sockaddr *)&sin, &len);
	*port = ntohs(sin.sin_port);
	return fd;
}

static void
item_send(struct wr *w, int fd)
{
	struct iovec iov = { w->base, wr_len(w) };

	ck_assert(wr_ok(w));
	chan_send(rig.chans[PROC_BGPD], MSG_CONF_ITEM, rig.conf->generation, 0,
	    &iov, 1, fd);
	wr_reset(w);
}

/* Send rig.conf and commit it; false if it was rejected (into *e). */
static bool
configure(int listen_fd, struct err *e)
{
	struct conf_endpoint ep = { .port = rig.port };
	struct chan *c = rig.chans[PROC_BGPD];
	struct seen *s;
	struct rd r;
	struct wr w;
	uint32_t i;

	rig.conf->generation++;
	chan_send_buf(c, MSG_CONF_BEGIN, rig.conf->generation, 0, NULL, 0);
	wr_init_grow(&w, MSG_MAX);
	wr_n8(&w, CONF_ITEM_GLOBAL);
	msg_conf_global_put(&w, rig.conf);
	item_send(&w, -1);
	ck_assert_int_eq(addr_parse("127.0.0.1", &ep.addr), 0);
	wr_n8(&w, CONF_ITEM_LISTEN);
	msg_conf_endpoint_put(&w, &ep);
	item_send(&w, listen_fd);
	for (i = 0; i < rig.conf->n_peers; i++) {
		wr_n8(&w, CONF_ITEM_PEER);
		msg_conf_peer_put(&w, &rig.conf->peers[i]);
		item_send(&w, -1);
	}
	wr_free(&w);
	chan_send_buf(c, MSG_CONF_END, rig.conf->generation, 0, NULL, 0);
	for (;;) {
		s = await_for(PROC_BGPD, MSG_CONF_READY, 5);
		if (s != NULL)
			break;
		s = await_for(PROC_BGPD, MSG_CONF_REJECT, 5);
		if (s != NULL) {
			rd_init(&r, s->data, s->hdr.len);
			err_get(&r, e);
			seen_free(s);
			return false;
		}
		ck_assert(!rig.closed[PROC_BGPD]);
	}
	seen_free(s);
	chan_send_buf(c, MSG_CONF_COMMIT, rig.conf->generation, 0, NULL, 0);
	await_gone(PROC_BGPD, MSG_CONF_DONE);
	return true;
}

static struct conf_peer *
add_peer(const char *ip)
{
	struct conf_peer p;
	uint32_t i;

	conf_peer_init(&p, rig.conf);
	ck_assert_int_eq(addr_parse(ip, &p.addr), 0);
	p.port = 179;
	p.passive = true;
	p.idle_hold_secs = 0;
	p.damp_oscillations = false;
	conf_peer_add(rig.conf, &p);
	for (i = 0; !addr_equal(&rig.conf->peers[i].addr, &p.addr); i++)
		;
	conf_peer_fini(&p);
	return &rig.conf->peers[i];
}

/* A fresh process object on the other end of a socketpair. */
static void
run_sessiond(int fd)
{
	struct event_base *base;
	struct sessiond *sd;
	int status;

	log_init("sessiond", false);
	log_set_level(
	    getenv("VERBOSE") != NULL ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	hash_init();
	signal(SIGPIPE, SIG_IGN);
	if (rig.files != 0) {
		struct rlimit rl = { rig.files, rig.files };

		setrlimit(RLIMIT_NOFILE, &rl);
	}
	base = event_base_new();
	event_base_priority_init(base, PRIO__MAX);
	sd = sessiond_new(base, fd);
	if (rig.send_hold_ms != 0)
		sd->send_hold_min_ms = rig.send_hold_ms;
	event_base_dispatch(base);
	status = sd->exit_status;
	sessiond_free(sd);
	event_base_free(base);
	exit(status);
}

static void
rig_init(void)
{
	memset(&rig, 0, sizeof(rig));
	TAILQ_INIT(&rig.seen);
	signal(SIGPIPE, SIG_IGN);
	hash_init();
	rig.conf = conf_new();
	rig.conf->asn = LOCAL_AS;
	rig.conf->router_id = LOCAL_ID;
	rig.conf->connect_retry_secs = 5;
	rig.conf->log_level =
	    getenv("VERBOSE") != NULL ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR;
}

static void
rig_start(void)
{
	struct err e;
	int sv[2];
	int fd;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	fflush(NULL);
	rig.pid = fork();
	ck_assert_int_ne(rig.pid, -1);
	if (rig.pid == 0) {
		close(sv[0]);
		conf_free(rig.conf);
		run_sessiond(sv[1]);
	}
	close(sv[1]);
	rig.base = event_base_new();
	rig.chans[PROC_BGPD] = chan_new(rig.base, sv[0], PROC_BGPD,
	    PROC_SESSIOND, &bgpd_ops, NULL, 0);
	rig.chans[PROC_RDE] = link_to(PROC_RDE, &rde_ops);
	rig.chans[PROC_APID] = link_to(PROC_APID, &apid_ops);
	fd = listen_on("127.0.0.1", &rig.port);
	ck_assert_msg(configure(fd, &e), "%s", e.text);
}

/* Exit status of sessiond, which must end by itself. */
static int
rig_wait(int ms)
{
	struct mono end = mono_add_ms(mono_now(), ms);
	int status;

	while (waitpid(rig.pid, &status, WNOHANG) == 0) {
		ck_assert_msg(!mono_reached(mono_now(), end),
		    "sessiond does not end");
		pump(5);
	}
	rig.pid = 0;
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
rig_end(void)
{
	struct seen *s;

	if (rig.pid > 0) {
		chan_send_buf(rig.chans[PROC_BGPD], MSG_SHUTDOWN, 0, 0, NULL,
		    0);
		ck_assert_int_eq(rig_wait(DEADLINE_MS), 0);
	}
	while ((s = TAILQ_FIRST(&rig.seen)) != NULL) {
		TAILQ_REMOVE(&rig.seen, s, entry);
		seen_free(s);
	}
	chan_free(rig.chans[PROC_BGPD]);
	chan_free(rig.chans[PROC_RDE]);
	chan_free(rig.chans[PROC_APID]);
	event_base_free(rig.base);
	conf_free(rig.conf);
}

/* --- the scripted peer */

/* Connect from `ip` to sessiond. */
static int
dial(const char *ip)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, ip, &from.sin_addr);
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	to.sin_port = htons(rig.port);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int
accept_from(int lfd)
{
	struct mono end = mono_add_ms(mono_now(), DEADLINE_MS);
	int fd;

	while ((fd = accept4(lfd, NULL, NULL, 0)) == -1) {
		ck_assert_msg(!mono_reached(mono_now(), end), "nobody dials");
		pump(5);
	}
	return fd;
}

static void
say(int fd, const void *p, size_t len)
{
	ck_assert_int_eq(send(fd, p, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* n bytes; 0 at the end of file (also a reset), -1 if nothing comes for ms. */
static ssize_t
hear_bytes(int fd, uint8_t *buf, size_t n, int ms)
{
	struct mono end = mono_add_ms(mono_now(), ms);
	size_t have = 0;
	ssize_t got;

	while (have < n) {
		got = recv(fd, buf + have, n - have, MSG_DONTWAIT);
		if (got == 0 || (got == -1 && errno != EAGAIN))
			return 0;
		if (got > 0) {
			have += (size_t)got;
			continue;
		}
		if (mono_reached(mono_now(), end))
			return -1;
		pump(2);
	}
	return (ssize_t)n;
}

/* One message; its type, 0 at the end of file, -1 if none comes for ms. */
static int
hear_for(int fd, uint8_t *buf, size_t *len, int ms)
{
	ssize_t n = hear_bytes(fd, buf, BGP_HEADER_LEN, ms);
	size_t total;

	if (n <= 0)
		return (int)n;
	total = (size_t)buf[16] << 8 | buf[17];
	ck_assert_uint_ge(total, BGP_HEADER_LEN);
	ck_assert_uint_le(total, BGP_MSG_MAX);
	if (total > BGP_HEADER_LEN)
		ck_assert_int_gt(hear_bytes(fd, buf + BGP_HEADER_LEN,
				     total - BGP_HEADER_LEN, DEADLINE_MS),
		    0);
	if (len != NULL)
		*len = total;
	return buf[18];
}

static int
hear(int fd)
{
	uint8_t buf[BGP_MSG_MAX];

	return hear_for(fd, buf, NULL, DEADLINE_MS);
}

/* The next message but KEEPALIVEs is this NOTIFICATION, then comes the end. */
static void
hear_notification(int fd, int code, int subcode, const char *data,
    size_t data_len)
{
	uint8_t buf[BGP_MSG_MAX];
	size_t len = 0;
	int type;

	do
		type = hear_for(fd, buf, &len, DEADLINE_MS);
	while (type == BGP_KEEPALIVE || type == BGP_OPEN || type == BGP_UPDATE);
	ck_assert_int_eq(type, BGP_NOTIFICATION);
	ck_assert_int_eq(buf[19], code);
	ck_assert_int_eq(buf[20], subcode);
	ck_assert_uint_eq(len, 21 + data_len);
	if (data_len > 0)
		ck_assert_mem_eq(buf + 21, data, data_len);
	ck_assert_int_eq(hear(fd), 0);
}

/* What a peer announces unless a test says otherwise. */
static struct bgp_open
peer_open(void)
{
	struct bgp_open o = {
		.version = 4,
		.asn = PEER_AS,
		.hold_time = 90,
		.id = 0x0a000001,
		.mp = true,
		.families = FAMILY_ALL,
		.as4 = true,
		.route_refresh = true,
	};

	return o;
}

static void
say_open(int fd, const struct bgp_open *o)
{
	uint8_t buf[BGP_OPEN_WRITE_MAX];

	say(fd, buf, bgp_open_write(buf, o));
}

static void
say_keepalive(int fd)
{
	uint8_t buf[BGP_HEADER_LEN];

	bgp_msg_keepalive(buf);
	say(fd, buf, sizeof(buf));
}

static void
say_notification(int fd, uint8_t code, uint8_t subcode)
{
	struct bgp_error e;
	uint8_t buf[BGP_NOTIFICATION_MIN];

	(void)bgp_error_set(&e, code, subcode, NULL, 0);
	say(fd, buf, bgp_msg_notification(buf, &e));
}

/* An UPDATE of len bytes: nobody here looks inside. */
static void
update_write(uint8_t *buf, uint16_t len, uint8_t fill)
{
	memset(buf, fill, len);
	bgp_msg_header(buf, BGP_UPDATE, len);
}

/* From a connection to a session of which the rde is ready. */
static uint32_t
establish(int fd, const struct bgp_open *o, uint32_t *epoch)
{
	struct seen *s;
	uint32_t id;

	say_open(fd, o);
	ck_assert_int_eq(hear(fd), BGP_OPEN);
	ck_assert_int_eq(hear(fd), BGP_KEEPALIVE);
	say_keepalive(fd);
	s = await(PROC_RDE, MSG_PEER_UP);
	id = s->hdr.id;
	if (epoch != NULL)
		*epoch = s->hdr.epoch;
	chan_send_buf(rig.chans[PROC_RDE], MSG_PEER_READY, id, s->hdr.epoch,
	    NULL, 0);
	seen_free(s);
	return id;
}

static struct peer_down
await_down(void)
{
	struct seen *s = await(PROC_RDE, MSG_PEER_DOWN);
	struct peer_down d;
	struct rd r;

	rd_init(&r, s->data, s->hdr.len);
	msg_peer_down_get(&r, &d);
	ck_assert(rd_done(&r));
	seen_free(s);
	return d;
}

static struct err
control(uint8_t op, const char *ip, uint32_t families, const char *reason)
{
	struct peer_ctl ctl = { .op = op, .families = families };
	struct err e;
	struct seen *s;
	struct rd r;
	struct wr w;
	uint8_t buf[256];

	ck_assert_int_eq(addr_parse(ip, &ctl.addr), 0);
	snprintf(ctl.reason, sizeof(ctl.reason), "%s", reason);
	wr_init(&w, buf, sizeof(buf));
	msg_peer_ctl_put(&w, &ctl);
	chan_send_wr(rig.chans[PROC_APID], MSG_PEER_CTL, 77, 0, &w);
	s = await(PROC_APID, MSG_PEER_CTL_DONE);
	ck_assert_uint_eq(s->hdr.id, 77);
	rd_init(&r, s->data, s->hdr.len);
	err_get(&r, &e);
	ck_assert(rd_done(&r));
	seen_free(s);
	return e;
}

/* The row of one peer; false if there is none. */
static bool
row_of(const char *ip, struct peer_row *row)
{
	struct peers_get get = { .kind = PEERS_ONE };
	uint8_t credit[4] = { 0, 0, 0, 1 };
	struct seen *s;
	struct rd r;
	struct wr w;
	struct err e;
	uint8_t buf[32];

	ck_assert_int_eq(addr_parse(ip, &get.addr), 0);
	wr_init(&w, buf, sizeof(buf));
	msg_peers_get_put(&w, &get);
	chan_send_wr(rig.chans[PROC_APID], MSG_PEERS_GET, 5, 0, &w);
	chan_send_buf(rig.chans[PROC_APID], MSG_PEERS_CREDIT, 5, 0, credit, 4);
	s = await(PROC_APID, MSG_PEERS_END);
	rd_init(&r, s->data, s->hdr.len);
	err_get(&r, &e);
	seen_free(s);
	if (e.code != ERR_OK) {
		ck_assert_int_eq(e.code, ERR_NOT_FOUND);
		ck_assert_ptr_nonnull(strstr(e.text, "not found"));
		return false;
	}
	s = await(PROC_APID, MSG_PEERS_ROWS);
	rd_init(&r, s->data, s->hdr.len);
	msg_peer_row_get(&r, row);
	ck_assert(rd_done(&r));
	seen_free(s);
	return true;
}

static void
await_state(const char *ip, enum peer_state state)
{
	struct mono end = mono_add_ms(mono_now(), DEADLINE_MS);
	struct peer_row row;

	do {
		ck_assert(row_of(ip, &row));
		ck_assert_msg(!mono_reached(mono_now(), end),
		    "state %u, not %d", row.state, state);
	} while (row.state != state);
}

/* TX of one message block to the ids in the list. */
static void
transmit(const uint32_t *ids, int n, const void *data, size_t len,
    uint16_t messages)
{
	uint8_t bitmap[16] = { 0 };
	struct wr w;
	int i;

	for (i = 0; i < n; i++)
		bitmap[ids[i] / 8] |= (uint8_t)(1u << (ids[i] % 8));
	wr_init_grow(&w, MSG_MAX);
	wr_n16(&w, sizeof(bitmap));
	wr_copy(&w, bitmap, sizeof(bitmap));
	wr_n16(&w, messages);
	wr_copy(&w, data, len);
	chan_send_wr(rig.chans[PROC_RDE], MSG_TX, 0, 0, &w);
	wr_free(&w);
}

/* --- coming up */

START_TEST(a_passive_peer_comes_up)
{
	struct bgp_open o = peer_open();
	struct peer_up up;
	struct peer_row row;
	struct seen *s;
	struct rd r;
	uint8_t buf[BGP_MSG_MAX];
	uint8_t msg[50];
	size_t len;
	uint32_t id;
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	await_state("127.0.0.2", PEER_ACTIVE);
	fd = dial("127.0.0.2");
	ck_assert_int_eq(hear_for(fd, buf, &len, DEADLINE_MS), BGP_OPEN);
	await_state("127.0.0.2", PEER_OPEN_SENT);
	say_open(fd, &o);
	ck_assert_int_eq(hear(fd), BGP_KEEPALIVE);
	await_state("127.0.0.2", PEER_OPEN_CONFIRM);
	/* The first UPDATE may follow the KEEPALIVE at once. */
	bgp_msg_keepalive(buf + 1000);
	update_write(buf + 1000 + BGP_HEADER_LEN, 23, 0);
	say(fd, buf + 1000, BGP_HEADER_LEN + 23);
	s = await(PROC_RDE, MSG_PEER_UP);
	id = s->hdr.id;
	rd_init(&r, s->data, s->hdr.len);
	msg_peer_up_get(&r, &up);
	ck_assert(rd_done(&r));
	ck_assert_uint_eq(up.remote_as, PEER_AS);
	ck_assert_uint_eq(up.remote_id, 0x0a000001);
	ck_assert_uint_eq(up.local_as, LOCAL_AS);
	ck_assert(up.ebgp && up.configured && up.as4 && up.route_refresh);
	ck_assert_uint_eq(up.families, FAMILY_ALL);
	ck_assert_uint_eq(up.open_sent_len, len);
	ck_assert_mem_eq(up.open_sent, buf, len);
	ck_assert_uint_eq(up.local_port, rig.port);
	peer_up_fini(&up);
	chan_send_buf(rig.chans[PROC_RDE], MSG_PEER_READY, id, s->hdr.epoch,
	    NULL, 0);
	seen_free(s);
	s = await(PROC_RDE, MSG_UPDATES);
	ck_assert_uint_eq(s->hdr.id, id);
	ck_assert_uint_eq(s->hdr.len, 23);
	seen_free(s);
	update_write(msg, sizeof(msg), 7);
	transmit(&id, 1, msg, sizeof(msg), 1);
	ck_assert_int_eq(hear_for(fd, buf, &len, DEADLINE_MS), BGP_UPDATE);
	ck_assert_uint_eq(len, sizeof(msg));
	ck_assert_mem_eq(buf, msg, len);
	s = await(PROC_RDE, MSG_TX_CREDIT);
	ck_assert_uint_eq(s->hdr.len, 12);
	ck_assert_uint_eq(s->data[11], sizeof(msg));
	seen_free(s);
	ck_assert(row_of("127.0.0.2", &row));
	ck_assert_uint_eq(row.state, PEER_ESTABLISHED);
	ck_assert_uint_eq(row.asn, PEER_AS);
	ck_assert_uint_eq(row.hold_time, 90);
	ck_assert_uint_eq(row.stats.open_sent, 1);
	ck_assert_uint_eq(row.stats.open_received, 1);
	ck_assert_uint_eq(row.stats.keepalive_sent, 1);
	ck_assert_uint_eq(row.stats.keepalive_received, 1);
	ck_assert_uint_eq(row.stats.update_sent, 1);
	ck_assert_uint_eq(row.stats.update_received, 1);
	ck_assert_uint_eq(row.stats.notification_sent, 0);
	close(fd);
	rig_end();
}
END_TEST

START_TEST(an_active_peer_is_dialled_and_dialled_again)
{
	struct bgp_open o = peer_open();
	struct conf_peer *p;
	uint16_t port;
	int lfd = listen_on("127.0.0.3", &port);
	int fd;

	rig_init();
	p = add_peer("127.0.0.3");
	p->passive = false;
	p->port = port;
	rig_start();
	fd = accept_from(lfd);
	establish(fd, &o, NULL);
	await_state("127.0.0.3", PEER_ESTABLISHED);
	close(fd);
	ck_assert_int_eq(await_down().reason, PEER_DOWN_REMOTE);
	fd = accept_from(lfd);
	establish(fd, &o, NULL);
	close(fd);
	close(lfd);
	rig_end();
}
END_TEST

START_TEST(delay_open_waits_and_an_open_ends_it)
{
	struct bgp_open o = peer_open();
	uint8_t buf[BGP_MSG_MAX];
	int fd;

	rig_init();
	add_peer("127.0.0.2")->delay_open_secs = 1;
	add_peer("127.0.0.3")->delay_open_secs = 3600;
	rig_start();
	fd = dial("127.0.0.2");
	ck_assert_int_eq(hear_for(fd, buf, NULL, 700), -1);
	establish(fd, &o, NULL);
	close(fd);
	await_down();
	fd = dial("127.0.0.3");
	o.asn = PEER_AS + 1;
	establish(fd, &o, NULL);
	close(fd);
	rig_end();
}
END_TEST

/* --- what is wrong is said */

struct script {
	int code;
	int subcode;
	const char *data;
	size_t data_len;
};

START_TEST(header_errors_have_code_and_data)
{
	static const struct script expected[] = {
		{ 1, 1, "", 0 },
		{ 1, 2, "\0\22", 2 },
		{ 1, 2, "\20\1", 2 },
		{ 1, 2, "\0\24", 2 },
		{ 1, 3, "\11", 1 },
	};
	uint8_t m[64];
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.2");
	ck_assert_int_eq(hear(fd), BGP_OPEN);
	memset(m, 0, sizeof(m));
	bgp_msg_keepalive(m);
	switch (_i) {
	case 0:
		m[3] = 0;
		break;
	case 1:
		m[17] = 18;
		break;
	case 2:
		m[16] = 16;
		m[17] = 1;
		m[18] = BGP_UPDATE;
		break;
	case 3:
		m[17] = 20;
		break;
	default:
		m[18] = 9;
		break;
	}
	say(fd, m, 20);
	hear_notification(fd, expected[_i].code, expected[_i].subcode,
	    expected[_i].data, expected[_i].data_len);
	close(fd);
	rig_end();
}
END_TEST

START_TEST(open_errors_have_code_and_data)
{
	static const struct script expected[] = {
		{ 2, 1, "\0\4", 2 },
		{ 2, 2, "", 0 },
		{ 2, 6, "", 0 },
		{ 2, 3, "", 0 },
		{ 2, 2, "", 0 },
		{ 2, 7, "\1\4\0\1\0\1", 6 },
	};
	struct bgp_open o = peer_open();
	struct peer_row row;
	uint8_t buf[BGP_OPEN_WRITE_MAX];
	size_t len;
	int fd;

	rig_init();
	add_peer("127.0.0.2")->remote_as = PEER_AS;
	rig.conf->peers[0].families = FAMILY_BIT(FAMILY_IPV4_UNICAST);
	rig_start();
	fd = dial("127.0.0.2");
	ck_assert_int_eq(hear(fd), BGP_OPEN);
	if (_i == 1)
		o.asn = PEER_AS + 1;
	if (_i == 2)
		o.hold_time = 2;
	if (_i == 3)
		o.id = 0;
	if (_i == 4)
		o.asn = 0;
	if (_i == 5)
		o.families = FAMILY_BIT(FAMILY_IPV6_UNICAST);
	len = bgp_open_write(buf, &o);
	if (_i == 0)
		buf[19] = 3;
	say(fd, buf, len);
	hear_notification(fd, expected[_i].code, expected[_i].subcode,
	    expected[_i].data, expected[_i].data_len);
	ck_assert(row_of("127.0.0.2", &row));
	ck_assert_uint_eq(row.stats.notification_sent, 1);
	ck_assert_uint_eq(row.last_sent_code, 2);
	close(fd);
	rig_end();
}
END_TEST

START_TEST(unexpected_messages_draw_fsm_errors)
{
	struct bgp_open o = peer_open();
	const char *const types[] = { "\4", "\2", "\2", "\1", "\5" };
	const char *type = types[_i];
	uint8_t m[64];
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	update_write(m, 23, 0);
	fd = dial("127.0.0.2");
	ck_assert_int_eq(hear(fd), BGP_OPEN);
	switch (_i) {
	case 0:
		say_keepalive(fd);
		hear_notification(fd, 5, 1, type, 1);
		break;
	case 1:
		say(fd, m, 23);
		hear_notification(fd, 5, 1, type, 1);
		break;
	case 2:
		say_open(fd, &o);
		say(fd, m, 23);
		hear_notification(fd, 5, 2, type, 1);
		break;
	case 3:
		say_open(fd, &o);
		say_keepalive(fd);
		say_open(fd, &o);
		hear_notification(fd, 5, 3, type, 1);
		ck_assert_int_eq(await_down().reason,
		    PEER_DOWN_LOCAL_NOTIFICATION);
		break;
	default:
		bgp_msg_refresh(m, FAMILY_IPV4_UNICAST, 0);
		say(fd, m, BGP_REFRESH_LEN);
		hear_notification(fd, 5, 1, type, 1);
		break;
	}
	close(fd);
	rig_end();
}
END_TEST

START_TEST(a_notification_is_never_answered)
{
	struct bgp_open o = peer_open();
	struct peer_down d;
	struct peer_row row;
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.2");
	ck_assert_int_eq(hear(fd), BGP_OPEN);
	say_notification(fd, 6, 2);
	ck_assert_int_eq(hear(fd), 0);
	close(fd);
	await_state("127.0.0.2", PEER_ACTIVE);
	fd = dial("127.0.0.2");
	establish(fd, &o, NULL);
	say_notification(fd, 6, 9);
	ck_assert_int_eq(hear(fd), 0);
	d = await_down();
	ck_assert_int_eq(d.reason, PEER_DOWN_REMOTE_NOTIFICATION);
	ck_assert_int_eq(d.code, 6);
	ck_assert_int_eq(d.subcode, 9);
	ck_assert_uint_eq(d.stale_families, 0);
	ck_assert(row_of("127.0.0.2", &row));
	ck_assert_uint_eq(row.stats.notification_received, 2);
	ck_assert_uint_eq(row.stats.notification_sent, 0);
	ck_assert_uint_eq(row.last_received_subcode, 9);
	close(fd);
	rig_end();
}
END_TEST

START_TEST(garbage_of_any_kind_ends_one_session_at_most)
{
	struct bgp_open o = peer_open();
	uint8_t m[200];
	unsigned int seed = (unsigned int)_i + 1;
	size_t i, n;
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	add_peer("127.0.0.3");
	rig_start();
	for (n = 0; n < 40; n++) {
		await_state("127.0.0.2", PEER_ACTIVE);
		fd = dial("127.0.0.2");
		for (i = 0; i < sizeof(m); i++)
			m[i] = (uint8_t)rand_r(&seed);
		if (n % 4 != 0)
			bgp_msg_header(m, (uint8_t)(1 + n % 6),
			    (uint16_t)(19 + rand_r(&seed) % 180));
		(void)send(fd, m, sizeof(m), MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		while (hear(fd) > 0)
			;
		close(fd);
	}
	fd = dial("127.0.0.3");
	establish(fd, &o, NULL);
	close(fd);
	rig_end();
}
END_TEST

/* --- strangers */

START_TEST(strangers_are_told_and_idle_peers_are_not)
{
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.9");
	hear_notification(fd, 6, 5, "", 0);
	close(fd);
	ck_assert_int_eq(control(PEER_CTL_DISABLE, "127.0.0.2", 0, "").code,
	    ERR_OK);
	fd = dial("127.0.0.2");
	ck_assert_int_eq(hear(fd), 0);
	close(fd);
	rig_end();
}
END_TEST

START_TEST(unconfigured_peers_come_and_vanish)
{
	struct bgp_open o = peer_open();
	struct peer_row row;
	int fd;

	rig_init();
	rig.conf->accept_unconfigured_peers = true;
	rig_start();
	fd = dial("127.0.0.9");
	establish(fd, &o, NULL);
	ck_assert(row_of("127.0.0.9", &row));
	ck_assert(!row.configured);
	close(fd);
	await_down();
	await_gone(PROC_RDE, MSG_PEER_GONE);
	ck_assert(!row_of("127.0.0.9", &row));
	/* one that kept forwarding may come back for its routes */
	o.gr = true;
	o.gr_time = 1;
	o.gr_families = FAMILY_ALL;
	fd = dial("127.0.0.9");
	establish(fd, &o, NULL);
	close(fd);
	ck_assert_uint_eq(await_down().stale_families, FAMILY_ALL);
	ck_assert(row_of("127.0.0.9", &row));
	ck_assert_uint_eq(row.state, PEER_IDLE);
	fd = dial("127.0.0.9");
	establish(fd, &o, NULL);
	close(fd);
	ck_assert_uint_eq(await_down().stale_families, FAMILY_ALL);
	await_gone(PROC_RDE, MSG_PEER_GONE);
	ck_assert(!row_of("127.0.0.9", &row));
	rig_end();
}
END_TEST

START_TEST(without_descriptors_the_rest_goes_on)
{
	enum { N = 120 };
	struct bgp_open o = peer_open();
	struct peer_row row;
	char ip[32];
	uint8_t m[23];
	int held[N];
	int fd, i;

	rig_init();
	rig.files = 64;
	rig.conf->accept_unconfigured_peers = true;
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.2");
	establish(fd, &o, NULL);
	for (i = 0; i < N; i++) {
		snprintf(ip, sizeof(ip), "127.2.0.%d", i + 1);
		held[i] = dial(ip);
	}
	/* The last one is refused, the session lives. */
	while (hear(held[N - 1]) > 0)
		;
	update_write(m, sizeof(m), 0);
	say(fd, m, sizeof(m));
	await_gone(PROC_RDE, MSG_UPDATES);
	ck_assert(row_of("127.0.0.2", &row));
	ck_assert_uint_eq(row.state, PEER_ESTABLISHED);
	for (i = 0; i < N; i++)
		close(held[i]);
	/* There is room again: not at once, but without help. */
	o.asn++;
	for (i = 0;; i++) {
		ck_assert_int_lt(i, 1000);
		held[0] = dial("127.3.0.1");
		if (hear(held[0]) == BGP_OPEN)
			break;
		close(held[0]);
		pump(10);
	}
	say_open(held[0], &o);
	ck_assert_int_eq(hear(held[0]), BGP_KEEPALIVE);
	close(held[0]);
	close(fd);
	rig_end();
}
END_TEST

/* --- collision */

/* Both sides dial; the connection that the higher identifier began stays. */
START_TEST(collision_goes_by_identifier)
{
	const bool ours_higher = _i < 2;
	struct bgp_open o = peer_open();
	struct conf_peer *p;
	uint16_t port;
	int lfd = listen_on("127.0.0.3", &port);
	int theirs, ours, stays, goes;

	o.id = ours_higher ? LOCAL_ID - 1 : LOCAL_ID + 1;
	rig_init();
	p = add_peer("127.0.0.3");
	p->passive = false;
	p->port = port;
	rig_start();
	ours = accept_from(lfd);
	ck_assert_int_eq(hear(ours), BGP_OPEN);
	theirs = dial("127.0.0.3");
	ck_assert_int_eq(hear(theirs), BGP_OPEN);
	stays = ours_higher ? ours : theirs;
	goes = ours_higher ? theirs : ours;
	/* whichever gets the OPEN first, its KEEPALIVE comes before the other
	 * OPEN is there */
	if (_i % 2 == 0) {
		say_open(goes, &o);
		ck_assert_int_eq(hear(goes), BGP_KEEPALIVE);
		say_open(stays, &o);
		ck_assert_int_eq(hear(stays), BGP_KEEPALIVE);
	} else {
		say_open(stays, &o);
		ck_assert_int_eq(hear(stays), BGP_KEEPALIVE);
		say_open(goes, &o);
	}
	hear_notification(goes, 6, 7, "", 0);
	say_keepalive(stays);
	await_gone(PROC_RDE, MSG_PEER_UP);
	await_state("127.0.0.3", PEER_ESTABLISHED);
	close(ours);
	close(theirs);
	close(lfd);
	rig_end();
}
END_TEST

START_TEST(an_established_session_stands_against_another_connection)
{
	struct bgp_open o = peer_open();
	int first, second;

	rig_init();
	add_peer("127.0.0.2");
	add_peer("127.0.0.3")->collision_established = true;
	rig_start();
	first = dial("127.0.0.2");
	establish(first, &o, NULL);
	second = dial("127.0.0.2");
	ck_assert_int_eq(hear(second), 0);
	close(second);
	await_state("127.0.0.2", PEER_ESTABLISHED);
	close(first);
	await_down();
	/* with the option the peer may come anew */
	o.asn++;
	first = dial("127.0.0.3");
	establish(first, &o, NULL);
	second = dial("127.0.0.3");
	ck_assert_int_eq(hear(second), BGP_OPEN);
	say_open(second, &o);
	hear_notification(first, 6, 7, "", 0);
	ck_assert_int_eq(await_down().subcode, 7);
	ck_assert_int_eq(hear(second), BGP_KEEPALIVE);
	say_keepalive(second);
	await_gone(PROC_RDE, MSG_PEER_UP);
	close(first);
	close(second);
	rig_end();
}
END_TEST

/* The connection that is established first stays, identifiers or not. */
START_TEST(the_faster_of_two_connections_wins)
{
	struct bgp_open o = peer_open();
	struct conf_peer *p;
	uint16_t port;
	int lfd = listen_on("127.0.0.3", &port);
	int ours, theirs;

	o.id = LOCAL_ID - 1; /* ours would win */
	rig_init();
	p = add_peer("127.0.0.3");
	p->passive = false;
	p->port = port;
	rig_start();
	ours = accept_from(lfd);
	ck_assert_int_eq(hear(ours), BGP_OPEN);
	theirs = dial("127.0.0.3");
	establish(theirs, &o, NULL);
	hear_notification(ours, 6, 7, "", 0);
	await_state("127.0.0.3", PEER_ESTABLISHED);
	close(ours);
	close(theirs);
	ck_assert_int_eq(await_down().reason, PEER_DOWN_REMOTE);
	close(lfd);
	rig_end();
}
END_TEST

START_TEST(a_third_connection_is_closed)
{
	int fd[3];

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd[0] = dial("127.0.0.2");
	ck_assert_int_eq(hear(fd[0]), BGP_OPEN);
	fd[1] = dial("127.0.0.2");
	ck_assert_int_eq(hear(fd[1]), BGP_OPEN);
	fd[2] = dial("127.0.0.2");
	ck_assert_int_eq(hear(fd[2]), 0);
	/* the first goes, the second takes its place */
	close(fd[0]);
	say_keepalive(fd[1]);
	hear_notification(fd[1], 5, 1, "\4", 1);
	close(fd[1]);
	close(fd[2]);
	rig_end();
}
END_TEST

/* --- timers */

START_TEST(the_hold_timer_expires_and_keepalives_flow)
{
	struct bgp_open o = peer_open();
	struct peer_down d;
	struct mono start;
	int64_t ms;
	int fd;
	int n;

	o.hold_time = 3;
	o.gr = true;
	o.gr_time = 100;
	o.gr_families = FAMILY_ALL;
	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.2");
	establish(fd, &o, NULL);
	start = mono_now();
	for (n = 0; n < 2; n++)
		ck_assert_int_eq(hear(fd), BGP_KEEPALIVE);
	hear_notification(fd, 4, 0, "", 0);
	ms = mono_diff_ms(mono_now(), start);
	ck_assert_int_ge(ms, 2800);
	d = await_down();
	ck_assert_int_eq(d.reason, PEER_DOWN_LOCAL_NOTIFICATION);
	ck_assert_int_eq(d.code, 4);
	ck_assert_uint_eq(d.stale_families, 0);
	close(fd);
	rig_end();
}
END_TEST

START_TEST(hold_time_zero_means_no_keepalives)
{
	struct bgp_open o = peer_open();
	uint8_t buf[BGP_MSG_MAX];
	struct peer_row row;
	int fd;

	rig_init();
	add_peer("127.0.0.2")->hold_time = 0;
	rig_start();
	fd = dial("127.0.0.2");
	establish(fd, &o, NULL);
	ck_assert(row_of("127.0.0.2", &row));
	ck_assert_uint_eq(row.hold_time, 0);
	ck_assert_int_eq(hear_for(fd, buf, NULL, 1500), -1);
	close(fd);
	rig_end();
}
END_TEST

START_TEST(a_session_that_takes_nothing_ends)
{
	static uint8_t block[16 * 4096];
	struct bgp_open o = peer_open();
	struct peer_row row;
	uint32_t id;
	int fd, i;

	rig_init();
	rig.send_hold_ms = 1000;
	add_peer("127.0.0.2")->hold_time = 0;
	rig_start();
	fd = dial("127.0.0.2");
	id = establish(fd, &o, NULL);
	for (i = 0; i < 16; i++)
		update_write(block + i * 4096, 4096, 1);
	/* more than any socket buffer, but within the window: go on with the
	 * credit until none comes */
	for (i = 0; i < 400; i++) {
		struct seen *s;

		transmit(&id, 1, block, sizeof(block), 16);
		s = await_for(PROC_RDE, MSG_TX_CREDIT, 1000);
		if (s == NULL)
			break;
		seen_free(s);
	}
	ck_assert_int_lt(i, 400);
	ck_assert_int_eq(await_down().code, BGP_ERR_SEND_HOLD);
	ck_assert(row_of("127.0.0.2", &row));
	ck_assert_uint_eq(row.last_sent_code, BGP_ERR_SEND_HOLD);
	ck_assert_uint_eq(row.tx_queued, 0);
	close(fd);
	rig_end();
}
END_TEST

START_TEST(refreshes_do_not_pile_up_before_a_deaf_peer)
{
	static uint8_t block[16 * 4096];
	struct bgp_open o = peer_open();
	struct peer_row full, row;
	uint32_t id;
	int fd, i;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.2");
	id = establish(fd, &o, NULL);
	for (i = 0; i < 16; i++)
		update_write(block + i * 4096, 4096, 1);
	for (i = 0; i < 400; i++) {
		struct seen *s;

		transmit(&id, 1, block, sizeof(block), 16);
		s = await_for(PROC_RDE, MSG_TX_CREDIT, 1000);
		if (s == NULL)
			break;
		seen_free(s);
	}
	ck_assert_int_lt(i, 400);
	ck_assert(row_of("127.0.0.2", &full));
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(
		    control(PEER_CTL_REFRESH_IN, "127.0.0.2", FAMILY_ALL, "")
			.code,
		    ERR_OK);
	ck_assert(row_of("127.0.0.2", &row));
	ck_assert_uint_eq(row.tx_queued,
	    full.tx_queued + FAMILY__MAX * BGP_REFRESH_LEN);
	close(fd);
	rig_end();
}
END_TEST

/* --- graceful restart */

START_TEST(a_lost_connection_keeps_routes_of_who_said_so)
{
	struct bgp_open o = peer_open();
	struct peer_down d;
	int fd, again;

	o.gr = true;
	o.gr_time = 77;
	o.gr_families = FAMILY_BIT(FAMILY_IPV6_UNICAST);
	rig_init();
	add_peer("127.0.0.2")->idle_hold_secs = 3600;
	rig_start();
	fd = dial("127.0.0.2");
	establish(fd, &o, NULL);
	close(fd);
	d = await_down();
	ck_assert_uint_eq(d.stale_families, FAMILY_BIT(FAMILY_IPV6_UNICAST));
	ck_assert_uint_eq(d.gr_time, 77);
	ck_assert_int_eq(d.reason, PEER_DOWN_REMOTE);
	/* it is let in although in Idle; then it comes again before we know
	 * that it was gone */
	await_state("127.0.0.2", PEER_IDLE);
	fd = dial("127.0.0.2");
	establish(fd, &o, NULL);
	again = dial("127.0.0.2");
	ck_assert_uint_eq(await_down().stale_families,
	    FAMILY_BIT(FAMILY_IPV6_UNICAST));
	ck_assert_int_eq(hear(fd), 0);
	establish(again, &o, NULL);
	/* a NOTIFICATION ends everything */
	say_notification(again, 6, 4);
	ck_assert_uint_eq(await_down().stale_families, 0);
	close(fd);
	close(again);
	await_state("127.0.0.2", PEER_IDLE);
	fd = dial("127.0.0.2");
	ck_assert_int_eq(hear(fd), 0);
	close(fd);
	rig_end();
}
END_TEST

/* --- flow */

static void
give_rx_credit(uint32_t id, uint32_t epoch, uint32_t bytes)
{
	struct credit c = { id, epoch, bytes };
	struct wr w;
	uint8_t buf[12];

	wr_init(&w, buf, sizeof(buf));
	msg_credit_put(&w, &c);
	chan_send_wr(rig.chans[PROC_RDE], MSG_RX_CREDIT, 0, 0, &w);
}

START_TEST(a_peer_is_stopped_by_its_window_and_stays_alive)
{
	enum { N = 1000, LEN = 1500 };
	struct bgp_open o = peer_open();
	struct seen *s;
	uint8_t *all = malloc((size_t)N * LEN);
	size_t sent = 0, got = 0;
	uint32_t id, epoch;
	ssize_t n;
	int fd, other, i;

	o.hold_time = 3;
	rig_init();
	add_peer("127.0.0.2");
	add_peer("127.0.0.3");
	rig_start();
	fd = dial("127.0.0.2");
	id = establish(fd, &o, &epoch);
	for (i = 0; i < N; i++)
		update_write(all + (size_t)i * LEN, LEN, (uint8_t)i);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	/* Nobody gives credit: the window fills and no more comes, for longer
	 * than the hold time. */
	for (;;) {
		n = send(fd, all + sent, (size_t)N * LEN - sent, 0);
		if (n > 0)
			sent += (size_t)n;
		s = await_for(PROC_RDE, MSG_UPDATES, got == 0 ? 2000 : 4000);
		if (s == NULL)
			break;
		ck_assert_uint_eq(s->hdr.id, id);
		ck_assert_mem_eq(all + got, s->data, s->hdr.len);
		got += s->hdr.len;
		ck_assert_uint_le(got, RX_WINDOW);
		seen_free(s);
	}
	ck_assert_uint_gt(got, RX_WINDOW / 2);
	ck_assert_uint_lt(got, (size_t)N * LEN);
	ck_assert_ptr_null(await_for(PROC_RDE, MSG_PEER_DOWN, 0));
	await_state("127.0.0.2", PEER_ESTABLISHED);
	/* The others do not notice. */
	o.hold_time = 90;
	other = dial("127.0.0.3");
	establish(other, &o, NULL);
	/* Credit makes it flow again, in order and without loss. */
	give_rx_credit(id, epoch, (uint32_t)got);
	while (got < (size_t)N * LEN) {
		n = send(fd, all + sent, (size_t)N * LEN - sent, 0);
		if (n > 0)
			sent += (size_t)n;
		s = await_for(PROC_RDE, MSG_UPDATES, 20);
		if (s == NULL) {
			ck_assert_ptr_null(
			    await_for(PROC_RDE, MSG_PEER_DOWN, 0));
			continue;
		}
		ck_assert_mem_eq(all + got, s->data, s->hdr.len);
		got += s->hdr.len;
		give_rx_credit(id, epoch, s->hdr.len);
		seen_free(s);
	}
	free(all);
	close(fd);
	close(other);
	rig_end();
}
END_TEST

START_TEST(order_is_kept_between_kinds_of_messages)
{
	struct bgp_open o = peer_open();
	uint8_t m[400];
	struct seen *s;
	size_t n = 0;
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.2");
	establish(fd, &o, NULL);
	update_write(m + n, 30, 1);
	n += 30;
	update_write(m + n, 40, 2);
	n += 40;
	bgp_msg_refresh(m + n, FAMILY_IPV6_UNICAST, 0);
	n += BGP_REFRESH_LEN;
	update_write(m + n, 50, 3);
	n += 50;
	bgp_msg_keepalive(m + n);
	n += BGP_HEADER_LEN;
	update_write(m + n, 60, 4);
	/* the last one in two pieces */
	say(fd, m, n + 25);
	s = await(PROC_RDE, MSG_UPDATES);
	ck_assert_uint_eq(s->hdr.len, 70);
	seen_free(s);
	s = TAILQ_FIRST(&rig.seen);
	s = s != NULL ? s : await(PROC_RDE, MSG_REFRESH);
	ck_assert_int_eq(s->hdr.type, MSG_REFRESH);
	ck_assert_mem_eq(s->data, "\0\2\0\1", 4);
	if (s == TAILQ_FIRST(&rig.seen))
		TAILQ_REMOVE(&rig.seen, s, entry);
	seen_free(s);
	s = await(PROC_RDE, MSG_UPDATES);
	ck_assert_uint_eq(s->hdr.len, 50);
	seen_free(s);
	say(fd, m + n + 25, 35);
	s = await(PROC_RDE, MSG_UPDATES);
	ck_assert_uint_eq(s->hdr.len, 60);
	seen_free(s);
	close(fd);
	rig_end();
}
END_TEST

START_TEST(a_slow_reader_delays_nobody_and_ends_at_a_border)
{
	static uint8_t block[64 * 1000];
	struct bgp_open o = peer_open();
	uint8_t buf[BGP_MSG_MAX];
	uint64_t credit[2] = { 0 };
	struct seen *s;
	struct credit c;
	struct rd r;
	uint32_t id[2];
	size_t len;
	int fd[2], i, type;
	uint32_t sent = 0;

	rig_init();
	add_peer("127.0.0.2");
	add_peer("127.0.0.3");
	rig_start();
	fd[0] = dial("127.0.0.2");
	id[0] = establish(fd[0], &o, NULL);
	fd[1] = dial("127.0.0.3");
	o.asn++;
	id[1] = establish(fd[1], &o, NULL);
	for (i = 0; i < 64; i++)
		update_write(block + i * 1000, 1000, (uint8_t)i);
	/* Both get blocks until the second is full; then the first alone. */
	for (i = 0; i < 200; i++) {
		bool full = sent >= credit[1] + TX_WINDOW - sizeof(block);

		transmit(id, full ? 1 : 2, block, sizeof(block), 64);
		if (!full)
			sent += sizeof(block);
		while (credit[0] < (uint64_t)(i + 1) * sizeof(block)) {
			s = await_for(PROC_RDE, MSG_TX_CREDIT, 1);
			if (s == NULL) {
				while (hear_for(fd[0], buf, &len, 0) > 0)
					;
				continue;
			}
			rd_init(&r, s->data, s->hdr.len);
			while (rd_left(&r) > 0) {
				msg_credit_get(&r, &c);
				credit[c.peer == id[1]] += c.bytes;
			}
			seen_free(s);
		}
	}
	ck_assert_uint_eq(credit[0], 200 * sizeof(block));
	ck_assert_uint_lt(credit[1], sent);
	/* What the slow one hears is whole messages, then the end. */
	ck_assert_int_eq(control(PEER_CTL_DISABLE, "127.0.0.3", 0, "bye").code,
	    ERR_OK);
	do
		type = hear_for(fd[1], buf, &len, DEADLINE_MS);
	while (type == BGP_UPDATE || type == BGP_KEEPALIVE);
	ck_assert_int_eq(type, BGP_NOTIFICATION);
	ck_assert_uint_eq(len, 25);
	ck_assert_mem_eq(buf + 19, "\6\2\3bye", 6);
	ck_assert_int_eq(hear(fd[1]), 0);
	close(fd[0]);
	close(fd[1]);
	rig_end();
}
END_TEST

START_TEST(a_session_gets_nothing_before_the_rde_is_ready)
{
	struct bgp_open o = peer_open();
	uint8_t msg[30];
	uint8_t buf[BGP_MSG_MAX];
	struct seen *s;
	uint32_t id;
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.2");
	say_open(fd, &o);
	ck_assert_int_eq(hear(fd), BGP_OPEN);
	ck_assert_int_eq(hear(fd), BGP_KEEPALIVE);
	say_keepalive(fd);
	s = await(PROC_RDE, MSG_PEER_UP);
	id = s->hdr.id;
	update_write(msg, sizeof(msg), 1);
	transmit(&id, 1, msg, sizeof(msg), 1);
	chan_send_buf(rig.chans[PROC_RDE], MSG_PEER_READY, id, s->hdr.epoch + 1,
	    NULL, 0);
	transmit(&id, 1, msg, sizeof(msg), 1);
	chan_send_buf(rig.chans[PROC_RDE], MSG_PEER_READY, id, s->hdr.epoch,
	    NULL, 0);
	update_write(msg, sizeof(msg), 2);
	transmit(&id, 1, msg, sizeof(msg), 1);
	ck_assert_int_eq(hear_for(fd, buf, NULL, DEADLINE_MS), BGP_UPDATE);
	ck_assert_uint_eq(buf[29], 2);
	seen_free(s);
	close(fd);
	rig_end();
}
END_TEST

/* --- orders */

START_TEST(disable_holds_and_enable_starts)
{
	struct bgp_open o = peer_open();
	struct peer_row row;
	struct conf_peer *p;
	uint16_t port;
	int lfd = listen_on("127.0.0.3", &port);
	int fd;

	rig_init();
	p = add_peer("127.0.0.3");
	p->passive = false;
	p->port = port;
	rig_start();
	fd = accept_from(lfd);
	establish(fd, &o, NULL);
	ck_assert_int_eq(control(PEER_CTL_DISABLE, "127.0.0.3", 0, "").code, 0);
	hear_notification(fd, 6, 2, "", 0);
	ck_assert_int_eq(await_down().subcode, 2);
	close(fd);
	ck_assert(row_of("127.0.0.3", &row));
	ck_assert_uint_eq(row.admin, PEER_ADMIN_DOWN);
	ck_assert_uint_eq(row.state, PEER_IDLE);
	/* A reload does not lift it. */
	ck_assert(configure(-1, NULL));
	ck_assert_int_eq(control(PEER_CTL_DISABLE, "127.0.0.3", 0, "").code, 0);
	pump(200);
	ck_assert_int_eq(accept4(lfd, NULL, NULL, 0), -1);
	ck_assert_int_eq(control(PEER_CTL_ENABLE, "127.0.0.3", 0, "").code, 0);
	fd = accept_from(lfd);
	establish(fd, &o, NULL);
	ck_assert_int_eq(control(PEER_CTL_ENABLE, "127.0.0.3", 0, "").code, 0);
	await_state("127.0.0.3", PEER_ESTABLISHED);
	close(fd);
	close(lfd);
	rig_end();
}
END_TEST

START_TEST(resets_and_refreshes)
{
	struct bgp_open o = peer_open();
	const uint32_t v6 = FAMILY_BIT(FAMILY_IPV6_UNICAST);
	uint8_t buf[BGP_MSG_MAX];
	struct seen *s;
	struct err e;
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	e = control(PEER_CTL_RESET_HARD, "127.0.0.8", 0, "");
	ck_assert_int_eq(e.code, ERR_NOT_FOUND);
	ck_assert_str_eq(e.text, "peer 127.0.0.8 not found");
	e = control(PEER_CTL_REFRESH_IN, "127.0.0.2", FAMILY_ALL, "");
	ck_assert_int_eq(e.code, ERR_PRECONDITION);
	ck_assert_str_eq(e.text, "peer 127.0.0.2 is not in Established state");
	o.families = FAMILY_BIT(FAMILY_IPV4_UNICAST);
	o.gr = true;
	o.gr_time = 100;
	o.gr_families = o.families;
	fd = dial("127.0.0.2");
	establish(fd, &o, NULL);
	e = control(PEER_CTL_REFRESH_BOTH, "127.0.0.2", v6, "");
	ck_assert_int_eq(e.code, ERR_PRECONDITION);
	e = control(PEER_CTL_REFRESH_BOTH, "127.0.0.2", FAMILY_ALL, "");
	ck_assert_int_eq(e.code, ERR_OK);
	ck_assert_int_eq(hear_for(fd, buf, NULL, DEADLINE_MS),
	    BGP_ROUTE_REFRESH);
	ck_assert_mem_eq(buf + 19, "\0\1\0\1", 4);
	s = await(PROC_RDE, MSG_REFRESH);
	ck_assert_mem_eq(s->data, "\0\1\0\1", 4);
	seen_free(s);
	e = control(PEER_CTL_RESET_HARD, "127.0.0.2", 0, "");
	ck_assert_int_eq(e.code, ERR_OK);
	hear_notification(fd, 6, 4, "", 0);
	ck_assert_uint_eq(await_down().stale_families, 0);
	close(fd);
	await_state("127.0.0.2", PEER_ACTIVE);
	rig_end();
}
END_TEST

START_TEST(the_rde_ends_a_session)
{
	const uint8_t attr[] = { 0x40, 1, 1, 9 };
	struct peer_shut shut = { 3, 6, false, attr, sizeof(attr) };
	struct bgp_open o = peer_open();
	struct peer_row row;
	uint32_t id, epoch;
	uint8_t buf[64];
	struct wr w;
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.2");
	id = establish(fd, &o, &epoch);
	wr_init(&w, buf, sizeof(buf));
	msg_peer_shut_put(&w, &shut);
	/* for an earlier session: nothing */
	chan_send_wr(rig.chans[PROC_RDE], MSG_PEER_SHUT, id, epoch - 1, &w);
	chan_send_wr(rig.chans[PROC_RDE], MSG_PEER_SHUT, id, epoch, &w);
	hear_notification(fd, 3, 6, "\100\1\1\11", 4);
	ck_assert_int_eq(await_down().code, 3);
	close(fd);
	await_state("127.0.0.2", PEER_ACTIVE);
	fd = dial("127.0.0.2");
	id = establish(fd, &o, &epoch);
	wr_reset(&w);
	shut = (struct peer_shut){ 6, 1, true, NULL, 0 };
	msg_peer_shut_put(&w, &shut);
	chan_send_wr(rig.chans[PROC_RDE], MSG_PEER_SHUT, id, epoch, &w);
	hear_notification(fd, 6, 1, "", 0);
	close(fd);
	await_down();
	ck_assert(row_of("127.0.0.2", &row));
	ck_assert_uint_eq(row.admin, PEER_ADMIN_PREFIX_LIMIT);
	ck_assert_uint_eq(row.state, PEER_IDLE);
	ck_assert_int_eq(control(PEER_CTL_ENABLE, "127.0.0.2", 0, "").code, 0);
	ck_assert(row_of("127.0.0.2", &row));
	ck_assert_uint_eq(row.admin, PEER_ADMIN_UP);
	ck_assert_uint_eq(row.state, PEER_ACTIVE);
	rig_end();
}
END_TEST

START_TEST(peers_are_listed_in_order_a_block_a_credit)
{
	uint8_t credit[4] = { 0, 0, 0, 1 };
	struct peers_get get = { .kind = PEERS_ALL };
	struct peer_row row;
	struct addr last = { .family = ADDR_NONE };
	char ip[32];
	struct seen *s;
	struct rd r;
	struct wr w;
	uint8_t buf[32];
	int i, n = 0;

	rig_init();
	for (i = 0; i < 500; i++) {
		snprintf(ip, sizeof(ip), "127.1.%d.%d", (i * 7) % 100,
		    1 + i / 100);
		add_peer(ip);
	}
	rig_start();
	wr_init(&w, buf, sizeof(buf));
	msg_peers_get_put(&w, &get);
	chan_send_wr(rig.chans[PROC_APID], MSG_PEERS_GET, 9, 0, &w);
	ck_assert_ptr_null(await_for(PROC_APID, MSG_PEERS_ROWS, 50));
	while (n < 500) {
		chan_send_buf(rig.chans[PROC_APID], MSG_PEERS_CREDIT, 9, 0,
		    credit, 4);
		s = await(PROC_APID, MSG_PEERS_ROWS);
		rd_init(&r, s->data, s->hdr.len);
		while (rd_left(&r) > 0) {
			msg_peer_row_get(&r, &row);
			ck_assert(rd_ok(&r));
			ck_assert_int_gt(addr_cmp(&row.addr, &last), 0);
			last = row.addr;
			n++;
		}
		seen_free(s);
	}
	await_gone(PROC_APID, MSG_PEERS_END);
	ck_assert_int_eq(n, 500);
	rig_end();
}
END_TEST

/* --- configuration */

START_TEST(a_reload_resets_only_what_changed)
{
	struct bgp_open o = peer_open();
	struct peer_row row;
	struct addr gone;
	int fd[3];
	int i;
	char ip[32];

	rig_init();
	add_peer("127.0.0.2");
	add_peer("127.0.0.3");
	add_peer("127.0.0.4");
	rig_start();
	for (i = 0; i < 3; i++) {
		snprintf(ip, sizeof(ip), "127.0.0.%d", 2 + i);
		fd[i] = dial(ip);
		establish(fd[i], &o, NULL);
	}
	rig.conf->peers[0].mrai_secs = 3; /* no matter for the session */
	rig.conf->peers[1].hold_time = 30;
	ck_assert_int_eq(addr_parse("127.0.0.4", &gone), 0);
	conf_peer_remove(rig.conf, &gone);
	ck_assert(configure(-1, NULL));
	hear_notification(fd[1], 6, 6, "", 0);
	hear_notification(fd[2], 6, 3, "", 0);
	await_gone(PROC_RDE, MSG_PEER_GONE);
	await_state("127.0.0.2", PEER_ESTABLISHED);
	ck_assert(!row_of("127.0.0.4", &row));
	/* the changed one comes up again with the new time */
	await_state("127.0.0.3", PEER_ACTIVE);
	close(fd[1]);
	fd[1] = dial("127.0.0.3");
	establish(fd[1], &o, NULL);
	ck_assert(row_of("127.0.0.3", &row));
	ck_assert_uint_eq(row.hold_time, 30);
	for (i = 0; i < 3; i++)
		close(fd[i]);
	rig_end();
}
END_TEST

START_TEST(an_unconfigured_peer_cannot_be_added_while_it_runs)
{
	struct bgp_open o = peer_open();
	struct err e;
	int fd;

	rig_init();
	rig.conf->accept_unconfigured_peers = true;
	rig_start();
	fd = dial("127.0.0.9");
	establish(fd, &o, NULL);
	add_peer("127.0.0.9")->origin = CONF_FROM_API;
	ck_assert(!configure(-1, &e));
	ck_assert_int_eq(e.code, ERR_EXISTS);
	ck_assert_str_eq(e.text, "peer 127.0.0.9 already exists");
	await_state("127.0.0.9", PEER_ESTABLISHED);
	close(fd);
	rig_end();
}
END_TEST

/* --- ends */

START_TEST(the_end_is_said_to_every_peer)
{
	struct bgp_open o = peer_open();
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.2");
	establish(fd, &o, NULL);
	switch (_i) {
	case 0:
		chan_send_buf(rig.chans[PROC_BGPD], MSG_SHUTDOWN, 0, 0, NULL,
		    0);
		break;
	case 1:
		closed(PROC_BGPD);
		break;
	default:
		closed(PROC_RDE);
		break;
	}
	hear_notification(fd, 6, 2, "", 0);
	ck_assert_int_eq(rig_wait(2000), _i == 0 ? 0 : 1);
	close(fd);
	rig_end();
}
END_TEST

START_TEST(apid_may_die_and_come_back)
{
	struct bgp_open o = peer_open();
	const uint8_t junk[] = { 99, 99 };
	struct peer_row row;
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.2");
	establish(fd, &o, NULL);
	closed(PROC_APID);
	rig.chans[PROC_APID] = link_to(PROC_APID, &apid_ops);
	await_state("127.0.0.2", PEER_ESTABLISHED);
	/* one that talks nonsense is closed */
	chan_send_buf(rig.chans[PROC_APID], MSG_PEER_CTL, 1, 0, junk,
	    sizeof(junk));
	while (!rig.closed[PROC_APID] || rig.chans[PROC_APID] != NULL)
		pump(5);
	rig.chans[PROC_APID] = link_to(PROC_APID, &apid_ops);
	ck_assert(row_of("127.0.0.2", &row));
	ck_assert_uint_eq(row.state, PEER_ESTABLISHED);
	close(fd);
	rig_end();
}
END_TEST

START_TEST(an_rde_that_talks_nonsense_ends_everything)
{
	uint8_t junk[40];
	struct bgp_open o = peer_open();
	int fd;

	rig_init();
	add_peer("127.0.0.2");
	rig_start();
	fd = dial("127.0.0.2");
	establish(fd, &o, NULL);
	memset(junk, 0xff, sizeof(junk));
	chan_send_buf(rig.chans[PROC_RDE], MSG_TX, 0, 0, junk, sizeof(junk));
	hear_notification(fd, 6, 2, "", 0);
	ck_assert_int_eq(rig_wait(2000), 1);
	close(fd);
	rig_end();
}
END_TEST

/* --- conduits */

static void
conduit_ask(uint32_t id, uint16_t port)
{
	struct conduit_open o = { .port = port };
	uint8_t buf[64];
	struct wr w;

	ck_assert_int_eq(addr_parse("127.0.0.1", &o.addr), 0);
	wr_init(&w, buf, sizeof(buf));
	msg_conduit_open_put(&w, &o);
	chan_send_wr(rig.chans[PROC_RDE], MSG_CONDUIT_OPEN, id, 0, &w);
}

/* The number of the connection that came up. */
static uint32_t
conduit_up(uint32_t id)
{
	struct seen *s = await(PROC_RDE, MSG_CONDUIT_UP);
	uint32_t epoch = s->hdr.epoch;

	ck_assert_uint_eq(s->hdr.id, id);
	ck_assert_uint_ne(epoch, 0);
	seen_free(s);
	return epoch;
}

static uint32_t
number_of(enum msg_type type)
{
	struct seen *s = await(PROC_RDE, type);
	struct rd r;
	uint32_t v;

	rd_init(&r, s->data, s->hdr.len);
	v = rd_n32(&r);
	seen_free(s);
	return v;
}

static int
accept_on(int listener)
{
	int fd;

	do {
		pump(5);
		fd = accept(listener, NULL, NULL);
	} while (fd == -1);
	return fd;
}

START_TEST(a_conduit_moves_bytes_and_gives_credit)
{
	uint16_t port;
	uint32_t epoch;
	char buf[16];
	int listener, fd;

	rig_init();
	rig_start();
	listener = listen_on("127.0.0.1", &port);
	conduit_ask(7, port);
	fd = accept_on(listener);
	epoch = conduit_up(7);
	chan_send_buf(rig.chans[PROC_RDE], MSG_CONDUIT_DATA, 7, epoch, "hello",
	    5);
	ck_assert_uint_eq(number_of(MSG_CONDUIT_CREDIT), 5);
	ck_assert_int_eq(recv(fd, buf, sizeof(buf), 0), 5);
	ck_assert_mem_eq(buf, "hello", 5);
	/* What is for another connection goes nowhere. */
	chan_send_buf(rig.chans[PROC_RDE], MSG_CONDUIT_DATA, 7, epoch + 1,
	    "old", 3);
	chan_send_buf(rig.chans[PROC_RDE], MSG_CONDUIT_DATA, 7, epoch, "bye",
	    3);
	chan_send_buf(rig.chans[PROC_RDE], MSG_CONDUIT_CLOSE, 7, 0, NULL, 0);
	ck_assert_uint_eq(number_of(MSG_CONDUIT_CREDIT), 3);
	ck_assert_int_eq(recv(fd, buf, sizeof(buf), MSG_WAITALL), 3);
	ck_assert_mem_eq(buf, "bye", 3);
	close(fd);
	close(listener);
	rig_end();
}
END_TEST

START_TEST(a_lost_conduit_is_told_and_made_again)
{
	uint16_t port;
	uint32_t epoch;
	int listener, fd;

	rig_init();
	rig_start();
	listener = listen_on("127.0.0.1", &port);
	conduit_ask(7, port);
	fd = accept_on(listener);
	epoch = conduit_up(7);
	close(fd);
	ck_assert_uint_eq(number_of(MSG_CONDUIT_DOWN), 0);
	fd = accept_on(listener);
	ck_assert_uint_ne(conduit_up(7), epoch);
	close(fd);
	close(listener);
	chan_send_buf(rig.chans[PROC_RDE], MSG_CONDUIT_CLOSE, 7, 0, NULL, 0);
	conduit_ask(8, port);
	ck_assert_uint_eq(number_of(MSG_CONDUIT_DOWN), 0);
	ck_assert_uint_eq(number_of(MSG_CONDUIT_DOWN), ECONNREFUSED);
	rig_end();
}
END_TEST

START_TEST(an_rde_beyond_the_window_of_a_conduit_is_broken)
{
	static const uint8_t zeroes[MSG_BATCH_MAX];
	uint16_t port;
	uint32_t epoch;
	int listener, fd, i;

	rig_init();
	rig_start();
	listener = listen_on("127.0.0.1", &port);
	conduit_ask(7, port);
	fd = accept_on(listener);
	epoch = conduit_up(7);
	/* Nobody reads, nobody waits for credit. */
	for (i = 0; i < 2000 && !rig.closed[PROC_RDE]; i++) {
		chan_send_buf(rig.chans[PROC_RDE], MSG_CONDUIT_DATA, 7, epoch,
		    zeroes, sizeof(zeroes));
		pump(0);
	}
	ck_assert_int_eq(rig_wait(3000), 1);
	close(fd);
	close(listener);
	rig_end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sessiond");
	TCase *t = tcase_create("sessiond");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_passive_peer_comes_up);
	tcase_add_test(t, an_active_peer_is_dialled_and_dialled_again);
	tcase_add_test(t, delay_open_waits_and_an_open_ends_it);
	tcase_add_loop_test(t, header_errors_have_code_and_data, 0, 5);
	tcase_add_loop_test(t, open_errors_have_code_and_data, 0, 6);
	tcase_add_loop_test(t, unexpected_messages_draw_fsm_errors, 0, 5);
	tcase_add_test(t, a_notification_is_never_answered);
	tcase_add_loop_test(t, garbage_of_any_kind_ends_one_session_at_most, 0,
	    3);
	tcase_add_test(t, strangers_are_told_and_idle_peers_are_not);
	tcase_add_test(t, unconfigured_peers_come_and_vanish);
	tcase_add_test(t, without_descriptors_the_rest_goes_on);
	tcase_add_loop_test(t, collision_goes_by_identifier, 0, 4);
	tcase_add_test(t,
	    an_established_session_stands_against_another_connection);
	tcase_add_test(t, the_faster_of_two_connections_wins);
	tcase_add_test(t, a_third_connection_is_closed);
	tcase_add_test(t, the_hold_timer_expires_and_keepalives_flow);
	tcase_add_test(t, hold_time_zero_means_no_keepalives);
	tcase_add_test(t, a_session_that_takes_nothing_ends);
	tcase_add_test(t, refreshes_do_not_pile_up_before_a_deaf_peer);
	tcase_add_test(t, a_lost_connection_keeps_routes_of_who_said_so);
	tcase_add_test(t, a_peer_is_stopped_by_its_window_and_stays_alive);
	tcase_add_test(t, order_is_kept_between_kinds_of_messages);
	tcase_add_test(t, a_slow_reader_delays_nobody_and_ends_at_a_border);
	tcase_add_test(t, a_session_gets_nothing_before_the_rde_is_ready);
	tcase_add_test(t, disable_holds_and_enable_starts);
	tcase_add_test(t, resets_and_refreshes);
	tcase_add_test(t, the_rde_ends_a_session);
	tcase_add_test(t, peers_are_listed_in_order_a_block_a_credit);
	tcase_add_test(t, a_reload_resets_only_what_changed);
	tcase_add_test(t, an_unconfigured_peer_cannot_be_added_while_it_runs);
	tcase_add_loop_test(t, the_end_is_said_to_every_peer, 0, 3);
	tcase_add_test(t, apid_may_die_and_come_back);
	tcase_add_test(t, an_rde_that_talks_nonsense_ends_everything);
	tcase_add_test(t, a_conduit_moves_bytes_and_gives_credit);
	tcase_add_test(t, a_lost_conduit_is_told_and_made_again);
	tcase_add_test(t, an_rde_beyond_the_window_of_a_conduit_is_broken);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
