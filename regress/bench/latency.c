/* SPDX-License-Identifier: ISC */
/* See latency.h. */
#include "regress/bench/latency.h"

#include <stdlib.h>

#include "regress/bench/beside.h"

#define PAUSE_MIN_US 2000
#define PAUSE_SPREAD_US 8000
#define BESIDE_START_US 300000

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The path of the flaps: our own AS alone. */
static uint32_t
flap_path(const struct latency *l, struct pool *p, struct bytes *attrs)
{
	struct bytes v = { 0 }, canon = { 0 };
	uint32_t cls;

	bytes_u8(&v, 0);
	wire_attr(attrs, 0x40, ATTR_ORIGIN, v.data, v.len);
	v.len = 0;
	bytes_u8(&v, 2);
	bytes_u8(&v, 1);
	bytes_u32(&v, p->s[l->sender].asn);
	wire_attr(attrs, 0x40, ATTR_AS_PATH, v.data, v.len);
	wire_canon(&canon, attrs->data, attrs->len, p->t->dut_as);
	cls = table_learn(p->t, &canon);
	bytes_free(&v);
	bytes_free(&canon);
	return cls;
}

static void
pause_for(struct pool *p, int64_t us)
{
	int64_t end = now_us() + us;

	while (now_us() < end)
		pool_turn(p, 1);
}

/* One change until the last one has it; false if it does not come. */
static bool
one_change(struct latency *l, struct pool *p, const struct bytes *b,
    int64_t end, double *took)
{
	int64_t t0 = now_us(), now = t0;

	pool_send(p, l->sender, b);
	do {
		pool_turn(p, 1);
		now = now_us();
	} while (!pool_done(p) && now < end && !pool_faulty(p));
	*took = (double)(now - t0) / 1e6;
	return pool_done(p) && !pool_faulty(p);
}

/* The command ran all the time, or there was none; how it went. */
static void
beside_done(struct latency *l, struct beside *b)
{
	if (b == NULL)
		return;
	l->besides = beside_ended(b);
	l->beside_lines = beside_lines(b);
	l->beside_first = beside_first(b);
	l->beside_failed = beside_failed(b);
	l->beside_cpu = beside_stop(b);
	beside_free(b);
}

/* As many changes as are wanted, and the command has ended once within. */
static bool
enough(const struct latency *l, const struct beside *b)
{
	return l->done >= l->flaps &&
	    (b == NULL || beside_ended(b) > 0 || beside_failed(b));
}

bool
latency_run(struct latency *l, struct pool *p)
{
	unsigned cap = 1024;
	double *took = grow(NULL, cap, sizeof(*took));
	int64_t end = now_us() + (int64_t)l->seconds * 1000000;
	struct bytes attrs = { 0 }, b = { 0 };
	uint32_t cls = flap_path(l, p, &attrs), was = CLASS_NONE, id;
	uint64_t rng = l->seed;
	struct beside *beside = NULL;
	bool ok = true;

	if (l->beside != NULL) {
		beside = beside_start(l->beside);
		pause_for(p, BESIDE_START_US);
	}
	for (l->done = 0; ok && !enough(l, beside); l->done++) {
		if (now_us() > end && l->done % 2 == 0 && l->done >= 20)
			break;
		if (l->done == cap)
			took = grow(took, cap *= 2, sizeof(*took));
		id = l->ids[l->done / 2 % l->nids];
		b.len = 0;
		if (l->done % 2 == 0) {
			was = p->t->expect[id];
			wire_announce(&b, attrs.data, attrs.len,
			    &p->s[l->sender].local, &p->t->pfx[id], 1);
			pool_expect(p, id, cls);
		} else {
			wire_withdraw(&b, &p->t->pfx[id], 1);
			pool_expect(p, id, was);
		}
		ok = one_change(l, p, &b, end + 20 * 1000000, &took[l->done]);
		rng = rng * 6364136223846793005u + 1442695040888963407u;
		pause_for(p,
		    PAUSE_MIN_US + (int64_t)(rng >> 33) % PAUSE_SPREAD_US);
	}
	beside_done(l, beside);
	p->s[l->sender].out_len = p->s[l->sender].out_sent = 0;
	if (l->done > 0) {
		qsort(took, l->done, sizeof(*took), by_size);
		l->p50 = took[l->done / 2];
		l->p99 = took[l->done - 1 - l->done / 100];
		l->worst = took[l->done - 1];
	}
	bytes_free(&attrs);
	bytes_free(&b);
	free(took);
	return ok;
}
