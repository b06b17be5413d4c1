/* SPDX-License-Identifier: ISC */
/*
 * The gRPC server behind one small module: core library, completion thread,
 * armed requests, listeners.
 *
 * Each listener has a server of the core for itself, so that what a call may
 * do follows from where it came in, and ends with its listener.  All of them
 * share the completion queue.
 *
 * Each method keeps ARMED requests waiting in each core, so that a burst of
 * calls need not wait for the event loop one by one.  A generic request is
 * armed beside them: without it the core would let calls of unknown methods
 * wait until their deadline.
 */
#include "apid/server.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <grpc/grpc.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>

#include "apid/access.h"
#include "apid/call_internal.h"
#include "apid/tls.h"
#include "common/log.h"
#include "common/xmalloc.h"

enum {
	ARMED = 8, /* requests waiting a method */
	MESSAGE_MAX = 4 << 20, /* bytes of one request */
	STREAMS_MAX = 128, /* calls of one connection at a time */
	WRITE_BUFFER = 32 * 1024, /* what the core gathers for one write */
	METADATA_MAX = 16 * 1024, /* bytes of one call's headers */
	KEEPALIVE_MS = 60 * 1000, /* we ask a silent client that often */
	KEEPALIVE_WAIT_MS = 20 * 1000,
	PING_MIN_MS = 10 * 1000, /* a client may ask us that often */
	FDS_KEPT = 32, /* descriptors never given to clients */
	ACCEPT_BURST = 64,
	ACCEPT_PAUSE_MS = 200,
	SHUTDOWN_MS = 1000,
};

/* A request armed in a core. */
struct slot {
	struct tag tag;
	struct listener *listener;
	void *registered; /* NULL: the generic one */
	const struct call_method *method;
	grpc_call *call;
	grpc_metadata_array metadata;
	grpc_call_details details; /* generic only */
	grpc_byte_buffer *payload;
	gpr_timespec deadline;
};

struct listener {
	LIST_ENTRY(listener) entry;
	struct server *server;
	struct access *access;
	struct tls_context *tls; /* NULL: plain */
	struct tls_conns conns;
	/* accepting; NULL and -1 once it is closed */
	struct event *ev;
	struct event *resume;
	int fd;
	grpc_server *core;
	struct slot *slots;
	size_t n_slots;
	size_t n_armed;
	struct tag tag_shutdown;
	bool core_down;
};

struct server {
	struct event_base *base;
	const struct call_method *methods;
	size_t n_methods;
	void *ctx;
	grpc_completion_queue *cq;
	grpc_server_credentials *insecure;
	pthread_t thread;
	struct mailbox mailbox;
	struct event *mailbox_ev;
	LIST_HEAD(, call) calls;
	size_t n_calls;
	size_t n_streams;
	uint64_t *begun; /* calls, by method; one more: unknown ones */
	size_t unread; /* bytes of final answers in the core */
	LIST_HEAD(, listener) listeners; /* also those that are closing */
	int fd_max; /* a client's descriptor stays below */
	bool stopping;
	struct event *stop_ev;
	void (*on_done)(void *);
	void *done_ctx;
};

static void check_done(struct server *);

/* The core's own log: only what it calls errors, as debug lines. */
static void
core_log(gpr_log_func_args *args)
{
	if (args->severity >= GPR_LOG_SEVERITY_ERROR)
		log_debug("grpc: %s", args->message);
}

struct mailbox *
server_mailbox(struct server *server)
{
	return &server->mailbox;
}

void
server_link_call(struct server *server, struct call *call)
{
	size_t i = call->method == NULL ?
	    server->n_methods :
	    (size_t)(call->method - server->methods);

	LIST_INSERT_HEAD(&server->calls, call, entry);
	server->n_calls++;
	server->begun[i]++;
	if (call->method != NULL && call->method->kind != CALL_UNARY)
		server->n_streams++;
}

void
server_unlink_call(struct server *server, struct call *call)
{
	LIST_REMOVE(call, entry);
	server->n_calls--;
	if (call->method != NULL && call->method->kind != CALL_UNARY)
		server->n_streams--;
}

void
server_add_unread(struct server *server, size_t bytes)
{
	server->unread += bytes;
}

void
server_sub_unread(struct server *server, size_t bytes)
{
	server->unread -= bytes;
}

size_t
server_unread(const struct server *server)
{
	return server->unread;
}

size_t
server_calls(const struct server *server)
{
	return server->n_calls;
}

size_t
server_streams(const struct server *server)
{
	return server->n_streams;
}

uint64_t
server_begun(const struct server *server, size_t i)
{
	return server->begun[i];
}

int
server_fd_max(const struct server *server)
{
	return server->fd_max;
}

/* The completion thread. */
static void *
completion_main(void *arg)
{
	struct server *server = arg;
	grpc_event event;
	struct tag *tag;

	for (;;) {
		event = grpc_completion_queue_next(server->cq,
		    gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
		if (event.type == GRPC_QUEUE_SHUTDOWN)
			return NULL;
		if (event.type != GRPC_OP_COMPLETE)
			continue;
		tag = event.tag;
		switch (tag->kind) {
		case TAG_SEND:
			call_on_send_done(tag->owner, event.success != 0);
			break;
		case TAG_RECV:
			call_on_recv_done(tag->owner, event.success != 0);
			break;
		default:
			tag->ok = event.success != 0;
			mailbox_post(&server->mailbox, tag);
			break;
		}
	}
}

static void
arm(struct slot *slot)
{
	grpc_server *core = slot->listener->core;
	grpc_completion_queue *cq = slot->listener->server->cq;
	grpc_call_error error;

	grpc_metadata_array_init(&slot->metadata);
	slot->call = NULL;
	slot->payload = NULL;
	if (slot->registered == NULL) {
		grpc_call_details_init(&slot->details);
		error = grpc_server_request_call(core, &slot->call,
		    &slot->details, &slot->metadata, cq, cq, &slot->tag);
	} else
		error = grpc_server_request_registered_call(core,
		    slot->registered, &slot->call, &slot->deadline,
		    &slot->metadata,
		    call_kind_reads(slot->method->kind) ? NULL : &slot->payload,
		    cq, cq, &slot->tag);
	if (error != GRPC_CALL_OK)
		fatalx("%s: %s", __func__, grpc_call_error_to_string(error));
	slot->listener->n_armed++;
}

static void
disarm(struct slot *slot)
{
	grpc_metadata_array_destroy(&slot->metadata);
	if (slot->registered == NULL)
		grpc_call_details_destroy(&slot->details);
	if (slot->payload != NULL)
		grpc_byte_buffer_destroy(slot->payload);
	slot->payload = NULL;
	slot->listener->n_armed--;
}

/* A listener that is closed goes when its core has nothing left. */
static void
listener_reap(struct listener *listener)
{
	if (!listener->core_down || listener->n_armed > 0)
		return;
	LIST_REMOVE(listener, entry);
	grpc_server_destroy(listener->core);
	free(listener->slots);
	free(listener);
}

/* May the call be served?  As access_allows(). */
static int
check_access(const struct slot *slot, struct err *e)
{
	const struct call_method *method = slot->method;
	const grpc_metadata *m;
	const void *value = NULL;
	size_t i, len = 0;

	for (i = 0; i < slot->metadata.count; i++) {
		m = &slot->metadata.metadata[i];
		if (grpc_slice_str_cmp(m->key, "authorization") == 0) {
			value = GRPC_SLICE_START_PTR(m->value);
			len = GRPC_SLICE_LENGTH(m->value);
		}
	}
	return access_allows(slot->listener->access,
	    method != NULL && method->changes, value, len, e);
}

static void
on_accept_call(struct server *server, struct slot *slot, bool ok)
{
	const struct call_method *method = slot->method;
	struct listener *listener = slot->listener;
	grpc_byte_buffer *payload = slot->payload;
	grpc_call *core = slot->call;
	struct err e;

	err_clear(&e);
	/* One that is closed has no rights to ask for any more. */
	if (listener->fd == -1)
		(void)err_set(&e, ERR_UNAVAILABLE, "the listener is closed");
	else if (ok && check_access(slot, &e) == -1)
		log_debug("an API call is refused: %s", e.text);
	slot->payload = NULL;
	disarm(slot);
	if (!ok) {
		/* the core shuts down */
	} else if (server->stopping) {
		(void)grpc_call_cancel_with_status(core,
		    GRPC_STATUS_UNAVAILABLE, "the daemon is stopping", NULL);
		grpc_call_unref(core);
	} else {
		if (listener->fd != -1)
			arm(slot);
		call_start(server, method, core, payload,
		    e.code == ERR_OK ? NULL : &e, server->ctx);
	}
	if (payload != NULL)
		grpc_byte_buffer_destroy(payload);
	if (listener->fd == -1)
		listener_reap(listener);
}

static void
on_mailbox(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;
	struct listener *listener;
	struct tag *tag, *next;

	(void)fd;
	(void)what;
	for (tag = mailbox_take(&server->mailbox); tag != NULL; tag = next) {
		/* The tag may be freed, or armed and posted again. */
		next = tag->next;
		switch (tag->kind) {
		case TAG_ACCEPT:
			on_accept_call(server, tag->owner, tag->ok);
			break;
		case TAG_SHUTDOWN:
			listener = tag->owner;
			listener->core_down = true;
			listener_reap(listener);
			break;
		default:
			call_on_tag(tag->owner, tag);
			break;
		}
	}
	if (server->stopping)
		check_done(server);
}

/* The limits that every connection gets. */
static const struct {
	const char *name;
	int value;
} limits[] = {
	{ GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, MESSAGE_MAX },
	{ GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1 },
	{ GRPC_ARG_MAX_CONCURRENT_STREAMS, STREAMS_MAX },
	{ GRPC_ARG_MAX_METADATA_SIZE, METADATA_MAX },
	{ GRPC_ARG_HTTP2_WRITE_BUFFER_SIZE, WRITE_BUFFER },
	{ GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS },
	{ GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_WAIT_MS },
	{ GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1 },
	{ GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, PING_MIN_MS },
	{ GRPC_ARG_ALLOW_REUSEPORT, 0 },
};

static grpc_server *
core_new(void)
{
	grpc_arg args[nitems(limits)];
	grpc_channel_args list = { nitems(args), args };
	size_t i;

	for (i = 0; i < nitems(limits); i++) {
		args[i].type = GRPC_ARG_INTEGER;
		/* The core copies the name, its type lacks a const. */
		args[i].key = (char *)(uintptr_t)limits[i].name;
		args[i].value.integer = limits[i].value;
	}
	return grpc_server_create(&list, NULL);
}

/* Start the thread with every signal blocked: they belong to the loop. */
static void
start_thread(struct server *server)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	errno = pthread_create(&server->thread, NULL, completion_main, server);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (errno != 0)
		fatal("completion thread");
}

static void
add_slots(struct listener *listener, const struct call_method *method,
    void *registered)
{
	struct slot *slot;
	size_t i;

	for (i = 0; i < ARMED; i++) {
		slot = &listener->slots[listener->n_slots++];
		slot->tag.kind = TAG_ACCEPT;
		slot->tag.owner = slot;
		slot->listener = listener;
		slot->method = method;
		slot->registered = registered;
	}
}

struct server *
server_new(struct event_base *base, const struct call_method *methods, size_t n,
    void *ctx)
{
	struct server *server = xcalloc(1, sizeof(*server));
	struct rlimit limit;
	sigset_t all, old;

	server->base = base;
	server->methods = methods;
	server->n_methods = n;
	server->begun = xcalloc(n + 1, sizeof(*server->begun));
	server->ctx = ctx;
	LIST_INIT(&server->calls);
	LIST_INIT(&server->listeners);
	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		fatal("getrlimit");
	server->fd_max =
	    limit.rlim_cur > 1 << 20 ? 1 << 20 : (int)limit.rlim_cur;
	server->fd_max -= FDS_KEPT;
	mailbox_init(&server->mailbox);
	server->mailbox_ev = event_new(base, server->mailbox.fd,
	    EV_READ | EV_PERSIST, on_mailbox, server);
	if (server->mailbox_ev == NULL ||
	    event_add(server->mailbox_ev, NULL) == -1)
		fatalx("%s: no event", __func__);

	/* The core starts threads of its own; they get no signals either. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	gpr_set_log_function(core_log);
	gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
	grpc_init();
	server->cq = grpc_completion_queue_create_for_next(NULL);
	server->insecure = grpc_insecure_server_credentials_create();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	start_thread(server);
	return server;
}

/* The listener's server of the core, with all methods armed. */
static void
core_start(struct listener *listener)
{
	struct server *server = listener->server;
	const struct call_method *m;
	sigset_t all, old;
	void *registered;
	size_t i;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	listener->core = core_new();
	if (listener->core == NULL)
		fatalx("%s: no gRPC server", __func__);
	grpc_server_register_completion_queue(listener->core, server->cq, NULL);
	listener->slots =
	    xcalloc((server->n_methods + 1) * ARMED, sizeof(*listener->slots));
	for (i = 0; i < server->n_methods; i++) {
		m = &server->methods[i];
		registered =
		    grpc_server_register_method(listener->core, m->name, NULL,
			call_kind_reads(m->kind) ?
			    GRPC_SRM_PAYLOAD_NONE :
			    GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER,
			0);
		if (registered == NULL)
			fatalx("%s: method %s", __func__, m->name);
		add_slots(listener, m, registered);
	}
	add_slots(listener, NULL, NULL);
	grpc_server_start(listener->core);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	for (i = 0; i < listener->n_slots; i++)
		arm(&listener->slots[i]);
}

/* A connected stream socket becomes a client; takes the descriptor. */
static void
adopt(void *ctx, int fd)
{
	struct listener *listener = ctx;

	/* Behind TLS it is a new one, after a handshake that many may have
	 * been in at a time. */
	if (fd >= listener->server->fd_max) {
		log_debug("too many API clients");
		close(fd);
		return;
	}
	grpc_server_add_channel_from_fd(listener->core, fd,
	    listener->server->insecure);
}

static void
on_client(struct listener *listener, int fd)
{
	int one = 1;

	/* Fails on unix sockets, where there is nothing to switch off. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (listener->tls == NULL)
		adopt(listener, fd);
	else
		tls_accept(listener->server->base, listener->tls, fd,
		    event_get_priority(listener->ev), &listener->conns, adopt,
		    listener);
}

static void
on_listener(evutil_socket_t lfd, short what, void *arg)
{
	struct listener *listener = arg;
	struct server *server = listener->server;
	struct timeval pause = { 0, ACCEPT_PAUSE_MS * 1000 };
	/* A socket pair goes with each TLS connection. */
	int i, fd, more = listener->tls == NULL ? 0 : 2;

	(void)what;
	for (i = 0; i < ACCEPT_BURST; i++) {
		fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			if (errno == EAGAIN)
				return;
			/* Out of descriptors or memory: let some go first. */
			log_warn("accept of an API client");
			event_del(listener->ev);
			event_add(listener->resume, &pause);
			return;
		}
		/* The kernel gives the lowest free number, so this bounds the
		 * number of clients and keeps some for ourselves. */
		if (fd + more >= server->fd_max) {
			log_debug("too many API clients");
			close(fd);
			continue;
		}
		on_client(listener, fd);
	}
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;

	(void)fd;
	(void)what;
	event_add(listener->ev, NULL);
}

struct listener *
server_listen(struct server *server, int fd, struct access *access,
    struct tls_context *tls)
{
	struct listener *listener = xcalloc(1, sizeof(*listener));

	evutil_make_socket_nonblocking(fd);
	listener->server = server;
	listener->access = access;
	listener->tls = tls;
	LIST_INIT(&listener->conns);
	listener->fd = fd;
	listener->ev = event_new(server->base, fd, EV_READ | EV_PERSIST,
	    on_listener, listener);
	listener->resume =
	    event_new(server->base, -1, EV_TIMEOUT, on_resume, listener);
	if (listener->ev == NULL || listener->resume == NULL ||
	    event_add(listener->ev, NULL) == -1)
		fatalx("%s: no event", __func__);
	LIST_INSERT_HEAD(&server->listeners, listener, entry);
	core_start(listener);
	return listener;
}

void
server_set_access(struct listener *listener, struct access *access,
    struct tls_context *tls)
{
	access_free(listener->access);
	tls_context_free(listener->tls);
	listener->access = access;
	listener->tls = tls;
}

/* Accept nothing more and let the core come to its end. */
static void
listener_close(struct listener *listener)
{
	if (listener->fd == -1)
		return;
	event_free(listener->ev);
	event_free(listener->resume);
	close(listener->fd);
	listener->ev = listener->resume = NULL;
	listener->fd = -1;
	listener->tag_shutdown.kind = TAG_SHUTDOWN;
	listener->tag_shutdown.owner = listener;
	grpc_server_shutdown_and_notify(listener->core, listener->server->cq,
	    &listener->tag_shutdown);
}

/* Its calls and connections end now. */
static void
listener_cut(struct listener *listener)
{
	grpc_server_cancel_all_calls(listener->core);
	tls_close_all(&listener->conns);
	access_free(listener->access);
	tls_context_free(listener->tls);
	listener->access = NULL;
	listener->tls = NULL;
}

void
server_unlisten(struct listener *listener)
{
	listener_close(listener);
	listener_cut(listener);
}

void
server_sweep(struct server *server, int64_t unread_ms)
{
	struct mono now = mono_now();
	struct call *call, *next;

	LIST_FOREACH_SAFE(call, &server->calls, entry, next)
		call_sweep(call, now, unread_ms);
}

static void
check_done(struct server *server)
{
	void (*done)(void *) = server->on_done;

	if (!LIST_EMPTY(&server->listeners) || server->n_calls > 0 ||
	    done == NULL)
		return;
	server->on_done = NULL;
	event_free(server->stop_ev);
	server->stop_ev = NULL;
	done(server->done_ctx);
}

static void
on_stop_timer(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;
	struct listener *listener;

	(void)fd;
	(void)what;
	LIST_FOREACH(listener, &server->listeners, entry)
		listener_cut(listener);
}

void
server_shutdown(struct server *server, void (*done)(void *), void *ctx)
{
	struct timeval wait = { SHUTDOWN_MS / 1000, SHUTDOWN_MS % 1000 * 1000 };
	struct call *call, *next;
	struct listener *listener;

	server->stopping = true;
	server->on_done = done;
	server->done_ctx = ctx;
	LIST_FOREACH(listener, &server->listeners, entry)
		listener_close(listener);
	LIST_FOREACH_SAFE(call, &server->calls, entry, next)
		call_stop(call);
	server->stop_ev =
	    event_new(server->base, -1, EV_TIMEOUT, on_stop_timer, server);
	if (server->stop_ev == NULL || event_add(server->stop_ev, &wait) == -1)
		fatalx("%s: no event", __func__);
	check_done(server);
}

void
server_free(struct server *server)
{
	grpc_completion_queue_shutdown(server->cq);
	pthread_join(server->thread, NULL);
	grpc_completion_queue_destroy(server->cq);
	grpc_server_credentials_release(server->insecure);
	grpc_shutdown_blocking();
	event_free(server->mailbox_ev);
	mailbox_fini(&server->mailbox);
	free(server->begun);
	free(server);
}
