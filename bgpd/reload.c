/* SPDX-License-Identifier: ISC */
/*
 * The configuration as it changes: by the file (SIGHUP or API) and by edits
 * through the API, one transaction at a time.
 *
 *   IDLE -> LOADING     the parser reads the file
 *        -> VOTING      every child holds the new generation aside and votes
 *        -> COMMITTING  rde, then sessiond, then apid take it over, each
 *                       when the one before is done: the rde knows a peer
 *                       before sessiond brings it up
 *        -> IDLE
 *
 * Until the last vote is in, anything that fails leaves everything as it
 * was.  After it nothing can fail: a child that does not take over what it
 * voted for is ended.  Edits that come meanwhile wait, and share the next
 * generation.  What the file and its text have to do with it is call.c's.
 *
 * An apid that was started anew gets the running generation outside of any
 * transaction.
 */
#include "bgpd/bgpd.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/notify.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/xmalloc.h"

void
reload_timer_set(struct bgpd *b, int ms)
{
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	evtimer_add(b->reload_timer, &tv);
}

/* --- answers to apid */

static void
answer(struct bgpd *b, enum msg_type type, uint32_t request,
    const struct err *e)
{
	struct child *apid = &b->children[PROC_APID];
	struct wr w;

	if (!child_running(apid))
		return;
	wr_init_grow(&w, 4096);
	err_put(&w, e);
	chan_send_wr(apid->chan, type, request, 0, &w);
	wr_free(&w);
}

static void
edit_free(struct edit *ed)
{
	conf_edit_fini(&ed->change);
	free(ed);
}

static void
edits_clear(struct edits *list, size_t *n)
{
	struct edit *ed;

	while ((ed = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, ed, entry);
		edit_free(ed);
	}
	*n = 0;
}

static void
edit_log(const struct conf_edit *e)
{
	char text[ENDPOINT_STRLEN];

	addr_str(&e->peer.addr, text);
	switch ((enum conf_edit_op)e->op) {
	case CONF_EDIT_PEER_ADD:
		log_peer(LOG_LEVEL_INFO, text, "added by API");
		break;
	case CONF_EDIT_PEER_REMOVE:
		log_peer(LOG_LEVEL_INFO, text, "removed by API");
		break;
	case CONF_EDIT_SET_ADD:
		log_info("%s %s of %u members by API",
		    conf_set_kind_text((enum conf_set_kind)e->set->kind),
		    e->set->name, e->set->n);
		break;
	case CONF_EDIT_SET_REMOVE:
		log_info("%s %s removed by API",
		    conf_set_kind_text((enum conf_set_kind)e->set_kind),
		    e->all ? "of every name" : e->name);
		break;
	case CONF_EDIT_POLICY_ADD:
		log_info("policy %s of %u statements by API", e->policy->name,
		    e->policy->n);
		break;
	case CONF_EDIT_POLICY_REMOVE:
		log_info("policy %s removed by API", e->name);
		break;
	case CONF_EDIT_ASSIGN:
		log_peer(LOG_LEVEL_INFO, text, "%s policies assigned by API",
		    e->direction == CONF_IMPORT ? "import" : "export");
		break;
	case CONF_EDIT_BMP_ADD:
	case CONF_EDIT_BMP_REMOVE:
		log_info("BMP server %s %s by API",
		    endpoint_str(&e->bmp.addr, e->bmp.port, text),
		    e->op == CONF_EDIT_BMP_ADD ? "added" : "removed");
		break;
	}
}

static void
batch_answer(struct bgpd *b, const struct err *e)
{
	struct edit *ed;

	TAILQ_FOREACH(ed, &b->batch, entry) {
		if (e->code == ERR_OK)
			edit_log(&ed->change);
		b->tally.edits[e->code == ERR_OK]++;
		answer(b, MSG_CONF_EDIT_DONE, ed->request, e);
	}
	edits_clear(&b->batch, &b->n_batch);
}

/* --- the transaction */

/* Those that hold the running generation or less after this. */
static void
children_catch_up(struct bgpd *b)
{
	struct child *apid = &b->children[PROC_APID];

	if (b->state == RELOAD_IDLE && b->running != NULL &&
	    child_running(apid) && apid->sync == SYNC_NONE)
		transfer_start(apid, b->running);
}

static void
listeners_settle(struct bgpd *b, bool committed)
{
	struct listener *l, *next;

	TAILQ_FOREACH_SAFE(l, &b->listeners, entry, next) {
		if (committed ? !l->wanted_next : l->fresh) {
			TAILQ_REMOVE(&b->listeners, l, entry);
			listener_free(l);
			continue;
		}
		l->fresh = false;
		l->wanted_next = false;
	}
}

void
reload_close_api(struct bgpd *b)
{
	struct listener *l, *next;

	TAILQ_FOREACH_SAFE(l, &b->listeners, entry, next) {
		if (l->kind == LISTENER_BGP)
			continue;
		TAILQ_REMOVE(&b->listeners, l, entry);
		listener_free(l);
	}
}

static void
next_drop(struct bgpd *b)
{
	struct models next = { b->next, b->next_removed, b->next_file };

	models_free(&next);
	b->next = b->next_removed = b->next_file = NULL;
}

static void
next_set(struct bgpd *b, const struct models *m)
{
	b->next = m->conf;
	b->next_removed = m->removed;
	b->next_file = m->file;
}

static void
transaction_begin(struct bgpd *b)
{
	enum proc proc;

	b->next->generation = ++b->generation;
	b->state = RELOAD_VOTING;
	reload_timer_set(b, VOTE_TIMEOUT_MS);
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++)
		if (child_running(&b->children[proc]))
			transfer_start(&b->children[proc], b->next);
}

static void
transaction_end(struct bgpd *b)
{
	enum proc proc;

	evtimer_del(b->reload_timer);
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++) {
		if (b->children[proc].conf != b->next)
			continue;
		b->children[proc].conf = NULL;
		if (b->children[proc].sync != SYNC_NONE)
			b->children[proc].sync = SYNC_DONE;
	}
	b->state = RELOAD_IDLE;
}

static void
announce_ready(struct bgpd *b)
{
	static const char *const what[] = {
		[LISTENER_BGP] = "listening",
		[LISTENER_API] = "API",
		[LISTENER_METRICS] = "metrics",
	};
	struct addr id = addr_ipv4(b->running->router_id);
	char text[LISTENER_STRLEN];
	struct listener *l;

	b->ready = true;
	TAILQ_FOREACH(l, &b->listeners, entry)
		log_info("%s on %s", what[l->kind],
		    listener_str(&l->bound, text));
	log_info("ready: AS %u, router id %s", b->running->asn,
	    addr_str(&id, text));
	notify_ready(b->notify, "AS %u, router id %s", b->running->asn, text);
	if (b->ready_pipe != -1) {
		if (write(b->ready_pipe, "", 1) == -1)
			log_debug("nobody waits for the start");
		close(b->ready_pipe);
		b->ready_pipe = -1;
	}
}

/* What children are told at once, without a new generation. */
static void
level_send(struct bgpd *b)
{
	uint8_t level = (uint8_t)b->running->log_level;
	enum proc proc;

	log_set_level(b->running->log_level);
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++)
		if (child_running(&b->children[proc]))
			chan_send_buf(b->children[proc].chan, MSG_LOG_LEVEL, 0,
			    0, &level, sizeof(level));
	b->level_again = false;
}

enum log_level
reload_log_level(struct bgpd *b, bool verbose)
{
	b->verbose = verbose;
	b->running->log_level = verbose ? LOG_LEVEL_DEBUG : b->file_level;
	level_send(b);
	/* The one on its way has the old level in it. */
	if (b->next != NULL) {
		b->next->log_level = b->running->log_level;
		b->level_again = true;
	}
	return b->running->log_level;
}

static void
transaction_commit(struct bgpd *b)
{
	struct models old = { b->running, b->removed, b->file };
	struct err e;

	transaction_end(b);
	listeners_settle(b, true);
	models_free(&old);
	b->running = b->next;
	b->removed = b->next_removed;
	b->file = b->next_file;
	b->next = b->next_removed = b->next_file = NULL;
	proc_apply_log(b->running);
	if (b->level_again)
		level_send(b);
	if (pid_file_update(b, b->running, &e) == -1)
		log_warnx("%s", e.text);
	if (!b->ready)
		announce_ready(b);
	err_clear(&e);
	batch_answer(b, &e);
	call_committed(b);
	reload_next(b);
}

/* Try the edits of a refused generation one by one. */
static void
batch_requeue(struct bgpd *b)
{
	struct edit *ed;

	while ((ed = TAILQ_LAST(&b->batch, edits)) != NULL) {
		TAILQ_REMOVE(&b->batch, ed, entry);
		ed->alone = true;
		TAILQ_INSERT_HEAD(&b->edits, ed, entry);
		b->n_edits++;
		b->edits_bytes += ed->size;
	}
	b->n_batch = 0;
}

static void
transaction_abort(struct bgpd *b, const struct err *e)
{
	enum proc proc;
	struct child *c;

	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++) {
		c = &b->children[proc];
		if (c->conf != b->next || !child_running(c))
			continue;
		chan_send_buf(c->chan, MSG_CONF_ABORT, b->next->generation, 0,
		    NULL, 0);
		/* One that had nothing before still has nothing. */
		if (!c->synced)
			c->sync = SYNC_NONE;
	}
	transaction_end(b);
	listeners_settle(b, false);
	next_drop(b);
	if (b->running == NULL) {
		log_errorx("%s", e->text);
		bgpd_stop(b, 1);
		return;
	}
	if (b->n_batch > 1)
		batch_requeue(b);
	else if (b->n_batch == 1)
		batch_answer(b, e);
	call_aborted(b, e);
	reload_next(b);
}

static bool
takes_part(const struct bgpd *b, const struct child *c)
{
	return child_running(c) && c->conf == b->next;
}

/* Go on as far as the children have come. */
static void
transaction_advance(struct bgpd *b)
{
	static const enum proc order[] = { PROC_RDE, PROC_SESSIOND, PROC_APID };
	struct child *c;
	struct err e;
	size_t i;

	if (b->stopping)
		return;
	if (b->state == RELOAD_VOTING) {
		for (i = 0; i < nitems(order); i++) {
			c = &b->children[order[i]];
			if (takes_part(b, c) && c->sync != SYNC_READY)
				return;
		}
		if (call_is_trial(b)) {
			err_clear(&e);
			transaction_abort(b, &e);
			return;
		}
		b->state = RELOAD_COMMITTING;
		reload_timer_set(b, COMMIT_TIMEOUT_MS);
	}
	if (b->state != RELOAD_COMMITTING)
		return;
	for (i = 0; i < nitems(order); i++) {
		c = &b->children[order[i]];
		if (!takes_part(b, c) || c->sync == SYNC_DONE)
			continue;
		if (c->sync == SYNC_READY)
			transfer_commit(c);
		return;
	}
	transaction_commit(b);
}

static void
on_reload_timer(evutil_socket_t fd, short what, void *arg)
{
	struct bgpd *b = arg;
	struct child *c, *late = NULL;
	enum proc proc;
	struct err e;

	(void)fd;
	(void)what;
	if (b->stopping || b->next == NULL)
		return;
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++) {
		c = &b->children[proc];
		if (takes_part(b, c) &&
		    c->sync !=
			(b->state == RELOAD_VOTING ? SYNC_READY : SYNC_DONE))
			late = c;
		if (late != NULL && late->sync == SYNC_COMMITTED)
			break;
	}
	if (b->state == RELOAD_VOTING) {
		err_set(&e, ERR_UNAVAILABLE,
		    "%s did not answer in time about the configuration",
		    late == NULL ? "a child" : proc_name(late->proc));
		transaction_abort(b, &e);
	} else if (late != NULL) {
		child_kill(late, "does not take over the configuration");
	}
}

/* --- what children say */

void
reload_child_ready(struct child *c, uint32_t generation)
{
	/* A vote about what was aborted meanwhile does not count. */
	if (c->conf == NULL || c->sync != SYNC_VOTING ||
	    c->conf->generation != generation)
		return;
	c->sync = SYNC_READY;
	if (c->conf == c->bgpd->running)
		transfer_commit(c);
	else
		transaction_advance(c->bgpd);
}

void
reload_child_reject(struct child *c, uint32_t generation, const struct err *e)
{
	struct bgpd *b = c->bgpd;
	struct err why;

	if (c->conf == NULL || c->conf->generation != generation ||
	    c->sync == SYNC_DONE || b->stopping)
		return;
	err_set(&why, e->code == ERR_OK ? ERR_INTERNAL : e->code, "%s",
	    e->text);
	if (c->conf == b->running)
		child_kill(c, "refuses the running configuration");
	else if (b->state == RELOAD_VOTING)
		transaction_abort(b, &why);
	else
		child_kill(c, "refuses what it voted for");
}

void
reload_child_done(struct child *c, uint32_t generation)
{
	if (c->conf == NULL || c->sync != SYNC_COMMITTED ||
	    c->conf->generation != generation)
		return;
	c->sync = SYNC_DONE;
	if (c->conf == c->bgpd->running)
		c->conf = NULL;
	else
		transaction_advance(c->bgpd);
}

/* Of the children only apid goes without ending the suite. */
void
reload_child_gone(struct child *c)
{
	struct bgpd *b = c->bgpd;

	c->conf = NULL;
	c->sync = SYNC_NONE;
	c->synced = false;
	/* Its requests died with it; a new apid numbers its own. */
	wr_free(&b->parts);
	wr_init_grow(&b->parts, CONF_EDIT_MAX);
	edits_clear(&b->edits, &b->n_edits);
	b->edits_bytes = 0;
	edits_clear(&b->batch, &b->n_batch);
	calls_forget(b);
	transaction_advance(b);
}

void
reload_child_started(struct child *c)
{
	children_catch_up(c->bgpd);
}

/* --- edits */

void
reload_edit(struct bgpd *b, uint32_t request, struct conf_edit *change,
    size_t size)
{
	struct edit *ed;
	struct err e;

	if (b->stopping || b->n_edits >= EDITS_MAX ||
	    b->edits_bytes + size > EDITS_BYTES_MAX) {
		if (b->stopping)
			err_set(&e, ERR_UNAVAILABLE, "bgpd is stopping");
		else
			err_set(&e, ERR_EXHAUSTED,
			    "too many changes are waiting");
		answer(b, MSG_CONF_EDIT_DONE, request, &e);
		conf_edit_fini(change);
		return;
	}
	ed = xcalloc(1, sizeof(*ed));
	ed->request = request;
	ed->change = *change;
	ed->size = size;
	TAILQ_INSERT_TAIL(&b->edits, ed, entry);
	b->n_edits++;
	b->edits_bytes += size;
	reload_next(b);
}

static void
edits_begin(struct bgpd *b)
{
	struct models next;
	struct listener *l;
	struct edit *ed;
	struct err e;
	bool alone = false;

	next.conf = conf_copy(b->running);
	next.removed = conf_copy(b->removed);
	next.file = conf_copy(b->file);
	next_set(b, &next);
	while (!alone && (ed = TAILQ_FIRST(&b->edits)) != NULL) {
		alone = ed->alone;
		if (alone && b->n_batch > 0)
			break;
		TAILQ_REMOVE(&b->edits, ed, entry);
		b->n_edits--;
		b->edits_bytes -= ed->size;
		if (edit_apply(&next, &b->serial, b->conf_name, &ed->change,
			&e) == -1) {
			b->tally.edits[false]++;
			answer(b, MSG_CONF_EDIT_DONE, ed->request, &e);
			edit_free(ed);
			continue;
		}
		TAILQ_INSERT_TAIL(&b->batch, ed, entry);
		b->n_batch++;
	}
	if (b->n_batch == 0) {
		next_drop(b);
		return;
	}
	/* No listener changes by an edit. */
	TAILQ_FOREACH(l, &b->listeners, entry)
		l->wanted_next = true;
	transaction_begin(b);
}

/* --- the file */

static struct listener *
listener_wanted(struct bgpd *b, enum listener_kind kind,
    const struct conf_endpoint *e)
{
	struct listener *l;

	TAILQ_FOREACH(l, &b->listeners, entry)
		if (l->kind == kind && !l->wanted_next &&
		    conf_endpoint_equal(&l->wanted, e))
			return l;
	return NULL;
}

static int
endpoint_ensure(struct bgpd *b, enum listener_kind kind,
    struct conf_endpoint *e, struct err *err)
{
	struct listener *l = listener_wanted(b, kind, e);

	if (kind != LISTENER_BGP && b->children[PROC_APID].given_up)
		return 0;
	if (l == NULL) {
		l = listener_open(e, kind,
		    b->box.privileged ? b->box.gid : (gid_t)-1, err);
		if (l == NULL)
			return -1;
		l->fresh = true;
		TAILQ_INSERT_TAIL(&b->listeners, l, entry);
	}
	l->wanted_next = true;
	e->addr = l->bound.addr;
	e->port = l->bound.port;
	return 0;
}

int
reload_listeners(struct bgpd *b, struct conf *c, struct err *e)
{
	struct listener *l;
	uint16_t i;
	int rc = 0;

	TAILQ_FOREACH(l, &b->listeners, entry)
		l->wanted_next = false;
	for (i = 0; rc == 0 && i < c->n_listen; i++)
		rc = endpoint_ensure(b, LISTENER_BGP, &c->listen[i], e);
	for (i = 0; rc == 0 && i < c->n_grpc_listen; i++)
		rc = endpoint_ensure(b, LISTENER_API, &c->grpc_listen[i], e);
	for (i = 0; rc == 0 && i < c->n_metrics_listen; i++)
		rc = endpoint_ensure(b, LISTENER_METRICS, &c->metrics_listen[i],
		    e);
	if (rc == -1)
		listeners_settle(b, false);
	return rc;
}

int
reload_try(struct bgpd *b, struct models *next, struct err *e)
{
	next_set(b, next);
	if (reload_listeners(b, b->next, e) == -1) {
		next_drop(b);
		return -1;
	}
	return 0;
}

void
reload_begin(struct bgpd *b)
{
	transaction_begin(b);
}

void
reload_drop(struct bgpd *b)
{
	listeners_settle(b, false);
	next_drop(b);
}

/* --- what comes next */

void
reload_next(struct bgpd *b)
{
	if (b->stopping || b->state != RELOAD_IDLE || b->running == NULL)
		return;
	calls_next(b);
	/* Edits that are refused at once leave it idle. */
	while (b->state == RELOAD_IDLE && b->n_edits > 0)
		edits_begin(b);
	if (b->state == RELOAD_IDLE)
		children_catch_up(b);
}

void
reload_init(struct bgpd *b, struct loaded *l)
{
	struct models first;

	TAILQ_INIT(&b->listeners);
	TAILQ_INIT(&b->edits);
	TAILQ_INIT(&b->batch);
	TAILQ_INIT(&b->calls);
	wr_init_grow(&b->parts, CONF_EDIT_MAX);
	tally_start(b);
	reload_start_from(l, &b->serial, &first);
	next_set(b, &first);
	b->file_level = b->next->log_level;
	if (b->verbose)
		b->next->log_level = LOG_LEVEL_DEBUG;
}

void
reload_first(struct bgpd *b)
{
	b->reload_timer = evtimer_new(b->base, on_reload_timer, b);
	transaction_begin(b);
}

void
reload_fini(struct bgpd *b)
{
	struct models now = { b->running, b->removed, b->file };
	struct listener *l;
	struct err e;

	b->stopping = true;
	calls_fini(b);
	if (b->reload_timer != NULL)
		event_free(b->reload_timer);
	edits_clear(&b->edits, &b->n_edits);
	edits_clear(&b->batch, &b->n_batch);
	wr_free(&b->parts);
	while ((l = TAILQ_FIRST(&b->listeners)) != NULL) {
		TAILQ_REMOVE(&b->listeners, l, entry);
		listener_free(l);
	}
	if (pid_file_update(b, NULL, &e) == -1)
		log_warnx("%s", e.text);
	next_drop(b);
	models_free(&now);
}

int
pid_file_update(struct bgpd *b, const struct conf *c, struct err *e)
{
	const char *path = c == NULL ? NULL : c->pid_file;
	char text[32];
	int fd, n;

	if (b->pid_written != NULL &&
	    (path == NULL || strcmp(path, b->pid_written) != 0)) {
		if (paths_unlink(b->pid_written) == -1)
			log_warn("%s", b->pid_written);
		free(b->pid_written);
		b->pid_written = NULL;
	}
	if (path == NULL || b->pid_written != NULL)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
	    0644);
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (fd == -1 || write(fd, text, (size_t)n) != n) {
		err_set(e, ERR_INTERNAL, "pid_file %s: %s", path,
		    strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	close(fd);
	b->pid_written = xstrdup(path);
	return 0;
}
