/* SPDX-License-Identifier: ISC */
/* Headers, NOTIFICATION and ROUTE-REFRESH: the input is a message. */
#include "common/bgp_msg.h"
#include "regress/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *msg = fuzz_copy(data, len), out[BGP_MSG_MAX];
	struct bgp_notification n;
	struct bgp_refresh r;
	struct bgp_error e;

	if (len >= BGP_HEADER_LEN &&
	    bgp_msg_check(msg, BGP_MSG_MAX, &e) == (int)len) {
		if (bgp_msg_type(msg) == BGP_NOTIFICATION) {
			bgp_notification_parse(msg, len, &n);
			FUZZ_HOLDS(strlen(n.text) < sizeof(n.text));
			FUZZ_HOLDS(bgp_msg_notification(out, &n.error) == len);
			FUZZ_HOLDS(memcmp(out, msg, len) == 0);
		} else if (bgp_msg_type(msg) == BGP_ROUTE_REFRESH) {
			bgp_refresh_parse(msg, &r);
		}
	}
	free(msg);
	return 0;
}
