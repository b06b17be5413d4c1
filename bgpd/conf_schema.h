/* SPDX-License-Identifier: ISC */
/*
 * The keys of the configuration file as tables, and the walk that holds a
 * tree against them.
 *
 * A row says everything about a key: name, type, range, default, whether its
 * feature acts.  The walk finds unknown and duplicate keys, wrong types and
 * numbers out of range, with the same words everywhere.  What concerns
 * several keys at once is conf_check.h's.
 */
#ifndef BGPD_CONF_SCHEMA_H
#define BGPD_CONF_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include "bgpd/conf_yaml.h"
#include "bgpd/diag.h"
#include "common/conf.h"

enum key_type {
	KEY_U16, /* number at offset */
	KEY_U32,
	KEY_U64,
	KEY_BOOL,
	KEY_TEXT, /* char * at offset */
	KEY_WORD, /* one of words[], its index as uint8_t at offset */
	KEY_VALUE, /* a scalar that set() reads */
	KEY_NODE, /* anything, read by set() */
	KEY_MAP, /* by table, into the same target */
	KEY_LIST, /* of anything: set() is called for each element */
	KEY_LIST_OF_MAPS, /* by table, each element by its own target */
};

enum key_flag {
	KEY_REQUIRED = 1,
	KEY_NULL = 2, /* null means unset */
	KEY_INERT = 4, /* accepted and checked; nothing acts on it yet */
};

#define KEY_NOWHERE SIZE_MAX

struct schema;
struct conf_table;

struct conf_key {
	const char *name;
	enum key_type type;
	unsigned int flags;
	uint64_t min, max; /* of numbers */
	const char *dflt; /* as the manual has it; NULL: none */
	size_t offset; /* in the target; KEY_NOWHERE: checked only */
	/* Called with the node (each element of a list); of a number when it
	 * is good and stored. */
	void (*set)(struct schema *, const struct conf_key *,
	    const struct node *, void *target);
	const char *const *words; /* KEY_WORD: ends with NULL */
	const struct conf_table *table;
};

struct conf_table {
	const char *what; /* "peer", for messages */
	const struct conf_key *keys;
	size_t n;
	/* A map of its own: size of a zeroed target for each element, and
	 * what to do before and after its keys. */
	size_t target_size;
	void (*begin)(struct schema *, void *target, void *outer);
	void (*end)(struct schema *, const struct node *, void *target,
	    void *outer);
	/* All of it for a member of a run that is good; false, and nothing
	 * done, if it is to be looked at in detail.  NULL: all are. */
	bool (*run)(struct schema *, const struct run_item *, void *outer);
};

/* Every table, for the test that holds them against the manual. */
extern const struct conf_table *const conf_tables[];
extern const size_t conf_tables_n;

#define TABLE_KEYS_MAX 64
#define SHOWN 60 /* bytes of a value that a message repeats */

enum name_kind {
	NAME_POLICY,
	NAME_PREFIX_SET,
	NAME_NEIGHBOR_SET,
	NAME_AS_PATH_SET,
	NAME_COMMUNITY_SET,
	NAME_EXT_COMMUNITY_SET,
	NAME_LARGE_COMMUNITY_SET,
	NAME__MAX
};
const char *name_kind_text(enum name_kind); /* "policy", "prefix-set" */
/* Of a name that is not a policy's (conf_sets.c). */
enum conf_set_kind name_set_kind(enum name_kind);

struct place {
	uint32_t line;
	uint32_t column;
};

enum conf_fixed { /* keys that only a restart changes */
	CONF_FIXED_ASN,
	CONF_FIXED_ROUTER_ID,
	CONF_FIXED_USER,
	CONF_FIXED__MAX
};

/* A name that was defined, or used somewhere. */
struct conf_name {
	enum name_kind kind;
	const char *name; /* points into the tree */
	struct place at;
};
struct conf_names {
	struct conf_name *list;
	size_t n;
};

/* State of one reading; the tree must outlive it. */
struct schema {
	struct diags *diags;
	struct conf *conf;
	struct conf_names defined;
	struct conf_names used;
	/* places of conf->listen[i], grpc_listen[i], metrics_listen[i],
	 * peers[i], networks[i], bmp_servers[i] */
	struct place *listen_at;
	struct place *grpc_listen_at;
	struct place *metrics_listen_at;
	struct place *peer_at;
	struct place *local_addr_at; /* of peers[i]; line 0: not given */
	struct place *network_at;
	struct place *bmp_server_at;
	/* what cannot change under running sessions; line 0: not given */
	struct place fixed_at[CONF_FIXED__MAX];
	/* keys that had their warning */
	const struct conf_key **inert;
	size_t n_inert;
};

/*
 * Read `root` (NULL: an empty file) into a new configuration.  Errors and
 * warnings go to `d`; s->conf is to be used only if there were no errors,
 * and belongs to the schema until the caller takes it.
 */
void schema_init(struct schema *, struct diags *d);
void schema_read(struct schema *, const struct node *root);
void schema_fini(struct schema *);

/* An error or a warning at a node: "KEY: message". */
void schema_error(struct schema *, const struct node *, const char *key,
    const char *fmt, ...) ATTR_PRINTF(4, 5);
/* Set the place of element `i` of an array that grows with its object. */
void place_set(struct place **, size_t i, const struct node *);
/* The text of a scalar that is not null, else NULL after an error. */
const char *schema_text(struct schema *, const struct node *, const char *key);
/* An error: this was expected, that was found. */
void schema_expected(struct schema *, const struct node *, const char *key,
    const char *expected);
/* False if the node is neither true nor false; reports nothing. */
bool schema_bool(const struct node *, bool *to);
/* The index of one of k->words; `to` may be NULL. */
void schema_word(struct schema *, const struct conf_key *, const struct node *,
    uint8_t *to);
void schema_number(struct schema *, const struct conf_key *,
    const struct node *, uint64_t *to);
void schema_define(struct schema *, enum name_kind, const struct node *);
void schema_use(struct schema *, enum name_kind, const struct node *);
void schema_warn_inert(struct schema *, const struct conf_key *,
    const struct node *);

/* Read a map by a table into `target`. */
void schema_map(struct schema *, const struct conf_table *, const struct node *,
    void *target);
/* The same into a target of its own, with begin() and end(). */
void schema_object(struct schema *, const struct conf_table *,
    const struct node *, void *outer);

/* Defaults that depend on other keys. */
void schema_defaults(struct conf *);

extern const struct conf_table table_top; /* conf_top_keys.c */
extern const struct conf_table table_bmp_server;
extern const struct conf_table table_grpc_listener;
extern const struct conf_table table_grpc_tls;
extern const struct conf_table table_peer; /* conf_peer_keys.c */
extern const struct conf_table table_max_prefix;
extern const struct conf_table table_graceful_restart;
extern const struct conf_table table_llgr;
extern const struct conf_table table_afi_safi;
extern const struct conf_table table_network; /* conf_network.c */
extern const struct conf_table table_defined_sets; /* conf_sets.c */
extern const struct conf_table table_prefix_set;
extern const struct conf_table table_prefix;
extern const struct conf_table table_neighbor_set;
extern const struct conf_table table_as_path_set;
extern const struct conf_table table_community_set;
extern const struct conf_table table_ext_community_set;
extern const struct conf_table table_large_community_set;
extern const struct conf_table table_policy; /* conf_policy.c */
extern const struct conf_table table_statement;
extern const struct conf_table table_conditions;
extern const struct conf_table table_actions;
extern const struct conf_table table_match_set;
extern const struct conf_table table_range;
extern const struct conf_table table_prepend;
extern const struct conf_table table_local_pref;
extern const struct conf_table table_med;
extern const struct conf_table table_community_action;
extern const struct conf_table table_ext_community_action;
extern const struct conf_table table_large_community_action;

#endif
