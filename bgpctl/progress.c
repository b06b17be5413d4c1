/* SPDX-License-Identifier: ISC */
#include "bgpctl/progress.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum {
	ASKED = 256, /* calls between two looks at the clock */
	FIRST_MS = 1000, /* what is over sooner shows nothing */
	EVERY_MS = 250,
};

void
progress_init(struct progress *p, FILE *err, FILE *output, const char *what)
{
	memset(p, 0, sizeof(*p));
	if (!isatty(fileno(err)) || (output != NULL && isatty(fileno(output))))
		return;
	p->to = err;
	p->what = what;
	p->start = p->last = mono_now();
}

void
progress_show(struct progress *p, uint64_t count)
{
	struct mono now;
	int64_t total;

	if (p->to == NULL || ++p->asked % ASKED != 0)
		return;
	now = mono_now();
	total = mono_diff_ms(now, p->start);
	if (total < FIRST_MS || mono_diff_ms(now, p->last) < EVERY_MS)
		return;
	fprintf(p->to, "\r\033[K%" PRIu64 " %s, %" PRIu64 " a second", count,
	    p->what, count * 1000 / (uint64_t)total);
	fflush(p->to);
	p->last = now;
	p->shown = true;
}

void
progress_end(struct progress *p)
{
	if (!p->shown)
		return;
	fprintf(p->to, "\r\033[K");
	fflush(p->to);
	p->shown = false;
}
