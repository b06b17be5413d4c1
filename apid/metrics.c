/* SPDX-License-Identifier: ISC */
/*
 * Gathering the metrics and giving them away; see metrics.h.
 */
#include "apid/metrics.h"

#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "apid/apid.h"
#include "apid/http.h"
#include "apid/metrics_text.h"
#include "apid/rpc.h"
#include "common/chan.h"
#include "common/log.h"
#include "common/mono.h"
#include "common/msg_metrics.h"
#include "common/msg_peer.h"
#include "common/msg_query.h"
#include "common/xmalloc.h"
#include "proto/bgpgg/v1/metrics.pb-c.h"

enum {
	STEP_PEERS = 256, /* with fewer the text is made in one go */
	CHUNK = 32 * 1024, /* of one message of GetMetrics */
};

TAILQ_HEAD(user_list, metrics_user);

/* A finished text and those who read it; the latest one is kept without. */
struct metrics_text {
	TAILQ_ENTRY(metrics_text) entry;
	struct user_list users;
	struct text text;
};

/* The questions that a sample takes. */
enum {
	ASK_BGPD,
	ASK_SESSIOND,
	ASK_RDE,
	ASK_PEERS, /* of sessiond, the only one of many answers */
	ASK_BMP, /* of the rde */
	ASK__MAX
};
struct question {
	struct req req;
	struct metrics *metrics;
	enum proc to;
	uint32_t id; /* of the request; 0: it could not be asked */
};

struct metrics {
	struct apid *apid;
	TAILQ_HEAD(, metrics_text) texts; /* oldest first */
	size_t n_texts;
	struct metrics_text *latest; /* NULL: none */
	struct mono latest_at;
	struct user_list waiting;
	bool gathering;
	struct question questions[ASK__MAX];
	unsigned int n_open;
	struct metrics_sample sample;
	struct text making;
	unsigned int step;
	struct event *next_step;
	struct event *patience;
};

static void gathered(struct metrics *);

/* --- texts */

static void
text_free(struct metrics *m, struct metrics_text *text)
{
	TAILQ_REMOVE(&m->texts, text, entry);
	m->n_texts--;
	free(text->text.base);
	free(text);
}

/* Nobody reads it and nobody will. */
static void
text_check(struct metrics *m, struct metrics_text *text)
{
	if (text != m->latest && TAILQ_EMPTY(&text->users))
		text_free(m, text);
}

static void
latest_set(struct metrics *m, struct metrics_text *text)
{
	struct metrics_text *old = m->latest;

	m->latest = text;
	m->latest_at = mono_now();
	if (old != NULL)
		text_check(m, old);
}

/* Whoever is slow to read the oldest text loses it. */
static void
texts_bound(struct metrics *m)
{
	struct metrics_text *text;
	struct metrics_user *user;

	while (m->n_texts > METRICS_TEXTS_MAX) {
		text = TAILQ_FIRST(&m->texts);
		while ((user = TAILQ_FIRST(&text->users)) != NULL) {
			TAILQ_REMOVE(&text->users, user, entry);
			user->text = NULL;
			user->lost(user);
		}
		text_free(m, text);
	}
}

const char *
metrics_bytes(const struct metrics_text *text, size_t *len)
{
	*len = text->text.len;
	return text->text.base;
}

/* --- users */

static void
user_take(struct metrics_user *user, struct metrics_text *text)
{
	user->text = text;
	TAILQ_INSERT_TAIL(&text->users, user, entry);
	user->ready(user);
}

void
metrics_release(struct metrics *m, struct metrics_user *user)
{
	struct metrics_text *text = user->text;

	if (text == NULL) {
		TAILQ_REMOVE(&m->waiting, user, entry);
		return;
	}
	TAILQ_REMOVE(&text->users, user, entry);
	user->text = NULL;
	text_check(m, text);
}

/* --- making a text */

static void
complete(struct metrics *m)
{
	struct metrics_text *text = xcalloc(1, sizeof(*text));
	struct metrics_user *user;

	TAILQ_INIT(&text->users);
	text->text = m->making;
	memset(&m->making, 0, sizeof(m->making));
	free(m->sample.peers);
	free(m->sample.bmp);
	memset(&m->sample, 0, sizeof(m->sample));
	m->gathering = false;
	TAILQ_INSERT_TAIL(&m->texts, text, entry);
	m->n_texts++;
	latest_set(m, text);
	texts_bound(m);
	/* None of them asks again from within. */
	while ((user = TAILQ_FIRST(&m->waiting)) != NULL) {
		TAILQ_REMOVE(&m->waiting, user, entry);
		user_take(user, text);
	}
}

static void
on_step(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval now = { 0, 0 };
	struct metrics *m = arg;
	bool more;

	(void)fd;
	(void)what;
	do
		more = metrics_step(&m->making, m->step++, &m->sample, m->apid);
	while (more && m->sample.n_peers < STEP_PEERS);
	if (!more)
		complete(m);
	else if (evtimer_add(m->next_step, &now) == -1)
		fatalx("%s: no event", __func__);
}

static void
gathered(struct metrics *m)
{
	if (--m->n_open > 0)
		return;
	evtimer_del(m->patience);
	m->step = 0;
	on_step(-1, 0, m);
}

static bool
is_listing(const struct question *q)
{
	return q == &q->metrics->questions[ASK_PEERS];
}

static void
question_end(struct question *q, bool known)
{
	struct metrics *m = q->metrics;
	struct chan *chan = m->apid->chans[q->to];

	/* A listing that was given up is still there for the other side. */
	if (is_listing(q) && !known && q->id != 0 && chan != NULL)
		chan_send_buf(chan, MSG_PEERS_CLOSE, q->id, 0, NULL, 0);
	if (!known)
		m->sample.known[q->to] = false;
	gathered(m);
}

static struct question *
of_req(struct req *req)
{
	return (struct question *)(void *)((char *)req -
	    offsetof(struct question, req));
}

static void
on_lost(struct req *req, const struct err *e)
{
	(void)e;
	question_end(of_req(req), false);
}

static void
on_numbers(struct req *req, const struct msg *msg)
{
	struct question *q = of_req(req);
	struct apid *apid = q->metrics->apid;
	struct rd r;

	rd_init(&r, msg->data, msg->hdr.len);
	msg_metrics_get(&r, q->to, q->metrics->sample.values);
	if (msg->hdr.type != MSG_METRICS || !rd_done(&r)) {
		apid_broken(apid, q->to, msg_rules[msg->hdr.type].name);
		return;
	}
	req_close(&apid->reqs, req);
	question_end(q, true);
}

static const struct req_ops numbers_ops = { on_numbers, on_lost };

static void
credit(struct question *q, uint32_t blocks)
{
	const uint32_t n = htonl(blocks);

	apid_tell(q->metrics->apid, &q->req, MSG_PEERS_CREDIT, &n, sizeof(n));
}

/* -1 if they do not parse. */
static int
take_rows(struct metrics_sample *s, const struct msg *msg)
{
	struct peer_row row;
	struct rd r;

	rd_init(&r, msg->data, msg->hdr.len);
	while (rd_left(&r) > 0) {
		msg_peer_row_get(&r, &row);
		if (!rd_ok(&r))
			return -1;
		if ((s->n_peers & (s->n_peers - 1)) == 0)
			s->peers = xreallocarray(s->peers,
			    s->n_peers == 0 ? 1 : s->n_peers * 2,
			    sizeof(*s->peers));
		s->peers[s->n_peers++] = row;
	}
	return 0;
}

static void
on_peers(struct req *req, const struct msg *msg)
{
	struct question *q = of_req(req);
	struct apid *apid = q->metrics->apid;
	struct err e;
	struct rd r;

	if (msg->hdr.type == MSG_PEERS_ROWS) {
		if (take_rows(&q->metrics->sample, msg) == -1)
			apid_broken(apid, q->to, "PEERS_ROWS");
		else
			credit(q, 1);
		return;
	}
	rd_init(&r, msg->data, msg->hdr.len);
	err_get(&r, &e);
	if (msg->hdr.type != MSG_PEERS_END || !rd_done(&r)) {
		apid_broken(apid, q->to, msg_rules[msg->hdr.type].name);
		return;
	}
	req_close(&apid->reqs, req);
	question_end(q, e.code == ERR_OK);
}

static const struct req_ops peers_ops = { on_peers, on_lost };

static void
on_bmp(struct req *req, const struct msg *msg)
{
	struct question *q = of_req(req);
	struct metrics_sample *s = &q->metrics->sample;
	struct rd r;

	rd_init(&r, msg->data, msg->hdr.len);
	while (msg->hdr.type == MSG_BMP_ROWS && rd_left(&r) > 0 && rd_ok(&r)) {
		s->bmp = xreallocarray(s->bmp, s->n_bmp + 1, sizeof(*s->bmp));
		msg_bmp_row_get(&r, &s->bmp[s->n_bmp]);
		if (rd_ok(&r))
			s->n_bmp++;
	}
	if (!rd_done(&r)) {
		apid_broken(q->metrics->apid, q->to,
		    msg_rules[msg->hdr.type].name);
		return;
	}
	req_close(&q->metrics->apid->reqs, req);
	question_end(q, true);
}

static const struct req_ops bmp_ops = { on_bmp, on_lost };

static void
ask(struct metrics *m, struct question *q, enum proc to, enum msg_type type,
    const struct wr *wr, const struct req_ops *ops)
{
	struct err e;

	memset(q, 0, sizeof(*q));
	q->metrics = m;
	q->to = to;
	if (apid_ask(m->apid, &q->req, to, type, wr, ops, true, &e) == -1)
		question_end(q, false);
	else
		q->id = q->req.id;
}

/* Whoever has not answered is left out. */
static void
on_patience(evutil_socket_t fd, short what, void *arg)
{
	struct metrics *m = arg;
	struct question *q;
	size_t i;

	(void)fd;
	(void)what;
	/* The last end makes the text, and that may ask anew. */
	m->n_open++;
	for (i = 0; i < nitems(m->questions); i++) {
		q = &m->questions[i];
		if (q->req.id == 0)
			continue;
		req_close(&m->apid->reqs, &q->req);
		question_end(q, false);
	}
	gathered(m);
}

static void
gather(struct metrics *m)
{
	const struct timeval patience = { METRICS_ANSWER_MS / 1000,
		METRICS_ANSWER_MS % 1000 * 1000 };
	struct question *peers = &m->questions[ASK_PEERS];
	uint8_t kind;
	struct wr wr;
	enum proc p;

	m->gathering = true;
	m->n_open = ASK__MAX + 1; /* the last one is ours, for the end */
	for (p = 0; p < PROC__MAX; p++)
		m->sample.known[p] = true;
	if (evtimer_add(m->patience, &patience) == -1)
		fatalx("%s: no event", __func__);
	wr_init(&wr, NULL, 0);
	ask(m, &m->questions[ASK_BGPD], PROC_BGPD, MSG_METRICS_GET, &wr,
	    &numbers_ops);
	ask(m, &m->questions[ASK_SESSIOND], PROC_SESSIOND, MSG_METRICS_GET, &wr,
	    &numbers_ops);
	ask(m, &m->questions[ASK_RDE], PROC_RDE, MSG_METRICS_GET, &wr,
	    &numbers_ops);
	ask(m, &m->questions[ASK_BMP], PROC_RDE, MSG_BMP_GET, &wr, &bmp_ops);
	wr_init(&wr, &kind, sizeof(kind));
	wr_n8(&wr, PEERS_ALL);
	ask(m, peers, PROC_SESSIOND, MSG_PEERS_GET, &wr, &peers_ops);
	if (peers->id != 0)
		credit(peers, QUERY_WINDOW);
	gathered(m);
}

void
metrics_get(struct metrics *m, struct metrics_user *user)
{
	user->text = NULL;
	if (m->latest != NULL && !m->gathering &&
	    mono_diff_ms(mono_now(), m->latest_at) < METRICS_FRESH_MS) {
		user_take(user, m->latest);
		return;
	}
	TAILQ_INSERT_TAIL(&m->waiting, user, entry);
	if (!m->gathering)
		gather(m);
}

struct metrics *
metrics_new(struct apid *apid)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	m->apid = apid;
	TAILQ_INIT(&m->texts);
	TAILQ_INIT(&m->waiting);
	m->next_step = evtimer_new(apid->base, on_step, m);
	m->patience = evtimer_new(apid->base, on_patience, m);
	if (m->next_step == NULL || m->patience == NULL)
		fatalx("%s: no event", __func__);
	return m;
}

void
metrics_free(struct metrics *m)
{
	event_free(m->next_step);
	event_free(m->patience);
	if (m->latest != NULL)
		latest_set(m, NULL);
	free(m->sample.peers);
	free(m->sample.bmp);
	free(m->making.base);
	free(m);
}

/* --- over HTTP */

struct http_job {
	struct metrics_user user;
	struct metrics *metrics;
	struct http_conn *conn;
	bool lost;
};

static struct http_job *
job_of(struct metrics_user *user)
{
	return (struct http_job *)(void *)((char *)user -
	    offsetof(struct http_job, user));
}

static void
job_ready(struct metrics_user *user)
{
	struct http_job *job = job_of(user);
	const char *base;
	size_t len;

	base = metrics_bytes(user->text, &len);
	http_reply(job->conn, 200, METRICS_TYPE, base, len);
}

static void
job_lost(struct metrics_user *user)
{
	struct http_job *job = job_of(user);

	job->lost = true;
	http_close(job->conn);
}

static void
job_done(void *ctx)
{
	struct http_job *job = ctx;

	if (!job->lost)
		metrics_release(job->metrics, &job->user);
	free(job);
}

void
metrics_serve(void *ctx, struct http_conn *conn, const char *path)
{
	static const char ok[] = "ok\n", bad[] = "not serving\n";
	static const char plain[] = "text/plain; charset=utf-8";
	struct metrics *m = ctx;
	struct http_job *job;

	if (strcmp(path, "/metrics") == 0) {
		job = xcalloc(1, sizeof(*job));
		job->metrics = m;
		job->conn = conn;
		job->user.ready = job_ready;
		job->user.lost = job_lost;
		http_on_done(conn, job_done, job);
		metrics_get(m, &job->user);
	} else if (strcmp(path, "/healthz") == 0) {
		if (health_serving(m->apid))
			http_reply(conn, 200, plain, ok, sizeof(ok) - 1);
		else
			http_reply(conn, 503, plain, bad, sizeof(bad) - 1);
	} else
		http_reply(conn, 404, NULL, NULL, 0);
}

/* --- over gRPC */

struct call_job {
	struct metrics_user user;
	struct metrics *metrics;
	struct call *call;
	size_t sent;
};

static struct call_job *
call_of(struct metrics_user *user)
{
	return (struct call_job *)(void *)((char *)user -
	    offsetof(struct call_job, user));
}

/* The next lines, as many as go into a message. */
static size_t
chunk(const char *base, size_t len)
{
	const char *end;

	if (len <= CHUNK)
		return len;
	end = memrchr(base, '\n', CHUNK);
	return end == NULL ? CHUNK : (size_t)(end - base) + 1;
}

/* May free the job. */
static void
call_pump(struct call_job *job)
{
	Bgpgg__V1__GetMetricsResponse m;
	const char *base;
	uint8_t *bytes;
	uint32_t end;
	size_t len, n;
	char *text;
	struct err e;

	base = metrics_bytes(job->user.text, &len);
	while (job->sent < len && call_has_room(job->call)) {
		n = chunk(base + job->sent, len - job->sent);
		text = xmalloc(n + 1);
		memcpy(text, base + job->sent, n);
		text[n] = '\0';
		bgpgg__v1__get_metrics_response__init(&m);
		m.text = text;
		bytes = xmalloc(n + 16);
		end =
		    (uint32_t)bgpgg__v1__get_metrics_response__pack(&m, bytes);
		call_send(job->call, bytes, &end, 1);
		free(bytes);
		free(text);
		job->sent += n;
	}
	if (job->sent < len)
		return;
	err_clear(&e);
	call_end(job->call, &e);
	metrics_release(job->metrics, &job->user);
	free(job);
}

static void
call_ready(struct metrics_user *user)
{
	call_pump(call_of(user));
}

static void
call_lost(struct metrics_user *user)
{
	struct call_job *job = call_of(user);
	struct err e;

	(void)err_set(&e, ERR_EXHAUSTED,
	    "the client reads too slowly: newer metrics are there");
	call_end(job->call, &e);
	free(job);
}

static void
on_call_cancel(void *ctx)
{
	struct call_job *job = ctx;

	metrics_release(job->metrics, &job->user);
	free(job);
}

static void
on_call_room(void *ctx)
{
	struct call_job *job = ctx;

	if (job->user.text != NULL)
		call_pump(job);
}

static const struct call_ops call_ops = {
	.on_cancel = on_call_cancel,
	.on_room = on_call_room,
};

void
rpc_get_metrics(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	struct apid *apid = ctx;
	struct call_job *job = xcalloc(1, sizeof(*job));

	(void)request;
	job->metrics = apid->metrics;
	job->call = call;
	job->user.ready = call_ready;
	job->user.lost = call_lost;
	call_set_ops(call, &call_ops, job);
	metrics_get(apid->metrics, &job->user);
}
