/* SPDX-License-Identifier: ISC */
/* Bounded readers and writers with a sticky error. */
#include "common/cursor.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

void
rd_init(struct rd *r, const void *data, size_t len)
{
	r->p = data;
	r->end = r->p == NULL ? NULL : r->p + len;
	r->bad = r->p == NULL && len > 0;
}

size_t
rd_left(const struct rd *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}

bool
rd_ok(const struct rd *r)
{
	return !r->bad;
}

bool
rd_done(const struct rd *r)
{
	return !r->bad && r->p == r->end;
}

void
rd_fail(struct rd *r)
{
	r->bad = true;
}

const uint8_t *
rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || (size_t)(r->end - r->p) < n) {
		r->bad = true;
		return NULL;
	}
	if (n > 0)
		r->p += n;
	return p;
}

uint8_t
rd_n8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p == NULL ? 0 : p[0];
}

uint16_t
rd_n16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p == NULL ? 0 : (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
rd_n32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p == NULL ? 0 :
			   (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3];
}

uint64_t
rd_n64(struct rd *r)
{
	uint64_t high = rd_n32(r);
	uint64_t low = rd_n32(r);

	return r->bad ? 0 : high << 32 | low;
}

void
rd_copy(struct rd *r, void *to, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	if (n == 0)
		return;
	if (p == NULL)
		memset(to, 0, n);
	else
		memcpy(to, p, n);
}

struct rd
rd_sub(struct rd *r, size_t n)
{
	struct rd sub = { NULL, NULL, true };
	const uint8_t *p = rd_bytes(r, n);

	if (r->bad)
		return sub;
	sub.p = p;
	sub.end = n > 0 ? p + n : p;
	sub.bad = false;
	return sub;
}

char *
rd_str(struct rd *r)
{
	uint16_t len = rd_n16(r);
	const uint8_t *p = rd_bytes(r, len);
	char *s;

	if (r->bad || (len > 0 && memchr(p, '\0', len) != NULL)) {
		r->bad = true;
		return NULL;
	}
	s = xmalloc((size_t)len + 1);
	if (len > 0)
		memcpy(s, p, len);
	s[len] = '\0';
	return s;
}

void
wr_init(struct wr *w, void *mem, size_t len)
{
	w->base = w->p = mem;
	w->end = w->base + len;
	w->limit = 0;
	w->bad = false;
}

void
wr_init_grow(struct wr *w, size_t limit)
{
	w->base = w->p = w->end = NULL;
	w->limit = limit;
	w->bad = false;
}

void
wr_free(struct wr *w)
{
	if (w->limit > 0)
		free(w->base);
	w->base = w->p = w->end = NULL;
}

void
wr_reset(struct wr *w)
{
	w->p = w->base;
	w->bad = false;
}

size_t
wr_len(const struct wr *w)
{
	return w->base == NULL ? 0 : (size_t)(w->p - w->base);
}

size_t
wr_left(const struct wr *w)
{
	if (w->bad)
		return 0;
	if (w->limit > 0)
		return w->limit - wr_len(w);
	return (size_t)(w->end - w->p);
}

bool
wr_ok(const struct wr *w)
{
	return !w->bad;
}

/* Room for n bytes at w->p; NULL and bad if there is none. */
static uint8_t *
wr_room(struct wr *w, size_t n)
{
	uint8_t *p;

	if (w->bad)
		return NULL;
	if (w->base == NULL || (size_t)(w->end - w->p) < n) {
		size_t len = wr_len(w);
		size_t size = w->base == NULL ? 0 : (size_t)(w->end - w->base);

		if (w->limit == 0 || n > w->limit - len) {
			w->bad = true;
			return NULL;
		}
		size = size < 128 ? 256 : size * 2;
		if (size < len + n)
			size = len + n;
		if (size > w->limit)
			size = w->limit;
		w->base = xreallocarray(w->base, size, 1);
		w->p = w->base + len;
		w->end = w->base + size;
	}
	p = w->p;
	w->p += n;
	return p;
}

void
wr_n8(struct wr *w, uint8_t v)
{
	uint8_t *p = wr_room(w, 1);

	if (p != NULL)
		p[0] = v;
}

void
wr_n16(struct wr *w, uint16_t v)
{
	uint8_t *p = wr_room(w, 2);

	if (p != NULL) {
		p[0] = (uint8_t)(v >> 8);
		p[1] = (uint8_t)v;
	}
}

static void
store32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

void
wr_n32(struct wr *w, uint32_t v)
{
	uint8_t *p = wr_room(w, 4);

	if (p != NULL)
		store32(p, v);
}

void
wr_n64(struct wr *w, uint64_t v)
{
	uint8_t *p = wr_room(w, 8);

	if (p != NULL) {
		store32(p, (uint32_t)(v >> 32));
		store32(p + 4, (uint32_t)v);
	}
}

void
wr_copy(struct wr *w, const void *from, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p != NULL && n > 0)
		memcpy(p, from, n);
}

void
wr_zero(struct wr *w, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p != NULL && n > 0)
		memset(p, 0, n);
}

void
wr_str(struct wr *w, const char *s)
{
	size_t len = s == NULL ? 0 : strlen(s);

	if (len > UINT16_MAX) {
		w->bad = true;
		return;
	}
	wr_n16(w, (uint16_t)len);
	wr_copy(w, s, len);
}

size_t
wr_skip(struct wr *w, size_t n)
{
	size_t at = wr_len(w);

	wr_zero(w, n);
	return at;
}

static uint8_t *
wr_at(struct wr *w, size_t at, size_t n)
{
	if (w->bad || at > wr_len(w) || wr_len(w) - at < n) {
		w->bad = true;
		return NULL;
	}
	return w->base + at;
}

void
wr_patch8(struct wr *w, size_t at, uint8_t v)
{
	uint8_t *p = wr_at(w, at, 1);

	if (p != NULL)
		p[0] = v;
}

void
wr_patch16(struct wr *w, size_t at, uint16_t v)
{
	uint8_t *p = wr_at(w, at, 2);

	if (p != NULL) {
		p[0] = (uint8_t)(v >> 8);
		p[1] = (uint8_t)v;
	}
}

void
wr_patch32(struct wr *w, size_t at, uint32_t v)
{
	uint8_t *p = wr_at(w, at, 4);

	if (p != NULL)
		store32(p, v);
}
