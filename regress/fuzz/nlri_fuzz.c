/* SPDX-License-Identifier: ISC */
/* NLRI: the first octet says family and ADD-PATH, the rest is a span. */
#include "common/be.h"
#include "common/bgp_nlri.h"
#include "regress/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum family family =
	    len > 0 && data[0] & 1 ? FAMILY_IPV6_UNICAST : FAMILY_IPV4_UNICAST;
	bool add_path = len > 0 && data[0] & 2;
	uint8_t *span, out[BGP_NLRI_MAX], bits;
	struct bgp_nlri_iter it;
	struct nlri nlri;
	const uint8_t *p;
	uint32_t id, addr;
	int n;

	if (len == 0)
		return 0;
	len--;
	span = fuzz_copy(data + 1, len);
	n = bgp_nlri_check(family, span, len, add_path);
	bgp_nlri_iter_init(&it, family, span, len, add_path);
	for (p = span; bgp_nlri_next(&it, &nlri, &id) && n >= 0; n--) {
		FUZZ_HOLDS(bgp_nlri_write_id(out, &nlri, id) <= sizeof(out));
		if (family == FAMILY_IPV6_UNICAST || add_path)
			continue;
		bgp_nlri_ipv4_next(&p, span + len, &addr, &bits);
		FUZZ_HOLDS(bits == nlri.bits && addr == be_get32(nlri.key));
	}
	FUZZ_HOLDS(n <= 0);
	free(span);
	return 0;
}
