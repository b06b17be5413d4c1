/* SPDX-License-Identifier: ISC */
/* AS-path sets; see as_path_set.h. */
#include "rde/as_path_set.h"

#include <stdlib.h>
#include <string.h>

#include "common/as_pattern.h"
#include "common/aspath.h"
#include "common/bgp_attr.h"
#include "common/hash.h"
#include "common/xmalloc.h"

enum {
	SLOTS_MIN = 16,
	MEMORY = 16384, /* paths remembered, by a set with searches */
	NUMBERS_MAX = BGP_ATTR_BLOCK_MAX / 4, /* of a path */
	LIMITS_MAX = 16, /* searches given up on a path, then all others */
};

enum answer {
	ANSWER_UNKNOWN,
	ANSWER_NO,
	ANSWER_YES,
};

/* Plain patterns with the same first number, a list in an array. */
struct plain {
	struct as_pattern_plain is;
	uint32_t next; /* index + 1 */
};
struct need { /* a pattern that needs a number, likewise */
	struct as_pattern *pattern;
	uint32_t next; /* index + 1 */
};
struct first {
	uint32_t asn; /* 0: free */
	uint32_t plain; /* index + 1 */
	uint32_t need; /* index + 1 */
};

struct remembered {
	uint64_t path; /* keyed hash; 0: nothing */
	uint8_t any; /* enum answer */
	uint8_t all;
};

struct as_path_set {
	struct as_pattern **patterns; /* all, owned */
	size_t n, max;
	struct plain *plains;
	uint32_t n_plains, max_plains;
	struct first *firsts;
	uint32_t n_firsts, slots;
	struct as_pattern **searches; /* the others */
	size_t n_searches, max_searches;
	size_t n_always; /* of these stand in front, and need no number */
	struct need *needs;
	uint32_t n_needs, max_needs;
	struct remembered *memory;
	uint64_t limits;
};

/* The numbers of a path, and which of its ends are in a sequence. */
struct numbers {
	uint32_t asns[NUMBERS_MAX];
	size_t n;
	bool start_open; /* a pattern may be anchored here */
	bool end_open;
};

struct as_path_set *
as_path_set_new(void)
{
	return xcalloc(1, sizeof(struct as_path_set));
}

void
as_path_set_free(struct as_path_set *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		as_pattern_free(s->patterns[i]);
	free(s->patterns);
	free(s->plains);
	free(s->firsts);
	free(s->searches);
	free(s->needs);
	free(s->memory);
	free(s);
}

static struct first *
first_of(const struct as_path_set *s, uint32_t asn)
{
	uint32_t at = (uint32_t)hash_u64(asn) & (s->slots - 1);

	while (s->firsts[at].asn != 0 && s->firsts[at].asn != asn)
		at = (at + 1) & (s->slots - 1);
	return &s->firsts[at];
}

static void
firsts_grow(struct as_path_set *s)
{
	struct first *old = s->firsts;
	uint32_t i, n = s->slots;

	s->slots = n == 0 ? SLOTS_MIN : n * 2;
	s->firsts = xcalloc(s->slots, sizeof(*s->firsts));
	for (i = 0; i < n; i++) {
		if (old[i].asn != 0)
			*first_of(s, old[i].asn) = old[i];
	}
	free(old);
}

/* The entry of a number, made if need be. */
static struct first *
first_make(struct as_path_set *s, uint32_t asn)
{
	struct first *f;

	if (s->n_firsts >= s->slots / 2)
		firsts_grow(s);
	f = first_of(s, asn);
	if (f->asn == 0) {
		f->asn = asn;
		s->n_firsts++;
	}
	return f;
}

static void
plain_add(struct as_path_set *s, const struct as_pattern_plain *is)
{
	struct first *f;

	if (s->n_plains == s->max_plains) {
		s->max_plains = s->max_plains == 0 ? 16 : s->max_plains * 2;
		s->plains =
		    xreallocarray(s->plains, s->max_plains, sizeof(*s->plains));
	}
	f = first_make(s, is->asns[0]);
	s->plains[s->n_plains].is = *is;
	s->plains[s->n_plains].next = f->plain;
	f->plain = ++s->n_plains;
}

static void
need_add(struct as_path_set *s, struct as_pattern *p, uint32_t asn)
{
	struct first *f = first_make(s, asn);

	if (s->n_needs == s->max_needs) {
		s->max_needs = s->max_needs == 0 ? 16 : s->max_needs * 2;
		s->needs =
		    xreallocarray(s->needs, s->max_needs, sizeof(*s->needs));
	}
	s->needs[s->n_needs].pattern = p;
	s->needs[s->n_needs].next = f->need;
	f->need = ++s->n_needs;
}

/* The last of the searches is new. */
static void
search_add(struct as_path_set *s, struct as_pattern *p)
{
	const uint32_t *asns;
	size_t i, n = as_pattern_needs(p, &asns);

	for (i = 0; i < n; i++)
		need_add(s, p, asns[i]);
	if (n > 0)
		return;
	s->searches[s->n_searches - 1] = s->searches[s->n_always];
	s->searches[s->n_always++] = p;
}

int
as_path_set_add(struct as_path_set *s, const char *text, struct err *e)
{
	struct as_pattern *p = as_pattern_new(text, e);
	struct as_pattern_plain is;

	if (p == NULL)
		return -1;
	if (s->n == s->max) {
		s->max = s->max == 0 ? 8 : s->max * 2;
		s->patterns = xreallocarray(s->patterns, s->max,
		    sizeof(struct as_pattern *));
	}
	s->patterns[s->n++] = p;
	as_pattern_plain(p, &is);
	if (is.n > 0) {
		as_pattern_slim(p);
		plain_add(s, &is);
		return 0;
	}
	if (s->n_searches == s->max_searches) {
		s->max_searches =
		    s->max_searches == 0 ? 8 : s->max_searches * 2;
		s->searches = xreallocarray(s->searches, s->max_searches,
		    sizeof(struct as_pattern *));
	}
	as_pattern_tame(p);
	s->searches[s->n_searches++] = p;
	search_add(s, p);
	return 0;
}

/* --- plain patterns */

static void
numbers_of(struct numbers *to, const uint8_t *path, size_t len)
{
	struct aspath_segment seg;
	bool set = false;
	struct rd r;
	unsigned int i;

	to->n = 0;
	to->start_open = false;
	rd_init(&r, path, len);
	while (aspath_next(&r, &seg)) {
		set = seg.type == BGP_SEGMENT_SET ||
		    seg.type == BGP_SEGMENT_CONFED_SET;
		if (to->n == 0)
			to->start_open = !set;
		for (i = 0; i < seg.count && to->n < NUMBERS_MAX; i++)
			to->asns[to->n++] = aspath_asn(&seg, i);
	}
	to->end_open = !set;
}

static bool
plain_matches(const struct as_pattern_plain *p, const struct numbers *path,
    size_t at)
{
	if (p->n > path->n - at ||
	    (p->at_start && (at > 0 || !path->start_open)))
		return false;
	if (p->at_end && (at + p->n != path->n || !path->end_open))
		return false;
	return memcmp(p->asns, path->asns + at, p->n * sizeof(*p->asns)) == 0;
}

static bool
any_plain(const struct as_path_set *s, const struct numbers *path)
{
	uint32_t p;
	size_t i;

	if (s->n_plains == 0)
		return false;
	for (i = 0; i < path->n; i++) {
		p = first_of(s, path->asns[i])->plain;
		for (; p != 0; p = s->plains[p - 1].next) {
			if (plain_matches(&s->plains[p - 1].is, path, i))
				return true;
		}
	}
	return false;
}

static bool
all_plain(const struct as_path_set *s, const struct numbers *path)
{
	uint32_t p;
	size_t i;

	for (p = 0; p < s->n_plains; p++) {
		for (i = 0; i < path->n; i++) {
			if (plain_matches(&s->plains[p].is, path, i))
				break;
		}
		if (i == path->n)
			return false;
	}
	return true;
}

/* --- searches */

struct text {
	char buf[AS_PATTERN_TEXT(BGP_ATTR_BLOCK_MAX)];
	size_t len;
	unsigned int limits; /* searches of this path that were given up */
};

/* Of a path on which many searches were given up no more is asked. */
static bool
search(struct as_path_set *s, const struct as_pattern *p, struct text *t)
{
	enum as_match m = AS_MATCH_LIMIT;

	if (t->limits < LIMITS_MAX)
		m = as_pattern_match(p, t->buf, t->len);
	if (m == AS_MATCH_LIMIT) {
		s->limits++;
		if (t->limits < LIMITS_MAX)
			t->limits++;
	}
	return m == AS_MATCH_YES;
}

/* Do patterns that need one of the path's numbers match? */
static bool
search_needs(struct as_path_set *s, const struct numbers *path, struct text *t)
{
	uint32_t at;
	size_t i;

	for (i = 0; i < path->n; i++) {
		if (i > 0 && path->asns[i] == path->asns[i - 1])
			continue;
		at = first_of(s, path->asns[i])->need;
		for (; at != 0; at = s->needs[at - 1].next) {
			if (search(s, s->needs[at - 1].pattern, t))
				return true;
		}
	}
	return false;
}

static bool
search_any(struct as_path_set *s, const struct numbers *path, struct text *t)
{
	size_t i;

	if (s->n_needs > 0 && search_needs(s, path, t))
		return true;
	for (i = 0; i < s->n_always; i++) {
		if (search(s, s->searches[i], t))
			return true;
	}
	return false;
}

static bool
search_all(struct as_path_set *s, struct text *t)
{
	size_t i;

	for (i = 0; i < s->n_searches; i++) {
		if (!search(s, s->searches[i], t))
			return false;
	}
	return true;
}

static bool
any_or_all(struct as_path_set *s, const uint8_t *path, size_t len,
    const struct numbers *numbers, bool all)
{
	struct text t;

	t.limits = 0;
	t.len = as_pattern_text(t.buf, sizeof(t.buf), path, len);
	return all ? search_all(s, &t) : search_any(s, numbers, &t);
}

static bool
searched(struct as_path_set *s, const uint8_t *path, size_t len,
    const struct numbers *numbers, bool all)
{
	struct remembered *m;
	uint8_t *answer;
	uint64_t hash;

	if (s->n_searches == 0)
		return all;
	if (s->memory == NULL)
		s->memory = xcalloc(MEMORY, sizeof(*s->memory));
	hash = hash_bytes(path, len) | 1;
	m = &s->memory[hash >> 32 & (MEMORY - 1)];
	if (m->path != hash) {
		memset(m, 0, sizeof(*m));
		m->path = hash;
	}
	answer = all ? &m->all : &m->any;
	if (*answer == ANSWER_UNKNOWN)
		*answer = any_or_all(s, path, len, numbers, all) ? ANSWER_YES :
								   ANSWER_NO;
	return *answer == ANSWER_YES;
}

/* --- the interface */

bool
as_path_set_any(struct as_path_set *s, const uint8_t *path, size_t len)
{
	struct numbers n;

	if (s->n == 0)
		return false;
	numbers_of(&n, path, len);
	return any_plain(s, &n) || searched(s, path, len, &n, false);
}

bool
as_path_set_all(struct as_path_set *s, const uint8_t *path, size_t len)
{
	struct numbers n;

	numbers_of(&n, path, len);
	return all_plain(s, &n) && searched(s, path, len, &n, true);
}

uint64_t
as_path_set_take_limits(struct as_path_set *s)
{
	uint64_t n = s->limits;

	s->limits = 0;
	return n;
}

size_t
as_path_set_bytes(const struct as_path_set *s)
{
	return sizeof(*s) + s->max * sizeof(struct as_pattern *) +
	    s->max_plains * sizeof(*s->plains) + s->slots * sizeof(*s->firsts) +
	    s->max_needs * sizeof(*s->needs) +
	    (s->memory == NULL ? 0 : MEMORY * sizeof(*s->memory));
}
