/* SPDX-License-Identifier: ISC */
/*
 * Strict parsers of short texts.  Pure; every text is a NUL-terminated
 * string of a bounded file.
 */
#include "bgpd/conf_value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"

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

/* `n` characters as a number up to max. */
static int
number_span(const char *s, size_t n, unsigned int base, uint64_t max,
    uint64_t *to)
{
	uint64_t v = 0;
	unsigned int d;
	size_t i;

	if (n == 0)
		return -1;
	for (i = 0; i < n; i++) {
		d = (unsigned int)digit_of(s[i]);
		if (d >= base || v > (max - d) / base)
			return -1;
		v = v * base + d;
	}
	*to = v;
	return 0;
}

int
value_number(const char *s, uint64_t *to)
{
	size_t n = strlen(s);

	if (n > 2 && s[0] == '0' && s[1] == 'x')
		return number_span(s + 2, n - 2, 16, UINT64_MAX, to);
	if (n > 2 && s[0] == '0' && s[1] == 'o')
		return number_span(s + 2, n - 2, 8, UINT64_MAX, to);
	if (n > 1 && s[0] == '0')
		return -1; /* octal to some readers, decimal to others */
	return number_span(s, n, 10, UINT64_MAX, to);
}

/*
 * Cut the decimal number up to `stop` off the front of *s and step over the
 * stop character (none if it is the end of the text).
 */
static int
number_cut(const char **s, char stop, uint64_t max, uint64_t *to)
{
	const char *end = strchr(*s, stop);

	if (end == NULL ||
	    number_span(*s, (size_t)(end - *s), 10, max, to) == -1)
		return -1;
	*s = stop == '\0' ? end : end + 1;
	return 0;
}

int
value_community(const char *s, uint32_t *to, struct err *e)
{
	const char *p = s;
	uint64_t high, low;

	if (strchr(s, ':') == NULL) {
		if (number_cut(&p, '\0', UINT32_MAX, &low) == -1)
			goto bad;
		*to = (uint32_t)low;
		return 0;
	}
	if (number_cut(&p, ':', UINT16_MAX, &high) == -1 ||
	    number_cut(&p, '\0', UINT16_MAX, &low) == -1)
		goto bad;
	*to = (uint32_t)(high << 16 | low);
	return 0;
bad:
	return err_set(e, ERR_INVALID,
	    "\"%s\" is not a community (HIGH:LOW or a number)", s);
}

int
value_large_community(const char *s, uint32_t to[3], struct err *e)
{
	const char *p = s;
	uint64_t v[3];
	int i;

	for (i = 0; i < 3; i++) {
		if (number_cut(&p, i == 2 ? '\0' : ':', UINT32_MAX, &v[i]) ==
		    -1)
			return err_set(e, ERR_INVALID,
			    "\"%s\" is not a large community (A:B:C)", s);
		to[i] = (uint32_t)v[i];
	}
	return 0;
}

/* --- extended communities */

static void
put_be(uint8_t *to, int n, uint64_t v)
{
	while (n-- > 0) {
		to[n] = (uint8_t)v;
		v >>= 8;
	}
}

/* "ADMIN:LOCAL" of a route target or route origin (RFC 4360 3, RFC 5668) */
static int
ext_target(const char *s, uint8_t subtype, uint8_t to[8])
{
	const char *colon = strchr(s, ':');
	char host[ADDR_STRLEN];
	struct addr a;
	uint64_t admin, local;

	if (colon == NULL || (size_t)(colon - s) >= sizeof(host))
		return -1;
	memcpy(host, s, (size_t)(colon - s));
	host[colon - s] = '\0';
	s = colon + 1;
	to[1] = subtype;
	if (addr_parse(host, &a) == 0 && a.family == ADDR_IPV4) {
		if (number_cut(&s, '\0', UINT16_MAX, &local) == -1)
			return -1;
		to[0] = 0x01;
		memcpy(to + 2, a.bytes, 4);
		put_be(to + 6, 2, local);
		return 0;
	}
	if (number_span(host, strlen(host), 10, UINT32_MAX, &admin) == -1)
		return -1;
	if (number_cut(&s, '\0', admin > UINT16_MAX ? UINT16_MAX : UINT32_MAX,
		&local) == -1)
		return -1;
	if (admin > UINT16_MAX) {
		to[0] = 0x02;
		put_be(to + 2, 4, admin);
		put_be(to + 6, 2, local);
	} else {
		to[0] = 0x00;
		put_be(to + 2, 2, admin);
		put_be(to + 4, 4, local);
	}
	return 0;
}

static int
ext_route_target(const char *s, uint8_t to[8])
{
	return ext_target(s, 0x02, to);
}

static int
ext_route_origin(const char *s, uint8_t to[8])
{
	return ext_target(s, 0x03, to);
}

/* "ASN:BANDWIDTH", bytes per second as IEEE single precision */
static int
ext_bandwidth(const char *s, uint8_t to[8])
{
	uint64_t asn;
	uint32_t bits;
	float f;
	char *end;

	if (number_cut(&s, ':', UINT16_MAX, &asn) == -1)
		return -1;
	errno = 0;
	f = strtof(s, &end);
	if (*end != '\0' || *s < '0' || *s > '9' || errno != 0 || !isfinite(f))
		return -1;
	memcpy(&bits, &f, sizeof(bits));
	to[0] = 0x40;
	to[1] = 0x04;
	put_be(to + 2, 2, asn);
	put_be(to + 4, 4, bits);
	return 0;
}

static int
ext_color(const char *s, uint8_t to[8])
{
	uint64_t v;

	if (number_cut(&s, '\0', UINT32_MAX, &v) == -1)
		return -1;
	to[0] = 0x03;
	to[1] = 0x0b;
	put_be(to + 4, 4, v);
	return 0;
}

static int
ext_encapsulation(const char *s, uint8_t to[8])
{
	uint64_t v;

	if (number_cut(&s, '\0', UINT16_MAX, &v) == -1)
		return -1;
	to[0] = 0x03;
	to[1] = 0x0c;
	put_be(to + 6, 2, v);
	return 0;
}

static int
ext_router_mac(const char *s, uint8_t to[8])
{
	uint64_t v;
	int i;

	if (strlen(s) != 17)
		return -1;
	to[0] = 0x06;
	to[1] = 0x03;
	for (i = 0; i < 6; i++, s += 3) {
		if (number_span(s, 2, 16, 0xff, &v) == -1 ||
		    s[2] != (i == 5 ? '\0' : ':'))
			return -1;
		to[2 + i] = (uint8_t)v;
	}
	return 0;
}

static int
ext_raw(const char *s, uint8_t to[8])
{
	uint64_t v;

	if (strlen(s) != 16 || number_span(s, 16, 16, UINT64_MAX, &v) == -1)
		return -1;
	put_be(to, 8, v);
	return 0;
}

int
value_ext_community(const char *s, uint8_t to[8], struct err *e)
{
	static const struct {
		const char *prefix;
		int (*parse)(const char *, uint8_t[8]);
	} forms[] = {
		{ "rt:", ext_route_target },
		{ "ro:", ext_route_origin },
		{ "lb:", ext_bandwidth },
		{ "color:", ext_color },
		{ "encapsulation:", ext_encapsulation },
		{ "router-mac:", ext_router_mac },
		{ "0x", ext_raw },
	};
	size_t i, n;

	for (i = 0; i < nitems(forms); i++) {
		n = strlen(forms[i].prefix);
		if (strncmp(s, forms[i].prefix, n) != 0)
			continue;
		memset(to, 0, 8);
		if (forms[i].parse(s + n, to) == 0)
			return 0;
	}
	return err_set(e, ERR_INVALID,
	    "\"%s\" is not an extended community (rt:, ro:, lb:, color:, "
	    "encapsulation:, router-mac: or 0x form)",
	    s);
}

/* --- prefix length ranges */

int
value_masklen(const char *s, const struct nlri *of, unsigned int *min,
    unsigned int *max, struct err *e)
{
	const unsigned int most = family_max_bits((enum family)of->family);
	const char *dots = strstr(s, "..");
	uint64_t low = of->bits, high = most;

	if (strcmp(s, "exact") == 0) {
		*min = *max = of->bits;
		return 0;
	}
	if (dots == NULL || strlen(s) == 2 ||
	    (dots != s &&
		number_span(s, (size_t)(dots - s), 10, 999, &low) == -1) ||
	    (dots[2] != '\0' &&
		number_span(dots + 2, strlen(dots + 2), 10, 999, &high) == -1))
		return err_set(e, ERR_INVALID,
		    "\"%s\" is not a range (exact, MIN..MAX, MIN.. or ..MAX)",
		    s);
	if (high > most)
		return err_set(e, ERR_INVALID, "maximum %u exceeds %u",
		    (unsigned int)high, most);
	if (low > high)
		return err_set(e, ERR_INVALID,
		    "minimum %u is above the maximum %u", (unsigned int)low,
		    (unsigned int)high);
	if (low < of->bits)
		return err_set(e, ERR_INVALID,
		    "minimum %u is below the prefix's own length %u",
		    (unsigned int)low, (unsigned int)of->bits);
	*min = (unsigned int)low;
	*max = (unsigned int)high;
	return 0;
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
