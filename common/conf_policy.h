/* SPDX-License-Identifier: ISC */
/*
 * Policies as values: defined sets, and policies made of statements.
 *
 * Both are counted and immutable once they are part of a configuration, so
 * that generations share them and "is it still the same" is a comparison of
 * pointers.  Whoever fills one is its only owner until then.  A policy names
 * its sets; a peer names its policies (common/conf.h).
 */
#ifndef COMMON_CONF_POLICY_H
#define COMMON_CONF_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/as_pattern.h"
#include "common/compat.h"
#include "common/nlri.h"

enum conf_set_kind {
	CONF_SET_PREFIX,
	CONF_SET_NEIGHBOR,
	CONF_SET_AS_PATH,
	CONF_SET_COMMUNITY,
	CONF_SET_EXT_COMMUNITY,
	CONF_SET_LARGE_COMMUNITY,
	CONF_SET__MAX
};
const char *conf_set_kind_text(enum conf_set_kind); /* "prefix-set" */
int conf_set_kind_parse(const char *, enum conf_set_kind *) ATTR_CHECK;

/* How a range of prefix lengths was written; `min` and `max` say what it
 * means. */
enum conf_range_form {
	CONF_RANGE_NONE, /* not at all: the own length */
	CONF_RANGE_EXACT, /* "exact" */
	CONF_RANGE_BOTH, /* "MIN..MAX" */
	CONF_RANGE_UP_TO, /* "..MAX" */
	CONF_RANGE_FROM, /* "MIN.." */
};
/* Prefixes that `nlri` covers, of min to max bits. */
struct conf_prefix {
	struct nlri nlri;
	uint8_t min;
	uint8_t max;
	uint8_t form; /* enum conf_range_form */
};

/*
 * A community of any kind, in wire form from the left, or a pattern of
 * communities: mask bytes are 0xff where a byte counts and 0 where any will
 * do ("65001:*").  Bytes that do not count, and those behind the kind's
 * length, are 0 in both.
 */
struct conf_comm {
	uint8_t value[12];
	uint8_t mask[12];
};
/* Bytes of a community of this kind of set: 4, 8, 12; 0 for other kinds. */
unsigned int conf_comm_len(enum conf_set_kind);
bool conf_comm_is_exact(enum conf_set_kind, const struct conf_comm *);

struct conf_set {
	uint32_t refs;
	uint8_t kind; /* enum conf_set_kind */
	uint8_t origin; /* enum conf_origin */
	bool over_file; /* of the API, in the place of one of the file */
	uint32_t line; /* of the file; 0: API */
	/* Given by bgpd: one number never names two contents. */
	uint64_t serial;
	char *name;
	uint32_t n, max; /* members, and room for them */
	union {
		struct conf_prefix *prefixes;
		struct addr *neighbors;
		char **patterns;
		struct conf_comm *comms; /* the three kinds of communities */
		void *list;
	};
};

/* Members that a set may have, and bytes of a pattern. */
#define CONF_SET_MAX 4000000u
#define CONF_PATTERN_MAX AS_PATTERN_MAX

/* An empty set with one reference. */
struct conf_set *conf_set_new(enum conf_set_kind, const char *name);
struct conf_set *conf_set_ref(struct conf_set *);
void conf_set_unref(struct conf_set *); /* NULL is fine */
/* Append a copy. */
void conf_set_add_prefix(struct conf_set *, const struct conf_prefix *);
void conf_set_add_neighbor(struct conf_set *, const struct addr *);
void conf_set_add_pattern(struct conf_set *, const char *);
void conf_set_add_comm(struct conf_set *, const struct conf_comm *);
/* The same kind, name and members in the same order; serial, origin and
 * place do not count. */
bool conf_set_equal(const struct conf_set *, const struct conf_set *);

/* --- statements */

enum conf_match_option {
	CONF_MATCH_UNSAID, /* any */
	CONF_MATCH_ANY,
	CONF_MATCH_ALL,
	CONF_MATCH_INVERT,
};
struct conf_match {
	char *set; /* its name; NULL: no such condition */
	uint8_t option; /* enum conf_match_option */
};

enum conf_route_type { /* bits; none: all */
	CONF_ROUTE_EBGP = 1,
	CONF_ROUTE_IBGP = 2,
	CONF_ROUTE_LOCAL = 4,
};

struct conf_numbers { /* min to max, both included */
	bool given;
	uint32_t min;
	uint32_t max;
};

/* All that are given must hold. */
struct conf_conditions {
	struct conf_match match[CONF_SET__MAX]; /* by kind of set */
	bool has_prefix;
	struct nlri prefix; /* this very one */
	struct addr neighbor; /* whom the route is from; ADDR_NONE: any */
	bool has_asn;
	uint32_t asn; /* somewhere in the AS path */
	uint8_t route_types; /* enum conf_route_type */
	bool has_community;
	struct conf_comm community; /* may be a pattern */
	uint32_t families; /* bits of FAMILY_BIT(); 0: all */
	bool has_next_hop;
	struct nlri next_hop; /* the next hop lies within */
	uint8_t origins; /* bits by enum bgp_origin; 0: all */
	struct conf_numbers med; /* does not hold without a MED */
	struct conf_numbers local_pref; /* 100 where there is none */
	struct conf_numbers as_path_len;
};

enum conf_says { /* bits */
	CONF_SAYS_ACCEPT = 1,
	CONF_SAYS_REJECT = 2,
	CONF_SAYS_CONTINUE = 4, /* neither of the others beside it */
};
enum conf_local_pref_op {
	CONF_LOCAL_PREF_KEEP,
	CONF_LOCAL_PREF_SET,
	CONF_LOCAL_PREF_FILL, /* where the route has none */
};
enum conf_med_op {
	CONF_MED_KEEP,
	CONF_MED_SET,
	CONF_MED_ADD, /* to what is there, else to 0; at most 2^32 - 1 */
	CONF_MED_SUB, /* at least 0 */
	CONF_MED_REMOVE,
};
enum conf_next_hop_op {
	CONF_NEXT_HOP_KEEP,
	CONF_NEXT_HOP_SET,
	CONF_NEXT_HOP_SELF, /* our end of the session */
};
enum conf_comm_op {
	CONF_COMM_ADD, /* what is not there yet, at the end */
	CONF_COMM_REMOVE, /* patterns allowed */
	CONF_COMM_REPLACE, /* all by these */
};
struct conf_comm_edit {
	uint8_t kind; /* enum conf_set_kind, one of communities */
	uint8_t op; /* enum conf_comm_op */
	uint32_t n;
	struct conf_comm *list;
};
/* In the order of the members. */
struct conf_actions {
	uint8_t says; /* enum conf_says; none: accept */
	uint8_t local_pref_op; /* enum conf_local_pref_op */
	uint32_t local_pref;
	uint8_t med_op; /* enum conf_med_op */
	uint32_t med;
	uint8_t next_hop_op; /* enum conf_next_hop_op */
	struct addr next_hop; /* routes of the other family keep theirs */
	bool has_origin;
	uint8_t origin; /* enum bgp_origin */
	uint8_t prepend; /* times, at most CONF_PREPEND_MAX; 0: none */
	uint32_t prepend_as; /* 0: our own */
	struct conf_comm_edit *edits; /* one after the other */
	uint32_t n_edits;
	bool deletes; /* any of: */
	uint8_t delete_attrs[32]; /* a bit a type of path attribute */
};
/* May a policy delete attributes of this type?  Not those that a route must
 * have (RFC 4271 5.1) or that carry NLRI (RFC 4760). */
bool conf_attr_is_deletable(uint8_t type);

struct conf_statement {
	char *name; /* NULL: it has none */
	struct conf_conditions conditions;
	struct conf_actions actions;
};

struct conf_policy {
	uint32_t refs;
	uint8_t origin; /* enum conf_origin */
	bool over_file;
	uint32_t line;
	uint64_t serial; /* as conf_set's */
	char *name;
	uint32_t n; /* statements */
	uint32_t max;
	struct conf_statement *statements;
};

/* Bounds, so that a statement fits into a message. */
#define CONF_STATEMENTS_MAX 65535u /* of a policy */
#define CONF_PREPEND_MAX 100u /* numbers put before a path */
#define CONF_COMM_EDITS_MAX 64u /* of a statement ... */
#define CONF_COMM_EDIT_MAX 1000u /* ... and communities of all of them */

struct conf_policy *conf_policy_new(const char *name);
struct conf_policy *conf_policy_ref(struct conf_policy *);
void conf_policy_unref(struct conf_policy *); /* NULL is fine */
/* Append a statement without conditions and actions; good until the next
 * one.  `name` may be NULL. */
struct conf_statement *
conf_policy_add_statement(struct conf_policy *, const char *name);
void conf_statement_fini(struct conf_statement *);
/* Append an edit with copies of the list. */
void conf_actions_add_edit(struct conf_actions *, enum conf_set_kind,
    enum conf_comm_op, const struct conf_comm *, uint32_t n);
/* As conf_set_equal. */
bool conf_policy_equal(const struct conf_policy *, const struct conf_policy *);
/* Does a statement name this set? */
bool conf_policy_uses_set(const struct conf_policy *, enum conf_set_kind,
    const char *name);

#endif
