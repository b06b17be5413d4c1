/* SPDX-License-Identifier: ISC */
/*
 * Checks of client messages that the protobuf library does not make.
 */
#include "apid/pb_check.h"

#include <string.h>

#include "apid/pbr.h"
#include "common/utf8.h"

enum { DEPTH_MAX = 16 }; /* our messages nest four deep */

bool
pb_is_text(const uint8_t *p, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = utf8_length(p + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

void
pb_mend_text(char *text)
{
	size_t i, n, len = strlen(text);

	for (i = 0; i < len; i += n) {
		n = utf8_length((const uint8_t *)text + i, len - i);
		if (n == 0) {
			text[i] = '?';
			n = 1;
		}
	}
}

static int check_message(const ProtobufCMessageDescriptor *, struct pbr,
    unsigned int depth, struct err *);

static int
check_bytes(const ProtobufCFieldDescriptor *field, const struct pbr *value,
    unsigned int depth, struct err *e)
{
	size_t len = pbr_left(value);

	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return check_message(field->descriptor, *value, depth + 1, e);
	if (field->type != PROTOBUF_C_TYPE_STRING)
		return 0;
	if (len > 0 && memchr(value->p, 0, len) != NULL)
		return err_set(e, ERR_INVALID, "%s: contains a NUL byte",
		    field->name);
	if (!pb_is_text(value->p, len))
		return err_set(e, ERR_INVALID, "%s: is not valid UTF-8",
		    field->name);
	return 0;
}

static int
check_member(const ProtobufCFieldDescriptor *field, const struct pbr_member *m,
    unsigned int depth, struct err *e)
{
	if (field == NULL) /* unknown to us: skipped */
		return 0;
	if (m->wire == PBR_BYTES)
		return check_bytes(field, &m->body, depth, e);
	if (m->wire == PBR_VARINT && field->type == PROTOBUF_C_TYPE_ENUM &&
	    (m->value > INT32_MAX ||
		protobuf_c_enum_descriptor_get_value(field->descriptor,
		    (int)m->value) == NULL))
		return err_set(e, ERR_INVALID, "%s: unknown value %lld",
		    field->name, (long long)(int64_t)m->value);
	return 0;
}

static int
check_message(const ProtobufCMessageDescriptor *desc, struct pbr r,
    unsigned int depth, struct err *e)
{
	struct pbr_member m;
	int more;

	if (depth > DEPTH_MAX)
		return err_set(e, ERR_INVALID, "%s: nested too deep",
		    desc->short_name);
	while ((more = pbr_next(&r, &m)) == 1)
		if (check_member(
			protobuf_c_message_descriptor_get_field(desc, m.number),
			&m, depth, e) == -1)
			return -1;
	if (more == -1)
		return err_set(e, ERR_INVALID, "malformed protobuf");
	return 0;
}

int
pb_check(const ProtobufCMessageDescriptor *desc, const uint8_t *data,
    size_t len, struct err *e)
{
	struct pbr r;

	pbr_init(&r, data, len);
	err_clear(e);
	return check_message(desc, r, 0, e);
}
