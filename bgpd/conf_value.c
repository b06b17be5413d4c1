/* SPDX-License-Identifier: ISC */
/*
 * Strict parsers of short texts.  Pure; every text is a NUL-terminated
 * string of a bounded file.
 */
#include "bgpd/conf_value.h"

#include <string.h>

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

/* --- patterns */

int
value_pattern(const char *s, struct err *e)
{
	const char *p, *why = NULL;
	unsigned int groups = 0;
	bool atom = false; /* something stands before that can be repeated */

	for (p = s; *p != '\0' && why == NULL; p++) {
		switch (*p) {
		case '\\':
			if (p[1] == '\0')
				why = "ends in a lone backslash";
			else
				p++;
			atom = true;
			break;
		case '(':
			groups++;
			atom = false;
			if (p[1] == '?')
				p++; /* the start of (?: */
			break;
		case ')':
			if (groups-- == 0)
				why = "has a ) without a (";
			atom = true;
			break;
		case '[':
			/* A ] right after [ or [^ stands for itself. */
			p += p[1] == '^' ? 2 : 1;
			p = *p == '\0' ? NULL : strchr(p + 1, ']');
			if (p == NULL)
				return err_set(e, ERR_INVALID,
				    "pattern \"%s\" has a [ without a ]", s);
			atom = true;
			break;
		case '*':
		case '+':
		case '?':
			if (!atom)
				why = "repeats nothing";
			break;
		case '|':
			atom = false;
			break;
		default:
			atom = true;
		}
	}
	if (*s == '\0')
		why = "is empty";
	else if (why == NULL && groups != 0)
		why = "has a ( without a )";
	if (why == NULL)
		return 0;
	return err_set(e, ERR_INVALID, "pattern \"%s\" %s", s, why);
}
