/* SPDX-License-Identifier: ISC */
/*
 * grpc.health.v1: what load balancers and probes ask.
 *
 * Every service of ours is as well as the daemon: it serves when both
 * siblings are there and a configuration is in force.  A watcher is told at
 * once and at each change; one that does not read is told the latest state
 * when it does, so that it costs one message at most.
 */
#include "apid/rpc.h"

#include <stdlib.h>
#include <string.h>

#include "apid/apid.h"
#include "apid/symbols.h"
#include "common/xmalloc.h"
#include "proto/grpc/health/v1/health.pb-c.h"

typedef Grpc__Health__V1__HealthCheckRequest Request;
typedef Grpc__Health__V1__HealthCheckResponse Response;
typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus Status;
#define STATUS(word)                                                           \
	GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##word

struct watcher {
	LIST_ENTRY(watcher) entry;
	struct apid *apid;
	struct call *call;
	bool known; /* the service is one of ours */
	int told; /* Status; -1: nothing yet */
};
struct health {
	LIST_HEAD(, watcher) watchers;
};

struct health *
health_new(void)
{
	struct health *health = xcalloc(1, sizeof(*health));

	LIST_INIT(&health->watchers);
	return health;
}

void
health_free(struct health *health)
{
	/* Every call has ended, and every watcher with it. */
	free(health);
}

bool
health_serving(const struct apid *apid)
{
	return apid->conf != NULL && apid->chans[PROC_RDE] != NULL &&
	    apid->chans[PROC_SESSIOND] != NULL && !apid->stopping;
}

static Status
status_now(const struct apid *apid)
{
	return health_serving(apid) ? STATUS(SERVING) : STATUS(NOT_SERVING);
}

static bool
is_known(const struct apid *apid, const char *service)
{
	const char *name;
	size_t i;

	if (service[0] == '\0')
		return true;
	for (i = 0; (name = symbols_service(apid->symbols, i)) != NULL; i++)
		if (strcmp(name, service) == 0)
			return true;
	return false;
}

/* Tell a watcher what it does not know yet, if it has room. */
static void
tell(struct watcher *w)
{
	Status status =
	    w->known ? status_now(w->apid) : STATUS(SERVICE_UNKNOWN);
	uint8_t bytes[16];
	uint32_t end;
	Response m;

	if (w->told == (int)status || !call_has_room(w->call))
		return;
	w->told = (int)status;
	grpc__health__v1__health_check_response__init(&m);
	m.status = status;
	end = (uint32_t)protobuf_c_message_pack(&m.base, bytes);
	call_send(w->call, bytes, &end, 1);
}

void
health_changed(struct apid *apid)
{
	struct watcher *w;

	LIST_FOREACH(w, &apid->health->watchers, entry)
		tell(w);
}

static void
on_room(void *ctx)
{
	tell(ctx);
}

static void
on_cancel(void *ctx)
{
	struct watcher *w = ctx;

	LIST_REMOVE(w, entry);
	free(w);
}

static const struct call_ops watch_ops = {
	.on_cancel = on_cancel,
	.on_room = on_room,
};

void
rpc_health_check(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Request *m = (const void *)request;
	struct apid *apid = ctx;
	Response answer;

	if (!is_known(apid, m->service)) {
		call_failf(call, ERR_NOT_FOUND, "service %.200s not found",
		    m->service);
		return;
	}
	grpc__health__v1__health_check_response__init(&answer);
	answer.status = status_now(apid);
	call_reply(call, &answer.base);
}

void
rpc_health_watch(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Request *m = (const void *)request;
	struct apid *apid = ctx;
	struct watcher *w = xcalloc(1, sizeof(*w));

	w->apid = apid;
	w->call = call;
	w->known = is_known(apid, m->service);
	w->told = -1;
	LIST_INSERT_HEAD(&apid->health->watchers, w, entry);
	call_set_ops(call, &watch_ops, w);
	tell(w);
}
