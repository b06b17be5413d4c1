/* SPDX-License-Identifier: ISC */
/* Prefixes as keys of routes. */
#include "common/nlri.h"

#include <stdio.h>
#include <string.h>

static unsigned int
key_bytes(unsigned int bits)
{
	return (bits + 7) / 8;
}

void
nlri_mask(struct nlri *n)
{
	unsigned int bytes = key_bytes(n->bits);

	if (n->bits % 8 != 0)
		n->key[bytes - 1] &= (uint8_t)(0xff00u >> (n->bits % 8));
	memset(n->key + bytes, 0, sizeof(n->key) - bytes);
}

/* A decimal number without sign, blanks or leading zeros; -1 if it is not. */
static int
length_parse(const char *text)
{
	int v = 0;

	if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		if (v < 100000)
			v = v * 10 + (*text - '0');
	}
	return v;
}

/* A number up to `max` without a zero in front; NULL if it is none. */
static const char *
digits(const char *s, unsigned int max, unsigned int *v)
{
	const char *from = s;

	for (*v = 0; *s >= '0' && *s <= '9' && s - from < 3; s++)
		*v = *v * 10 + (unsigned int)(*s - '0');
	if (s == from || *v > max || (*from == '0' && s - from > 1))
		return NULL;
	return s;
}

/* The common case; false: to be looked at in detail. */
static bool
ipv4_parse(const char *s, struct nlri *n)
{
	unsigned int i, v;

	memset(n, 0, sizeof(*n));
	n->family = FAMILY_IPV4_UNICAST;
	for (i = 0; i < 4; i++) {
		if ((s = digits(s, 255, &v)) == NULL ||
		    *s++ != (i < 3 ? '.' : '/'))
			return false;
		n->key[i] = (uint8_t)v;
	}
	if ((s = digits(s, 32, &v)) == NULL || *s != '\0')
		return false;
	n->bits = (uint8_t)v;
	nlri_mask(n);
	return true;
}

int
nlri_parse(const char *text, struct nlri *n, struct err *e)
{
	char host[ADDR_STRLEN];
	const char *slash;
	struct addr a;
	unsigned int max;
	int len;

	if (ipv4_parse(text, n))
		return 0;
	slash = strchr(text, '/');
	if (slash == NULL)
		return err_set(e, ERR_INVALID,
		    "prefix \"%.60s\" has no /length", text);
	if ((size_t)(slash - text) >= sizeof(host))
		return err_set(e, ERR_INVALID, "prefix \"%.60s\" is malformed",
		    text);
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	len = length_parse(slash + 1);
	if (addr_parse(host, &a) == -1 || len == -1)
		return err_set(e, ERR_INVALID, "prefix \"%.60s\" is malformed",
		    text);
	memset(n, 0, sizeof(*n));
	n->family =
	    a.family == ADDR_IPV6 ? FAMILY_IPV6_UNICAST : FAMILY_IPV4_UNICAST;
	max = family_max_bits((enum family)n->family);
	if ((unsigned int)len > max)
		return err_set(e, ERR_INVALID, "%s prefix length %d exceeds %u",
		    a.family == ADDR_IPV6 ? "IPv6" : "IPv4", len, max);
	n->bits = (uint8_t)len;
	memcpy(n->key, a.bytes, sizeof(n->key));
	nlri_mask(n);
	return 0;
}

const char *
nlri_str(const struct nlri *n, char *buf)
{
	char host[ADDR_STRLEN];
	struct addr a;

	a.family = n->family == FAMILY_IPV6_UNICAST ? ADDR_IPV6 : ADDR_IPV4;
	memcpy(a.bytes, n->key, sizeof(a.bytes));
	snprintf(buf, NLRI_STRLEN, "%s/%u", addr_str(&a, host), n->bits);
	return buf;
}

int
nlri_cmp(const struct nlri *a, const struct nlri *b)
{
	int c;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	c = memcmp(a->key, b->key, sizeof(a->key));
	if (c != 0)
		return c;
	return (a->bits > b->bits) - (a->bits < b->bits);
}

bool
nlri_covers(const struct nlri *s, const struct nlri *l)
{
	struct nlri cut;

	if (s->family != l->family || s->bits > l->bits)
		return false;
	cut = *l;
	cut.bits = s->bits;
	nlri_mask(&cut);
	return memcmp(cut.key, s->key, sizeof(cut.key)) == 0;
}

void
nlri_put(struct wr *w, const struct nlri *n)
{
	wr_n8(w, n->family);
	wr_n8(w, n->bits);
	wr_copy(w, n->key, key_bytes(n->bits));
}

void
nlri_get(struct rd *r, struct nlri *n)
{
	struct nlri masked;

	memset(n, 0, sizeof(*n));
	n->family = rd_n8(r);
	n->bits = rd_n8(r);
	if (n->family >= FAMILY__MAX ||
	    n->bits > family_max_bits((enum family)n->family)) {
		rd_fail(r);
		memset(n, 0, sizeof(*n));
		return;
	}
	rd_copy(r, n->key, key_bytes(n->bits));
	masked = *n;
	nlri_mask(&masked);
	if (memcmp(masked.key, n->key, sizeof(masked.key)) != 0)
		rd_fail(r);
}
