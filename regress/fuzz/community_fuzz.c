/* SPDX-License-Identifier: ISC */
/* Communities: the first octet chooses the unit, the rest is a list, and
 * text. */
#include "common/community.h"
#include "regress/fuzz/fuzz.h"

static size_t
dedup_slowly(uint8_t *p, size_t len, size_t unit)
{
	size_t to = 0, j;

	for (size_t i = 0; i < len; i += unit) {
		for (j = 0; j < to; j += unit)
			if (memcmp(p + j, p + i, unit) == 0)
				break;
		if (j == to) {
			memmove(p + to, p + i, unit);
			to += unit;
		}
	}
	return to;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t units[] = { 4, 8, 12, 20 };
	struct community_large large;
	char buf[COMMUNITY_STRLEN], *text;
	uint8_t *a, *b;
	size_t unit, n, want;
	uint32_t c, d;

	if (len == 0)
		return 0;
	unit = units[data[0] % 4];
	n = (len - 1) / unit * unit;
	a = fuzz_copy(data + 1, n);
	b = fuzz_copy(data + 1, n);
	want = dedup_slowly(a, n, unit);
	if (n > 0) {
		FUZZ_HOLDS(community_has_duplicate(b, n, unit) == (want != n));
		FUZZ_HOLDS(community_dedup(b, n, unit) == want);
		FUZZ_HOLDS(memcmp(a, b, want) == 0);
	}
	free(a);
	free(b);
	text = strndup((const char *)data, len);
	if (community_parse(text, &c) == 0) {
		FUZZ_HOLDS(
		    community_parse(community_str(c, true, buf), &d) == 0);
		FUZZ_HOLDS(c == d);
	}
	if (community_large_parse(text, &large) == 0)
		FUZZ_HOLDS(community_large_parse(
			       community_large_str(&large, buf), &large) == 0);
	free(text);
	return 0;
}
