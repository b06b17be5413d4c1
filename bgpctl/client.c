/* SPDX-License-Identifier: ISC */
/*
 * gRPC calls in blocking form on a completion queue that is plucked.  The
 * status of a call is asked for at its start, with a tag of its own, so that
 * it is there whenever the call ends.
 */
#include "bgpctl/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>

#include "bgpctl/security.h"
#include "common/xmalloc.h"

enum {
	CONNECT_SECS = 5,
	UNARY_SECS = 90, /* longer than the daemon waits for its parts */
};

struct client {
	const struct security *security; /* NULL: none */
	grpc_channel *channel;
	grpc_completion_queue *cq;
};

/* One call under way. */
struct running {
	struct client *client;
	grpc_call *call;
	grpc_metadata_array initial;
	grpc_metadata_array trailing;
	grpc_status_code code;
	grpc_slice details;
	bool head_pending; /* the reply's metadata were not yet asked for */
};

/* Tags of the batches of a call; only their addresses matter. */
static char tag_status, tag_batch;

static const char *const status_names[] = { "OK", "CANCELLED", "UNKNOWN",
	"INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
	"ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
	"DATA_LOSS", "UNAUTHENTICATED" };

const char *
client_status_name(int code)
{
	if (code < 0 || (size_t)code >= nitems(status_names))
		return "UNKNOWN";
	return status_names[code];
}

bool
client_is_unimplemented(const struct client_status *status)
{
	return status->code == GRPC_STATUS_UNIMPLEMENTED;
}

void
client_status_fini(struct client_status *status)
{
	free(status->message);
	status->message = NULL;
}

static gpr_timespec
in_seconds(int secs)
{
	return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
	    gpr_time_from_seconds(secs, GPR_TIMESPAN));
}

/* What the core understands: no scheme of the web, always a port. */
static char *
target_of(const char *endpoint)
{
	const char *colon;
	char *target;
	size_t len;

	if (strncmp(endpoint, "unix:", 5) == 0)
		return xstrdup(endpoint);
	if (strncmp(endpoint, "http://", 7) == 0)
		endpoint += 7;
	else if (strncmp(endpoint, "https://", 8) == 0)
		endpoint += 8;
	target = xstrdup(endpoint);
	len = strlen(target);
	while (len > 0 && target[len - 1] == '/')
		target[--len] = '\0';
	colon = strrchr(target, ':');
	if (colon == NULL || strchr(colon, ']') != NULL) {
		char *with_port = xasprintf("%s:50051", target);

		free(target);
		return with_port;
	}
	return target;
}

static void
quiet(gpr_log_func_args *args)
{
	(void)args;
}

static grpc_channel_credentials *
credentials_new(const struct security *s)
{
	grpc_ssl_pem_key_cert_pair pair;

	if (s == NULL || !s->tls)
		return grpc_insecure_credentials_create();
	pair.private_key = s->key;
	pair.cert_chain = s->certificate;
	return grpc_ssl_credentials_create_ex(s->ca,
	    s->key == NULL ? NULL : &pair, NULL, NULL);
}

static grpc_channel *
channel_new(const char *target, const struct security *security)
{
	static const struct {
		const char *name;
		int value;
	} settings[] = {
		{ GRPC_ARG_ENABLE_HTTP_PROXY, 0 },
		{ GRPC_ARG_ENABLE_RETRIES, 0 },
		{ GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, -1 },
	};
	grpc_arg args[nitems(settings) + 1];
	grpc_channel_args list = { nitems(settings), args };
	grpc_channel_credentials *creds;
	grpc_channel *channel;
	size_t i;

	for (i = 0; i < nitems(settings); i++) {
		args[i].type = GRPC_ARG_INTEGER;
		args[i].key = (char *)(uintptr_t)settings[i].name;
		args[i].value.integer = settings[i].value;
	}
	if (security != NULL && security->server_name != NULL) {
		args[i].type = GRPC_ARG_STRING;
		args[i].key =
		    (char *)(uintptr_t)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG;
		args[i].value.string = security->server_name;
		list.num_args++;
	}
	creds = credentials_new(security);
	if (creds == NULL)
		return NULL;
	channel = grpc_channel_create(target, creds, &list);
	grpc_channel_credentials_release(creds);
	return channel;
}

/* Wait until the connection stands or has failed. */
static bool
connected(struct client *client)
{
	gpr_timespec deadline = in_seconds(CONNECT_SECS);
	grpc_connectivity_state state;
	grpc_event event;

	for (;;) {
		state =
		    grpc_channel_check_connectivity_state(client->channel, 1);
		if (state == GRPC_CHANNEL_READY)
			return true;
		if (state == GRPC_CHANNEL_TRANSIENT_FAILURE ||
		    state == GRPC_CHANNEL_SHUTDOWN)
			return false;
		grpc_channel_watch_connectivity_state(client->channel, state,
		    deadline, client->cq, &tag_batch);
		event = grpc_completion_queue_pluck(client->cq, &tag_batch,
		    gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
		if (event.type != GRPC_OP_COMPLETE || !event.success)
			return false;
	}
}

struct client *
client_open(const char *endpoint, const struct security *security,
    const char **why)
{
	struct client *client = xcalloc(1, sizeof(*client));
	char *target = target_of(endpoint);

	gpr_set_log_function(quiet);
	grpc_init();
	client->cq = grpc_completion_queue_create_for_pluck(NULL);
	client->security = security;
	client->channel = channel_new(target, security);
	free(target);
	if (client->channel != NULL && connected(client))
		return client;
	*why = "no daemon answers there";
	client_close(client);
	return NULL;
}

void
client_close(struct client *client)
{
	if (client->channel != NULL)
		grpc_channel_destroy(client->channel);
	grpc_completion_queue_shutdown(client->cq);
	grpc_completion_queue_destroy(client->cq);
	free(client);
	grpc_shutdown_blocking();
}

static void
start_batch(struct running *r, const grpc_op *ops, size_t n, void *tag)
{
	if (grpc_call_start_batch(r->call, ops, n, tag, NULL) != GRPC_CALL_OK) {
		fprintf(stderr, "bgpctl: the gRPC core refused a batch\n");
		abort();
	}
}

static bool
pluck(struct running *r, void *tag)
{
	return grpc_completion_queue_pluck(r->client->cq, tag,
		   gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL)
		   .success != 0;
}

static void
begin(struct running *r, struct client *client, const char *method,
    gpr_timespec deadline)
{
	grpc_slice path = grpc_slice_from_copied_string(method);
	grpc_op op;

	memset(r, 0, sizeof(*r));
	r->client = client;
	r->head_pending = true;
	grpc_metadata_array_init(&r->initial);
	grpc_metadata_array_init(&r->trailing);
	r->details = grpc_empty_slice();
	r->call = grpc_channel_create_call(client->channel, NULL,
	    GRPC_PROPAGATE_DEFAULTS, client->cq, path, NULL, deadline, NULL);
	grpc_slice_unref(path);
	memset(&op, 0, sizeof(op));
	op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
	op.data.recv_status_on_client.trailing_metadata = &r->trailing;
	op.data.recv_status_on_client.status = &r->code;
	op.data.recv_status_on_client.status_details = &r->details;
	start_batch(r, &op, 1, &tag_status);
}

/* Wait for the status and release the call. */
static int
finish(struct running *r, struct client_status *status)
{
	(void)pluck(r, &tag_status);
	status->code = (int)r->code;
	status->message = xcalloc(1, GRPC_SLICE_LENGTH(r->details) + 1);
	memcpy(status->message, GRPC_SLICE_START_PTR(r->details),
	    GRPC_SLICE_LENGTH(r->details));
	grpc_slice_unref(r->details);
	grpc_metadata_array_destroy(&r->initial);
	grpc_metadata_array_destroy(&r->trailing);
	grpc_call_unref(r->call);
	return r->code == GRPC_STATUS_OK ? 0 : -1;
}

static void
set_failure(struct client_status *status, const char *text)
{
	client_status_fini(status);
	status->code = GRPC_STATUS_INTERNAL;
	status->message = xstrdup(text);
}

/* Our metadata: the token, where there is one.  `m` lives until the batch
 * has completed; metadata_fini releases what it holds. */
static void
put_metadata(struct running *r, grpc_op *op, grpc_metadata *m)
{
	const struct security *s = r->client->security;

	memset(m, 0, sizeof(*m));
	m->key = m->value = grpc_empty_slice();
	op->op = GRPC_OP_SEND_INITIAL_METADATA;
	if (s == NULL || s->authorization == NULL)
		return;
	m->key = grpc_slice_from_static_string("authorization");
	m->value = grpc_slice_from_copied_string(s->authorization);
	op->data.send_initial_metadata.metadata = m;
	op->data.send_initial_metadata.count = 1;
}

static void
metadata_fini(grpc_metadata *m)
{
	grpc_slice_unref(m->key);
	grpc_slice_unref(m->value);
}

static grpc_byte_buffer *
buffer_of(const void *data, size_t len)
{
	grpc_slice slice = grpc_slice_from_copied_buffer(data, len);
	grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

	grpc_slice_unref(slice);
	return buffer;
}

/* Our metadata, one message, and that nothing follows. */
static void
send_request(struct running *r, const ProtobufCMessage *request)
{
	size_t len = protobuf_c_message_get_packed_size(request);
	uint8_t *data = xmalloc(len + 1);
	grpc_byte_buffer *buffer;
	grpc_metadata metadata;
	grpc_op ops[3];

	(void)protobuf_c_message_pack(request, data);
	buffer = buffer_of(data, len);
	free(data);
	memset(ops, 0, sizeof(ops));
	put_metadata(r, &ops[0], &metadata);
	ops[1].op = GRPC_OP_SEND_MESSAGE;
	ops[1].data.send_message.send_message = buffer;
	ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
	start_batch(r, ops, nitems(ops), &tag_batch);
	(void)pluck(r, &tag_batch);
	metadata_fini(&metadata);
	grpc_byte_buffer_destroy(buffer);
}

/*
 * The next message of the daemon: 1 and *m, 0 at the end, -1 if it does not
 * parse.
 */
static int
receive(struct running *r, const ProtobufCMessageDescriptor *type,
    ProtobufCMessage **m)
{
	grpc_byte_buffer *buffer = NULL;
	grpc_byte_buffer_reader reader;
	grpc_slice bytes;
	grpc_op ops[2];
	size_t n = 0;

	memset(ops, 0, sizeof(ops));
	if (r->head_pending) {
		r->head_pending = false;
		ops[n].op = GRPC_OP_RECV_INITIAL_METADATA;
		ops[n++].data.recv_initial_metadata.recv_initial_metadata =
		    &r->initial;
	}
	ops[n].op = GRPC_OP_RECV_MESSAGE;
	ops[n++].data.recv_message.recv_message = &buffer;
	start_batch(r, ops, n, &tag_batch);
	if (!pluck(r, &tag_batch) || buffer == NULL) {
		if (buffer != NULL)
			grpc_byte_buffer_destroy(buffer);
		return 0;
	}
	*m = NULL;
	if (grpc_byte_buffer_reader_init(&reader, buffer)) {
		bytes = grpc_byte_buffer_reader_readall(&reader);
		grpc_byte_buffer_reader_destroy(&reader);
		*m = protobuf_c_message_unpack(type, NULL,
		    GRPC_SLICE_LENGTH(bytes), GRPC_SLICE_START_PTR(bytes));
		grpc_slice_unref(bytes);
	}
	grpc_byte_buffer_destroy(buffer);
	return *m == NULL ? -1 : 1;
}

/* The one reply of a unary or uploading call, and its status. */
static int
take_reply(struct running *r, const ProtobufCMessageDescriptor *type,
    ProtobufCMessage **reply, struct client_status *status)
{
	int got;

	*reply = NULL;
	got = receive(r, type, reply);
	if (finish(r, status) == 0 && got != 1)
		set_failure(status, "the daemon's answer is malformed");
	if (status->code == GRPC_STATUS_OK)
		return 0;
	if (*reply != NULL)
		protobuf_c_message_free_unpacked(*reply, NULL);
	*reply = NULL;
	return -1;
}

int
client_unary(struct client *client, const char *method,
    const ProtobufCMessage *request,
    const ProtobufCMessageDescriptor *reply_type, ProtobufCMessage **reply,
    struct client_status *status)
{
	struct running r;

	begin(&r, client, method, in_seconds(UNARY_SECS));
	send_request(&r, request);
	return take_reply(&r, reply_type, reply, status);
}

int
client_stream(struct client *client, const char *method,
    const ProtobufCMessage *request,
    const ProtobufCMessageDescriptor *message_type,
    bool (*on_message)(void *, const ProtobufCMessage *), void *ctx,
    struct client_status *status)
{
	struct running r;
	ProtobufCMessage *m;
	bool stopped = false;
	int got;

	begin(&r, client, method, gpr_inf_future(GPR_CLOCK_MONOTONIC));
	send_request(&r, request);
	while ((got = receive(&r, message_type, &m)) == 1) {
		stopped = !on_message(ctx, m);
		protobuf_c_message_free_unpacked(m, NULL);
		if (stopped)
			break;
	}
	if (stopped || got == -1)
		(void)grpc_call_cancel(r.call, NULL);
	(void)finish(&r, status);
	if (got == -1)
		set_failure(status, "the daemon's answer is malformed");
	if (stopped)
		status->code = GRPC_STATUS_OK;
	return status->code == GRPC_STATUS_OK ? 0 : -1;
}

/* Send one message of an upload; with `more` it may wait for the next. */
static bool
send_item(struct running *r, const void *data, size_t len, bool more)
{
	grpc_byte_buffer *buffer = buffer_of(data, len);
	grpc_op op;
	bool ok;

	memset(&op, 0, sizeof(op));
	op.op = GRPC_OP_SEND_MESSAGE;
	op.flags = more ? GRPC_WRITE_BUFFER_HINT : 0;
	op.data.send_message.send_message = buffer;
	start_batch(r, &op, 1, &tag_batch);
	ok = pluck(r, &tag_batch);
	grpc_byte_buffer_destroy(buffer);
	return ok;
}

int
client_upload(struct client *client, const char *method,
    bool (*next)(void *, const void **, size_t *, bool *), void *ctx,
    const ProtobufCMessageDescriptor *reply_type, ProtobufCMessage **reply,
    struct client_status *status)
{
	struct running r;
	const void *data;
	grpc_metadata metadata;
	grpc_op op;
	size_t len;
	bool more;

	begin(&r, client, method, gpr_inf_future(GPR_CLOCK_MONOTONIC));
	memset(&op, 0, sizeof(op));
	put_metadata(&r, &op, &metadata);
	start_batch(&r, &op, 1, &tag_batch);
	(void)pluck(&r, &tag_batch);
	metadata_fini(&metadata);
	more = false;
	while (next(ctx, &data, &len, &more)) {
		if (!send_item(&r, data, len, more))
			break;
		more = false;
	}
	memset(&op, 0, sizeof(op));
	op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
	start_batch(&r, &op, 1, &tag_batch);
	(void)pluck(&r, &tag_batch);
	return take_reply(&r, reply_type, reply, status);
}
