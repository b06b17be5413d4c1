/* SPDX-License-Identifier: ISC */
/* BMP: the input is a run of messages. */
#include "common/bmp.h"
#include "regress/fuzz/fuzz.h"

static void
check(struct bmp_msg *m, const uint8_t *end)
{
	struct bmp_peer_down down;
	struct bmp_tlv t;
	struct bmp_up up;
	const uint8_t *pdu;
	size_t n;

	if (m->type == BMP_ROUTE_MONITORING) {
		pdu = bmp_read_route(m, &n);
		FUZZ_HOLDS(pdu == NULL || pdu + n == end);
		return;
	}
	if (m->type == BMP_PEER_UP && bmp_read_up(m, &up))
		FUZZ_HOLDS(up.received + up.received_len <= end);
	if (m->type == BMP_PEER_DOWN && bmp_read_down(m, &down))
		FUZZ_HOLDS(down.pdu == NULL || down.pdu + down.pdu_len <= end);
	if (m->type == BMP_STATISTICS)
		(void)bmp_read_stats(m);
	while (bmp_tlv_next(&m->body, &t))
		FUZZ_HOLDS(t.value + t.len <= end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bmp_msg m;
	int n;

	while ((n = bmp_read(data, len, &m)) > 0) {
		FUZZ_HOLDS((size_t)n <= len);
		check(&m, data + n);
		data += n;
		len -= (size_t)n;
	}
	return 0;
}
