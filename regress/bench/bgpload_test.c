/* SPDX-License-Identifier: ISC */
/* The load tool's codec and generator. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "regress/bench/full.h"
#include "regress/bench/latency.h"
#include "regress/bench/same.h"

#define DUT_AS 65000u

static struct table
table_of(unsigned afi, uint32_t n, unsigned senders, bool same)
{
	struct gen g = { .seed = 7,
		.npfx = n,
		.afi = afi,
		.senders = senders,
		.sender_as = 60001,
		.same = same };
	struct table t;

	table_init(&t, DUT_AS);
	table_generate(&t, &g);
	return t;
}

/* What a receiver behind a daemon that forwards unchanged would hold. */
static uint32_t
read_back(const struct table *t, const struct bytes *b, bool prepend)
{
	uint32_t n = 0, right = 0, id = 0;
	struct bytes canon = { 0 };
	struct update u;
	struct pfx p;
	size_t len, step;

	for (size_t at = 0; at < b->len; at += len) {
		len = get_u16(b->data + at + 16);
		ck_assert_uint_le(len, WIRE_MAX);
		ck_assert_uint_le(len, b->len - at);
		ck_assert_uint_eq(b->data[at + 18], WIRE_UPDATE);
		ck_assert_ptr_null(
		    wire_update(&u, b->data + at + WIRE_HDR, len - WIRE_HDR));
		canon.len = 0;
		ck_assert_ptr_null(wire_canon(&canon, u.attrs, u.attrs_len,
		    prepend ? DUT_AS : 0));
		const uint8_t *d = u.mp_nlri ? u.mp_nlri : u.nlri;
		size_t left = u.mp_nlri ? u.mp_nlri_len : u.nlri_len;
		unsigned afi = u.mp_nlri ? u.mp_afi : WIRE_AFI_IP4;

		for (; left > 0; d += step, left -= step) {
			step = wire_get_pfx(&p, afi, d, left);
			ck_assert_uint_gt(step, 0);
			id = table_find(t, &p, id + 1);
			ck_assert_uint_ne(id, PFX_UNKNOWN);
			n++;
			right += table_class(t, &canon) == t->expect[id];
		}
	}
	bytes_free(&canon);
	ck_assert_uint_ge(n, right);
	return right;
}

static void
round_trip(unsigned afi)
{
	struct table t = table_of(afi, 5000, 1, false);
	struct addr nh[3] = { { 0 } };
	struct bytes b = { 0 };

	addr_parse(&nh[1], "192.0.2.1");
	addr_parse(&nh[2], "2001:db8::1");
	table_stream(&t, &b, 0, 0, t.nsets, nh);
	ck_assert_uint_eq(read_back(&t, &b, true), 5000);
	/* without the daemon's AS in front no path is right */
	ck_assert_uint_eq(read_back(&t, &b, false), 0);
	bytes_free(&b);
	table_fini(&t);
}

START_TEST(stream_of_ip4_table_reads_back)
{
	round_trip(WIRE_AFI_IP4);
}
END_TEST

START_TEST(stream_of_ip6_table_reads_back)
{
	round_trip(WIRE_AFI_IP6);
}
END_TEST

START_TEST(table_is_a_function_of_its_seed)
{
	struct table a = table_of(1, 3000, 3, false);
	struct table b = table_of(1, 3000, 3, false);

	ck_assert_uint_eq(a.npfx, 3000);
	ck_assert_uint_eq(a.nsets, b.nsets);
	ck_assert_uint_eq(a.arena.len, b.arena.len);
	ck_assert_mem_eq(a.arena.data, b.arena.data, a.arena.len);
	for (uint32_t i = 0; i < a.npfx; i++)
		ck_assert(pfx_equal(&a.pfx[i], &b.pfx[i]));
	ck_assert_uint_eq(a.owner[999], 0);
	ck_assert_uint_eq(a.owner[1000], 1);
	table_fini(&a);
	table_fini(&b);
}
END_TEST

START_TEST(table_looks_like_a_real_one)
{
	struct table t = table_of(1, 200000, 1, false);
	uint32_t len24 = 0;
	double per_set = 200000.0 / t.nsets;

	for (uint32_t i = 0; i < t.npfx; i++)
		len24 += t.pfx[i].len == 24;
	ck_assert_uint_gt(len24, 116000);
	ck_assert_uint_lt(len24, 126000);
	ck_assert(per_set > 5.7 && per_set < 6.7);
	table_fini(&t);
}
END_TEST

START_TEST(rivals_have_one_best_class)
{
	struct table t = table_of(1, 1000, 10, true);
	unsigned best = 0, other = 0;

	ck_assert_uint_eq(t.npfx, 1010); /* and a marker a sender */
	for (uint32_t i = 0; i < t.npaths; i++) {
		if (t.paths[i].cls == CLASS_OTHER)
			other++;
		else
			best++;
	}
	ck_assert_uint_gt(best, 0);
	ck_assert_uint_gt(other, best);
	for (uint32_t i = 0; i < t.npfx; i++)
		ck_assert_uint_ge(t.expect[i], CLASS_FIRST);
	table_fini(&t);
}
END_TEST

START_TEST(change_gives_other_paths)
{
	struct table t = table_of(1, 1000, 1, false);
	uint32_t was = t.expect[0], last = t.expect[999], end, from;

	from = t.nsets;
	ck_assert_uint_eq(table_reannounce(&t, 8, 200, &end), from);
	ck_assert_uint_eq(end, 200);
	ck_assert_uint_ne(t.expect[0], was);
	ck_assert_uint_eq(t.expect[999], last);
	table_fini(&t);
}
END_TEST

START_TEST(withdrawal_reads_back)
{
	struct table t = table_of(_i, 3000, 1, false);
	struct bytes b = { 0 };
	struct update u;
	struct pfx p;
	uint32_t n = 0;
	size_t len, step, left;

	wire_withdraw(&b, t.pfx, t.npfx);
	for (size_t at = 0; at < b.len; at += len) {
		len = get_u16(b.data + at + 16);
		ck_assert_uint_le(len, WIRE_MAX);
		ck_assert_ptr_null(
		    wire_update(&u, b.data + at + WIRE_HDR, len - WIRE_HDR));
		const uint8_t *d = _i == 2 ? u.mp_gone : u.gone;

		left = _i == 2 ? u.mp_gone_len : u.gone_len;
		for (; left > 0; d += step, left -= step) {
			step = wire_get_pfx(&p, (unsigned)_i, d, left);
			ck_assert_uint_gt(step, 0);
			ck_assert(pfx_equal(&p, &t.pfx[n]));
			n++;
		}
	}
	ck_assert_uint_eq(n, 3000);
	bytes_free(&b);
	table_fini(&t);
}
END_TEST

START_TEST(damaged_update_is_survived)
{
	struct table t = table_of(_i, 40, 1, false);
	struct addr nh[3] = { { 0 } };
	struct bytes b = { 0 }, canon = { 0 };
	struct update u;
	size_t len;

	addr_parse(&nh[1], "192.0.2.1");
	addr_parse(&nh[2], "2001:db8::1");
	table_stream(&t, &b, 0, 0, 1, nh);
	len = get_u16(b.data + 16) - WIRE_HDR;
	for (size_t cut = 0; cut <= len; cut++) {
		uint8_t *copy = malloc(cut + 1);

		memcpy(copy, b.data + WIRE_HDR, cut);
		for (unsigned bit = 0; bit < 8 && cut > 0; bit++) {
			copy[cut - 1] ^= (uint8_t)(1u << bit);
			if (wire_update(&u, copy, cut) == NULL) {
				canon.len = 0;
				wire_canon(&canon, u.attrs, u.attrs_len, 0);
			}
		}
		free(copy);
	}
	bytes_free(&canon);
	bytes_free(&b);
	table_fini(&t);
}
END_TEST

START_TEST(canonical_form_sorts_and_compares)
{
	static const uint8_t one[] = { 0x40, 1, 1, 0, 0x40, 2, 10, 2, 2, 0, 0,
		0, 1, 0, 0, 0, 2, 0xc0, 8, 8, 0, 9, 0, 9, 0, 1, 0, 1 };
	/* other order, one segment an AS, extended length, a MED */
	static const uint8_t two[] = { 0xc0, 8, 12, 0, 1, 0, 1, 0, 9, 0, 9, 0,
		9, 0, 9, 0x50, 2, 0, 12, 2, 1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 2,
		0x80, 4, 4, 0, 0, 0, 5, 0x40, 1, 1, 0 };
	struct bytes a = { 0 }, b = { 0 };

	ck_assert_ptr_null(wire_canon(&a, one, sizeof(one), 0));
	ck_assert_ptr_null(wire_canon(&b, two, sizeof(two), 0));
	ck_assert_uint_eq(a.len, b.len);
	ck_assert_mem_eq(a.data, b.data, a.len);
	ck_assert_uint_eq(wire_canon_path_len(&a), 2);
	ck_assert(wire_canon_has_as(&a, 2));
	ck_assert(!wire_canon_has_as(&a, 3));
	a.len = 0;
	ck_assert_ptr_null(wire_canon(&a, one, sizeof(one), 3));
	ck_assert_uint_eq(wire_canon_path_len(&a), 3);
	ck_assert(wire_canon_has_as(&a, 3));
	bytes_free(&a);
	bytes_free(&b);
}
END_TEST

static void
mrt_record(FILE *f, unsigned type, unsigned subtype, const struct bytes *body)
{
	struct bytes h = { 0 };

	bytes_u32(&h, 1);
	bytes_u16(&h, type);
	bytes_u16(&h, subtype);
	bytes_u32(&h, (uint32_t)body->len);
	fwrite(h.data, 1, h.len, f);
	fwrite(body->data, 1, body->len, f);
	bytes_free(&h);
}

/* A table's stream as BGP4MP_MESSAGE_AS4. */
static void
mrt_messages(const char *file, const struct table *t)
{
	struct bytes b = { 0 }, body = { 0 };
	struct addr nh[3] = { { 0 } };
	FILE *f = fopen(file, "w");
	size_t len;

	ck_assert_ptr_nonnull(f);
	addr_parse(&nh[1], "192.0.2.1");
	table_stream(t, &b, 0, 0, t->nsets, nh);
	for (size_t at = 0; at < b.len; at += len) {
		len = get_u16(b.data + at + 16);
		body.len = 0;
		bytes_u32(&body, 60001);
		bytes_u32(&body, 60001);
		bytes_u16(&body, 0);
		bytes_u16(&body, 1);
		bytes_u32(&body, 0xc0000201);
		bytes_u32(&body, 0xc0000202);
		bytes_add(&body, b.data + at, len);
		mrt_record(f, 16, 4, &body);
	}
	fclose(f);
	bytes_free(&b);
	bytes_free(&body);
}

/* Each set's first prefix with one path, of one peer or the other. */
static void
mrt_rib(const char *file, const struct table *t)
{
	struct bytes body = { 0 };
	FILE *f = fopen(file, "w");

	ck_assert_ptr_nonnull(f);
	for (uint32_t i = 0; i < t->nsets; i++) {
		const struct set *s = &t->sets[i];

		body.len = 0;
		bytes_u32(&body, i);
		wire_put_pfx(&body, &t->pfx[s->first]);
		bytes_u16(&body, 1);
		bytes_u16(&body, i % 2);
		bytes_u32(&body, 1);
		bytes_u16(&body, s->attrs_len);
		bytes_add(&body, t->arena.data + s->attrs, s->attrs_len);
		mrt_record(f, 13, 2, &body);
	}
	fclose(f);
	bytes_free(&body);
}

/* Every fifth prefix's origin is one that the sets do not know. */
static void
prefix_list(const char *file, const struct table *t)
{
	FILE *f = fopen(file, "w");
	char text[64];

	ck_assert_ptr_nonnull(f);
	for (uint32_t i = 0; i < t->nsets; i++) {
		const struct set *s = &t->sets[i];
		const uint8_t *path = t->arena.data + s->attrs + 4;

		for (uint32_t k = s->first; k < s->first + s->n; k++)
			fprintf(f, "%s\t%u\n", pfx_text(&t->pfx[k], text),
			    k % 5 == 0 ? 64000 + k % 3 :
					 get_u32(path + 5 + 4 * (path[4] - 1)));
	}
	fclose(f);
}

START_TEST(full_tables_are_composed)
{
	char dir[] = "/tmp/bgpload_test.XXXXXX", name[FULL_FILES][64];
	const char *files[FULL_FILES];
	struct table from = table_of(1, 2000, 1, false), t;
	struct full f = { .files = files,
		.npfx = _i == 0 ? 0 : 500,
		.feeds = 3,
		.feed_as = 60001,
		.seed = 1 };
	struct addr nh[3] = { { 0 } };
	uint32_t n = f.npfx != 0 ? f.npfx : 2000, best = 0;
	struct bytes b = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (unsigned i = 0; i < FULL_FILES; i++) {
		snprintf(name[i], sizeof(name[i]), "%s/%u", dir, i);
		files[i] = name[i];
	}
	mrt_messages(name[FULL_TABLE], &from);
	prefix_list(name[FULL_PREFIXES], &from);
	mrt_messages(name[FULL_UPDATES], &from);
	mrt_rib(name[FULL_RIB], &from);

	table_init(&t, DUT_AS);
	ck_assert(full_compose(&t, &f));
	ck_assert_uint_eq(t.npfx, n + 3);
	ck_assert_uint_eq(table_paths(&t), 3 * (n + 1));
	ck_assert_uint_eq(t.nsets % 3, 0);
	addr_parse(&nh[1], "192.0.2.1");
	for (unsigned i = 0; i < 3; i++) {
		b.len = 0;
		table_stream(&t, &b, i, 0, t.nsets, nh);
		best += read_back(&t, &b, true);
	}
	/* every prefix has a best path, and not all of them are */
	ck_assert_uint_ge(best, n + 3);
	ck_assert_uint_lt(best, 3 * (n + 1));
	for (uint32_t i = 0; i < t.npfx; i++)
		ck_assert_uint_ge(t.expect[i], CLASS_FIRST);
	bytes_free(&b);
	table_fini(&t);
	table_fini(&from);
	for (unsigned i = 0; i < FULL_FILES; i++)
		unlink(name[i]);
	rmdir(dir);
}
END_TEST

START_TEST(expectation_of_one_prefix_changes)
{
	struct table t = table_of(1, 20, 1, false);
	struct addr base;
	struct pool p;
	uint32_t was = t.expect[5];

	addr_parse(&base, "127.0.1.1");
	pool_init(&p, &t, 3, &base, 60001, 1u << 1);
	p.s[1].receives = p.s[2].receives = true;
	pool_recount(&p);
	ck_assert_uint_eq(p.nwanting, 2);
	ck_assert_uint_eq(p.ndone, 0);
	for (unsigned i = 1; i < 3; i++)
		memcpy(p.s[i].held, t.expect, 20 * sizeof(*t.expect));
	pool_recount(&p);
	ck_assert(pool_done(&p));
	pool_expect(&p, 5, CLASS_OTHER);
	ck_assert_uint_eq(p.ndone, 0);
	ck_assert_uint_eq(p.s[1].nright, 19);
	pool_expect(&p, 5, CLASS_NONE);
	ck_assert_uint_eq(p.s[1].want, 19);
	ck_assert_uint_eq(p.ndone, 0);
	pool_expect(&p, 5, was);
	ck_assert(pool_done(&p));
	pool_fini(&p);
	table_fini(&t);
}
END_TEST

/* A message is known again until one octet of it is another, however many
 * there are: those that are forgotten are not taken for others. */
START_TEST(same_message_is_known)
{
	uint32_t ids[200];
	uint8_t m[300];
	struct same *c = same_new();
	struct same_hint hint = { 0 };
	struct said in = { ids, 1, 3, 7, 0 }, out;

	for (unsigned i = 0; i < 200; i++)
		ids[i] = i;
	for (unsigned i = 0; i < sizeof(m); i++)
		m[i] = (uint8_t)(i * 7);
	for (unsigned len = 1; len < sizeof(m); len += 13) {
		ck_assert(!same_find(c, &hint, m, len, &out));
		in.n = 1 + len % 200;
		same_add(c, m, len, &in);
		for (unsigned i = 0; i < len; i++) {
			m[i] ^= 1;
			ck_assert(!same_find(c, &hint, m, len, &out));
			m[i] ^= 1;
		}
		ck_assert(same_find(c, &hint, m, len, &out));
		ck_assert_uint_eq(out.n, in.n);
		ck_assert_uint_eq(out.ngone, 1);
		ck_assert_uint_eq(out.cls, 7);
		ck_assert_mem_eq(out.ids, ids, in.n * sizeof(*ids));
	}
	for (uint32_t i = 0; i < 100000; i++) {
		memcpy(m, &i, sizeof(i));
		memcpy(m + 290, &i, sizeof(i));
		in.n = 1 + i % 200;
		ids[0] = i;
		ck_assert(!same_find(c, &hint, m, sizeof(m), &out));
		same_add(c, m, sizeof(m), &in);
		ck_assert(same_find(c, &hint, m, sizeof(m), &out));
		ck_assert_uint_eq(out.ids[0], i);
	}
	same_free(c);
}
END_TEST

START_TEST(messages_are_found_in_order_and_mostly_in_any_other)
{
	static uint8_t m[300];
	uint32_t id, i, lost = 0;
	struct same *c = same_new();
	struct same_hint hint = { 0 };
	struct said in = { &id, 0, 1, 7, 0 }, out;

	for (i = 0; i < 1000; i++) {
		memcpy(m + 290, &i, sizeof(i));
		id = i;
		same_add(c, m, sizeof(m), &in);
	}
	/* Two may have the same place, but each comes behind the one before. */
	for (i = 0; i < 1000; i++) {
		memcpy(m + 290, &i, sizeof(i));
		ck_assert(same_find(c, &hint, m, sizeof(m), &out));
		ck_assert_uint_eq(out.ids[0], i);
	}
	for (i = 1000; i-- > 0;) {
		memcpy(m + 290, &i, sizeof(i));
		if (!same_find(c, &hint, m, sizeof(m), &out)) {
			lost++;
			continue;
		}
		ck_assert_uint_eq(out.ids[0], i);
	}
	ck_assert_uint_lt(lost, 100);
	same_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bgpload");
	TCase *tc = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, stream_of_ip4_table_reads_back);
	tcase_add_test(tc, stream_of_ip6_table_reads_back);
	tcase_add_test(tc, table_is_a_function_of_its_seed);
	tcase_add_test(tc, table_looks_like_a_real_one);
	tcase_add_test(tc, rivals_have_one_best_class);
	tcase_add_test(tc, change_gives_other_paths);
	tcase_add_loop_test(tc, withdrawal_reads_back, 1, 3);
	tcase_add_loop_test(tc, damaged_update_is_survived, 1, 3);
	tcase_add_test(tc, canonical_form_sorts_and_compares);
	tcase_add_loop_test(tc, full_tables_are_composed, 0, 2);
	tcase_add_test(tc, expectation_of_one_prefix_changes);
	tcase_add_test(tc, same_message_is_known);
	tcase_add_test(tc, messages_are_found_in_order_and_mostly_in_any_other);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
