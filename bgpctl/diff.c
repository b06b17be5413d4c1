/* SPDX-License-Identifier: ISC */
/*
 * E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the
 * greedy one, between what both texts begin and end with.
 */
#include "bgpctl/diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

#define EDITS_MAX 1500 /* beyond it all that is between is replaced */

struct line {
	const char *p;
	size_t len;
};

struct text {
	struct line *lines;
	size_t n;
};

struct out {
	const struct diff_ops *ops;
	void *ctx;
	const struct text *old;
	const struct text *new;
	char *mark_old, *mark_new; /* by line: only in this one */
};

static void
text_cut(struct text *t, const char *p, size_t len)
{
	const char *end = p + len, *stop;

	t->n = 0;
	t->lines = NULL;
	while (p < end) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		if ((t->n & (t->n - 1)) == 0)
			t->lines = xreallocarray(t->lines,
			    t->n == 0 ? 1 : t->n * 2, sizeof(*t->lines));
		t->lines[t->n].p = p;
		t->lines[t->n++].len = (size_t)(stop - p);
		p = stop + 1;
	}
}

static bool
same(const struct text *a, size_t i, const struct text *b, size_t j)
{
	return a->lines[i].len == b->lines[j].len &&
	    memcmp(a->lines[i].p, b->lines[j].p, a->lines[i].len) == 0;
}

/*
 * Mark what differs of a[a0..a1) and b[b0..b1).  trace[d] is the row of
 * furthest ends on each diagonal after d edits.
 */
static void
myers(struct out *o, size_t a0, size_t a1, size_t b0, size_t b1)
{
	const long n = (long)(a1 - a0), m = (long)(b1 - b0);
	const long max = n + m < EDITS_MAX ? n + m : EDITS_MAX;
	long **trace = xcalloc((size_t)max + 1, sizeof(*trace));
	long *v = xcalloc((size_t)(2 * max + 3), sizeof(*v));
	long d, k, x, y, back, done = -1;

	for (d = 0; d <= max && done == -1; d++) {
		trace[d] = xcalloc((size_t)(2 * d + 3), sizeof(**trace));
		memcpy(trace[d], v + max + 1 - d - 1,
		    (size_t)(2 * d + 3) * sizeof(**trace));
		for (k = -d; k <= d; k += 2) {
			if (k == -d || (k != d && v[max + k] < v[max + 2 + k]))
				x = v[max + 2 + k];
			else
				x = v[max + k] + 1;
			y = x - k;
			while (x < n && y < m &&
			    same(o->old, a0 + (size_t)x, o->new,
				b0 + (size_t)y)) {
				x++;
				y++;
			}
			v[max + 1 + k] = x;
			if (x >= n && y >= m)
				done = d;
		}
	}
	if (done == -1) {
		memset(o->mark_old + a0, 1, (size_t)n);
		memset(o->mark_new + b0, 1, (size_t)m);
	}
	x = n;
	y = m;
	for (d = done; d > 0; d--) {
		k = x - y;
		/* trace[d][d + 1 + k] is the end on diagonal k before d. */
		if (k == -d ||
		    (k != d && trace[d][d + k] < trace[d][d + 2 + k]))
			back = k + 1;
		else
			back = k - 1;
		x = trace[d][d + 1 + back];
		y = x - back;
		if (back == k + 1)
			o->mark_new[b0 + (size_t)y] = 1;
		else
			o->mark_old[a0 + (size_t)x] = 1;
	}
	for (d = 0; d <= max && trace[d] != NULL; d++)
		free(trace[d]);
	free(trace);
	free(v);
}

/* How many lines that are in both stand from here on. */
static size_t
run_of(const struct out *o, size_t i, size_t j)
{
	size_t n = 0;

	while (i + n < o->old->n && j + n < o->new->n && !o->mark_old[i + n] &&
	    !o->mark_new[j + n])
		n++;
	return n;
}

/* Of n lines in both texts from here on, the first ones after a difference
 * and the last ones before the next. */
static void
put_run(const struct out *o, size_t i, size_t j, size_t n, bool first,
    bool last)
{
	const size_t context = o->ops->context < n ? o->ops->context : n;
	const size_t lead = first ? 0 : context;
	const size_t rest = last ? n : n - context;
	size_t k;

	for (k = 0; k < n; k++) {
		if (k >= lead && k < rest)
			continue;
		if (k == rest && k >= lead && (first || k > lead))
			o->ops->gap(o->ctx, i + k + 1, j + k + 1);
		o->ops->line(o->ctx, DIFF_BOTH, o->old->lines[i + k].p,
		    o->old->lines[i + k].len);
	}
	if (first && !last && context == 0)
		o->ops->gap(o->ctx, i + n + 1, j + n + 1);
}

static size_t
put_all(const struct out *o)
{
	size_t i = 0, j = 0, n, differ = 0;
	bool first = true, last;

	for (;;) {
		n = run_of(o, i, j);
		last = i + n == o->old->n && j + n == o->new->n;
		if (!first || !last)
			put_run(o, i, j, n, first, last);
		i += n;
		j += n;
		if (last)
			return differ;
		first = false;
		for (; i < o->old->n && o->mark_old[i]; i++, differ++)
			o->ops->line(o->ctx, DIFF_OLD, o->old->lines[i].p,
			    o->old->lines[i].len);
		for (; j < o->new->n && o->mark_new[j]; j++, differ++)
			o->ops->line(o->ctx, DIFF_NEW, o->new->lines[j].p,
			    o->new->lines[j].len);
	}
}

size_t
diff_texts(const char *old, size_t old_len, const char *new, size_t new_len,
    const struct diff_ops *ops, void *ctx)
{
	struct text a, b;
	struct out o = { ops, ctx, &a, &b, NULL, NULL };
	size_t head = 0, tail = 0, differ;

	text_cut(&a, old, old_len);
	text_cut(&b, new, new_len);
	o.mark_old = xcalloc(a.n + 1, 1);
	o.mark_new = xcalloc(b.n + 1, 1);
	while (head < a.n && head < b.n && same(&a, head, &b, head))
		head++;
	while (tail < a.n - head && tail < b.n - head &&
	    same(&a, a.n - 1 - tail, &b, b.n - 1 - tail))
		tail++;
	myers(&o, head, a.n - tail, head, b.n - tail);
	differ = put_all(&o);
	free(o.mark_old);
	free(o.mark_new);
	free(a.lines);
	free(b.lines);
	return differ;
}
