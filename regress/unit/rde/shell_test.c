/* SPDX-License-Identifier: ISC */
/*
 * The real rde program between a bgpd, a sessiond and an apid that are this
 * test: what it answers, announces, holds back, and what it does with those
 * who break the rules.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bgp_attr.h"
#include "common/bgp_nlri.h"
#include "common/bgp_update.h"
#include "common/chan.h"
#include "common/community.h"
#include "common/hash.h"
#include "common/msg_conf.h"
#include "common/msg_peer.h"
#include "common/msg_query.h"
#include "common/msg_route.h"
#include "common/proc.h"
#include "common/xmalloc.h"
#include "rde/prefix_index.h"

enum {
	PATIENCE_MS = 20000,
	PEERS = 160,
	ASN = 65000,
};

/* --- raw messages */

struct in {
	struct msg_hdr hdr;
	uint8_t data[MSG_MAX];
};

static void
put(int fd, enum msg_type type, uint32_t id, uint32_t epoch, const void *data,
    size_t len, int pass)
{
	struct msg_hdr h;
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov;
	struct msghdr mh;
	uint8_t *all;
	size_t total = sizeof(h) + len;
	size_t done = 0;
	ssize_t n;

	memset(&h, 0, sizeof(h));
	h.type = (uint16_t)type;
	h.len = (uint32_t)len;
	h.id = id;
	h.epoch = epoch;
	h.flags = pass != -1 ? 1 : 0;
	all = xmalloc(total);
	memcpy(all, &h, sizeof(h));
	if (len > 0)
		memcpy(all + sizeof(h), data, len);
	while (done < total) {
		memset(&mh, 0, sizeof(mh));
		iov.iov_base = all + done;
		iov.iov_len = total - done;
		mh.msg_iov = &iov;
		mh.msg_iovlen = 1;
		if (pass != -1) {
			memset(&control, 0, sizeof(control));
			mh.msg_control = control.space;
			mh.msg_controllen = sizeof(control.space);
			CMSG_FIRSTHDR(&mh)->cmsg_level = SOL_SOCKET;
			CMSG_FIRSTHDR(&mh)->cmsg_type = SCM_RIGHTS;
			CMSG_FIRSTHDR(&mh)->cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), &pass,
			    sizeof(pass));
		}
		n = sendmsg(fd, &mh, MSG_NOSIGNAL);
		if (n == -1)
			break; /* the test sees it when it reads */
		pass = -1;
		done += (size_t)n;
	}
	free(all);
}

static bool
get_bytes(int fd, void *to, size_t len)
{
	uint8_t *p = to;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (len > 0) {
		ck_assert_msg(poll(&pfd, 1, PATIENCE_MS) == 1,
		    "the rde says nothing");
		n = recv(fd, p, len, 0);
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* False at the end of the channel. */
static bool
get(int fd, struct in *in)
{
	if (!get_bytes(fd, &in->hdr, sizeof(in->hdr)))
		return false;
	ck_assert_uint_le(in->hdr.len, MSG_MAX);
	ck_assert_uint_lt(in->hdr.type, MSG__MAX);
	ck_assert_uint_ge(in->hdr.len, msg_rules[in->hdr.type].min);
	return get_bytes(fd, in->data, in->hdr.len);
}

static bool
readable(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, ms) == 1;
}

/* --- the rig */

struct seen { /* what the rde said towards a peer */
	struct prefix_index *table[FAMILY__MAX];
	uint64_t tx_bytes;
	uint64_t unpaid; /* bytes not given back as TX_CREDIT */
	uint64_t rx_credit;
	uint32_t epoch;
	bool hold; /* give no TX_CREDIT */
	unsigned int end_of_rib[FAMILY__MAX];
	unsigned int ready;
	unsigned int shuts;
	struct peer_shut shut;
	struct family_count counts[FAMILY__MAX];
	uint8_t attrs[BGP_ATTR_BLOCK_MAX]; /* of the last announcement */
	size_t attrs_len;
};

struct rig {
	pid_t pid;
	int bgpd;
	int sessiond;
	int apid;
	uint32_t generation;
	struct seen peers[PEERS];
	struct in in;
};

static void
rde_path(char *to, size_t size)
{
	char self[PATH_MAX];
	ssize_t n;
	int i;

	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	for (i = 0; i < 4; i++) /* regress/unit/rde/shell_test */
		*strrchr(self, '/') = '\0';
	ck_assert_int_lt(snprintf(to, size, "%s/libexec/bgpgg/rde", self),
	    (int)size);
}

static void
link_to(struct rig *r, enum proc who, int *end)
{
	int sv[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	put(r->bgpd, MSG_LINK, who, 0, NULL, 0, sv[1]);
	close(sv[1]);
	*end = sv[0];
}

static struct rig *
rig_new(void)
{
	struct rig *r = xcalloc(1, sizeof(*r));
	char path[PATH_MAX];
	char name[] = "rde", foreground[] = "-d", level[] = "-l", quiet[] = "0";
	char *argv[] = { name, foreground, level, quiet, NULL };
	int sv[2];
	int i;
	int f;

	hash_init();
	rde_path(path, sizeof(path));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	r->pid = fork();
	ck_assert_int_ge(r->pid, 0);
	if (r->pid == 0) {
		if (sv[1] != PROC_CHANNEL_FD)
			dup2(sv[1], PROC_CHANNEL_FD);
		execv(path, argv);
		_exit(127);
	}
	close(sv[1]);
	r->bgpd = sv[0];
	link_to(r, PROC_SESSIOND, &r->sessiond);
	link_to(r, PROC_APID, &r->apid);
	for (i = 0; i < PEERS; i++) {
		for (f = 0; f < FAMILY__MAX; f++)
			r->peers[i].table[f] =
			    prefix_index_new(family_max_bits((enum family)f));
	}
	return r;
}

static int
rig_wait(struct rig *r)
{
	int status;

	ck_assert_int_eq(waitpid(r->pid, &status, 0), r->pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
rig_free(struct rig *r)
{
	int i;
	int f;

	for (i = 0; i < PEERS; i++) {
		for (f = 0; f < FAMILY__MAX; f++)
			prefix_index_free(r->peers[i].table[f]);
	}
	close(r->bgpd);
	close(r->sessiond);
	close(r->apid);
	free(r);
}

/* A clean end: status 0, and in sanitizer builds nothing left behind. */
static void
rig_end(struct rig *r)
{
	put(r->bgpd, MSG_SHUTDOWN, 0, 0, NULL, 0, -1);
	while (get(r->sessiond, &r->in))
		;
	ck_assert_int_eq(rig_wait(r), 0);
	rig_free(r);
}

/* --- bgpd's part */

static struct nlri
nlri_of(const char *text)
{
	struct nlri n;
	struct err e;

	ck_assert_int_eq(nlri_parse(text, &n, &e), 0);
	return n;
}

static size_t
block_of(uint8_t *to, enum family family, const char *next_hop,
    uint32_t community)
{
	struct bgp_attr_values v;
	struct err e;
	struct wr w;

	bgp_attr_values_init(&v);
	ck_assert_int_eq(addr_parse(next_hop, &v.next_hop), 0);
	if (community != 0) {
		v.communities = &community;
		v.n_communities = 1;
	}
	wr_init(&w, to, BGP_ATTR_BLOCK_MAX);
	ck_assert_msg(bgp_attr_build(&w, family, &v, &e) == 0, "%s", e.text);
	return wr_len(&w);
}

static void
item(struct rig *r, const struct wr *w)
{
	ck_assert(wr_ok(w));
	put(r->bgpd, MSG_CONF_ITEM, r->generation, 0, w->base, wr_len(w), -1);
}

/* Send a configuration with a peer 192.0.2.99 that never comes up and these
 * networks (NULL ends them). */
static void
conf_send(struct rig *r, const char *const *networks, uint32_t community)
{
	struct conf *c = conf_new();
	struct conf_peer cp;
	struct conf_network net;
	uint8_t block[BGP_ATTR_BLOCK_MAX];
	struct wr w;

	wr_init_grow(&w, MSG_MAX);
	r->generation++;
	put(r->bgpd, MSG_CONF_BEGIN, r->generation, 0, NULL, 0, -1);
	c->asn = ASN;
	c->router_id = 0x0a000001;
	c->cluster_id = c->router_id;
	c->log_level = LOG_LEVEL_ERROR;
	wr_n8(&w, CONF_ITEM_GLOBAL);
	msg_conf_global_put(&w, c);
	item(r, &w);
	conf_peer_init(&cp, c);
	cp.addr = addr_ipv4(0xc0000263);
	wr_reset(&w);
	wr_n8(&w, CONF_ITEM_PEER);
	msg_conf_peer_put(&w, &cp);
	item(r, &w);
	conf_peer_fini(&cp);
	for (; networks != NULL && *networks != NULL; networks++) {
		net.nlri = nlri_of(*networks);
		net.attrs = block;
		net.attrs_len =
		    (uint16_t)block_of(block, (enum family)net.nlri.family,
			net.nlri.family == FAMILY_IPV4_UNICAST ? "0.0.0.0" :
								 "2001:db8::1",
			community);
		wr_reset(&w);
		wr_n8(&w, CONF_ITEM_NETWORK);
		msg_conf_network_put(&w, &net);
		item(r, &w);
	}
	put(r->bgpd, MSG_CONF_END, r->generation, 0, NULL, 0, -1);
	wr_free(&w);
	conf_free(c);
}

static void
conf_commit(struct rig *r)
{
	ck_assert(get(r->bgpd, &r->in));
	ck_assert_uint_eq(r->in.hdr.type, MSG_CONF_READY);
	ck_assert_uint_eq(r->in.hdr.id, r->generation);
	put(r->bgpd, MSG_CONF_COMMIT, r->generation, 0, NULL, 0, -1);
	ck_assert(get(r->bgpd, &r->in));
	ck_assert_uint_eq(r->in.hdr.type, MSG_CONF_DONE);
}

static struct rig *
rig_configured(void)
{
	struct rig *r = rig_new();

	conf_send(r, NULL, 0);
	conf_commit(r);
	return r;
}

/* --- sessiond's part */

static struct addr
peer_addr(uint32_t id)
{
	return addr_ipv4(0x0a010000 + id);
}

static void
up_with(struct rig *r, uint32_t id, uint32_t epoch, struct peer_up *up)
{
	struct wr w;
	int f;

	r->peers[id].epoch = epoch;
	r->peers[id].unpaid = 0;
	r->peers[id].rx_credit = 0;
	r->peers[id].ready = 0;
	/* a new session knows nothing */
	for (f = 0; f < FAMILY__MAX; f++) {
		prefix_index_free(r->peers[id].table[f]);
		r->peers[id].table[f] =
		    prefix_index_new(family_max_bits((enum family)f));
		r->peers[id].end_of_rib[f] = 0;
	}
	wr_init_grow(&w, 16384);
	msg_peer_up_put(&w, up);
	ck_assert(wr_ok(&w));
	put(r->sessiond, MSG_PEER_UP, id, epoch, w.base, wr_len(&w), -1);
	wr_free(&w);
}

static void
up_init(struct peer_up *up, uint32_t id)
{
	memset(up, 0, sizeof(*up));
	up->remote = peer_addr(id);
	up->local = addr_ipv4(0x0a01ffff);
	up->remote_port = up->local_port = 179;
	up->remote_as = 64000 + id;
	up->remote_id = 0x0a010000 + id;
	up->local_as = ASN;
	up->ebgp = true;
	up->configured = true;
	up->as4 = true;
	up->route_refresh = true;
	up->families = FAMILY_ALL;
}

static void
peer_up(struct rig *r, uint32_t id, uint32_t epoch)
{
	struct peer_up up;

	up_init(&up, id);
	up_with(r, id, epoch, &up);
}

static void
peer_down(struct rig *r, uint32_t id, uint32_t stale, uint16_t secs)
{
	struct peer_down down = { .reason = PEER_DOWN_REMOTE,
		.stale_families = stale,
		.gr_time = secs };
	uint8_t buf[64];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	msg_peer_down_put(&w, &down);
	put(r->sessiond, MSG_PEER_DOWN, id, r->peers[id].epoch, buf, wr_len(&w),
	    -1);
}

static void
update_begin(struct wr *w, uint32_t peer, unsigned int extra_path,
    uint32_t community)
{
	size_t attrs;
	size_t path;
	unsigned int i;
	uint8_t c[4];

	for (i = 0; i < BGP_MARKER_LEN; i++)
		wr_n8(w, 0xff);
	wr_n16(w, 0);
	wr_n8(w, BGP_UPDATE);
	wr_n16(w, 0);
	attrs = wr_skip(w, 2);
	wr_copy(w, "\x40\x01\x01\x00", 4);
	wr_copy(w, "\x50\x02", 2);
	path = wr_skip(w, 2);
	wr_n8(w, BGP_SEGMENT_SEQUENCE);
	wr_n8(w, (uint8_t)(1 + extra_path));
	wr_n32(w, 64000 + peer);
	for (i = 0; i < extra_path; i++)
		wr_n32(w, 100000 + i);
	wr_patch16(w, path, (uint16_t)(wr_len(w) - path - 2));
	wr_copy(w, "\x40\x03\x04", 3);
	wr_n32(w, 0x0a010000 + peer);
	if (community != 0) {
		wr_copy(w, "\xc0\x08\x04", 3);
		c[0] = (uint8_t)(community >> 24);
		c[1] = (uint8_t)(community >> 16);
		c[2] = (uint8_t)(community >> 8);
		c[3] = (uint8_t)community;
		wr_copy(w, c, sizeof(c));
	}
	wr_patch16(w, attrs, (uint16_t)(wr_len(w) - attrs - 2));
}

static void
update_end(struct wr *w, size_t at)
{
	wr_patch16(w, at + BGP_MARKER_LEN, (uint16_t)(wr_len(w) - at));
	ck_assert(wr_ok(w));
}

static void
updates_send(struct rig *r, uint32_t peer, const struct wr *w)
{
	put(r->sessiond, MSG_UPDATES, peer, r->peers[peer].epoch, w->base,
	    wr_len(w), -1);
}

static void
announce_with(struct rig *r, uint32_t peer, const char *prefix,
    unsigned int extra_path, uint32_t community)
{
	struct nlri n = nlri_of(prefix);
	uint8_t buf[BGP_MSG_MAX];
	uint8_t nlri[BGP_NLRI_MAX];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	update_begin(&w, peer, extra_path, community);
	wr_copy(&w, nlri, bgp_nlri_write(nlri, &n));
	update_end(&w, 0);
	updates_send(r, peer, &w);
}

static void
announce(struct rig *r, uint32_t peer, const char *prefix)
{
	announce_with(r, peer, prefix, 0, 0);
}

static void
withdraw(struct rig *r, uint32_t peer, const char *prefix)
{
	struct nlri n = nlri_of(prefix);
	uint8_t buf[64];
	uint8_t nlri[BGP_NLRI_MAX];
	struct wr w;
	size_t len;
	int i;

	len = bgp_nlri_write(nlri, &n);
	wr_init(&w, buf, sizeof(buf));
	for (i = 0; i < BGP_MARKER_LEN; i++)
		wr_n8(&w, 0xff);
	wr_n16(&w, 0);
	wr_n8(&w, BGP_UPDATE);
	wr_n16(&w, (uint16_t)len);
	wr_copy(&w, nlri, len);
	wr_n16(&w, 0);
	update_end(&w, 0);
	updates_send(r, peer, &w);
}

/* `count` /24s from number `first` on, six in a set of attributes. */
static void
announce_many(struct rig *r, uint32_t peer, uint32_t first, uint32_t count)
{
	uint32_t end = first + count;
	uint32_t p = first;
	uint8_t buf[BGP_MSG_MAX];
	struct wr run;
	struct wr w;
	int i;

	wr_init_grow(&run, MSG_BATCH_MAX);
	while (p < end) {
		wr_init(&w, buf, sizeof(buf));
		update_begin(&w, peer, 0, 0x10000000 + p);
		for (i = 0; i < 6 && p < end; i++, p++) {
			wr_n8(&w, 24);
			wr_n8(&w, (uint8_t)(p >> 16));
			wr_n16(&w, (uint16_t)p);
		}
		update_end(&w, 0);
		if (wr_left(&run) < wr_len(&w)) {
			updates_send(r, peer, &run);
			wr_reset(&run);
		}
		wr_copy(&run, buf, wr_len(&w));
		ck_assert(wr_ok(&run));
	}
	updates_send(r, peer, &run);
	wr_free(&run);
}

static void
end_of_rib(struct rig *r, uint32_t peer, enum family family)
{
	uint8_t buf[BGP_EOR_MAX];
	size_t len;

	len = bgp_update_end_of_rib(buf, family);
	put(r->sessiond, MSG_UPDATES, peer, r->peers[peer].epoch, buf, len, -1);
}

static void
seen_span(struct seen *s, const struct bgp_nlri_span *span, bool there)
{
	struct bgp_nlri_iter it;
	struct prefix_key key;
	struct nlri nlri;

	bgp_nlri_iter_init(&it, (enum family)span->family, span->p, span->len,
	    false);
	while (bgp_nlri_next(&it, &nlri, NULL)) {
		prefix_key_from_nlri(&key, &nlri);
		if (there)
			*prefix_index_insert(s->table[nlri.family], &key) = 1;
		else
			(void)prefix_index_remove(s->table[nlri.family], &key);
	}
}

static void
seen_update(struct seen *s, const uint8_t *msg, size_t len)
{
	static const struct bgp_update_ctx ctx = { .ebgp = true,
		.as4 = true,
		.peer_as = ASN,
		.families = FAMILY_ALL };
	static uint8_t buf[BGP_UPDATE_BUF(BGP_MSG_MAX)];
	struct bgp_update u;

	ck_assert_int_eq(bgp_update_parse(&ctx, msg, len, buf, &u),
	    BGP_UPDATE_OK);
	if (u.end_of_rib != -1)
		s->end_of_rib[u.end_of_rib]++;
	seen_span(s, &u.withdrawn, false);
	seen_span(s, &u.mp_unreach, false);
	seen_span(s, &u.announced, true);
	seen_span(s, &u.mp_reach, true);
	if (u.attrs.p != NULL && u.announced.len > 0) {
		memcpy(s->attrs, u.attrs.p, u.attrs.len);
		s->attrs_len = u.attrs.len;
	}
}

static void
on_tx(struct rig *r)
{
	struct credit c;
	uint8_t buf[12];
	struct tx t;
	struct wr w;
	size_t off;
	size_t len;
	uint32_t i;

	ck_assert_int_eq(msg_tx_get(r->in.data, r->in.hdr.len, &t), 0);
	for (i = 0; i < 8 * t.bitmap_len; i++) {
		if (!tx_has_peer(&t, i))
			continue;
		ck_assert_uint_gt(i, 0);
		ck_assert_uint_lt(i, PEERS);
		if (r->peers[i].ready == 0)
			continue; /* of a session that is over */
		for (off = 0; off < t.len; off += len) {
			len =
			    (size_t)(t.data[off + 16] << 8 | t.data[off + 17]);
			seen_update(&r->peers[i], t.data + off, len);
		}
		r->peers[i].tx_bytes += t.len;
		r->peers[i].unpaid += t.len;
		ck_assert_uint_le(r->peers[i].unpaid, TX_WINDOW);
		if (r->peers[i].hold)
			continue;
		c.peer = i;
		c.epoch = r->peers[i].epoch;
		c.bytes = (uint32_t)r->peers[i].unpaid;
		r->peers[i].unpaid = 0;
		wr_init(&w, buf, sizeof(buf));
		msg_credit_put(&w, &c);
		put(r->sessiond, MSG_TX_CREDIT, 0, 0, buf, sizeof(buf), -1);
	}
}

static void
on_rx_credit(struct rig *r)
{
	struct credit c;
	struct rd rd;

	rd_init(&rd, r->in.data, r->in.hdr.len);
	while (rd_left(&rd) > 0) {
		msg_credit_get(&rd, &c);
		ck_assert(rd_ok(&rd));
		ck_assert_uint_lt(c.peer, PEERS);
		if (c.epoch == r->peers[c.peer].epoch)
			r->peers[c.peer].rx_credit += c.bytes;
	}
}

static void
on_peer_counts(struct rig *r)
{
	struct peer_counts c;
	struct rd rd;

	rd_init(&rd, r->in.data, r->in.hdr.len);
	while (rd_left(&rd) > 0) {
		msg_peer_counts_get(&rd, &c);
		ck_assert(rd_ok(&rd));
		ck_assert_uint_lt(c.peer, PEERS);
		if (c.epoch == r->peers[c.peer].epoch)
			memcpy(r->peers[c.peer].counts, c.families,
			    sizeof(c.families));
	}
}

/* Handle one message from the rde; false at the end of the channel. */
static bool
pump(struct rig *r)
{
	struct rd rd;

	if (!get(r->sessiond, &r->in))
		return false;
	switch (r->in.hdr.type) {
	case MSG_TX:
		on_tx(r);
		break;
	case MSG_RX_CREDIT:
		on_rx_credit(r);
		break;
	case MSG_PEER_READY:
		/* else for a session that we have ended meanwhile */
		if (r->in.hdr.epoch == r->peers[r->in.hdr.id].epoch)
			r->peers[r->in.hdr.id].ready++;
		break;
	case MSG_PEER_SHUT:
		rd_init(&rd, r->in.data, r->in.hdr.len);
		msg_peer_shut_get(&rd, &r->peers[r->in.hdr.id].shut);
		ck_assert(rd_done(&rd));
		r->peers[r->in.hdr.id].shuts++;
		break;
	case MSG_PEER_COUNTS:
		on_peer_counts(r);
		break;
	default:
		ck_abort_msg("sessiond got type %u", r->in.hdr.type);
	}
	return true;
}

static size_t
routes(const struct rig *r, uint32_t peer)
{
	return prefix_index_count(r->peers[peer].table[0]);
}

static bool
has(const struct rig *r, uint32_t peer, const char *prefix)
{
	struct nlri n = nlri_of(prefix);
	struct prefix_key key;

	prefix_key_from_nlri(&key, &n);
	return prefix_index_find(r->peers[peer].table[n.family], &key) != 0;
}

#define AWAIT(r, cond)                                                         \
	do {                                                                   \
		while (!(cond))                                                \
			ck_assert_msg(pump(r), "the rde is gone");             \
	} while (0)

/* --- apid's part */

static void
query_send(struct rig *r, uint32_t id, const struct query_open *q)
{
	uint8_t buf[256];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	msg_query_open_put(&w, q);
	put(r->apid, MSG_QUERY_OPEN, id, 0, buf, wr_len(&w), -1);
}

static void
credit_send(struct rig *r, uint32_t id, uint32_t blocks)
{
	uint8_t buf[4];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_n32(&w, blocks);
	put(r->apid, MSG_QUERY_CREDIT, id, 0, buf, sizeof(buf), -1);
}

struct listing {
	size_t rows; /* different prefixes */
	size_t paths;
	size_t blocks;
	size_t long_blocks; /* of one prefix */
	struct nlri last;
	struct query_path last_path; /* attrs not set */
	uint8_t flags; /* of all paths */
	uint8_t attrs[BGP_ATTR_BLOCK_MAX];
	size_t attrs_len; /* of the last path */
	struct err end;
	bool ended;
};

/* Take one message of query `id`. */
static void
listing_take(struct rig *r, uint32_t id, struct listing *l)
{
	struct nlri nlri;
	struct rd rd;
	uint16_t n;

	ck_assert(get(r->apid, &r->in));
	ck_assert_uint_eq(r->in.hdr.id, id);
	rd_init(&rd, r->in.data, r->in.hdr.len);
	if (r->in.hdr.type == MSG_QUERY_END) {
		err_get(&rd, &l->end);
		ck_assert(rd_done(&rd));
		l->ended = true;
		return;
	}
	ck_assert_uint_eq(r->in.hdr.type, MSG_QUERY_ROWS);
	l->long_blocks += r->in.hdr.len > QUERY_BLOCK;
	l->blocks++;
	while (rd_left(&rd) > 0) {
		msg_query_row_get(&rd, &nlri, &n);
		ck_assert(rd_ok(&rd));
		if (l->rows == 0 || nlri_cmp(&l->last, &nlri) != 0) {
			if (l->rows > 0)
				ck_assert_int_lt(nlri_cmp(&l->last, &nlri), 0);
			l->rows++;
		}
		l->last = nlri;
		for (; n > 0; n--) {
			msg_query_path_get(&rd, &l->last_path);
			ck_assert(rd_ok(&rd));
			l->paths++;
			l->flags |= l->last_path.flags;
			memcpy(l->attrs, l->last_path.attrs,
			    l->last_path.attrs_len);
			l->attrs_len = l->last_path.attrs_len;
		}
	}
}

static struct listing
listing_of(struct rig *r, const struct query_open *q)
{
	static uint32_t id = 1000;
	struct listing l;
	size_t taken;

	memset(&l, 0, sizeof(l));
	query_send(r, ++id, q);
	credit_send(r, id, QUERY_WINDOW);
	while (!l.ended) {
		taken = l.blocks;
		listing_take(r, id, &l);
		if (l.blocks > taken)
			credit_send(r, id, 1);
	}
	return l;
}

static struct query_open
query_of(enum query_table table, uint32_t peer)
{
	struct query_open q;

	memset(&q, 0, sizeof(q));
	q.table = (uint8_t)table;
	q.families = FAMILY_ALL;
	if (table != QUERY_GLOBAL)
		q.peer = peer_addr(peer);
	return q;
}

static struct listing
list(struct rig *r, enum query_table table, uint32_t peer)
{
	struct query_open q = query_of(table, peer);

	return listing_of(r, &q);
}

/* One edit and its answer. */
static struct err
inject(struct rig *r, enum inject_op op, const char *prefix,
    const char *next_hop)
{
	uint8_t block[BGP_ATTR_BLOCK_MAX];
	struct inject edit = { .op = (uint8_t)op, .nlri = nlri_of(prefix) };
	struct err e;
	struct wr w;
	struct rd rd;

	if (op == INJECT_ADD) {
		edit.attrs = block;
		edit.attrs_len = (uint16_t)block_of(block,
		    (enum family)edit.nlri.family, next_hop, 0);
	}
	wr_init_grow(&w, MSG_MAX);
	wr_n16(&w, 1);
	msg_inject_put(&w, &edit);
	put(r->apid, MSG_INJECT, 77, 0, w.base, wr_len(&w), -1);
	wr_free(&w);
	ck_assert(get(r->apid, &r->in));
	ck_assert_uint_eq(r->in.hdr.type, MSG_INJECT_DONE);
	ck_assert_uint_eq(r->in.hdr.id, 77);
	rd_init(&rd, r->in.data, r->in.hdr.len);
	ck_assert_uint_eq(rd_n16(&rd), 1);
	msg_inject_result_get(&rd, &e);
	ck_assert(rd_done(&rd));
	return e;
}

/* --- tests */

START_TEST(ends_cleanly_without_a_configuration)
{
	rig_end(rig_new());
}
END_TEST

START_TEST(routes_go_from_peer_to_peer)
{
	struct rig *r = rig_configured();

	peer_up(r, 1, 1);
	peer_up(r, 2, 5);
	AWAIT(r,
	    r->peers[1].end_of_rib[0] && r->peers[1].end_of_rib[1] &&
		r->peers[2].end_of_rib[0] && r->peers[2].end_of_rib[1]);
	announce(r, 1, "198.51.100.0/24");
	announce(r, 2, "203.0.113.0/24");
	AWAIT(r, has(r, 2, "198.51.100.0/24") && has(r, 1, "203.0.113.0/24"));
	/* split horizon */
	ck_assert(!has(r, 1, "198.51.100.0/24"));
	ck_assert(!has(r, 2, "203.0.113.0/24"));
	AWAIT(r,
	    r->peers[1].counts[0].received == 1 &&
		r->peers[1].counts[0].sent == 1 &&
		r->peers[2].counts[0].sent == 1);
	withdraw(r, 1, "198.51.100.0/24");
	AWAIT(r, !has(r, 2, "198.51.100.0/24"));
	ck_assert_uint_eq(r->peers[1].ready, 1);
	rig_end(r);
}
END_TEST

START_TEST(handled_bytes_come_back_as_credit)
{
	struct rig *r = rig_configured();

	peer_up(r, 1, 9);
	end_of_rib(r, 1, FAMILY_IPV4_UNICAST);
	end_of_rib(r, 1, FAMILY_IPV4_UNICAST);
	AWAIT(r, r->peers[1].rx_credit == 46);
	rig_end(r);
}
END_TEST

START_TEST(updates_of_an_earlier_session_are_dropped)
{
	struct rig *r = rig_configured();

	peer_up(r, 1, 1);
	peer_up(r, 2, 1);
	peer_down(r, 1, 0, 0);
	announce(r, 1, "198.51.100.0/24"); /* epoch 1, on its way */
	peer_up(r, 1, 2);
	announce(r, 1, "203.0.113.0/24");
	AWAIT(r, has(r, 2, "203.0.113.0/24"));
	ck_assert(!has(r, 2, "198.51.100.0/24"));
	rig_end(r);
}
END_TEST

START_TEST(window_stops_sending_and_credit_restarts_it)
{
	struct rig *r = rig_configured();
	struct listing l;
	enum { N = 60000 };

	r->peers[2].hold = true;
	peer_up(r, 1, 1);
	peer_up(r, 2, 1);
	peer_up(r, 3, 1);
	announce_many(r, 1, 0x140000, N);
	/* the other one is not held up (on_tx asserts the window) */
	AWAIT(r, routes(r, 3) == N);
	l = list(r, QUERY_GLOBAL, 0);
	ck_assert_uint_eq(l.rows, N);
	ck_assert_uint_lt(routes(r, 2), N);
	ck_assert_uint_gt(r->peers[2].unpaid, TX_WINDOW / 2);
	{
		struct credit c = { 2, 1, (uint32_t)r->peers[2].unpaid };
		uint8_t buf[12];
		struct wr w;

		r->peers[2].hold = false;
		r->peers[2].unpaid = 0;
		wr_init(&w, buf, sizeof(buf));
		msg_credit_put(&w, &c);
		put(r->sessiond, MSG_TX_CREDIT, 0, 0, buf, sizeof(buf), -1);
	}
	AWAIT(r, routes(r, 2) == N);
	rig_end(r);
}
END_TEST

START_TEST(too_much_credit_is_fatal)
{
	struct rig *r = rig_configured();
	struct credit c = { 1, 1, 1000000 };
	uint8_t buf[12];
	struct wr w;

	peer_up(r, 1, 1);
	wr_init(&w, buf, sizeof(buf));
	msg_credit_put(&w, &c);
	put(r->sessiond, MSG_TX_CREDIT, 0, 0, buf, sizeof(buf), -1);
	while (pump(r))
		;
	ck_assert_int_eq(rig_wait(r), 1);
	rig_free(r);
}
END_TEST

START_TEST(lost_session_is_flushed)
{
	struct rig *r = rig_configured();
	enum { N = 9000 };

	peer_up(r, 1, 1);
	peer_up(r, 2, 1);
	announce_many(r, 1, 0x140000, N);
	AWAIT(r, routes(r, 2) == N);
	peer_down(r, 1, 0, 0);
	AWAIT(r, routes(r, 2) == 0);
	ck_assert_uint_eq(list(r, QUERY_GLOBAL, 0).rows, 0);
	/* known to us still, but down */
	ck_assert_uint_eq(list(r, QUERY_ADJ_IN, 1).rows, 0);
	rig_end(r);
}
END_TEST

START_TEST(new_session_meets_the_flush_of_the_old)
{
	struct rig *r = rig_configured();
	enum { N = 30000, M = 10000 };

	peer_up(r, 1, 1);
	peer_up(r, 2, 1);
	announce_many(r, 1, 0x140000, N);
	AWAIT(r, routes(r, 2) == N);
	peer_down(r, 1, 0, 0);
	peer_up(r, 1, 2);
	announce_many(r, 1, 0x140000 + N / 2, M);
	AWAIT(r, routes(r, 2) == M && r->peers[1].rx_credit > 0);
	ck_assert(has(r, 2, "20.97.167.0/24")); /* the last of them */
	rig_end(r);
}
END_TEST

START_TEST(number_of_a_gone_peer_is_used_again)
{
	struct rig *r = rig_configured();
	struct peer_up up;
	enum { N = 30000 };

	peer_up(r, 1, 1);
	peer_up(r, 2, 1);
	announce_many(r, 1, 0x140000, N);
	AWAIT(r, routes(r, 2) == N);
	peer_down(r, 1, 0, 0);
	put(r->sessiond, MSG_PEER_GONE, 1, 0, NULL, 0, -1);
	up_init(&up, 7);
	up_with(r, 1, 1, &up);
	announce_with(r, 1, "203.0.113.0/24", 0, 0);
	AWAIT(r, routes(r, 2) == 1 && has(r, 2, "203.0.113.0/24"));
	ck_assert_uint_eq(list(r, QUERY_ADJ_IN, 7).rows, 1);
	rig_end(r);
}
END_TEST

static struct rig *
restarted(uint32_t forwarding, uint16_t secs)
{
	struct rig *r = rig_configured();
	struct peer_up up;

	up_init(&up, 1);
	up.gr = true;
	up.gr_families = FAMILY_ALL;
	up.gr_time = secs;
	up_with(r, 1, 1, &up);
	peer_up(r, 2, 1);
	announce(r, 1, "198.51.100.0/24");
	announce(r, 1, "203.0.113.0/24");
	AWAIT(r, routes(r, 2) == 2);
	peer_down(r, 1, FAMILY_ALL, secs);
	if (forwarding == UINT32_MAX) /* it does not come back */
		return r;
	up.gr_forwarding = forwarding;
	up.gr_restarting = true;
	up_with(r, 1, 2, &up);
	return r;
}

START_TEST(restarting_peer_keeps_its_routes_until_end_of_rib)
{
	struct rig *r = restarted(FAMILY_ALL, 120);
	struct listing l;

	announce(r, 1, "203.0.113.0/24");
	AWAIT(r, r->peers[1].rx_credit > 0);
	ck_assert_uint_eq(routes(r, 2), 2);
	l = list(r, QUERY_ADJ_IN, 1);
	ck_assert_uint_eq(l.rows, 2);
	ck_assert_uint_ne(l.flags & QUERY_PATH_STALE, 0);
	end_of_rib(r, 1, FAMILY_IPV4_UNICAST);
	AWAIT(r, routes(r, 2) == 1);
	ck_assert(has(r, 2, "203.0.113.0/24"));
	l = list(r, QUERY_ADJ_IN, 1);
	ck_assert_uint_eq(l.rows, 1);
	ck_assert_uint_eq(l.flags & QUERY_PATH_STALE, 0);
	rig_end(r);
}
END_TEST

START_TEST(peer_that_did_not_forward_loses_its_routes)
{
	struct rig *r = restarted(0, 120);

	AWAIT(r, routes(r, 2) == 0);
	rig_end(r);
}
END_TEST

START_TEST(restart_time_is_the_limit)
{
	struct rig *r = restarted(UINT32_MAX, 1);

	ck_assert_uint_eq(list(r, QUERY_ADJ_IN, 1).rows, 2);
	ck_assert_uint_eq(list(r, QUERY_ADJ_OUT, 1).rows, 0);
	AWAIT(r, routes(r, 2) == 0);
	ck_assert_uint_eq(list(r, QUERY_ADJ_IN, 1).rows, 0);
	rig_end(r);
}
END_TEST

START_TEST(removed_peer_keeps_nothing)
{
	struct rig *r = restarted(UINT32_MAX, 120);
	struct listing l;

	put(r->sessiond, MSG_PEER_GONE, 1, 0, NULL, 0, -1);
	AWAIT(r, routes(r, 2) == 0);
	l = list(r, QUERY_ADJ_IN, 1);
	ck_assert_int_eq(l.end.code, ERR_NOT_FOUND);
	ck_assert_str_eq(l.end.text, "peer 10.1.0.1 not found");
	rig_end(r);
}
END_TEST

START_TEST(fatal_update_shuts_the_session_once)
{
	struct rig *r = rig_configured();
	uint8_t msg[BGP_UPDATE_MIN];

	peer_up(r, 1, 1);
	peer_up(r, 2, 1);
	memset(msg, 0xff, BGP_MARKER_LEN);
	memcpy(msg + BGP_MARKER_LEN, "\0\x17\x02\xff\xff\0\0", 7);
	put(r->sessiond, MSG_UPDATES, 1, 1, msg, sizeof(msg), -1);
	announce(r, 1, "198.51.100.0/24");
	put(r->sessiond, MSG_UPDATES, 1, 1, msg, sizeof(msg), -1);
	announce(r, 2, "203.0.113.0/24");
	AWAIT(r, r->peers[1].shuts == 1 && has(r, 1, "203.0.113.0/24"));
	ck_assert_uint_eq(r->peers[1].shut.code, BGP_ERR_UPDATE);
	ck_assert_uint_eq(r->peers[1].shut.subcode, BGP_ERR_UPD_ATTR_LIST);
	ck_assert(!r->peers[1].shut.prefix_limit);
	peer_down(r, 1, 0, 0);
	peer_up(r, 1, 2);
	announce(r, 1, "192.0.2.0/24");
	AWAIT(r, has(r, 2, "192.0.2.0/24"));
	ck_assert_uint_eq(r->peers[1].shuts, 1);
	ck_assert(!has(r, 2, "198.51.100.0/24"));
	rig_end(r);
}
END_TEST

START_TEST(prefix_limit_shuts_the_session)
{
	struct rig *r = rig_configured();
	struct peer_up up;

	up_init(&up, 1);
	up.has_max_prefix = true;
	up.max_prefix = 2;
	up.max_prefix_action = CONF_MAX_PREFIX_TERMINATE;
	up.max_prefix_stop = true;
	up_with(r, 1, 1, &up);
	announce(r, 1, "198.51.100.0/24");
	announce(r, 1, "198.51.100.0/24"); /* is not a new one */
	announce(r, 1, "203.0.113.0/24");
	announce(r, 1, "192.0.2.0/24");
	AWAIT(r, r->peers[1].shuts == 1);
	ck_assert_uint_eq(r->peers[1].shut.code, BGP_ERR_CEASE);
	ck_assert_uint_eq(r->peers[1].shut.subcode, BGP_CEASE_MAX_PREFIX);
	ck_assert(r->peers[1].shut.prefix_limit);
	rig_end(r);
}
END_TEST

START_TEST(refresh_sends_the_table_again)
{
	struct rig *r = rig_configured();
	struct refresh f = { AFI_IPV4, 0, SAFI_UNICAST };
	struct refresh strange = { 99, 0, 99 };
	uint8_t buf[4];
	struct wr w;
	uint64_t sent;

	peer_up(r, 1, 1);
	peer_up(r, 2, 1);
	announce(r, 1, "198.51.100.0/24");
	AWAIT(r,
	    has(r, 2, "198.51.100.0/24") && r->peers[2].end_of_rib[0] > 0 &&
		r->peers[2].end_of_rib[1] > 0);
	sent = r->peers[2].tx_bytes;
	wr_init(&w, buf, sizeof(buf));
	msg_refresh_put(&w, &strange);
	put(r->sessiond, MSG_REFRESH, 2, 1, buf, sizeof(buf), -1);
	wr_reset(&w);
	msg_refresh_put(&w, &f);
	put(r->sessiond, MSG_REFRESH, 2, 1, buf, sizeof(buf), -1);
	AWAIT(r, r->peers[2].tx_bytes > sent);
	ck_assert(has(r, 2, "198.51.100.0/24"));
	rig_end(r);
}
END_TEST

START_TEST(networks_are_announced_and_follow_the_file)
{
	static const char *const one[] = { "192.0.2.0/24", "2001:db8::/32",
		NULL };
	static const char *const two[] = { "192.0.2.0/24", "198.51.100.0/24",
		NULL };
	struct rig *r = rig_new();

	conf_send(r, one, 0);
	conf_commit(r);
	peer_up(r, 1, 1);
	AWAIT(r,
	    has(r, 1, "192.0.2.0/24") && has(r, 1, "2001:db8::/32") &&
		r->peers[1].end_of_rib[0] > 0 && r->peers[1].end_of_rib[1] > 0);
	conf_send(r, two, 0);
	conf_commit(r);
	AWAIT(r, has(r, 1, "198.51.100.0/24") && !has(r, 1, "2001:db8::/32"));
	ck_assert(has(r, 1, "192.0.2.0/24"));
	conf_send(r, NULL, 0);
	conf_commit(r);
	AWAIT(r, routes(r, 1) == 0);
	rig_end(r);
}
END_TEST

START_TEST(network_and_route_of_the_api_exclude_each_other)
{
	static const char *const nets[] = { "192.0.2.0/24", NULL };
	static const char *const more[] = { "192.0.2.0/24", "198.51.100.0/24",
		NULL };
	struct rig *r = rig_new();
	struct rd rd;
	struct err e;

	conf_send(r, nets, 0);
	conf_commit(r);
	e = inject(r, INJECT_ADD, "192.0.2.0/24", "0.0.0.0");
	ck_assert_int_eq(e.code, ERR_EXISTS);
	ck_assert_ptr_nonnull(strstr(e.text, "already exists"));
	e = inject(r, INJECT_ADD, "198.51.100.0/24", "0.0.0.0");
	ck_assert_int_eq(e.code, ERR_OK);
	conf_send(r, more, 0);
	ck_assert(get(r->bgpd, &r->in));
	ck_assert_uint_eq(r->in.hdr.type, MSG_CONF_REJECT);
	rd_init(&rd, r->in.data, r->in.hdr.len);
	err_get(&rd, &e);
	ck_assert(rd_done(&rd));
	ck_assert_int_eq(e.code, ERR_EXISTS);
	ck_assert_uint_eq(list(r, QUERY_GLOBAL, 0).rows, 2);
	/* the refused one changed nothing; without the route it passes */
	e = inject(r, INJECT_REMOVE, "198.51.100.0/24", NULL);
	ck_assert_int_eq(e.code, ERR_OK);
	conf_send(r, more, 0);
	conf_commit(r);
	ck_assert_uint_eq(list(r, QUERY_GLOBAL, 0).rows, 2);
	rig_end(r);
}
END_TEST

START_TEST(removed_network_stays_away_until_the_file_changes_it)
{
	static const char *const nets[] = { "192.0.2.0/24", NULL };
	struct rig *r = rig_new();

	conf_send(r, nets, 0);
	conf_commit(r);
	ck_assert_int_eq(inject(r, INJECT_REMOVE, "192.0.2.0/24", NULL).code,
	    ERR_OK);
	ck_assert_uint_eq(list(r, QUERY_GLOBAL, 0).rows, 0);
	conf_send(r, nets, 0);
	conf_commit(r);
	ck_assert_uint_eq(list(r, QUERY_GLOBAL, 0).rows, 0);
	conf_send(r, nets, 0xfde80001);
	conf_commit(r);
	ck_assert_uint_eq(list(r, QUERY_GLOBAL, 0).rows, 1);
	rig_end(r);
}
END_TEST

START_TEST(aborted_configuration_leaves_no_trace)
{
	static const char *const nets[] = { "192.0.2.0/24", NULL };
	struct rig *r = rig_configured();

	conf_send(r, nets, 0);
	ck_assert(get(r->bgpd, &r->in));
	ck_assert_uint_eq(r->in.hdr.type, MSG_CONF_READY);
	put(r->bgpd, MSG_CONF_ABORT, r->generation, 0, NULL, 0, -1);
	conf_send(r, NULL, 0);
	conf_commit(r);
	ck_assert_uint_eq(list(r, QUERY_GLOBAL, 0).rows, 0);
	rig_end(r);
}
END_TEST

START_TEST(injected_route_is_listed_when_it_is_answered)
{
	struct rig *r = rig_configured();
	struct listing l;
	struct rd rd;

	peer_up(r, 1, 1);
	AWAIT(r, r->peers[1].end_of_rib[0] > 0);
	ck_assert_int_eq(
	    inject(r, INJECT_ADD, "198.51.100.0/24", "0.0.0.0").code, ERR_OK);
	l = list(r, QUERY_GLOBAL, 0);
	ck_assert_uint_eq(l.rows, 1);
	ck_assert(l.last_path.peer.family == ADDR_IPV4 &&
	    addr_to_u32(&l.last_path.peer) == 0x7f000001);
	ck_assert_uint_eq(l.flags, QUERY_PATH_BEST);
	l = list(r, QUERY_ADJ_OUT, 1);
	ck_assert_uint_eq(l.rows, 1);
	AWAIT(r, has(r, 1, "198.51.100.0/24"));
	/* exactly what was sent */
	ck_assert_uint_eq(l.attrs_len, r->peers[1].attrs_len);
	ck_assert_mem_eq(l.attrs, r->peers[1].attrs, l.attrs_len);

	put(r->apid, MSG_RIB_INFO_GET, 5, 0, NULL, 0, -1);
	ck_assert(get(r->apid, &r->in));
	ck_assert_uint_eq(r->in.hdr.type, MSG_RIB_INFO);
	rd_init(&rd, r->in.data, r->in.hdr.len);
	ck_assert_uint_eq(rd_n64(&rd), 1);

	ck_assert_int_eq(inject(r, INJECT_REMOVE, "198.51.100.0/24", NULL).code,
	    ERR_OK);
	ck_assert_uint_eq(list(r, QUERY_GLOBAL, 0).rows, 0);
	AWAIT(r, routes(r, 1) == 0);
	/* idempotent */
	ck_assert_int_eq(inject(r, INJECT_REMOVE, "198.51.100.0/24", NULL).code,
	    ERR_OK);
	rig_end(r);
}
END_TEST

START_TEST(edits_of_a_batch_have_their_own_results)
{
	struct rig *r = rig_configured();
	uint8_t block[BGP_ATTR_BLOCK_MAX];
	struct inject edit = { .op = INJECT_ADD };
	struct err e;
	struct wr w;
	struct rd rd;
	size_t len;
	enum { N = 3000 };
	uint32_t i;

	len = block_of(block, FAMILY_IPV4_UNICAST, "192.0.2.1", 0);
	wr_init_grow(&w, MSG_MAX);
	wr_n16(&w, N);
	for (i = 0; i < N; i++) {
		memset(&edit.nlri, 0, sizeof(edit.nlri));
		edit.nlri.family = FAMILY_IPV4_UNICAST;
		edit.nlri.bits = 24;
		edit.nlri.key[0] = 20;
		edit.nlri.key[1] = (uint8_t)(i >> 8);
		edit.nlri.key[2] = (uint8_t)i;
		edit.attrs = block;
		/* every third one is cut short */
		edit.attrs_len = (uint16_t)(i % 3 == 0 ? len - 1 : len);
		msg_inject_put(&w, &edit);
	}
	ck_assert(wr_ok(&w));
	put(r->apid, MSG_INJECT, 9, 0, w.base, wr_len(&w), -1);
	wr_free(&w);
	ck_assert(get(r->apid, &r->in));
	ck_assert_uint_eq(r->in.hdr.type, MSG_INJECT_DONE);
	rd_init(&rd, r->in.data, r->in.hdr.len);
	ck_assert_uint_eq(rd_n16(&rd), N);
	for (i = 0; i < N; i++) {
		msg_inject_result_get(&rd, &e);
		ck_assert(rd_ok(&rd));
		ck_assert_int_eq(e.code, i % 3 == 0 ? ERR_INVALID : ERR_OK);
	}
	ck_assert(rd_done(&rd));
	ck_assert_uint_eq(list(r, QUERY_GLOBAL, 0).rows, N - N / 3);
	rig_end(r);
}
END_TEST

START_TEST(listing_flows_by_credit_and_holds_nothing_up)
{
	struct rig *r = rig_configured();
	struct query_open q = query_of(QUERY_GLOBAL, 0);
	struct listing l;
	size_t taken;
	enum { N = 20000 };

	peer_up(r, 1, 1);
	peer_up(r, 2, 1);
	announce_many(r, 1, 0x140000, N);
	AWAIT(r, routes(r, 2) == N);
	query_send(r, 1, &q);
	memset(&l, 0, sizeof(l));
	/* one credit, one block, however long we wait */
	credit_send(r, 1, 1);
	listing_take(r, 1, &l);
	announce(r, 2, "203.0.113.0/24");
	AWAIT(r, has(r, 1, "203.0.113.0/24"));
	ck_assert(!readable(r->apid, 0));
	/* other listings go on beside it */
	ck_assert_uint_eq(list(r, QUERY_GLOBAL, 0).rows, N + 1);
	while (!l.ended) {
		taken = l.blocks;
		credit_send(r, 1, 1);
		listing_take(r, 1, &l);
		if (l.ended)
			ck_assert_uint_eq(taken, l.blocks);
	}
	ck_assert_int_eq(l.end.code, ERR_OK);
	ck_assert_uint_ge(l.rows, N);
	ck_assert_uint_eq(l.long_blocks, 0);
	rig_end(r);
}
END_TEST

START_TEST(closed_listing_says_nothing_more)
{
	struct rig *r = rig_configured();
	struct query_open q = query_of(QUERY_GLOBAL, 0);

	query_send(r, 1, &q);
	put(r->apid, MSG_QUERY_CLOSE, 1, 0, NULL, 0, -1);
	credit_send(r, 1, 1);
	put(r->apid, MSG_QUERY_CLOSE, 1, 0, NULL, 0, -1);
	/* its number may be used again, and the channel lives */
	ck_assert_int_eq(inject(r, INJECT_REMOVE, "::/0", NULL).code, ERR_OK);
	query_send(r, 1, &q);
	rig_end(r);
}
END_TEST

START_TEST(long_prefix_spans_blocks)
{
	struct rig *r = rig_configured();
	struct listing l;
	uint32_t i;

	for (i = 1; i < PEERS; i++) {
		peer_up(r, i, 1);
		announce_with(r, i, "198.51.100.0/24", 250, i);
	}
	announce(r, 1, "198.51.99.0/24");
	announce(r, 1, "198.51.101.0/24");
	for (i = 1; i < PEERS; i++)
		AWAIT(r, r->peers[i].rx_credit > 0);
	AWAIT(r, has(r, 2, "198.51.101.0/24"));
	l = list(r, QUERY_GLOBAL, 0);
	ck_assert_uint_eq(l.rows, 3);
	ck_assert_uint_eq(l.paths, PEERS - 1 + 2);
	ck_assert_uint_ge(l.blocks, 3);
	ck_assert_uint_ge(l.long_blocks, 1);
	rig_end(r);
}
END_TEST

START_TEST(filters_choose_rows)
{
	static const struct {
		enum query_match match;
		const char *nlri;
		uint32_t community;
		uint32_t origin_as;
		bool best_only;
		size_t rows;
		size_t paths;
	} cases[] = {
		{ QUERY_MATCH_ALL, NULL, 0, 0, false, 5, 6 },
		{ QUERY_MATCH_ALL, NULL, 0, 0, true, 5, 5 },
		{ QUERY_MATCH_EXACT, "10.0.0.0/8", 0, 0, false, 1, 1 },
		{ QUERY_MATCH_EXACT, "10.0.0.0/9", 0, 0, false, 0, 0 },
		{ QUERY_MATCH_LONGER, "10.0.0.0/8", 0, 0, false, 3, 4 },
		{ QUERY_MATCH_LONGER, "10.1.0.0/16", 0, 0, false, 2, 3 },
		{ QUERY_MATCH_COVERING, "10.1.2.0/24", 0, 0, false, 4, 5 },
		{ QUERY_MATCH_COVERING, "10.1.2.3/32", 0, 0, true, 4, 4 },
		{ QUERY_MATCH_COVERING, "2001:db8::/32", 0, 0, false, 0, 0 },
		{ QUERY_MATCH_ALL, NULL, 0xfde80001, 0, false, 1, 1 },
		{ QUERY_MATCH_ALL, NULL, 0, 64002, false, 1, 1 },
		{ QUERY_MATCH_ALL, NULL, 0, 100001, false, 1, 1 },
	};
	struct rig *r = rig_configured();
	struct query_open q;
	struct listing l;
	size_t i;

	peer_up(r, 1, 1);
	peer_up(r, 2, 1);
	announce(r, 1, "0.0.0.0/0");
	announce(r, 1, "10.0.0.0/8");
	announce_with(r, 1, "10.1.0.0/16", 2, 0);
	announce(r, 1, "10.1.2.0/24");
	announce_with(r, 1, "192.0.2.0/24", 0, 0xfde80001);
	announce(r, 2, "10.1.2.0/24");
	AWAIT(r, has(r, 2, "192.0.2.0/24") && r->peers[2].rx_credit > 0);
	for (i = 0; i < nitems(cases); i++) {
		q = query_of(QUERY_GLOBAL, 0);
		q.match = (uint8_t)cases[i].match;
		if (cases[i].nlri != NULL)
			q.nlri = nlri_of(cases[i].nlri);
		q.has_community = cases[i].community != 0;
		q.community = cases[i].community;
		q.has_origin_as = cases[i].origin_as != 0;
		q.origin_as = cases[i].origin_as;
		q.best_only = cases[i].best_only;
		l = listing_of(r, &q);
		ck_assert_msg(l.rows == cases[i].rows &&
			l.paths == cases[i].paths,
		    "case %zu: %zu rows, %zu paths", i, l.rows, l.paths);
	}
	rig_end(r);
}
END_TEST

START_TEST(tables_of_unknown_and_silent_peers)
{
	struct rig *r = rig_configured();
	struct query_open q = query_of(QUERY_ADJ_IN, 5);
	struct listing l;
	int i;

	for (i = QUERY_ADJ_IN; i <= QUERY_ADJ_OUT; i++) {
		q.table = (uint8_t)i;
		q.peer = peer_addr(5);
		l = listing_of(r, &q);
		ck_assert_int_eq(l.end.code, ERR_NOT_FOUND);
		/* configured, never up */
		q.peer = addr_ipv4(0xc0000263);
		l = listing_of(r, &q);
		ck_assert_int_eq(l.end.code, ERR_OK);
		ck_assert_uint_eq(l.rows, 0);
	}
	rig_end(r);
}
END_TEST

START_TEST(garbage_from_apid_costs_only_its_channel)
{
	struct rig *r = rig_configured();
	struct query_open q = query_of(QUERY_GLOBAL, 0);
	uint8_t junk[300];
	int i;

	peer_up(r, 1, 1);
	peer_up(r, 2, 1);
	memset(junk, 0xa5, sizeof(junk));
	for (i = 0; i < 7; i++) {
		query_send(r, 40, &q);
		switch (i) {
		case 0: /* no such type */
			put(r->apid, MSG__MAX, 1, 0, NULL, 0, -1);
			break;
		case 1: /* not its to send */
			put(r->apid, MSG_PEER_GONE, 1, 0, NULL, 0, -1);
			break;
		case 2:
			put(r->apid, MSG_QUERY_OPEN, 1, 0, junk, 300, -1);
			break;
		case 3:
			put(r->apid, MSG_INJECT, 1, 0, junk, 300, -1);
			break;
		case 4: /* a number in use */
			query_send(r, 40, &q);
			break;
		case 5:
			(void)!write(r->apid, junk, sizeof(junk));
			break;
		case 6: /* half a message, then nothing */
			(void)!write(r->apid, "\x01", 1);
			shutdown(r->apid, SHUT_WR);
			break;
		}
		while (get(r->apid, &r->in))
			;
		close(r->apid);
		link_to(r, PROC_APID, &r->apid);
		ck_assert_int_eq(
		    inject(r, INJECT_ADD, "192.0.2.0/24", "0.0.0.0").code,
		    ERR_OK);
	}
	announce(r, 1, "198.51.100.0/24");
	AWAIT(r, has(r, 2, "198.51.100.0/24") && has(r, 2, "192.0.2.0/24"));
	rig_end(r);
}
END_TEST

START_TEST(garbage_from_the_core_ends_the_process)
{
	struct rig *r = rig_configured();
	uint8_t junk[64];

	memset(junk, 0xa5, sizeof(junk));
	switch (_i) {
	case 0:
		put(r->sessiond, MSG_PEER_UP, 1, 1, junk, sizeof(junk), -1);
		break;
	case 1:
		put(r->sessiond, MSG_INJECT, 1, 1, junk, sizeof(junk), -1);
		break;
	case 2:
		put(r->sessiond, MSG_PEER_DOWN, 1, 1, junk, sizeof(junk), -1);
		break;
	case 3:
		put(r->bgpd, MSG_CONF_END, 99, 0, NULL, 0, -1);
		break;
	case 4:
		put(r->bgpd, MSG_LOG_LEVEL, 0, 0, junk, 1, -1);
		break;
	case 5:
		put(r->bgpd, MSG_CONF_ITEM, 99, 0, junk, 9, -1);
		break;
	case 6:
		close(r->bgpd);
		r->bgpd = -1;
		break;
	}
	while (get(r->sessiond, &r->in))
		;
	ck_assert_int_eq(rig_wait(r), 1);
	rig_free(r);
}
END_TEST

START_TEST(apid_that_does_not_read_is_not_listened_to)
{
	struct rig *r = rig_configured();
	enum { N = 300000 };
	struct msg_hdr *all = xcalloc(N, sizeof(*all));
	size_t total = N * sizeof(*all);
	struct pollfd pfd = { .fd = r->apid, .events = POLLOUT };
	size_t off = 0;
	size_t answers = 0;
	ssize_t n;
	size_t i;

	peer_up(r, 1, 1);
	peer_up(r, 2, 1);
	for (i = 0; i < N; i++)
		all[i].type = MSG_RIB_INFO_GET;
	while (off < total && poll(&pfd, 1, 500) == 1) {
		n = send(r->apid, (uint8_t *)all + off, total - off,
		    MSG_DONTWAIT);
		off += n > 0 ? (size_t)n : 0;
	}
	ck_assert_uint_lt(off, total);
	announce(r, 1, "198.51.100.0/24");
	AWAIT(r, has(r, 2, "198.51.100.0/24"));
	/* it goes on as soon as somebody reads */
	pfd.events = POLLIN | POLLOUT;
	while (answers < N) {
		if (off == total)
			pfd.events = POLLIN;
		ck_assert_int_eq(poll(&pfd, 1, PATIENCE_MS), 1);
		if ((pfd.revents & POLLIN) != 0) {
			ck_assert(get(r->apid, &r->in));
			ck_assert_uint_eq(r->in.hdr.type, MSG_RIB_INFO);
			answers++;
		} else if (off < total) {
			n = send(r->apid, (uint8_t *)all + off, total - off,
			    MSG_DONTWAIT);
			off += n > 0 ? (size_t)n : 0;
		}
	}
	free(all);
	rig_end(r);
}
END_TEST

START_TEST(log_level_and_listeners_are_survived)
{
	struct rig *r = rig_configured();
	uint8_t level = LOG_LEVEL_ERROR;

	put(r->bgpd, MSG_LOG_LEVEL, 0, 0, &level, 1, -1);
	conf_send(r, NULL, 0);
	conf_commit(r);
	rig_end(r);
}
END_TEST

START_TEST(lost_sessiond_withdraws_everything)
{
	struct rig *r = rig_configured();

	peer_up(r, 1, 1);
	announce(r, 1, "198.51.100.0/24");
	AWAIT(r, r->peers[1].rx_credit > 0);
	close(r->sessiond);
	r->sessiond = -1;
	while (list(r, QUERY_GLOBAL, 0).rows > 0)
		;
	put(r->bgpd, MSG_SHUTDOWN, 0, 0, NULL, 0, -1);
	ck_assert_int_eq(rig_wait(r), 0);
	rig_free(r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("shell");
	TCase *tc = tcase_create("process");
	TCase *tw = tcase_create("window");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_set_timeout(tw, 120);
	tcase_add_test(tc, ends_cleanly_without_a_configuration);
	tcase_add_test(tc, routes_go_from_peer_to_peer);
	tcase_add_test(tc, handled_bytes_come_back_as_credit);
	tcase_add_test(tc, updates_of_an_earlier_session_are_dropped);
	tcase_add_test(tw, window_stops_sending_and_credit_restarts_it);
	tcase_add_test(tc, too_much_credit_is_fatal);
	tcase_add_test(tc, lost_session_is_flushed);
	tcase_add_test(tc, new_session_meets_the_flush_of_the_old);
	tcase_add_test(tc, number_of_a_gone_peer_is_used_again);
	tcase_add_test(tc, restarting_peer_keeps_its_routes_until_end_of_rib);
	tcase_add_test(tc, peer_that_did_not_forward_loses_its_routes);
	tcase_add_test(tc, restart_time_is_the_limit);
	tcase_add_test(tc, removed_peer_keeps_nothing);
	tcase_add_test(tc, fatal_update_shuts_the_session_once);
	tcase_add_test(tc, prefix_limit_shuts_the_session);
	tcase_add_test(tc, refresh_sends_the_table_again);
	tcase_add_test(tc, networks_are_announced_and_follow_the_file);
	tcase_add_test(tc, network_and_route_of_the_api_exclude_each_other);
	tcase_add_test(tc,
	    removed_network_stays_away_until_the_file_changes_it);
	tcase_add_test(tc, aborted_configuration_leaves_no_trace);
	tcase_add_test(tc, injected_route_is_listed_when_it_is_answered);
	tcase_add_test(tc, edits_of_a_batch_have_their_own_results);
	tcase_add_test(tc, listing_flows_by_credit_and_holds_nothing_up);
	tcase_add_test(tc, closed_listing_says_nothing_more);
	tcase_add_test(tc, long_prefix_spans_blocks);
	tcase_add_test(tc, filters_choose_rows);
	tcase_add_test(tc, tables_of_unknown_and_silent_peers);
	tcase_add_test(tc, garbage_from_apid_costs_only_its_channel);
	tcase_add_loop_test(tc, garbage_from_the_core_ends_the_process, 0, 7);
	tcase_add_test(tc, apid_that_does_not_read_is_not_listened_to);
	tcase_add_test(tc, log_level_and_listeners_are_survived);
	tcase_add_test(tc, lost_sessiond_withdraws_everything);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, tw);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
