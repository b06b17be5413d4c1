/* SPDX-License-Identifier: ISC */
/*
 * The list of findings about a configuration file.
 *
 * Bounded: a file of nonsense yields DIAG_MAX lines and one that says that
 * there were more.  Pure but for allocation.
 */
#include "bgpd/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

void
diags_init(struct diags *d)
{
	memset(d, 0, sizeof(*d));
}

void
diags_fini(struct diags *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		free(d->list[i].text);
	free(d->list);
	diags_init(d);
}

static void
diag_append(struct diags *d, bool warning, uint32_t line, uint32_t column,
    char *text)
{
	struct diag *to;

	if ((d->n & (d->n - 1)) == 0)
		d->list = xreallocarray(d->list, d->n == 0 ? 1 : d->n * 2,
		    sizeof(*d->list));
	to = &d->list[d->n++];
	to->warning = warning;
	to->line = line;
	to->column = column;
	to->text = text;
}

/* One message is one line, and says nothing to the terminal but itself. */
static void
controls_replace(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static void ATTR_PRINTF(5, 0) diag_add(struct diags *d, bool warning,
    uint32_t line, uint32_t column, const char *fmt, va_list ap)
{
	char text[1024];

	if (!warning)
		d->errors++;
	if (d->n > DIAG_MAX)
		return;
	if (d->n == DIAG_MAX) {
		diag_append(d, false, line, column,
		    xstrdup("too many messages, the rest is left out"));
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	controls_replace(text);
	diag_append(d, warning, line, column, xstrdup(text));
}

void
diag_error(struct diags *d, uint32_t line, uint32_t column, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(d, false, line, column, fmt, ap);
	va_end(ap);
}

void
diag_warn(struct diags *d, uint32_t line, uint32_t column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(d, true, line, column, fmt, ap);
	va_end(ap);
}

static bool
diag_after(const struct diag *a, const struct diag *b)
{
	return a->line != b->line ? a->line > b->line : a->column > b->column;
}

/* Insertion sort: stable, and the list is nearly sorted as it is found. */
void
diags_sort(struct diags *d)
{
	struct diag one;
	size_t i, j;

	for (i = 1; i < d->n; i++) {
		one = d->list[i];
		for (j = i; j > 0 && diag_after(&d->list[j - 1], &one); j--)
			d->list[j] = d->list[j - 1];
		d->list[j] = one;
	}
}

char *
diag_format(const struct diag *d, const char *file)
{
	const char *kind = d->warning ? "warning: " : "";

	return xasprintf("%s:%u:%u: %s%s", file, d->line == 0 ? 1 : d->line,
	    d->line == 0 ? 1 : d->column, kind, d->text);
}
