/* SPDX-License-Identifier: ISC */
/* MRT files (RFC 6396) as input of a table; see table.h. */
#include "regress/bench/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loader {
	struct table *t;
	unsigned sender;
	uint32_t sender_as;
	unsigned families;
	struct bytes attrs, path;
	uint32_t *ids;
	uint32_t nids, cap;
	long taken;
};

/* AS 0 is an error that daemons treat each in its way (RFC 7607). */
static bool
path_has_zero(const uint8_t *v, size_t n)
{
	size_t seg;

	for (; n >= 2; v += seg, n -= seg) {
		seg = 2 + 4u * v[1];
		if (seg > n)
			return true;
		for (size_t i = 2; i < seg; i += 4) {
			if (get_u32(v + i) == 0)
				return true;
		}
	}
	return n != 0;
}

/* The path with the sender's AS in front. */
static void
load_path(struct loader *l, const uint8_t *v, size_t n)
{
	struct bytes *p = &l->path;

	p->len = 0;
	if (n >= 2 && v[0] == 2 && v[1] < 255) {
		bytes_u8(p, 2);
		bytes_u8(p, v[1] + 1u);
		bytes_u32(p, l->sender_as);
		bytes_add(p, v + 2, n - 2);
	} else {
		bytes_u8(p, 2);
		bytes_u8(p, 1);
		bytes_u32(p, l->sender_as);
		bytes_add(p, v, n);
	}
	wire_attr(&l->attrs, 0x40, ATTR_AS_PATH, p->data, p->len);
}

/* Attributes as an eBGP speaker would send them on, ascending. */
static bool
load_attrs(struct loader *l, const uint8_t *a, size_t len)
{
	const uint8_t *at[256] = { 0 };
	size_t step, n, h;

	for (size_t i = 0; i + 3 <= len; i += step) {
		step = (a[i] & 0x10) && i + 4 <= len ? 4 + get_u16(a + i + 2) :
						       3u + a[i + 2];
		if (step > len - i)
			return false;
		at[a[i + 1]] = a + i;
	}
	if (at[ATTR_ORIGIN] == NULL || at[ATTR_AS_PATH] == NULL)
		return false;
	at[ATTR_NEXT_HOP] = at[ATTR_MED] = at[ATTR_LOCAL_PREF] = NULL;
	at[ATTR_ORIGINATOR_ID] = at[ATTR_CLUSTER_LIST] = NULL;
	at[ATTR_MP_REACH] = at[ATTR_MP_UNREACH] = NULL;
	at[ATTR_AS4_PATH] = at[ATTR_AS4_AGGREGATOR] = NULL;
	l->attrs.len = 0;
	for (unsigned t = 0; t < 256; t++) {
		if (at[t] == NULL || (at[t][0] & 0xc0) == 0x80)
			continue;
		h = (at[t][0] & 0x10) ? 4 : 3;
		n = h == 4 ? get_u16(at[t] + 2) : at[t][2];
		if (t == ATTR_AS_PATH && path_has_zero(at[t] + h, n))
			return false;
		if (t == ATTR_AS_PATH)
			load_path(l, at[t] + h, n);
		else if (t == ATTR_AGGREGATOR &&
		    (n != 8 || get_u32(at[t] + h) == 0))
			continue;
		else
			wire_attr(&l->attrs, at[t][0] & 0xefu, t, at[t] + h, n);
	}
	return true;
}

static void
load_ids(struct loader *l, unsigned afi, const uint8_t *p, size_t n)
{
	struct pfx pfx;
	size_t step;

	if ((l->families & 1u << afi) == 0)
		return;
	for (; n > 0; p += step, n -= step) {
		if ((step = wire_get_pfx(&pfx, afi, p, n)) == 0)
			return;
		if (l->nids == l->cap) {
			l->cap = l->cap * 2 + 1024;
			l->ids = grow(l->ids, l->cap, sizeof(*l->ids));
		}
		l->ids[l->nids++] = table_enter(l->t, &pfx);
	}
}

static void
load_update(struct loader *l, const uint8_t *body, size_t n)
{
	struct update u;

	if (wire_update(&u, body, n) != NULL)
		return;
	l->taken++;
	l->nids = 0;
	load_ids(l, WIRE_AFI_IP4, u.gone, u.gone_len);
	if (u.mp_gone != NULL)
		load_ids(l, u.mp_gone_afi, u.mp_gone, u.mp_gone_len);
	table_event(l->t, l->sender, l->ids, l->nids, NULL);
	if ((u.nlri_len == 0 && u.mp_nlri_len == 0) ||
	    !load_attrs(l, u.attrs, u.attrs_len))
		return;
	l->nids = 0;
	load_ids(l, WIRE_AFI_IP4, u.nlri, u.nlri_len);
	if (u.mp_nlri != NULL)
		load_ids(l, u.mp_afi, u.mp_nlri, u.mp_nlri_len);
	table_event(l->t, l->sender, l->ids, l->nids, &l->attrs);
}

/* BGP4MP: AS numbers, interface, family, addresses, the message. */
static void
load_message(struct loader *l, const uint8_t *p, size_t n)
{
	size_t skip;

	if (n < 12)
		return;
	skip = 12 + (get_u16(p + 10) == WIRE_AFI_IP4 ? 8 : 32);
	if (n < skip + WIRE_HDR || p[skip + 18] != WIRE_UPDATE ||
	    get_u16(p + skip + 16) != n - skip)
		return;
	load_update(l, p + skip + WIRE_HDR, n - skip - WIRE_HDR);
}

/* TABLE_DUMP_V2: sequence, prefix, entries; the first entry is taken. */
static void
load_rib(struct loader *l, unsigned afi, const uint8_t *p, size_t n)
{
	struct pfx pfx;
	size_t step;

	if (n < 5 || (step = wire_get_pfx(&pfx, afi, p + 4, n - 4)) == 0 ||
	    n < 4 + step + 10 || (l->families & 1u << afi) == 0)
		return;
	p += 4 + step + 2;
	n -= 4 + step + 2;
	if (n < 8u + get_u16(p + 6) || !load_attrs(l, p + 8, get_u16(p + 6)))
		return;
	l->nids = 0;
	load_ids(l, 0, NULL, 0);
	l->taken++;
	table_event(l->t, l->sender, &(uint32_t){ table_enter(l->t, &pfx) }, 1,
	    &l->attrs);
}

static void
load_record(void *ctx, unsigned type, unsigned subtype, const uint8_t *p,
    size_t n)
{
	struct loader *l = ctx;

	if (type == 17 && n >= 4) { /* BGP4MP_ET: microseconds in front */
		p += 4;
		n -= 4;
		type = 16;
	}
	if (type == 16 && (subtype == 4 || subtype == 7))
		load_message(l, p, n);
	else if (type == 13 && subtype == 2)
		load_rib(l, WIRE_AFI_IP4, p, n);
	else if (type == 13 && subtype == 4)
		load_rib(l, WIRE_AFI_IP6, p, n);
}

static FILE *
open_packed(const char *file)
{
	static const struct {
		const char *suffix, *tool;
	} tools[] = { { ".gz", "gzip" }, { ".xz", "xz" }, { ".bz2", "bzip2" } };
	size_t n = strlen(file), k;
	char *cmd;
	FILE *f;

	if (strchr(file, '\'') != NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		k = strlen(tools[i].suffix);
		if (n < k || strcmp(file + n - k, tools[i].suffix) != 0)
			continue;
		if (asprintf(&cmd, "%s -dc '%s'", tools[i].tool, file) == -1)
			return NULL;
		f = popen(cmd, "r");
		free(cmd);
		return f;
	}
	if (asprintf(&cmd, "cat '%s'", file) == -1)
		return NULL;
	f = popen(cmd, "r");
	free(cmd);
	return f;
}

typedef void
record_fn(void *, unsigned type, unsigned subtype, const uint8_t *, size_t);

/* All records of a file; false if it could not be read to its end. */
static bool
each_record(const char *file, record_fn *fn, void *ctx)
{
	struct bytes rec = { 0 };
	uint8_t h[12];
	FILE *f = open_packed(file);
	uint32_t len;

	if (f == NULL) {
		fprintf(stderr, "bgpload: %s: cannot be read\n", file);
		return false;
	}
	while (fread(h, 1, sizeof(h), f) == sizeof(h)) {
		len = get_u32(h + 8);
		if (len > 1 << 20)
			break;
		rec.len = 0;
		while (rec.cap < len)
			bytes_add(&rec, h, sizeof(h));
		if (len > 0 && fread(rec.data, 1, len, f) != len)
			break;
		fn(ctx, get_u16(h + 4), get_u16(h + 6), rec.data, len);
	}
	bytes_free(&rec);
	return pclose(f) == 0;
}

long
mrt_load(struct table *t, const char *file, unsigned sender, uint32_t sender_as,
    unsigned families)
{
	struct loader l = { .t = t,
		.sender = sender,
		.sender_as = sender_as,
		.families = families };

	if (!each_record(file, load_record, &l))
		l.taken = -1;
	if (l.taken <= 0)
		fprintf(stderr, "bgpload: %s: nothing was taken\n", file);
	bytes_free(&l.attrs);
	bytes_free(&l.path);
	free(l.ids);
	return l.taken > 0 ? l.taken : -1;
}

struct rib_reader {
	mrt_path_fn *fn;
	void *ctx;
	long taken;
};

/* The AS_PATH of each entry. */
static void
rib_record(void *ctx, unsigned type, unsigned subtype, const uint8_t *p,
    size_t n)
{
	struct rib_reader *r = ctx;
	size_t step, len, i, h, vlen;
	const uint8_t *a;
	struct pfx pfx;

	if (type != 13 || subtype != 2 || n < 5 ||
	    (step = wire_get_pfx(&pfx, WIRE_AFI_IP4, p + 4, n - 4)) == 0 ||
	    n < 4 + step + 2)
		return;
	p += 4 + step + 2;
	n -= 4 + step + 2;
	for (; n >= 8; p += 8 + len, n -= 8 + len) {
		len = get_u16(p + 6);
		if (len > n - 8)
			return;
		a = p + 8;
		for (i = 0; i + 4 <= len; i += h + vlen) {
			h = (a[i] & 0x10) ? 4 : 3;
			vlen = h == 4 ? get_u16(a + i + 2) : a[i + 2];
			if (vlen > len - i - h)
				break;
			if (a[i + 1] != ATTR_AS_PATH)
				continue;
			r->fn(r->ctx, get_u16(p), a + i + h, vlen);
			r->taken++;
		}
	}
}

long
mrt_rib_paths(const char *file, mrt_path_fn *fn, void *ctx)
{
	struct rib_reader r = { .fn = fn, .ctx = ctx };

	if (!each_record(file, rib_record, &r) || r.taken == 0) {
		fprintf(stderr, "bgpload: %s: nothing was taken\n", file);
		return -1;
	}
	return r.taken;
}
