/* SPDX-License-Identifier: ISC */
/*
 * The table walker and the table of the top level.
 *
 * Keys of a map are applied in the order of their table, not of the file, so
 * that a row may rely on the rows above it (a peer's hold time starts from
 * the top level's wherever that stands).  Runs in the unprivileged parser.
 */
#include "bgpd/conf_schema.h"

#include <sys/un.h>

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
#define SHOWN 60 /* bytes of a value that a message repeats */
#define LISTEN_MAX 256 /* addresses a key may list */

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

static void
found_instead(struct schema *s, const struct node *n, const char *key,
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
name_append(struct conf_names *l, enum name_kind kind, const struct node *n)
{
	struct conf_name *to;

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
	name_append(&s->defined, kind, n);
}

void
schema_use(struct schema *s, enum name_kind kind, const struct node *n)
{
	name_append(&s->used, kind, n);
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
		found_instead(s, n, key, "text");
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
		found_instead(s, n, k->name, "a number");
		return;
	}
	valid = value_number(t, &v) == 0;
	if (!valid && !is_long_number(*t == '-' ? t + 1 : t)) {
		found_instead(s, n, k->name, "a number");
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

static bool
bool_parse(const struct node *n, bool *to)
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

static void
apply_word(struct schema *s, const struct conf_key *k, const struct node *n,
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
	found_instead(s, n, k->name, list);
}

/* --- lists */

static void
apply_list(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	size_t i;

	if (node_is_null(n))
		return;
	if (n->kind != NODE_LIST) {
		found_instead(s, n, k->name, "a list");
		return;
	}
	for (i = 0; i < n->n_child; i++) {
		if (k->type == KEY_LIST_OF_MAPS)
			schema_object(s, k->table, n->child[i], target);
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
		if (!bool_parse(n, &flag))
			found_instead(s, n, k->name, "true or false");
		else if (to != NULL)
			*(bool *)to = flag;
		break;
	case KEY_TEXT:
		apply_text(s, k, n, to);
		break;
	case KEY_WORD:
		apply_word(s, k, n, to);
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
		found_instead(s, n, t->what, "a map");
	else
		map_apply(s, t, n, target, at);
}

void
schema_object(struct schema *s, const struct conf_table *t,
    const struct node *n, void *outer)
{
	void *target;

	if (n->kind != NODE_MAP) {
		found_instead(s, n, t->what, "a map");
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

/* --- setters of the top level */

static void
fixed_set(struct schema *s, enum conf_fixed which, const struct node *n)
{
	s->fixed_at[which].line = n->line;
	s->fixed_at[which].column = n->column;
}

static void
set_asn(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	const struct conf *c = target;

	fixed_set(s, CONF_FIXED_ASN, n);
	if (c->asn == BGP_AS_TRANS)
		schema_error(s, n, k->name,
		    "23456 is reserved (AS_TRANS, RFC 6793)");
}

/* 0.0.0.0 is no identifier, every other number is (RFC 6286). */
static void
set_identifier(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct addr a;
	uint32_t *to = (uint32_t *)(void *)((uint8_t *)target + k->offset);

	if (addr_parse(n->text, &a) == -1 || a.family != ADDR_IPV4)
		schema_error(s, n, k->name, "\"%.*s\" is not an IPv4 address",
		    SHOWN, n->text);
	else if (addr_is_unspecified(&a))
		schema_error(s, n, k->name, "must not be 0.0.0.0");
	else
		*to = addr_to_u32(&a);
}

/* RFC 4271 4.2: zero or at least three seconds */
static void
set_hold_time(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	const struct conf *c = target;

	if (c->hold_time == 1 || c->hold_time == 2)
		schema_error(s, n, k->name, "%u is neither 0 nor at least 3",
		    c->hold_time);
}

static void
set_router_id(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	fixed_set(s, CONF_FIXED_ROUTER_ID, n);
	set_identifier(s, k, n, target);
}

static void
set_user(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf *c = target;

	(void)k;
	fixed_set(s, CONF_FIXED_USER, n);
	free(c->user);
	c->user = xstrdup(n->text);
}

static void
set_log_level(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf *c = target;

	if (log_level_parse(n->text, &c->log_level) == -1)
		schema_error(s, n, k->name,
		    "\"%.*s\" is not a level (error, warn, info, debug)", SHOWN,
		    n->text);
}

static void
set_log_format(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	static const char *const words[] = { "text", "json", NULL };
	const struct conf_key format = { .name = k->name, .words = words };
	uint8_t v = LOG_FORMAT_TEXT;
	struct conf *c = target;

	apply_word(s, &format, n, &v);
	c->log_format = (enum log_format)v;
}

static void
set_path(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	char **to = (char **)(void *)((uint8_t *)target + k->offset);

	if (n->text[0] != '/') {
		schema_error(s, n, k->name, "must begin with a slash");
		return;
	}
	free(*to);
	*to = xstrdup(n->text);
}

static void
set_requires_policy(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	struct conf *c = target;

	if (!bool_parse(n, &c->ebgp_requires_policy))
		found_instead(s, n, k->name, "true or false");
	else if (c->ebgp_requires_policy)
		schema_warn_inert(s, k, n);
}

static void
listen_one(struct schema *s, const struct conf_key *k, const struct node *n)
{
	struct conf_endpoint e;
	struct conf *c = s->conf;

	memset(&e, 0, sizeof(e));
	if (schema_text(s, n, k->name) == NULL)
		return;
	if (endpoint_parse(n->text, BGP_PORT, true, &e.addr, &e.port) == -1)
		schema_error(s, n, k->name,
		    "\"%.*s\" is not an address (IP:PORT or [IPv6]:PORT)",
		    SHOWN, n->text);
	else if (addr_is_multicast(&e.addr))
		schema_error(s, n, k->name, "%.*s is a multicast address",
		    SHOWN, n->text);
	else if (c->n_listen == LISTEN_MAX)
		schema_error(s, n, k->name, "too many addresses");
	else {
		place_set(&s->listen_at, c->n_listen, n);
		conf_listen_append(c, &e);
	}
}

static void
grpc_listen_one(struct schema *s, const struct conf_key *k,
    const struct node *n)
{
	struct conf_endpoint e;
	struct conf *c = s->conf;

	memset(&e, 0, sizeof(e));
	if (schema_text(s, n, k->name) == NULL)
		return;
	if (strncmp(n->text, "unix:", 5) == 0) {
		if (n->text[5] != '/' ||
		    strlen(n->text + 5) >=
			sizeof(((struct sockaddr_un *)0)->sun_path)) {
			schema_error(s, n, k->name,
			    "unix: takes an absolute path of at most %u "
			    "bytes",
			    (unsigned int)sizeof(
				((struct sockaddr_un *)0)->sun_path) -
				1);
			return;
		}
		e.path = n->text + 5;
	} else if (endpoint_parse(n->text, 50051, true, &e.addr, &e.port) ==
	    -1) {
		schema_error(s, n, k->name,
		    "\"%.*s\" is not an address (IP:PORT, [IPv6]:PORT or "
		    "unix:/PATH)",
		    SHOWN, n->text);
		return;
	}
	if (c->n_grpc_listen == LISTEN_MAX) {
		schema_error(s, n, k->name, "too many addresses");
		return;
	}
	place_set(&s->grpc_listen_at, c->n_grpc_listen, n);
	conf_grpc_listen_append(c, &e);
}

/* One address or a list of them. */
static void
set_endpoints(struct schema *s, const struct conf_key *k, const struct node *n,
    void (*one)(struct schema *, const struct conf_key *, const struct node *))
{
	size_t i;

	if (n->kind == NODE_SCALAR) {
		one(s, k, n);
		return;
	}
	if (n->kind == NODE_MAP || n->n_child == 0) {
		found_instead(s, n, k->name,
		    n->kind == NODE_MAP ? "an address or a list of them" :
					  "at least one address");
		return;
	}
	for (i = 0; i < n->n_child; i++)
		one(s, k, n->child[i]);
}

static void
set_listen(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	(void)target;
	set_endpoints(s, k, n, listen_one);
}

static void
set_grpc_listen(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	(void)target;
	set_endpoints(s, k, n, grpc_listen_one);
}

static void
set_network(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	static const char prefix[] = "prefix";
	struct node key, map, *child[2];

	(void)k;
	if (n->kind != NODE_SCALAR) {
		schema_object(s, &table_network, n, target);
		return;
	}
	/* "PREFIX" is short for {prefix: PREFIX}. */
	memset(&key, 0, sizeof(key));
	memset(&map, 0, sizeof(map));
	key.line = map.line = n->line;
	key.column = map.column = n->column;
	key.text = xstrdup(prefix);
	map.kind = NODE_MAP;
	child[0] = &key;
	memcpy(&child[1], &n, sizeof(n));
	map.child = child;
	map.n_child = 2;
	schema_object(s, &table_network, &map, target);
	free(key.text);
}

/* --- bmp_servers */

static void
bmp_server_address(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	struct conf_bmp_server *b = target;

	if (endpoint_parse(n->text, -1, false, &b->addr, &b->port) == -1)
		schema_error(s, n, k->name,
		    "\"%.*s\" is not an address (IP:PORT or [IPv6]:PORT)",
		    SHOWN, n->text);
}

static void
bmp_server_end(struct schema *s, const struct node *n, void *target,
    void *outer)
{
	struct conf_bmp_server *b = target;

	(void)outer;
	if (b->addr.family == ADDR_NONE)
		return; /* reported */
	if (s->conf->n_bmp_servers == LISTEN_MAX) {
		schema_error(s, n, "bmp_servers", "too many servers");
		return;
	}
	place_set(&s->bmp_server_at, s->conf->n_bmp_servers, n);
	conf_bmp_server_append(s->conf, b);
}

#define AT(member) offsetof(struct conf_bmp_server, member)
static const struct conf_key bmp_server_keys[] = {
	{ .name = "address",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .set = bmp_server_address },
	{ .name = "statistics_timeout",
	    .type = KEY_U64,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .offset = AT(statistics_secs) },
};
#undef AT

const struct conf_table table_bmp_server = {
	.what = "bmp_servers",
	.keys = bmp_server_keys,
	.n = nitems(bmp_server_keys),
	.target_size = sizeof(struct conf_bmp_server),
	.end = bmp_server_end,
};

/* --- the top level */

#define AT(member) offsetof(struct conf, member)
static const struct conf_key top_keys[] = {
	{ .name = "asn",
	    .type = KEY_U32,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = UINT32_MAX,
	    .offset = AT(asn),
	    .set = set_asn },
	{ .name = "router_id",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .offset = AT(router_id),
	    .set = set_router_id },
	{ .name = "cluster_id",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL | KEY_INERT,
	    .dflt = "router_id",
	    .offset = AT(cluster_id),
	    .set = set_identifier },
	{ .name = "listen_addr",
	    .type = KEY_NODE,
	    .dflt = "0.0.0.0:179",
	    .set = set_listen },
	{ .name = "grpc_listen_addr",
	    .type = KEY_NODE,
	    .dflt = "127.0.0.1:50051",
	    .set = set_grpc_listen },
	{ .name = "grpc_max_reply_bytes",
	    .type = KEY_U32,
	    .min = 65536,
	    .max = 1u << 30,
	    .dflt = "4194304",
	    .offset = AT(grpc_max_reply_bytes) },
	{ .name = "hold_time_secs",
	    .type = KEY_U16,
	    .max = UINT16_MAX,
	    .dflt = "180",
	    .offset = AT(hold_time),
	    .set = set_hold_time },
	{ .name = "connect_retry_secs",
	    .type = KEY_U32,
	    .min = 1,
	    .max = UINT32_MAX - 1,
	    .dflt = "30",
	    .offset = AT(connect_retry_secs) },
	{ .name = "accept_unconfigured_peers",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(accept_unconfigured_peers) },
	{ .name = "ebgp_requires_policy",
	    .type = KEY_NODE,
	    .dflt = "false",
	    .set = set_requires_policy },
	{ .name = "user", .type = KEY_VALUE, .dflt = "_bgpd", .set = set_user },
	{ .name = "log_level",
	    .type = KEY_VALUE,
	    .dflt = "info",
	    .set = set_log_level },
	{ .name = "log_format",
	    .type = KEY_VALUE,
	    .dflt = "text",
	    .set = set_log_format },
	{ .name = "pid_file",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .offset = AT(pid_file),
	    .set = set_path },
	{ .name = "state_dir",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = AT(state_dir),
	    .set = set_path },
	{ .name = "sys_name",
	    .type = KEY_TEXT,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = AT(sys_name) },
	{ .name = "sys_descr",
	    .type = KEY_TEXT,
	    .flags = KEY_NULL | KEY_INERT,
	    .offset = AT(sys_descr) },
	{ .name = "llgr",
	    .type = KEY_MAP,
	    .flags = KEY_NULL | KEY_INERT,
	    .table = &table_llgr },
	{ .name = "peers", .type = KEY_LIST_OF_MAPS, .table = &table_peer },
	{ .name = "networks", .type = KEY_LIST, .set = set_network },
	{ .name = "bmp_servers",
	    .type = KEY_LIST_OF_MAPS,
	    .flags = KEY_INERT,
	    .table = &table_bmp_server },
	{ .name = "defined-sets",
	    .type = KEY_MAP,
	    .flags = KEY_INERT,
	    .table = &table_defined_sets },
	{ .name = "policy-definitions",
	    .type = KEY_LIST_OF_MAPS,
	    .flags = KEY_INERT,
	    .table = &table_policy },
};
#undef AT

static const struct conf_table table_top = {
	.what = "the file",
	.keys = top_keys,
	.n = nitems(top_keys),
};

const struct conf_table *const conf_tables[] = {
	&table_top,
	&table_peer,
	&table_max_prefix,
	&table_graceful_restart,
	&table_llgr,
	&table_afi_safi,
	&table_network,
	&table_bmp_server,
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

/* Defaults that depend on other keys. */
static void
defaults_complete(struct conf *c)
{
	struct conf_endpoint e;
	char text[ADDR_STRLEN];
	struct addr id = addr_ipv4(c->router_id);

	memset(&e, 0, sizeof(e));
	if (c->n_listen == 0) {
		e.addr = addr_ipv4(0);
		e.port = BGP_PORT;
		conf_listen_append(c, &e);
	}
	if (c->n_grpc_listen == 0) {
		e.addr = addr_ipv4(0x7f000001);
		e.port = 50051;
		conf_grpc_listen_append(c, &e);
	}
	if (c->cluster_id == 0)
		c->cluster_id = c->router_id;
	if (c->sys_name == NULL)
		c->sys_name = xasprintf("bgpgg %s", addr_str(&id, text));
}

void
schema_read(struct schema *s, const struct node *root)
{
	struct place at = { 1, 1 };

	if (root != NULL && root->kind != NODE_MAP) {
		found_instead(s, root, "configuration", "a map of keys");
		return;
	}
	map_apply(s, &table_top, root, s->conf, at);
	defaults_complete(s->conf);
}

void
schema_fini(struct schema *s)
{
	conf_free(s->conf);
	free(s->defined.list);
	free(s->used.list);
	free(s->listen_at);
	free(s->grpc_listen_at);
	free(s->peer_at);
	free(s->local_addr_at);
	free(s->network_at);
	free(s->bmp_server_at);
	free(s->inert);
	memset(s, 0, sizeof(*s));
}
