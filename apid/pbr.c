/* SPDX-License-Identifier: ISC */
/*
 * Reading protobuf by hand; see pbr.h.
 */
#include "apid/pbr.h"

#include <stdbool.h>

void
pbr_init(struct pbr *r, const void *p, size_t len)
{
	static const uint8_t none;

	r->p = p == NULL ? &none : p;
	r->end = r->p + len;
}

static bool
get_varint(struct pbr *r, uint64_t *value)
{
	unsigned int shift;

	*value = 0;
	for (shift = 0; shift < 70; shift += 7) {
		if (r->p == r->end)
			return false;
		*value |= shift > 63 ? 0 : (uint64_t)(*r->p & 0x7f) << shift;
		if ((*r->p++ & 0x80) == 0)
			return true;
	}
	return false;
}

static bool
get_bytes(struct pbr *r, uint64_t n, struct pbr *out)
{
	if (n > pbr_left(r))
		return false;
	out->p = r->p;
	r->p += n;
	out->end = r->p;
	return true;
}

int
pbr_next(struct pbr *r, struct pbr_member *m)
{
	uint64_t key, n;
	bool good = false;

	if (r->p == r->end)
		return 0;
	if (!get_varint(r, &key) || key > UINT32_MAX || key < 8)
		return -1;
	m->number = (uint32_t)(key >> 3);
	m->wire = (uint8_t)(key & 7);
	switch (m->wire) {
	case PBR_VARINT:
		good = get_varint(r, &m->value);
		break;
	case PBR_64:
		good = get_bytes(r, 8, &m->body);
		break;
	case PBR_32:
		good = get_bytes(r, 4, &m->body);
		break;
	case PBR_BYTES:
		good = get_varint(r, &n) && get_bytes(r, n, &m->body);
		break;
	default:
		break;
	}
	return good ? 1 : -1;
}
