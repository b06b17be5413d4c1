/* SPDX-License-Identifier: ISC */
/* Attribute blocks as other processes hand them over. */
#include "common/bgp_attr.h"
#include "regress/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *block = fuzz_copy(data, len);
	struct addr addr, link_local;
	struct bgp_attr_hot hot;
	struct bgp_attr a;
	struct err e;
	struct rd r;
	uint32_t v;

	for (int f = 0; f < FAMILY__MAX; f++) {
		if (bgp_attr_validate(block, len, (enum family)f, &e) == -1)
			FUZZ_HOLDS(e.code == ERR_INVALID);
	}
	if (len <= UINT16_MAX)
		bgp_attr_hot(block, len, &hot);
	rd_init(&r, block, len);
	while (bgp_attr_next(&r, &a)) {
		FUZZ_HOLDS(a.value + a.len <= block + len);
		(void)bgp_attr_u32(&a, &v);
		(void)bgp_attr_aggregator(&a, &v, &addr);
		(void)bgp_attr_next_hop(&a, &addr, &link_local);
	}
	free(block);
	return 0;
}
