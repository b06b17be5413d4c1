/* SPDX-License-Identifier: ISC */
/*
 * Many networks at a time, from a file or a pipe: a line each.
 *
 * The lines become elements of EditRoutes, as many in a message as are at
 * hand up to a bound; a daemon that knows no batches gets the additions one
 * by one through AddRouteStream.  Lines that are wrong here are told and
 * left out; what the daemon refuses is told by its line, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpctl/route.h"
#include "bgpctl/progress.h"
#include "common/nlri.h"
#include "common/xmalloc.h"
#include "proto/bgpgg/v1/route.pb-c.h"

enum {
	MESSAGE_BYTES = 16 * 1024, /* a message is sent when it has that many */
	FIRST_BUF = 64 * 1024,
};

/* From this element on, lines are `ahead` further than elements. */
struct shift {
	uint64_t element;
	uint64_t ahead;
};

/* Lines of a file or pipe, as they come. */
struct bulk {
	struct ctl *ctl;
	int fd;
	bool remove;
	bool single; /* one element a message, no message around it */
	char *buf;
	size_t len, cap, used;
	bool eof;
	uint64_t line;
	uint64_t wrong;
	uint64_t elements; /* given to the daemon */
	struct shift *shifts;
	size_t n_shifts;
	struct route *route;
	struct progress progress;
	uint8_t *message; /* under construction */
	size_t message_len, message_cap;
};

/* The next line without its end; NULL at the end of the input. */
static char *
next_line(struct bulk *b)
{
	char *line, *end;
	ssize_t n;

	for (;;) {
		end = b->len == b->used ?
		    NULL :
		    memchr(b->buf + b->used, '\n', b->len - b->used);
		if (end != NULL || (b->eof && b->used < b->len)) {
			line = b->buf + b->used;
			if (end == NULL)
				end = b->buf + b->len;
			*end = '\0';
			b->used = (size_t)(end - b->buf) + 1;
			if (b->used > b->len)
				b->used = b->len;
			b->line++;
			return line;
		}
		if (b->eof)
			return NULL;
		memmove(b->buf, b->buf + b->used, b->len - b->used);
		b->len -= b->used;
		b->used = 0;
		if (b->cap - b->len < 2) {
			b->cap *= 2;
			b->buf = xreallocarray(b->buf, b->cap, 1);
		}
		do {
			n = read(b->fd, b->buf + b->len, b->cap - b->len - 1);
		} while (n == -1 && errno == EINTR);
		if (n <= 0)
			b->eof = true;
		else
			b->len += (size_t)n;
	}
}

/* Is a whole line at hand without waiting? */
static bool
line_waits(const struct bulk *b)
{
	return b->used < b->len &&
	    (b->eof ||
		memchr(b->buf + b->used, '\n', b->len - b->used) != NULL);
}

static void
note_shift(struct bulk *b)
{
	uint64_t ahead = b->line - b->elements;

	if (b->n_shifts > 0 && b->shifts[b->n_shifts - 1].ahead == ahead)
		return;
	b->shifts =
	    xreallocarray(b->shifts, b->n_shifts + 1, sizeof(*b->shifts));
	b->shifts[b->n_shifts].element = b->elements;
	b->shifts[b->n_shifts++].ahead = ahead;
}

/* The line of an element, both counted from 1. */
static uint64_t
line_of(const struct bulk *b, uint64_t element)
{
	size_t i = b->n_shifts;

	while (i > 0 && b->shifts[i - 1].element > element)
		i--;
	return element + (i == 0 ? 0 : b->shifts[i - 1].ahead);
}

static uint8_t *
message_room(struct bulk *b, size_t n)
{
	if (b->message_cap - b->message_len < n) {
		b->message_cap = (b->message_len + n) * 2;
		b->message = xreallocarray(b->message, b->message_cap, 1);
	}
	return b->message + b->message_len;
}

/* The head of element `field` of EditRoutesRequest, n bytes long. */
static void
put_head(struct bulk *b, unsigned int field, size_t n)
{
	uint8_t *p = message_room(b, 12), *start = p;

	*p++ = (uint8_t)(field << 3 | 2);
	for (; n >= 0x80; n >>= 7)
		*p++ = (uint8_t)(n | 0x80);
	*p++ = (uint8_t)n;
	b->message_len += (size_t)(p - start);
}

static int
put_add(struct bulk *b, int argc, const char *const *words, char *err,
    size_t err_len)
{
	static const struct cmd grammar[] = {
		{ "add", "PREFIX", ctl_network_add_opts, NULL, "" },
	};
	struct cmd_args args;
	size_t n;

	if (cmd_parse(grammar, 1, argc, words, &args, err, err_len) == -1 ||
	    route_init(b->route, &args, err, err_len) == -1)
		return -1;
	n = protobuf_c_message_get_packed_size(&b->route->m.base);
	if (!b->single)
		put_head(b, 2, n);
	(void)protobuf_c_message_pack(&b->route->m.base, message_room(b, n));
	b->message_len += n;
	route_fini(b->route);
	return 0;
}

/* Anything may follow the prefix, so that a file that was added can be
 * given to delete as it is. */
static int
put_remove(struct bulk *b, const char *prefix, char *err, size_t err_len)
{
	size_t n = strlen(prefix);
	struct nlri nlri;
	struct err e;

	if (nlri_parse(prefix, &nlri, &e) == -1) {
		(void)snprintf(err, err_len, "%s", e.text);
		return -1;
	}
	put_head(b, 1, n);
	memcpy(message_room(b, n), prefix, n);
	b->message_len += n;
	return 0;
}

/* Put what a line means into the message: 1, 0 for an empty line, -1 if it
 * is wrong. */
static int
put_line(struct bulk *b, char *line, char *err, size_t err_len)
{
	const char *words[2 * CMD_OPTIONS + 2];
	int n;

	words[0] = "add";
	n = cmd_split(line, words + 1, 2 * CMD_OPTIONS);
	if (n == 0)
		return 0;
	if (n == -1) {
		(void)snprintf(err, err_len, "unbalanced quotes");
		return -1;
	}
	if ((b->remove ? put_remove(b, words[1], err, err_len) :
			 put_add(b, n + 1, words, err, err_len)) == -1)
		return -1;
	return 1;
}

/*
 * The next message: as many lines as are at hand, at least one, so that a
 * slow pipe holds nothing back.
 */
static bool
next_message(void *arg, const void **data, size_t *len, bool *more)
{
	struct bulk *b = arg;
	uint64_t before = b->elements;
	char err[sizeof(((struct err *)0)->text)];
	char *line;
	int got;

	b->message_len = 0;
	while ((b->elements == before ||
		   (!b->single && line_waits(b) &&
		       b->message_len < MESSAGE_BYTES)) &&
	    (line = next_line(b)) != NULL) {
		got = put_line(b, line, err, sizeof(err));
		if (got == -1) {
			b->wrong++;
			progress_end(&b->progress);
			fprintf(b->ctl->err, "bgpctl: line %llu: %s\n",
			    (unsigned long long)b->line, err);
		}
		if (got == 1) {
			b->elements++;
			note_shift(b);
			progress_show(&b->progress, b->elements);
		}
	}
	*data = b->message;
	*len = b->message_len;
	*more = line_waits(b);
	return b->elements > before;
}

static void
put_result(struct ctl *ctl, const char *message, uint64_t count,
    uint64_t refused, uint64_t wrong)
{
	if (!ctl->json_out) {
		fprintf(ctl->out, "%s\n", message);
		return;
	}
	json_object(&ctl->json, NULL);
	json_bool(&ctl->json, "success", wrong == 0 && refused == 0);
	json_string(&ctl->json, "message", message);
	json_uint(&ctl->json, "count", count);
	json_uint(&ctl->json, "refused", refused);
	json_uint(&ctl->json, "wrong_lines", wrong);
	json_object_end(&ctl->json);
	json_done(&ctl->json);
}

static int
put_edited(struct bulk *b, const Bgpgg__V1__EditRoutesResponse *reply)
{
	const Bgpgg__V1__EditFault *fault;
	size_t i;

	for (i = 0; i < reply->n_faults; i++) {
		fault = reply->faults[i];
		fprintf(b->ctl->err, "bgpctl: line %llu: %s\n",
		    (unsigned long long)line_of(b, fault->sequence),
		    fault->message);
	}
	put_result(b->ctl, reply->message,
	    b->remove ? reply->removed : reply->added, reply->refused,
	    b->wrong);
	return b->wrong == 0 && reply->refused == 0 ? CTL_DONE : CTL_REFUSED;
}

static int
put_added(struct bulk *b, const Bgp__AddRouteStreamResponse *reply)
{
	uint64_t refused = b->elements - reply->count;

	put_result(b->ctl, reply->message, reply->count, refused, b->wrong);
	return b->wrong == 0 && refused == 0 ? CTL_DONE : CTL_REFUSED;
}

/* Does the daemon know bgpgg.v1?  Asked before a pipe is read, whose lines
 * come only once. */
static bool
knows_batches(struct ctl *ctl)
{
	struct client_status status = { 0, NULL };
	Bgpgg__V1__EditRoutesRequest empty;
	ProtobufCMessage *reply;
	bool known = true;

	bgpgg__v1__edit_routes_request__init(&empty);
	if (client_unary(ctl->client, "/bgpgg.v1.RouteService/EditRoutes",
		&empty.base, &bgpgg__v1__edit_routes_response__descriptor,
		&reply, &status) == 0)
		protobuf_c_message_free_unpacked(reply, NULL);
	else
		known = !client_is_unimplemented(&status);
	client_status_fini(&status);
	return known;
}

static int
run(struct bulk *b)
{
	struct client_status status = { 0, NULL };
	ProtobufCMessage *reply;
	int exit_status, failed;

	b->single = !b->remove && !knows_batches(b->ctl);
	failed = client_upload(b->ctl->client,
	    b->single ? "/bgp.BgpService/AddRouteStream" :
			"/bgpgg.v1.RouteService/EditRoutes",
	    next_message, b,
	    b->single ? &bgp__add_route_stream_response__descriptor :
			&bgpgg__v1__edit_routes_response__descriptor,
	    &reply, &status);
	progress_end(&b->progress);
	if (failed == -1)
		return ctl_refused(b->ctl, &status);
	exit_status = b->single ? put_added(b, (const void *)reply) :
				  put_edited(b, (const void *)reply);
	protobuf_c_message_free_unpacked(reply, NULL);
	client_status_fini(&status);
	return exit_status;
}

static int
bulk(struct ctl *ctl, const char *file, bool remove)
{
	struct bulk b;
	int exit_status;

	memset(&b, 0, sizeof(b));
	b.ctl = ctl;
	/* The answer is one line at the end: it does no harm to it. */
	progress_init(&b.progress, ctl->err, NULL, "routes");
	b.remove = remove;
	b.fd = strcmp(file, "-") == 0 ? STDIN_FILENO :
					open(file, O_RDONLY | O_CLOEXEC);
	if (b.fd == -1)
		return ctl_usage(ctl, "%s: %s", file, strerror(errno));
	b.cap = FIRST_BUF;
	b.buf = xmalloc(b.cap);
	b.route = xcalloc(1, sizeof(*b.route));
	exit_status = run(&b);
	if (b.fd != STDIN_FILENO)
		close(b.fd);
	free(b.buf);
	free(b.shifts);
	free(b.message);
	free(b.route);
	return exit_status;
}

int
ctl_network_bulk_add(struct ctl *ctl, const struct cmd_args *args)
{
	return bulk(ctl, args->values[0], false);
}

int
ctl_network_bulk_delete(struct ctl *ctl, const struct cmd_args *args)
{
	return bulk(ctl, args->values[0], true);
}
