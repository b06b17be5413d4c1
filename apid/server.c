/* SPDX-License-Identifier: ISC */
/*
 * The gRPC server behind one small module: core library, completion thread,
 * armed requests, listeners.
 *
 * Each method keeps ARMED requests waiting in the core, so that a burst of
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

#include "apid/call_internal.h"
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

/* A request armed in the core. */
struct slot {
	struct tag tag;
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
	struct event *ev;
	struct event *resume;
	int fd;
};

struct server {
	struct event_base *base;
	void *ctx;
	grpc_server *core;
	grpc_completion_queue *cq;
	grpc_server_credentials *insecure;
	pthread_t thread;
	struct mailbox mailbox;
	struct event *mailbox_ev;
	struct slot *slots;
	size_t n_slots;
	LIST_HEAD(, call) calls;
	size_t n_calls;
	size_t unread; /* bytes of final answers in the core */
	LIST_HEAD(, listener) listeners;
	int fd_max; /* a client's descriptor stays below */
	bool stopping;
	bool core_down;
	struct tag tag_shutdown;
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
	LIST_INSERT_HEAD(&server->calls, call, entry);
	server->n_calls++;
}

void
server_unlink_call(struct server *server, struct call *call)
{
	LIST_REMOVE(call, entry);
	server->n_calls--;
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
arm(struct server *server, struct slot *slot)
{
	grpc_call_error error;

	grpc_metadata_array_init(&slot->metadata);
	slot->call = NULL;
	slot->payload = NULL;
	if (slot->registered == NULL) {
		grpc_call_details_init(&slot->details);
		error = grpc_server_request_call(server->core, &slot->call,
		    &slot->details, &slot->metadata, server->cq, server->cq,
		    &slot->tag);
	} else
		error = grpc_server_request_registered_call(server->core,
		    slot->registered, &slot->call, &slot->deadline,
		    &slot->metadata,
		    call_kind_reads(slot->method->kind) ? NULL : &slot->payload,
		    server->cq, server->cq, &slot->tag);
	if (error != GRPC_CALL_OK)
		fatalx("%s: %s", __func__, grpc_call_error_to_string(error));
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
}

static void
on_accept_call(struct server *server, struct slot *slot, bool ok)
{
	const struct call_method *method = slot->method;
	grpc_byte_buffer *payload = slot->payload;
	grpc_call *core = slot->call;

	slot->payload = NULL;
	disarm(slot);
	if (!ok) /* the server shuts down */
		return;
	if (server->stopping) {
		(void)grpc_call_cancel_with_status(core,
		    GRPC_STATUS_UNAVAILABLE, "the daemon is stopping", NULL);
		grpc_call_unref(core);
	} else {
		arm(server, slot);
		call_start(server, method, core, payload, server->ctx);
	}
	if (payload != NULL)
		grpc_byte_buffer_destroy(payload);
}

static void
on_mailbox(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;
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
			server->core_down = true;
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
add_slots(struct server *server, const struct call_method *method,
    void *registered)
{
	struct slot *slot;
	size_t i;

	for (i = 0; i < ARMED; i++) {
		slot = &server->slots[server->n_slots++];
		slot->tag.kind = TAG_ACCEPT;
		slot->tag.owner = slot;
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
	void *registered;
	size_t i;

	server->base = base;
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
	server->core = core_new();
	server->insecure = grpc_insecure_server_credentials_create();
	if (server->core == NULL)
		fatalx("%s: no gRPC server", __func__);
	grpc_server_register_completion_queue(server->core, server->cq, NULL);

	server->slots = xcalloc((n + 1) * ARMED, sizeof(*server->slots));
	for (i = 0; i < n; i++) {
		registered = grpc_server_register_method(server->core,
		    methods[i].name, NULL,
		    call_kind_reads(methods[i].kind) ?
			GRPC_SRM_PAYLOAD_NONE :
			GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER,
		    0);
		if (registered == NULL)
			fatalx("%s: method %s", __func__, methods[i].name);
		add_slots(server, &methods[i], registered);
	}
	add_slots(server, NULL, NULL);
	grpc_server_start(server->core);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	start_thread(server);
	for (i = 0; i < server->n_slots; i++)
		arm(server, &server->slots[i]);
	return server;
}

void
server_adopt(struct server *server, int fd)
{
	int one = 1;

	/* Fails on unix sockets, where there is nothing to switch off. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	grpc_server_add_channel_from_fd(server->core, fd, server->insecure);
}

static void
on_listener(evutil_socket_t lfd, short what, void *arg)
{
	struct listener *listener = arg;
	struct server *server = listener->server;
	struct timeval pause = { 0, ACCEPT_PAUSE_MS * 1000 };
	int i, fd;

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
		if (fd >= server->fd_max) {
			log_debug("too many API clients");
			close(fd);
			continue;
		}
		server_adopt(server, fd);
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
server_listen(struct server *server, int fd)
{
	struct listener *listener = xcalloc(1, sizeof(*listener));

	evutil_make_socket_nonblocking(fd);
	listener->server = server;
	listener->fd = fd;
	listener->ev = event_new(server->base, fd, EV_READ | EV_PERSIST,
	    on_listener, listener);
	listener->resume =
	    event_new(server->base, -1, EV_TIMEOUT, on_resume, listener);
	if (listener->ev == NULL || listener->resume == NULL ||
	    event_add(listener->ev, NULL) == -1)
		fatalx("%s: no event", __func__);
	LIST_INSERT_HEAD(&server->listeners, listener, entry);
	return listener;
}

void
server_unlisten(struct server *server, struct listener *listener)
{
	(void)server;
	LIST_REMOVE(listener, entry);
	event_free(listener->ev);
	event_free(listener->resume);
	close(listener->fd);
	free(listener);
}

void
server_sweep(struct server *server)
{
	struct mono now = mono_now();
	struct call *call, *next;

	LIST_FOREACH_SAFE(call, &server->calls, entry, next)
		call_sweep(call, now, SERVER_UNREAD_MS);
}

static void
check_done(struct server *server)
{
	void (*done)(void *) = server->on_done;

	if (!server->core_down || server->n_calls > 0 || done == NULL)
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

	(void)fd;
	(void)what;
	grpc_server_cancel_all_calls(server->core);
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
	while ((listener = LIST_FIRST(&server->listeners)) != NULL)
		server_unlisten(server, listener);
	server->tag_shutdown.kind = TAG_SHUTDOWN;
	server->tag_shutdown.owner = server;
	grpc_server_shutdown_and_notify(server->core, server->cq,
	    &server->tag_shutdown);
	LIST_FOREACH_SAFE(call, &server->calls, entry, next)
		call_stop(call);
	server->stop_ev =
	    event_new(server->base, -1, EV_TIMEOUT, on_stop_timer, server);
	if (server->stop_ev == NULL || event_add(server->stop_ev, &wait) == -1)
		fatalx("%s: no event", __func__);
}

void
server_free(struct server *server)
{
	struct tag *tag;

	grpc_completion_queue_shutdown(server->cq);
	pthread_join(server->thread, NULL);
	while ((tag = mailbox_take(&server->mailbox)) != NULL)
		for (; tag != NULL; tag = tag->next)
			if (tag->kind == TAG_ACCEPT)
				disarm(tag->owner);
	grpc_completion_queue_destroy(server->cq);
	grpc_server_destroy(server->core);
	grpc_server_credentials_release(server->insecure);
	grpc_shutdown_blocking();
	event_free(server->mailbox_ev);
	mailbox_fini(&server->mailbox);
	free(server->slots);
	free(server);
}
