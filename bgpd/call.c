/* SPDX-License-Identifier: ISC */
/*
 * The configuration as a whole: the file read again (SIGHUP or API), tried,
 * shown, written, and earlier ones brought back.  One call at a time, each
 * from its beginning to its answer:
 *
 *   begin    the file, or a text in its place, goes to the parser process
 *   loaded   joined with what came through the API, compared with what runs;
 *            a text to be saved is put beside the file
 *   voted    a trial ends here; everything else is taken over
 *   done     the file is renamed into its place, the answer goes out
 *
 * Text of the API is parsed where the file is (loader.h); what is written
 * over the file was parsed and voted for before.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/notify.h"
#include "bgpd/bgpd.h"
#include "bgpd/conf_diff.h"
#include "bgpd/conf_write.h"
#include "bgpd/secrets.h"
#include "bgpd/store.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/xmalloc.h"

/* --- answers */

static void
answer_err(struct bgpd *b, uint32_t request, const struct err *e)
{
	struct child *apid = &b->children[PROC_APID];
	struct wr w;

	if (!child_running(apid))
		return;
	wr_init_grow(&w, 4096);
	err_put(&w, e);
	chan_send_wr(apid->chan, MSG_CONF_CALL_DONE, request, 0, &w);
	wr_free(&w);
}

static void
answer(struct bgpd *b, uint32_t request, const struct conf_reply *p)
{
	struct child *apid = &b->children[PROC_APID];
	struct err e;
	struct wr w;
	size_t at, n;

	if (!child_running(apid))
		return;
	err_clear(&e);
	wr_init_grow(&w, b->running->grpc_max_reply_bytes);
	msg_conf_reply_put(&w, p);
	if (!wr_ok(&w)) {
		(void)err_set(&e, ERR_EXHAUSTED,
		    "the answer is longer than grpc_max_reply_bytes (%u)",
		    b->running->grpc_max_reply_bytes);
	} else {
		for (at = 0; at < wr_len(&w); at += n) {
			n = wr_len(&w) - at;
			n = n < MSG_MAX ? n : MSG_MAX;
			chan_send_buf(apid->chan, MSG_CONF_CALL_TEXT, request,
			    0, w.base + at, n);
		}
	}
	wr_free(&w);
	answer_err(b, request, &e);
}

static struct call *
call_new(uint8_t op, uint32_t index)
{
	struct call *call = xcalloc(1, sizeof(*call));

	call->op = op;
	call->index = index;
	wr_init_grow(&call->text, LOADER_FILE_MAX);
	return call;
}

static void
call_free(struct call *call)
{
	store_abort(call->store);
	conf_reply_fini(&call->reply);
	wr_free(&call->text);
	free(call->requests);
	free(call);
}

/* Does it change what runs if all goes well? */
static bool
takes_over(const struct call *call)
{
	return call->op == CONF_CALL_RELOAD || call->op == CONF_CALL_COMMIT ||
	    call->op == CONF_CALL_ROLLBACK;
}

/* Of the one under way: tell everybody who asked, and forget it. */
static void
call_end(struct bgpd *b, const struct err *e)
{
	struct call *call = b->call;
	size_t i;

	b->call = NULL;
	if (takes_over(call))
		tally_reload(b, e->code == ERR_OK);
	if (takes_over(call) && e->code != ERR_OK)
		notify_ready(b->notify,
		    "reload failed, nothing has changed: %s", e->text);
	else if (takes_over(call))
		notify_ready(b->notify,
		    "configuration taken over, generation %u",
		    b->running->generation);
	for (i = 0; i < call->n_requests; i++) {
		if (e->code != ERR_OK)
			answer_err(b, call->requests[i], e);
		else
			answer(b, call->requests[i], &call->reply);
	}
	call_free(call);
}

static void
reply_message(struct call *, const char *fmt, ...) ATTR_PRINTF(2, 3);

static void
reply_message(struct call *call, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	free(call->reply.message);
	call->reply.message = xstrdup(text);
}

/* --- what concerns the text */

static bool
writes_file(const struct call *call)
{
	return call->op == CONF_CALL_SAVE || call->op == CONF_CALL_COMMIT ||
	    call->op == CONF_CALL_ROLLBACK;
}

/* What places in the text are places of. */
static const char *
text_name(const struct bgpd *b, const struct call *call, char *buf, size_t size)
{
	switch ((enum conf_call_op)call->op) {
	case CONF_CALL_COMMIT:
		return "candidate";
	case CONF_CALL_SAVE:
		return "running configuration";
	case CONF_CALL_ROLLBACK:
		snprintf(buf, size, "version %u", call->index);
		return buf;
	default:
		return b->conf_name;
	}
}

/* As the file would have it: with the addresses that were asked for, not
 * those that were bound. */
static struct conf *
running_as_file(const struct bgpd *b)
{
	struct conf *c = conf_copy(b->running);
	struct conf_endpoint *e;
	struct listener *l;
	const struct {
		struct conf_endpoint *list;
		uint16_t n;
	} lists[] = {
		[LISTENER_BGP] = { c->listen, c->n_listen },
		[LISTENER_API] = { c->grpc_listen, c->n_grpc_listen },
		[LISTENER_METRICS] = { c->metrics_listen, c->n_metrics_listen },
	};
	uint16_t i;
	size_t kind;

	for (kind = 0; kind < nitems(lists); kind++) {
		e = lists[kind].list;
		for (i = 0; i < lists[kind].n; i++) {
			TAILQ_FOREACH(l, &b->listeners, entry) {
				if (l->kind == (enum listener_kind)kind &&
				    conf_endpoint_equal(&l->bound, &e[i])) {
					e[i].port = l->wanted.port;
					break;
				}
			}
		}
	}
	c->log_level = b->file_level;
	return c;
}

static void
running_write(const struct bgpd *b, struct wr *to)
{
	struct conf *c = running_as_file(b);

	conf_write(to, c);
	conf_free(c);
}

/* --- what the API must not choose */

static bool
text_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
access_same(const struct conf_access *a, const struct conf_access *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->read_only == b->read_only &&
	    text_same(a->certificate.path, b->certificate.path) &&
	    text_same(a->key.path, b->key.path) &&
	    text_same(a->client_ca.path, b->client_ca.path) &&
	    text_same(a->tokens.path, b->tokens.path);
}

static bool
listeners_same(const struct conf_endpoint *a, uint16_t n_a,
    const struct conf_endpoint *b, uint16_t n_b)
{
	uint16_t i;

	if (n_a != n_b)
		return false;
	for (i = 0; i < n_a; i++)
		if (!conf_endpoint_equal(&a[i], &b[i]) ||
		    !access_same(a[i].access, b[i].access))
			return false;
	return true;
}

/*
 * A text of the API may not name other files and addresses than the file
 * does: the parent would read, write or bind them with its own rights for
 * whoever has got hold of apid.
 */
static int
text_is_harmless(const struct bgpd *b, const struct conf *c, struct err *e)
{
	struct conf *now = running_as_file(b);
	const char *key = NULL;

	if (!listeners_same(now->listen, now->n_listen, c->listen, c->n_listen))
		key = "listen_addr";
	else if (!listeners_same(now->grpc_listen, now->n_grpc_listen,
		     c->grpc_listen, c->n_grpc_listen))
		key = "grpc_listen_addr";
	else if (!listeners_same(now->metrics_listen, now->n_metrics_listen,
		     c->metrics_listen, c->n_metrics_listen))
		key = "metrics_listen_addr";
	else if (!text_same(now->pid_file, c->pid_file))
		key = "pid_file";
	else if (!text_same(now->state_dir, c->state_dir))
		key = "state_dir";
	conf_free(now);
	if (key == NULL)
		return 0;
	return err_set(e, ERR_PRECONDITION,
	    "%s: cannot change through the API: edit %s and reload", key,
	    b->conf_name);
}

/* --- what changes */

#define CHANGES_LOGGED 50

static void
changes_log(const struct conf_changes *c)
{
	const struct conf_change *x;
	size_t skip;
	uint32_t i;

	for (i = 0; i < c->n && i < CHANGES_LOGGED; i++) {
		x = &c->list[i];
		skip = strlen(x->kind) + strlen(x->name) + 3;
		if (strcmp(x->kind, "peer") == 0 && strlen(x->text) > skip)
			log_peer(LOG_LEVEL_INFO, x->name, "%s", x->text + skip);
		else
			log_info("%s", x->text);
	}
	if (c->n + c->left_out > CHANGES_LOGGED)
		log_info("and %u changes more",
		    c->n + c->left_out - CHANGES_LOGGED);
}

static void
count_str(const struct conf_changes *c, char *buf, size_t size)
{
	uint32_t i, total = c->n + c->left_out, resets = 0;

	for (i = 0; i < c->n; i++)
		resets += c->list[i].resets;
	if (total == 0)
		snprintf(buf, size, "nothing changes");
	else if (resets == 0)
		snprintf(buf, size, "%u change%s, no session is reset", total,
		    total == 1 ? "" : "s");
	else
		snprintf(buf, size, "%u change%s, %u session%s reset", total,
		    total == 1 ? "" : "s", resets,
		    resets == 1 ? " is" : "s are");
}

/* --- findings of the parser */

static void
diags_log(const struct diags *d, const char *name)
{
	char *line;
	size_t i;

	for (i = 0; i < d->n; i++) {
		line = diag_format(&d->list[i], name);
		if (d->list[i].warning)
			log_warnx("%s", line);
		else
			log_errorx("%s", line);
		free(line);
	}
}

static void
diags_note(const struct diags *d, const char *name, struct conf_reply *p)
{
	char *line;
	size_t i;

	for (i = 0; i < d->n; i++) {
		line = diag_format(&d->list[i], name);
		conf_reply_note(p, "%s", line);
		free(line);
	}
}

/* The first errors, as many as an answer has room for. */
static void
diags_err(const struct diags *d, const char *name, struct err *e)
{
	char *line;
	size_t i, at = 0, len;

	(void)err_set(e, ERR_INVALID, "%s: refused", name);
	for (i = 0; i < d->n; i++) {
		if (d->list[i].warning)
			continue;
		line = diag_format(&d->list[i], name);
		len = strlen(line);
		if (at + len + 2 < sizeof(e->text)) {
			snprintf(e->text + at, sizeof(e->text) - at, "%s%s",
			    at == 0 ? "" : "\n", line);
			at += len + (at == 0 ? 0 : 1);
		}
		free(line);
	}
}

/* --- the steps */

static void
call_failed(struct bgpd *b, const struct err *e)
{
	if (b->call->op != CONF_CALL_FILE)
		log_errorx("%s failed, nothing has changed",
		    writes_file(b->call) ? "change of the configuration" :
					   "reload");
	call_end(b, e);
	reload_next(b);
}

/* What a saved text does not have, so that nobody misses it unawares. */
static void
note_left_out(struct bgpd *b, struct call *call)
{
	if (call->op != CONF_CALL_SAVE)
		return;
	conf_reply_note(&call->reply,
	    "not part of a configuration: routes originated through the API "
	    "and neighbors taken down by hand");
	if (b->file_inert != NULL)
		conf_reply_note(&call->reply,
		    "left out, because it has no effect yet: %s",
		    b->file_inert);
}

static bool
file_changed(const struct bgpd *b)
{
	struct stat st;

	return stat(b->conf_path, &st) == 0 &&
	    (st.st_size != b->file_size ||
		st.st_mtim.tv_sec != b->file_mtime.tv_sec ||
		st.st_mtim.tv_nsec != b->file_mtime.tv_nsec);
}

static uint64_t
says_of(const struct conf *c)
{
	struct wr w;
	uint64_t h;

	wr_init_grow(&w, LOADER_FILE_MAX);
	conf_write(&w, c);
	h = hash_bytes(w.base, wr_len(&w));
	wr_free(&w);
	return h;
}

/* Would this text be read back as it was meant? */
static int
saved_check(const struct call *call, const struct conf *c, struct err *e)
{
	struct wr again;
	int rc = 0;

	if (call->op != CONF_CALL_SAVE)
		return 0;
	wr_init_grow(&again, LOADER_FILE_MAX);
	conf_write(&again, c);
	if (wr_len(&again) != wr_len(&call->text) ||
	    memcmp(again.base, call->text.base, wr_len(&again)) != 0)
		rc = err_set(e, ERR_INTERNAL,
		    "the text would not be read back as the same: not saved");
	wr_free(&again);
	return rc;
}

/* The file may hold what nobody has loaded. */
static void
note_unread(struct bgpd *b, struct call *call)
{
	if (call->op == CONF_CALL_SAVE && file_changed(b))
		conf_reply_note(&call->reply,
		    "%s had changed since it was read; what it said is "
		    "version 1",
		    b->conf_name);
}

static int
text_prepare(struct bgpd *b, const struct conf *next, struct err *e)
{
	struct call *call = b->call;

	if (!writes_file(call))
		return 0;
	note_unread(b, call);
	call->store = store_prepare(b->conf_path, next->state_dir,
	    call->text.base, wr_len(&call->text), e);
	if (call->store == NULL)
		return -1;
	note_left_out(b, call);
	return 0;
}

/* A good text: everything from joining it to the vote. */
static int
call_propose(struct bgpd *b, struct loaded *l, struct err *e)
{
	const struct models now = { b->running, b->removed, b->file };
	struct call *call = b->call;
	struct models next;
	char buf[32];
	int rc;

	if (writes_file(call) &&
	    (text_is_harmless(b, l->conf, e) == -1 ||
		saved_check(call, l->conf, e) == -1))
		return -1;
	if (writes_file(call) &&
	    secrets_load(l->conf, &b->box, &l->diags) == -1) {
		diags_err(&l->diags, text_name(b, call, buf, sizeof(buf)), e);
		return -1;
	}
	rc = writes_file(call) ? reload_adopt(l, &now, &b->serial, &next) :
				 reload_merge(l, &now, &b->serial, &next);
	if (rc == -1) {
		diags_err(&l->diags, text_name(b, call, buf, sizeof(buf)), e);
		return -1;
	}
	call->level = next.conf->log_level;
	call->says = says_of(l->conf);
	if (reload_try(b, &next, e) == -1) {
		log_errorx("%s", e->text);
		return -1;
	}
	/* What log verbose makes of the level is no change of it. */
	b->running->log_level = b->file_level;
	conf_diff(b->running, b->next, &call->reply.changes);
	b->running->log_level = b->verbose ? LOG_LEVEL_DEBUG : b->file_level;
	if (b->verbose)
		b->next->log_level = LOG_LEVEL_DEBUG;
	if (text_prepare(b, b->next, e) == -1) {
		log_errorx("%s", e->text);
		reload_drop(b);
		return -1;
	}
	return 0;
}

/* Keys of the text that act on nothing, for those who save it. */
static void
inert_remember(struct bgpd *b, const struct diags *d)
{
	static const char says[] = " has no effect yet";
	char *keys = NULL, *more;
	const char *end;
	size_t i;

	for (i = 0; i < d->n; i++) {
		end = strstr(d->list[i].text, says);
		if (!d->list[i].warning || end == NULL)
			continue;
		more = xasprintf("%s%s%.*s", keys == NULL ? "" : keys,
		    keys == NULL ? "" : ", ", (int)(end - d->list[i].text),
		    d->list[i].text);
		free(keys);
		keys = more;
	}
	free(b->next_inert);
	b->next_inert = keys;
}

static void
file_stat(const struct bgpd *b, struct timespec *mtime, off_t *size)
{
	struct stat st;

	if (b->conf_path == NULL || stat(b->conf_path, &st) == -1)
		memset(&st, 0, sizeof(st));
	*mtime = st.st_mtim;
	*size = st.st_size;
}

void
call_first(struct bgpd *b, const struct loaded *l)
{
	inert_remember(b, &l->diags);
	b->file_says = says_of(l->conf);
	b->file_inert = b->next_inert;
	b->next_inert = NULL;
	file_stat(b, &b->file_mtime, &b->file_size);
}

static void
call_loaded(struct bgpd *b, struct loaded *l)
{
	struct call *call = b->call;
	char buf[32];
	const char *name = text_name(b, call, buf, sizeof(buf));
	struct wr text;
	struct err e;

	b->state = RELOAD_IDLE;
	err_clear(&e);
	if (l->conf == NULL)
		diags_err(&l->diags, name, &e);
	else if (call->op == CONF_CALL_FILE) {
		wr_init_grow(&text, LOADER_FILE_MAX);
		conf_write(&text, l->conf);
		reply_message(call, "%s", b->conf_name);
		diags_note(&l->diags, name, &call->reply);
		call->reply.text = text.base;
		call->reply.text_len = wr_len(&text);
		call_end(b, &e);
		wr_free(&text);
		reload_next(b);
		return;
	} else {
		(void)call_propose(b, l, &e);
	}
	if (call->op != CONF_CALL_FILE)
		diags_log(&l->diags, name);
	if (e.code != ERR_OK) {
		call_failed(b, &e);
		return;
	}
	diags_note(&l->diags, name, &call->reply);
	inert_remember(b, &l->diags);
	reload_begin(b);
}

static void
loader_close(struct bgpd *b)
{
	struct loaded l;

	event_free(b->loader_event);
	b->loader_event = NULL;
	evtimer_del(b->reload_timer);
	loader_finish(b->loader, b->loader_reaped, &l);
	b->loader = NULL;
	if (!b->stopping)
		call_loaded(b, &l);
	loaded_fini(&l);
}

static void
on_loader(evutil_socket_t fd, short what, void *arg)
{
	struct bgpd *b = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) || !loader_read(b->loader))
		loader_close(b);
}

void
call_parser_reaped(struct bgpd *b)
{
	/* Its last words may still be in the socket. */
	b->loader_reaped = true;
}

/* The text that takes the place of the file; none for those who read it. */
static int
text_begin(struct bgpd *b, struct call *call, struct err *e)
{
	const char *dir = b->running->state_dir;
	int rc = 0;

	if (call->op == CONF_CALL_SAVE)
		running_write(b, &call->text);
	if (call->op == CONF_CALL_ROLLBACK)
		rc = store_read_version(b->conf_path, dir, call->index,
		    &call->text, e);
	if (rc == 0 && !wr_ok(&call->text))
		rc = err_set(e, ERR_EXHAUSTED, "the text is too long");
	return rc;
}

static void
show_running(struct bgpd *b)
{
	struct call *call = b->call;
	struct conf_reply *p = &call->reply;
	struct err e;

	err_clear(&e);
	running_write(b, &call->text);
	p->text = call->text.base;
	p->text_len = wr_len(&call->text);
	reply_message(call, "running configuration, generation %u",
	    b->running->generation);
	if (b->file_inert != NULL)
		conf_reply_note(p, "left out, because it has no effect yet: %s",
		    b->file_inert);
	call_end(b, &e);
}

static void
call_begin(struct bgpd *b, struct call *call)
{
	struct timeval tv = { LOADER_TIMEOUT_MS / 1000, 0 };
	struct loaded l;
	struct err e;
	char buf[32];

	b->call = call;
	if (call->op == CONF_CALL_RUNNING) {
		show_running(b);
		return;
	}
	if (takes_over(call))
		notify_reloading(b->notify);
	memset(&l, 0, sizeof(l));
	if (text_begin(b, call, &e) == -1) {
		call_failed(b, &e);
		return;
	}
	if (call->op == CONF_CALL_SAVE && !file_changed(b) &&
	    hash_bytes(call->text.base, wr_len(&call->text)) == b->file_says) {
		err_clear(&e);
		reply_message(call, "nothing to save: %s says the same",
		    b->conf_name);
		call_end(b, &e);
		return;
	}
	file_stat(b, &call->mtime, &call->size);
	b->loader_reaped = false;
	b->loader = writes_file(call) ?
	    loader_start_text(call->text.base, wr_len(&call->text), &b->box,
		&l.diags) :
	    loader_start(b->conf_path, &b->box, &l.diags);
	if (b->loader == NULL) {
		diags_log(&l.diags, text_name(b, call, buf, sizeof(buf)));
		diags_err(&l.diags, text_name(b, call, buf, sizeof(buf)), &e);
		call_failed(b, &e);
	} else {
		b->state = RELOAD_LOADING;
		b->loader_event = event_new(b->base, loader_fd(b->loader),
		    EV_READ | EV_PERSIST, on_loader, b);
		event_add(b->loader_event, &tv);
	}
	loaded_fini(&l);
}

/* The first that can begin.  Long answers wait for an apid that does not take
 * those before, what changes something does not. */
static struct call *
call_due(struct bgpd *b)
{
	const struct child *apid = &b->children[PROC_APID];
	struct call *call;

	TAILQ_FOREACH(call, &b->calls, entry) {
		if ((call->op == CONF_CALL_RUNNING ||
			call->op == CONF_CALL_FILE) &&
		    child_running(apid) && chan_congested(apid->chan))
			continue;
		return call;
	}
	return NULL;
}

void
calls_next(struct bgpd *b)
{
	struct call *call;

	while (b->state == RELOAD_IDLE && b->call == NULL &&
	    (call = call_due(b)) != NULL) {
		TAILQ_REMOVE(&b->calls, call, entry);
		b->n_calls--;
		call_begin(b, call);
	}
}

/* --- how it ends */

bool
call_is_trial(const struct bgpd *b)
{
	return b->call != NULL && b->call->op == CONF_CALL_DRY_RUN;
}

void
call_committed(struct bgpd *b)
{
	struct call *call = b->call;
	char count[80];
	struct err e, why;

	if (call == NULL)
		return;
	err_clear(&e);
	b->file_level = call->level;
	b->file_says = call->says;
	free(b->file_inert);
	b->file_inert = b->next_inert;
	b->next_inert = NULL;
	count_str(&call->reply.changes, count, sizeof(count));
	changes_log(&call->reply.changes);
	log_info("configuration taken over, generation %u: %s",
	    b->running->generation, count);
	if (call->store != NULL) {
		if (store_commit(call->store, &why) == -1) {
			(void)err_set(&e, why.code,
			    "taken over, but not written: %s", why.text);
			log_errorx("%s", e.text);
		} else
			log_info("configuration written to %s", b->conf_name);
		call->store = NULL;
		file_stat(b, &call->mtime, &call->size);
	}
	b->file_mtime = call->mtime;
	b->file_size = call->size;
	if (call->op == CONF_CALL_RELOAD)
		reply_message(call, "reloaded: %s", count);
	else if (call->op == CONF_CALL_SAVE)
		reply_message(call, "saved to %s", b->conf_name);
	else
		reply_message(call, "%s and saved to %s: %s",
		    call->op == CONF_CALL_ROLLBACK ? "rolled back" :
						     "taken over",
		    b->conf_name, count);
	call_end(b, &e);
}

void
call_aborted(struct bgpd *b, const struct err *e)
{
	struct call *call = b->call;
	char count[80];

	if (call == NULL)
		return;
	if (e->code != ERR_OK) {
		log_errorx("reload refused, nothing has changed: %s", e->text);
	} else {
		count_str(&call->reply.changes, count, sizeof(count));
		reply_message(call, "a reload would succeed: %s", count);
	}
	call_end(b, e);
}

/* --- requests */

static void
request_add(struct call *call, uint32_t request)
{
	call->requests = xreallocarray(call->requests, call->n_requests + 1,
	    sizeof(*call->requests));
	call->requests[call->n_requests++] = request;
}

/* One reload answers all who asked before it begins. */
static struct call *
reload_waiting(struct bgpd *b)
{
	struct call *call;

	TAILQ_FOREACH(call, &b->calls, entry)
		if (call->op == CONF_CALL_RELOAD &&
		    call->n_requests < CALL_REQUESTS_MAX)
			return call;
	return NULL;
}

static size_t
waiting_bytes(const struct bgpd *b)
{
	const struct call *call;
	size_t n = 0;

	TAILQ_FOREACH(call, &b->calls, entry)
		n += wr_len(&call->text);
	return n;
}

static void
call_queue(struct bgpd *b, struct call *call)
{
	TAILQ_INSERT_TAIL(&b->calls, call, entry);
	b->n_calls++;
}

void
call_reload(struct bgpd *b)
{
	struct call *call;

	if (b->stopping)
		return;
	call = reload_waiting(b);
	if (call == NULL) {
		call = call_new(CONF_CALL_RELOAD, 0);
		call_queue(b, call);
	}
	call->by_signal = true;
	reload_next(b);
}

/* What can be answered whatever is under way. */
static void
answer_at_once(struct bgpd *b, uint32_t request, const struct conf_call *q)
{
	struct call *call = call_new(q->op, q->index);
	struct conf_reply *p = &call->reply;
	enum log_level level;

	switch ((enum conf_call_op)q->op) {
	case CONF_CALL_VERSIONS:
		p->n_versions = store_versions(b->conf_path,
		    b->running->state_dir, p->versions);
		reply_message(call, "%u versions of %s", p->n_versions,
		    b->conf_name);
		break;
	default:
		level = reload_log_level(b, q->index != 0);
		log_info("log level is %s", log_level_name(level));
		reply_message(call, "log level is %s%s", log_level_name(level),
		    q->index != 0 ? "" : ", as configured");
		break;
	}
	answer(b, request, p);
	call_free(call);
}

void
call_request(struct bgpd *b, uint32_t request, const struct conf_call *q)
{
	const bool at_once =
	    q->op == CONF_CALL_VERSIONS || q->op == CONF_CALL_LOG;
	struct call *call = NULL;
	struct err e;

	if (b->stopping || (at_once && b->running == NULL)) {
		(void)err_set(&e, ERR_UNAVAILABLE, "bgpd is %s",
		    b->stopping ? "stopping" : "starting");
		answer_err(b, request, &e);
		return;
	}
	if (at_once) {
		answer_at_once(b, request, q);
		return;
	}
	if (q->op == CONF_CALL_RELOAD)
		call = reload_waiting(b);
	if (call == NULL &&
	    (b->n_calls >= CALLS_MAX ||
		waiting_bytes(b) + q->text_len > CALLS_BYTES_MAX)) {
		(void)err_set(&e, ERR_EXHAUSTED, "too many calls are waiting");
		answer_err(b, request, &e);
		return;
	}
	if (call == NULL) {
		call = call_new(q->op, q->index);
		wr_copy(&call->text, q->text, q->text_len);
		call_queue(b, call);
	}
	request_add(call, request);
	reload_next(b);
}

void
calls_forget(struct bgpd *b)
{
	struct call *call, *next;

	TAILQ_FOREACH_SAFE(call, &b->calls, entry, next) {
		call->n_requests = 0;
		if (call->by_signal)
			continue;
		TAILQ_REMOVE(&b->calls, call, entry);
		b->n_calls--;
		call_free(call);
	}
	if (b->call != NULL)
		b->call->n_requests = 0;
}

void
calls_fini(struct bgpd *b)
{
	if (b->loader != NULL)
		loader_close(b);
	calls_forget(b);
	while (!TAILQ_EMPTY(&b->calls)) {
		TAILQ_FIRST(&b->calls)->by_signal = false;
		calls_forget(b);
	}
	if (b->call != NULL)
		call_free(b->call);
	b->call = NULL;
	free(b->file_inert);
	free(b->next_inert);
}
