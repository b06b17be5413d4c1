/* SPDX-License-Identifier: ISC */
/*
 * Checks of client messages that the protobuf library does not make.
 */
#include "apid/pb_check.h"

#include <string.h>

enum { /* wire types */
	WIRE_VARINT = 0,
	WIRE_64 = 1,
	WIRE_BYTES = 2,
	WIRE_32 = 5,
};

enum { DEPTH_MAX = 16 }; /* our messages nest four deep */

struct span {
	const uint8_t *p;
	const uint8_t *end;
};

static bool
get_varint(struct span *s, uint64_t *value)
{
	unsigned int shift;

	*value = 0;
	for (shift = 0; shift < 70; shift += 7) {
		if (s->p == s->end)
			return false;
		*value |= shift > 63 ? 0 : (uint64_t)(*s->p & 0x7f) << shift;
		if ((*s->p++ & 0x80) == 0)
			return true;
	}
	return false;
}

static bool
get_bytes(struct span *s, uint64_t n, struct span *out)
{
	if (n > (uint64_t)(s->end - s->p))
		return false;
	out->p = s->p;
	s->p += n;
	out->end = s->p;
	return true;
}

/*
 * One sequence of UTF-8 that starts with a byte above 0x7f: its length, 0
 * if it is none.  Rules out overlong forms, surrogates and what is above
 * U+10FFFF through the range of the second byte.
 */
static size_t
utf8_sequence(const uint8_t *p, size_t left)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n, i;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (n > left || p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

size_t
pb_text_length(const uint8_t *p, size_t len)
{
	if (p[0] == 0)
		return 0;
	return p[0] < 0x80 ? 1 : utf8_sequence(p, len);
}

bool
pb_is_text(const uint8_t *p, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = pb_text_length(p + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

static int check_message(const ProtobufCMessageDescriptor *, struct span,
    unsigned int depth, struct err *);

static int
check_bytes(const ProtobufCFieldDescriptor *field, struct span value,
    unsigned int depth, struct err *e)
{
	size_t len = (size_t)(value.end - value.p);

	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return check_message(field->descriptor, value, depth + 1, e);
	if (field->type != PROTOBUF_C_TYPE_STRING)
		return 0;
	if (len > 0 && memchr(value.p, 0, len) != NULL)
		return err_set(e, ERR_INVALID, "%s: contains a NUL byte",
		    field->name);
	if (!pb_is_text(value.p, len))
		return err_set(e, ERR_INVALID, "%s: is not valid UTF-8",
		    field->name);
	return 0;
}

static int
check_field(const ProtobufCFieldDescriptor *field, unsigned int wire,
    struct span *s, unsigned int depth, struct err *e)
{
	struct span value;
	uint64_t v;

	switch (wire) {
	case WIRE_VARINT:
		if (!get_varint(s, &v))
			break;
		if (field != NULL && field->type == PROTOBUF_C_TYPE_ENUM &&
		    (v > INT32_MAX ||
			protobuf_c_enum_descriptor_get_value(field->descriptor,
			    (int)v) == NULL))
			return err_set(e, ERR_INVALID, "%s: unknown value %lld",
			    field->name, (long long)(int64_t)v);
		return 0;
	case WIRE_64:
		if (!get_bytes(s, 8, &value))
			break;
		return 0;
	case WIRE_32:
		if (!get_bytes(s, 4, &value))
			break;
		return 0;
	case WIRE_BYTES:
		if (!get_varint(s, &v) || !get_bytes(s, v, &value))
			break;
		return field == NULL ? 0 : check_bytes(field, value, depth, e);
	default:
		break;
	}
	return err_set(e, ERR_INVALID, "malformed protobuf");
}

static int
check_message(const ProtobufCMessageDescriptor *desc, struct span s,
    unsigned int depth, struct err *e)
{
	const ProtobufCFieldDescriptor *field;
	uint64_t key;

	if (depth > DEPTH_MAX)
		return err_set(e, ERR_INVALID, "%s: nested too deep",
		    desc->short_name);
	while (s.p < s.end) {
		if (!get_varint(&s, &key) || key > UINT32_MAX || key < 8)
			return err_set(e, ERR_INVALID, "malformed protobuf");
		field = protobuf_c_message_descriptor_get_field(desc,
		    (unsigned int)(key >> 3));
		if (check_field(field, (unsigned int)key & 7, &s, depth, e) ==
		    -1)
			return -1;
	}
	return 0;
}

int
pb_check(const ProtobufCMessageDescriptor *desc, const uint8_t *data,
    size_t len, struct err *e)
{
	struct span s = { data, data };

	if (len > 0)
		s.end = data + len;
	err_clear(e);
	return check_message(desc, s, 0, e);
}
