/* SPDX-License-Identifier: ISC */
/* AS paths: in wire form, and the same bytes as text. */
#include "common/aspath.h"
#include "regress/fuzz/fuzz.h"

enum { PATH_MAX_LEN = 4096, ROOM = 4 * PATH_MAX_LEN };

static void
check_text(const uint8_t *path, size_t len)
{
	static char text[16 * PATH_MAX_LEN], again[16 * PATH_MAX_LEN];
	static uint8_t to[ROOM];
	struct wr w;

	FUZZ_HOLDS(aspath_str(text, sizeof(text), path, len) < sizeof(text));
	wr_init(&w, to, sizeof(to));
	FUZZ_HOLDS(aspath_parse(text, &w) == 0);
	FUZZ_HOLDS(aspath_check(to, wr_len(&w), 4, true) == ASPATH_OK);
	FUZZ_HOLDS(aspath_len(to, wr_len(&w)) == aspath_len(path, len));
	aspath_str(again, sizeof(again), to, wr_len(&w));
	FUZZ_HOLDS(strcmp(text, again) == 0);
}

static void
check_path(const uint8_t *path, size_t len)
{
	static uint8_t to[ROOM], as4[ROOM], merged[2 * ROOM];
	unsigned int n = aspath_len(path, len);
	size_t to_len, as4_len;
	bool lossy;

	to_len = aspath_prepend(to, path, len, 7, 3);
	FUZZ_HOLDS(aspath_check(to, to_len, 4, true) == ASPATH_OK);
	FUZZ_HOLDS(aspath_len(to, to_len) == n + 3);
	FUZZ_HOLDS(aspath_first(to, to_len) == 7);
	/* What an OLD speaker passes on comes back whole. */
	to_len = aspath_to_as2(to, path, len, &lossy);
	FUZZ_HOLDS(aspath_check(to, to_len, 2, true) == ASPATH_OK);
	as4_len = aspath_to_as4(as4, path, len);
	to_len = aspath_widen(merged, to, to_len);
	to_len = aspath_merge_as4(to, merged, to_len, as4, as4_len);
	FUZZ_HOLDS(aspath_check(to, to_len, 4, true) == ASPATH_OK);
	FUZZ_HOLDS(aspath_len(to, to_len) == n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *path, to[ROOM];
	char *text;
	struct wr w;

	if (len > PATH_MAX_LEN)
		return 0;
	path = fuzz_copy(data, len);
	if (aspath_check(path, len, 4, true) == ASPATH_OK) {
		check_text(path, len);
		check_path(path, len);
	}
	(void)aspath_origin(path, len);
	free(path);
	text = strndup((const char *)data, len);
	wr_init(&w, to, sizeof(to));
	if (aspath_parse(text, &w) == 0)
		check_text(to, wr_len(&w));
	free(text);
	return 0;
}
