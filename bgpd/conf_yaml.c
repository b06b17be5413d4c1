/* SPDX-License-Identifier: ISC */
/*
 * From libyaml's events to a tree of ours.
 *
 * Runs in the unprivileged parser process.  Iterative, with a stack of
 * NODE_DEPTH_MAX open collections; the number of nodes is bounded too, so
 * the worst file costs a bounded amount of memory and then an error.
 */
#include "bgpd/conf_yaml.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "common/xmalloc.h"

struct builder {
	struct diags *diags;
	struct node *root;
	struct node *open[NODE_DEPTH_MAX];
	int depth;
	size_t count;
	int documents;
	bool stop;
	/* Lines that were cut out of the text. */
	struct runs runs;
	size_t run; /* the next one, or the one in work */
	int run_depth; /* of its first member's map; 0: not yet met */
	uint32_t cut; /* lines before the event */
};

static uint32_t
mark_line(yaml_mark_t m)
{
	return (uint32_t)m.line + 1;
}

static uint32_t
mark_column(yaml_mark_t m)
{
	return (uint32_t)m.column + 1;
}

void
node_free(struct node *n)
{
	size_t i;

	if (n == NULL)
		return;
	for (i = 0; i < n->n_child; i++)
		node_free(n->child[i]); /* at most NODE_DEPTH_MAX deep */
	free(n->child);
	free(n); /* and its text or run, behind it */
}

bool
node_is_null(const struct node *n)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };
	size_t i;

	if (n->kind != NODE_SCALAR || !n->plain)
		return false;
	for (i = 0; i < nitems(words); i++)
		if (strcmp(n->text, words[i]) == 0)
			return true;
	return false;
}

const char *
node_kind_name(const struct node *n)
{
	switch (n->kind) {
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
	case NODE_RUN:
		return "a map";
	case NODE_SCALAR:
		break;
	}
	return node_is_null(n) ? "nothing" : "text";
}

/* Append to the innermost open collection, or make it the root. */
static void
builder_place(struct builder *b, struct node *n)
{
	struct node *parent;

	if (b->depth == 0) {
		b->root = n;
		return;
	}
	parent = b->open[b->depth - 1];
	if ((parent->n_child & (parent->n_child - 1)) == 0)
		parent->child = xreallocarray(parent->child,
		    parent->n_child == 0 ? 1 : parent->n_child * 2,
		    sizeof(struct node *));
	parent->child[parent->n_child++] = n;
}

static void
builder_fail(struct builder *b, yaml_mark_t at, const char *why)
{
	diag_error(b->diags, mark_line(at), mark_column(at), "%s", why);
	b->stop = true;
}

/* Properties in front of a node that we do not take; true if refused. */
static bool
builder_refuses(struct builder *b, const yaml_event_t *ev,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		builder_fail(b, ev->start_mark,
		    "anchors (&name) are not supported");
	else if (tag != NULL)
		builder_fail(b, ev->start_mark,
		    "tags (!type) are not supported");
	else if (++b->count > NODE_COUNT_MAX)
		builder_fail(b, ev->start_mark, "the file is too large");
	return b->stop;
}

/* With room for so many bytes of text behind it. */
static struct node *
node_new(struct builder *b, enum node_kind kind, const yaml_event_t *ev,
    size_t len)
{
	struct node *n = xmalloc(sizeof(*n) + len);

	memset(n, 0, sizeof(*n));

	n->kind = kind;
	n->line = mark_line(ev->start_mark) + b->cut;
	n->column = mark_column(ev->start_mark);
	return n;
}

static void
builder_scalar(struct builder *b, const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value;
	size_t len = ev->data.scalar.length;
	struct node *n;

	if (builder_refuses(b, ev, ev->data.scalar.anchor, ev->data.scalar.tag))
		return;
	if (memchr(text, '\0', len) != NULL) {
		builder_fail(b, ev->start_mark, "text with a NUL character");
		return;
	}
	n = node_new(b, NODE_SCALAR, ev, len + 1);
	n->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	n->text = (char *)(n + 1);
	memcpy(n->text, text, len);
	n->text[len] = '\0';
	builder_place(b, n);
}

static void
builder_open(struct builder *b, const yaml_event_t *ev, enum node_kind kind)
{
	const yaml_char_t *anchor, *tag;
	struct node *n;

	if (kind == NODE_MAP) {
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
	} else {
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
	}
	if (builder_refuses(b, ev, anchor, tag))
		return;
	if (b->depth == NODE_DEPTH_MAX) {
		builder_fail(b, ev->start_mark, "nested too deeply");
		return;
	}
	n = node_new(b, kind, ev, 0);
	builder_place(b, n);
	b->open[b->depth++] = n;
}

/* --- runs */

/* Is the list that was opened last the value of a key "prefixes"? */
static bool
in_prefixes(const struct builder *b)
{
	const struct node *map, *key;

	if (b->depth < 2 || b->open[b->depth - 1]->kind != NODE_LIST)
		return false;
	map = b->open[b->depth - 2];
	if (map->kind != NODE_MAP || map->n_child < 2)
		return false;
	key = map->child[map->n_child - 2];
	return key->kind == NODE_SCALAR && strcmp(key->text, "prefixes") == 0;
}

/* Before an event: is it the first member of a run, or behind that? */
static void
run_before(struct builder *b, const yaml_event_t *ev)
{
	const struct run *r;
	uint32_t line = mark_line(ev->start_mark);

	if (b->run == b->runs.n)
		return;
	r = &b->runs.list[b->run];
	if (ev->type == YAML_MAPPING_START_EVENT && line == r->first &&
	    mark_column(ev->start_mark) == r->column && in_prefixes(b))
		b->run_depth = b->depth + 1;
	else if (line > r->last && b->run_depth == 0)
		builder_fail(b, ev->start_mark, "a run that is none");
}

/* The map was closed: the others follow it. */
static void
run_after(struct builder *b, const yaml_event_t *ev)
{
	const struct run *r;
	struct node *n;

	if (b->run_depth == 0 || b->depth >= b->run_depth)
		return;
	r = &b->runs.list[b->run];
	n = node_new(b, NODE_RUN, ev, sizeof(*r));
	n->line = r->line;
	n->column = r->column;
	n->run = memcpy(n + 1, r, sizeof(*r));
	builder_place(b, n);
	b->count += 5 * r->n;
	b->cut += r->lines;
	b->run++;
	b->run_depth = 0;
}

void
run_reader_init(struct run_reader *r, const struct node *n)
{
	static char names[2][sizeof("masklength-range")] = { "prefix",
		"masklength-range" };
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->at = n->run->text;
	r->end = n->run->end;
	r->line = n->run->line;
	r->map.kind = NODE_MAP;
	r->map.child = r->child;
	for (i = 0; i < 2; i++) {
		r->keys[i].plain = true;
		r->keys[i].text = names[i];
		r->child[2 * i] = &r->keys[i];
		r->child[2 * i + 1] = &r->values[i];
	}
}

static void
run_reader_set(struct run_reader *r, unsigned int i, struct run_text *t)
{
	r->keys[i].line = r->values[i].line = t->line;
	r->keys[i].column = t->key_column;
	r->values[i].column = t->column;
	r->values[i].plain = t->plain;
	r->values[i].text = t->text;
}

const struct node *
run_reader_next(struct run_reader *r)
{
	size_t len = run_item(&r->item, r->at, r->end, r->line);

	if (len == 0)
		return NULL;
	r->at += len;
	r->line += r->item.lines;
	r->map.line = r->item.line;
	r->map.column = r->item.column;
	r->map.n_child = r->item.range.len > 0 ? 4 : 2;
	run_reader_set(r, 0, &r->item.prefix);
	run_reader_set(r, 1, &r->item.range);
	return &r->map;
}

static void
builder_event(struct builder *b, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++b->documents > 1)
			builder_fail(b, ev->start_mark,
			    "a second document; one file holds one");
		break;
	case YAML_SCALAR_EVENT:
		builder_scalar(b, ev);
		break;
	case YAML_SEQUENCE_START_EVENT:
		builder_open(b, ev, NODE_LIST);
		break;
	case YAML_MAPPING_START_EVENT:
		builder_open(b, ev, NODE_MAP);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		run_after(b, ev);
		break;
	case YAML_ALIAS_EVENT:
		builder_fail(b, ev->start_mark,
		    "aliases (*name) are not supported");
		break;
	case YAML_STREAM_END_EVENT:
		b->stop = true;
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
}

/* Line and column of a byte, for errors that have only an offset. */
static void
place_of(const char *text, size_t len, size_t offset, uint32_t *line,
    uint32_t *column)
{
	size_t i;

	*line = *column = 1;
	for (i = 0; i < offset && i < len; i++) {
		if (text[i] == '\n') {
			(*line)++;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			(*column)++;
		}
	}
}

/* True if the character at a place (libyaml counts characters) is a tab. */
static bool
tab_at(const char *text, size_t len, uint32_t line, uint32_t column)
{
	uint32_t l = 1, c = 1;
	size_t i;

	for (i = 0; i < len; i++) {
		if (((unsigned char)text[i] & 0xc0) == 0x80)
			continue;
		if (l == line && c == column)
			return text[i] == '\t';
		if (text[i] == '\n') {
			l++;
			c = 1;
		} else {
			c++;
		}
	}
	return false;
}

static void
report_parser(const yaml_parser_t *p, const char *text, size_t len,
    struct diags *d)
{
	const char *problem = p->problem == NULL ? "not YAML" : p->problem;
	uint32_t line, column;

	switch (p->error) {
	case YAML_READER_ERROR:
		place_of(text, len, p->problem_offset, &line, &column);
		diag_error(d, line, column, "not valid text: %s", problem);
		return;
	case YAML_SCANNER_ERROR:
	case YAML_PARSER_ERROR:
		break;
	default:
		diag_error(d, 0, 0, "cannot be parsed: %s", problem);
		return;
	}
	line = mark_line(p->problem_mark);
	column = mark_column(p->problem_mark);
	if (tab_at(text, len, line, column))
		diag_error(d, line, column,
		    "a tab where only blanks may indent");
	else if (p->context != NULL)
		diag_error(d, line, column, "%s, %s (line %u)", problem,
		    p->context, mark_line(p->context_mark));
	else
		diag_error(d, line, column, "%s", problem);
}

/* Parse a text to the end; false, and errors appended, if it is not good. */
static bool
builder_run(struct builder *b, const char *text, size_t len)
{
	size_t errors = b->diags->errors;
	yaml_parser_t parser;
	yaml_event_t ev;

	if (!yaml_parser_initialize(&parser)) {
		diag_error(b->diags, 0, 0, "out of memory");
		return false;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (!b->stop) {
		if (!yaml_parser_parse(&parser, &ev)) {
			report_parser(&parser, text, len, b->diags);
			break;
		}
		run_before(b, &ev);
		if (!b->stop)
			builder_event(b, &ev);
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&parser);
	return b->diags->errors == errors;
}

/* With its runs cut out; false if there is none, or anything is strange. */
static bool
parse_cut(struct node **root, const char *text, size_t len)
{
	struct builder b;
	struct diags none;
	bool good;

	memset(&b, 0, sizeof(b));
	memset(&none, 0, sizeof(none));
	b.diags = &none;
	if (!runs_cut(&b.runs, text, len))
		return false;
	good = builder_run(&b, b.runs.text, b.runs.len) && b.run == b.runs.n &&
	    b.count <= NODE_COUNT_MAX;
	if (good)
		*root = b.root;
	else
		node_free(b.root);
	diags_fini(&none);
	runs_fini(&b.runs);
	return good;
}

struct node *
conf_yaml_parse(const char *text, size_t len, struct diags *d)
{
	struct builder b;
	struct node *root;

	/* Told the encoding, libyaml takes a mark in front for a character. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	memset(&b, 0, sizeof(b));
	b.diags = d;
	if (parse_cut(&root, text, len))
		return root;
	if (!builder_run(&b, text, len)) {
		node_free(b.root);
		return NULL;
	}
	/* "---" alone is an empty document, not a value. */
	if (b.root != NULL && node_is_null(b.root)) {
		node_free(b.root);
		return NULL;
	}
	return b.root;
}
