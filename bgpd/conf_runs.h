/* SPDX-License-Identifier: ISC */
/*
 * Long runs of like lines in a file, members of prefix sets:
 *
 *	- {prefix: 192.0.2.0/24, masklength-range: 24..28}
 *	- prefix: 2001:db8::/32
 *	  masklength-range: 32..48
 *
 * libyaml takes most of a second for a million of them.  So a run's first
 * member stays in the text that it gets, the others are cut out, and what
 * they are is read here.  It is YAML all the same: a line that is not exactly
 * of this form ends the run, and conf_yaml.c parses the whole text if the
 * first member did not turn out to be one of a list.
 */
#ifndef BGPD_CONF_RUNS_H
#define BGPD_CONF_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RUN_TEXT_MAX = 64 };

/* One of the two values of a member. */
struct run_text {
	uint32_t line; /* from 1, in the file */
	uint32_t key_column, column;
	bool plain; /* without quotes */
	size_t len; /* 0: not given */
	char text[RUN_TEXT_MAX];
};

struct run_item {
	uint32_t line, column; /* of the map */
	unsigned int indent, lines;
	struct run_text prefix, range;
};

struct run {
	uint32_t first, last; /* lines of the first member in the cut text */
	uint32_t column; /* of its map */
	uint32_t line; /* of the second one in the file */
	uint32_t lines; /* cut out */
	size_t n; /* members cut out */
	const char *text, *end; /* these */
};

struct runs {
	char *text; /* what is left */
	size_t len;
	struct run *list;
	size_t n;
};

/* Cut; false, and nothing to free, if there is no run.  The text must stay. */
bool runs_cut(struct runs *, const char *text, size_t len);
void runs_fini(struct runs *);

/* The member at a place in line `line`; its length, 0 if it is none. */
size_t
run_item(struct run_item *, const char *p, const char *end, uint32_t line);

#endif
