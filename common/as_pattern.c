/* SPDX-License-Identifier: ISC */
/*
 * AS-path patterns on PCRE2; see as_pattern.h.
 *
 * The interpreter with limits of steps and of depth; the just-in-time
 * compiler is never asked for, because no process that sees patterns may map
 * memory that is writable and executable.
 */
#include "common/as_pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "common/aspath.h"
#include "common/log.h"
#include "common/xmalloc.h"

enum {
	STEPS_MAX = 20000, /* of a match: about a millisecond */
	STEPS_PROBE = 2000, /* more than an honest pattern needs on `probe` */
	STEPS_FEW = 500, /* of one that is known to backtrack */
	DEPTH_MAX = 500,
	HEAP_MAX = 256, /* KiB of the matcher's */
	PLAIN_MAX = 16, /* numbers of a plain pattern */
	NEEDS_MAX = 16,
};

struct as_pattern {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *data;
	uint32_t asns[PLAIN_MAX];
	size_t n;
	bool at_start;
	bool at_end;
	uint32_t needs[NEEDS_MAX];
	size_t n_needs;
};

/* A path that is longer than most. */
static const char probe[] =
    "64512 65001 4200000001 13335 3356 174 2914 6939 1299 3257 7018 65551";

/* --- translation */

/* The pattern with `_` spelled out, inside and outside of brackets; `to` has
 * room for 16 bytes a byte. */
static size_t
translate(const char *s, char *to)
{
	static const char outside[] = "(?:^|$|[ {}]+)", inside[] = " {}";
	bool in_brackets = false;
	const char *p;
	size_t n = 0;

	for (p = s; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0') {
			to[n++] = *p++;
			to[n++] = *p;
			continue;
		}
		if (*p == '_') {
			memcpy(to + n, in_brackets ? inside : outside,
			    in_brackets ? sizeof(inside) - 1 :
					  sizeof(outside) - 1);
			n += in_brackets ? sizeof(inside) - 1 :
					   sizeof(outside) - 1;
			continue;
		}
		to[n++] = *p;
		if (!in_brackets && *p == '[') {
			in_brackets = true;
			/* A ] right after [ or [^ stands for itself. */
			if (p[1] == '^')
				to[n++] = *++p;
			if (p[1] == ']')
				to[n++] = *++p;
		} else if (in_brackets && *p == ']') {
			in_brackets = false;
		}
	}
	to[n] = '\0';
	return n;
}

/* Read "N_N_N" between its ends; false if it is of another form. */
static bool
plain_read(struct as_pattern *p, const char *s)
{
	bool left, right = false;
	uint64_t v;

	p->at_start = *s == '^';
	left = *s == '^' || *s == '_';
	if (left)
		s++;
	while (*s >= '1' && *s <= '9' && p->n < PLAIN_MAX) {
		for (v = 0; *s >= '0' && *s <= '9'; s++) {
			v = v * 10 + (uint64_t)(*s - '0');
			if (v > UINT32_MAX)
				return false;
		}
		p->asns[p->n++] = (uint32_t)v;
		right = *s == '_' || *s == '$';
		p->at_end = *s == '$';
		if (!right)
			return false;
		s++;
		if (p->at_end)
			break;
	}
	return left && right && p->n > 0 && *s == '\0';
}

/* --- needed numbers */

static const char *
number_read(const char *s, uint32_t *to)
{
	uint64_t v = 0;

	if (*s < '1' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9' && v <= UINT32_MAX; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	*to = (uint32_t)v;
	return v <= UINT32_MAX ? s : NULL;
}

/* What ends a number, and is there once. */
static bool
ends_number(const char *s)
{
	return (*s == '_' || *s == ' ' || *s == '$') && s[1] != '?' &&
	    s[1] != '*' && s[1] != '+';
}

/* "N" or "(N|N|N)", and the end of a number behind it. */
static size_t
needs_at(const char *s, uint32_t *to)
{
	bool group = *s == '(';
	size_t n = 0;

	s += group;
	do {
		if (n == NEEDS_MAX || (s = number_read(s, &to[n++])) == NULL)
			return 0;
	} while (group && *s++ == '|');
	if (group && s[-1] != ')')
		return 0;
	return ends_number(s) ? n : 0;
}

/*
 * Looks at what stands outside of groups, where there is no alternative, and
 * gives up at everything that could mean something else.
 */
static size_t
needs_read(const char *s, uint32_t *to)
{
	uint32_t found[NEEDS_MAX];
	size_t n = 0, depth = 0, m;

	if (strpbrk(s, "\\{") != NULL || strstr(s, "(?") != NULL ||
	    strstr(s, "(*") != NULL || strstr(s, "[:") != NULL ||
	    strstr(s, "[.") != NULL || strstr(s, "[=") != NULL)
		return 0;
	for (; *s != '\0'; s++) {
		if (*s == '[') {
			s += s[1] == '^' ? 2 : 1;
			s += *s == ']' ? 1 : 0;
			while (*s != '\0' && *s != ']')
				s++;
			if (*s == '\0')
				return 0;
		} else if (*s == '(') {
			depth++;
		} else if (*s == ')') {
			depth--;
		} else if (depth == 0 && *s == '|') {
			return 0;
		} else if (depth == 0 && n == 0 &&
		    (*s == '^' || *s == '_' || *s == ' ')) {
			m = needs_at(s + 1, found);
			if (m > 0)
				memcpy(to, found, m * sizeof(*to));
			n = m;
		}
	}
	return n;
}

struct as_pattern *
as_pattern_new(const char *s, struct err *e)
{
	struct as_pattern *p;
	PCRE2_UCHAR why[128];
	PCRE2_SIZE at;
	char *text;
	int code;
	size_t n;

	if (*s == '\0') {
		err_set(e, ERR_INVALID, "pattern \"\" is empty");
		return NULL;
	}
	if (strlen(s) > AS_PATTERN_MAX) {
		err_set(e, ERR_INVALID,
		    "pattern \"%.60s...\" is longer than %u", s,
		    AS_PATTERN_MAX);
		return NULL;
	}
	p = xcalloc(1, sizeof(*p));
	text = xmalloc(strlen(s) * 16 + 1);
	n = translate(s, text);
	/* No lookbehind into other encodings, no code, no newline lore: a
	 * path is one line of ASCII. */
	p->code = pcre2_compile((PCRE2_SPTR)text, n,
	    PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C |
		PCRE2_NO_AUTO_CAPTURE | PCRE2_DOLLAR_ENDONLY,
	    &code, &at, NULL);
	free(text);
	if (p->code == NULL) {
		if (pcre2_get_error_message(code, why, sizeof(why)) < 0)
			why[0] = '\0';
		err_set(e, ERR_INVALID, "pattern \"%.200s\": %s", s,
		    (const char *)why);
		as_pattern_free(p);
		return NULL;
	}
	p->limits = pcre2_match_context_create(NULL);
	p->data = pcre2_match_data_create(1, NULL);
	if (p->limits == NULL || p->data == NULL)
		fatalx("%s: out of memory", __func__);
	pcre2_set_match_limit(p->limits, STEPS_MAX);
	pcre2_set_depth_limit(p->limits, DEPTH_MAX);
	pcre2_set_heap_limit(p->limits, HEAP_MAX);
	if (!plain_read(p, s))
		p->n = 0;
	p->n_needs = needs_read(s, p->needs);
	return p;
}

void
as_pattern_slim(struct as_pattern *p)
{
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->limits);
	pcre2_code_free(p->code);
	p->data = NULL;
	p->limits = NULL;
	p->code = NULL;
}

void
as_pattern_free(struct as_pattern *p)
{
	if (p == NULL)
		return;
	as_pattern_slim(p);
	free(p);
}

enum as_match
as_pattern_match(const struct as_pattern *p, const char *text, size_t len)
{
	int rc;

	rc = pcre2_match(p->code, (PCRE2_SPTR)text, len, 0, 0, p->data,
	    p->limits);
	if (rc >= 0)
		return AS_MATCH_YES;
	return rc == PCRE2_ERROR_NOMATCH ? AS_MATCH_NO : AS_MATCH_LIMIT;
}

void
as_pattern_tame(struct as_pattern *p)
{
	pcre2_set_match_limit(p->limits, STEPS_PROBE);
	if (as_pattern_match(p, probe, sizeof(probe) - 1) == AS_MATCH_LIMIT)
		pcre2_set_match_limit(p->limits, STEPS_FEW);
	else
		pcre2_set_match_limit(p->limits, STEPS_MAX);
}

void
as_pattern_plain(const struct as_pattern *p, struct as_pattern_plain *to)
{
	to->asns = p->asns;
	to->n = p->n;
	to->at_start = p->at_start;
	to->at_end = p->at_end;
}

size_t
as_pattern_needs(const struct as_pattern *p, const uint32_t **asns)
{
	*asns = p->needs;
	return p->n_needs;
}

/* --- text of a path */

static char *
put_number(char *to, uint32_t v)
{
	char digits[10];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

size_t
as_pattern_text(char *buf, size_t size, const uint8_t *path, size_t path_len)
{
	struct aspath_segment seg;
	char *to = buf;
	unsigned int i;
	bool set;
	struct rd r;

	rd_init(&r, path, path_len);
	while (aspath_next(&r, &seg)) {
		/* Two braces, a blank and ten digits a number. */
		if ((size_t)(to - buf) + 4 + 11u * seg.count > size)
			break;
		set = seg.type == BGP_SEGMENT_SET ||
		    seg.type == BGP_SEGMENT_CONFED_SET;
		if (to != buf)
			*to++ = ' ';
		if (set)
			*to++ = '{';
		for (i = 0; i < seg.count; i++) {
			if (i > 0)
				*to++ = ' ';
			to = put_number(to, aspath_asn(&seg, i));
		}
		if (set)
			*to++ = '}';
	}
	if (size > 0)
		*to = '\0';
	return (size_t)(to - buf);
}
