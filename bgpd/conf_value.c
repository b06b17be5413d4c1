/* SPDX-License-Identifier: ISC */
/* Strict; pure. */
#include "bgpd/conf_value.h"

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* Digits to the end of the text. */
static int
number_of(const char *s, unsigned int base, uint64_t *to)
{
	uint64_t v = 0;
	unsigned int d;

	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		d = (unsigned int)digit_of(*s);
		if (d >= base || v > (UINT64_MAX - d) / base)
			return -1;
		v = v * base + d;
	}
	*to = v;
	return 0;
}

int
value_number(const char *s, uint64_t *to)
{
	if (s[0] == '0' && s[1] == 'x')
		return number_of(s + 2, 16, to);
	if (s[0] == '0' && s[1] == 'o')
		return number_of(s + 2, 8, to);
	if (s[0] == '0' && s[1] != '\0')
		return -1; /* octal to some readers, decimal to others */
	return number_of(s, 10, to);
}
