/* SPDX-License-Identifier: ISC */
/*
 * What is played and what is expected: prefixes, sets of attributes, and the
 * streams of UPDATEs made of them.
 *
 * A table is a list of sets.  A set is one announcement: consecutive
 * prefixes of the table with the same attributes, by one sender.  Prefixes
 * are numbered in the order of the announcements, which is the order in
 * which most daemons send them on: the receivers' search looks at the
 * number after the last one first.
 *
 * Every distinct path, in the canonical form that it has behind the daemon
 * under test, belongs to a class.  A prefix is right at a receiver when it
 * has a path of the class that the prefix expects.  CLASS_OTHER: a path
 * that was announced, but is not the best for any prefix.
 *
 * The synthetic table is a function of its seed alone.
 */
#ifndef REGRESS_BENCH_TABLE_H
#define REGRESS_BENCH_TABLE_H

#include "regress/bench/wire.h"

#define CLASS_NONE 0u /* not expected to be there */
#define CLASS_OTHER 1u /* known, never right */
#define CLASS_FIRST 2u

#define OWNER_NONE 0xffffu
#define PFX_UNKNOWN UINT32_MAX

struct set {
	uint32_t first, n; /* prefixes */
	size_t attrs; /* offset in table.arena */
	uint32_t attrs_len;
	uint16_t sender;
	bool gone; /* a withdrawal */
};

/* A path in canonical form, interned. */
struct path {
	size_t canon; /* offset in table.canons */
	uint32_t len;
	uint32_t cls;
	uint64_t hash;
};

struct table {
	struct pfx *pfx;
	uint32_t *expect; /* class of each prefix */
	uint16_t *owner; /* who alone announces it, or OWNER_NONE */
	uint32_t npfx, pfx_cap;
	uint32_t *slots; /* hash of the prefixes: number + 1, or 0 */
	uint32_t nslots;
	/* Announcements of prefixes in other than table order (churn) list
	 * their prefixes here; a set of the table proper needs none. */
	struct set *sets;
	uint32_t nsets, sets_cap;
	uint32_t *order; /* set.first points here when set */
	uint32_t norder, order_cap;
	struct bytes arena, canons;
	struct path *paths;
	uint32_t npaths, paths_cap;
	uint32_t *path_slots;
	uint32_t npath_slots;
	uint32_t dut_as;
	uint32_t nclasses;
};

struct gen {
	uint64_t seed;
	uint32_t npfx; /* prefixes in all */
	unsigned afi;
	unsigned senders;
	uint32_t sender_as; /* of the first; the others follow */
	bool same; /* all senders announce all prefixes, by other paths */
};

/* Empty table behind a daemon of this AS. */
void table_init(struct table *, uint32_t dut_as);
void table_fini(struct table *);

/*
 * Fill with a synthetic table.  Without `same` each sender owns an equal,
 * consecutive share.  With it every sender has every prefix; the class of a
 * prefix holds the senders whose path RFC 4271 9.1.2.2 a) and b) prefer, and
 * each sender's last set is one more prefix of its own, which tells that all
 * of its paths were read.
 */
void table_generate(struct table *, const struct gen *);

/*
 * Announce `n` prefixes from the first on again with other attributes; the
 * new sets are appended, the expectation changes.  Returns the number of the
 * first new set; *end is the first prefix that stays as it is.
 */
uint32_t
table_reannounce(struct table *, uint64_t seed, uint32_t n, uint32_t *end);

/* Paths that all sets announce together. */
uint64_t table_paths(const struct table *);

/* The stream of sets [from, to) of this sender, with its next hop. */
void table_stream(const struct table *, struct bytes *, unsigned sender,
    uint32_t from, uint32_t to, const struct addr *nh);

/* Number of a prefix; `hint` is looked at first. */
uint32_t table_find(const struct table *, const struct pfx *, uint32_t hint);
/* The same, entering what is not there (owner OWNER_NONE, CLASS_NONE). */
uint32_t table_enter(struct table *, const struct pfx *);

/* The class of a received canonical path; CLASS_NONE: never announced. */
uint32_t table_class(const struct table *, const struct bytes *canon);
/* The same for an expected path, entering it with a class of its own. */
uint32_t table_learn(struct table *, const struct bytes *canon);

/*
 * For tables that others compose: a set of consecutive prefixes by a sender;
 * a new path of a class, as table_class tells it; a new class.
 */
void table_set(struct table *, unsigned sender, uint32_t first, uint32_t n,
    const struct bytes *attrs);
void table_path(struct table *, const struct bytes *canon, uint32_t cls);
uint32_t table_new_class(struct table *);

/*
 * Append one announcement or withdrawal of the prefixes numbered ids[] as it
 * happened; attrs are those to be sent.  Sets the expectation.
 */
void table_event(struct table *, unsigned sender, const uint32_t *ids,
    uint32_t n, const struct bytes *attrs);

/*
 * Play MRT files into the table: BGP4MP messages of 4-octet sessions and
 * TABLE_DUMP_V2 (the first path of each entry), as a sender of AS
 * `sender_as` would announce them over eBGP: own AS in front, no LOCAL_PREF,
 * MED, ORIGINATOR_ID, CLUSTER_LIST.  families as in wire_open.  Returns the
 * number of UPDATEs or entries taken, or -1 with a message on stderr.
 */
long mrt_load(struct table *, const char *file, unsigned sender,
    uint32_t sender_as, unsigned families);

/* The AS_PATH (4-octet) of each path of a TABLE_DUMP_V2 file, IPv4; peer is
 * its index.  Returns the number of paths, or -1 with a message. */
typedef void mrt_path_fn(void *, unsigned peer, const uint8_t *, size_t);
long mrt_rib_paths(const char *file, mrt_path_fn *, void *);

/* One line a prefix: prefix, AS path, origin, communities. */
void table_print(const struct table *);

#endif
