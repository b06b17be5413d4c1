/* SPDX-License-Identifier: ISC */
/*
 * Communities of every kind.
 */
#include "common/community.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/be.h"

/* Lists up to this many elements are searched pair by pair. */
enum { PAIRWISE_MAX = 24 };

bool
community_contains(const uint8_t *p, size_t len, uint32_t value)
{
	for (size_t i = 0; i + COMMUNITY_LEN <= len; i += COMMUNITY_LEN)
		if (be_get32(p + i) == value)
			return true;
	return false;
}

static bool
is_repeated(const uint8_t *p, size_t at, size_t unit)
{
	/* Of the usual kind without a call each. */
	if (unit == COMMUNITY_LEN)
		return community_contains(p, at, be_get32(p + at));
	for (size_t i = 0; i < at; i += unit)
		if (memcmp(p + i, p + at, unit) == 0)
			return true;
	return false;
}

/* Most speakers send sorted lists; those need no search. */
static bool
is_ascending(const uint8_t *p, size_t len, size_t unit)
{
	if (unit == COMMUNITY_LEN) {
		for (size_t i = unit; i < len; i += unit)
			if (be_get32(p + i - unit) >= be_get32(p + i))
				return false;
		return true;
	}
	for (size_t i = unit; i < len; i += unit)
		if (memcmp(p + i - unit, p + i, unit) >= 0)
			return false;
	return true;
}

/* A list to be sorted by value, then place, through indices. */
struct order {
	const uint8_t *p;
	size_t unit;
	uint16_t index[UINT16_MAX / COMMUNITY_LEN + 1];
};

static bool
order_less(const struct order *o, uint16_t a, uint16_t b)
{
	int c = memcmp(o->p + a * o->unit, o->p + b * o->unit, o->unit);

	return c < 0 || (c == 0 && a < b);
}

static void
order_sift(struct order *o, size_t root, size_t n)
{
	uint16_t v = o->index[root];
	size_t child;

	while ((child = 2 * root + 1) < n) {
		if (child + 1 < n &&
		    order_less(o, o->index[child], o->index[child + 1]))
			child++;
		if (!order_less(o, v, o->index[child]))
			break;
		o->index[root] = o->index[child];
		root = child;
	}
	o->index[root] = v;
}

/* Heapsort: no input makes it slow, and it needs no memory. */
static void
order_sort(struct order *o, size_t n)
{
	uint16_t v;

	for (size_t i = 0; i < n; i++)
		o->index[i] = (uint16_t)i;
	for (size_t i = n / 2; i > 0; i--)
		order_sift(o, i - 1, n);
	for (size_t i = n; i > 1; i--) {
		v = o->index[0];
		o->index[0] = o->index[i - 1];
		o->index[i - 1] = v;
		order_sift(o, 0, i - 1);
	}
}

/* Keep the elements whose bit is not set. */
static size_t
compact(uint8_t *p, size_t n, size_t unit, const uint8_t *drop)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		if (drop[i / 8] & 1u << i % 8)
			continue;
		if (to != i)
			memcpy(p + to * unit, p + i * unit, unit);
		to++;
	}
	return to * unit;
}

static size_t
dedup_long(uint8_t *p, size_t n, size_t unit)
{
	struct order o;
	uint8_t drop[(UINT16_MAX / COMMUNITY_LEN + 8) / 8];
	uint16_t at;

	o.p = p;
	o.unit = unit;
	order_sort(&o, n);
	memset(drop, 0, (n + 7) / 8);
	for (size_t i = 1; i < n; i++) {
		at = o.index[i];
		if (memcmp(p + o.index[i - 1] * unit, p + at * unit, unit) == 0)
			drop[at / 8] |= (uint8_t)(1u << at % 8);
	}
	return compact(p, n, unit, drop);
}

size_t
community_dedup(uint8_t *p, size_t len, size_t unit)
{
	size_t n = len / unit, to = unit;

	if (is_ascending(p, len, unit))
		return len;
	if (n > PAIRWISE_MAX)
		return dedup_long(p, n, unit);
	for (size_t i = unit; i < len; i += unit) {
		memmove(p + to, p + i, unit);
		if (!is_repeated(p, to, unit))
			to += unit;
	}
	return to;
}

bool
community_has_duplicate(const uint8_t *p, size_t len, size_t unit)
{
	struct order o;
	size_t n = len / unit;

	if (is_ascending(p, len, unit))
		return false;
	if (n <= PAIRWISE_MAX) {
		for (size_t i = unit; i < len; i += unit)
			if (is_repeated(p, i, unit))
				return true;
		return false;
	}
	o.p = p;
	o.unit = unit;
	order_sort(&o, n);
	for (size_t i = 1; i < n; i++)
		if (memcmp(p + o.index[i - 1] * unit, p + o.index[i] * unit,
			unit) == 0)
			return true;
	return false;
}

/* IANA's well-known communities, in the words of their documents. */
static const struct {
	uint32_t value;
	const char *name;
} well_known[] = {
	{ 0xffff0000, "graceful-shutdown" }, /* RFC 8326 */
	{ 0xffff0001, "accept-own" }, /* RFC 7611 */
	{ 0xffff0006, "llgr-stale" }, /* RFC 9494 */
	{ 0xffff0007, "no-llgr" }, { 0xffff029a, "blackhole" }, /* RFC 7999 */
	{ BGP_COMM_NO_EXPORT, "no-export" },
	{ BGP_COMM_NO_ADVERTISE, "no-advertise" },
	{ BGP_COMM_NO_EXPORT_SUBCONFED, "no-export-subconfed" },
	{ 0xffffff04, "no-peer" }, /* RFC 3765 */
};

const char *
community_str(uint32_t value, bool names, char *buf)
{
	for (size_t i = 0; names && i < nitems(well_known); i++) {
		if (well_known[i].value != value)
			continue;
		snprintf(buf, COMMUNITY_STRLEN, "%s", well_known[i].name);
		return buf;
	}
	snprintf(buf, COMMUNITY_STRLEN, "%u:%u", value >> 16, value & 0xffff);
	return buf;
}

/* Digits only, at most `max`; NULL if there is no such number. */
static const char *
parse_number(const char *s, uint32_t max, uint32_t *v)
{
	uint64_t n = 0;

	if (!isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++) {
		n = n * 10 + (uint64_t)(*s - '0');
		if (n > max)
			return NULL;
	}
	*v = (uint32_t)n;
	return s;
}

static bool
name_matches(const char *s, const char *name)
{
	for (; *s != '\0' && *name != '\0'; s++, name++)
		if ((*s == '_' ? '-' : tolower((unsigned char)*s)) != *name)
			return false;
	return *s == *name;
}

int
community_parse(const char *s, uint32_t *value)
{
	uint32_t high, low;
	const char *p = parse_number(s, UINT32_MAX, &high);

	if (p == NULL) {
		for (size_t i = 0; i < nitems(well_known); i++) {
			if (!name_matches(s, well_known[i].name))
				continue;
			*value = well_known[i].value;
			return 0;
		}
		return -1;
	}
	if (*p == '\0') {
		*value = high;
		return 0;
	}
	if (*p != ':' || high > UINT16_MAX)
		return -1;
	p = parse_number(p + 1, UINT16_MAX, &low);
	if (p == NULL || *p != '\0')
		return -1;
	*value = high << 16 | low;
	return 0;
}

/* Names of the subtypes that mean the same in every AS-like type. */
static const char *
ext_subtype(uint8_t subtype)
{
	switch (subtype) {
	case 0x02:
		return "rt"; /* RFC 4360 4 */
	case 0x03:
		return "soo"; /* RFC 4360 5 */
	default:
		return NULL;
	}
}

const char *
community_ext_str(const uint8_t ext[8], char *buf)
{
	const char *name = ext_subtype(ext[1]);

	if (name != NULL && ext[0] == 0x00)
		snprintf(buf, COMMUNITY_STRLEN, "%s %u:%u", name,
		    be_get16(ext + 2), be_get32(ext + 4));
	else if (name != NULL && ext[0] == 0x01)
		snprintf(buf, COMMUNITY_STRLEN, "%s %u.%u.%u.%u:%u", name,
		    ext[2], ext[3], ext[4], ext[5], be_get16(ext + 6));
	else if (name != NULL && ext[0] == 0x02)
		snprintf(buf, COMMUNITY_STRLEN, "%s %u:%u", name,
		    be_get32(ext + 2), be_get16(ext + 6));
	else
		snprintf(buf, COMMUNITY_STRLEN,
		    "0x%02x:0x%02x:%02x%02x%02x%02x%02x%02x", ext[0], ext[1],
		    ext[2], ext[3], ext[4], ext[5], ext[6], ext[7]);
	return buf;
}

const char *
community_large_str(const struct community_large *c, char *buf)
{
	snprintf(buf, COMMUNITY_STRLEN, "%u:%u:%u", c->global, c->local1,
	    c->local2);
	return buf;
}

int
community_large_parse(const char *s, struct community_large *c)
{
	s = parse_number(s, UINT32_MAX, &c->global);
	if (s == NULL || *s != ':')
		return -1;
	s = parse_number(s + 1, UINT32_MAX, &c->local1);
	if (s == NULL || *s != ':')
		return -1;
	s = parse_number(s + 1, UINT32_MAX, &c->local2);
	return s != NULL && *s == '\0' ? 0 : -1;
}

void
community_large_read(const uint8_t wire[12], struct community_large *c)
{
	c->global = be_get32(wire);
	c->local1 = be_get32(wire + 4);
	c->local2 = be_get32(wire + 8);
}

void
community_large_write(uint8_t wire[12], const struct community_large *c)
{
	be_put32(wire, c->global);
	be_put32(wire + 4, c->local1);
	be_put32(wire + 8, c->local2);
}
