/* SPDX-License-Identifier: ISC */
/* See wire.h. */
#include "regress/bench/wire.h"

#include <arpa/inet.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
need(void *p)
{
	if (p == NULL)
		err(2, "memory");
	return p;
}

void *
grow(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		errx(2, "memory");
	return need(realloc(p, n * size + 1));
}

void
bytes_add(struct bytes *b, const void *p, size_t n)
{
	if (b->cap - b->len < n) {
		b->cap = (b->len + n) * 2 + 64;
		b->data = grow(b->data, b->cap, 1);
	}
	if (n > 0)
		memcpy(b->data + b->len, p, n);
	b->len += n;
}

void
bytes_u8(struct bytes *b, unsigned v)
{
	uint8_t p = (uint8_t)v;

	bytes_add(b, &p, 1);
}

void
bytes_u16(struct bytes *b, unsigned v)
{
	uint8_t p[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	bytes_add(b, p, 2);
}

void
bytes_u32(struct bytes *b, uint32_t v)
{
	bytes_u16(b, v >> 16);
	bytes_u16(b, v & 0xffff);
}

void
bytes_free(struct bytes *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

static void
set_u16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

uint64_t
wire_hash(const void *p, size_t n, uint64_t seed)
{
	const uint8_t *b = p;
	uint64_t h = seed ^ (n * 0x9e3779b97f4a7c15u), v;

	for (; n >= 8; n -= 8, b += 8) {
		memcpy(&v, b, 8);
		h = (h ^ v) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	v = 0;
	if (n > 0)
		memcpy(&v, b, n);
	h = (h ^ v) * 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 29;
}

bool
addr_parse(struct addr *a, const char *s)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, s, a->b) == 1)
		a->afi = WIRE_AFI_IP4;
	else if (inet_pton(AF_INET6, s, a->b) == 1)
		a->afi = WIRE_AFI_IP6;
	return a->afi != 0;
}

static void
pfx_octets(const struct pfx *p, uint8_t b[16])
{
	for (int i = 0; i < 8; i++) {
		b[i] = (uint8_t)(p->hi >> (56 - 8 * i));
		b[8 + i] = (uint8_t)(p->lo >> (56 - 8 * i));
	}
}

const char *
pfx_text(const struct pfx *p, char buf[64])
{
	uint8_t b[16];
	char a[INET6_ADDRSTRLEN];

	pfx_octets(p, b);
	inet_ntop(p->afi == WIRE_AFI_IP4 ? AF_INET : AF_INET6, b, a, sizeof(a));
	snprintf(buf, 64, "%s/%u", a, p->len);
	return buf;
}

/* The header; its length is written by msg_end. */
static size_t
msg_begin(struct bytes *b, unsigned type)
{
	size_t start = b->len;
	uint8_t h[WIRE_HDR];

	memset(h, 0xff, 16);
	h[16] = h[17] = 0;
	h[18] = (uint8_t)type;
	bytes_add(b, h, sizeof(h));
	return start;
}

static void
msg_end(struct bytes *b, size_t start)
{
	set_u16(b->data + start + 16, b->len - start);
}

void
wire_open(struct bytes *b, uint32_t asn, uint16_t hold, uint32_t id,
    unsigned families)
{
	struct bytes c = { 0 };
	size_t start;

	for (unsigned afi = 1; afi <= 2; afi++) {
		if ((families & 1u << afi) == 0)
			continue;
		bytes_u16(&c, 1 << 8 | 4); /* RFC 4760 8 */
		bytes_u16(&c, afi);
		bytes_u16(&c, 1);
	}
	bytes_u16(&c, 65 << 8 | 4); /* RFC 6793 3 */
	bytes_u32(&c, asn);

	start = msg_begin(b, WIRE_OPEN);
	bytes_u8(b, 4);
	bytes_u16(b, asn > 0xffff ? 23456 : asn);
	bytes_u16(b, hold);
	bytes_u32(b, id);
	bytes_u8(b, (unsigned)c.len + 2);
	bytes_u8(b, 2);
	bytes_u8(b, (unsigned)c.len);
	bytes_add(b, c.data, c.len);
	msg_end(b, start);
	bytes_free(&c);
}

void
wire_keepalive(struct bytes *b)
{
	msg_end(b, msg_begin(b, WIRE_KEEPALIVE));
}

void
wire_notification(struct bytes *b, unsigned code, unsigned subcode)
{
	size_t start = msg_begin(b, WIRE_NOTIFICATION);

	bytes_u8(b, code);
	bytes_u8(b, subcode);
	msg_end(b, start);
}

void
wire_attr(struct bytes *b, unsigned flags, unsigned type, const void *p,
    size_t n)
{
	bytes_u8(b, flags | (n > 255 ? 0x10 : 0));
	bytes_u8(b, type);
	if (n > 255)
		bytes_u16(b, (unsigned)n);
	else
		bytes_u8(b, (unsigned)n);
	bytes_add(b, p, n);
}

void
wire_put_pfx(struct bytes *b, const struct pfx *p)
{
	uint8_t o[16];

	pfx_octets(p, o);
	bytes_u8(b, p->len);
	bytes_add(b, o, (p->len + 7u) / 8);
}

size_t
wire_get_pfx(struct pfx *p, unsigned afi, const uint8_t *d, size_t n)
{
	size_t len = n > 0 ? (d[0] + 7u) / 8 : 0;

	if (n == 0 || n < 1 + len || d[0] > (afi == WIRE_AFI_IP4 ? 32 : 128))
		return 0;
	p->afi = (uint8_t)afi;
	p->len = d[0];
	p->hi = p->lo = 0;
	for (size_t i = 0; i < len && i < 8; i++)
		p->hi |= (uint64_t)d[1 + i] << (56 - 8 * i);
	for (size_t i = 8; i < len; i++)
		p->lo |= (uint64_t)d[1 + i] << (120 - 8 * i);
	/* Bits after the length are of no meaning (RFC 4271 4.3). */
	if (p->len < 64) {
		p->hi &= p->len == 0 ? 0 : ~(uint64_t)0 << (64 - p->len);
		p->lo = 0;
	} else if (p->len < 128)
		p->lo &= p->len == 64 ? 0 : ~(uint64_t)0 << (128 - p->len);
	return 1 + len;
}

/* Where an attribute of this type goes to keep ascending order. */
static size_t
attrs_split(const uint8_t *a, size_t n, unsigned type)
{
	size_t i = 0;

	while (i + 3 <= n && a[i + 1] < type)
		i += (a[i] & 0x10) ? 4 + get_u16(a + i + 2) : 3u + a[i + 2];
	return i;
}

/* The UPDATE up to its NLRI; IPv6's room for the length of MP_REACH at *mp. */
static size_t
announce_begin(struct bytes *b, const uint8_t *attrs, size_t len,
    const struct addr *nh, size_t *field, size_t *mp)
{
	size_t start = msg_begin(b, WIRE_UPDATE), split = 0;
	static const uint8_t zero[4];

	bytes_u16(b, 0);
	*field = b->len;
	bytes_u16(b, 0);
	if (nh->afi == WIRE_AFI_IP4) {
		split = attrs_split(attrs, len, ATTR_NEXT_HOP);
		bytes_add(b, attrs, split);
		wire_attr(b, 0x40, ATTR_NEXT_HOP, nh->b, 4);
		bytes_add(b, attrs + split, len - split);
		set_u16(b->data + *field, b->len - *field - 2);
		return start;
	}
	bytes_u8(b, 0x90);
	bytes_u8(b, ATTR_MP_REACH);
	*mp = b->len;
	bytes_add(b, zero, 2);
	bytes_u16(b, nh->afi);
	bytes_u8(b, 1);
	bytes_u8(b, 16);
	bytes_add(b, nh->b, 16);
	bytes_u8(b, 0);
	return start;
}

void
wire_announce(struct bytes *b, const uint8_t *attrs, size_t len,
    const struct addr *nh, const struct pfx *p, size_t n)
{
	bool ip6 = nh->afi == WIRE_AFI_IP6;
	size_t field = 0, mp = 0, start, room;

	while (n > 0) {
		start = announce_begin(b, attrs, len, nh, &field, &mp);
		room = WIRE_MAX - (ip6 ? len : 0);
		do {
			wire_put_pfx(b, p++);
			n--;
		} while (
		    n > 0 && b->len - start + 1 + (p->len + 7u) / 8 <= room);
		if (ip6) {
			set_u16(b->data + mp, b->len - mp - 2);
			bytes_add(b, attrs, len);
			set_u16(b->data + field, b->len - field - 2);
		}
		msg_end(b, start);
	}
}

void
wire_withdraw(struct bytes *b, const struct pfx *p, size_t n)
{
	size_t start, field, mp;
	unsigned afi;

	while (n > 0) {
		afi = p->afi;
		start = msg_begin(b, WIRE_UPDATE);
		field = b->len;
		mp = 0;
		bytes_u16(b, 0);
		if (afi == WIRE_AFI_IP6) {
			bytes_u16(b, 0);
			bytes_u8(b, 0x90);
			bytes_u8(b, ATTR_MP_UNREACH);
			mp = b->len;
			bytes_u16(b, 0);
			bytes_u16(b, afi);
			bytes_u8(b, 1);
		}
		while (n > 0 && p->afi == afi &&
		    b->len - start + 1 + (p->len + 7u) / 8 + 2 <= WIRE_MAX) {
			wire_put_pfx(b, p++);
			n--;
		}
		if (mp != 0) {
			set_u16(b->data + mp, b->len - mp - 2);
			set_u16(b->data + field + 2, b->len - field - 4);
		} else {
			set_u16(b->data + field, b->len - field - 2);
			bytes_u16(b, 0);
		}
		msg_end(b, start);
	}
}

static const char *
mp_reach(struct update *u, const uint8_t *v, size_t n)
{
	if (n < 5 || n < 5u + v[3])
		return "MP_REACH is short";
	if (get_u16(v) < 1 || get_u16(v) > 2 || v[2] != 1)
		return "MP_REACH of a family that was not negotiated";
	u->mp_afi = (uint8_t)get_u16(v);
	u->mp_nh = v + 4;
	u->mp_nh_len = v[3];
	u->mp_nlri = v + 5 + v[3];
	u->mp_nlri_len = n - 5 - v[3];
	return NULL;
}

static const char *
mp_unreach(struct update *u, const uint8_t *v, size_t n)
{
	if (n < 3)
		return "MP_UNREACH is short";
	if (get_u16(v) < 1 || get_u16(v) > 2 || v[2] != 1)
		return "MP_UNREACH of a family that was not negotiated";
	u->mp_gone_afi = (uint8_t)get_u16(v);
	u->mp_gone = v + 3;
	u->mp_gone_len = n - 3;
	return NULL;
}

/* The header of the next attribute: its whole length, 0 if it is cut. */
static size_t
attr_next(const uint8_t *p, size_t n, const uint8_t **v, size_t *vlen)
{
	size_t h = n >= 1 && (p[0] & 0x10) ? 4 : 3;

	if (n < h)
		return 0;
	*vlen = h == 4 ? get_u16(p + 2) : p[2];
	*v = p + h;
	return n - h < *vlen ? 0 : h + *vlen;
}

static const char *
update_attrs(struct update *u)
{
	const uint8_t *p = u->attrs, *v;
	size_t n = u->attrs_len, step, vlen;
	const char *why;

	for (; n > 0; p += step, n -= step) {
		if ((step = attr_next(p, n, &v, &vlen)) == 0)
			return "attribute is cut";
		why = NULL;
		switch (p[1]) {
		case ATTR_NEXT_HOP:
			if (vlen != 4 || u->nh != NULL)
				return "NEXT_HOP is bad";
			u->nh = v;
			break;
		case ATTR_MP_REACH:
			why = mp_reach(u, v, vlen);
			break;
		case ATTR_MP_UNREACH:
			why = mp_unreach(u, v, vlen);
			break;
		default:
			u->hash = wire_hash(p, step, u->hash + 1);
		}
		if (why != NULL)
			return why;
	}
	return NULL;
}

const char *
wire_update(struct update *u, const uint8_t *p, size_t n)
{
	size_t len;

	memset(u, 0, sizeof(*u));
	if (n < 4 || n < 4 + (len = get_u16(p)))
		return "withdrawn routes are cut";
	u->gone = p + 2;
	u->gone_len = len;
	p += 2 + len;
	n -= 2 + len;
	len = get_u16(p);
	if (n < 2 + len)
		return "attributes are cut";
	u->attrs = p + 2;
	u->attrs_len = len;
	u->nlri = p + 2 + len;
	u->nlri_len = n - 2 - len;
	return update_attrs(u);
}

static int
cmp_u32(const void *a, const void *b)
{
	return memcmp(a, b, 4);
}

static int
cmp_u96(const void *a, const void *b)
{
	return memcmp(a, b, 12);
}

static int
cmp_u64(const void *a, const void *b)
{
	return memcmp(a, b, 8);
}

static const char *
canon_path(struct bytes *out, const uint8_t *v, size_t n, uint32_t prepend)
{
	size_t at = out->len;

	bytes_u16(out, 0);
	if (prepend != 0) {
		bytes_u8(out, 2);
		bytes_u32(out, prepend);
	}
	while (n > 0) {
		size_t seg = n < 2 ? SIZE_MAX : 2 + 4u * v[1];

		if (seg > n || v[1] == 0)
			return "AS_PATH is malformed";
		if (v[0] == 2) {
			for (unsigned i = 0; i < v[1]; i++) {
				bytes_u8(out, 2);
				bytes_add(out, v + 2 + 4u * i, 4);
			}
		} else {
			bytes_add(out, v, seg);
			qsort(out->data + out->len - (seg - 2), v[1], 4,
			    cmp_u32);
		}
		v += seg;
		n -= seg;
	}
	set_u16(out->data + at, out->len - at - 2);
	return NULL;
}

/*
 * Items of a fixed size, sorted, each once; nothing where none is left.
 * Extended communities that are not transitive end at the border of the AS
 * (RFC 4360 6).
 */
static void
canon_set(struct bytes *out, const uint8_t *v, size_t n, size_t size,
    int (*cmp)(const void *, const void *))
{
	size_t at = out->len, kept = 0;
	uint8_t *base;

	bytes_u16(out, 0);
	for (size_t i = 0; i + size <= n; i += size) {
		if (size != 8 || (v[i] & 0x40) == 0)
			bytes_add(out, v + i, size);
	}
	n = out->len - at - 2;
	if (n == 0) {
		out->len = at - 1;
		return;
	}
	base = out->data + at + 2;
	qsort(base, n / size, size, cmp);
	for (size_t i = 0; i < n / size; i++) {
		if (kept > 0 &&
		    cmp(base + (kept - 1) * size, base + i * size) == 0)
			continue;
		memmove(base + kept++ * size, base + i * size, size);
	}
	out->len = at + 2 + kept * size;
	set_u16(out->data + at, kept * size);
}

static const char *
canon_attr(struct bytes *out, unsigned type, const uint8_t *v, size_t n,
    uint32_t prepend)
{
	bytes_u8(out, type);
	switch (type) {
	case ATTR_AS_PATH:
		return canon_path(out, v, n, prepend);
	case ATTR_COMMUNITIES:
		canon_set(out, v, n, 4, cmp_u32);
		return NULL;
	case ATTR_EXT_COMMUNITIES:
		canon_set(out, v, n, 8, cmp_u64);
		return NULL;
	case ATTR_LARGE_COMMUNITIES:
		canon_set(out, v, n, 12, cmp_u96);
		return NULL;
	default:
		bytes_u16(out, (unsigned)n);
		bytes_add(out, v, n);
		return NULL;
	}
}

/* Is it absent from the canonical form? */
static bool
canon_skips(unsigned flags, unsigned type)
{
	switch (type) {
	case ATTR_NEXT_HOP:
	case ATTR_MED:
	case ATTR_LOCAL_PREF:
	case ATTR_ORIGINATOR_ID:
	case ATTR_CLUSTER_LIST:
	case ATTR_MP_REACH:
	case ATTR_MP_UNREACH:
	case ATTR_AS4_PATH:
	case ATTR_AS4_AGGREGATOR:
		return true;
	default:
		/* unknown optional non-transitive (RFC 4271 5) */
		return (flags & 0xc0) == 0x80;
	}
}

const char *
wire_canon(struct bytes *out, const uint8_t *attrs, size_t len,
    uint32_t prepend)
{
	const uint8_t *at[256] = { 0 }, *p = attrs, *v = NULL;
	size_t n = len, step, vlen = 0;
	const char *why;

	for (; n > 0; p += step, n -= step) {
		if ((step = attr_next(p, n, &v, &vlen)) == 0)
			return "attribute is cut";
		if (at[p[1]] != NULL)
			return "attribute appears twice";
		at[p[1]] = p;
	}
	for (unsigned type = 0; type < 256; type++) {
		if ((p = at[type]) == NULL || canon_skips(p[0], type))
			continue;
		attr_next(p, (size_t)(attrs + len - p), &v, &vlen);
		why = canon_attr(out, type, v, vlen, prepend);
		if (why != NULL)
			return why;
	}
	return NULL;
}

/* The value of one attribute in a canonical form. */
static const uint8_t *
canon_find(const struct bytes *c, unsigned type, size_t *n)
{
	for (size_t i = 0; i + 3 <= c->len; i += 3 + *n) {
		*n = get_u16(c->data + i + 1);
		if (c->data[i] == type)
			return c->data + i + 3;
	}
	*n = 0;
	return NULL;
}

bool
wire_canon_has_as(const struct bytes *c, uint32_t asn)
{
	size_t n, i = 0;
	const uint8_t *p = canon_find(c, ATTR_AS_PATH, &n);

	while (i < n) {
		unsigned count = p[i] == 2 ? 1 : p[i + 1];

		i += p[i] == 2 ? 1 : 2;
		for (; count > 0; count--, i += 4) {
			if (get_u32(p + i) == asn)
				return true;
		}
	}
	return false;
}

bool
wire_canon_is_private(const struct bytes *c)
{
	size_t n;
	const uint8_t *p = canon_find(c, ATTR_COMMUNITIES, &n);

	for (size_t i = 0; i + 4 <= n; i += 4) {
		uint32_t v = get_u32(p + i);

		if (v >= 0xffffff01 && v <= 0xffffff03)
			return true;
	}
	return false;
}

unsigned
wire_canon_path_len(const struct bytes *c)
{
	size_t n, i = 0;
	const uint8_t *p = canon_find(c, ATTR_AS_PATH, &n);
	unsigned len = 0;

	while (i < n) {
		if (p[i] == 2 || p[i] == 1)
			len++;
		i += p[i] == 2 ? 5 : 2 + 4u * p[i + 1];
	}
	return len;
}

unsigned
wire_canon_origin(const struct bytes *c)
{
	size_t n;
	const uint8_t *p = canon_find(c, ATTR_ORIGIN, &n);

	return n == 1 ? p[0] : 2;
}
