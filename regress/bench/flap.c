/* SPDX-License-Identifier: ISC */
/* See flap.h. */
#include "regress/bench/flap.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "regress/bench/silence.h"

#define PAUSE_US 20000

/* Written by the process, but for epoch. */
struct shared {
	_Atomic int64_t since; /* a flap is on its way; 0: none */
	_Atomic int64_t longest;
	_Atomic unsigned silence; /* ms */
	_Atomic unsigned seen, epoch;
	_Atomic bool up, lost;
};

struct flap {
	struct shared *sh;
	pid_t pid;
	uint32_t id, cls[2];
	struct pfx pfx;
	struct bytes attrs[2], stream[2];
	struct pool pool; /* of the process */
};

struct flap *
flap_new(struct table *t, struct pool *main)
{
	struct flap *f = need(calloc(1, sizeof(*f)));
	struct bytes canon = { 0 }, v = { 0 };

	f->sh = mmap(NULL, sizeof(*f->sh), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f->sh == MAP_FAILED)
		err(2, "mmap");
	/* 223.255.255.0/24 is drawn last by table.c, if at all */
	f->pfx.afi = WIRE_AFI_IP4;
	f->pfx.len = 32;
	f->pfx.hi = (uint64_t)0xdffffffe << 32;
	f->id = table_enter(t, &f->pfx);
	for (unsigned i = 0; i < 2; i++) {
		v.len = 0;
		bytes_u8(&v, 0);
		wire_attr(&f->attrs[i], 0x40, ATTR_ORIGIN, v.data, v.len);
		v.len = 0;
		bytes_u8(&v, 2);
		bytes_u8(&v, 2);
		bytes_u32(&v, main->s[main->n - 1].asn + 1);
		bytes_u32(&v, 64600 + i);
		wire_attr(&f->attrs[i], 0x40, ATTR_AS_PATH, v.data, v.len);
		canon.len = 0;
		wire_canon(&canon, f->attrs[i].data, f->attrs[i].len,
		    t->dut_as);
		f->cls[i] = table_learn(t, &canon);
	}
	main->ignored = f->id;
	bytes_free(&canon);
	bytes_free(&v);
	return f;
}

/* Wait for a flap; false if a session ended. */
static bool
await(struct flap *f, unsigned i)
{
	struct shared *sh = f->sh;
	int64_t t, since = now_us();

	sh->since = since;
	f->pool.ignored_cls = CLASS_NONE;
	pool_send(&f->pool, 0, &f->stream[i]);
	while (f->pool.ignored_cls != f->cls[i]) {
		pool_turn(&f->pool, 20);
		if (f->pool.faults.lost > 0)
			return false;
	}
	t = now_us() - since;
	sh->since = 0;
	if (t > sh->longest)
		sh->longest = t;
	sh->seen++;
	return true;
}

static void
process(struct flap *f)
{
	struct shared *sh = f->sh;
	struct pool *p = &f->pool;
	struct silence *silence = silence_new(p);
	unsigned epoch = 0;
	int64_t next;

	pool_recount(p);
	while (!pool_connect(p))
		pool_turn(p, 5);
	sh->up = true;
	for (unsigned i = 0;; i ^= 1) {
		if (epoch != sh->epoch) {
			epoch = sh->epoch;
			sh->longest = 0;
			sh->seen = 0;
			silence_reset(silence);
		}
		if (!await(f, i)) {
			sh->lost = true;
			for (;;)
				pause();
		}
		for (next = now_us() + PAUSE_US; now_us() < next;)
			pool_turn(p, 5);
		sh->silence = silence_longest(silence);
	}
}

void
flap_start(struct flap *f, const struct pool *main)
{
	const struct session *last = &main->s[main->n - 1];
	struct addr base = last->local, nh[3] = { { 0 } };
	pid_t parent = getpid();

	base.b[2] = (uint8_t)(base.b[2] + (base.b[3] == 255));
	base.b[3]++;
	pool_init(&f->pool, main->t, 2, &base, last->asn + 1, last->families);
	f->pool.dut = main->dut;
	f->pool.port = main->port;
	f->pool.hold = main->hold;
	f->pool.ignored = f->id;
	f->pool.s[1].receives = true;
	nh[WIRE_AFI_IP4] = f->pool.s[0].local;
	for (unsigned i = 0; i < 2; i++)
		wire_announce(&f->stream[i], f->attrs[i].data, f->attrs[i].len,
		    &nh[WIRE_AFI_IP4], &f->pfx, 1);
	if ((f->pid = fork()) == -1)
		err(2, "fork");
	if (f->pid != 0)
		return;
	/* It does little and must not wait for the others. */
	setpriority(PRIO_PROCESS, 0, -10);
	if (getppid() != parent)
		_exit(0);
	process(f);
}

bool
flap_is_up(const struct flap *f)
{
	return f->sh->up;
}

void
flap_reset(struct flap *f)
{
	f->sh->longest = 0;
	f->sh->silence = 0;
	f->sh->epoch++;
}

double
flap_gap(const struct flap *f, unsigned *seen)
{
	int64_t since = f->sh->since, longest = f->sh->longest;

	*seen = f->sh->seen;
	if (since != 0 && now_us() - since > longest)
		longest = now_us() - since;
	return (double)longest / 1000;
}

double
flap_silence(const struct flap *f)
{
	return f->sh->lost ? -1 : (double)f->sh->silence;
}

void
flap_free(struct flap *f)
{
	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		bytes_free(&f->attrs[i]);
		bytes_free(&f->stream[i]);
	}
	if (f->pool.s != NULL)
		pool_fini(&f->pool);
	munmap(f->sh, sizeof(*f->sh));
	free(f);
}
