/* SPDX-License-Identifier: ISC */
/*
 * The transaction across the children, with scripted ones at the other ends
 * of their channels, and the pure parts: edits and the join of file and API.
 */
#include <sys/socket.h>

#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/bgpd.h"
#include "bgpd/conf_check.h"
#include "bgpd/store.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/xmalloc.h"

#define HEAD "asn: 65001\nrouter_id: 10.0.0.1\n"

/* --- scripted children */

struct fake {
	enum proc proc;
	struct chan *chan;
	struct conf_rx rx;
	struct conf *conf; /* committed */
	bool silent; /* does not vote */
	uint32_t reject; /* this generation; 0: none */
	int fds; /* descriptors received */
	int aborts;
	int answers;
	struct err last; /* of CONF_EDIT_DONE or CONF_CALL_DONE */
};

static struct event_base *base;
static struct bgpd b;
static struct fake fakes[PROC__MAX];
static char order[200]; /* of commits: "rde:1 sessiond:1 ..." */

static void
fake_begin(void *ctx, const struct msg *m)
{
	struct fake *f = ctx;

	conf_rx_begin(&f->rx, f->conf, m->hdr.id);
}

static void
fake_item(void *ctx, const struct msg *m)
{
	struct fake *f = ctx;

	ck_assert_int_eq(conf_rx_item(&f->rx, m->data, m->hdr.len), 0);
	if (m->fd != -1) {
		f->fds++;
		close(m->fd);
	}
}

static void
fake_end(void *ctx, const struct msg *m)
{
	struct fake *f = ctx;
	uint8_t buf[600];
	struct wr w;
	struct err e;

	if (f->silent)
		return;
	if (f->reject == m->hdr.id) {
		err_set(&e, ERR_INVALID, "not to my taste");
		wr_init(&w, buf, sizeof(buf));
		err_put(&w, &e);
		chan_send_wr(f->chan, MSG_CONF_REJECT, m->hdr.id, 0, &w);
		return;
	}
	chan_send_buf(f->chan, MSG_CONF_READY, m->hdr.id, 0, NULL, 0);
}

static void
fake_commit(void *ctx, const struct msg *m)
{
	struct fake *f = ctx;
	size_t n = strlen(order);

	snprintf(order + n, sizeof(order) - n, "%s:%u ", proc_name(f->proc),
	    m->hdr.id);
	conf_free(f->conf);
	f->conf = conf_rx_take(&f->rx);
	chan_send_buf(f->chan, MSG_CONF_DONE, m->hdr.id, 0, NULL, 0);
}

static void
fake_abort(void *ctx, const struct msg *m)
{
	struct fake *f = ctx;

	(void)m;
	f->aborts++;
	conf_rx_abort(&f->rx);
}

static void
fake_answer(void *ctx, const struct msg *m)
{
	struct fake *f = ctx;
	struct rd r;

	rd_init(&r, m->data, m->hdr.len);
	err_get(&r, &f->last);
	ck_assert(rd_done(&r));
	f->answers++;
}

/* The pieces of an answer; the last whole one is kept for the tests. */
static struct wr piece;
static struct conf_reply reply;
static uint8_t *reply_bytes;

static void
fake_text(void *ctx, const struct msg *m)
{
	(void)ctx;
	if (piece.limit == 0)
		wr_init_grow(&piece, 1u << 26);
	wr_copy(&piece, m->data, m->hdr.len);
}

static void
fake_call_done(void *ctx, const struct msg *m)
{
	struct rd r;

	fake_answer(ctx, m);
	conf_reply_fini(&reply);
	free(reply_bytes);
	reply_bytes = NULL;
	if (piece.limit == 0)
		return;
	reply_bytes = xmalloc(wr_len(&piece) + 1);
	memcpy(reply_bytes, piece.base, wr_len(&piece));
	rd_init(&r, reply_bytes, wr_len(&piece));
	msg_conf_reply_get(&r, &reply);
	ck_assert(rd_done(&r));
	wr_free(&piece);
	memset(&piece, 0, sizeof(piece));
}

static void
call_send(uint8_t op, uint32_t index, uint32_t request, const char *text)
{
	struct conf_call call = { op, index, (const uint8_t *)text,
		text == NULL ? 0 : strlen(text) };
	struct wr w;

	wr_init_grow(&w, MSG_MAX);
	msg_conf_call_put(&w, &call);
	chan_send_wr(fakes[PROC_APID].chan, MSG_CONF_CALL, request, 0, &w);
	wr_free(&w);
}

static void
fake_ignore(void *ctx, const struct msg *m)
{
	(void)ctx;
	(void)m;
}

static void fake_sock(void *, const struct msg *);
static void fake_level(void *, const struct msg *);

static void
fake_close(void *ctx, const char *why)
{
	struct fake *f = ctx;

	(void)why;
	chan_free(f->chan);
	f->chan = NULL;
}

static const chan_handler fake_handlers[MSG__MAX] = {
	[MSG_CONF_BEGIN] = fake_begin,
	[MSG_CONF_ITEM] = fake_item,
	[MSG_CONF_END] = fake_end,
	[MSG_CONF_COMMIT] = fake_commit,
	[MSG_CONF_ABORT] = fake_abort,
	[MSG_SHUTDOWN] = fake_ignore,
	[MSG_SOCK] = fake_sock,
	[MSG_CONF_EDIT_DONE] = fake_answer,
	[MSG_CONF_CALL_TEXT] = fake_text,
	[MSG_CONF_CALL_DONE] = fake_call_done,
	[MSG_LOG_LEVEL] = fake_level,
};
static const struct chan_ops fake_ops = {
	.handlers = fake_handlers,
	.on_close = fake_close,
};

static void
fake_start(enum proc proc)
{
	struct fake *f = &fakes[proc];
	struct child *c = &b.children[proc];
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	f->proc = proc;
	f->chan = chan_new(base, pair[0], proc, PROC_BGPD, &fake_ops, f, 0);
	c->bgpd = &b;
	c->proc = proc;
	c->pid = 1 << 22; /* nobody: above any pid */
	c->chan =
	    chan_new(base, pair[1], PROC_BGPD, proc, &link_ops[proc], c, 0);
	if (c->timer == NULL)
		c->timer = evtimer_new(base, NULL, NULL);
}

static struct conf *
parse(const char *text)
{
	struct diags d;
	struct conf *c;

	diags_init(&d);
	c = conf_parse(text, strlen(text), &d, NULL);
	ck_assert_msg(c != NULL, "%s", d.n > 0 ? d.list[0].text : "?");
	diags_fini(&d);
	return c;
}

/* Run until nothing moves any more: every step is local and immediate. */
static void
settle(void)
{
	int quiet = 0;
	enum reload_state state;
	int answers;
	size_t n;

	while (quiet < 20) {
		state = b.state;
		n = strlen(order);
		answers = fakes[PROC_APID].answers;
		event_base_loop(base, EVLOOP_NONBLOCK);
		quiet = state == b.state && n == strlen(order) &&
			answers == fakes[PROC_APID].answers ?
		    quiet + 1 :
		    0;
	}
}

static void
suite_start(const char *text)
{
	struct loaded l;
	struct err e;
	enum proc proc;

	memset(&b, 0, sizeof(b));
	memset(fakes, 0, sizeof(fakes));
	order[0] = '\0';
	base = event_base_new();
	event_base_priority_init(base, 3);
	b.base = base;
	b.ready_pipe = -1;
	b.conf_name = "test.yaml";
	memset(&l, 0, sizeof(l));
	l.conf = parse(text);
	reload_init(&b, &l);
	ck_assert_int_eq(reload_listeners(&b, b.next, &e), 0);
	b.stop_timer = evtimer_new(base, NULL, NULL);
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++)
		fake_start(proc);
}

static void
suite_end(void)
{
	enum proc proc;

	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++) {
		b.children[proc].pid = 0;
		if (fakes[proc].chan != NULL)
			chan_free(fakes[proc].chan);
		conf_free(fakes[proc].conf);
		conf_rx_abort(&fakes[proc].rx);
	}
	children_free(&b);
	reload_fini(&b);
	event_base_free(base);
}

#define LISTEN                                                                 \
	"log_level: error\nlisten_addr: 127.0.0.1:0\n"                         \
	"grpc_listen_addr: [127.0.0.1:0, 127.0.0.1:0]\n"

static void
edit_send(uint8_t op, uint32_t request, const char *addr)
{
	struct conf_edit e = { .op = op };
	struct wr w;

	conf_peer_init(&e.peer, NULL);
	ck_assert_int_eq(addr_parse(addr, &e.peer.addr), 0);
	wr_init_grow(&w, 4096);
	msg_conf_edit_put(&w, &e);
	chan_send_wr(fakes[PROC_APID].chan, MSG_CONF_EDIT, request, 0, &w);
	wr_free(&w);
}

/* --- transactions */

START_TEST(first_generation_goes_out_in_order)
{
	suite_start(HEAD LISTEN "peers: [{address: 192.0.2.1}]\n"
				"networks: [10.0.0.0/8]\n");
	reload_first(&b);
	settle();
	ck_assert(b.ready);
	ck_assert_str_eq(order, "rde:1 sessiond:1 apid:1 ");
	ck_assert_int_eq(fakes[PROC_SESSIOND].fds, 1);
	ck_assert_int_eq(fakes[PROC_APID].fds, 2);
	ck_assert_int_eq(fakes[PROC_RDE].fds, 0);
	ck_assert_uint_eq(fakes[PROC_RDE].conf->n_networks, 1);
	ck_assert_uint_eq(fakes[PROC_SESSIOND].conf->n_networks, 0);
	ck_assert_uint_eq(fakes[PROC_APID].conf->n_peers, 1);
	/* The really bound port, not the configured 0. */
	ck_assert_uint_ne(fakes[PROC_APID].conf->listen[0].port, 0);
	suite_end();
}
END_TEST

START_TEST(rejected_first_generation_ends_the_suite)
{
	suite_start(HEAD LISTEN);
	fakes[PROC_RDE].reject = 1;
	reload_first(&b);
	settle();
	ck_assert(b.stopping);
	ck_assert_int_eq(b.status, 1);
	ck_assert_str_eq(order, "");
	suite_end();
}
END_TEST

START_TEST(edit_is_answered_after_everyone_took_it)
{
	suite_start(HEAD LISTEN);
	reload_first(&b);
	settle();
	order[0] = '\0';
	edit_send(CONF_EDIT_PEER_ADD, 7, "192.0.2.1");
	settle();
	ck_assert_str_eq(order, "rde:2 sessiond:2 apid:2 ");
	ck_assert_int_eq(fakes[PROC_APID].answers, 1);
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_OK);
	ck_assert_uint_eq(fakes[PROC_SESSIOND].conf->n_peers, 1);
	ck_assert_uint_eq(fakes[PROC_SESSIOND].conf->peers[0].origin,
	    CONF_FROM_API);
	/* Listeners are there already: no new descriptors. */
	ck_assert_int_eq(fakes[PROC_SESSIOND].fds, 1);
	ck_assert_int_eq(fakes[PROC_APID].fds, 2);
	edit_send(CONF_EDIT_PEER_ADD, 8, "192.0.2.1");
	settle();
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_EXISTS);
	ck_assert_str_eq(fakes[PROC_APID].last.text,
	    "peer 192.0.2.1 already exists");
	edit_send(CONF_EDIT_PEER_REMOVE, 9, "192.0.2.2");
	settle();
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_NOT_FOUND);
	edit_send(CONF_EDIT_PEER_REMOVE, 10, "192.0.2.1");
	settle();
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_OK);
	ck_assert_uint_eq(fakes[PROC_RDE].conf->n_peers, 0);
	suite_end();
}
END_TEST

START_TEST(waiting_edits_share_a_generation)
{
	char addr[32];
	uint32_t i;

	suite_start(HEAD LISTEN);
	reload_first(&b); /* votes are not in yet */
	for (i = 1; i <= 50; i++) {
		snprintf(addr, sizeof(addr), "192.0.2.%u", i);
		edit_send(CONF_EDIT_PEER_ADD, i, addr);
	}
	settle();
	ck_assert_int_eq(fakes[PROC_APID].answers, 50);
	ck_assert_uint_eq(b.running->n_peers, 50);
	ck_assert_uint_le(b.running->generation, 3);
	suite_end();
}
END_TEST

START_TEST(refused_batch_is_tried_one_by_one)
{
	suite_start(HEAD LISTEN);
	fakes[PROC_SESSIOND].reject = 2;
	reload_first(&b);
	edit_send(CONF_EDIT_PEER_ADD, 1, "192.0.2.1");
	edit_send(CONF_EDIT_PEER_ADD, 2, "192.0.2.2");
	settle();
	ck_assert_int_eq(fakes[PROC_APID].answers, 2);
	ck_assert_uint_eq(b.running->n_peers, 2);
	ck_assert_int_ge(fakes[PROC_RDE].aborts, 1);
	suite_end();
}
END_TEST

START_TEST(refused_edit_changes_nothing)
{
	suite_start(HEAD LISTEN);
	reload_first(&b);
	settle();
	fakes[PROC_RDE].reject = 2;
	edit_send(CONF_EDIT_PEER_ADD, 1, "192.0.2.1");
	settle();
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_INVALID);
	ck_assert_str_eq(fakes[PROC_APID].last.text, "not to my taste");
	ck_assert_uint_eq(b.running->n_peers, 0);
	ck_assert_uint_eq(fakes[PROC_SESSIOND].conf->generation, 1);
	ck_assert_int_eq(fakes[PROC_SESSIOND].aborts, 1);
	/* And the next one gets through. */
	edit_send(CONF_EDIT_PEER_ADD, 2, "192.0.2.1");
	settle();
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_OK);
	suite_end();
}
END_TEST

START_TEST(apid_lost_while_voting_does_not_hold_up_the_others)
{
	struct child *c = &b.children[PROC_APID];

	suite_start(HEAD LISTEN);
	fakes[PROC_APID].silent = true;
	reload_first(&b);
	settle();
	ck_assert_str_eq(order, "");
	chan_free(c->chan);
	c->chan = NULL;
	c->pid = 0;
	reload_child_gone(c);
	settle();
	ck_assert_str_eq(order, "rde:1 sessiond:1 ");
	/* A new one catches up, with all descriptors. */
	conf_rx_abort(&fakes[PROC_APID].rx);
	memset(&fakes[PROC_APID], 0, sizeof(fakes[0]));
	fake_start(PROC_APID);
	reload_child_started(c);
	settle();
	ck_assert_str_eq(order, "rde:1 sessiond:1 apid:1 ");
	ck_assert_int_eq(fakes[PROC_APID].fds, 2);
	suite_end();
}
END_TEST

START_TEST(vote_about_another_generation_does_not_count)
{
	suite_start(HEAD LISTEN);
	fakes[PROC_RDE].silent = true;
	reload_first(&b);
	settle();
	chan_send_buf(fakes[PROC_RDE].chan, MSG_CONF_READY, 99, 0, NULL, 0);
	chan_send_buf(fakes[PROC_RDE].chan, MSG_CONF_DONE, 1, 0, NULL, 0);
	settle();
	ck_assert_str_eq(order, "");
	ck_assert_int_eq(b.state, RELOAD_VOTING);
	chan_send_buf(fakes[PROC_RDE].chan, MSG_CONF_READY, 1, 0, NULL, 0);
	settle();
	ck_assert(b.ready);
	suite_end();
}
END_TEST

START_TEST(large_configuration_arrives_whole)
{
	struct wr w;
	char line[64];
	int i;

	wr_init_grow(&w, 1 << 24);
	wr_copy(&w, HEAD LISTEN "networks:\n",
	    strlen(HEAD LISTEN "networks:\n"));
	for (i = 0; i < 30000; i++) {
		snprintf(line, sizeof(line), " - 10.%d.%d.0/24\n", i / 256,
		    i % 256);
		wr_copy(&w, line, strlen(line));
	}
	wr_n8(&w, 0);
	suite_start((const char *)w.base);
	wr_free(&w);
	reload_first(&b);
	while (!b.ready) {
		ck_assert_uint_lt(chan_queued(b.children[PROC_RDE].chan),
		    CHAN_HIGH_MARK + MSG_MAX);
		event_base_loop(base, EVLOOP_ONCE);
	}
	ck_assert_uint_eq(fakes[PROC_RDE].conf->n_networks, 30000);
	suite_end();
}
END_TEST

/* --- the file again */

static char conf_path[] = "/tmp/bgpgg-reload-XXXXXX";

static void
file_write(const char *text)
{
	FILE *f;

	if (b.conf_path == NULL) {
		strcpy(conf_path, "/tmp/bgpgg-reload-XXXXXX");
		close(mkstemp(conf_path));
		b.conf_path = conf_path;
	}
	f = fopen(conf_path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
call_and_wait(uint8_t op, uint32_t index, const char *text)
{
	int before = fakes[PROC_APID].answers;

	call_send(op, index, 5, text);
	while (fakes[PROC_APID].answers == before)
		event_base_loop(base, EVLOOP_ONCE);
	settle();
}

/* Asked through the API, so that the answer tells when it is over. */
static void
reload_and_wait(void)
{
	call_and_wait(CONF_CALL_RELOAD, 0, NULL);
}

START_TEST(file_is_taken_over)
{
	suite_start(HEAD LISTEN "peers: [{address: 192.0.2.1}]\n");
	reload_first(&b);
	edit_send(CONF_EDIT_PEER_ADD, 1, "192.0.2.9");
	settle();
	file_write(HEAD LISTEN "peers: [{address: 192.0.2.2}]\n");
	reload_and_wait();
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_OK);
	ck_assert_uint_eq(fakes[PROC_RDE].conf->n_peers, 2);
	ck_assert_uint_eq(fakes[PROC_RDE].conf->peers[0].origin,
	    CONF_FROM_FILE);
	ck_assert_uint_eq(fakes[PROC_RDE].conf->peers[1].origin, CONF_FROM_API);
	/* Port 0 listeners are kept, not opened anew. */
	ck_assert_int_eq(fakes[PROC_SESSIOND].fds, 1);
	unlink(conf_path);
	suite_end();
}
END_TEST

static const struct {
	const char *text;
	const char *says;
} bad_files[] = {
	{ "asn: x\nfoo: 1\n", "test.yaml:1:6: asn: expected a number" },
	{ "asn: 65002\nrouter_id: 10.0.0.1\n",
	    "test.yaml:1:6: asn: cannot change" },
	{ HEAD LISTEN "peers: [{address: 192.0.2.9}]\n",
	    "peer 192.0.2.9 is there through the API" },
	{ HEAD "listen_addr: [192.0.2.77:1]\n"
	       "grpc_listen_addr: 127.0.0.1:0\n",
	    "cannot listen on 192.0.2.77:1" },
	{ NULL, "test.yaml:1:1: cannot open" },
};

START_TEST(bad_file_changes_nothing)
{
	struct listener *l;
	size_t n = 0, after = 0;

	suite_start(HEAD LISTEN "peers: [{address: 192.0.2.1}]\n");
	reload_first(&b);
	edit_send(CONF_EDIT_PEER_ADD, 1, "192.0.2.9");
	settle();
	TAILQ_FOREACH(l, &b.listeners, entry)
		n++;
	file_write(bad_files[_i].text == NULL ? "" : bad_files[_i].text);
	if (bad_files[_i].text == NULL)
		unlink(conf_path);
	order[0] = '\0';
	reload_and_wait();
	ck_assert_int_ne(fakes[PROC_APID].last.code, ERR_OK);
	ck_assert_msg(strstr(fakes[PROC_APID].last.text, bad_files[_i].says) !=
		NULL,
	    "%s", fakes[PROC_APID].last.text);
	ck_assert_str_eq(order, "");
	ck_assert_uint_eq(b.running->n_peers, 2);
	TAILQ_FOREACH(l, &b.listeners, entry)
		after++;
	ck_assert_uint_eq(after, n);
	/* Later changes go on. */
	edit_send(CONF_EDIT_PEER_ADD, 2, "192.0.2.10");
	settle();
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_OK);
	unlink(conf_path);
	suite_end();
}
END_TEST

START_TEST(refused_file_gives_its_listeners_back)
{
	struct listener *l;
	size_t n = 0;

	suite_start(HEAD LISTEN);
	reload_first(&b);
	settle();
	fakes[PROC_RDE].reject = 2;
	file_write(HEAD "log_level: error\nlisten_addr: [127.0.0.1:0, "
			"127.0.0.2:0]\ngrpc_listen_addr: 127.0.0.1:0\n");
	reload_and_wait();
	ck_assert_str_eq(fakes[PROC_APID].last.text, "not to my taste");
	TAILQ_FOREACH(l, &b.listeners, entry)
		n++;
	ck_assert_uint_eq(n, 3);
	fakes[PROC_RDE].reject = 0;
	reload_and_wait();
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_OK);
	n = 0;
	TAILQ_FOREACH(l, &b.listeners, entry)
		n++;
	ck_assert_uint_eq(n, 3); /* one more for BGP, one less for gRPC */
	unlink(conf_path);
	suite_end();
}
END_TEST

START_TEST(many_requests_share_a_reload)
{
	uint32_t i;

	suite_start(HEAD LISTEN);
	file_write(HEAD LISTEN);
	reload_first(&b);
	for (i = 1; i <= 20; i++)
		call_send(CONF_CALL_RELOAD, 0, i, NULL);
	while (fakes[PROC_APID].answers < 20)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_uint_le(b.running->generation, 3);
	unlink(conf_path);
	suite_end();
}
END_TEST

/* --- what is told, tried, written and brought back */

static int levels[PROC__MAX];

static void
fake_level(void *ctx, const struct msg *m)
{
	const struct fake *f = ctx;

	levels[f->proc] = m->data[0];
}

static bool
told(const char *text)
{
	uint32_t i;

	for (i = 0; i < reply.changes.n; i++)
		if (strcmp(reply.changes.list[i].text, text) == 0)
			return true;
	return false;
}

static const char before_text[] =
    HEAD LISTEN "peers: [{address: 192.0.2.1}, {address: 192.0.2.2}]\n"
		"defined-sets:\n"
		"  as-path-sets: [{name: s, patterns: [^1_, ^2_]}]\n";
static const char after_text[] = HEAD LISTEN
    "peers: [{address: 192.0.2.1, hold_time_secs: 9, passive_mode: true},\n"
    "  {address: 192.0.2.2, enforce_first_as: true},\n"
    "  {address: 192.0.2.3}]\n"
    "networks: [10.0.0.0/8]\n"
    "defined-sets:\n"
    "  as-path-sets: [{name: s, patterns: [^2_, ^3_, ^4_]}]\n";

static void
changes_expect(void)
{
	ck_assert_uint_eq(reply.changes.n, 5);
	ck_assert(told("peer 192.0.2.1: changed, session will be reset "
		       "(hold_time_secs), also passive_mode"));
	ck_assert(told("peer 192.0.2.2: changed, session is kept "
		       "(enforce_first_as)"));
	ck_assert(told("peer 192.0.2.3: added"));
	ck_assert(told("network 10.0.0.0/8: added"));
	ck_assert(told("as-path-set s: 2 members added, 1 removed"));
}

START_TEST(trial_tells_what_a_reload_does)
{
	suite_start(before_text);
	reload_first(&b);
	settle();
	file_write(after_text);
	order[0] = '\0';
	call_and_wait(CONF_CALL_DRY_RUN, 0, NULL);
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_OK);
	ck_assert_str_eq(reply.message,
	    "a reload would succeed: 5 changes, 1 session is reset");
	changes_expect();
	ck_assert_str_eq(order, "");
	ck_assert_int_eq(fakes[PROC_RDE].aborts, 1);
	ck_assert_uint_eq(b.running->n_peers, 2);
	reload_and_wait();
	ck_assert_str_eq(reply.message,
	    "reloaded: 5 changes, 1 session is reset");
	changes_expect();
	ck_assert_uint_eq(b.running->n_peers, 3);
	reload_and_wait();
	ck_assert_str_eq(reply.message, "reloaded: nothing changes");
	unlink(conf_path);
	suite_end();
}
END_TEST

static char *
file_text(const char *suffix)
{
	char path[80];
	struct wr w;
	struct err e;
	char *text;

	snprintf(path, sizeof(path), "%s%s", conf_path, suffix);
	wr_init_grow(&w, 1u << 20);
	if (store_read(path, &w, &e) == -1)
		return NULL;
	wr_n8(&w, 0);
	text = xstrdup((const char *)w.base);
	wr_free(&w);
	return text;
}

static void
file_expect(const char *suffix, const char *part, bool there)
{
	char *text = file_text(suffix);

	ck_assert_msg(text != NULL, "no file %s", suffix);
	ck_assert_msg((strstr(text, part) != NULL) == there, "%s in %s",
	    there ? "not" : "is", text);
	free(text);
}

static void
files_remove(void)
{
	char path[80];
	int i;

	unlink(conf_path);
	for (i = 1; i <= 11; i++) {
		snprintf(path, sizeof(path), "%s.%d", conf_path, i);
		unlink(path);
	}
}

START_TEST(running_configuration_is_saved)
{
	suite_start(before_text);
	file_write(before_text);
	reload_first(&b);
	settle();
	reload_and_wait();
	call_and_wait(CONF_CALL_SAVE, 0, NULL);
	ck_assert_str_eq(reply.message,
	    "nothing to save: test.yaml says the same");
	ck_assert_ptr_null(file_text(".1"));
	/* A bad file is not what runs, so that saving replaces it. */
	file_write("asn: no\n");
	reload_and_wait();
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_INVALID);
	call_and_wait(CONF_CALL_SAVE, 0, NULL);
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_OK);
	ck_assert_str_eq(reply.notes[0],
	    "test.yaml had changed since it was read; what it said is "
	    "version 1");
	file_expect(".1", "asn: no", true);
	files_remove();
	file_write(before_text);
	reload_and_wait();
	edit_send(CONF_EDIT_PEER_ADD, 1, "192.0.2.9");
	settle();
	call_and_wait(CONF_CALL_SAVE, 0, NULL);
	ck_assert_msg(fakes[PROC_APID].last.code == ERR_OK, "%s",
	    fakes[PROC_APID].last.text);
	ck_assert_uint_eq(reply.changes.n, 0);
	file_expect("", "192.0.2.9", true);
	file_expect("", "listen_addr: '127.0.0.1:0'", true);
	file_expect(".1", "192.0.2.9", false);
	/* It is the file's now, and reading it again is nothing new. */
	ck_assert_uint_eq(
	    conf_peer_find(b.running, &b.running->peers[2].addr)->origin,
	    CONF_FROM_FILE);
	reload_and_wait();
	ck_assert_str_eq(reply.message, "reloaded: nothing changes");
	/* And back. */
	call_and_wait(CONF_CALL_ROLLBACK, 1, NULL);
	ck_assert_msg(fakes[PROC_APID].last.code == ERR_OK, "%s",
	    fakes[PROC_APID].last.text);
	ck_assert(told("peer 192.0.2.9: removed, its session ends"));
	file_expect("", "192.0.2.9", false);
	file_expect(".1", "192.0.2.9", true);
	file_expect(".2", "192.0.2.9", false);
	call_and_wait(CONF_CALL_VERSIONS, 0, NULL);
	ck_assert_uint_eq(reply.n_versions, 2);
	ck_assert_uint_eq(reply.versions[0].index, 1);
	call_and_wait(CONF_CALL_ROLLBACK, 7, NULL);
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_NOT_FOUND);
	call_and_wait(CONF_CALL_ROLLBACK, 11, NULL);
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_INVALID);
	files_remove();
	suite_end();
}
END_TEST

START_TEST(text_of_the_api_is_taken_over_as_a_whole)
{
	char text[2000];
	int i;

	suite_start(before_text);
	file_write(before_text);
	reload_first(&b);
	edit_send(CONF_EDIT_PEER_ADD, 1, "192.0.2.9");
	settle();
	call_and_wait(CONF_CALL_COMMIT, 0, after_text);
	ck_assert_msg(fakes[PROC_APID].last.code == ERR_OK, "%s",
	    fakes[PROC_APID].last.text);
	ck_assert(told("peer 192.0.2.9: removed, its session ends"));
	ck_assert_uint_eq(b.running->n_peers, 3);
	file_expect("", "hold_time_secs: 9", true);
	file_expect(".1", "hold_time_secs: 9", false);
	/* A bad one changes nothing. */
	call_and_wait(CONF_CALL_COMMIT, 0, "asn: 65001\nfoo: 1\n");
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_INVALID);
	ck_assert_msg(strstr(fakes[PROC_APID].last.text,
			  "candidate:2:1: unknown key foo") != NULL,
	    "%s", fakes[PROC_APID].last.text);
	call_and_wait(CONF_CALL_COMMIT, 0,
	    "asn: 65002\nrouter_id: 10.0.0.1\n" LISTEN);
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_INVALID);
	/* Nor may it choose what the parent writes, reads and binds. */
	snprintf(text, sizeof(text), "%spid_file: /etc/passwd\n", before_text);
	call_and_wait(CONF_CALL_COMMIT, 0, text);
	ck_assert_str_eq(fakes[PROC_APID].last.text,
	    "pid_file: cannot change through the API: edit test.yaml and "
	    "reload");
	fakes[PROC_RDE].reject = b.running->generation + 1;
	call_and_wait(CONF_CALL_COMMIT, 0, before_text);
	ck_assert_str_eq(fakes[PROC_APID].last.text, "not to my taste");
	fakes[PROC_RDE].reject = 0;
	file_expect("", "hold_time_secs: 9", true);
	ck_assert_ptr_null(file_text(".2"));
	ck_assert_ptr_null(file_text(".new"));
	ck_assert_ptr_null(file_text(".old"));
	/* Ten are kept. */
	for (i = 0; i < 12; i++) {
		snprintf(text, sizeof(text), "%sconnect_retry_secs: %d\n",
		    before_text, 100 + i);
		call_and_wait(CONF_CALL_COMMIT, 0, text);
		ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_OK);
	}
	file_expect("", "secs: 111", true);
	file_expect(".1", "secs: 110", true);
	file_expect(".10", "secs: 101", true);
	ck_assert_ptr_null(file_text(".11"));
	files_remove();
	suite_end();
}
END_TEST

START_TEST(running_configuration_is_shown)
{
	struct conf *c;
	char *text;

	suite_start(before_text);
	file_write(after_text);
	reload_first(&b);
	edit_send(CONF_EDIT_PEER_ADD, 1, "192.0.2.9");
	settle();
	call_and_wait(CONF_CALL_RUNNING, 0, NULL);
	text = xasprintf("%.*s", (int)reply.text_len, (const char *)reply.text);
	c = parse(text);
	ck_assert_uint_eq(c->n_peers, 3);
	ck_assert_uint_eq(c->listen[0].port, 0);
	conf_free(c);
	free(text);
	call_and_wait(CONF_CALL_FILE, 0, NULL);
	text = xasprintf("%.*s", (int)reply.text_len, (const char *)reply.text);
	ck_assert_ptr_nonnull(strstr(text, "enforce_first_as: true"));
	ck_assert_ptr_null(strstr(text, "192.0.2.9"));
	free(text);
	ck_assert_uint_eq(b.running->n_peers, 3);
	unlink(conf_path);
	suite_end();
}
END_TEST

START_TEST(log_level_changes_at_run_time)
{
	suite_start(before_text);
	file_write(after_text);
	reload_first(&b);
	settle();
	call_and_wait(CONF_CALL_LOG, 1, NULL);
	ck_assert_int_eq(levels[PROC_SESSIOND], LOG_LEVEL_DEBUG);
	ck_assert_int_eq(levels[PROC_RDE], LOG_LEVEL_DEBUG);
	ck_assert_int_eq(log_get_level(), LOG_LEVEL_DEBUG);
	log_set_level(LOG_LEVEL_ERROR);
	/* It outlives a reload, and is not written. */
	reload_and_wait();
	ck_assert_int_eq(fakes[PROC_RDE].conf->log_level, LOG_LEVEL_DEBUG);
	ck_assert_int_eq(log_get_level(), LOG_LEVEL_DEBUG);
	log_set_level(LOG_LEVEL_ERROR);
	ck_assert(!told("log_level: becomes error"));
	call_and_wait(CONF_CALL_RUNNING, 0, NULL);
	ck_assert_ptr_nonnull(
	    memmem(reply.text, reply.text_len, "log_level: error", 16));
	call_and_wait(CONF_CALL_LOG, 0, NULL);
	ck_assert_str_eq(reply.message, "log level is error, as configured");
	ck_assert_int_eq(levels[PROC_RDE], LOG_LEVEL_ERROR);
	unlink(conf_path);
	suite_end();
}
END_TEST

/* --- what else children ask, and what they must not */

static int sock_errno, sock_fds;

static void
fake_sock(void *ctx, const struct msg *m)
{
	struct rd r;

	(void)ctx;
	rd_init(&r, m->data, m->hdr.len);
	sock_errno = (int)rd_n32(&r);
	ck_assert_uint_eq(m->hdr.id, 11);
	ck_assert_uint_eq(m->hdr.epoch, 12);
	ck_assert_int_eq(m->fd != -1, sock_errno == 0);
	if (m->fd != -1) {
		sock_fds++;
		close(m->fd);
	}
}

static void
sock_ask(const char *remote)
{
	struct sock_req q = { .port = 179 };
	uint8_t buf[64];
	struct wr w;

	ck_assert_int_eq(addr_parse(remote, &q.remote), 0);
	wr_init(&w, buf, sizeof(buf));
	msg_sock_req_put(&w, &q);
	chan_send_wr(fakes[PROC_SESSIOND].chan, MSG_SOCK_REQ, 11, 12, &w);
	sock_errno = -1;
	while (sock_errno == -1)
		event_base_loop(base, EVLOOP_ONCE);
}

START_TEST(sockets_are_made_for_peers_only)
{
	suite_start(HEAD LISTEN "peers: [{address: 127.0.0.9}]\n");
	reload_first(&b);
	settle();
	sock_ask("127.0.0.9");
	ck_assert_int_eq(sock_errno, 0);
	ck_assert_int_eq(sock_fds, 1);
	sock_ask("127.0.0.10");
	ck_assert_int_eq(sock_errno, EPERM);
	suite_end();
}
END_TEST

START_TEST(malformed_edit_costs_apid_its_channel)
{
	suite_start(HEAD LISTEN);
	reload_first(&b);
	settle();
	chan_send_buf(fakes[PROC_APID].chan, MSG_CONF_EDIT, 1, 0, "\x07", 1);
	settle();
	ck_assert_ptr_null(b.children[PROC_APID].chan);
	ck_assert(b.children[PROC_APID].killed);
	ck_assert(!b.stopping);
	suite_end();
}
END_TEST

/* --- sets and policies on their way */

#define FILTERS                                                                \
	"defined-sets: {as-path-sets: [{name: s, patterns: [_1_, _2_]}]}\n"    \
	"policy-definitions: [{name: p, statements: [{conditions: "            \
	"{match-as-path-set: {set-name: s}}, actions: {}}, {actions: "         \
	"{reject: true}}]}]\n"

START_TEST(sets_and_policies_are_sent_once)
{
	struct conf_set *set;
	struct conf_policy *policy;

	suite_start(HEAD LISTEN FILTERS);
	reload_first(&b);
	settle();
	ck_assert_uint_eq(fakes[PROC_SESSIOND].conf->n_sets, 0);
	ck_assert_uint_eq(fakes[PROC_SESSIOND].conf->n_policies, 0);
	ck_assert_uint_eq(fakes[PROC_APID].conf->n_sets, 1);
	set = fakes[PROC_RDE].conf->sets[0];
	policy = fakes[PROC_RDE].conf->policies[0];
	ck_assert(conf_set_equal(set, b.running->sets[0]));
	ck_assert(conf_policy_equal(policy, b.running->policies[0]));
	ck_assert_uint_eq(set->serial, b.running->sets[0]->serial);
	ck_assert_uint_ne(set->serial, 0);
	/* The same objects in the next generation. */
	edit_send(CONF_EDIT_PEER_ADD, 7, "192.0.2.1");
	settle();
	ck_assert_uint_eq(fakes[PROC_RDE].conf->generation, 2);
	ck_assert_ptr_eq(fakes[PROC_RDE].conf->sets[0], set);
	ck_assert_ptr_eq(fakes[PROC_RDE].conf->policies[0], policy);
	suite_end();
}
END_TEST

/* As apid sends an edit, in parts or not. */
static void
part_send(void *ctx, bool last, const uint8_t *data, size_t len)
{
	const uint32_t *request = ctx;

	chan_send_buf(fakes[PROC_APID].chan,
	    last ? MSG_CONF_EDIT : MSG_CONF_EDIT_PART, *request, 0, data, len);
}

static void
whole_edit_send(uint32_t request, const struct conf_edit *e)
{
	struct wr w;

	wr_init_grow(&w, CONF_EDIT_MAX);
	msg_conf_edit_put(&w, e);
	ck_assert(wr_ok(&w));
	msg_conf_edit_cut(&w, part_send, &request);
	wr_free(&w);
}

START_TEST(long_edit_arrives_in_parts)
{
	struct conf_edit e = { .op = CONF_EDIT_SET_ADD };
	struct conf_comm c;
	struct conf_set *set;
	uint32_t i;
	int round;

	suite_start(HEAD LISTEN FILTERS);
	reload_first(&b);
	settle();
	set = conf_set_new(CONF_SET_LARGE_COMMUNITY, "long");
	memset(&c, 0, sizeof(c));
	memset(c.mask, 0xff, 12);
	for (i = 0; i < 100000; i++) {
		memcpy(c.value, &i, sizeof(i));
		conf_set_add_comm(set, &c);
	}
	e.set = set;
	for (round = 0; round < 2; round++) {
		e.replace = round > 0;
		conf_set_add_comm(set, &c);
		whole_edit_send(7, &e);
		for (i = 0; i < 100 && fakes[PROC_APID].answers == round; i++)
			settle();
		ck_assert_int_eq(fakes[PROC_APID].answers, round + 1);
		ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_OK);
		ck_assert_uint_eq(fakes[PROC_RDE].conf->n_sets, 2);
		ck_assert(conf_set_equal(fakes[PROC_RDE].conf->sets[1], set));
		ck_assert(conf_set_equal(fakes[PROC_APID].conf->sets[1], set));
	}
	ck_assert_uint_eq(fakes[PROC_RDE].conf->sets[1]->origin, CONF_FROM_API);
	conf_edit_fini(&e);
	suite_end();
}
END_TEST

START_TEST(parts_of_two_edits_cost_apid_its_channel)
{
	suite_start(HEAD LISTEN);
	reload_first(&b);
	settle();
	chan_send_buf(fakes[PROC_APID].chan, MSG_CONF_EDIT_PART, 1, 0, "\x02",
	    1);
	chan_send_buf(fakes[PROC_APID].chan, MSG_CONF_EDIT, 2, 0, "\x02", 1);
	settle();
	ck_assert_ptr_null(b.children[PROC_APID].chan);
	ck_assert(b.children[PROC_APID].killed);
	suite_end();
}
END_TEST

START_TEST(edits_of_policies_are_answered)
{
	struct conf_edit e = { .op = CONF_EDIT_ASSIGN };

	suite_start(HEAD LISTEN FILTERS "peers: [{address: 192.0.2.1}]\n");
	reload_first(&b);
	settle();
	ck_assert_int_eq(addr_parse("192.0.2.1", &e.peer.addr), 0);
	e.direction = CONF_EXPORT;
	e.assignment.policies = xcalloc(1, sizeof(char *));
	e.assignment.policies[0] = xstrdup("p");
	e.assignment.n = 1;
	e.assignment.dflt = CONF_DEFAULT_ACCEPT;
	whole_edit_send(5, &e);
	settle();
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_OK);
	ck_assert_uint_eq(fakes[PROC_RDE].conf->peers[0].policy[1].n, 1);
	ck_assert(fakes[PROC_RDE].conf->peers[0].policy[1].runtime);
	ck_assert_int_eq(fakes[PROC_RDE].conf->peers[0].policy[1].dflt,
	    CONF_DEFAULT_ACCEPT);
	conf_edit_fini(&e);
	e.op = CONF_EDIT_POLICY_REMOVE;
	e.name = xstrdup("p");
	whole_edit_send(6, &e);
	settle();
	ck_assert_int_eq(fakes[PROC_APID].answers, 2);
	ck_assert_int_eq(fakes[PROC_APID].last.code, ERR_PRECONDITION);
	conf_edit_fini(&e);
	suite_end();
}
END_TEST

/* A text of policies and peers that use them all, in both directions. */
static char *
many_policies(unsigned int n, unsigned int peers)
{
	struct wr w;
	char line[400];
	unsigned int i, k;

	wr_init_grow(&w, 1 << 20);
	wr_copy(&w, HEAD LISTEN "policy-definitions:\n",
	    strlen(HEAD LISTEN "policy-definitions:\n"));
	for (i = 0; i < n; i++) {
		snprintf(line, sizeof(line),
		    " - {name: p%0254u, statements: []}\n", i);
		wr_copy(&w, line, strlen(line));
	}
	wr_copy(&w, "peers:\n", 7);
	for (k = 0; k < 2 * peers; k++) {
		snprintf(line, sizeof(line),
		    k % 2 == 0 ? " - address: 192.0.2.%u\n   import-policy:\n" :
				 "   export-policy:\n",
		    k / 2 + 1);
		wr_copy(&w, line, strlen(line));
		for (i = 0; i < n; i++) {
			snprintf(line, sizeof(line), "    - p%0254u\n", i);
			wr_copy(&w, line, strlen(line));
		}
	}
	wr_n8(&w, 0);
	return (char *)w.base;
}

START_TEST(longest_peers_arrive)
{
	char *text = many_policies(CONF_POLICIES_MAX, 7);

	suite_start(text);
	reload_first(&b);
	settle();
	ck_assert_uint_eq(fakes[PROC_SESSIOND].conf->n_peers, 7);
	ck_assert_uint_eq(
	    fakes[PROC_SESSIOND].conf->peers[6].policy[CONF_EXPORT].n,
	    CONF_POLICIES_MAX);
	suite_end();
	free(text);
}
END_TEST

START_TEST(more_policies_are_refused)
{
	char *text = many_policies(CONF_POLICIES_MAX + 1, 1);
	struct diags d;

	diags_init(&d);
	ck_assert_ptr_null(conf_parse(text, strlen(text), &d, NULL));
	ck_assert_uint_eq(d.errors, 2);
	diags_fini(&d);
	free(text);
}
END_TEST

/* --- the join of file and API */

static void
loaded_from(struct loaded *l, const char *text)
{
	memset(l, 0, sizeof(*l));
	l->conf = conf_parse(text, strlen(text), &l->diags, l->fixed_at);
	ck_assert_ptr_nonnull(l->conf);
}

static struct conf_edit
peer_edit(uint8_t op, const char *addr)
{
	struct conf_edit e = { .op = op };

	conf_peer_init(&e.peer, NULL);
	ck_assert_int_eq(addr_parse(addr, &e.peer.addr), 0);
	return e;
}

static uint64_t serial;

/* A generation as the start of the suite makes it of a file. */
static struct models
models_of(const char *file)
{
	struct models m;
	struct loaded l;

	loaded_from(&l, file);
	reload_start_from(&l, &serial, &m);
	loaded_fini(&l);
	return m;
}

/* The file read anew; `now` becomes what comes of it. */
static int
reload_to(struct models *now, const char *file, struct err *e)
{
	struct models next;
	struct loaded l;
	int rc;

	err_clear(e);
	loaded_from(&l, file);
	rc = reload_merge(&l, now, &serial, &next);
	if (rc == 0) {
		models_free(now);
		*now = next;
	} else {
		err_set(e, ERR_INVALID, "%u: %s", l.diags.list[0].line,
		    l.diags.list[0].text);
	}
	loaded_fini(&l);
	return rc;
}

START_TEST(reload_keeps_peers_of_the_api)
{
	struct models m = models_of(HEAD "peers: [{address: 192.0.2.1}, "
					 "{address: 192.0.2.2}]\n");
	struct conf_edit e = peer_edit(CONF_EDIT_PEER_ADD, "192.0.2.9");
	struct err err;

	ck_assert_int_eq(edit_apply(&m, &serial, "f", &e, &err), 0);
	ck_assert_int_eq(
	    reload_to(&m, HEAD "peers: [{address: 192.0.2.2}]\n", &err), 0);
	ck_assert_uint_eq(m.conf->n_peers, 2);
	ck_assert_ptr_nonnull(conf_peer_find(m.conf, &e.peer.addr));
	/* The same address in both is refused, both places named. */
	ck_assert_int_eq(
	    reload_to(&m, HEAD "peers: [{address: 192.0.2.9}]\n", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "3: address: peer"));
	ck_assert_ptr_nonnull(strstr(err.text, "API"));
	models_free(&m);
}
END_TEST

START_TEST(adding_a_peer_of_the_file_names_its_line)
{
	struct models m = models_of(HEAD "peers:\n - address: 192.0.2.1\n");
	struct conf_edit e = peer_edit(CONF_EDIT_PEER_ADD, "192.0.2.1");
	struct err err;

	ck_assert_int_eq(edit_apply(&m, &serial, "bgpd.yaml", &e, &err), -1);
	ck_assert_int_eq(err.code, ERR_EXISTS);
	ck_assert_str_eq(err.text,
	    "peer 192.0.2.1 already exists (from bgpd.yaml line 4)");
	models_free(&m);
}
END_TEST

START_TEST(peer_removed_by_api_stays_away_until_the_file_changes_it)
{
	static const char file[] = HEAD "peers: [{address: 192.0.2.1}]\n";
	struct models m = models_of(file);
	struct conf_edit e = peer_edit(CONF_EDIT_PEER_REMOVE, "192.0.2.1");
	struct err err;

	ck_assert_int_eq(edit_apply(&m, &serial, "f", &e, &err), 0);
	ck_assert_uint_eq(m.conf->n_peers, 0);
	ck_assert_uint_eq(m.removed->n_peers, 1);
	ck_assert_int_eq(reload_to(&m, file, &err), 0);
	ck_assert_uint_eq(m.conf->n_peers, 0);
	ck_assert_uint_eq(m.removed->n_peers, 1);
	ck_assert_int_eq(reload_to(&m,
			     HEAD "peers: [{address: 192.0.2.1, "
				  "remote_as: 1}]\n",
			     &err),
	    0);
	ck_assert_uint_eq(m.conf->n_peers, 1);
	ck_assert_uint_eq(m.removed->n_peers, 0);
	models_free(&m);
}
END_TEST

START_TEST(identity_cannot_change_at_run_time)
{
	struct models m = models_of(HEAD), next;
	struct loaded l;

	loaded_from(&l, "router_id: 10.0.0.2\nasn: 65002\nuser: other\n");
	ck_assert_int_eq(reload_merge(&l, &m, &serial, &next), -1);
	ck_assert_uint_eq(l.diags.errors, 3);
	ck_assert_uint_eq(l.diags.list[0].line, 2);
	ck_assert_uint_eq(l.diags.list[0].column, 6);
	loaded_fini(&l);
	models_free(&m);
}
END_TEST

/* --- sets and policies */

#define SET(name, asn)                                                         \
	"defined-sets: {as-path-sets: [{name: " name ", patterns: [_" asn      \
	"_]}]}\n"
#define POLICY(name, set)                                                      \
	"policy-definitions: [{name: " name ", statements: [{conditions: "     \
	"{match-as-path-set: {set-name: " set "}}, actions: {}}]}]\n"
#define PEER(import)                                                           \
	"peers: [{address: 192.0.2.1, import-policy: [" import "]}]\n"

static int
apply(struct models *m, struct conf_edit *e, struct err *err)
{
	int rc;

	err_clear(err);
	rc = edit_apply(m, &serial, "f.yaml", e, err);
	conf_edit_fini(e);
	return rc;
}

static int
set_add(struct models *m, const char *name, const char *pattern, bool replace,
    struct err *err)
{
	struct conf_edit e = { .op = CONF_EDIT_SET_ADD, .replace = replace };

	e.set = conf_set_new(CONF_SET_AS_PATH, name);
	conf_set_add_pattern(e.set, pattern);
	return apply(m, &e, err);
}

static int
named(struct models *m, int op, const char *name, struct err *err)
{
	struct conf_edit e = { .op = (uint8_t)op,
		.set_kind = CONF_SET_AS_PATH,
		.all = name == NULL };

	e.name = name == NULL ? NULL : xstrdup(name);
	return apply(m, &e, err);
}

static int
policy_add(struct models *m, const char *name, const char *set, struct err *err)
{
	struct conf_edit e = { .op = CONF_EDIT_POLICY_ADD };
	struct conf_statement *st;

	e.policy = conf_policy_new(name);
	(void)conf_policy_add_statement(e.policy, NULL);
	st = conf_policy_add_statement(e.policy, "second");
	if (set != NULL)
		st->conditions.match[CONF_SET_AS_PATH].set = xstrdup(set);
	return apply(m, &e, err);
}

static int
assign(struct models *m, const char *peer, const char *policy, struct err *err)
{
	struct conf_edit e = peer_edit(CONF_EDIT_ASSIGN, peer);

	if (policy != NULL) {
		e.assignment.policies = xcalloc(1, sizeof(char *));
		e.assignment.policies[0] = xstrdup(policy);
		e.assignment.n = 1;
	}
	return apply(m, &e, err);
}

static const struct conf_set *
set_of(const struct models *m, const char *name)
{
	return conf_set_find(m->conf, CONF_SET_AS_PATH, name);
}

START_TEST(sets_of_the_api_come_and_go)
{
	struct models m = models_of(HEAD SET("f", "1") POLICY("p", "f"));
	const struct conf_set *set;
	struct err e;
	uint64_t was;

	ck_assert_int_eq(set_add(&m, "a", "^1$", false, &e), 0);
	set = set_of(&m, "a");
	ck_assert_uint_eq(set->origin, CONF_FROM_API);
	ck_assert(!set->over_file);
	was = set->serial;
	ck_assert_int_eq(set_add(&m, "a", "^2$", false, &e), -1);
	ck_assert_int_eq(e.code, ERR_EXISTS);
	ck_assert_str_eq(e.text, "as-path-set a already exists");
	ck_assert_int_eq(set_add(&m, "f", "^2$", false, &e), -1);
	ck_assert_str_eq(e.text,
	    "as-path-set f already exists (from f.yaml line 3)");
	ck_assert_int_eq(set_add(&m, "a", "^1$", true, &e), 0);
	ck_assert_ptr_eq(set_of(&m, "a"), set);
	ck_assert_int_eq(set_add(&m, "a", "^2$", true, &e), 0);
	ck_assert_uint_gt(set_of(&m, "a")->serial, was);
	ck_assert_int_eq(set_add(&m, "_a", "^2$", true, &e), -1);
	ck_assert_int_eq(e.code, ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(e.text, "cannot start with underscore"));
	/* One that is used stays, and with it all of them. */
	ck_assert_int_eq(named(&m, CONF_EDIT_SET_REMOVE, "f", &e), -1);
	ck_assert_int_eq(e.code, ERR_PRECONDITION);
	ck_assert_str_eq(e.text,
	    "cannot remove as-path-set f: referenced by policy p");
	ck_assert_int_eq(named(&m, CONF_EDIT_SET_REMOVE, NULL, &e), -1);
	ck_assert_int_eq(e.code, ERR_PRECONDITION);
	ck_assert_uint_eq(m.conf->n_sets, 2);
	ck_assert_int_eq(named(&m, CONF_EDIT_SET_REMOVE, "a", &e), 0);
	ck_assert_int_eq(named(&m, CONF_EDIT_SET_REMOVE, "a", &e), 0);
	ck_assert_uint_eq(m.conf->n_sets, 1);
	ck_assert_int_eq(named(&m, CONF_EDIT_POLICY_REMOVE, "p", &e), 0);
	ck_assert_int_eq(named(&m, CONF_EDIT_SET_REMOVE, NULL, &e), 0);
	ck_assert_uint_eq(m.conf->n_sets, 0);
	ck_assert_uint_eq(m.removed->n_sets, 1);
	ck_assert_uint_eq(m.removed->n_policies, 1);
	models_free(&m);
}
END_TEST

START_TEST(policies_of_the_api_come_and_go)
{
	struct models m =
	    models_of(HEAD SET("f", "1") POLICY("p", "f") PEER("p"));
	struct err e;

	ck_assert_int_eq(policy_add(&m, "q", "no", &e), -1);
	ck_assert_int_eq(e.code, ERR_NOT_FOUND);
	ck_assert_str_eq(e.text,
	    "as-path-set no not found (policy q, statement 2 second)");
	ck_assert_int_eq(policy_add(&m, "_q", NULL, &e), -1);
	ck_assert_int_eq(e.code, ERR_INVALID);
	ck_assert_int_eq(policy_add(&m, "q", "f", &e), 0);
	ck_assert_uint_eq(m.conf->n_policies, 2);
	ck_assert_int_eq(policy_add(&m, "q", NULL, &e), 0); /* replaced */
	ck_assert_int_eq(policy_add(&m, "p", NULL, &e), 0);
	ck_assert(conf_policy_find(m.conf, "p")->over_file);
	ck_assert_int_eq(named(&m, CONF_EDIT_POLICY_REMOVE, "p", &e), -1);
	ck_assert_int_eq(e.code, ERR_PRECONDITION);
	ck_assert_str_eq(e.text, "policy p is assigned to peer 192.0.2.1");
	ck_assert_int_eq(assign(&m, "192.0.2.1", "no", &e), -1);
	ck_assert_int_eq(e.code, ERR_NOT_FOUND);
	ck_assert_str_eq(e.text, "policy no not found");
	ck_assert_int_eq(assign(&m, "192.0.2.7", "q", &e), -1);
	ck_assert_int_eq(e.code, ERR_NOT_FOUND);
	ck_assert_str_eq(e.text, "peer 192.0.2.7 not found");
	ck_assert_int_eq(assign(&m, "192.0.2.1", "q", &e), 0);
	ck_assert(m.conf->peers[0].policy[CONF_IMPORT].runtime);
	ck_assert_str_eq(m.conf->peers[0].policy[CONF_IMPORT].policies[0], "q");
	ck_assert_int_eq(named(&m, CONF_EDIT_POLICY_REMOVE, "p", &e), 0);
	ck_assert_int_eq(named(&m, CONF_EDIT_POLICY_REMOVE, "p", &e), 0);
	ck_assert_int_eq(assign(&m, "192.0.2.1", NULL, &e), 0);
	ck_assert_uint_eq(m.conf->peers[0].policy[CONF_IMPORT].n, 0);
	ck_assert(m.conf->peers[0].policy[CONF_IMPORT].runtime);
	models_free(&m);
}
END_TEST

static void
spoil_name(struct conf_statement *st)
{
	st->name = xcalloc(1, CONF_NAME_MAX + 2);
	memset(st->name, 'x', CONF_NAME_MAX + 1);
}

static void
spoil_control(struct conf_statement *st)
{
	st->name = xstrdup("a\nb");
}

static void
spoil_prepend(struct conf_statement *st)
{
	st->actions.prepend = CONF_PREPEND_MAX + 1;
}

static void
spoil_edits(struct conf_statement *st)
{
	int i;

	for (i = 0; i < (int)CONF_COMM_EDITS_MAX + 1; i++)
		conf_actions_add_edit(&st->actions, CONF_SET_COMMUNITY,
		    CONF_COMM_REPLACE, NULL, 0);
}

static void
spoil_communities(struct conf_statement *st)
{
	struct conf_comm *list = xcalloc(CONF_COMM_EDIT_MAX + 1, sizeof(*list));
	uint32_t i;

	for (i = 0; i <= CONF_COMM_EDIT_MAX; i++)
		memset(list[i].mask, 0xff, 4);
	conf_actions_add_edit(&st->actions, CONF_SET_COMMUNITY, CONF_COMM_ADD,
	    list, CONF_COMM_EDIT_MAX + 1);
	free(list);
}

static void (*const too_much[])(struct conf_statement *) = { spoil_name,
	spoil_control, spoil_prepend, spoil_edits, spoil_communities };

/* Refused, over the wire and all, and no reason to end apid. */
START_TEST(statements_beyond_their_bounds_are_refused)
{
	struct models m = models_of(HEAD);
	struct conf_edit e = { .op = CONF_EDIT_POLICY_ADD }, back;
	struct wr w;
	struct rd r;
	struct err err;

	e.policy = conf_policy_new("p");
	too_much[_i](conf_policy_add_statement(e.policy, NULL));
	wr_init_grow(&w, CONF_EDIT_MAX);
	msg_conf_edit_put(&w, &e);
	rd_init(&r, w.base, wr_len(&w));
	msg_conf_edit_get(&r, &back);
	ck_assert(rd_done(&r));
	ck_assert_int_eq(apply(&m, &back, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "policy p, statement 1: "));
	ck_assert_uint_eq(m.conf->n_policies, 0);
	/* As part of a configuration they would be a breach. */
	wr_reset(&w);
	msg_conf_statement_put(&w, &e.policy->statements[0]);
	rd_init(&r, w.base, wr_len(&w));
	msg_conf_statement_get(&r, e.policy);
	ck_assert_msg(!rd_ok(&r) || _i == 1, "%d", _i);
	conf_edit_fini(&e);
	wr_free(&w);
	models_free(&m);
}
END_TEST

START_TEST(patterns_beyond_their_bounds_are_refused)
{
	struct models m = models_of(HEAD);
	char longest[CONF_PATTERN_MAX + 2] = "";
	struct err e;

	ck_assert_int_eq(set_add(&m, "a", "", false, &e), -1);
	ck_assert_int_eq(e.code, ERR_INVALID);
	memset(longest, '1', CONF_PATTERN_MAX + 1);
	ck_assert_int_eq(set_add(&m, "a", longest, false, &e), -1);
	ck_assert_str_eq(e.text, "as-path-set a: pattern 1 is too long");
	longest[CONF_PATTERN_MAX] = '\0';
	ck_assert_int_eq(set_add(&m, "a", longest, false, &e), 0);
	models_free(&m);
}
END_TEST

START_TEST(reload_keeps_what_is_equal)
{
	struct models m = models_of(HEAD SET("f", "1") POLICY("p", "f"));
	const struct conf_set *set = set_of(&m, "f");
	const struct conf_policy *p = conf_policy_find(m.conf, "p");
	uint64_t was = set->serial;
	struct err e;

	ck_assert_uint_gt(was, 0);
	ck_assert_uint_gt(p->serial, was);
	ck_assert_int_eq(
	    reload_to(&m, HEAD "\n" SET("f", "1") "\n" POLICY("p", "f"), &e),
	    0);
	ck_assert_ptr_eq(set_of(&m, "f"), set);
	ck_assert_uint_eq(set->line, 4);
	ck_assert_ptr_eq(conf_policy_find(m.conf, "p"), p);
	ck_assert_int_eq(reload_to(&m, HEAD SET("f", "2") POLICY("p", "f"), &e),
	    0);
	ck_assert_uint_gt(set_of(&m, "f")->serial, was);
	ck_assert_ptr_eq(conf_policy_find(m.conf, "p"), p);
	ck_assert_int_eq(reload_to(&m, HEAD, &e), 0);
	ck_assert_uint_eq(m.conf->n_sets + m.conf->n_policies, 0);
	models_free(&m);
}
END_TEST

START_TEST(runtime_changes_hold_until_the_file_changes_the_object)
{
	static const char file[] =
	    HEAD SET("f", "1") POLICY("p", "f") PEER("p");
	struct models m = models_of(file);
	struct err e;

	ck_assert_int_eq(set_add(&m, "f", "^9$", true, &e), 0);
	ck_assert_int_eq(policy_add(&m, "p", NULL, &e), 0);
	ck_assert_int_eq(assign(&m, "192.0.2.1", NULL, &e), 0);
	ck_assert_int_eq(reload_to(&m, file, &e), 0);
	ck_assert_str_eq(set_of(&m, "f")->patterns[0], "^9$");
	ck_assert_uint_eq(conf_policy_find(m.conf, "p")->n, 2);
	ck_assert(m.conf->peers[0].policy[CONF_IMPORT].runtime);
	/* Each by itself. */
	ck_assert_int_eq(
	    reload_to(&m, HEAD SET("f", "2") POLICY("p", "f") PEER("p"), &e),
	    0);
	ck_assert_str_eq(set_of(&m, "f")->patterns[0], "_2_");
	ck_assert_uint_eq(set_of(&m, "f")->origin, CONF_FROM_FILE);
	ck_assert_uint_eq(conf_policy_find(m.conf, "p")->n, 2);
	ck_assert(m.conf->peers[0].policy[CONF_IMPORT].runtime);
	ck_assert_int_eq(
	    reload_to(&m, HEAD SET("f", "2") POLICY("p", "f") PEER("p, p"), &e),
	    0);
	ck_assert_uint_eq(m.conf->peers[0].policy[CONF_IMPORT].n, 2);
	ck_assert(!m.conf->peers[0].policy[CONF_IMPORT].runtime);
	ck_assert_uint_eq(conf_policy_find(m.conf, "p")->n, 2);
	/* Back to what the file has: the file's again. */
	ck_assert_int_eq(set_add(&m, "f", "_3_", true, &e), 0);
	ck_assert_int_eq(set_add(&m, "f", "_2_", true, &e), 0);
	ck_assert_uint_eq(set_of(&m, "f")->origin, CONF_FROM_FILE);
	models_free(&m);
}
END_TEST

START_TEST(removed_objects_stay_away_until_the_file_needs_them)
{
	static const char file[] = HEAD SET("f", "1") POLICY("p", "f");
	struct models m = models_of(file);
	struct err e;

	ck_assert_int_eq(named(&m, CONF_EDIT_POLICY_REMOVE, "p", &e), 0);
	ck_assert_int_eq(named(&m, CONF_EDIT_SET_REMOVE, "f", &e), 0);
	ck_assert_int_eq(reload_to(&m, file, &e), 0);
	ck_assert_uint_eq(m.conf->n_sets + m.conf->n_policies, 0);
	ck_assert_uint_eq(m.removed->n_sets + m.removed->n_policies, 2);
	/* Changed: back again, the policy for the peer, the set for it. */
	ck_assert_int_eq(
	    reload_to(&m, HEAD SET("f", "1") POLICY("p", "f") PEER("p"), &e),
	    0);
	ck_assert_uint_eq(m.conf->n_sets + m.conf->n_policies, 2);
	ck_assert_uint_eq(m.removed->n_sets + m.removed->n_policies, 0);
	/* Of the API now, in the place of the one that is away. */
	ck_assert_int_eq(reload_to(&m, HEAD SET("f", "1"), &e), 0);
	ck_assert_int_eq(named(&m, CONF_EDIT_SET_REMOVE, "f", &e), 0);
	ck_assert_int_eq(set_add(&m, "f", "^7$", false, &e), 0);
	ck_assert(set_of(&m, "f")->over_file);
	ck_assert_uint_eq(m.removed->n_sets, 0);
	ck_assert_int_eq(reload_to(&m, HEAD SET("f", "1"), &e), 0);
	ck_assert_str_eq(set_of(&m, "f")->patterns[0], "^7$");
	ck_assert_int_eq(reload_to(&m, HEAD, &e), 0);
	ck_assert_ptr_null(set_of(&m, "f"));
	models_free(&m);
}
END_TEST

START_TEST(objects_of_the_api_and_the_file_must_not_collide)
{
	struct models m = models_of(HEAD SET("f", "1"));
	struct err e;

	ck_assert_int_eq(set_add(&m, "a", "^1$", false, &e), 0);
	ck_assert_int_eq(policy_add(&m, "q", "f", &e), 0);
	ck_assert_int_eq(reload_to(&m, HEAD SET("a", "1"), &e), -1);
	ck_assert_ptr_nonnull(
	    strstr(e.text, "3: name: as-path-set a is there through the API"));
	ck_assert_int_eq(reload_to(&m, HEAD SET("f", "1") POLICY("q", "f"), &e),
	    -1);
	ck_assert_ptr_nonnull(
	    strstr(e.text, "4: name: policy q is there through the API"));
	/* What the API needs of the file. */
	ck_assert_int_eq(reload_to(&m, HEAD, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "as-path-set f not found"));
	ck_assert_int_eq(reload_to(&m, HEAD SET("f", "5"), &e), 0);
	ck_assert_uint_eq(m.conf->n_sets, 2);
	ck_assert_uint_eq(m.conf->n_policies, 1);
	models_free(&m);
	m = models_of(HEAD SET("f", "1") POLICY("p", "f") "peers: [{address: "
							  "192.0.2.1}]\n");
	ck_assert_int_eq(assign(&m, "192.0.2.1", "p", &e), 0);
	ck_assert_int_eq(
	    reload_to(&m, HEAD "peers: [{address: 192.0.2.1}]\n", &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "policy p not found"));
	models_free(&m);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("reload");
	TCase *t = tcase_create("transaction"), *m = tcase_create("join");
	SRunner *r;
	int n;

	hash_init();
	log_init("bgpd", false);
	log_set_level(LOG_LEVEL_ERROR);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, first_generation_goes_out_in_order);
	tcase_add_test(t, rejected_first_generation_ends_the_suite);
	tcase_add_test(t, edit_is_answered_after_everyone_took_it);
	tcase_add_test(t, waiting_edits_share_a_generation);
	tcase_add_test(t, refused_batch_is_tried_one_by_one);
	tcase_add_test(t, refused_edit_changes_nothing);
	tcase_add_test(t, apid_lost_while_voting_does_not_hold_up_the_others);
	tcase_add_test(t, vote_about_another_generation_does_not_count);
	tcase_add_test(t, large_configuration_arrives_whole);
	tcase_add_test(t, file_is_taken_over);
	tcase_add_loop_test(t, bad_file_changes_nothing, 0,
	    (int)nitems(bad_files));
	tcase_add_test(t, refused_file_gives_its_listeners_back);
	tcase_add_test(t, many_requests_share_a_reload);
	tcase_add_test(t, trial_tells_what_a_reload_does);
	tcase_add_test(t, running_configuration_is_saved);
	tcase_add_test(t, text_of_the_api_is_taken_over_as_a_whole);
	tcase_add_test(t, running_configuration_is_shown);
	tcase_add_test(t, log_level_changes_at_run_time);
	tcase_add_test(t, sockets_are_made_for_peers_only);
	tcase_add_test(t, malformed_edit_costs_apid_its_channel);
	tcase_add_test(t, sets_and_policies_are_sent_once);
	tcase_add_test(t, long_edit_arrives_in_parts);
	tcase_add_test(t, parts_of_two_edits_cost_apid_its_channel);
	tcase_add_test(t, edits_of_policies_are_answered);
	tcase_add_test(t, longest_peers_arrive);
	tcase_add_test(t, more_policies_are_refused);
	tcase_add_test(m, reload_keeps_peers_of_the_api);
	tcase_add_test(m, adding_a_peer_of_the_file_names_its_line);
	tcase_add_test(m,
	    peer_removed_by_api_stays_away_until_the_file_changes_it);
	tcase_add_test(m, identity_cannot_change_at_run_time);
	tcase_add_test(m, sets_of_the_api_come_and_go);
	tcase_add_test(m, policies_of_the_api_come_and_go);
	tcase_add_loop_test(m, statements_beyond_their_bounds_are_refused, 0,
	    nitems(too_much));
	tcase_add_test(m, patterns_beyond_their_bounds_are_refused);
	tcase_add_test(m, reload_keeps_what_is_equal);
	tcase_add_test(m,
	    runtime_changes_hold_until_the_file_changes_the_object);
	tcase_add_test(m, removed_objects_stay_away_until_the_file_needs_them);
	tcase_add_test(m, objects_of_the_api_and_the_file_must_not_collide);
	suite_add_tcase(s, t);
	suite_add_tcase(s, m);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n == 0 ? 0 : 1;
}
