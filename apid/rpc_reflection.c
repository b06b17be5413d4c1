/* SPDX-License-Identifier: ISC */
/*
 * Server reflection: descriptors for clients without files.
 *
 * One question is answered at a time, while there is room for the answer; a
 * client that does not read is not read from either.  Questions and answers
 * of v1 and v1alpha are the same bytes.
 */
#include "apid/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/status.h>

#include "apid/apid.h"
#include "apid/pb_check.h"
#include "apid/symbols.h"
#include "common/xmalloc.h"
#include "proto/grpc/reflection/v1/reflection.pb-c.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest Request;
typedef Grpc__Reflection__V1__ServerReflectionResponse Response;
#define MESSAGE(name, member)                                                  \
	GRPC__REFLECTION__V1__SERVER_REFLECTION_##name##__MESSAGE_##member
#define ASKED(what) MESSAGE(REQUEST, REQUEST_##what)
#define ANSWER(what) MESSAGE(RESPONSE, RESPONSE_##what)

enum { QUESTION_MAX = 4096 /* bytes of one request: it is echoed */ };

struct reflection {
	struct apid *apid;
	struct call *call;
};

static void
send_answer(struct reflection *r, const Response *answer)
{
	size_t len = protobuf_c_message_get_packed_size(&answer->base);
	uint8_t *bytes = xmalloc(len);
	uint32_t end = (uint32_t)len;

	(void)protobuf_c_message_pack(&answer->base, bytes);
	call_send(r->call, bytes, &end, 1);
	free(bytes);
}

static void
send_error(struct reflection *r, Response *answer, grpc_status_code code,
    char *text)
{
	Grpc__Reflection__V1__ErrorResponse e;

	grpc__reflection__v1__error_response__init(&e);
	e.error_code = (int32_t)code;
	e.error_message = text;
	answer->message_response_case = ANSWER(ERROR_RESPONSE);
	answer->error_response = &e;
	send_answer(r, answer);
}

/* The name was checked to be text; QUESTION_MAX bounds it. */
static void
send_not_found(struct reflection *r, Response *answer, const char *what,
    const char *name)
{
	char *text = xasprintf("%s %s not found", what, name);

	send_error(r, answer, GRPC_STATUS_NOT_FOUND, text);
	free(text);
}

/* A file and what it imports, each once, the file itself first. */
static void
send_file(struct reflection *r, Response *answer, int file)
{
	const struct symbols *s = r->apid->symbols;
	size_t n_files = symbols_n_files(s), n = 0, at, i, imports;
	Grpc__Reflection__V1__FileDescriptorResponse m;
	ProtobufCBinaryData *bytes = xcalloc(n_files, sizeof(*bytes));
	int *files = xcalloc(n_files, sizeof(*files));
	int *found = xcalloc(n_files, sizeof(*found));
	bool *taken = xcalloc(n_files, sizeof(*taken));

	files[n++] = file;
	taken[file] = true;
	for (at = 0; at < n; at++) {
		/* The bytes are only read. */
		bytes[at].data = (uint8_t *)(uintptr_t)symbols_bytes(s,
		    files[at], &bytes[at].len);
		imports = symbols_imports(s, files[at], found, n_files);
		for (i = 0; i < imports && i < n_files; i++) {
			if (taken[found[i]])
				continue;
			taken[found[i]] = true;
			files[n++] = found[i];
		}
	}
	grpc__reflection__v1__file_descriptor_response__init(&m);
	m.n_file_descriptor_proto = n;
	m.file_descriptor_proto = bytes;
	answer->message_response_case = ANSWER(FILE_DESCRIPTOR_RESPONSE);
	answer->file_descriptor_response = &m;
	send_answer(r, answer);
	free(taken);
	free(found);
	free(files);
	free(bytes);
}

static void
send_services(struct reflection *r, Response *answer)
{
	const struct symbols *s = r->apid->symbols;
	Grpc__Reflection__V1__ListServiceResponse m;
	Grpc__Reflection__V1__ServiceResponse *v, **list;
	size_t i, n = 0;

	while (symbols_service(s, n) != NULL)
		n++;
	v = xcalloc(n, sizeof(*v));
	list = xcalloc(n, sizeof(*list));
	for (i = 0; i < n; i++) {
		grpc__reflection__v1__service_response__init(&v[i]);
		v[i].name = (char *)(uintptr_t)symbols_service(s, i);
		list[i] = &v[i];
	}
	grpc__reflection__v1__list_service_response__init(&m);
	m.n_service = n;
	m.service = list;
	answer->message_response_case = ANSWER(LIST_SERVICES_RESPONSE);
	answer->list_services_response = &m;
	send_answer(r, answer);
	free(list);
	free(v);
}

/* proto3 has no extensions: a message has none, anything else is unknown. */
static void
send_extensions(struct reflection *r, Response *answer, char *type)
{
	Grpc__Reflection__V1__ExtensionNumberResponse m;

	if (!symbols_is_message(r->apid->symbols, type)) {
		send_not_found(r, answer, "type", type);
		return;
	}
	grpc__reflection__v1__extension_number_response__init(&m);
	m.base_type_name = type;
	answer->message_response_case = ANSWER(ALL_EXTENSION_NUMBERS_RESPONSE);
	answer->all_extension_numbers_response = &m;
	send_answer(r, answer);
}

static void
answer_question(struct reflection *r, Request *q)
{
	const struct symbols *s = r->apid->symbols;
	char unknown[] = "message_request: nothing is asked";
	Response answer;
	const char *name;
	int file;

	grpc__reflection__v1__server_reflection_response__init(&answer);
	answer.valid_host = q->host;
	answer.original_request = q;
	switch (q->message_request_case) {
	case ASKED(FILE_BY_FILENAME):
		file = symbols_file(s, q->file_by_filename);
		if (file == -1)
			send_not_found(r, &answer, "file", q->file_by_filename);
		else
			send_file(r, &answer, file);
		break;
	case ASKED(FILE_CONTAINING_SYMBOL):
		name = q->file_containing_symbol;
		if (name[0] == '.')
			name++;
		file = symbols_find(s, name);
		if (file == -1)
			send_not_found(r, &answer, "symbol", name);
		else
			send_file(r, &answer, file);
		break;
	case ASKED(FILE_CONTAINING_EXTENSION):
		send_not_found(r, &answer, "extension of",
		    q->file_containing_extension->containing_type);
		break;
	case ASKED(ALL_EXTENSION_NUMBERS_OF_TYPE):
		send_extensions(r, &answer, q->all_extension_numbers_of_type);
		break;
	case ASKED(LIST_SERVICES):
		send_services(r, &answer);
		break;
	default:
		send_error(r, &answer, GRPC_STATUS_INVALID_ARGUMENT, unknown);
		break;
	}
}

/* Take one question.  -1: it was none, and the call has ended. */
static int
take(struct reflection *r, const uint8_t *data, size_t len)
{
	const ProtobufCMessageDescriptor *type =
	    &grpc__reflection__v1__server_reflection_request__descriptor;
	ProtobufCMessage *q = NULL;
	struct err e;

	if (len > QUESTION_MAX)
		(void)err_set(&e, ERR_INVALID,
		    "a request of %zu bytes: at most %d", len, QUESTION_MAX);
	else if (pb_check(type, data, len, &e) == 0) {
		q = protobuf_c_message_unpack(type, NULL, len, data);
		if (q == NULL)
			(void)err_set(&e, ERR_INVALID, "malformed %s",
			    type->short_name);
	}
	if (q == NULL) {
		call_fail(r->call, &e);
		return -1;
	}
	answer_question(r, (Request *)(void *)q);
	protobuf_c_message_free_unpacked(q, NULL);
	return 0;
}

/* May free. */
static void
pump(void *ctx)
{
	struct reflection *r = ctx;
	const uint8_t *data;
	struct err none = { .code = ERR_OK };
	size_t len;

	while (call_has_room(r->call) && call_next_item(r->call, &data, &len)) {
		if (take(r, data, len) == -1) {
			free(r);
			return;
		}
	}
	if (call_is_drained(r->call)) {
		call_end(r->call, &none);
		free(r);
	}
}

static void
on_cancel(void *ctx)
{
	free(ctx);
}

static const struct call_ops call_ops = {
	.on_cancel = on_cancel,
	.on_room = pump,
	.on_items = pump,
};

void
rpc_reflection(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	struct apid *apid = ctx;
	struct reflection *r;

	(void)request;
	if (apid->conf != NULL && !apid->conf->grpc_reflection) {
		call_unimplemented(call, "reflection is switched off");
		return;
	}
	r = xcalloc(1, sizeof(*r));
	r->apid = apid;
	r->call = call;
	call_set_ops(call, &call_ops, r);
}
