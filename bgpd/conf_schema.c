/* SPDX-License-Identifier: ISC */
/*
 * The table walker.
 *
 * Keys of a map are applied in the order of their table, not of the file, so
 * that a row may rely on the rows above it (a peer's hold time starts from
 * the top level's wherever that stands).  Runs in the unprivileged parser.
 */
#include "bgpd/conf_schema.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bgpd/conf_value.h"
#include "common/bgp.h"
#include "common/xmalloc.h"

#define TEXT_MAX 4096u

/* --- messages and places */

void
schema_error(struct schema *s, const struct node *n, const char *key,
    const char *fmt, ...)
{
	char text[900];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_error(s->diags, n->line, n->column, "%s: %s", key, text);
}

void
schema_expected(struct schema *s, const struct node *n, const char *key,
    const char *expected)
{
	if (n->kind == NODE_SCALAR && !node_is_null(n))
		schema_error(s, n, key, "expected %s, found %s%.*s%s", expected,
		    n->plain ? "" : "\"", SHOWN, n->text, n->plain ? "" : "\"");
	else
		schema_error(s, n, key, "expected %s, found %s", expected,
		    node_kind_name(n));
}

void
place_set(struct place **list, size_t i, const struct node *n)
{
	/* i comes in ascending order: grow at powers of two. */
	if ((i & (i - 1)) == 0)
		*list =
		    xreallocarray(*list, i == 0 ? 1 : i * 2, sizeof(**list));
	(*list)[i].line = n == NULL ? 0 : n->line;
	(*list)[i].column = n == NULL ? 0 : n->column;
}

void
schema_warn_inert(struct schema *s, const struct conf_key *k,
    const struct node *at)
{
	size_t i;

	for (i = 0; i < s->n_inert; i++)
		if (strcmp(s->inert[i]->name, k->name) == 0)
			return;
	s->inert = xreallocarray(s->inert, s->n_inert + 1,
	    sizeof(const struct conf_key *));
	s->inert[s->n_inert++] = k;
	diag_warn(s->diags, at->line, at->column, "%s has no effect yet",
	    k->name);
}

static void
name_append(struct schema *s, struct conf_names *l, enum name_kind kind,
    const struct node *n)
{
	struct conf_name *to;

	if (strlen(n->text) > CONF_NAME_MAX) {
		diag_error(s->diags, n->line, n->column,
		    "%s: the name is longer than %d bytes",
		    name_kind_text(kind), CONF_NAME_MAX);
		return;
	}
	if ((l->n & (l->n - 1)) == 0)
		l->list = xreallocarray(l->list, l->n == 0 ? 1 : l->n * 2,
		    sizeof(*l->list));
	to = &l->list[l->n++];
	to->kind = kind;
	to->name = n->text;
	to->at.line = n->line;
	to->at.column = n->column;
}

void
schema_define(struct schema *s, enum name_kind kind, const struct node *n)
{
	name_append(s, &s->defined, kind, n);
}

void
schema_use(struct schema *s, enum name_kind kind, const struct node *n)
{
	name_append(s, &s->used, kind, n);
}

const char *
name_kind_text(enum name_kind kind)
{
	static const char *const texts[NAME__MAX] = {
		[NAME_POLICY] = "policy",
		[NAME_PREFIX_SET] = "prefix-set",
		[NAME_NEIGHBOR_SET] = "neighbor-set",
		[NAME_AS_PATH_SET] = "as-path-set",
		[NAME_COMMUNITY_SET] = "community-set",
		[NAME_EXT_COMMUNITY_SET] = "ext-community-set",
		[NAME_LARGE_COMMUNITY_SET] = "large-community-set",
	};

	return texts[kind];
}

/* --- scalars */

const char *
schema_text(struct schema *s, const struct node *n, const char *key)
{
	const unsigned char *p;

	if (n->kind != NODE_SCALAR || node_is_null(n)) {
		schema_expected(s, n, key, "text");
		return NULL;
	}
	if (n->text[0] == '\0') {
		schema_error(s, n, key, "is empty");
		return NULL;
	}
	if (strlen(n->text) > TEXT_MAX) {
		schema_error(s, n, key, "is longer than %u bytes", TEXT_MAX);
		return NULL;
	}
	for (p = (const unsigned char *)n->text; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7f) {
			schema_error(s, n, key, "has a control character");
			return NULL;
		}
	}
	return n->text;
}

/* Digits, though more than any number of ours has. */
static bool
is_long_number(const char *t)
{
	const char *p = t;

	while (isdigit((unsigned char)*p))
		p++;
	return p != t && *p == '\0' && (t[0] != '0' || t[1] == '\0');
}

void
schema_number(struct schema *s, const struct conf_key *k, const struct node *n,
    uint64_t *to)
{
	const char *t = n->text;
	uint64_t v;
	bool valid;

	*to = k->min;
	if (n->kind != NODE_SCALAR || !n->plain || node_is_null(n)) {
		schema_expected(s, n, k->name, "a number");
		return;
	}
	valid = value_number(t, &v) == 0;
	if (!valid && !is_long_number(*t == '-' ? t + 1 : t)) {
		schema_expected(s, n, k->name, "a number");
		return;
	}
	if (!valid || v < k->min || v > k->max) {
		schema_error(s, n, k->name,
		    "%.*s is out of range (%llu to %llu)", SHOWN, t,
		    (unsigned long long)k->min, (unsigned long long)k->max);
		return;
	}
	*to = v;
}

bool
schema_bool(const struct node *n, bool *to)
{
	static const char *const yes[] = { "true", "True", "TRUE" };
	static const char *const no[] = { "false", "False", "FALSE" };
	size_t i;

	if (n->kind != NODE_SCALAR || !n->plain)
		return false;
	for (i = 0; i < nitems(yes); i++) {
		if (strcmp(n->text, yes[i]) == 0 ||
		    strcmp(n->text, no[i]) == 0) {
			*to = strcmp(n->text, yes[i]) == 0;
			return true;
		}
	}
	return false;
}

void
schema_word(struct schema *s, const struct conf_key *k, const struct node *n,
    uint8_t *to)
{
	char list[200] = "";
	size_t at;
	uint8_t i;

	if (n->kind == NODE_SCALAR) {
		for (i = 0; k->words[i] != NULL; i++) {
			if (strcmp(k->words[i], n->text) == 0) {
				if (to != NULL)
					*to = i;
				return;
			}
		}
	}
	for (i = 0; k->words[i] != NULL; i++) {
		at = strlen(list);
		snprintf(list + at, sizeof(list) - at, "%s%s",
		    i == 0                      ? "" :
			k->words[i + 1] != NULL ? ", " :
						  " or ",
		    k->words[i]);
	}
	schema_expected(s, n, k->name, list);
}

/* --- lists */

static void
apply_map(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct run_reader r;

	if (n->kind != NODE_RUN) {
		schema_object(s, k->table, n, target);
		return;
	}
	run_reader_init(&r, n);
	while ((n = run_reader_next(&r)) != NULL) {
		if (k->table->run == NULL || !k->table->run(s, &r.item, target))
			schema_object(s, k->table, n, target);
	}
}

static void
apply_list(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	size_t i;

	if (node_is_null(n))
		return;
	if (n->kind != NODE_LIST) {
		schema_expected(s, n, k->name, "a list");
		return;
	}
	for (i = 0; i < n->n_child; i++) {
		if (k->type == KEY_LIST_OF_MAPS)
			apply_map(s, k, n->child[i], target);
		else
			k->set(s, k, n->child[i], target);
	}
}

/* --- one key */

static bool
is_unset(const struct node *n)
{
	return node_is_null(n) || (n->kind != NODE_SCALAR && n->n_child == 0);
}

static void
apply_number(struct schema *s, const struct conf_key *k, const struct node *n,
    void *to, void *target)
{
	size_t errors = s->diags->errors;
	uint64_t v;

	schema_number(s, k, n, &v);
	if (to == NULL || s->diags->errors != errors)
		return;
	if (k->type == KEY_U16)
		*(uint16_t *)to = (uint16_t)v;
	else if (k->type == KEY_U32)
		*(uint32_t *)to = (uint32_t)v;
	else
		*(uint64_t *)to = v;
	if (k->set != NULL)
		k->set(s, k, n, target);
}

static void
apply_text(struct schema *s, const struct conf_key *k, const struct node *n,
    char **to)
{
	const char *text = schema_text(s, n, k->name);

	if (text == NULL || to == NULL)
		return;
	free(*to);
	*to = xstrdup(text);
}

static void
key_apply(struct schema *s, const struct conf_key *k, const struct node *at,
    const struct node *n, void *target)
{
	void *to = target == NULL || k->offset == KEY_NOWHERE ?
	    NULL :
	    (uint8_t *)target + k->offset;
	bool flag;

	if ((k->flags & KEY_INERT) && !is_unset(n))
		schema_warn_inert(s, k, at);
	if ((k->flags & KEY_NULL) && node_is_null(n) && k->type != KEY_NODE)
		return;
	switch (k->type) {
	case KEY_U16:
	case KEY_U32:
	case KEY_U64:
		apply_number(s, k, n, to, target);
		break;
	case KEY_BOOL:
		if (!schema_bool(n, &flag))
			schema_expected(s, n, k->name, "true or false");
		else if (to != NULL)
			*(bool *)to = flag;
		break;
	case KEY_TEXT:
		apply_text(s, k, n, to);
		break;
	case KEY_WORD:
		schema_word(s, k, n, to);
		break;
	case KEY_VALUE:
		if (schema_text(s, n, k->name) != NULL)
			k->set(s, k, n, target);
		break;
	case KEY_NODE:
		k->set(s, k, n, target);
		break;
	case KEY_MAP:
		if (!node_is_null(n))
			schema_map(s, k->table, n, target);
		break;
	case KEY_LIST:
	case KEY_LIST_OF_MAPS:
		apply_list(s, k, n, target);
		break;
	}
}

/* --- unknown keys */

/* Edit distance with swaps of neighbours; long words are cut. */
static unsigned int
distance(const char *a, const char *b)
{
	enum { LEN = 40 };
	unsigned int d[LEN + 1][LEN + 1];
	size_t na = strnlen(a, LEN), nb = strnlen(b, LEN), i, j;
	unsigned int best, cost;

	for (i = 0; i <= na; i++)
		d[i][0] = (unsigned int)i;
	for (j = 0; j <= nb; j++)
		d[0][j] = (unsigned int)j;
	for (i = 1; i <= na; i++) {
		for (j = 1; j <= nb; j++) {
			cost = a[i - 1] != b[j - 1];
			best = d[i - 1][j - 1] + cost;
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[na][nb];
}

/* Lower case, with - for _: how keys are most often confused. */
static void
key_fold(const char *from, char *to, size_t size)
{
	size_t i;

	for (i = 0; from[i] != '\0' && i + 1 < size; i++)
		to[i] = from[i] == '_' ? '-' :
					 (char)tolower((unsigned char)from[i]);
	to[i] = '\0';
}

static const char *
key_suggest(const struct conf_table *t, const char *text)
{
	char a[64], b[64];
	const char *best = NULL;
	unsigned int least = 0, d;
	size_t i;

	/* What the reference's manual showed where this is meant. */
	if (t == &table_peer && strcmp(text, "asn") == 0)
		return "remote_as";
	key_fold(text, a, sizeof(a));
	for (i = 0; i < t->n; i++) {
		key_fold(t->keys[i].name, b, sizeof(b));
		d = distance(a, b);
		/* hold_time for hold_time_secs */
		if (strlen(a) >= 4 &&
		    (strncmp(a, b, strlen(a)) == 0 ||
			strncmp(a, b, strlen(b)) == 0) &&
		    d > 2)
			d = 2;
		if (best == NULL || d < least) {
			best = t->keys[i].name;
			least = d;
		}
	}
	if (best == NULL || least > 1 + strlen(a) / 4 || least >= strlen(a))
		return NULL;
	return best;
}

static void
report_unknown(struct schema *s, const struct conf_table *t,
    const struct node *key)
{
	const char *near;

	if (strcmp(key->text, "<<") == 0 && key->plain) {
		diag_error(s->diags, key->line, key->column,
		    "merge keys (<<) are not supported");
		return;
	}
	near = key_suggest(t, key->text);
	if (near != NULL)
		diag_error(s->diags, key->line, key->column,
		    "unknown key %.*s in %s (did you mean %s?)", SHOWN,
		    key->text, t->what, near);
	else
		diag_error(s->diags, key->line, key->column,
		    "unknown key %.*s in %s", SHOWN, key->text, t->what);
}

/* --- maps */

struct slot {
	const struct node *key;
	const struct node *value;
};

static void
slot_fill(struct schema *s, const struct conf_table *t, const struct node *key,
    const struct node *value, struct slot *slots)
{
	size_t i;

	if (key->kind != NODE_SCALAR) {
		diag_error(s->diags, key->line, key->column,
		    "a key of %s is %s", t->what, node_kind_name(key));
		return;
	}
	for (i = 0; i < t->n; i++)
		if (strcmp(t->keys[i].name, key->text) == 0)
			break;
	if (i == t->n) {
		report_unknown(s, t, key);
	} else if (slots[i].key != NULL) {
		diag_error(s->diags, key->line, key->column,
		    "%s: already given in line %u", key->text,
		    slots[i].key->line);
	} else {
		slots[i].key = key;
		slots[i].value = value;
	}
}

static void
map_apply(struct schema *s, const struct conf_table *t, const struct node *n,
    void *target, struct place at)
{
	struct slot slots[TABLE_KEYS_MAX];
	const struct conf_key *k;
	size_t i;

	memset(slots, 0, sizeof(slots));
	for (i = 0; n != NULL && i + 1 < n->n_child; i += 2)
		slot_fill(s, t, n->child[i], n->child[i + 1], slots);
	for (i = 0; i < t->n; i++) {
		k = &t->keys[i];
		if (slots[i].key != NULL &&
		    (!(k->flags & KEY_REQUIRED) || (k->flags & KEY_NULL) ||
			!node_is_null(slots[i].value)))
			key_apply(s, k, slots[i].key, slots[i].value, target);
		else if (k->flags & KEY_REQUIRED)
			diag_error(s->diags, at.line, at.column,
			    "%s: required in %s but not given", k->name,
			    t->what);
	}
}

void
schema_map(struct schema *s, const struct conf_table *t, const struct node *n,
    void *target)
{
	struct place at = { n->line, n->column };

	if (n->kind != NODE_MAP)
		schema_expected(s, n, t->what, "a map");
	else
		map_apply(s, t, n, target, at);
}

void
schema_object(struct schema *s, const struct conf_table *t,
    const struct node *n, void *outer)
{
	void *target;

	if (n->kind != NODE_MAP) {
		schema_expected(s, n, t->what, "a map");
		return;
	}
	target = t->target_size == 0 ? outer : xcalloc(1, t->target_size);
	if (t->begin != NULL)
		t->begin(s, target, outer);
	schema_map(s, t, n, target);
	if (t->end != NULL)
		t->end(s, n, target, outer);
	if (t->target_size != 0)
		free(target);
}

/* --- reading */

const struct conf_table *const conf_tables[] = {
	&table_top,
	&table_peer,
	&table_max_prefix,
	&table_graceful_restart,
	&table_llgr,
	&table_afi_safi,
	&table_network,
	&table_bmp_server,
	&table_grpc_listener,
	&table_grpc_tls,
	&table_defined_sets,
	&table_prefix_set,
	&table_prefix,
	&table_neighbor_set,
	&table_as_path_set,
	&table_community_set,
	&table_ext_community_set,
	&table_large_community_set,
	&table_policy,
	&table_statement,
	&table_conditions,
	&table_actions,
	&table_match_set,
	&table_range,
	&table_prepend,
	&table_local_pref,
	&table_med,
	&table_community_action,
	&table_ext_community_action,
	&table_large_community_action,
};
const size_t conf_tables_n = nitems(conf_tables);

void
schema_init(struct schema *s, struct diags *d)
{
	memset(s, 0, sizeof(*s));
	s->diags = d;
	s->conf = conf_new();
	/* Its default holds the router id, see the end of the reading. */
	free(s->conf->sys_name);
	s->conf->sys_name = NULL;
}

void
schema_read(struct schema *s, const struct node *root)
{
	struct place at = { 1, 1 };

	if (root != NULL && root->kind != NODE_MAP) {
		schema_expected(s, root, "configuration", "a map of keys");
		return;
	}
	map_apply(s, &table_top, root, s->conf, at);
	schema_defaults(s->conf);
}

void
schema_fini(struct schema *s)
{
	conf_free(s->conf);
	free(s->defined.list);
	free(s->used.list);
	free(s->listen_at);
	free(s->grpc_listen_at);
	free(s->metrics_listen_at);
	free(s->peer_at);
	free(s->local_addr_at);
	free(s->network_at);
	free(s->bmp_server_at);
	free(s->inert);
	memset(s, 0, sizeof(*s));
}
