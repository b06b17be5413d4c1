/* SPDX-License-Identifier: ISC */
/* OPEN: the input is its body. */
#include "common/bgp_open.h"
#include "regress/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *msg, out[BGP_OPEN_WRITE_MAX];
	struct bgp_capability cap;
	struct bgp_cap_iter it;
	struct bgp_open o, p;
	struct bgp_error e;

	if (len > BGP_MSG_MAX - BGP_HEADER_LEN)
		return 0;
	msg = fuzz_message(BGP_OPEN, data, &len);
	if (bgp_open_parse(msg, len, &o, &e) == 0) {
		bgp_cap_iter_init(&it, msg, len);
		while (bgp_cap_next(&it, &cap))
			FUZZ_HOLDS(cap.value + cap.len <= msg + len);
		len = bgp_open_write(out, &o);
		FUZZ_HOLDS(bgp_open_parse(out, len, &p, &e) == 0);
		FUZZ_HOLDS(p.asn == o.asn && p.families == o.families &&
		    p.gr_families == o.gr_families && p.as4 == o.as4);
	} else {
		FUZZ_HOLDS(e.code == BGP_ERR_OPEN);
	}
	free(msg);
	return 0;
}
