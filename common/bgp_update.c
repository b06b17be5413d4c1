/* SPDX-License-Identifier: ISC */
/*
 * UPDATE messages under RFC 7606.
 *
 * One scan over the attributes judges each against its row and notes where
 * it is; then the canonical blocks are written from those notes in ascending
 * order, as few copies as there are runs of bytes that are canonical already.
 * This is the hot path of the route engine: bounds are checked by hand here,
 * once an attribute, and everything below gets {pointer, length}.
 */
#include "common/bgp_update.h"

#include <string.h>

#include "common/aspath.h"
#include "common/be.h"
#include "common/bgp_nlri.h"
#include "common/community.h"

struct noted {
	struct bgp_attr attr; /* flags canonical but for Extended Length */
	const uint8_t *raw; /* where its bytes start in the message */
	bool verbatim; /* they are canonical as they stand */
};

struct scan {
	const struct bgp_update_ctx *ctx;
	struct bgp_update *u;
	/* Bit a type: came and is part of the routes, or is left out. */
	uint64_t keep[4];
	uint64_t gone[4];
	/* NOTIFICATION for the first fault that asks for treat-as-withdraw,
	 * in case there is nothing to withdraw. */
	struct bgp_error strict;
	bool reach; /* an MP_REACH that may hold routes of any family */
	uint8_t next_hop_len; /* of an MP_REACH that counts */
	const uint8_t *next_hop;
	uint8_t *scratch; /* values that had to be rewritten */
	bool plain; /* the whole list is a canonical block as it stands */
	struct noted attrs[256]; /* valid where either has a bit */
};

static bool
has(const uint64_t set[4], uint8_t type)
{
	return set[type / 64] >> type % 64 & 1;
}

static void
add(uint64_t set[4], uint8_t type)
{
	set[type / 64] |= UINT64_C(1) << type % 64;
}

static void
drop(uint64_t set[4], uint8_t type)
{
	set[type / 64] &= ~(UINT64_C(1) << type % 64);
}

/* RFC 5065 5.2: what is for internal peers also goes to other members of the
 * confederation. */
static inline bool
is_external(const struct bgp_update_ctx *ctx)
{
	return ctx->ebgp && !ctx->confed;
}

/* RFC 4271 6.3: these come without data, the others with the attribute. */
static bool
has_data(uint8_t subcode)
{
	return subcode != BGP_ERR_UPD_ATTR_LIST &&
	    subcode != BGP_ERR_UPD_NETWORK && subcode != BGP_ERR_UPD_AS_PATH;
}

/*
 * Note a fault of the attribute of `type` at raw.  The strongest one
 * decides and is shown, of equal ones the first.  Returns the action.
 */
static enum bgp_attr_action
fault(struct scan *s, enum bgp_attr_action action, uint8_t subcode,
    const char *why, uint8_t type, const uint8_t *raw, size_t len)
{
	struct bgp_update *u = s->u;
	size_t data_len = has_data(subcode) ? len : 0;

	if (u->fault == NULL || (int)action > (int)u->outcome) {
		u->fault = why;
		u->fault_type = type;
		u->fault_attr = raw;
		u->fault_len = (uint16_t)len;
	}
	if (action == BGP_ATTR_DISCARD)
		u->discarded++;
	if (action == BGP_ATTR_WITHDRAW && s->strict.code == 0)
		bgp_error_set(&s->strict, BGP_ERR_UPDATE, subcode, raw,
		    data_len);
	if (action == BGP_ATTR_RESET)
		bgp_error_set(&u->error, BGP_ERR_UPDATE, subcode, raw,
		    data_len);
	/* The outcomes are in the order of the actions. */
	if ((int)action > (int)u->outcome)
		u->outcome = (enum bgp_update_outcome)action;
	return action;
}

static enum bgp_attr_action
attr_fault(struct scan *s, const struct noted *n, enum bgp_attr_action action,
    uint8_t subcode, const char *why)
{
	return fault(s, action, subcode, why, n->attr.type, n->raw,
	    (size_t)(n->attr.value + n->attr.len - n->raw));
}

/* Check a span and give it out if the session has the family. */
static int
take_span(struct scan *s, struct bgp_nlri_span *span, enum family family,
    const uint8_t *p, size_t len)
{
	bool add_path = s->ctx->add_path & FAMILY_BIT(family);

	if (bgp_nlri_check(family, p, len, add_path) == -1)
		return -1;
	if (!(s->ctx->families & FAMILY_BIT(family)))
		return 0;
	span->p = p;
	span->len = (uint16_t)len;
	span->family = (uint8_t)family;
	span->add_path = add_path;
	return 0;
}

/*
 * The family of an MP attribute, -1 if it is none of the session: those are
 * skipped quietly, whatever they hold.
 */
static int
mp_family(const struct scan *s, const struct bgp_attr *a)
{
	int family = family_from_afi(be_get16(a->value), a->value[2]);

	if (family >= 0 && !(s->ctx->families & FAMILY_BIT(family)))
		return -1;
	return family;
}

static bool
is_next_hop_len(enum family family, uint8_t len)
{
	if (family == FAMILY_IPV4_UNICAST)
		return len == 4;
	return len == 16 || len == 32; /* RFC 2545 3 */
}

/* RFC 4760 3: n16 afi, n8 safi, n8 length, next hop, reserved octet, NLRI. */
static enum bgp_attr_action
judge_mp_reach(struct scan *s, const struct noted *n)
{
	const struct bgp_attr *a = &n->attr;
	int family;
	size_t head;

	if (a->len < 5)
		return attr_fault(s, n, BGP_ATTR_RESET, BGP_ERR_UPD_OPTIONAL,
		    "too short");
	s->reach = true;
	family = mp_family(s, a);
	if (family == -1)
		return BGP_ATTR_KEEP;
	head = 5 + (size_t)a->value[3];
	/* RFC 7606 7.11 */
	if (!is_next_hop_len((enum family)family, a->value[3]) || head > a->len)
		return attr_fault(s, n, BGP_ATTR_RESET, BGP_ERR_UPD_OPTIONAL,
		    "length of the next hop");
	if (take_span(s, &s->u->mp_reach, (enum family)family, a->value + head,
		a->len - head) == -1)
		return attr_fault(s, n, BGP_ATTR_RESET, BGP_ERR_UPD_NETWORK,
		    "malformed NLRI");
	s->reach = a->len > head;
	s->next_hop = a->value + 4;
	s->next_hop_len = a->value[3];
	return BGP_ATTR_KEEP;
}

static enum bgp_attr_action
judge_mp_unreach(struct scan *s, const struct noted *n)
{
	const struct bgp_attr *a = &n->attr;
	int family;

	if (a->len < 3)
		return attr_fault(s, n, BGP_ATTR_RESET, BGP_ERR_UPD_OPTIONAL,
		    "too short");
	family = mp_family(s, a);
	if (family != -1 &&
	    take_span(s, &s->u->mp_unreach, (enum family)family, a->value + 3,
		a->len - 3u) == -1)
		return attr_fault(s, n, BGP_ATTR_RESET, BGP_ERR_UPD_NETWORK,
		    "malformed NLRI");
	return BGP_ATTR_KEEP;
}

/* The leftmost AS, where there is one, must be the neighbour's (RFC 4271
 * 6.3). */
static bool
is_first_as(const struct bgp_update_ctx *ctx, const struct bgp_attr *a)
{
	uint32_t first;

	if (a->len == 0)
		return true;
	if (a->value[0] != BGP_SEGMENT_SEQUENCE &&
	    !(ctx->confed && a->value[0] == BGP_SEGMENT_CONFED_SEQUENCE))
		return false;
	first = ctx->as4 ? be_get32(a->value + 2) : be_get16(a->value + 2);
	return first == ctx->peer_as ||
	    (!ctx->as4 && first == BGP_AS_TRANS && ctx->peer_as > UINT16_MAX);
}

static enum bgp_attr_action
judge_value(struct scan *s, struct noted *n, const struct bgp_attr_rule *rule)
{
	const struct bgp_attr *a = &n->attr;
	const char *why;
	uint8_t subcode;

	why = bgp_attr_fault(a, s->ctx->as4 ? 4 : 2, s->ctx->confed, &subcode);
	if (why != NULL)
		return attr_fault(s, n, (enum bgp_attr_action)rule->malformed,
		    subcode, why);
	switch (rule->form) {
	case BGP_ATTR_FORM_AS_PATH:
		if (s->ctx->ebgp && s->ctx->enforce_first_as &&
		    !is_first_as(s->ctx, a))
			return attr_fault(s, n, BGP_ATTR_WITHDRAW,
			    BGP_ERR_UPD_AS_PATH, "not the neighbour's AS");
		break;
	case BGP_ATTR_FORM_COMMUNITIES:
		if (community_has_duplicate(a->value, a->len, rule->unit))
			n->verbatim = false;
		break;
	case BGP_ATTR_FORM_AS4_PATH:
	case BGP_ATTR_FORM_AS4_AGGREGATOR:
		/* RFC 6793 4.1 */
		if (s->ctx->as4)
			return attr_fault(s, n, BGP_ATTR_DISCARD, subcode,
			    "from a 4-octet speaker");
		break;
	case BGP_ATTR_FORM_MP_REACH:
		return judge_mp_reach(s, n);
	case BGP_ATTR_FORM_MP_UNREACH:
		return judge_mp_unreach(s, n);
	}
	return BGP_ATTR_KEEP;
}

static enum bgp_attr_action
judge(struct scan *s, struct noted *n)
{
	const struct bgp_attr_rule *rule = &bgp_attr_rules[n->attr.type];
	const uint8_t kind = BGP_ATTR_OPTIONAL | BGP_ATTR_TRANSITIVE;
	enum bgp_attr_action action;

	if (rule->name == NULL) {
		if (n->attr.flags & BGP_ATTR_OPTIONAL)
			return BGP_ATTR_KEEP;
		return attr_fault(s, n, BGP_ATTR_RESET,
		    BGP_ERR_UPD_UNKNOWN_WELL_KNOWN, "unknown and well-known");
	}
	if (is_external(s->ctx) && rule->ebgp == BGP_ATTR_DISCARD)
		return attr_fault(s, n, BGP_ATTR_DISCARD, rule->subcode,
		    "from an external peer");
	if ((n->attr.flags & kind) == rule->flags)
		return judge_value(s, n, rule);
	action = attr_fault(s, n, (enum bgp_attr_action)rule->bad_flags,
	    BGP_ERR_UPD_FLAGS, "wrong flags");
	/* Routes in it are to be withdrawn; also, it may be worse yet. */
	if (rule->malformed == BGP_ATTR_RESET &&
	    judge_value(s, n, rule) == BGP_ATTR_RESET)
		return BGP_ATTR_RESET;
	return action;
}

/* RFC 7606 3 g: what comes again is left out; MP attributes are an error. */
static enum bgp_attr_action
judge_repeated(struct scan *s, const struct noted *n)
{
	if (n->attr.type == BGP_ATTR_MP_REACH ||
	    n->attr.type == BGP_ATTR_MP_UNREACH)
		return attr_fault(s, n, BGP_ATTR_RESET, BGP_ERR_UPD_ATTR_LIST,
		    "appears twice");
	return attr_fault(s, n, BGP_ATTR_DISCARD, BGP_ERR_UPD_ATTR_LIST,
	    "appears again");
}

/*
 * Is this, with the right flags, what good routes are made of?  A shortcut
 * past judge() that must never say yes where that would find a fault.
 */
static inline bool
is_usual(const struct bgp_update_ctx *ctx, const struct bgp_attr_rule *rule,
    const struct bgp_attr *a)
{
	switch (rule->form) {
	case BGP_ATTR_FORM_ORIGIN:
		return a->len == 1 && a->value[0] <= BGP_ORIGIN_INCOMPLETE;
	case BGP_ATTR_FORM_AS_PATH:
		return ctx->as4 &&
		    aspath_check(a->value, a->len, 4, ctx->confed) ==
		    ASPATH_OK &&
		    !(ctx->ebgp && ctx->enforce_first_as &&
			!is_first_as(ctx, a));
	case BGP_ATTR_FORM_FIXED:
		return a->len == rule->unit &&
		    !(rule->ebgp && is_external(ctx));
	case BGP_ATTR_FORM_COMMUNITIES:
		return rule->unit == COMMUNITY_LEN && a->len > 0 &&
		    a->len % COMMUNITY_LEN == 0 &&
		    !community_has_duplicate(a->value, a->len, COMMUNITY_LEN);
	default:
		return false;
	}
}

/* Judge what was cut off; -1 if the session must end. */
static int
take_attr(struct scan *s, struct noted *n)
{
	const struct bgp_attr_rule *rule = &bgp_attr_rules[n->attr.type];
	const uint8_t form = (uint8_t)~BGP_ATTR_EXTENDED;
	enum bgp_attr_action action;

	if ((n->raw[0] & form) == rule->flags &&
	    is_usual(s->ctx, rule, &n->attr)) {
		add(s->keep, n->attr.type);
		s->plain &= n->verbatim;
		return 0;
	}
	action = judge(s, n);
	add(action == BGP_ATTR_KEEP ? s->keep : s->gone, n->attr.type);
	/* What else is good may still have a form that a block has not. */
	s->plain &= action == BGP_ATTR_KEEP && n->verbatim &&
	    rule->form < BGP_ATTR_FORM_AGGREGATOR;
	return action == BGP_ATTR_RESET ? -1 : 0;
}

/* -1 if the session must end. */
static int
scan_attrs(struct scan *s, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	size_t left, head, size;
	struct noted *n, again;
	int greatest = -1;
	uint8_t type;
	bool repeated;

	for (; p < end; p += head + size) {
		left = (size_t)(end - p);
		head = p[0] & BGP_ATTR_EXTENDED ? 4 : 3;
		if (left < head)
			break;
		type = p[1];
		size = head == 4 ? be_get16(p + 2) : p[2];
		if (left - head < size)
			break;
		repeated = false;
		if (type > greatest) {
			greatest = type;
		} else {
			s->plain = false;
			repeated = has(s->keep, type) || has(s->gone, type);
		}
		/* Filled in where it stays: this is the hottest store. */
		n = repeated ? &again : &s->attrs[type];
		n->raw = p;
		n->attr.type = type;
		n->attr.flags = bgp_attr_flags(p[0], 0);
		n->attr.len = (uint16_t)size;
		n->attr.value = p + head;
		n->verbatim = p[0] == bgp_attr_flags(p[0], size);
		if (repeated ? judge_repeated(s, n) == BGP_ATTR_RESET :
			       take_attr(s, n) == -1)
			return -1;
	}
	/* RFC 7606 4: the NLRI are known all the same. */
	if (p < end)
		fault(s, BGP_ATTR_WITHDRAW, BGP_ERR_UPD_ATTR_LIST,
		    "attribute list overrun", 0, p, (size_t)(end - p));
	return 0;
}

static void
require(struct scan *s, uint8_t type)
{
	static const uint8_t types[] = { 0, BGP_ATTR_ORIGIN, BGP_ATTR_AS_PATH,
		BGP_ATTR_NEXT_HOP };

	if (!has(s->keep, type))
		fault(s, BGP_ATTR_WITHDRAW, BGP_ERR_UPD_MISSING, "missing",
		    type, &types[type], 1);
}

/*
 * RFC 7606 3 d: what routes must have; 5.2: a message without routes leaves
 * nothing to withdraw, so what would ask for that ends the session.
 */
static void
settle(struct scan *s)
{
	struct bgp_update *u = s->u;
	bool reach = s->reach || u->announced.len > 0;

	if (u->outcome < BGP_UPDATE_WITHDRAW &&
	    (u->announced.len > 0 || u->mp_reach.len > 0)) {
		require(s, BGP_ATTR_ORIGIN);
		require(s, BGP_ATTR_AS_PATH);
		if (u->announced.len > 0)
			require(s, BGP_ATTR_NEXT_HOP);
	}
	if (u->outcome == BGP_UPDATE_WITHDRAW && !reach) {
		u->outcome = BGP_UPDATE_RESET;
		u->error = s->strict;
	}
}

/* Let an attribute have `len` bytes of scratch as its value. */
static void
rewrite(struct scan *s, uint8_t type, size_t len)
{
	struct noted *n = &s->attrs[type];

	n->attr.value = s->scratch;
	n->attr.len = (uint16_t)len;
	n->verbatim = false;
	s->scratch += len;
}

/* RFC 6793 4.2.3: the path in 4-octet form, with AS4_PATH where it counts. */
static void
widen_path(struct scan *s)
{
	const struct bgp_attr *a = &s->attrs[BGP_ATTR_AS_PATH].attr;
	const struct bgp_attr *as4 = &s->attrs[BGP_ATTR_AS4_PATH].attr;
	const uint8_t *wide = s->scratch;
	size_t len = aspath_widen(s->scratch, a->value, a->len);

	rewrite(s, BGP_ATTR_AS_PATH, len);
	if (!has(s->keep, BGP_ATTR_AS4_PATH))
		return;
	len = aspath_merge_as4(s->scratch, wide, len, as4->value, as4->len);
	rewrite(s, BGP_ATTR_AS_PATH, len);
}

/*
 * RFC 6793 4.2.3: an AGGREGATOR that is not AS_TRANS was put there by an OLD
 * speaker after what the AS4_ attributes tell, so both do not count.
 */
static void
widen_aggregator(struct scan *s)
{
	const uint8_t *value = s->attrs[BGP_ATTR_AGGREGATOR].attr.value;
	bool as4 = has(s->keep, BGP_ATTR_AS4_AGGREGATOR);
	uint16_t asn = be_get16(value);

	if (as4 && asn == BGP_AS_TRANS) {
		memcpy(s->scratch, s->attrs[BGP_ATTR_AS4_AGGREGATOR].attr.value,
		    8);
	} else {
		if (as4)
			drop(s->keep, BGP_ATTR_AS4_PATH);
		be_put32(s->scratch, asn);
		memcpy(s->scratch + 4, value + 2, 4);
	}
	rewrite(s, BGP_ATTR_AGGREGATOR, 8);
}

static void
dedup(struct scan *s, uint8_t type)
{
	const struct bgp_attr *a = &s->attrs[type].attr;

	memcpy(s->scratch, a->value, a->len);
	rewrite(s, type,
	    community_dedup(s->scratch, a->len, bgp_attr_rules[type].unit));
}

/* Bring the values that need it into canonical form. */
static void
canonicalise(struct scan *s)
{
	static const uint8_t sets[] = { BGP_ATTR_COMMUNITIES,
		BGP_ATTR_EXT_COMMUNITIES, BGP_ATTR_IPV6_EXT_COMMUNITIES,
		BGP_ATTR_LARGE_COMMUNITIES };

	if (!s->ctx->as4) {
		if (has(s->keep, BGP_ATTR_AGGREGATOR))
			widen_aggregator(s);
		widen_path(s);
	}
	for (size_t i = 0; i < nitems(sets); i++)
		if (has(s->keep, sets[i]) && !s->attrs[sets[i]].verbatim)
			dedup(s, sets[i]);
	drop(s->keep, BGP_ATTR_MP_UNREACH);
	drop(s->keep, BGP_ATTR_AS4_PATH);
	drop(s->keep, BGP_ATTR_AS4_AGGREGATOR);
}

static uint8_t *
copy(uint8_t *to, const uint8_t *from, size_t len)
{
	memcpy(to, from, len);
	return to + len;
}

/* The attributes of `keep` in ascending order, runs of verbatim ones that
 * lie side by side at once. */
static size_t
write_block(const struct scan *s, const uint64_t keep[4], uint8_t *to)
{
	const uint8_t *run = NULL, *run_end = NULL;
	const struct noted *n;
	uint8_t *at = to;
	uint64_t bits;

	for (unsigned int w = 0; w < 4; w++) {
		for (bits = keep[w]; bits != 0; bits &= bits - 1) {
			n = &s->attrs[w * 64 +
			    (unsigned int)__builtin_ctzll(bits)];
			if (n->verbatim && n->raw == run_end) {
				run_end = n->attr.value + n->attr.len;
				continue;
			}
			if (run != run_end)
				at = copy(at, run, (size_t)(run_end - run));
			run = run_end = NULL;
			if (n->verbatim) {
				run = n->raw;
				run_end = n->attr.value + n->attr.len;
				continue;
			}
			at += bgp_attr_head(at, n->attr.flags, n->attr.type,
			    n->attr.len);
			at = copy(at, n->attr.value, n->attr.len);
		}
	}
	if (run != run_end)
		at = copy(at, run, (size_t)(run_end - run));
	return (size_t)(at - to);
}

/*
 * RFC 4271 6.3 asks for a host address.  127/8 is let through: it is one on
 * this host, where neighbours may live.
 */
static bool
is_bad_ipv4(const uint8_t *p)
{
	return p[0] == 0 || p[0] >= 224;
}

static bool
is_bad_ipv6(const uint8_t *p)
{
	static const uint8_t zero[15];

	return p[0] == 0xff || (memcmp(p, zero, 15) == 0 && p[15] <= 1);
}

/* Put the next hop of MP_REACH where a block has it. */
static void
place_mp_next_hop(struct scan *s)
{
	const struct noted *mp = &s->attrs[BGP_ATTR_MP_REACH];
	struct noted *n;

	if (s->u->mp_reach.family == FAMILY_IPV4_UNICAST) {
		drop(s->keep, BGP_ATTR_MP_REACH);
		add(s->keep, BGP_ATTR_NEXT_HOP);
		n = &s->attrs[BGP_ATTR_NEXT_HOP];
		n->attr.flags = BGP_ATTR_TRANSITIVE;
		n->attr.type = BGP_ATTR_NEXT_HOP;
		n->attr.value = s->next_hop;
		n->attr.len = s->next_hop_len;
		n->verbatim = false;
		return;
	}
	/* RFC 4760 3: a NEXT_HOP beside it is ignored. */
	drop(s->keep, BGP_ATTR_NEXT_HOP);
	add(s->keep, BGP_ATTR_MP_REACH);
	n = &s->attrs[BGP_ATTR_MP_REACH];
	n->attr.len = (uint16_t)(4 + mp->attr.value[3]);
	n->verbatim = false;
}

static void
set_block(struct bgp_block *block, const uint8_t *p, size_t len, bool bad)
{
	block->p = p;
	block->len = (uint16_t)len;
	block->bad_next_hop = bad;
}

static void
write_blocks(struct scan *s, uint8_t *buf)
{
	struct bgp_update *u = s->u;
	size_t len;

	canonicalise(s);
	if (u->announced.len > 0) {
		drop(s->keep, BGP_ATTR_MP_REACH);
		len = write_block(s, s->keep, buf);
		set_block(&u->attrs, buf, len,
		    is_bad_ipv4(s->attrs[BGP_ATTR_NEXT_HOP].attr.value));
		buf += len;
	}
	if (u->mp_reach.len > 0) {
		place_mp_next_hop(s);
		len = write_block(s, s->keep, buf);
		set_block(&u->mp_attrs, buf, len,
		    s->next_hop_len == 4 ? is_bad_ipv4(s->next_hop) :
					   is_bad_ipv6(s->next_hop));
	}
}

/* RFC 4724 2: nothing at all, or nothing but an MP_UNREACH with nothing. */
static int
end_of_rib(const struct scan *s, size_t withdrawn, size_t attrs,
    size_t announced)
{
	const struct noted *n = &s->attrs[BGP_ATTR_MP_UNREACH];

	if (withdrawn > 0 || announced > 0)
		return -1;
	if (attrs == 0)
		return FAMILY_IPV4_UNICAST;
	if (!has(s->keep, BGP_ATTR_MP_UNREACH) || n->attr.len != 3 ||
	    (size_t)(n->attr.value + 3 - n->raw) != attrs)
		return -1;
	return family_from_afi(be_get16(n->attr.value), n->attr.value[2]);
}

static enum bgp_update_outcome
reset(struct bgp_update *u, uint8_t subcode, const char *why)
{
	u->fault = why;
	bgp_error_set(&u->error, BGP_ERR_UPDATE, subcode, NULL, 0);
	u->outcome = BGP_UPDATE_RESET;
	return u->outcome;
}

/* By hand: the compiler's own ways for this size are slow ones. */
static inline void
clear(struct bgp_update *u)
{
	static const struct bgp_nlri_span no_span;
	static const struct bgp_block no_block;

	u->outcome = BGP_UPDATE_OK;
	u->error.code = u->error.subcode = 0;
	u->error.data_len = 0;
	u->error.data = NULL;
	u->withdrawn = u->announced = no_span;
	u->mp_unreach = u->mp_reach = no_span;
	u->attrs = u->mp_attrs = no_block;
	u->end_of_rib = -1;
	u->fault = NULL;
	u->fault_type = 0;
	u->fault_len = u->discarded = 0;
	u->fault_attr = NULL;
}

enum bgp_update_outcome
bgp_update_parse(const struct bgp_update_ctx *ctx, const uint8_t *msg,
    size_t len, uint8_t *buf, struct bgp_update *u)
{
	const uint8_t *withdrawn = msg + BGP_HEADER_LEN + 2, *attrs, *nlri;
	size_t body = len - BGP_UPDATE_MIN; /* but for the two lengths */
	size_t withdrawn_len, attrs_len;
	struct scan s;

	clear(u);
	u->msg = msg;
	u->msg_len = len;
	s.ctx = ctx;
	s.u = u;
	memset(s.keep, 0, sizeof(s.keep));
	memset(s.gone, 0, sizeof(s.gone));
	s.strict.code = 0;
	s.reach = false;
	s.plain = ctx->as4;
	s.scratch = buf + 4 * len + 64;

	withdrawn_len = be_get16(withdrawn - 2);
	if (withdrawn_len > body)
		return reset(u, BGP_ERR_UPD_ATTR_LIST,
		    "Withdrawn Routes Length");
	attrs = withdrawn + withdrawn_len + 2;
	attrs_len = be_get16(attrs - 2);
	if (attrs_len > body - withdrawn_len)
		return reset(u, BGP_ERR_UPD_ATTR_LIST,
		    "Total Attribute Length");
	nlri = attrs + attrs_len;
	body -= withdrawn_len + attrs_len;

	if (take_span(&s, &u->withdrawn, FAMILY_IPV4_UNICAST, withdrawn,
		withdrawn_len) == -1)
		return reset(u, BGP_ERR_UPD_NETWORK, "Withdrawn Routes");
	if (take_span(&s, &u->announced, FAMILY_IPV4_UNICAST, nlri, body) == -1)
		return reset(u, BGP_ERR_UPD_NETWORK, "NLRI");
	if (scan_attrs(&s, attrs, attrs_len) == -1)
		return u->outcome;
	s.reach |= body > 0;
	settle(&s);
	if (u->outcome <= BGP_UPDATE_DISCARD) {
		u->end_of_rib = end_of_rib(&s, withdrawn_len, attrs_len, body);
		if (s.plain && u->announced.len > 0) {
			memcpy(buf, attrs, attrs_len);
			set_block(&u->attrs, buf, attrs_len,
			    is_bad_ipv4(s.attrs[BGP_ATTR_NEXT_HOP].attr.value));
		} else if (u->announced.len > 0 || u->mp_reach.len > 0) {
			write_blocks(&s, buf);
		}
	}
	return u->outcome;
}

size_t
bgp_update_end_of_rib(uint8_t *to, enum family family)
{
	struct wr w;

	wr_init(&w, to, BGP_EOR_MAX);
	wr_skip(&w, BGP_HEADER_LEN);
	wr_n16(&w, 0);
	if (family == FAMILY_IPV4_UNICAST) {
		wr_n16(&w, 0);
	} else {
		wr_n16(&w, 6);
		wr_n8(&w, BGP_ATTR_OPTIONAL);
		wr_n8(&w, BGP_ATTR_MP_UNREACH);
		wr_n8(&w, 3);
		wr_n16(&w, family_afi(family));
		wr_n8(&w, family_safi(family));
	}
	bgp_msg_header(to, BGP_UPDATE, (uint16_t)wr_len(&w));
	return wr_len(&w);
}
