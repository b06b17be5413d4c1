/* SPDX-License-Identifier: ISC */
/* Members of sets and policies as text.  Pure. */
#include "common/policy_text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/be.h"
#include "common/bgp.h"
#include "common/community.h"
#include "common/conf.h"

/* --- numbers */

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
		if (d >= base || d > max || v > (max - d) / base)
			return -1;
		v = v * base + d;
	}
	*to = v;
	return 0;
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

/* --- prefixes */

static int
range_parse(const char *s, struct conf_prefix *p, struct err *e)
{
	const unsigned int most = family_max_bits((enum family)p->nlri.family);
	const char *dots = strstr(s, "..");
	uint64_t low = p->nlri.bits, high = most;

	if (strcmp(s, "exact") == 0) {
		p->form = CONF_RANGE_EXACT;
		return 0;
	}
	if (dots == NULL || strlen(s) == 2 ||
	    (dots != s &&
		number_span(s, (size_t)(dots - s), 10, 999, &low) == -1) ||
	    (dots[2] != '\0' &&
		number_span(dots + 2, strlen(dots + 2), 10, 999, &high) == -1))
		return err_set(e, ERR_INVALID,
		    "\"%.60s\" is not a range (exact, MIN..MAX, MIN.. or "
		    "..MAX)",
		    s);
	if (high > most)
		return err_set(e, ERR_INVALID, "maximum %u exceeds %u",
		    (unsigned int)high, most);
	if (low > high)
		return err_set(e, ERR_INVALID,
		    "minimum %u is above the maximum %u", (unsigned int)low,
		    (unsigned int)high);
	if (low < p->nlri.bits)
		return err_set(e, ERR_INVALID,
		    "minimum %u is below the prefix's own length %u",
		    (unsigned int)low, (unsigned int)p->nlri.bits);
	p->min = (uint8_t)low;
	p->max = (uint8_t)high;
	p->form = dots == s ? CONF_RANGE_UP_TO :
	    dots[2] == '\0' ? CONF_RANGE_FROM :
			      CONF_RANGE_BOTH;
	return 0;
}

int
policy_prefix_parse(const char *prefix, const char *range,
    struct conf_prefix *p, struct err *e)
{
	memset(p, 0, sizeof(*p));
	if (nlri_parse(prefix, &p->nlri, e) == -1)
		return -1;
	p->min = p->max = p->nlri.bits;
	p->form = CONF_RANGE_NONE;
	return range == NULL ? 0 : range_parse(range, p, e);
}

const char *
policy_range_str(const struct conf_prefix *p, char *buf)
{
	switch ((enum conf_range_form)p->form) {
	case CONF_RANGE_EXACT:
		return strcpy(buf, "exact");
	case CONF_RANGE_BOTH:
		snprintf(buf, POLICY_RANGE_STRLEN, "%u..%u", p->min, p->max);
		return buf;
	case CONF_RANGE_UP_TO:
		snprintf(buf, POLICY_RANGE_STRLEN, "..%u", p->max);
		return buf;
	case CONF_RANGE_FROM:
		snprintf(buf, POLICY_RANGE_STRLEN, "%u..", p->min);
		return buf;
	case CONF_RANGE_NONE:
		break;
	}
	return NULL;
}

/* --- communities of numbers between colons: standard and large ones */

/* `parts` numbers of `width` bytes each. */
static int
numbers_parse(const char *s, unsigned int parts, unsigned int width,
    bool patterns, struct conf_comm *c)
{
	const uint64_t max = width == 2 ? UINT16_MAX : UINT32_MAX;
	uint8_t *value = c->value, *mask = c->mask;
	uint64_t v;
	unsigned int i;
	char stop;

	for (i = 0; i < parts; i++, value += width, mask += width) {
		stop = i + 1 == parts ? '\0' : ':';
		if (patterns && s[0] == '*' && s[1] == stop) {
			s += 2;
			continue;
		}
		if (number_cut(&s, stop, max, &v) == -1)
			return -1;
		if (width == 2)
			be_put16(value, (uint16_t)v);
		else
			be_put32(value, (uint32_t)v);
		memset(mask, 0xff, width);
	}
	return 0;
}

static const char *
numbers_str(const struct conf_comm *c, unsigned int parts, unsigned int width,
    char *buf)
{
	const uint8_t *value = c->value, *mask = c->mask;
	unsigned int i;
	int at = 0;

	for (i = 0; i < parts; i++, value += width, mask += width) {
		if (i > 0)
			buf[at++] = ':';
		if (mask[0] == 0)
			at += snprintf(buf + at,
			    (size_t)(POLICY_COMM_STRLEN - at), "*");
		else
			at += snprintf(buf + at,
			    (size_t)(POLICY_COMM_STRLEN - at), "%u",
			    width == 2 ? be_get16(value) : be_get32(value));
	}
	return buf;
}

static int
std_parse(const char *s, bool patterns, struct conf_comm *c, struct err *e)
{
	uint32_t v;

	if (strchr(s, '*') != NULL) {
		if (numbers_parse(s, 2, 2, patterns, c) == 0)
			return 0;
	} else if (community_parse(s, &v) == 0) {
		be_put32(c->value, v);
		memset(c->mask, 0xff, COMMUNITY_LEN);
		return 0;
	}
	return err_set(e, ERR_INVALID,
	    "\"%.60s\" is not a community (HIGH:LOW or a number)", s);
}

/* --- extended communities */

enum { /* RFC 4360 3, 4, 5; RFC 5668; RFC 9012 */
	EXT_AS2 = 0x00,
	EXT_IPV4 = 0x01,
	EXT_AS4 = 0x02,
	EXT_OPAQUE = 0x03,
	EXT_EVPN = 0x06,
	EXT_AS2_LOCAL = 0x40,
	EXT_TARGET = 0x02,
	EXT_ORIGIN = 0x03,
	EXT_MAC = 0x03,
	EXT_BANDWIDTH = 0x04,
	EXT_COLOR = 0x0b,
	EXT_ENCAPSULATION = 0x0c,
};

/* "ADMIN:LOCAL"; a "*" as LOCAL leaves its bytes out of the mask. */
static int
ext_target(const char *s, uint8_t subtype, struct conf_comm *c)
{
	const char *colon = strchr(s, ':');
	char host[ADDR_STRLEN];
	uint8_t *to = c->value;
	struct addr a;
	uint64_t admin, local = 0;
	unsigned int width;
	bool any;

	if (colon == NULL || (size_t)(colon - s) >= sizeof(host))
		return -1;
	memcpy(host, s, (size_t)(colon - s));
	host[colon - s] = '\0';
	s = colon + 1;
	to[1] = subtype;
	if (addr_parse(host, &a) == 0 && a.family == ADDR_IPV4) {
		to[0] = EXT_IPV4;
		memcpy(to + 2, a.bytes, 4);
		width = 2;
	} else if (number_span(host, strlen(host), 10, UINT32_MAX, &admin) ==
	    -1) {
		return -1;
	} else if (admin > UINT16_MAX) {
		to[0] = EXT_AS4;
		be_put32(to + 2, (uint32_t)admin);
		width = 2;
	} else {
		to[0] = EXT_AS2;
		be_put16(to + 2, (uint16_t)admin);
		width = 4;
	}
	any = strcmp(s, "*") == 0;
	if (!any &&
	    number_cut(&s, '\0', width == 2 ? UINT16_MAX : UINT32_MAX,
		&local) == -1)
		return -1;
	if (width == 2)
		be_put16(to + 6, (uint16_t)local);
	else
		be_put32(to + 4, (uint32_t)local);
	if (any)
		memset(c->mask + 8 - width, 0, width);
	return 0;
}

static int
ext_route_target(const char *s, struct conf_comm *c)
{
	return ext_target(s, EXT_TARGET, c);
}

static int
ext_route_origin(const char *s, struct conf_comm *c)
{
	return ext_target(s, EXT_ORIGIN, c);
}

/* "ASN:BANDWIDTH", bytes per second as IEEE single precision */
static int
ext_bandwidth(const char *s, struct conf_comm *c)
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
	c->value[0] = EXT_AS2_LOCAL;
	c->value[1] = EXT_BANDWIDTH;
	be_put16(c->value + 2, (uint16_t)asn);
	be_put32(c->value + 4, bits);
	return 0;
}

static int
ext_color(const char *s, struct conf_comm *c)
{
	uint64_t v;

	if (number_cut(&s, '\0', UINT32_MAX, &v) == -1)
		return -1;
	c->value[0] = EXT_OPAQUE;
	c->value[1] = EXT_COLOR;
	be_put32(c->value + 4, (uint32_t)v);
	return 0;
}

static int
ext_encapsulation(const char *s, struct conf_comm *c)
{
	uint64_t v;

	if (number_cut(&s, '\0', UINT16_MAX, &v) == -1)
		return -1;
	c->value[0] = EXT_OPAQUE;
	c->value[1] = EXT_ENCAPSULATION;
	be_put16(c->value + 6, (uint16_t)v);
	return 0;
}

static int
ext_router_mac(const char *s, struct conf_comm *c)
{
	uint64_t v;
	int i;

	if (strlen(s) != 17)
		return -1;
	c->value[0] = EXT_EVPN;
	c->value[1] = EXT_MAC;
	for (i = 0; i < 6; i++, s += 3) {
		if (number_span(s, 2, 16, 0xff, &v) == -1 ||
		    s[2] != (i == 5 ? '\0' : ':'))
			return -1;
		c->value[2 + i] = (uint8_t)v;
	}
	return 0;
}

static int
ext_raw(const char *s, struct conf_comm *c)
{
	uint64_t v;

	if (strlen(s) != 16 || number_span(s, 16, 16, UINT64_MAX, &v) == -1)
		return -1;
	be_put32(c->value, (uint32_t)(v >> 32));
	be_put32(c->value + 4, (uint32_t)v);
	return 0;
}

static int
ext_parse(const char *s, bool patterns, struct conf_comm *c, struct err *e)
{
	static const struct {
		const char *prefix;
		int (*parse)(const char *, struct conf_comm *);
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
		memset(c->mask, 0xff, COMMUNITY_EXT_LEN);
		if (forms[i].parse(s + n, c) == 0 &&
		    (patterns || conf_comm_is_exact(CONF_SET_EXT_COMMUNITY, c)))
			return 0;
	}
	return err_set(e, ERR_INVALID,
	    "\"%.60s\" is not an extended community (rt:, ro:, lb:, color:, "
	    "encapsulation:, router-mac: or 0x form)",
	    s);
}

/* What has no name of its own, or only one of those that read otherwise. */
static const char *
ext_raw_str(const uint8_t *v, char *buf)
{
	snprintf(buf, POLICY_COMM_STRLEN, "0x%08x%08x", be_get32(v),
	    be_get32(v + 4));
	return buf;
}

static const char *
ext_target_str(const struct conf_comm *c, char *buf)
{
	const uint8_t *v = c->value;
	const char *name = v[1] == EXT_TARGET ? "rt" : "ro";
	uint32_t admin = 0, local;
	char host[ADDR_STRLEN], last[12] = "*";
	struct addr a;

	if (v[0] == EXT_AS2) {
		admin = be_get16(v + 2);
		local = be_get32(v + 4);
	} else {
		admin = be_get32(v + 2);
		local = be_get16(v + 6);
	}
	if (v[0] == EXT_AS4 && admin <= UINT16_MAX)
		return ext_raw_str(v, buf);
	if (c->mask[7] != 0)
		snprintf(last, sizeof(last), "%u", local);
	a = addr_ipv4(admin);
	if (v[0] == EXT_IPV4)
		snprintf(buf, POLICY_COMM_STRLEN, "%s:%s:%s", name,
		    addr_str(&a, host), last);
	else
		snprintf(buf, POLICY_COMM_STRLEN, "%s:%u:%s", name, admin,
		    last);
	return buf;
}

static const char *
ext_bandwidth_str(const uint8_t *v, char *buf)
{
	uint32_t bits = be_get32(v + 4);
	float f;

	memcpy(&f, &bits, sizeof(f));
	/* What strtof() would refuse, with its sign or as not normal. */
	if (bits >> 31 != 0 || !(isnormal(f) || bits == 0))
		return ext_raw_str(v, buf);
	snprintf(buf, POLICY_COMM_STRLEN, "lb:%u:%.9g", be_get16(v + 2),
	    (double)f);
	return buf;
}

static const char *
ext_str(const struct conf_comm *c, char *buf)
{
	const uint8_t *v = c->value;

	if (v[0] <= EXT_AS4 && (v[1] == EXT_TARGET || v[1] == EXT_ORIGIN))
		return ext_target_str(c, buf);
	switch (v[0] << 8 | v[1]) {
	case EXT_AS2_LOCAL << 8 | EXT_BANDWIDTH:
		return ext_bandwidth_str(v, buf);
	case EXT_OPAQUE << 8 | EXT_COLOR:
		if (be_get16(v + 2) != 0)
			break;
		snprintf(buf, POLICY_COMM_STRLEN, "color:%u", be_get32(v + 4));
		return buf;
	case EXT_OPAQUE << 8 | EXT_ENCAPSULATION:
		if (be_get32(v + 2) != 0)
			break;
		snprintf(buf, POLICY_COMM_STRLEN, "encapsulation:%u",
		    be_get16(v + 6));
		return buf;
	case EXT_EVPN << 8 | EXT_MAC:
		snprintf(buf, POLICY_COMM_STRLEN,
		    "router-mac:%02x:%02x:%02x:%02x:%02x:%02x", v[2], v[3],
		    v[4], v[5], v[6], v[7]);
		return buf;
	default:
		break;
	}
	return ext_raw_str(v, buf);
}

/* --- communities of every kind */

int
policy_comm_parse(enum conf_set_kind kind, const char *s, bool patterns,
    struct conf_comm *c, struct err *e)
{
	memset(c, 0, sizeof(*c));
	switch (kind) {
	case CONF_SET_COMMUNITY:
		return std_parse(s, patterns, c, e);
	case CONF_SET_EXT_COMMUNITY:
		return ext_parse(s, patterns, c, e);
	case CONF_SET_LARGE_COMMUNITY:
		if (numbers_parse(s, 3, 4, patterns, c) == 0)
			return 0;
		return err_set(e, ERR_INVALID,
		    "\"%.60s\" is not a large community (A:B:C)", s);
	default:
		return err_set(e, ERR_INVALID, "\"%.60s\": %s has none", s,
		    conf_set_kind_text(kind));
	}
}

const char *
policy_comm_str(enum conf_set_kind kind, const struct conf_comm *c, char *buf)
{
	if (kind == CONF_SET_COMMUNITY)
		return numbers_str(c, 2, 2, buf);
	if (kind == CONF_SET_LARGE_COMMUNITY)
		return numbers_str(c, 3, 4, buf);
	return ext_str(c, buf);
}

/* --- names and words */

int
policy_name_check(const char *what, const char *name, struct err *e)
{
	const char *p;

	if (*name == '\0')
		return err_set(e, ERR_INVALID, "%s: the name is empty", what);
	if (strlen(name) > CONF_NAME_MAX)
		return err_set(e, ERR_INVALID,
		    "%s \"%.60s...\": the name is longer than %u bytes", what,
		    name, CONF_NAME_MAX);
	for (p = name; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(e, ERR_INVALID,
			    "%s: the name has control characters", what);
	}
	if (*name == '_')
		return err_set(e, ERR_INVALID,
		    "%s \"%.60s\" cannot start with underscore (reserved)",
		    what, name);
	return 0;
}

struct word {
	const char *text;
	uint8_t value;
};

static int
word_parse(const struct word *words, size_t n, const char *s, uint8_t *value)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(words[i].text, s) == 0) {
			*value = words[i].value;
			return 0;
		}
	}
	return -1;
}

static const char *
word_str(const struct word *words, size_t n, uint8_t value)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (words[i].value == value)
			return words[i].text;
	}
	return NULL;
}

static const struct word options[] = {
	{ "any", CONF_MATCH_ANY },
	{ "all", CONF_MATCH_ALL },
	{ "invert", CONF_MATCH_INVERT },
	{ "", CONF_MATCH_UNSAID },
};
static const struct word route_types[] = {
	{ "ebgp", CONF_ROUTE_EBGP },
	{ "ibgp", CONF_ROUTE_IBGP },
	{ "local", CONF_ROUTE_LOCAL },
};
static const struct word comm_ops[] = {
	{ "add", CONF_COMM_ADD },
	{ "remove", CONF_COMM_REMOVE },
	{ "replace", CONF_COMM_REPLACE },
};
static const struct word origins[] = {
	{ "igp", BGP_ORIGIN_IGP },
	{ "egp", BGP_ORIGIN_EGP },
	{ "incomplete", BGP_ORIGIN_INCOMPLETE },
};

const char *
policy_option_str(enum conf_match_option option)
{
	return word_str(options, nitems(options), (uint8_t)option);
}

int
policy_option_parse(const char *s, uint8_t *option)
{
	return word_parse(options, nitems(options), s, option);
}

const char *
policy_route_type_str(uint8_t bit)
{
	return word_str(route_types, nitems(route_types), bit);
}

int
policy_route_type_parse(const char *s, uint8_t *bit)
{
	return word_parse(route_types, nitems(route_types), s, bit);
}

const char *
policy_comm_op_str(enum conf_comm_op op)
{
	return word_str(comm_ops, nitems(comm_ops), (uint8_t)op);
}

int
policy_comm_op_parse(const char *s, uint8_t *op)
{
	return word_parse(comm_ops, nitems(comm_ops), s, op);
}

const char *
policy_origin_str(uint8_t origin)
{
	return word_str(origins, nitems(origins), origin);
}

int
policy_origin_parse(const char *s, uint8_t *origin)
{
	return word_parse(origins, nitems(origins), s, origin);
}
