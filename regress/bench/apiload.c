/* SPDX-License-Identifier: ISC */
/*
 * apiload SERVICE ENDPOINT ROUTES UNARY: the load of a daemon's gRPC
 * interface, the same for each kind of daemon.
 *
 * SERVICE is stream (bgp.BgpService, a message a route), batch
 * (bgpgg.v1.RouteService) or gobgp (apipb.GobgpApi).  The phases, in order:
 *
 *	in	ROUTES routes through the bulk method, until its answer
 *	out	all of them back through the list, each checked
 *	unary	UNARY calls, one after the other
 *	beside	calls of the same kind while lists run on another connection
 *
 * apiload list SERVICE ENDPOINT: the list once, whatever is in it; prints an
 * empty line for each message.
 *
 * Every request is made beforehand, byte by byte, and of what comes back
 * only the prefix and the attributes that were announced are looked at, so
 * that the client is not what is measured.  Prints a JSON object a phase, a
 * line each; exit status 1 if anything is not as it should be, 2 if the
 * daemon does not know the method, 3 if a call was not finished in time.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>

enum {
	BATCH = 256, /* routes of a message where it has many */
	SET_SIZE = 6, /* routes with the same attributes */
	CALL_SECS = 120,
	LATENCIES_MAX = 1 << 20,
};

static void
die(const char *why)
{
	fprintf(stderr, "apiload: %s\n", why);
	exit(1);
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void *
take(void *p)
{
	if (p == NULL)
		die("out of memory");
	return p;
}

/* --- protobuf by hand --- */

struct out {
	uint8_t *p;
	size_t len, cap;
};

static void
room(struct out *o, size_t n)
{
	if (o->cap - o->len >= n)
		return;
	o->cap = (o->len + n) * 2;
	o->p = take(realloc(o->p, o->cap));
}

static void
varint(struct out *o, uint64_t v)
{
	room(o, 10);
	for (; v >= 0x80; v >>= 7)
		o->p[o->len++] = (uint8_t)(v | 0x80);
	o->p[o->len++] = (uint8_t)v;
}

static void
number(struct out *o, unsigned int field, uint64_t v)
{
	varint(o, field << 3);
	varint(o, v);
}

static void
bytes(struct out *o, unsigned int field, const void *p, size_t n)
{
	varint(o, field << 3 | 2);
	varint(o, n);
	room(o, n);
	memcpy(o->p + o->len, p, n);
	o->len += n;
}

static void
text(struct out *o, unsigned int field, const char *s)
{
	bytes(o, field, s, strlen(s));
}

/* A message within another; `in` is emptied. */
static void
nest(struct out *o, unsigned int field, struct out *in)
{
	bytes(o, field, in->p, in->len);
	in->len = 0;
}

/* The members of a message one by one: 1, 0 at the end. */
struct in {
	const uint8_t *p, *end;
};

static uint64_t
get_varint(struct in *r)
{
	uint64_t v = 0;
	unsigned int shift = 0;

	while (r->p < r->end && shift < 64) {
		v |= (uint64_t)(*r->p & 0x7f) << shift;
		if ((*r->p++ & 0x80) == 0)
			return v;
		shift += 7;
	}
	die("a malformed answer");
	return 0;
}

static int
member(struct in *r, unsigned int *field, struct in *body, uint64_t *value)
{
	uint64_t key, n = 0;

	if (r->p == r->end)
		return 0;
	key = get_varint(r);
	*field = (unsigned int)(key >> 3);
	body->p = body->end = r->p;
	*value = 0;
	switch (key & 7) {
	case 0:
		*value = get_varint(r);
		return 1;
	case 1:
		n = 8;
		break;
	case 2:
		n = get_varint(r);
		break;
	case 5:
		n = 4;
		break;
	default:
		die("a malformed answer");
	}
	if (n > (uint64_t)(r->end - r->p))
		die("a malformed answer");
	body->p = r->p;
	r->p += n;
	body->end = r->p;
	return 1;
}

/* --- routes --- */

static void
prefix_of(uint32_t i, char *to, size_t len, bool with_length)
{
	(void)snprintf(to, len, "%u.%u.%u.0%s", 20 + (i >> 16), i >> 8 & 255,
	    i & 255, with_length ? "/24" : "");
}

static void
put_contract(struct out *o, uint32_t i)
{
	struct out segment = { 0 };
	struct out asns = { 0 };
	char s[32];

	prefix_of(i, s, sizeof(s), true);
	text(o, 1, s);
	text(o, 2, "192.0.2.1");
	number(&segment, 1, 1);
	varint(&asns, 65001);
	varint(&asns, 1 + i / SET_SIZE);
	nest(&segment, 2, &asns);
	nest(o, 4, &segment);
	number(o, 6, i / SET_SIZE % 9);
	free(segment.p);
	free(asns.p);
}

/* google.protobuf.Any of an apipb message. */
static void
put_any(struct out *o, unsigned int field, const char *type, struct out *m)
{
	struct out any = { 0 };
	char url[80];

	(void)snprintf(url, sizeof(url), "type.googleapis.com/apipb.%s", type);
	text(&any, 1, url);
	nest(&any, 2, m);
	nest(o, field, &any);
	free(any.p);
}

static void
put_gobgp(struct out *o, uint32_t i)
{
	struct out m = { 0 }, segment = { 0 }, asns = { 0 };
	char s[32];

	number(&m, 1, 24);
	prefix_of(i, s, sizeof(s), false);
	text(&m, 2, s);
	put_any(o, 1, "IPAddressPrefix", &m);
	number(&m, 1, 0);
	put_any(o, 2, "OriginAttribute", &m);
	number(&segment, 1, 2);
	varint(&asns, 65001);
	varint(&asns, 1 + i / SET_SIZE);
	nest(&segment, 2, &asns);
	nest(&m, 1, &segment);
	put_any(o, 2, "AsPathAttribute", &m);
	text(&m, 1, "192.0.2.1");
	put_any(o, 2, "NextHopAttribute", &m);
	number(&m, 1, i / SET_SIZE % 9);
	put_any(o, 2, "MultiExitDiscAttribute", &m);
	number(&m, 1, 1);
	number(&m, 2, 1);
	nest(o, 9, &m);
	free(m.p);
	free(segment.p);
	free(asns.p);
}

/* The attributes of a path that were announced with it. */
struct attrs {
	uint64_t med;
	uint64_t asns[2];
	unsigned int n_asns;
	struct in next_hop;
};

/* Which routes came back. */
struct seen {
	uint8_t *bits;
	uint32_t want;
	uint32_t count;
	/* of the daemon's kind: what a path has, into attrs */
	void (*see_path)(struct in, struct attrs *);
};

static bool
is_text(const struct in *body, const char *s)
{
	size_t n = (size_t)(body->end - body->p);

	return n == strlen(s) && memcmp(body->p, s, n) == 0;
}

/* A number of a prefix, which `end` (0: nothing) must follow. */
static unsigned int
prefix_number(struct in *r, unsigned int max, char end)
{
	const uint8_t *begin = r->p;
	unsigned int v = 0;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && v <= max)
		v = v * 10 + (unsigned int)(*r->p++ - '0');
	if (r->p == begin || v > max ||
	    (end == '\0' ? r->p != r->end : r->p == r->end || *r->p != end))
		die("a prefix that nobody announced");
	if (end != '\0')
		r->p++;
	return v;
}

/* Count a prefix; which route it is. */
static uint32_t
see(struct seen *seen, struct in prefix)
{
	unsigned int a = prefix_number(&prefix, 255, '.');
	unsigned int b = prefix_number(&prefix, 255, '.');
	unsigned int c = prefix_number(&prefix, 255, '.');
	uint32_t i;

	if (prefix_number(&prefix, 255, '/') != 0 ||
	    prefix_number(&prefix, 32, '\0') != 24 || a < 20)
		die("a prefix that nobody announced");
	i = (a - 20) << 16 | b << 8 | c;
	if (i >= seen->want || (seen->bits[i / 8] >> (i % 8) & 1))
		die("a prefix that nobody announced, or twice");
	seen->bits[i / 8] |= (uint8_t)(1 << (i % 8));
	seen->count++;
	return i;
}

static void
see_asn(struct attrs *a, uint64_t asn)
{
	if (a->n_asns < 2)
		a->asns[a->n_asns] = asn;
	a->n_asns++;
}

/* A segment: a sequence is 1 to bgp.proto and 2 to GoBGP, as it was sent. */
static void
see_segment(struct attrs *a, struct in segment, uint64_t sequence)
{
	unsigned int field;
	uint64_t v, type = 0;
	struct in body;

	while (member(&segment, &field, &body, &v)) {
		if (field == 1)
			type = v;
		else if (field == 2 && body.p == body.end)
			see_asn(a, v);
		else if (field == 2)
			while (body.p < body.end)
				see_asn(a, get_varint(&body));
	}
	if (type != sequence)
		die("an AS path that nobody announced");
}

/* bgp.Path */
static void
see_path_contract(struct in path, struct attrs *a)
{
	unsigned int field;
	struct in body;
	uint64_t v;

	while (member(&path, &field, &body, &v)) {
		if (field == 2)
			see_segment(a, body, 1);
		else if (field == 3)
			a->next_hop = body;
		else if (field == 6)
			a->med = v;
	}
}

/* google.protobuf.Any with an attribute of apipb. */
static void
see_any(struct in any, struct attrs *a)
{
	static const char head[] = "type.googleapis.com/apipb.";
	const size_t len = sizeof(head) - 1;
	struct in body, type = { NULL, NULL }, value = { NULL, NULL };
	unsigned int field;
	uint64_t v;

	while (member(&any, &field, &body, &v)) {
		if (field == 1)
			type = body;
		else if (field == 2)
			value = body;
	}
	if ((size_t)(type.end - type.p) < len || memcmp(type.p, head, len) != 0)
		die("an attribute of no known type");
	type.p += len;
	while (member(&value, &field, &body, &v)) {
		if (field != 1)
			continue;
		if (is_text(&type, "AsPathAttribute"))
			see_segment(a, body, 2);
		else if (is_text(&type, "NextHopAttribute"))
			a->next_hop = body;
		else if (is_text(&type, "MultiExitDiscAttribute"))
			a->med = v;
	}
}

/* apipb.Path */
static void
see_path_gobgp(struct in path, struct attrs *a)
{
	unsigned int field;
	struct in body;
	uint64_t v;

	while (member(&path, &field, &body, &v))
		if (field == 2)
			see_any(body, a);
}

/* A Route and a Destination: the prefix is member 1, the paths are 2. */
static void
see_route(struct seen *seen, struct in route)
{
	struct in body, path = { NULL, NULL }, prefix = { NULL, NULL };
	unsigned int field, n_paths = 0;
	struct attrs a = { 0 };
	uint64_t v;
	uint32_t i;

	while (member(&route, &field, &body, &v)) {
		if (field == 1)
			prefix = body;
		else if (field == 2) {
			path = body;
			n_paths++;
		}
	}
	i = see(seen, prefix);
	if (n_paths != 1)
		die("a route without its one path");
	seen->see_path(path, &a);
	if (a.n_asns != 2 || a.asns[0] != 65001 ||
	    a.asns[1] != 1 + i / SET_SIZE || a.med != i / SET_SIZE % 9 ||
	    !is_text(&a.next_hop, "192.0.2.1"))
		die("attributes that nobody announced");
}

static void
see_each(struct seen *seen, struct in m)
{
	unsigned int field;
	struct in body;
	uint64_t v;

	while (member(&m, &field, &body, &v))
		if (field == 1)
			see_route(seen, body);
}

/* --- kinds of daemon --- */

struct service {
	const char *name;
	const char *add, *list, *unary;
	void (*put)(struct out *, uint32_t);
	unsigned int element; /* member of the bulk message; 0: it is one */
	void (*see)(struct seen *, struct in);
	void (*see_path)(struct in, struct attrs *);
	const char *list_request;
	size_t list_request_len;
};

/* ListPathRequest: table GLOBAL, family IPv4 unicast. */
static const char gobgp_list[] = "\x1a\x04\x08\x01\x10\x01";

static const struct service services[] = {
	{ "stream", "/bgp.BgpService/AddRouteStream",
	    "/bgp.BgpService/ListRoutesStream", "/bgp.BgpService/GetServerInfo",
	    put_contract, 0, see_route, see_path_contract, "", 0 },
	{ "batch", "/bgpgg.v1.RouteService/EditRoutes",
	    "/bgpgg.v1.RouteService/ListRoutes",
	    "/bgp.BgpService/GetServerInfo", put_contract, 2, see_each,
	    see_path_contract, "", 0 },
	{ "gobgp", "/apipb.GobgpApi/AddPathStream", "/apipb.GobgpApi/ListPath",
	    "/apipb.GobgpApi/GetBgp", put_gobgp, 3, see_each, see_path_gobgp,
	    gobgp_list, sizeof(gobgp_list) - 1 },
};

/* --- calls --- */

struct conn {
	grpc_channel *channel;
	grpc_completion_queue *cq;
};

static char tag_status, tag_batch;

static gpr_timespec
in_seconds(int secs)
{
	return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
	    gpr_time_from_seconds(secs, GPR_TIMESPAN));
}

static void
conn_open(struct conn *c, const char *endpoint)
{
	/* A connection for each, not one shared below. */
	static const char *const names[] = { GRPC_ARG_ENABLE_HTTP_PROXY,
		GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
		GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH };
	static const int values[] = { 0, 1, -1 };
	grpc_arg args[3];
	grpc_channel_args list = { 3, args };
	grpc_channel_credentials *creds = grpc_insecure_credentials_create();
	size_t i;

	for (i = 0; i < 3; i++) {
		args[i].type = GRPC_ARG_INTEGER;
		args[i].key = (char *)(uintptr_t)names[i];
		args[i].value.integer = values[i];
	}
	c->cq = grpc_completion_queue_create_for_pluck(NULL);
	c->channel = grpc_channel_create(endpoint, creds, &list);
	grpc_channel_credentials_release(creds);
}

static void
conn_close(struct conn *c)
{
	grpc_channel_destroy(c->channel);
	grpc_completion_queue_shutdown(c->cq);
	grpc_completion_queue_destroy(c->cq);
}

struct call {
	struct conn *conn;
	grpc_call *core;
	grpc_metadata_array initial, trailing;
	grpc_status_code code;
	grpc_slice details;
	bool head;
};

static bool
batch(struct call *c, grpc_op *ops, size_t n)
{
	if (grpc_call_start_batch(c->core, ops, n, &tag_batch, NULL) !=
	    GRPC_CALL_OK)
		die("the gRPC core refused a batch");
	return grpc_completion_queue_pluck(c->conn->cq, &tag_batch,
		   gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL)
		   .success != 0;
}

static void
call_begin(struct call *c, struct conn *conn, const char *method)
{
	grpc_slice path = grpc_slice_from_copied_string(method);
	grpc_op op;

	memset(c, 0, sizeof(*c));
	c->conn = conn;
	c->head = true;
	c->details = grpc_empty_slice();
	grpc_metadata_array_init(&c->initial);
	grpc_metadata_array_init(&c->trailing);
	c->core = grpc_channel_create_call(conn->channel, NULL,
	    GRPC_PROPAGATE_DEFAULTS, conn->cq, path, NULL,
	    in_seconds(CALL_SECS), NULL);
	grpc_slice_unref(path);
	memset(&op, 0, sizeof(op));
	op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
	op.data.recv_status_on_client.trailing_metadata = &c->trailing;
	op.data.recv_status_on_client.status = &c->code;
	op.data.recv_status_on_client.status_details = &c->details;
	if (grpc_call_start_batch(c->core, &op, 1, &tag_status, NULL) !=
	    GRPC_CALL_OK)
		die("the gRPC core refused a batch");
}

static void
call_send(struct call *c, const void *p, size_t n, bool more)
{
	grpc_slice slice = grpc_slice_from_static_buffer(p, n);
	grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_op op;

	memset(&op, 0, sizeof(op));
	op.op = GRPC_OP_SEND_MESSAGE;
	op.flags = more ? GRPC_WRITE_BUFFER_HINT : 0;
	op.data.send_message.send_message = buffer;
	(void)batch(c, &op, 1);
	grpc_byte_buffer_destroy(buffer);
	grpc_slice_unref(slice);
}

static void
call_simple(struct call *c, grpc_op_type what)
{
	grpc_op op;

	memset(&op, 0, sizeof(op));
	op.op = what;
	(void)batch(c, &op, 1);
}

/* The next message; NULL at the end.  The slice is the caller's. */
static bool
call_receive(struct call *c, grpc_slice *slice)
{
	grpc_byte_buffer_reader reader;
	grpc_byte_buffer *buffer = NULL;
	grpc_op ops[2];
	size_t n = 0;

	memset(ops, 0, sizeof(ops));
	if (c->head) {
		c->head = false;
		ops[n].op = GRPC_OP_RECV_INITIAL_METADATA;
		ops[n++].data.recv_initial_metadata.recv_initial_metadata =
		    &c->initial;
	}
	ops[n].op = GRPC_OP_RECV_MESSAGE;
	ops[n++].data.recv_message.recv_message = &buffer;
	if (!batch(c, ops, n) || buffer == NULL)
		return false;
	if (!grpc_byte_buffer_reader_init(&reader, buffer))
		die("a malformed answer");
	*slice = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	grpc_byte_buffer_destroy(buffer);
	return true;
}

static void
call_finish(struct call *c)
{
	(void)grpc_completion_queue_pluck(c->conn->cq, &tag_status,
	    gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
	if (c->code == GRPC_STATUS_UNIMPLEMENTED) {
		fprintf(stderr, "apiload: the daemon does not know that\n");
		exit(2);
	}
	if (c->code == GRPC_STATUS_DEADLINE_EXCEEDED) {
		fprintf(stderr, "apiload: not finished in %d s\n", CALL_SECS);
		exit(3);
	}
	if (c->code != GRPC_STATUS_OK) {
		fprintf(stderr, "apiload: status %d: %.*s\n", (int)c->code,
		    (int)GRPC_SLICE_LENGTH(c->details),
		    (const char *)GRPC_SLICE_START_PTR(c->details));
		exit(1);
	}
	grpc_slice_unref(c->details);
	grpc_metadata_array_destroy(&c->initial);
	grpc_metadata_array_destroy(&c->trailing);
	grpc_call_unref(c->core);
}

static void
unary(struct conn *conn, const struct service *s)
{
	struct call c;
	grpc_slice reply;

	call_begin(&c, conn, s->unary);
	call_simple(&c, GRPC_OP_SEND_INITIAL_METADATA);
	call_send(&c, "", 0, false);
	call_simple(&c, GRPC_OP_SEND_CLOSE_FROM_CLIENT);
	if (call_receive(&c, &reply))
		grpc_slice_unref(reply);
	call_finish(&c);
}

/* Everything back once; how many routes. */
static uint32_t
list(struct conn *conn, const struct service *s, uint32_t routes)
{
	struct seen seen = { .want = routes, .see_path = s->see_path };
	struct call c;
	grpc_slice m;
	struct in r;

	seen.bits = take(calloc(routes / 8 + 1, 1));
	call_begin(&c, conn, s->list);
	call_simple(&c, GRPC_OP_SEND_INITIAL_METADATA);
	call_send(&c, s->list_request, s->list_request_len, false);
	call_simple(&c, GRPC_OP_SEND_CLOSE_FROM_CLIENT);
	while (call_receive(&c, &m)) {
		r.p = GRPC_SLICE_START_PTR(m);
		r.end = r.p + GRPC_SLICE_LENGTH(m);
		s->see(&seen, r);
		grpc_slice_unref(m);
	}
	call_finish(&c);
	free(seen.bits);
	return seen.count;
}

/* The list, of which nothing is looked at: of stream, a message a route. */
static int
list_only(const struct service *s, const char *endpoint)
{
	static char lines[1 << 16];
	struct conn conn;
	struct call c;
	grpc_slice m;

	setvbuf(stdout, lines, _IOFBF, sizeof(lines));
	grpc_init();
	conn_open(&conn, endpoint);
	call_begin(&c, &conn, s->list);
	call_simple(&c, GRPC_OP_SEND_INITIAL_METADATA);
	call_send(&c, s->list_request, s->list_request_len, false);
	call_simple(&c, GRPC_OP_SEND_CLOSE_FROM_CLIENT);
	while (call_receive(&c, &m)) {
		putchar_unlocked('\n');
		grpc_slice_unref(m);
	}
	call_finish(&c);
	conn_close(&conn);
	grpc_shutdown_blocking();
	return fflush(stdout) == 0 ? 0 : 1;
}

static const struct service *
service_find(const char *name)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++) {
		if (strcmp(name, services[i].name) == 0)
			return &services[i];
	}
	return NULL;
}

/* --- the phases --- */

struct messages {
	struct out all;
	size_t *ends;
	size_t n;
};

static void
prepare(struct messages *m, const struct service *s, uint32_t routes)
{
	struct out one = { 0 };
	uint32_t i;

	memset(m, 0, sizeof(*m));
	m->ends = take(calloc(routes + 1, sizeof(*m->ends)));
	for (i = 0; i < routes; i++) {
		s->put(&one, i);
		if (s->element == 0) {
			room(&m->all, one.len);
			memcpy(m->all.p + m->all.len, one.p, one.len);
			m->all.len += one.len;
			one.len = 0;
		} else
			nest(&m->all, s->element, &one);
		if (s->element == 0 || i % BATCH == BATCH - 1 ||
		    i == routes - 1)
			m->ends[m->n++] = m->all.len;
	}
	free(one.p);
}

static double
phase_in(struct conn *conn, const struct service *s, const struct messages *m)
{
	struct call c;
	grpc_slice reply;
	double began = now();
	size_t i, from = 0;

	call_begin(&c, conn, s->add);
	call_simple(&c, GRPC_OP_SEND_INITIAL_METADATA);
	for (i = 0; i < m->n; i++) {
		call_send(&c, m->all.p + from, m->ends[i] - from, i + 1 < m->n);
		from = m->ends[i];
	}
	call_simple(&c, GRPC_OP_SEND_CLOSE_FROM_CLIENT);
	if (call_receive(&c, &reply))
		grpc_slice_unref(reply);
	call_finish(&c);
	return now() - began;
}

struct lister {
	struct conn conn;
	const struct service *service;
	uint32_t routes;
	pthread_mutex_t mu;
	int left;
};

static void *
lister_main(void *arg)
{
	struct lister *l = arg;
	int i;

	for (i = 0; i < 2; i++) {
		if (list(&l->conn, l->service, l->routes) != l->routes)
			die("routes are missing");
		pthread_mutex_lock(&l->mu);
		l->left--;
		pthread_mutex_unlock(&l->mu);
	}
	return NULL;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
phase_beside(struct conn *conn, const struct service *s, const char *endpoint,
    uint32_t routes, FILE *to)
{
	struct lister l = { .service = s, .routes = routes, .left = 2 };
	double *t = take(calloc(LATENCIES_MAX, sizeof(*t))), began;
	pthread_t thread;
	size_t n = 0;
	int left;

	conn_open(&l.conn, endpoint);
	unary(&l.conn, s);
	pthread_mutex_init(&l.mu, NULL);
	if (pthread_create(&thread, NULL, lister_main, &l) != 0)
		die("no thread");
	do {
		began = now();
		unary(conn, s);
		t[n++] = now() - began;
		pthread_mutex_lock(&l.mu);
		left = l.left;
		pthread_mutex_unlock(&l.mu);
	} while (left > 0 && n < LATENCIES_MAX);
	pthread_join(thread, NULL);
	conn_close(&l.conn);
	qsort(t, n, sizeof(*t), by_size);
	fprintf(to,
	    "{\"beside_calls\": %zu, \"beside_p50\": %.6f, "
	    "\"beside_p99\": %.6f, \"beside_max\": %.6f}\n",
	    n, t[n / 2], t[n - 1 - n / 100], t[n - 1]);
	free(t);
}

int
main(int argc, char **argv)
{
	const struct service *s = NULL;
	struct messages m;
	struct conn conn;
	uint32_t routes, calls, i;
	double began, seconds;

	if (argc == 4 && strcmp(argv[1], "list") == 0 &&
	    (s = service_find(argv[2])) != NULL)
		return list_only(s, argv[3]);
	if (argc == 5)
		s = service_find(argv[1]);
	if (s == NULL) {
		fprintf(stderr,
		    "usage: apiload stream|batch|gobgp ENDPOINT ROUTES "
		    "UNARY\n"
		    "       apiload list stream|batch|gobgp ENDPOINT\n");
		return 1;
	}
	routes = (uint32_t)strtoul(argv[3], NULL, 10);
	calls = (uint32_t)strtoul(argv[4], NULL, 10);
	if (routes == 0 || routes > 235u << 16 || calls == 0)
		die("a number is out of range");
	/* What one phase has printed stays, whatever becomes of the next. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	prepare(&m, s, routes);
	grpc_init();
	conn_open(&conn, argv[2]);
	unary(&conn, s);
	printf("{\"service\": \"%s\", \"routes\": %u}\n", s->name, routes);
	printf("{\"in\": %.6f}\n", phase_in(&conn, s, &m));
	began = now();
	if (list(&conn, s, routes) != routes)
		die("routes are missing");
	printf("{\"out\": %.6f}\n", now() - began);
	began = now();
	for (i = 0; i < calls; i++)
		unary(&conn, s);
	seconds = now() - began;
	printf("{\"unary\": %.6f}\n", seconds / calls);
	phase_beside(&conn, s, argv[2], routes, stdout);
	conn_close(&conn);
	grpc_shutdown_blocking();
	free(m.all.p);
	free(m.ends);
	return 0;
}
