/* SPDX-License-Identifier: ISC */
/*
 * Preorder bitmap nodes; see prefix_index.h.
 *
 * The node of level L and an 8*L-bit key holds the prefixes of 8*L+1 to
 * 8*L+8 bits below that key (the one of level 0 also the empty prefix).  A
 * prefix of d bits below the node, with those bits left-aligned in an octet
 * v, has the position
 *
 *	d + 2 * v - popcount(v)
 *
 * which is its rank in a preorder walk of the binary tree of depth 8; the
 * prefixes below it follow in the next 2^(9-d) - 2 positions.  Ids stand in
 * a dense array, found by the number of set bits before the position.
 * Nodes form a tree for the walks: the parent of a node is the nearest
 * existing one above it, however many levels up, and finds it by the octet
 * in which the way down leaves the parent.  A node exists if it holds a
 * prefix or has several children; the one of level 0 always does.  So there
 * are less than twice as many nodes as hold prefixes, whatever prefixes a
 * peer makes up.
 */
#include "rde/prefix_index.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/slab.h"
#include "common/xmalloc.h"

enum {
	WORDS = 8,
	LEVELS = 16,
	SLOT_CLASSES = 18,
	TABLE_MIN = 64,
	MEMO_NONE = 255,
};

struct array { /* of ids, in the arena */
	uint32_t at;
	uint16_t count;
	uint8_t cls;
	uint8_t unused;
};

struct node {
	uint64_t present[WORDS];
	uint16_t rank[WORDS]; /* ids before each word */
	struct array slots;
	uint32_t children; /* struct children; 0: none, as most have */
	uint8_t level;
	uint64_t hi, lo; /* key: 8 * level bits */
};

struct children {
	uint64_t octets[4]; /* under which there is a child */
	struct array nodes; /* ids, by octet */
};

struct prefix_index {
	struct slab nodes;
	struct slab children;
	struct region arena; /* of uint32_t: arrays of ids */
	uint32_t arena_next;
	uint32_t arena_free[SLOT_CLASSES];
	uint32_t *direct; /* IPv4: nodes of level 2; NULL otherwise */
	uint32_t *table; /* open addressing, all other nodes */
	uint32_t table_size;
	uint32_t table_used;
	size_t count;
	uint32_t root;
	/* The node that was used last, and its key. */
	uint64_t memo_hi, memo_lo;
	uint32_t memo_node;
	uint8_t memo_level;
	uint8_t max_bits;
};

static const uint16_t class_size[SLOT_CLASSES] = { 1, 2, 3, 4, 6, 8, 12, 16, 24,
	32, 48, 64, 96, 128, 192, 256, 384, 512 };

#define NODES_MAX (1u << 26)
#define ARENA_MAX ((size_t)1 << 33)

/* --- positions --- */

static inline unsigned int
count64(uint64_t v)
{
	v = v - ((v >> 1) & 0x5555555555555555u);
	v = (v & 0x3333333333333333u) + ((v >> 2) & 0x3333333333333333u);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (unsigned int)((v * 0x0101010101010101u) >> 56);
}

/* 2 * v - popcount(v), which is v + v/2 + v/4 + ... */
#define P1(v)                                                                  \
	((v) + (v) / 2 + (v) / 4 + (v) / 8 + (v) / 16 + (v) / 32 + (v) / 64 +  \
	    (v) / 128)
#define P4(v) P1(v), P1((v) + 1), P1((v) + 2), P1((v) + 3)
#define P16(v) P4(v), P4((v) + 4), P4((v) + 8), P4((v) + 12)
#define P64(v) P16(v), P16((v) + 16), P16((v) + 32), P16((v) + 48)
static const uint16_t octet_position[256] = { P64(0), P64(64), P64(128),
	P64(192) };

static inline unsigned int
position(unsigned int d, unsigned int v)
{
	return d + octet_position[v];
}

/* Level of the node that holds prefixes of this length. */
static inline unsigned int
level_of(unsigned int bits)
{
	return bits == 0 ? 0 : (bits - 1) / 8;
}

static inline uint64_t
top_mask(unsigned int bits)
{
	return bits == 0 ? 0 : UINT64_MAX << (64 - bits);
}

/* The first 8 * level bits of a key. */
static inline void
node_key(const struct prefix_key *k, unsigned int level, uint64_t *hi,
    uint64_t *lo)
{
	if (level <= 8) {
		*hi = k->hi & top_mask(8 * level);
		*lo = 0;
	} else {
		*hi = k->hi;
		*lo = k->lo & top_mask(8 * level - 64);
	}
}

/* Octet number `level` of a key. */
static inline unsigned int
key_octet(const struct prefix_key *k, unsigned int level)
{
	uint64_t w = level < 8 ? k->hi : k->lo;

	return (unsigned int)(w >> (56 - 8 * (level % 8))) & 0xff;
}

static inline unsigned int
key_position(const struct prefix_key *k, unsigned int level)
{
	return position(k->bits - 8 * level, key_octet(k, level));
}

static inline bool
bit_test(const uint64_t *map, unsigned int bit)
{
	return map[bit / 64] >> (bit % 64) & 1;
}

static inline void
bit_set(uint64_t *map, unsigned int bit)
{
	map[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static inline void
bit_clear(uint64_t *map, unsigned int bit)
{
	map[bit / 64] &= ~((uint64_t)1 << (bit % 64));
}

/* Set bits of a node before a position. */
static inline unsigned int
node_rank(const struct node *n, unsigned int pos)
{
	uint64_t below = ((uint64_t)1 << (pos % 64)) - 1;

	return n->rank[pos / 64] + count64(n->present[pos / 64] & below);
}

/* --- keys --- */

void
prefix_key_from_nlri(struct prefix_key *k, const struct nlri *n)
{
	uint64_t w[2];

	memcpy(w, n->key, sizeof(w));
	k->hi = be64toh(w[0]);
	k->lo = be64toh(w[1]);
	k->bits = n->bits;
}

void
prefix_key_to_nlri(const struct prefix_key *k, uint8_t family, struct nlri *n)
{
	uint64_t w[2] = { htobe64(k->hi), htobe64(k->lo) };

	memcpy(n->key, w, sizeof(w));
	n->bits = k->bits;
	n->family = family;
}

int
prefix_key_cmp(const struct prefix_key *a, const struct prefix_key *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return (a->bits > b->bits) - (a->bits < b->bits);
}

bool
prefix_key_covers(const struct prefix_key *s, const struct prefix_key *l)
{
	if (s->bits > l->bits)
		return false;
	if (s->bits <= 64)
		return s->hi == (l->hi & top_mask(s->bits));
	return s->hi == l->hi && s->lo == (l->lo & top_mask(s->bits - 64u));
}

/* --- arena of id arrays --- */

static inline uint32_t *
arena_at(const struct prefix_index *ix, uint32_t at)
{
	return (uint32_t *)ix->arena.base + at;
}

static uint32_t
arena_alloc(struct prefix_index *ix, unsigned int cls)
{
	uint32_t at = ix->arena_free[cls];

	if (at != 0) {
		ix->arena_free[cls] = *arena_at(ix, at);
		return at;
	}
	at = ix->arena_next;
	if ((size_t)at + class_size[cls] > UINT32_MAX)
		fatalx("%s: full", __func__);
	ix->arena_next += class_size[cls];
	region_need(&ix->arena, (size_t)ix->arena_next * sizeof(uint32_t));
	return at;
}

static void
arena_release(struct prefix_index *ix, uint32_t at, unsigned int cls)
{
	*arena_at(ix, at) = ix->arena_free[cls];
	ix->arena_free[cls] = at;
}

/* array_open() where there is no room: in an array of the next size. */
static uint32_t *
array_open_larger(struct prefix_index *ix, struct array *a, unsigned int i)
{
	uint32_t *old, *to;
	uint32_t moved;

	if (a->count == 0) {
		a->cls = 0;
		a->count = 1;
		a->at = arena_alloc(ix, 0);
		return arena_at(ix, a->at);
	}
	moved = arena_alloc(ix, a->cls + 1u);
	old = arena_at(ix, a->at);
	to = arena_at(ix, moved);
	memcpy(to, old, i * sizeof(*to));
	memcpy(to + i + 1, old + i, (a->count - i) * sizeof(*to));
	arena_release(ix, a->at, a->cls);
	a->at = moved;
	a->cls++;
	a->count++;
	return to + i;
}

/* Make room for one id at index `i`. */
static inline uint32_t *
array_open(struct prefix_index *ix, struct array *a, unsigned int i)
{
	uint32_t *to;

	if (a->count == 0 || a->count == class_size[a->cls])
		return array_open_larger(ix, a, i);
	to = arena_at(ix, a->at) + i;
	/* Tables mostly arrive in order. */
	if (i < a->count)
		memmove(to + 1, to, (a->count - i) * sizeof(*to));
	a->count++;
	return to;
}

/* Take index `i` out; arrays shrink at a quarter. */
static void
array_close(struct prefix_index *ix, struct array *a, unsigned int i)
{
	uint32_t *p = arena_at(ix, a->at);
	uint32_t moved;

	a->count--;
	memmove(p + i, p + i + 1, (a->count - i) * sizeof(*p));
	if (a->count == 0) {
		arena_release(ix, a->at, a->cls);
		a->at = 0;
	} else if (a->cls >= 4 && a->count <= class_size[a->cls - 4]) {
		moved = arena_alloc(ix, a->cls - 3u);
		memcpy(arena_at(ix, moved), arena_at(ix, a->at),
		    a->count * sizeof(*p));
		arena_release(ix, a->at, a->cls);
		a->at = moved;
		a->cls = (uint8_t)(a->cls - 3);
	}
}

/* --- table of nodes --- */

static inline struct node *
node_at(const struct prefix_index *ix, uint32_t id)
{
	return slab_at(&ix->nodes, id);
}

static inline uint64_t
node_hash(unsigned int level, uint64_t hi, uint64_t lo)
{
	uint64_t h = hi ^ level;

	if (level > 8)
		h += hash_u64(lo);
	return hash_u64(h);
}

static inline uint64_t
node_hash_of(const struct node *n)
{
	return node_hash(n->level, n->hi, n->lo);
}

static inline bool
is_direct(const struct prefix_index *ix, unsigned int level)
{
	return level == 2 && ix->direct != NULL;
}

static uint32_t
node_find(const struct prefix_index *ix, unsigned int level, uint64_t hi,
    uint64_t lo)
{
	const struct node *n;
	uint32_t i, id, mask;

	if (is_direct(ix, level))
		return ix->direct[hi >> 48];
	if (level == ix->memo_level && hi == ix->memo_hi && lo == ix->memo_lo)
		return ix->memo_node;
	mask = ix->table_size - 1;
	i = (uint32_t)node_hash(level, hi, lo) & mask;
	while ((id = ix->table[i]) != 0) {
		n = node_at(ix, id);
		if (n->hi == hi && n->lo == lo && n->level == level)
			return id;
		i = (i + 1) & mask;
	}
	return 0;
}

static inline void
memo_set(struct prefix_index *ix, const struct node *n, uint32_t id)
{
	ix->memo_level = n->level;
	ix->memo_hi = n->hi;
	ix->memo_lo = n->lo;
	ix->memo_node = id;
}

static void
table_put(struct prefix_index *ix, uint32_t id)
{
	uint32_t mask = ix->table_size - 1;
	uint32_t i = (uint32_t)node_hash_of(node_at(ix, id)) & mask;

	while (ix->table[i] != 0)
		i = (i + 1) & mask;
	ix->table[i] = id;
}

static void
table_add(struct prefix_index *ix, uint32_t id)
{
	uint32_t *old = ix->table;
	uint32_t i, old_size = ix->table_size;

	if (ix->table_used >= old_size / 4 * 3) {
		ix->table_size = old_size * 2;
		ix->table = xcalloc(ix->table_size, sizeof(*ix->table));
		for (i = 0; i < old_size; i++) {
			if (old[i] != 0)
				table_put(ix, old[i]);
		}
		free(old);
	}
	table_put(ix, id);
	ix->table_used++;
}

static void
table_remove(struct prefix_index *ix, uint32_t id)
{
	uint32_t mask = ix->table_size - 1;
	uint32_t hole, i, home;

	hole = (uint32_t)node_hash_of(node_at(ix, id)) & mask;
	while (ix->table[hole] != id)
		hole = (hole + 1) & mask;
	/* Close the gap: move back what would not be found across it. */
	for (i = (hole + 1) & mask; ix->table[i] != 0; i = (i + 1) & mask) {
		home = (uint32_t)node_hash_of(node_at(ix, ix->table[i])) & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			ix->table[hole] = ix->table[i];
			hole = i;
		}
	}
	ix->table[hole] = 0;
	ix->table_used--;
}

static uint32_t
node_new(struct prefix_index *ix, unsigned int level, uint64_t hi, uint64_t lo)
{
	uint32_t id = slab_alloc(&ix->nodes);
	struct node *n = node_at(ix, id);

	memset(n, 0, sizeof(*n));
	n->level = (uint8_t)level;
	n->hi = hi;
	n->lo = lo;
	if (is_direct(ix, level))
		ix->direct[hi >> 48] = id;
	else
		table_add(ix, id);
	return id;
}

/* --- the tree of nodes --- */

static inline unsigned int
node_octet(const struct node *n, unsigned int level)
{
	uint64_t w = level < 8 ? n->hi : n->lo;

	return (unsigned int)(w >> (56 - 8 * (level % 8))) & 0xff;
}

/* Of a node that has none: an empty one, not to be written to. */
static inline struct children *
children_of(const struct prefix_index *ix, const struct node *n)
{
	return slab_at(&ix->children, n->children);
}

/* How many children come before the one of an octet. */
static unsigned int
child_rank(const struct children *c, unsigned int octet)
{
	unsigned int w, i = 0;

	for (w = 0; w < octet / 64; w++)
		i += count64(c->octets[w]);
	return i + count64(c->octets[w] & (((uint64_t)1 << (octet % 64)) - 1));
}

/* Where the child of an octet stands; there must be one. */
static uint32_t *
child_slot(const struct prefix_index *ix, const struct node *n,
    unsigned int octet)
{
	const struct children *c = children_of(ix, n);

	return arena_at(ix, c->nodes.at + child_rank(c, octet));
}

/* 0: none. */
static uint32_t
child_find(const struct prefix_index *ix, const struct node *n,
    unsigned int octet)
{
	return bit_test(children_of(ix, n)->octets, octet) ?
	    *child_slot(ix, n, octet) :
	    0;
}

static void
child_add(struct prefix_index *ix, struct node *n, unsigned int octet,
    uint32_t id)
{
	struct children *c;

	if (n->children == 0) {
		n->children = slab_alloc(&ix->children);
		memset(children_of(ix, n), 0, sizeof(*c));
	}
	c = children_of(ix, n);
	*array_open(ix, &c->nodes, child_rank(c, octet)) = id;
	bit_set(c->octets, octet);
}

static void
child_remove(struct prefix_index *ix, struct node *n, unsigned int octet)
{
	struct children *c = children_of(ix, n);

	array_close(ix, &c->nodes, child_rank(c, octet));
	bit_clear(c->octets, octet);
	if (c->nodes.count == 0) {
		slab_release(&ix->children, n->children);
		n->children = 0;
	}
}

static inline unsigned int
child_count(const struct prefix_index *ix, const struct node *n)
{
	return children_of(ix, n)->nodes.count;
}

/* The nearest node above a level of a key; there is the root at least. */
static struct node *
node_above(const struct prefix_index *ix, const struct prefix_key *k,
    unsigned int level)
{
	uint64_t hi, lo;
	uint32_t id;

	while (level-- > 0) {
		node_key(k, level, &hi, &lo);
		id = node_find(ix, level, hi, lo);
		if (id != 0)
			return node_at(ix, id);
	}
	return node_at(ix, ix->root);
}

/* The node for a level of a key, made and put in its place if need be. */
static uint32_t
node_make(struct prefix_index *ix, const struct prefix_key *k,
    unsigned int level)
{
	struct node *above, *n;
	const struct node *c;
	uint64_t hi, lo;
	uint32_t id, child, branch;
	unsigned int octet, m, most;

	node_key(k, level, &hi, &lo);
	id = node_find(ix, level, hi, lo);
	if (id != 0)
		return id;
	above = node_above(ix, k, level);
	octet = key_octet(k, above->level);
	id = node_new(ix, level, hi, lo);
	n = node_at(ix, id);
	child = child_find(ix, above, octet);
	if (child == 0) {
		child_add(ix, above, octet, id);
		return id;
	}
	/* Another one is there: below the new one, or their ways part. */
	c = node_at(ix, child);
	most = c->level < level ? c->level : level;
	for (m = above->level + 1u; m < most; m++) {
		if (node_octet(c, m) != node_octet(n, m))
			break;
	}
	if (m == level) {
		*child_slot(ix, above, octet) = id;
		child_add(ix, n, node_octet(c, m), child);
		return id;
	}
	node_key(k, m, &hi, &lo);
	branch = node_new(ix, m, hi, lo);
	*child_slot(ix, above, octet) = branch;
	child_add(ix, node_at(ix, branch), node_octet(c, m), child);
	child_add(ix, node_at(ix, branch), node_octet(n, m), id);
	return id;
}

static void
node_free(struct prefix_index *ix, uint32_t id)
{
	struct node *n = node_at(ix, id);
	struct children *c = children_of(ix, n);

	if (is_direct(ix, n->level))
		ix->direct[n->hi >> 48] = 0;
	else
		table_remove(ix, id);
	if (ix->memo_node == id)
		ix->memo_level = MEMO_NONE;
	if (n->children != 0) {
		arena_release(ix, c->nodes.at, c->nodes.cls);
		slab_release(&ix->children, n->children);
	}
	slab_release(&ix->nodes, id);
}

/* The tree can do without a node that holds nothing and has at most one
 * child; then that may be true of its parent, too. */
static void
node_drop(struct prefix_index *ix, const struct prefix_key *k, uint32_t id)
{
	struct node *n = node_at(ix, id), *above;
	unsigned int octet;

	while (
	    id != ix->root && n->slots.count == 0 && child_count(ix, n) <= 1) {
		above = node_above(ix, k, n->level);
		octet = key_octet(k, above->level);
		if (n->children != 0)
			*child_slot(ix, above, octet) =
			    *arena_at(ix, children_of(ix, n)->nodes.at);
		else
			child_remove(ix, above, octet);
		node_free(ix, id);
		n = above;
		id = node_find(ix, n->level, n->hi, n->lo);
	}
}

/* --- the table --- */

struct prefix_index *
prefix_index_new(unsigned int max_bits)
{
	struct prefix_index *ix = xcalloc(1, sizeof(*ix));

	ix->max_bits = (uint8_t)max_bits;
	slab_init(&ix->nodes, sizeof(struct node), NODES_MAX);
	slab_init(&ix->children, sizeof(struct children), NODES_MAX);
	region_init_dense(&ix->arena, ARENA_MAX);
	region_grow(&ix->arena, sizeof(uint32_t));
	ix->arena_next = 1;
	ix->table_size = TABLE_MIN;
	ix->table = xcalloc(ix->table_size, sizeof(*ix->table));
	ix->memo_level = MEMO_NONE;
	if (max_bits == 32)
		ix->direct = xcalloc(1 << 16, sizeof(*ix->direct));
	ix->root = node_new(ix, 0, 0, 0);
	return ix;
}

void
prefix_index_free(struct prefix_index *ix)
{
	if (ix == NULL)
		return;
	slab_fini(&ix->nodes);
	slab_fini(&ix->children);
	region_fini(&ix->arena);
	free(ix->table);
	free(ix->direct);
	free(ix);
}

uint32_t
prefix_index_find(const struct prefix_index *ix, const struct prefix_key *k)
{
	unsigned int level = level_of(k->bits), pos;
	const struct node *n;
	uint64_t hi, lo;
	uint32_t id;

	node_key(k, level, &hi, &lo);
	id = node_find(ix, level, hi, lo);
	if (id == 0)
		return 0;
	n = node_at(ix, id);
	pos = key_position(k, level);
	if (!bit_test(n->present, pos))
		return 0;
	return *arena_at(ix, n->slots.at + node_rank(n, pos));
}

/* The ids before each word behind `w` are one more, or one less. */
static inline void
ranks_add(struct node *n, unsigned int w, unsigned int by)
{
	static const uint16_t behind[WORDS][WORDS] = { { 0, 1, 1, 1, 1, 1, 1,
							   1 },
		{ 0, 0, 1, 1, 1, 1, 1, 1 }, { 0, 0, 0, 1, 1, 1, 1, 1 },
		{ 0, 0, 0, 0, 1, 1, 1, 1 }, { 0, 0, 0, 0, 0, 1, 1, 1 },
		{ 0, 0, 0, 0, 0, 0, 1, 1 }, { 0, 0, 0, 0, 0, 0, 0, 1 }, { 0 } };
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		n->rank[i] = (uint16_t)(n->rank[i] + behind[w][i] * by);
}

uint32_t *
prefix_index_insert(struct prefix_index *ix, const struct prefix_key *k)
{
	unsigned int level = level_of(k->bits), pos, at;
	uint32_t id = 0, *slot;
	struct node *n;

	if (is_direct(ix, level))
		id = ix->direct[k->hi >> 48];
	if (id == 0)
		id = node_make(ix, k, level);
	n = node_at(ix, id);
	if (!is_direct(ix, level))
		memo_set(ix, n, id);
	pos = key_position(k, level);
	at = node_rank(n, pos);
	if (bit_test(n->present, pos))
		return arena_at(ix, n->slots.at + at);
	slot = array_open(ix, &n->slots, at);
	*slot = 0;
	bit_set(n->present, pos);
	ranks_add(n, pos / 64, 1);
	ix->count++;
	return slot;
}

uint32_t
prefix_index_remove(struct prefix_index *ix, const struct prefix_key *k)
{
	unsigned int level = level_of(k->bits), pos, at;
	struct node *n;
	uint64_t hi, lo;
	uint32_t id, was;

	node_key(k, level, &hi, &lo);
	id = node_find(ix, level, hi, lo);
	if (id == 0)
		return 0;
	n = node_at(ix, id);
	pos = key_position(k, level);
	if (!bit_test(n->present, pos))
		return 0;
	at = node_rank(n, pos);
	was = *arena_at(ix, n->slots.at + at);
	bit_clear(n->present, pos);
	ranks_add(n, pos / 64, UINT16_MAX);
	array_close(ix, &n->slots, at);
	ix->count--;
	if (n->slots.count == 0)
		node_drop(ix, k, id);
	return was;
}

void
prefix_index_prefetch(const struct prefix_index *ix, const struct prefix_key *k)
{
	unsigned int level = level_of(k->bits);
	const struct node *n;
	uint64_t hi, lo;

	if (is_direct(ix, level)) {
		n = node_at(ix, ix->direct[k->hi >> 48]);
		__builtin_prefetch(&n->present[key_position(k, level) / 64]);
		__builtin_prefetch(&n->rank[0]);
		return;
	}
	node_key(k, level, &hi, &lo);
	__builtin_prefetch(&ix->table[(uint32_t)node_hash(level, hi, lo) &
	    (ix->table_size - 1)]);
}

/* --- what covers a key --- */

/* Ids of the ancestors of `k` (or itself) inside one node, longest first,
 * at most `max`. */
static size_t
node_covering(const struct prefix_index *ix, const struct prefix_key *k,
    unsigned int level, uint32_t *ids, size_t max)
{
	const struct node *n;
	unsigned int d = k->bits - 8 * level, octet = key_octet(k, level);
	unsigned int pos;
	uint64_t hi, lo;
	uint32_t id;
	size_t found = 0;

	node_key(k, level, &hi, &lo);
	id = node_find(ix, level, hi, lo);
	if (id == 0)
		return 0;
	n = node_at(ix, id);
	if (d > 8)
		d = 8;
	for (; found < max; d--) {
		pos = position(d, octet & (0xff00u >> d) & 0xff);
		if (bit_test(n->present, pos))
			ids[found++] =
			    *arena_at(ix, n->slots.at + node_rank(n, pos));
		/* /0 is in the node of level 0 alone. */
		if (d == 0 || (d == 1 && level > 0))
			break;
	}
	return found;
}

uint32_t
prefix_index_match(const struct prefix_index *ix, const struct prefix_key *k)
{
	unsigned int level = level_of(k->bits) + 1;
	uint32_t id;

	while (level-- > 0) {
		if (node_covering(ix, k, level, &id, 1) != 0)
			return id;
	}
	return 0;
}

size_t
prefix_index_covering(const struct prefix_index *ix, const struct prefix_key *k,
    uint32_t *ids)
{
	unsigned int level = level_of(k->bits) + 1;
	size_t i, n = 0;
	uint32_t swap;

	while (level-- > 0)
		n += node_covering(ix, k, level, ids + n, 9);
	for (i = 0; i < n / 2; i++) {
		swap = ids[i];
		ids[i] = ids[n - 1 - i];
		ids[n - 1 - i] = swap;
	}
	return n;
}

/* --- walks --- */

/* One node on the way.  Things are visited in order of their number: 2 *
 * position for a prefix, one more for the child node behind it. */
struct frame {
	const struct node *node;
	unsigned int at; /* number of the next thing */
	unsigned int end; /* last number, inclusive */
};

/* First set bit at or behind `from` in a map of `words` words; 64 * words
 * if there is none. */
static unsigned int
bit_next(const uint64_t *map, unsigned int words, unsigned int from)
{
	unsigned int w = from / 64;
	uint64_t v;

	if (w >= words)
		return 64 * words;
	v = map[w] & (UINT64_MAX << (from % 64));
	while (v == 0) {
		if (++w == words)
			return 64 * words;
		v = map[w];
	}
	return 64 * w + (unsigned int)__builtin_ctzll(v);
}

/* First child octet whose number is at least `at`; 256 if none. */
static unsigned int
child_next(const struct prefix_index *ix, const struct node *n, unsigned int at)
{
	const uint64_t *octets = children_of(ix, n)->octets;
	unsigned int octet = 0;

	/* Number of octet v is 2 * (8 + 2 v - count8(v)) + 1 <= 4 v + 17. */
	if (at > 17)
		octet = (at - 17 + 3) / 4;
	for (;;) {
		octet = bit_next(octets, 4, octet);
		if (octet == 256 || 2 * position(8, octet) + 1 >= at)
			return octet;
		octet++;
	}
}

/* First `bits` bits of a key. */
static struct prefix_key
key_cut(const struct prefix_key *k, unsigned int bits)
{
	struct prefix_key cut;

	cut.bits = (uint8_t)bits;
	cut.hi = k->hi & top_mask(bits < 64 ? bits : 64);
	cut.lo = k->lo & top_mask(bits < 64 ? 0 : bits - 64);
	return cut;
}

static struct prefix_key
key_of_node(const struct node *n)
{
	struct prefix_key k = { .hi = n->hi,
		.lo = n->lo,
		.bits = (uint8_t)(8 * n->level) };

	return k;
}

/* The topmost node with prefixes that `within` covers; 0 if none. */
static uint32_t
walk_top(const struct prefix_index *ix, const struct prefix_key *within,
    struct frame *f)
{
	unsigned int level = level_of(within->bits);
	unsigned int d = within->bits - 8 * level, pos;
	struct prefix_key key;
	const struct node *above;
	uint64_t hi, lo;
	uint32_t id;

	f->at = 0;
	f->end = 2 * 511 + 1;
	node_key(within, level, &hi, &lo);
	id = node_find(ix, level, hi, lo);
	if (id != 0) {
		f->node = node_at(ix, id);
		pos = key_position(within, level);
		f->at = 2 * pos;
		f->end = 2 * (pos + (1u << (9 - d)) - 2) + 1;
		return id;
	}
	above = node_above(ix, within, level);
	id = child_find(ix, above, key_octet(within, above->level));
	if (id == 0)
		return 0;
	f->node = node_at(ix, id);
	key = key_of_node(f->node);
	return prefix_key_covers(within, &key) ? id : 0;
}

/*
 * Set up the frames so that the walk goes on at (or behind) `from`, which
 * `within` covers; returns how many.
 */
static unsigned int
walk_begin(const struct prefix_index *ix, const struct prefix_key *from,
    bool after, const struct prefix_key *within, struct frame *frames)
{
	unsigned int last = level_of(from->bits), depth = 1, level, octet;
	struct prefix_key key, cut;
	struct frame *f = frames;
	uint32_t id;

	if (walk_top(ix, within, f) == 0)
		return 0;
	for (;;) {
		level = f->node->level;
		key = key_of_node(f->node);
		cut = key_cut(from,
		    key.bits < from->bits ? key.bits : from->bits);
		/* All of the node is behind `from`, or before it. */
		if (level > last || cut.hi != key.hi || cut.lo != key.lo)
			return prefix_key_cmp(from, &key) <= 0 ? depth :
								 depth - 1;
		if (level == last) {
			f->at = 2 * key_position(from, level) + after;
			return depth;
		}
		octet = key_octet(from, level);
		f->at = 2 * position(8, octet) + 2;
		id = child_find(ix, f->node, octet);
		if (id == 0)
			return depth;
		f = &frames[depth++];
		f->node = node_at(ix, id);
		f->at = 0;
		f->end = 2 * 511 + 1;
	}
}

/* Give out the prefixes of a node up to the number `end`. */
static size_t
node_collect(const struct prefix_index *ix, struct frame *f, unsigned int end,
    uint32_t *ids, size_t max)
{
	const struct node *n = f->node;
	unsigned int pos = bit_next(n->present, WORDS, (f->at + 1) / 2);
	const uint32_t *slot;
	size_t got = 0;

	if (2 * pos > end)
		return 0;
	slot = arena_at(ix, n->slots.at + node_rank(n, pos));
	while (2 * pos <= end && got < max) {
		ids[got++] = *slot++;
		f->at = 2 * pos + 1;
		pos = bit_next(n->present, WORDS, pos + 1);
	}
	return got;
}

size_t
prefix_index_walk(const struct prefix_index *ix, const struct prefix_key *from,
    bool after, const struct prefix_key *within, uint32_t *ids, size_t max)
{
	static const struct prefix_key all;
	struct frame frames[LEVELS + 1], *f;
	unsigned int depth, octet, end;
	size_t got = 0;

	if (within == NULL)
		within = &all;
	if (from == NULL || prefix_key_cmp(from, within) < 0) {
		from = within;
		after = false;
	} else if (!prefix_key_covers(within, from)) {
		return 0;
	}
	depth = walk_begin(ix, from, after, within, frames);
	while (depth > 0 && got < max) {
		f = &frames[depth - 1];
		octet = child_next(ix, f->node, f->at);
		end = octet < 256 ? 2 * position(8, octet) + 1 : f->end;
		if (end > f->end)
			end = f->end;
		got += node_collect(ix, f, end, ids + got, max - got);
		if (got == max)
			break;
		if (octet == 256 || 2 * position(8, octet) + 1 > f->end) {
			depth--;
			continue;
		}
		f->at = 2 * position(8, octet) + 2;
		frames[depth].node =
		    node_at(ix, child_find(ix, f->node, octet));
		frames[depth].at = 0;
		frames[depth].end = 2 * 511 + 1;
		depth++;
	}
	return got;
}

/* --- memory --- */

size_t
prefix_index_count(const struct prefix_index *ix)
{
	return ix->count;
}

size_t
prefix_index_bytes(const struct prefix_index *ix)
{
	return slab_bytes(&ix->nodes) + slab_bytes(&ix->children) +
	    (size_t)ix->arena_next * 4 +
	    (size_t)ix->table_size * sizeof(*ix->table) +
	    (ix->direct != NULL ? sizeof(*ix->direct) << 16 : 0);
}

void
prefix_index_trim(struct prefix_index *ix)
{
	if (ix->count != 0 || ix->arena_next == 1)
		return;
	node_free(ix, ix->root);
	slab_trim(&ix->nodes);
	slab_trim(&ix->children);
	region_discard(&ix->arena, 0);
	ix->arena_next = 1;
	memset(ix->arena_free, 0, sizeof(ix->arena_free));
	free(ix->table);
	ix->table_size = TABLE_MIN;
	ix->table = xcalloc(ix->table_size, sizeof(*ix->table));
	ix->table_used = 0;
	ix->memo_level = MEMO_NONE;
	ix->root = node_new(ix, 0, 0, 0);
}
