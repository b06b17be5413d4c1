/* SPDX-License-Identifier: ISC */
/*
 * YAML text as a small tree in which every node knows its place.
 *
 * Of YAML we take mappings, lists and scalars in block and flow style, in one
 * document.  Anchors, aliases, merge keys and tags are refused: a file that
 * says what it means needs none, and each is a way to make a small file
 * large.
 */
#ifndef BGPD_CONF_YAML_H
#define BGPD_CONF_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgpd/conf_runs.h"
#include "bgpd/diag.h"
#include "common/compat.h"

enum node_kind {
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAP,
	NODE_RUN, /* only in lists under "prefixes" */
};

struct node {
	enum node_kind kind;
	bool plain; /* a scalar without quotes or block style */
	uint32_t line; /* both from 1 */
	uint32_t column;
	char *text; /* of a scalar */
	const struct run *run; /* of a run */
	struct node **child; /* a map's are key, value, key, value ... */
	size_t n_child;
};

/*
 * A NODE_RUN stands for many children of a list, maps, which are made when
 * they are asked for: one after the other, each stays until the next one.
 */
struct run_reader {
	struct run_item item;
	struct node map, keys[2], values[2];
	struct node *child[4];
	const char *at, *end;
	uint32_t line;
};
void run_reader_init(struct run_reader *, const struct node *);
const struct node *run_reader_next(struct run_reader *); /* NULL: no more */

#define NODE_DEPTH_MAX 32
#define NODE_COUNT_MAX 8000000u

/*
 * Parse a whole file of `len` bytes, which must stay as long as the tree.
 * Returns its root, NULL if the document is empty, or NULL with errors
 * appended to `d`.
 */
struct node *
conf_yaml_parse(const char *text, size_t len, struct diags *d) ATTR_CHECK;
void node_free(struct node *);

/* An unquoted empty scalar, "~" or "null" (YAML 1.2 core schema). */
bool node_is_null(const struct node *);
/* "a list", "a map", "text", "nothing" for messages. */
const char *node_kind_name(const struct node *);

#endif
