/* SPDX-License-Identifier: ISC */
/*
 * The API process without its siblings: apid is executed as bgpd would do
 * it, and one process plays bgpd, sessiond and rde with made-up peers and
 * routes.  For tests of what lies between a client and the messages.
 *
 * What is made up: peers 192.0.2.1 (Established) to 192.0.2.FAKE_PEERS;
 * GLOBAL has the routes 10.0.0.0/32 and up, as many as asked for; ADJ_IN of
 * 192.0.2.1 the same, of 192.0.2.2 more than anybody reads, of others
 * nothing; a peer that is added and was there
 * already exists; INJECT refuses what lies in 198.51.100.0/24.
 */
#ifndef REGRESS_FAKE_SUITE_H
#define REGRESS_FAKE_SUITE_H

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/bgp_attr.h"
#include "common/chan.h"
#include "common/msg_conf.h"
#include "common/msg_peer.h"
#include "common/msg_query.h"
#include "common/proc.h"
#include "common/xmalloc.h"

enum { FAKE_PEERS = 5, FAKE_LISTINGS = 256 };

struct fake_listing {
	uint32_t id; /* 0: free */
	uint32_t credit;
	uint32_t at;
	uint32_t end;
};

struct fake_suite {
	struct event_base *base;
	struct chan *bgpd, *sessiond, *rde;
	uint32_t n_routes;
	uint64_t injected;
	uint64_t closed; /* listings that apid closed early */
	uint8_t attrs[512];
	size_t attrs_len;
	struct fake_listing listings[FAKE_LISTINGS];
	struct addr added[64];
	unsigned int n_added;
};

static void
fake_send_err(struct chan *chan, enum msg_type type, uint32_t id,
    enum err_code code, const char *text)
{
	struct err e;
	struct wr wr;

	err_clear(&e);
	if (code != ERR_OK)
		(void)err_set(&e, code, "%s", text);
	wr_init_grow(&wr, MSG_MAX);
	err_put(&wr, &e);
	chan_send_wr(chan, type, id, 0, &wr);
	wr_free(&wr);
}

static void
fake_block(struct fake_suite *fake, struct fake_listing *l)
{
	struct query_path path;
	struct nlri nlri;
	struct wr wr;
	size_t at;

	wr_init_grow(&wr, QUERY_BLOCK);
	memset(&path, 0, sizeof(path));
	path.peer = addr_ipv4(0xc0000201);
	path.remote_as = 64501;
	path.flags = QUERY_PATH_BEST;
	path.age_secs = 100;
	path.attrs = fake->attrs;
	path.attrs_len = (uint16_t)fake->attrs_len;
	while (l->at < l->end && wr_len(&wr) + 256 < QUERY_BLOCK) {
		memset(&nlri, 0, sizeof(nlri));
		nlri.family = FAMILY_IPV4_UNICAST;
		nlri.bits = 32;
		nlri.key[0] = 10;
		nlri.key[1] = (uint8_t)(l->at >> 16);
		nlri.key[2] = (uint8_t)(l->at >> 8);
		nlri.key[3] = (uint8_t)l->at;
		at = msg_query_row_begin(&wr, &nlri);
		msg_query_path_put(&wr, &path);
		msg_query_row_end(&wr, at, 1);
		l->at++;
	}
	chan_send_wr(fake->rde, MSG_QUERY_ROWS, l->id, 0, &wr);
	wr_free(&wr);
}

static void
fake_pump(struct fake_suite *fake, struct fake_listing *l)
{
	while (l->id != 0 && l->credit > 0 && l->at < l->end) {
		l->credit--;
		fake_block(fake, l);
	}
	if (l->id != 0 && l->at == l->end) {
		fake_send_err(fake->rde, MSG_QUERY_END, l->id, ERR_OK, "");
		l->id = 0;
	}
}

static struct fake_listing *
fake_find(struct fake_suite *fake, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < FAKE_LISTINGS; i++)
		if (fake->listings[i].id == id)
			return &fake->listings[i];
	return NULL;
}

static void
fake_on_query_open(void *ctx, const struct msg *msg)
{
	struct fake_suite *fake = ctx;
	struct fake_listing *l = fake_find(fake, 0);
	struct query_open q;
	struct rd rd;

	rd_init(&rd, msg->data, msg->hdr.len);
	msg_query_open_get(&rd, &q);
	if (!rd_done(&rd) || l == NULL)
		abort();
	if (q.peer.family != ADDR_NONE &&
	    (addr_to_u32(&q.peer) >> 8) != 0xc00002) {
		fake_send_err(fake->rde, MSG_QUERY_END, msg->hdr.id,
		    ERR_NOT_FOUND, "peer not found");
		return;
	}
	l->id = msg->hdr.id;
	l->credit = 0;
	l->at = 0;
	l->end = fake->n_routes;
	if (q.peer.family != ADDR_NONE && addr_to_u32(&q.peer) != 0xc0000201)
		l->end = addr_to_u32(&q.peer) == 0xc0000202 ? 1 << 24 : 0;
	fake_pump(fake, l);
}

static void
fake_on_query_credit(void *ctx, const struct msg *msg)
{
	struct fake_suite *fake = ctx;
	struct fake_listing *l = fake_find(fake, msg->hdr.id);
	struct rd rd;

	rd_init(&rd, msg->data, msg->hdr.len);
	if (l == NULL)
		return;
	l->credit += rd_n32(&rd);
	fake_pump(fake, l);
}

static void
fake_on_query_close(void *ctx, const struct msg *msg)
{
	struct fake_suite *fake = ctx;
	struct fake_listing *l = fake_find(fake, msg->hdr.id);

	if (l != NULL)
		l->id = 0;
	fake->closed++;
}

static void
fake_on_inject(void *ctx, const struct msg *msg)
{
	struct fake_suite *fake = ctx;
	struct inject inject;
	struct err e;
	struct wr wr;
	struct rd rd;
	uint16_t i, n;

	rd_init(&rd, msg->data, msg->hdr.len);
	n = rd_n16(&rd);
	wr_init_grow(&wr, MSG_MAX);
	wr_n16(&wr, n);
	for (i = 0; i < n; i++) {
		msg_inject_get(&rd, &inject);
		err_clear(&e);
		if (memcmp(inject.nlri.key, "\xc6\x33\x64", 3) == 0)
			(void)err_set(&e, ERR_INVALID, "documentation only");
		else
			fake->injected++;
		msg_inject_result_put(&wr, &e, 100);
	}
	if (!rd_done(&rd))
		abort();
	chan_send_wr(fake->rde, MSG_INJECT_DONE, msg->hdr.id, 0, &wr);
	wr_free(&wr);
}

static void
fake_on_rib_info_get(void *ctx, const struct msg *msg)
{
	struct fake_suite *fake = ctx;
	struct rib_info info;
	uint8_t memory[256];
	struct wr wr;

	memset(&info, 0, sizeof(info));
	info.prefixes = fake->n_routes + fake->injected;
	info.families[0].prefixes = info.prefixes;
	info.families[0].paths = info.prefixes + fake->closed;
	wr_init(&wr, memory, sizeof(memory));
	msg_rib_info_put(&wr, &info);
	chan_send_wr(fake->rde, MSG_RIB_INFO, msg->hdr.id, 0, &wr);
}

static void
fake_put_peer(struct wr *wr, unsigned int i)
{
	struct peer_row row;

	memset(&row, 0, sizeof(row));
	row.addr = addr_ipv4(0xc0000200 + i);
	row.port = 179;
	row.configured = true;
	if (i == 1) {
		row.asn = 64501;
		row.state = PEER_ESTABLISHED;
		row.remote_id = 0xc0000201;
		row.families = FAMILY_ALL;
		row.hold_time = 90;
		row.uptime_ms = 3723000;
	}
	row.stats.open_sent = i;
	row.last_sent_code = 6;
	row.last_sent_subcode = 2;
	msg_peer_row_put(wr, &row);
}

static void
fake_on_peers_get(void *ctx, const struct msg *msg)
{
	struct fake_suite *fake = ctx;
	struct addr a;
	struct wr wr;
	struct rd rd;
	uint32_t i, one = 0;

	rd_init(&rd, msg->data, msg->hdr.len);
	if (rd_n8(&rd) == PEERS_ONE) {
		addr_get(&rd, &a);
		one = a.family == ADDR_IPV4 ? addr_to_u32(&a) - 0xc0000200 : 99;
		if (one == 0 || one > FAKE_PEERS) {
			fake_send_err(fake->sessiond, MSG_PEERS_END,
			    msg->hdr.id, ERR_NOT_FOUND, "peer not found");
			return;
		}
	}
	wr_init_grow(&wr, MSG_MAX);
	for (i = 1; i <= FAKE_PEERS; i++)
		if (one == 0 || one == i)
			fake_put_peer(&wr, i);
	chan_send_wr(fake->sessiond, MSG_PEERS_ROWS, msg->hdr.id, 0, &wr);
	wr_free(&wr);
	fake_send_err(fake->sessiond, MSG_PEERS_END, msg->hdr.id, ERR_OK, "");
}

static void
fake_on_ignored(void *ctx, const struct msg *msg)
{
	(void)ctx;
	(void)msg;
}

static void
fake_on_peer_ctl(void *ctx, const struct msg *msg)
{
	struct fake_suite *fake = ctx;
	struct peer_ctl ctl;
	struct rd rd;

	rd_init(&rd, msg->data, msg->hdr.len);
	msg_peer_ctl_get(&rd, &ctl);
	if (!rd_done(&rd))
		abort();
	if ((addr_to_u32(&ctl.addr) >> 8) != 0xc00002)
		fake_send_err(fake->sessiond, MSG_PEER_CTL_DONE, msg->hdr.id,
		    ERR_NOT_FOUND, "peer not found");
	else if (ctl.op >= PEER_CTL_RESET_HARD &&
	    addr_to_u32(&ctl.addr) != 0xc0000201)
		fake_send_err(fake->sessiond, MSG_PEER_CTL_DONE, msg->hdr.id,
		    ERR_PRECONDITION, "peer is not in Established state");
	else
		fake_send_err(fake->sessiond, MSG_PEER_CTL_DONE, msg->hdr.id,
		    ERR_OK, "");
}

static void
fake_on_conf_edit(void *ctx, const struct msg *msg)
{
	struct fake_suite *fake = ctx;
	struct conf_edit edit;
	struct rd rd;
	unsigned int i;
	char text[ADDR_STRLEN], why[100];

	memset(&edit, 0, sizeof(edit));
	rd_init(&rd, msg->data, msg->hdr.len);
	msg_conf_edit_get(&rd, &edit);
	if (!rd_done(&rd))
		abort();
	for (i = 0; i < fake->n_added; i++)
		if (addr_equal(&fake->added[i], &edit.peer.addr))
			break;
	(void)addr_str(&edit.peer.addr, text);
	conf_peer_fini(&edit.peer);
	if (edit.op == CONF_EDIT_PEER_ADD && i < fake->n_added) {
		(void)snprintf(why, sizeof(why), "peer %s already exists",
		    text);
		fake_send_err(fake->bgpd, MSG_CONF_EDIT_DONE, msg->hdr.id,
		    ERR_EXISTS, why);
		return;
	}
	if (edit.op == CONF_EDIT_PEER_REMOVE && i == fake->n_added) {
		(void)snprintf(why, sizeof(why), "peer %s not found", text);
		fake_send_err(fake->bgpd, MSG_CONF_EDIT_DONE, msg->hdr.id,
		    ERR_NOT_FOUND, why);
		return;
	}
	if (edit.op == CONF_EDIT_PEER_ADD)
		fake->added[fake->n_added++] = edit.peer.addr;
	else
		fake->added[i] = fake->added[--fake->n_added];
	fake_send_err(fake->bgpd, MSG_CONF_EDIT_DONE, msg->hdr.id, ERR_OK, "");
}

static void
fake_on_close(void *ctx, const char *why)
{
	struct fake_suite *fake = ctx;

	if (why != NULL)
		fprintf(stderr, "fake suite: %s\n", why);
	event_base_loopbreak(fake->base);
}

static const chan_handler fake_bgpd_handlers[MSG__MAX] = {
	[MSG_CONF_READY] = fake_on_ignored,
	[MSG_CONF_DONE] = fake_on_ignored,
	[MSG_CONF_EDIT] = fake_on_conf_edit,
};
static const chan_handler fake_sessiond_handlers[MSG__MAX] = {
	[MSG_PEERS_GET] = fake_on_peers_get,
	[MSG_PEERS_CREDIT] = fake_on_ignored,
	[MSG_PEERS_CLOSE] = fake_on_ignored,
	[MSG_PEER_CTL] = fake_on_peer_ctl,
};
static const chan_handler fake_rde_handlers[MSG__MAX] = {
	[MSG_QUERY_OPEN] = fake_on_query_open,
	[MSG_QUERY_CREDIT] = fake_on_query_credit,
	[MSG_QUERY_CLOSE] = fake_on_query_close,
	[MSG_INJECT] = fake_on_inject,
	[MSG_RIB_INFO_GET] = fake_on_rib_info_get,
};

static const struct chan_ops fake_bgpd_ops = {
	.handlers = fake_bgpd_handlers,
	.on_close = fake_on_close,
};
static const struct chan_ops fake_sessiond_ops = {
	.handlers = fake_sessiond_handlers,
	.on_close = fake_on_close,
};
static const struct chan_ops fake_rde_ops = {
	.handlers = fake_rde_handlers,
	.on_close = fake_on_close,
};

static void
fake_send_item(struct fake_suite *fake, const struct wr *wr, int fd)
{
	struct iovec iov = { wr->base, wr_len(wr) };

	chan_send(fake->bgpd, MSG_CONF_ITEM, 1, 0, &iov, 1, fd);
}

/* The configuration: AS 65000 and one gRPC listener. */
static void
fake_configure(struct fake_suite *fake, int listener, uint16_t port)
{
	struct conf *conf = conf_new();
	struct conf_endpoint endpoint = { .addr = addr_ipv4(0x7f000001),
		.port = 1179 };
	struct conf_peer peer;
	struct wr wr;

	conf->asn = 65000;
	conf->router_id = 0x01010101;
	wr_init_grow(&wr, MSG_MAX);
	chan_send_buf(fake->bgpd, MSG_CONF_BEGIN, 1, 0, NULL, 0);
	wr_n8(&wr, CONF_ITEM_GLOBAL);
	msg_conf_global_put(&wr, conf);
	fake_send_item(fake, &wr, -1);
	wr_reset(&wr);
	wr_n8(&wr, CONF_ITEM_LISTEN);
	msg_conf_endpoint_put(&wr, &endpoint);
	fake_send_item(fake, &wr, -1);
	wr_reset(&wr);
	endpoint.port = port;
	wr_n8(&wr, CONF_ITEM_GRPC_LISTEN);
	msg_conf_endpoint_put(&wr, &endpoint);
	fake_send_item(fake, &wr, listener);
	wr_reset(&wr);
	conf_peer_init(&peer, conf);
	peer.addr = addr_ipv4(0xc0000201);
	peer.port = 179;
	wr_n8(&wr, CONF_ITEM_PEER);
	msg_conf_peer_put(&wr, &peer);
	fake_send_item(fake, &wr, -1);
	conf_peer_fini(&peer);
	wr_free(&wr);
	conf_free(conf);
	chan_send_buf(fake->bgpd, MSG_CONF_END, 1, 0, NULL, 0);
	chan_send_buf(fake->bgpd, MSG_CONF_COMMIT, 1, 0, NULL, 0);
}

static void
fake_build_attrs(struct fake_suite *fake)
{
	static const uint8_t path[] = { 2, 4, 0, 0, 251, 245, 0, 0, 13, 28, 0,
		0, 62, 65, 0, 0, 160, 20 };
	static const uint32_t communities[] = { 0xfbf50064, 0x0d1c0bb8 };
	struct bgp_attr_values v;
	struct err e;
	struct wr wr;

	bgp_attr_values_init(&v);
	v.as_path = path;
	v.as_path_len = sizeof(path);
	v.next_hop = addr_ipv4(0xc0000201);
	v.communities = communities;
	v.n_communities = 2;
	wr_init(&wr, fake->attrs, sizeof(fake->attrs));
	if (bgp_attr_build(&wr, FAMILY_IPV4_UNICAST, &v, &e) == -1)
		abort();
	fake->attrs_len = wr_len(&wr);
}

/* The life of the process that plays the siblings. */
static void
fake_main(int apid_fd, int listener, uint16_t port, uint32_t n_routes)
{
	struct fake_suite *fake = xcalloc(1, sizeof(*fake));
	int s[2], r[2];

	signal(SIGPIPE, SIG_IGN);
	fake->n_routes = n_routes;
	fake_build_attrs(fake);
	fake->base = event_base_new();
	(void)event_base_priority_init(fake->base, 3);
	fake->bgpd = chan_new(fake->base, apid_fd, PROC_BGPD, PROC_APID,
	    &fake_bgpd_ops, fake, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, r) == -1)
		abort();
	chan_send(fake->bgpd, MSG_LINK, PROC_SESSIOND, 0, NULL, 0, s[1]);
	chan_send(fake->bgpd, MSG_LINK, PROC_RDE, 0, NULL, 0, r[1]);
	fake->sessiond = chan_new(fake->base, s[0], PROC_SESSIOND, PROC_APID,
	    &fake_sessiond_ops, fake, 0);
	fake->rde = chan_new(fake->base, r[0], PROC_RDE, PROC_APID,
	    &fake_rde_ops, fake, 0);
	fake_configure(fake, listener, port);
	(void)event_base_dispatch(fake->base);
	_exit(0);
}

struct fake_procs {
	pid_t apid;
	pid_t fake;
	char endpoint[32];
};

/* Path of the API process beside this test: build/X/regress/unit/D/test. */
static void
fake_exec_apid(int fd)
{
	struct proc_args args = { .foreground = true, .level = LOG_LEVEL_WARN };
	char *argv[PROC_ARGV_MAX], text[4][PROC_ARGV_TEXT];
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 64);
	int i;

	if (n == -1 || dup2(fd, PROC_CHANNEL_FD) == -1)
		_exit(127);
	path[n] = '\0';
	for (i = 0; i < 4; i++)
		*strrchr(path, '/') = '\0';
	strcat(path, "/libexec/bgpgg/apid");
	proc_args_build(PROC_APID, &args, argv, text);
	execv(path, argv);
	_exit(127);
}

static void
fake_start(struct fake_procs *procs, uint32_t n_routes)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fds[2], listener;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener == -1 ||
	    bind(listener, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(listener, 128) == -1 ||
	    getsockname(listener, (struct sockaddr *)&sin, &len) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		abort();
	(void)snprintf(procs->endpoint, sizeof(procs->endpoint), "127.0.0.1:%u",
	    ntohs(sin.sin_port));
	procs->apid = fork();
	if (procs->apid == 0)
		fake_exec_apid(fds[1]);
	procs->fake = fork();
	if (procs->fake == 0) {
		close(fds[1]);
		fake_main(fds[0], listener, ntohs(sin.sin_port), n_routes);
	}
	close(fds[0]);
	close(fds[1]);
	close(listener);
}

/* End the siblings; the exit status of apid, which follows them. */
static int
fake_stop(struct fake_procs *procs)
{
	int status;

	(void)kill(procs->fake, SIGKILL);
	(void)waitpid(procs->fake, NULL, 0);
	if (waitpid(procs->apid, &status, 0) == -1)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
