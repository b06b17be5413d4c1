/* SPDX-License-Identifier: ISC */
/*
 * Messages of any kind by their descriptors, as JSON and as lines of text.
 */
#include "bgpctl/ctl.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "common/xmalloc.h"

/* How many values a member has, and where they lie. */
static size_t
values_of(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
    const char **first)
{
	const char *at = (const char *)m + f->offset;
	const void *pointer;
	uint32_t chosen;
	size_t n;

	*first = at;
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		memcpy(&n, (const char *)m + f->quantifier_offset, sizeof(n));
		memcpy(&pointer, at, sizeof(pointer));
		*first = pointer;
		return n;
	}
	if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
		memcpy(&chosen, (const char *)m + f->quantifier_offset,
		    sizeof(chosen));
		if (chosen != f->id)
			return 0;
	}
	if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
		memcpy(&pointer, at, sizeof(pointer));
		return pointer != NULL;
	}
	return 1;
}

static size_t
value_size(const ProtobufCFieldDescriptor *f)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_UINT64:
		return sizeof(uint64_t);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	default:
		return sizeof(uint32_t);
	}
}

static uint64_t
number_at(const ProtobufCFieldDescriptor *f, const char *at)
{
	protobuf_c_boolean truth;
	uint64_t wide;
	uint32_t v;

	if (f->type == PROTOBUF_C_TYPE_BOOL) {
		memcpy(&truth, at, sizeof(truth));
		return truth != 0;
	}
	if (f->type == PROTOBUF_C_TYPE_UINT64) {
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
	memcpy(&v, at, sizeof(v));
	return v;
}

static const void *
pointer_at(const char *at)
{
	const void *p;

	memcpy(&p, at, sizeof(p));
	return p;
}

/* The name of an enum's value in small letters. */
static const char *
enum_name(const ProtobufCFieldDescriptor *f, const char *at, char *buf,
    size_t len)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
	    f->descriptor, (int)number_at(f, at));
	char *p;

	(void)snprintf(buf, len, "%s", value == NULL ? "?" : value->name);
	for (p = buf; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return buf;
}

/* --- JSON */

static void
put_value_json(struct ctl *ctl, const char *key,
    const ProtobufCFieldDescriptor *f, const char *at)
{
	char name[64];

	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		json_string(&ctl->json, key, pointer_at(at));
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		ctl_put_message_json(ctl, key, pointer_at(at));
		break;
	case PROTOBUF_C_TYPE_BOOL:
		json_bool(&ctl->json, key, number_at(f, at) != 0);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		json_string(&ctl->json, key,
		    enum_name(f, at, name, sizeof(name)));
		break;
	default:
		json_uint(&ctl->json, key, number_at(f, at));
		break;
	}
}

void
ctl_put_message_json(struct ctl *ctl, const char *key,
    const ProtobufCMessage *m)
{
	const ProtobufCFieldDescriptor *f;
	const char *at;
	size_t i, n;
	unsigned int k;

	if (m->descriptor == &bgp__path__descriptor) {
		ctl_put_path_json(&ctl->json, key, (const void *)m);
		return;
	}
	json_object(&ctl->json, key);
	for (k = 0; k < m->descriptor->n_fields; k++) {
		f = &m->descriptor->fields[k];
		n = values_of(m, f, &at);
		if (f->label != PROTOBUF_C_LABEL_REPEATED) {
			if (n > 0)
				put_value_json(ctl, f->name, f, at);
			continue;
		}
		json_array(&ctl->json, f->name);
		for (i = 0; i < n; i++)
			put_value_json(ctl, NULL, f, at + i * value_size(f));
		json_array_end(&ctl->json);
	}
	json_object_end(&ctl->json);
}

/* --- text */

enum { LINE = 80 };

struct line {
	FILE *to;
	int column;
	int start; /* of lines that go on */
};

static void put_word(struct line *, const char *fmt, ...) ATTR_PRINTF(2, 3);

static void
put_word(struct line *l, const char *fmt, ...)
{
	char word[1100];
	va_list ap;
	int len;

	va_start(ap, fmt);
	(void)vsnprintf(word, sizeof(word), fmt, ap);
	va_end(ap);
	len = (int)strlen(word);
	if (l->column > l->start && l->column + 1 + len > LINE) {
		fprintf(l->to, "\n%*s", l->start, "");
		l->column = l->start;
	} else if (l->column > l->start) {
		putc(' ', l->to);
		l->column++;
	}
	fputs(word, l->to);
	l->column += len;
}

static void put_values(struct line *, const ProtobufCMessage *);

static void
put_range(struct line *l, const Bgp__NumberRange *r)
{
	char min[16] = "", max[16] = "";

	if (r->_min_case != 0)
		(void)snprintf(min, sizeof(min), "%u", r->min);
	if (r->_max_case != 0)
		(void)snprintf(max, sizeof(max), "%u", r->max);
	put_word(l, "%s..%s", min, max);
}

static void
put_value(struct line *l, const ProtobufCFieldDescriptor *f, const char *at)
{
	const char *text;
	char name[64];

	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		text = pointer_at(at);
		if (text[0] != '\0')
			put_word(l, "%s", text);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		if (f->descriptor == &bgp__number_range__descriptor)
			put_range(l, pointer_at(at));
		else
			put_values(l, pointer_at(at));
		break;
	case PROTOBUF_C_TYPE_BOOL:
		if (number_at(f, at) == 0)
			put_word(l, "no");
		break;
	case PROTOBUF_C_TYPE_ENUM:
		put_word(l, "%s", enum_name(f, at, name, sizeof(name)));
		break;
	default:
		put_word(l, "%llu", (unsigned long long)number_at(f, at));
		break;
	}
}

/* The values of a message's members, one after the other. */
static void
put_values(struct line *l, const ProtobufCMessage *m)
{
	const ProtobufCFieldDescriptor *f;
	const char *at;
	size_t i, n;
	unsigned int k;

	for (k = 0; k < m->descriptor->n_fields; k++) {
		f = &m->descriptor->fields[k];
		n = values_of(m, f, &at);
		for (i = 0; i < n; i++)
			put_value(l, f, at + i * value_size(f));
	}
}

static void
put_member(FILE *to, int indent, const ProtobufCFieldDescriptor *f,
    const char *at, size_t n)
{
	struct line l = { to, indent, indent + 4 };
	const char *p;
	size_t i;

	fprintf(to, "%*s", indent, "");
	for (p = f->name; *p != '\0'; p++)
		putc(*p == '_' ? '-' : *p, to);
	/* More than the start, so that a blank follows. */
	l.column = indent + 4 + (int)strlen(f->name);
	for (i = 0; i < n; i++)
		put_value(&l, f, at + i * value_size(f));
	putc('\n', to);
}

void
ctl_put_members(FILE *to, int indent, const ProtobufCMessage *m)
{
	const ProtobufCFieldDescriptor *f;
	const char *at;
	size_t i, n;
	unsigned int k;

	for (k = 0; k < m->descriptor->n_fields; k++) {
		f = &m->descriptor->fields[k];
		n = values_of(m, f, &at);
		if (n == 0)
			continue;
		if (f->type != PROTOBUF_C_TYPE_MESSAGE) {
			put_member(to, indent, f, at, n);
			continue;
		}
		for (i = 0; i < n; i++)
			put_member(to, indent, f, at + i * value_size(f), 1);
	}
}
