/* SPDX-License-Identifier: ISC */
/*
 * NLRI of the unicast families.
 */
#include "common/bgp_nlri.h"

#include "common/be.h"

/* The common case: the last one alone can run past the end. */
static int
check_ipv4(const uint8_t *p, size_t len)
{
	size_t at = 0;
	int n = 0;

	for (; at < len; n++) {
		if (p[at] > 32)
			return -1;
		at += bgp_nlri_len(p[at]);
	}
	return at == len ? n : -1;
}

int
bgp_nlri_check(enum family family, const uint8_t *p, size_t len, bool add_path)
{
	const uint8_t *end = len > 0 ? p + len : p;
	unsigned int max = family == FAMILY_IPV4_UNICAST ? 32 : 128;
	size_t id = add_path ? 4 : 0, left, bytes;
	int n = 0;

	if (family == FAMILY_IPV4_UNICAST && !add_path)
		return check_ipv4(p, len);
	while (p < end) {
		left = (size_t)(end - p);
		if (left <= id || p[id] > max)
			return -1;
		bytes = id + bgp_nlri_len(p[id]);
		if (left < bytes)
			return -1;
		p += bytes;
		n++;
	}
	return n;
}

bool
bgp_nlri_next(struct bgp_nlri_iter *it, struct nlri *nlri, uint32_t *path_id)
{
	size_t left = (size_t)(it->end - it->p);
	uint32_t id = 0;
	size_t bytes;

	if (it->add_path) {
		if (left < 5)
			return false;
		id = be_get32(it->p);
		it->p += 4;
		left -= 4;
	}
	if (left == 0)
		return false;
	bytes = bgp_nlri_len(it->p[0]);
	if (left < bytes || bytes > 1 + sizeof(nlri->key))
		return false;
	if (path_id != NULL)
		*path_id = id;
	memset(nlri, 0, sizeof(*nlri));
	nlri->family = it->family;
	nlri->bits = it->p[0];
	memcpy(nlri->key, it->p + 1, bytes - 1);
	if (nlri->bits % 8 != 0)
		nlri->key[nlri->bits / 8] &=
		    (uint8_t)(0xff00u >> nlri->bits % 8);
	it->p += bytes;
	return true;
}

size_t
bgp_nlri_write(uint8_t *to, const struct nlri *nlri)
{
	size_t bytes = bgp_nlri_len(nlri->bits);

	to[0] = nlri->bits;
	memcpy(to + 1, nlri->key, bytes - 1);
	return bytes;
}

size_t
bgp_nlri_write_id(uint8_t *to, const struct nlri *nlri, uint32_t path_id)
{
	be_put32(to, path_id);
	return 4 + bgp_nlri_write(to + 4, nlri);
}

size_t
bgp_nlri_ipv4_write(uint8_t *to, uint32_t addr, uint8_t bits)
{
	to[0] = bits;
	/* Four octets always: BGP_NLRI_MAX leaves room. */
	be_put32(to + 1, addr);
	return bgp_nlri_len(bits);
}
