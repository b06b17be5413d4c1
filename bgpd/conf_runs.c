/* SPDX-License-Identifier: ISC */
/* See conf_runs.h. */
#include "bgpd/conf_runs.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

enum { RUN_MIN = 16 /* members worth cutting out */ };

struct reader {
	const char *p, *end;
	const char *line; /* begins here */
};

static uint32_t
column_at(const struct reader *r)
{
	return (uint32_t)(r->p - r->line) + 1;
}

static unsigned int
blanks(struct reader *r)
{
	const char *from = r->p;

	while (r->p < r->end && *r->p == ' ')
		r->p++;
	return (unsigned int)(r->p - from);
}

#define TAKE(r, what) take((r), "" what "", sizeof(what) - 1)

static inline bool
take(struct reader *r, const char *what, size_t n)
{
	if ((size_t)(r->end - r->p) < n || memcmp(r->p, what, n) != 0)
		return false;
	r->p += n;
	return true;
}

static bool
line_end(struct reader *r)
{
	blanks(r);
	if (r->p == r->end || *r->p != '\n')
		return false;
	r->line = ++r->p;
	return true;
}

static const bool value_char[256] = {
	['.'] = true,
	['/'] = true,
	['0'] = true,
	['1'] = true,
	['2'] = true,
	['3'] = true,
	['4'] = true,
	['5'] = true,
	['6'] = true,
	['7'] = true,
	['8'] = true,
	['9'] = true,
	['a'] = true,
	['b'] = true,
	['c'] = true,
	['d'] = true,
	['e'] = true,
	['f'] = true,
	['A'] = true,
	['B'] = true,
	['C'] = true,
	['D'] = true,
	['E'] = true,
	['F'] = true,
};

static inline bool
is_value_char(char c, bool colon)
{
	return value_char[(unsigned char)c] || (colon && c == ':');
}

/* A value without quotes is one that YAML takes as it is. */
static bool
value(struct reader *r, struct run_text *to, bool flow)
{
	char quote = '\0';
	const char *from;

	to->column = column_at(r);
	if (r->p < r->end && (*r->p == '"' || *r->p == '\''))
		quote = *r->p++;
	to->plain = quote == '\0';
	from = r->p;
	while (r->p < r->end &&
	    is_value_char(*r->p, quote != '\0' || (!flow && r->p > from)))
		r->p++;
	to->len = (size_t)(r->p - from);
	if (to->len >= RUN_TEXT_MAX)
		return false;
	memcpy(to->text, from, to->len);
	to->text[to->len] = '\0';
	if (quote != '\0')
		return to->len > 0 && r->p < r->end && *r->p++ == quote;
	return to->len > 0 && to->text[to->len - 1] != ':';
}

/* KEY: VALUE */
#define PAIR(r, key, to, line, flow)                                           \
	pair((r), key ":", sizeof(key), (to), (line), (flow))

static inline bool
pair(struct reader *r, const char *key, size_t n, struct run_text *to,
    uint32_t line, bool flow)
{
	to->line = line;
	to->key_column = column_at(r);
	return take(r, key, n) && blanks(r) > 0 && value(r, to, flow);
}

static bool
item_flow(struct reader *r, struct run_item *it)
{
	blanks(r);
	if (!PAIR(r, "prefix", &it->prefix, it->line, true))
		return false;
	blanks(r);
	if (TAKE(r, ",")) {
		if (blanks(r) == 0 ||
		    !PAIR(r, "masklength-range", &it->range, it->line, true))
			return false;
		blanks(r);
	}
	it->lines = 1;
	return TAKE(r, "}") && line_end(r);
}

static bool
item_block(struct reader *r, struct run_item *it)
{
	struct reader at;

	if (!PAIR(r, "prefix", &it->prefix, it->line, false) || !line_end(r))
		return false;
	it->lines = 1;
	at = *r;
	if (blanks(r) == it->column - 1 &&
	    PAIR(r, "masklength-range", &it->range, it->line + 1, false)) {
		it->lines = 2;
		return line_end(r);
	}
	it->range.len = 0;
	*r = at;
	return true;
}

size_t
run_item(struct run_item *it, const char *p, const char *end, uint32_t line)
{
	struct reader r = { p, end, p };
	bool good;

	it->line = line;
	it->range.len = 0;
	it->indent = blanks(&r);
	if (!TAKE(&r, "- "))
		return 0;
	it->column = column_at(&r);
	good = TAKE(&r, "{") ? item_flow(&r, it) : item_block(&r, it);
	return good ? (size_t)(r.p - p) : 0;
}

/* --- cutting */

static void
cut_add(struct runs *rs, const struct run *r)
{
	if ((rs->n & (rs->n - 1)) == 0)
		rs->list = xreallocarray(rs->list, rs->n == 0 ? 1 : rs->n * 2,
		    sizeof(*rs->list));
	rs->list[rs->n++] = *r;
}

static void
keep(struct runs *rs, const char *from, const char *to)
{
	memcpy(rs->text + rs->len, from, (size_t)(to - from));
	rs->len += (size_t)(to - from);
}

/*
 * The members that follow the first one, which is at `it`.  Returns the end
 * of what is cut out.  The last one is not: what comes behind may belong to
 * it.
 */
static const char *
run_follow(struct run *r, const struct run_item *first, const char *end)
{
	struct run_item it;
	const char *p = r->text;
	uint32_t line = r->line;
	size_t len, last_len = 0;
	unsigned int last_lines = 0;

	while ((len = run_item(&it, p, end, line)) != 0 &&
	    it.indent == first->indent) {
		p += len;
		line += it.lines;
		last_len = len;
		last_lines = it.lines;
		r->n++;
	}
	if (r->n > 0)
		r->n--;
	r->end = p - last_len;
	r->lines = line - last_lines - r->line;
	return r->end;
}

bool
runs_cut(struct runs *rs, const char *text, size_t len)
{
	const char *p = text, *end = text + len, *next;
	uint32_t line = 1, cut = 0; /* both of the file */
	struct run_item it;
	struct run r;
	size_t n;

	memset(rs, 0, sizeof(*rs));
	rs->text = xmalloc(len + 1);
	while (p < end) {
		n = run_item(&it, p, end, line);
		if (n == 0) {
			next = memchr(p, '\n', (size_t)(end - p));
			next = next == NULL ? end : next + 1;
			keep(rs, p, next);
			p = next;
			line++;
			continue;
		}
		memset(&r, 0, sizeof(r));
		r.first = line - cut;
		r.last = r.first + it.lines - 1;
		r.column = it.column;
		r.text = p + n;
		r.line = line + it.lines;
		next = run_follow(&r, &it, end);
		if (r.n < RUN_MIN) {
			keep(rs, p, p + n);
			p += n;
			line += it.lines;
			continue;
		}
		keep(rs, p, p + n);
		cut_add(rs, &r);
		cut += r.lines;
		line = r.line + r.lines;
		p = next;
	}
	if (rs->n == 0)
		runs_fini(rs);
	return rs->n > 0;
}

void
runs_fini(struct runs *rs)
{
	free(rs->text);
	free(rs->list);
	memset(rs, 0, sizeof(*rs));
}
