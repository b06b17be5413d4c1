/* SPDX-License-Identifier: ISC */
/*
 * AS paths in wire form.
 */
#include "common/aspath.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/be.h"

enum { SEGMENT_MAX = 255 }; /* numbers in one segment */

/* An empty path may be NULL. */
static const uint8_t *
path_end(const uint8_t *p, size_t len)
{
	return len > 0 ? p + len : p;
}

enum aspath_fault
aspath_check(const uint8_t *p, size_t len, unsigned int width, bool confed_ok)
{
	const uint8_t *end = path_end(p, len);
	bool zero = false, confed = false;
	size_t bytes;

	while (p < end) {
		if (end - p < 2 || p[0] < BGP_SEGMENT_SET ||
		    p[0] > BGP_SEGMENT_CONFED_SET || p[1] == 0)
			return ASPATH_MALFORMED;
		bytes = (size_t)p[1] * width;
		confed |= p[0] > BGP_SEGMENT_SEQUENCE;
		p += 2;
		if ((size_t)(end - p) < bytes)
			return ASPATH_MALFORMED;
		if (width == 4) {
			for (size_t i = 0; i < bytes; i += 4)
				zero |= be_get32(p + i) == 0;
		} else {
			for (size_t i = 0; i < bytes; i += 2)
				zero |= be_get16(p + i) == 0;
		}
		p += bytes;
	}
	if (zero)
		return ASPATH_AS_ZERO;
	if (confed && !confed_ok)
		return ASPATH_CONFED;
	return ASPATH_OK;
}

/* Segments one after the other; ends also where one does not fit. */
static bool
next(const uint8_t **p, const uint8_t *end, struct aspath_segment *s)
{
	if (end - *p < 2)
		return false;
	s->type = (*p)[0];
	s->count = (*p)[1];
	s->asns = *p + 2;
	if ((size_t)(end - s->asns) < (size_t)s->count * 4)
		return false;
	*p = s->asns + (size_t)s->count * 4;
	return true;
}

bool
aspath_next(struct rd *r, struct aspath_segment *s)
{
	return !r->bad && r->p != NULL && next(&r->p, r->end, s);
}

uint32_t
aspath_asn(const struct aspath_segment *s, unsigned int i)
{
	return be_get32(s->asns + (size_t)i * 4);
}

static bool
is_confed(const struct aspath_segment *s)
{
	return s->type == BGP_SEGMENT_CONFED_SEQUENCE ||
	    s->type == BGP_SEGMENT_CONFED_SET;
}

/* What a segment counts in the length of a path. */
static unsigned int
weight(const struct aspath_segment *s)
{
	if (s->type == BGP_SEGMENT_SEQUENCE)
		return s->count;
	return s->type == BGP_SEGMENT_SET ? 1 : 0;
}

unsigned int
aspath_len(const uint8_t *p, size_t len)
{
	const uint8_t *end = path_end(p, len);
	struct aspath_segment s;
	unsigned int n = 0;

	while (next(&p, end, &s))
		n += weight(&s);
	return n;
}

uint32_t
aspath_first(const uint8_t *p, size_t len)
{
	const uint8_t *end = path_end(p, len);
	struct aspath_segment s;

	while (next(&p, end, &s)) {
		if (is_confed(&s))
			continue;
		if (s.type != BGP_SEGMENT_SEQUENCE || s.count == 0)
			return 0;
		return aspath_asn(&s, 0);
	}
	return 0;
}

uint32_t
aspath_origin(const uint8_t *p, size_t len)
{
	const uint8_t *end = path_end(p, len);
	struct aspath_segment s;
	uint32_t asn = 0;

	while (next(&p, end, &s)) {
		if (s.type == BGP_SEGMENT_SEQUENCE && s.count > 0)
			asn = aspath_asn(&s, s.count - 1u);
		else
			asn = 0;
	}
	return asn;
}

unsigned int
aspath_count(const uint8_t *p, size_t len, uint32_t asn)
{
	const uint8_t *end = path_end(p, len);
	struct aspath_segment s;
	uint32_t want = htobe32(asn), v;
	unsigned int n = 0;

	while (next(&p, end, &s)) {
		for (unsigned int i = 0; i < s.count; i++) {
			memcpy(&v, s.asns + (size_t)i * 4, sizeof(v));
			n += v == want;
		}
	}
	return n;
}

bool
aspath_contains(const uint8_t *p, size_t len, uint32_t asn)
{
	return aspath_count(p, len, asn) > 0;
}

size_t
aspath_prepend(uint8_t *to, const uint8_t *p, size_t len, uint32_t asn,
    unsigned int n)
{
	uint8_t *at = to;
	unsigned int first = 0, room, take;

	/* The path's own first sequence takes what it has room for and comes
	 * last; whole new sequences go before it. */
	if (len >= 2 && p[0] == BGP_SEGMENT_SEQUENCE)
		first = p[1];
	room = first > 0 ? SEGMENT_MAX - first : 0;
	if (room > n)
		room = n;
	for (n -= room; n > 0; n -= take) {
		take = n % SEGMENT_MAX != 0 ? n % SEGMENT_MAX : SEGMENT_MAX;
		*at++ = BGP_SEGMENT_SEQUENCE;
		*at++ = (uint8_t)take;
		for (unsigned int i = 0; i < take; i++, at += 4)
			be_put32(at, asn);
	}
	if (first > 0) {
		*at++ = BGP_SEGMENT_SEQUENCE;
		*at++ = (uint8_t)(first + room);
		for (unsigned int i = 0; i < room; i++, at += 4)
			be_put32(at, asn);
		p += 2;
		len -= 2;
	}
	if (len > 0)
		memcpy(at, p, len);
	return (size_t)(at - to) + len;
}

size_t
aspath_widen(uint8_t *to, const uint8_t *p, size_t len)
{
	const uint8_t *end = path_end(p, len);
	uint8_t *at = to;
	unsigned int n;

	while (end - p >= 2) {
		n = p[1];
		if ((size_t)(end - p - 2) < (size_t)n * 2)
			break;
		*at++ = p[0];
		*at++ = p[1];
		for (p += 2; n > 0; n--, p += 2, at += 4)
			be_put32(at, be_get16(p));
	}
	return (size_t)(at - to);
}

size_t
aspath_to_as2(uint8_t *to, const uint8_t *p, size_t len, bool *lossy)
{
	const uint8_t *end = path_end(p, len);
	struct aspath_segment s;
	uint8_t *at = to;
	uint32_t asn;

	*lossy = false;
	while (next(&p, end, &s)) {
		*at++ = s.type;
		*at++ = s.count;
		for (unsigned int i = 0; i < s.count; i++, at += 2) {
			asn = aspath_asn(&s, i);
			if (asn > UINT16_MAX) {
				asn = BGP_AS_TRANS;
				/* RFC 6793 4.2.2: numbers inside
				 * confederation segments do not travel in
				 * AS4_PATH. */
				if (!is_confed(&s))
					*lossy = true;
			}
			be_put16(at, (uint16_t)asn);
		}
	}
	return (size_t)(at - to);
}

/* Append a segment as it stands. */
static uint8_t *
put_segment(uint8_t *at, const struct aspath_segment *s, unsigned int count)
{
	*at++ = s->type;
	*at++ = (uint8_t)count;
	memcpy(at, s->asns, (size_t)count * 4);
	return at + (size_t)count * 4;
}

size_t
aspath_to_as4(uint8_t *to, const uint8_t *p, size_t len)
{
	const uint8_t *end = path_end(p, len);
	struct aspath_segment s;
	uint8_t *at = to;

	while (next(&p, end, &s))
		if (!is_confed(&s))
			at = put_segment(at, &s, s.count);
	return (size_t)(at - to);
}

size_t
aspath_merge_as4(uint8_t *to, const uint8_t *path, size_t len,
    const uint8_t *as4, size_t as4_len)
{
	const uint8_t *p = path, *end = path_end(path, len);
	const uint8_t *as4_end = path_end(as4, as4_len);
	uint8_t *at = to, *last = NULL;
	struct aspath_segment s;
	unsigned int all = aspath_len(path, len);
	unsigned int known = aspath_len(as4, as4_len);
	unsigned int keep, take;

	if (known == 0 || known > all) {
		if (len > 0)
			memcpy(to, path, len);
		return len;
	}
	/* Leading segments, confederation ones next to them included, until
	 * the numbers that AS4_PATH does not have are there. */
	keep = all - known;
	while (next(&p, end, &s) && (keep > 0 || is_confed(&s))) {
		take = s.count;
		if (s.type == BGP_SEGMENT_SEQUENCE && take > keep)
			take = keep;
		keep -= is_confed(&s)         ? 0 :
		    s.type == BGP_SEGMENT_SET ? 1 :
						take;
		last = at;
		at = put_segment(at, &s, take);
		if (take < s.count)
			break;
	}
	while (next(&as4, as4_end, &s)) {
		if (is_confed(&s))
			continue;
		/* A sequence that was cut becomes whole again. */
		if (last != NULL && last[0] == BGP_SEGMENT_SEQUENCE &&
		    s.type == BGP_SEGMENT_SEQUENCE &&
		    last[1] + s.count <= SEGMENT_MAX) {
			last[1] = (uint8_t)(last[1] + s.count);
			memcpy(at, s.asns, (size_t)s.count * 4);
			at += (size_t)s.count * 4;
		} else {
			at = put_segment(at, &s, s.count);
		}
		last = NULL;
	}
	return (size_t)(at - to);
}

struct text {
	char *buf;
	size_t size;
	size_t len;
};

static void ATTR_PRINTF(2, 3) text_add(struct text *t, const char *fmt, ...)
{
	size_t at = t->len < t->size ? t->len : t->size;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->size > 0 ? t->buf + at : NULL, t->size - at, fmt, ap);
	va_end(ap);
	t->len += n > 0 ? (size_t)n : 0;
}

/* Opening, separator and closing of each segment type. */
static const char segment_marks[][4] = {
	[BGP_SEGMENT_SET] = "{,}",
	[BGP_SEGMENT_SEQUENCE] = "  ",
	[BGP_SEGMENT_CONFED_SEQUENCE] = "( )",
	[BGP_SEGMENT_CONFED_SET] = "[,]",
};

size_t
aspath_str(char *buf, size_t size, const uint8_t *p, size_t len)
{
	struct text t = { buf, size, 0 };
	const uint8_t *end = path_end(p, len);
	struct aspath_segment s;
	const char *marks;

	if (size > 0)
		buf[0] = '\0';
	while (next(&p, end, &s)) {
		if (s.type < BGP_SEGMENT_SET || s.type > BGP_SEGMENT_CONFED_SET)
			break;
		marks = segment_marks[s.type];
		if (t.len > 0)
			text_add(&t, " ");
		if (s.type != BGP_SEGMENT_SEQUENCE)
			text_add(&t, "%c", marks[0]);
		for (unsigned int i = 0; i < s.count; i++) {
			if (i > 0)
				text_add(&t, "%c", marks[1]);
			text_add(&t, "%u", aspath_asn(&s, i));
		}
		if (s.type != BGP_SEGMENT_SEQUENCE)
			text_add(&t, "%c", marks[2]);
	}
	return t.len;
}

/* An AS number without sign, blank or leading zero; NULL if there is none. */
static const char *
parse_asn(const char *s, uint32_t *asn)
{
	uint64_t v = 0;

	if (*s < '1' || *s > '9')
		return NULL;
	for (; isdigit((unsigned char)*s); s++) {
		v = v * 10 + (uint64_t)(*s - '0');
		if (v > UINT32_MAX)
			return NULL;
	}
	*asn = (uint32_t)v;
	return s;
}

static uint8_t
segment_type(char open)
{
	for (uint8_t t = BGP_SEGMENT_SET; t <= BGP_SEGMENT_CONFED_SET; t++)
		if (segment_marks[t][0] == open && open != ' ')
			return t;
	return BGP_SEGMENT_SEQUENCE;
}

/* One segment; a sequence ends before an opening mark or at the end.  A long
 * sequence becomes several; other segments hold SEGMENT_MAX numbers. */
static const char *
parse_segment(const char *s, struct wr *w)
{
	uint8_t type = segment_type(*s);
	const char *marks = segment_marks[type];
	bool plain = type == BGP_SEGMENT_SEQUENCE;
	unsigned int count = 0;
	size_t at = 0;
	uint32_t asn;

	if (!plain)
		s++;
	for (;;) {
		if (count % SEGMENT_MAX == 0) {
			if (count > 0 && !plain)
				return NULL;
			wr_n8(w, type);
			at = wr_skip(w, 1);
			count = 0;
		}
		s = parse_asn(s, &asn);
		if (s == NULL)
			return NULL;
		wr_n32(w, asn);
		count++;
		wr_patch8(w, at, (uint8_t)count);
		if (!plain && *s == marks[2])
			return s + 1;
		if (plain && (*s != ' ' || !isdigit((unsigned char)s[1])))
			return s;
		if (*s != marks[1])
			return NULL;
		s++;
	}
}

int
aspath_parse(const char *s, struct wr *w)
{
	while (*s != '\0') {
		s = parse_segment(s, w);
		if (s == NULL)
			return -1;
		if (*s == ' ' && s[1] != '\0' && s[1] != ' ')
			s++;
		else if (*s != '\0')
			return -1;
	}
	return wr_ok(w) ? 0 : -1;
}
