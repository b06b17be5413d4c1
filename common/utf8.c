/* SPDX-License-Identifier: ISC */
/*
 * UTF-8 of foreign text.
 */
#include "common/utf8.h"

size_t
utf8_length(const uint8_t *p, size_t left)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return p[0] != 0 ? 1 : 0;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (left < n)
		return 0;
	switch (p[0]) {
	case 0xe0:
		low = 0xa0; /* overlong */
		break;
	case 0xed:
		high = 0x9f; /* surrogates */
		break;
	case 0xf0:
		low = 0x90;
		break;
	case 0xf4:
		high = 0x8f;
		break;
	}
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

size_t
utf8_printable(const uint8_t *p, size_t left)
{
	size_t n = utf8_length(p, left);

	if (n == 0 || p[0] < 0x20 || p[0] == 0x7f)
		return 0;
	if (p[0] == 0xc2 && p[1] < 0xa0) /* C1 control characters */
		return 0;
	/* U+2028, U+2029 and the bidirectional controls of that block and of
	 * U+2066 to U+2069 would lie in a log. */
	if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae)
		return 0;
	if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
		return 0;
	return n;
}
