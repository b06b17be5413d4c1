/* SPDX-License-Identifier: ISC */
/*
 * The statements of policy add.
 */
#include "bgpctl/policy_words.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

const struct cmd_opt ctl_policy_opts[] = {
	{ "file", "FILE", "a statement a line; - is standard input" },
	{ "statement", NULL, "begins the next one" },
	{ "name", "NAME", "of the statement" },
	{ "match-prefix-set", "SET", "the prefix is in it" },
	{ "match-neighbor-set", "SET", "it is from one of these" },
	{ "match-as-path-set", "SET", "the AS path matches" },
	{ "match-community-set", "SET", "it has one of these" },
	{ "match-ext-community-set", "SET", "it has one of these" },
	{ "match-large-community-set", "SET", "it has one of these" },
	{ "match-option", "OPTION", "of the set before: any, all, invert" },
	{ "prefix", "PREFIX", "this very one" },
	{ "neighbor", "ADDR", "it is from this one" },
	{ "family", "FAMILY", "ipv4-unicast or ipv6-unicast" },
	{ "has-asn", "N", "in the AS path" },
	{ "route-type", "TYPE", "ebgp, ibgp or local; repeatable" },
	{ "community", "A:B", "it has this one" },
	{ "next-hop", "PREFIX", "it lies within; or ADDR" },
	{ "origin", "ORIGIN", "igp, egp or incomplete; repeatable" },
	{ "med", "MIN..MAX", "within; one of the two may be left out" },
	{ "local-pref", "MIN..MAX", "within" },
	{ "as-path-length", "MIN..MAX", "within" },
	{ "accept", NULL, "the default" },
	{ "reject", NULL, NULL },
	{ "continue", NULL, "with the next statement" },
	{ "set-local-pref", "N", NULL },
	{ "fill-local-pref", "N", "where there is none" },
	{ "set-med", "N", NULL },
	{ "add-med", "N", NULL },
	{ "sub-med", "N", NULL },
	{ "remove-med", NULL, NULL },
	{ "set-next-hop", "ADDR", "or self" },
	{ "set-origin", "ORIGIN", NULL },
	{ "prepend", "COUNT", "our own AS number so many times" },
	{ "prepend-as", "N", "this number in its place" },
	{ "add-community", "A:B", "repeatable, as those below" },
	{ "remove-community", "A:B", "or A:*" },
	{ "replace-community", "A:B", "all by these" },
	{ "add-ext-community", "EC", "rt:A:B, ..." },
	{ "remove-ext-community", "EC", NULL },
	{ "replace-ext-community", "EC", NULL },
	{ "add-large-community", "A:B:C", NULL },
	{ "remove-large-community", "A:B:C", NULL },
	{ "replace-large-community", "A:B:C", NULL },
	{ "delete-attribute", "TYPE", "a path attribute by its number" },
	{ NULL, NULL, NULL },
};

/* --- drafts */

static void
draft_bytes(struct draft *d, const void *p, size_t n)
{
	d->base = xreallocarray(d->base, d->len + n + 1, 1);
	if (n > 0)
		memcpy(d->base + d->len, p, n);
	d->len += n;
}

static void
draft_varint(struct draft *d, uint64_t v)
{
	uint8_t byte;

	for (;; v >>= 7) {
		byte = (uint8_t)(v < 0x80 ? v : v | 0x80);
		draft_bytes(d, &byte, 1);
		if (v < 0x80)
			return;
	}
}

void
draft_fini(struct draft *d)
{
	free(d->base);
	memset(d, 0, sizeof(*d));
}

void
draft_number(struct draft *d, unsigned int field, uint64_t v)
{
	draft_varint(d, (uint64_t)field << 3);
	draft_varint(d, v);
}

static void
draft_member(struct draft *d, unsigned int field, const void *p, size_t n)
{
	draft_varint(d, (uint64_t)field << 3 | 2);
	draft_varint(d, n);
	draft_bytes(d, p, n);
}

void
draft_text(struct draft *d, unsigned int field, const char *text)
{
	draft_member(d, field, text, strlen(text));
}

void
draft_part(struct draft *d, unsigned int field, const struct draft *part)
{
	draft_member(d, field, part->base, part->len);
}

/* --- words */

enum kind {
	IF_SET,
	IF_TEXT,
	IF_NUMBER,
	IF_ORIGIN,
	IF_RANGE,
	DO_FLAG,
	DO_NUMBER,
	DO_TEXT,
	DO_ORIGIN,
	DO_EDIT,
};

/* Members of ConditionsConfig and ActionsConfig; see bgp.proto. */
static const struct word {
	const char *text;
	enum kind kind;
	unsigned int field;
} table[] = {
	{ "match-prefix-set", IF_SET, 1 },
	{ "match-neighbor-set", IF_SET, 2 },
	{ "match-as-path-set", IF_SET, 3 },
	{ "match-community-set", IF_SET, 4 },
	{ "match-large-community-set", IF_SET, 5 },
	{ "match-ext-community-set", IF_SET, 8 },
	{ "prefix", IF_TEXT, 6 },
	{ "neighbor", IF_TEXT, 7 },
	{ "family", IF_TEXT, 1009 },
	{ "has-asn", IF_NUMBER, 1001 },
	{ "route-type", IF_TEXT, 1002 },
	{ "community", IF_TEXT, 1003 },
	{ "next-hop", IF_TEXT, 1004 },
	{ "origin", IF_ORIGIN, 1005 },
	{ "med", IF_RANGE, 1006 },
	{ "local-pref", IF_RANGE, 1007 },
	{ "as-path-length", IF_RANGE, 1008 },
	{ "accept", DO_FLAG, 1 },
	{ "reject", DO_FLAG, 2 },
	{ "continue", DO_FLAG, 1001 },
	{ "set-local-pref", DO_NUMBER, 3 },
	{ "fill-local-pref", DO_NUMBER, 1002 },
	{ "set-med", DO_NUMBER, 4 },
	{ "add-med", DO_NUMBER, 1003 },
	{ "sub-med", DO_NUMBER, 1004 },
	{ "remove-med", DO_FLAG, 1005 },
	{ "set-next-hop", DO_TEXT, 1006 },
	{ "set-origin", DO_ORIGIN, 1008 },
	{ "add-community", DO_EDIT, 0 },
	{ "remove-community", DO_EDIT, 0 },
	{ "replace-community", DO_EDIT, 0 },
	{ "add-ext-community", DO_EDIT, 0 },
	{ "remove-ext-community", DO_EDIT, 0 },
	{ "replace-ext-community", DO_EDIT, 0 },
	{ "add-large-community", DO_EDIT, 0 },
	{ "remove-large-community", DO_EDIT, 0 },
	{ "replace-large-community", DO_EDIT, 0 },
	{ "delete-attribute", DO_NUMBER, 1010 },
};

/* A statement on its way. */
struct statement {
	bool begun;
	const char *name;
	struct draft conditions;
	struct draft actions;
	unsigned int set_field; /* of the reference to a set; 0: none waits */
	struct draft set;
	const char *edit_word; /* of the run of communities; NULL: none */
	struct draft edit;
	uint64_t prepend; /* 0: not */
	uint64_t prepend_as;
};

static void
end_set(struct statement *st)
{
	if (st->set_field != 0)
		draft_part(&st->conditions, st->set_field, &st->set);
	st->set_field = 0;
	draft_fini(&st->set);
}

static void
end_edit(struct statement *st)
{
	if (st->edit_word != NULL)
		draft_part(&st->actions, 1009, &st->edit);
	st->edit_word = NULL;
	draft_fini(&st->edit);
}

static void
end_statement(struct statement *st, struct draft *to, unsigned int field)
{
	struct draft whole = { NULL, 0 }, part = { NULL, 0 };

	end_set(st);
	end_edit(st);
	if (st->prepend > 0) {
		draft_number(&part, 1, st->prepend_as);
		draft_number(&part, 2, st->prepend);
		draft_part(&st->actions, 1007, &part);
	}
	if (st->begun) {
		draft_part(&whole, 1, &st->conditions);
		draft_part(&whole, 2, &st->actions);
		if (st->name != NULL)
			draft_text(&whole, 1001, st->name);
		draft_part(to, field, &whole);
	}
	draft_fini(&whole);
	draft_fini(&part);
	draft_fini(&st->conditions);
	draft_fini(&st->actions);
	memset(st, 0, sizeof(*st));
}

static int
add_range(struct draft *d, unsigned int field, const char *text)
{
	const char *dots = strstr(text, "..");
	struct draft part = { NULL, 0 };
	char min[16];
	uint64_t v;
	int result = -1;

	/* A single number is both ends. */
	if (dots == NULL) {
		if (!ctl_number(text, UINT32_MAX, &v))
			return -1;
		draft_number(&part, 1, v);
		draft_number(&part, 2, v);
		result = 0;
	} else if ((size_t)(dots - text) < sizeof(min)) {
		(void)snprintf(min, sizeof(min), "%.*s", (int)(dots - text),
		    text);
		result = strlen(text) == 2 ? -1 : 0;
		if (min[0] != '\0') {
			if (ctl_number(min, UINT32_MAX, &v))
				draft_number(&part, 1, v);
			else
				result = -1;
		}
		if (dots[2] != '\0') {
			if (ctl_number(dots + 2, UINT32_MAX, &v))
				draft_number(&part, 2, v);
			else
				result = -1;
		}
	}
	if (result == 0)
		draft_part(d, field, &part);
	draft_fini(&part);
	return result;
}

static int
add_origin(struct draft *d, unsigned int field, const char *text)
{
	static const char *const names[] = { "igp", "egp", "incomplete" };
	size_t i;

	for (i = 0; i < nitems(names); i++)
		if (strcmp(text, names[i]) == 0) {
			draft_number(d, field, i);
			return 0;
		}
	return -1;
}

static void
add_edit(struct statement *st, const char *word, const char *text)
{
	const char *kind = strchr(word, '-') + 1;
	char op[16];

	if (st->edit_word == NULL || strcmp(st->edit_word, word) != 0) {
		end_edit(st);
		st->edit_word = word;
		(void)snprintf(op, sizeof(op), "%.*s", (int)(kind - word - 1),
		    word);
		draft_text(&st->edit, 1, kind);
		draft_text(&st->edit, 2, op);
	}
	draft_text(&st->edit, 3, text);
}

static int
add_member(struct statement *st, const struct word *w, const char *value)
{
	uint64_t v;

	switch (w->kind) {
	case IF_SET:
		st->set_field = w->field;
		draft_text(&st->set, 1, value);
		return 0;
	case IF_TEXT:
		draft_text(&st->conditions, w->field, value);
		return 0;
	case IF_ORIGIN:
		return add_origin(&st->conditions, w->field, value);
	case IF_RANGE:
		return add_range(&st->conditions, w->field, value);
	case DO_FLAG:
		draft_number(&st->actions, w->field, 1);
		return 0;
	case DO_TEXT:
		draft_text(&st->actions, w->field, value);
		return 0;
	case DO_ORIGIN:
		return add_origin(&st->actions, w->field, value);
	case DO_EDIT:
		add_edit(st, w->text, value);
		return 0;
	case IF_NUMBER:
	case DO_NUMBER:
		if (!ctl_number(value, UINT32_MAX, &v))
			return -1;
		draft_number(w->kind == IF_NUMBER ? &st->conditions :
						    &st->actions,
		    w->field, v);
		return 0;
	}
	return -1;
}

static int
add_word(struct statement *st, const char *word, const char *value)
{
	size_t i;

	st->begun = true;
	if (strcmp(word, "match-option") == 0) {
		if (st->set_field == 0)
			return -1;
		draft_text(&st->set, 2, value);
		end_set(st);
		return 0;
	}
	end_set(st);
	if (strcmp(word, "name") == 0)
		st->name = value;
	else if (strcmp(word, "prepend") == 0)
		return ctl_number(value, UINT32_MAX, &st->prepend) ? 0 : -1;
	else if (strcmp(word, "prepend-as") == 0)
		return ctl_number(value, UINT32_MAX, &st->prepend_as) ? 0 : -1;
	for (i = 0; i < nitems(table); i++)
		if (strcmp(table[i].text, word) == 0)
			return add_member(st, &table[i], value);
	return 0;
}

int
policy_words(const struct cmd_args *args, struct draft *to, unsigned int field,
    char *err, size_t err_len)
{
	struct statement st;
	const char *word, *value;
	struct draft rest = { NULL, 0 };
	size_t i;

	memset(&st, 0, sizeof(st));
	for (i = 0; i < args->n_options; i++) {
		word = args->options[i].opt->word;
		value = args->options[i].value;
		if (strcmp(word, "file") == 0)
			continue;
		if (strcmp(word, "statement") == 0) {
			end_statement(&st, to, field);
			st.begun = true;
		} else if (add_word(&st, word, value) == -1) {
			(void)snprintf(err, err_len, "%s: \"%s\" is not valid",
			    word, value);
			end_statement(&st, &rest, field);
			draft_fini(&rest);
			return -1;
		}
	}
	end_statement(&st, to, field);
	return 0;
}
