/* SPDX-License-Identifier: ISC */
/* Community sets against a list that is read from its beginning each time. */
#include <check.h>
#include <string.h>

#include "common/hash.h"
#include "rde/comm_set.h"

enum { MEMBERS = 400, VALUES = 20 };

static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

static void
random_value(uint8_t *to, unsigned int len)
{
	static const uint8_t octets[] = { 0, 1, 0xfd, 0xff };
	unsigned int i;

	for (i = 0; i < len; i++)
		to[i] = rnd(4) == 0 ? octets[rnd(4)] : octets[i % 4];
}

/* An exact one, or one of which whole fields do not count. */
static struct conf_comm
random_member(unsigned int len)
{
	struct conf_comm c;
	unsigned int i, field = len == 12 ? 4 : 2;

	memset(&c, 0, sizeof(c));
	random_value(c.value, len);
	memset(c.mask, 0xff, len);
	for (i = 0; i < len / field && rnd(3) == 0; i++)
		memset(c.mask + rnd(len / field) * field, 0, field);
	for (i = 0; i < len; i++)
		c.value[i] &= c.mask[i];
	return c;
}

static bool
is_in(const struct conf_comm *list, size_t n, const uint8_t *v,
    unsigned int len)
{
	unsigned int k;
	size_t i;

	for (i = 0; i < n; i++) {
		for (k = 0; k < len; k++) {
			if ((v[k] & list[i].mask[k]) != list[i].value[k])
				break;
		}
		if (k == len)
			return true;
	}
	return false;
}

START_TEST(random_sets)
{
	static const enum conf_set_kind kinds[] = { CONF_SET_COMMUNITY,
		CONF_SET_EXT_COMMUNITY, CONF_SET_LARGE_COMMUNITY };
	enum conf_set_kind kind = kinds[_i % 3];
	struct comm_set *set = comm_set_new(kind);
	unsigned int len = conf_comm_len(kind);
	struct conf_comm list[MEMBERS];
	uint8_t attr[VALUES * 12];
	size_t i, k, n, values;
	bool any, all, in;

	seed = (uint64_t)_i + 1;
	n = _i < 9 ? rnd(3) : rnd(MEMBERS);
	for (i = 0; i < n; i++) {
		list[i] = random_member(len);
		comm_set_add(set, &list[i]);
	}
	for (k = 0; k < 3000; k++) {
		values = rnd(VALUES);
		any = false;
		all = true;
		for (i = 0; i < values; i++) {
			random_value(attr + i * len, len);
			if (n > 0 && rnd(3) == 0)
				memcpy(attr + i * len,
				    list[rnd((uint32_t)n)].value, len);
			in = is_in(list, n, attr + i * len, len);
			ck_assert_int_eq(comm_set_has(set, attr + i * len),
			    in);
			any = any || in;
			all = all && in;
		}
		ck_assert_int_eq(comm_set_has_any(set, attr, values * len),
		    any);
		ck_assert_int_eq(comm_set_has_all(set, attr, values * len),
		    all);
	}
	/* No attribute: nothing is in the set, and all of it is. */
	ck_assert(!comm_set_has_any(set, NULL, 0));
	ck_assert(comm_set_has_all(set, NULL, 0));
	comm_set_free(set);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("comm_set");
	TCase *t = tcase_create("all");
	SRunner *sr;
	int failed;

	hash_init();
	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, random_sets, 0, 36);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
