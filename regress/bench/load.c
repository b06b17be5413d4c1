/* SPDX-License-Identifier: ISC */
/* See load.h. */
#include "regress/bench/load.h"

#include <sys/wait.h>

#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "regress/bench/abuse.h"
#include "regress/bench/flap.h"
#include "regress/bench/policy.h"
#include "regress/bench/full.h"
#include "regress/bench/latency.h"
#include "regress/bench/silence.h"
#include "regress/bench/usage.h"

#define DEAF_CHANGES 10
#define FLAP_ROUNDS 30
/* Load G1's neighbours and strangers, after the sender and the receiver. */
#define ABUSE_PEERS 8
#define ABUSE_STRANGERS 8
#define ABUSE_SECONDS 10
/* Loads S11 and S12: changes at least, and until the whole table was listed
 * once, but no longer than this; own prefixes of who flaps and of the others,
 * each. */
#define FLAPS 1000
#define FLAPS_SECONDS 120
#define FLAP_OWN 32
#define CHURN_OWN 150
#define CHURN_ROUNDS 2
#define SHORT_HOLD 3
#define POLICY_HOLD 3
#define PSS_LIMIT_KIB (10u * 1024 * 1024)

enum kind {
	ONE_TO_ONE,
	RIVALS,
	FAN_OUT,
	REAL,
	DEAF,
	ABUSE,
	FLAP,
	TABLES,
	SERVER
};
enum then {
	THEN_NOTHING,
	THEN_DROP,
	THEN_JOIN,
	THEN_CHANGE,
	THEN_FLAPS,
	THEN_ALL
};

/* `npfx` is the whole table, whoever announces it. */
static const struct load {
	const char *name;
	enum kind kind;
	enum then then;
	unsigned afi;
	uint32_t npfx;
	unsigned npeers; /* senders */
	const char *what;
} loads[] = {
	{ "S1", ONE_TO_ONE, THEN_NOTHING, 1, 1000000, 1,
	    "one sender, one million IPv4 prefixes, one receiver" },
	{ "S2", RIVALS, THEN_NOTHING, 1, 200000, 10,
	    "ten senders, the same 200,000 prefixes by other paths" },
	{ "S3", FAN_OUT, THEN_NOTHING, 1, 100000, 50,
	    "50 peers, 2,000 own prefixes each, all receive all" },
	{ "S4", ONE_TO_ONE, THEN_DROP, 1, 1000000, 1,
	    "S1, then the sender drops" },
	{ "S5", ONE_TO_ONE, THEN_JOIN, 1, 1000000, 1,
	    "S1, then another receiver joins" },
	{ "S6", ONE_TO_ONE, THEN_NOTHING, 2, 200000, 1,
	    "one sender, 200,000 IPv6 prefixes, one receiver" },
	{ "S7", ONE_TO_ONE, THEN_CHANGE, 1, 1000000, 1,
	    "S1, then 200,000 of it with other attributes" },
	{ "S8", FAN_OUT, THEN_NOTHING, 1, 50000, 500,
	    "500 peers, 100 own prefixes each, all receive all" },
	{ "S9", REAL, THEN_NOTHING, 1, 0, 1,
	    "MRT files: a table, then updates as churn" },
	{ "S10", TABLES, THEN_NOTHING, 1, 200000, 10,
	    "ten full tables (files), one receiver" },
	{ "S11", TABLES, THEN_FLAPS, 1, 200000, 10,
	    "S10, 50 receivers join, then single changes beside -R" },
	{ "S12", TABLES, THEN_ALL, 1, 200000, 10,
	    "S11 with 200 peers, hold time 3 s, then churn of all" },
	{ "Z1", DEAF, THEN_NOTHING, 1, 500000, 1,
	    "S1 with four receivers, one of them stops reading for a while" },
	{ "G1", ABUSE, THEN_NOTHING, 1, 100000, 1,
	    "S1, then floods, garbage and spoilt UPDATEs from others" },
	{ "F1", FLAP, THEN_NOTHING, 1, 20000, 20,
	    "20 peers as in S3, of which a few at a time leave and return" },
	{ "P1", ONE_TO_ONE, THEN_NOTHING, 1, 1000000, 1,
	    "S1 through a prefix set of 100,000 entries" },
	{ "P2", ONE_TO_ONE, THEN_NOTHING, 1, 1000000, 1,
	    "S1 through 1,000 AS-path patterns" },
	{ "P4", ONE_TO_ONE, THEN_NOTHING, 1, 1000000, 1,
	    "S1 through 1,000 AS-path patterns with gaps" },
	{ "P3", SERVER, THEN_NOTHING, 1, 60000, 300,
	    "300 peers, 200 own prefixes and a set each; sets change" },
};

struct run {
	const struct load_opts *o;
	const struct load *load;
	struct table t;
	struct pool pool;
	struct usage *usage;
	struct bytes *streams;
	unsigned senders;
	bool finished, first_phase;
	uint32_t own; /* S11, S12: first of the peers' own prefixes */
	struct latency *latency; /* of the running phase, or NULL */
	uint32_t *cls; /* of each prefix, before policy */
	struct flap *flap;
	struct silence *silence; /* where the hold time is short */
	/* of the running phase */
	double t0, cpu0, self0, machine0;
	double spent; /* seconds of the phases before */
	uint64_t updates0, routes0, withdrawn0, bytes0, spoilt0;
};

static const struct load *
load_find(const char *name)
{
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		if (strcmp(loads[i].name, name) == 0)
			return &loads[i];
	}
	return NULL;
}

/* Which one of policy.h; 0: none. */
static unsigned
policy_of(const struct load *l)
{
	return l->name[0] == 'P' ? (unsigned)(l->name[1] - '0') : 0;
}

bool
load_known(const char *name)
{
	return load_find(name) != NULL;
}

void
load_list(void)
{
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		fprintf(stderr, "  %s  %s\n", loads[i].name, loads[i].what);
}

static void
print_text(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\' || (unsigned char)*s < ' ')
			printf("\\u%04x", (unsigned char)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

static double
seconds(void)
{
	return (double)now_us() / 1e6;
}

/* Turns of the loop for a while. */
static void
settle(struct run *r, double s)
{
	double end = seconds() + s;

	while (seconds() < end)
		pool_turn(&r->pool, 20);
}

static bool
bring_up(struct run *r)
{
	double end = seconds() + r->o->timeout;

	while (!pool_connect(&r->pool)) {
		if (seconds() > end)
			return false;
		pool_turn(&r->pool, 5);
	}
	return true;
}

/* ---- phases ---- */

static void
phase_begin(struct run *r)
{
	struct pool *p = &r->pool;

	usage_find(r->usage);
	usage_watch(r->usage);
	r->updates0 = p->updates;
	r->routes0 = p->routes;
	r->withdrawn0 = p->withdrawn;
	r->spoilt0 = p->spoilt;
	r->bytes0 = p->bytes_in;
	r->machine0 = usage_machine_cpu();
	r->self0 = usage_self_cpu();
	r->cpu0 = usage_cpu(r->usage);
	if (r->silence != NULL)
		silence_reset(r->silence);
	if (r->flap != NULL)
		flap_reset(r->flap);
	r->t0 = seconds();
}

/* What only some loads measure. */
static void
phase_print_more(const struct run *r)
{
	const struct latency *l = r->latency;

	printf(",\"by\":");
	usage_print(r->usage, stdout);
	if (r->silence != NULL && r->flap == NULL)
		printf(",\"silence_ms\":%u,\"unseen_ms\":%u",
		    silence_longest(r->silence), silence_unseen(r->silence));
	if (l != NULL)
		printf(",\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
		       "\"worst_ms\":%.3f,\"flaps\":%u",
		    l->p50 * 1000, l->p99 * 1000, l->worst * 1000, l->done);
	if (l != NULL && l->beside != NULL)
		printf(",\"besides\":%u,\"beside_lines\":%llu,"
		       "\"beside_seconds\":%.3f,\"beside_cpu\":%.2f,"
		       "\"beside_failed\":%s",
		    l->besides, (unsigned long long)l->beside_lines,
		    l->beside_first, l->beside_cpu,
		    l->beside_failed ? "true" : "false");
}

static void
phase_print_gap(struct run *r)
{
	unsigned seen;
	double silence, gap;

	if (r->flap == NULL)
		return;
	gap = flap_gap(r->flap, &seen);
	silence = flap_silence(r->flap);
	if (silence < 0) {
		r->pool.faults.lost++;
		snprintf(r->pool.faults.first, sizeof(r->pool.faults.first),
		    "a session of the flaps ended");
	}
	if (silence_longest(r->silence) > silence)
		silence = silence_longest(r->silence);
	printf(",\"gap_ms\":%.1f,\"flaps\":%u,\"silence_ms\":%.0f", gap, seen,
	    silence);
}

static void
phase_print(struct run *r, const char *name, bool ok, double took, double cpu,
    double self, double machine)
{
	struct pool *p = &r->pool;
	uint64_t right = 0, want = 0, peak = usage_peak(r->usage);
	double foreign = machine - cpu - self;

	for (unsigned i = 0; i < p->n; i++) {
		if (!p->s[i].receives || p->s[i].late)
			continue;
		right += p->s[i].nright;
		want += p->s[i].want;
	}
	printf("%s{\"name\":\"%s\",\"finished\":%s,\"seconds\":%.4f,"
	       "\"cpu\":%.4f,\"gen_cpu\":%.4f,\"foreign_cores\":%.2f,"
	       "\"peak_pss_kib\":%llu,\"end_pss_kib\":%llu,"
	       "\"hwm_kib\":%llu,"
	       "\"updates\":%llu,\"routes\":%llu,\"withdrawn\":%llu,"
	       "\"bytes\":%llu,\"right\":%llu,\"want\":%llu,"
	       "\"spoilt\":%llu",
	    r->first_phase ? "" : ",", name, ok ? "true" : "false", took, cpu,
	    self, took > 0 && foreign > 0 ? foreign / took : 0.0,
	    (unsigned long long)peak,
	    (unsigned long long)usage_pss_kib(r->usage),
	    (unsigned long long)usage_hwm_kib(r->usage),
	    (unsigned long long)(p->updates - r->updates0),
	    (unsigned long long)(p->routes - r->routes0),
	    (unsigned long long)(p->withdrawn - r->withdrawn0),
	    (unsigned long long)(p->bytes_in - r->bytes0),
	    (unsigned long long)right, (unsigned long long)want,
	    (unsigned long long)(p->spoilt - r->spoilt0));
	phase_print_more(r);
	phase_print_gap(r);
	printf("}");
	fflush(stdout);
	r->first_phase = false;
}

/*
 * Wait until all receivers hold what is expected, and that it stays so.
 * The clock stops at the first moment after which it stayed.
 */
static bool
phase_end(struct run *r, const char *name)
{
	struct pool *p = &r->pool;
	double at = 0, now, cpu = 0, self = 0, machine = 0;
	double end = r->t0 + r->o->timeout - r->spent, check = r->t0;
	bool ok = false, was = false;

	if (p->nwanting == 0)
		errx(2, "%s: nobody receives", name);

	for (;;) {
		pool_turn(p, 5);
		now = seconds();
		if (pool_done(p) != was) {
			was = !was;
			at = now;
			cpu = usage_cpu(r->usage) - r->cpu0;
			self = usage_self_cpu() - r->self0;
			machine = usage_machine_cpu() - r->machine0;
		}
		if (was && now - at >= r->o->stable_ms / 1e3) {
			ok = true;
			break;
		}
		if (pool_faulty(p))
			break;
		if (now - check > 0.2) {
			check = now;
			if (now > end || usage_lost(r->usage) ||
			    usage_peak_now(r->usage) > PSS_LIMIT_KIB)
				break;
		}
	}
	if (!ok) {
		at = seconds();
		cpu = usage_cpu(r->usage) - r->cpu0;
		self = usage_self_cpu() - r->self0;
		machine = usage_machine_cpu() - r->machine0;
	}
	r->spent += at - r->t0;
	phase_print(r, name, ok, at - r->t0, cpu, self, machine);
	r->finished = r->finished && ok;
	return ok;
}

/* Send the sets [from, to) of everybody and see them arrive. */
static bool
phase_announce(struct run *r, const char *name, uint32_t from, uint32_t to)
{
	bool ok;

	for (unsigned i = 0; i < r->senders; i++) {
		struct addr nh[3] = { { 0 } };

		nh[r->pool.s[i].local.afi] = r->pool.s[i].local;
		r->streams[i].len = 0;
		table_stream(&r->t, &r->streams[i], i, from, to, nh);
		pool_keepalives(&r->pool);
	}
	pool_recount(&r->pool);
	phase_begin(r);
	for (unsigned i = 0; i < r->senders; i++)
		pool_send(&r->pool, i, &r->streams[i]);
	ok = phase_end(r, name);
	if (!ok)
		return false;
	for (unsigned i = 0; i < r->senders; i++)
		r->pool.s[i].out_len = r->pool.s[i].out_sent = 0;
	return true;
}

static void
phase_drop(struct run *r)
{
	memset(r->t.expect, 0, r->t.npfx * sizeof(*r->t.expect));
	pool_recount(&r->pool);
	phase_begin(r);
	pool_drop(&r->pool, 0);
	phase_end(r, "drop");
}

/* The peers from `first` on join. */
static bool
phase_join(struct run *r, unsigned first)
{
	struct pool *p = &r->pool;

	for (unsigned i = first; i < p->n; i++)
		p->s[i].late = false;
	pool_recount(p);
	phase_begin(r);
	/* The clock runs from connect(); the phase's own loop does the rest,
	 * since a receiver counts only with its whole table. */
	while (!pool_connect(p) && seconds() < r->t0 + r->o->timeout)
		pool_turn(p, 1);
	return phase_end(r, "join");
}

static void
phase_change(struct run *r)
{
	uint32_t end,
	    from = table_reannounce(&r->t, r->o->seed + 1, r->t.npfx / 5, &end);

	phase_announce(r, "change", from, r->t.nsets);
}

/* ---- the loads ---- */

static bool
real_phase(struct run *r, unsigned i)
{
	const char *slash = strrchr(r->o->files[i], '/');
	uint32_t from = r->t.nsets;

	if (mrt_load(&r->t, r->o->files[i], 0, r->o->peer_as, 1u << 1) < 0)
		return true; /* nothing of this family in it: no phase */
	return phase_announce(r, slash != NULL ? slash + 1 : r->o->files[i],
	    from, r->t.nsets);
}

/* One receiver stops reading; the others must not notice. */
static void
run_deaf(struct run *r)
{
	unsigned last = r->pool.n - 1;
	uint32_t end, from;
	char name[32];

	pool_deafen(&r->pool, last, true);
	if (!phase_announce(r, "announce", 0, r->t.nsets))
		return;
	for (int i = 0; i < DEAF_CHANGES; i++) {
		from = table_reannounce(&r->t, r->o->seed + 1 + (uint64_t)i,
		    r->t.npfx / 5, &end);
		snprintf(name, sizeof(name), "change %d", i + 1);
		if (!phase_announce(r, name, from, r->t.nsets))
			return;
	}
	pool_deafen(&r->pool, last, false);
	pool_recount(&r->pool);
	phase_begin(r);
	phase_end(r, "resume");
}

/* Others misbehave; the two good sessions must not notice. */
static void
run_abuse(struct run *r)
{
	struct abuse a = { .dut = r->o->dut,
		.port = r->o->port,
		.local = r->o->local,
		.n = ABUSE_PEERS,
		.asn = r->o->peer_as + 2,
		.nstrangers = ABUSE_STRANGERS,
		.updates = &r->streams[0],
		.seed = r->o->seed,
		.seconds = ABUSE_SECONDS };
	pid_t pid;
	int status = 0;

	a.local.b[3] += 2;
	if (!phase_announce(r, "announce", 0, r->t.nsets))
		return;
	r->pool.lenient = true;
	pool_recount(&r->pool);
	phase_begin(r);
	if ((pid = fork()) == 0) {
		abuse_run(&a);
		_exit(0);
	}
	while (pid != -1 && waitpid(pid, &status, WNOHANG) == 0)
		pool_turn(&r->pool, 20);
	phase_end(r, "abuse");
}

/* A peer's own prefixes are expected, or gone with it. */
static void
flap_expect(struct run *r, unsigned peer, const uint32_t *cls)
{
	for (uint32_t i = 0; i < r->t.npfx; i++) {
		if (r->t.owner[i] == peer)
			r->t.expect[i] = cls != NULL ? cls[i] : CLASS_NONE;
	}
}

/* Peers `first` to `last` return with their streams. */
static bool
flap_return(struct run *r, unsigned first, unsigned last, const uint32_t *cls)
{
	double end = seconds() + r->o->timeout;

	for (unsigned i = first; i <= last; i++) {
		pool_revive(&r->pool, i);
		flap_expect(r, i, cls);
	}
	while (!pool_connect(&r->pool) && seconds() < end)
		pool_turn(&r->pool, 1);
	if (seconds() >= end)
		return false;
	for (unsigned i = first; i <= last; i++)
		pool_send(&r->pool, i, &r->streams[i]);
	return true;
}

/*
 * Peers leave and return; in two rounds of three before the others have
 * heard of it.
 */
static void
run_flaps(struct run *r)
{
	size_t size = r->t.npfx * sizeof(*r->t.expect);
	uint32_t *cls;
	unsigned first, last;
	char name[32];
	bool ok;

	if (!phase_announce(r, "announce", 0, r->t.nsets))
		return;
	cls = need(malloc(size));
	memcpy(cls, r->t.expect, size);
	for (unsigned i = 0; i < FLAP_ROUNDS && r->finished; i++) {
		first = (i * 7) % r->senders;
		last = first + i % 4;
		if (last >= r->senders)
			last = r->senders - 1;
		for (unsigned k = first; k <= last; k++) {
			pool_drop(&r->pool, k);
			flap_expect(r, k, NULL);
		}
		pool_recount(&r->pool);
		phase_begin(r);
		snprintf(name, sizeof(name), "leave %u", i + 1);
		if (i % 3 == 0 && !phase_end(r, name))
			break;
		ok = flap_return(r, first, last, cls);
		pool_recount(&r->pool);
		snprintf(name, sizeof(name), "return %u", i + 1);
		r->finished = phase_end(r, name) && ok;
	}
	free(cls);
}

/* ---- S10 to S12: feeds, then who flaps, then receivers ---- */

/* Single changes, while a command lists the table over and over. */
static void
phase_flaps(struct run *r)
{
	uint32_t ids[2 * FLAP_OWN], step = r->own / FLAP_OWN;
	struct latency l = { .sender = r->senders,
		.ids = ids,
		.flaps = r->o->flaps != 0 ? r->o->flaps : FLAPS,
		.seconds = r->o->timeout < FLAPS_SECONDS ? r->o->timeout :
							   FLAPS_SECONDS,
		.beside = r->o->beside,
		.seed = r->o->seed };
	double at, machine;
	bool ok;

	/* Prefixes that only it has, and in turn those that all have. */
	for (uint32_t i = 0; i < FLAP_OWN; i++) {
		ids[l.nids++] = r->own + i;
		if (step > 0)
			ids[l.nids++] = i * step;
	}
	pool_recount(&r->pool);
	phase_begin(r);
	ok = latency_run(&l, &r->pool);
	at = seconds();
	/* Who lists is no stranger. */
	machine = usage_machine_cpu() - r->machine0 - l.beside_cpu;
	r->latency = &l;
	phase_print(r, "flaps", ok, at - r->t0, usage_cpu(r->usage) - r->cpu0,
	    usage_self_cpu() - r->self0, machine);
	r->latency = NULL;
	r->finished = r->finished && ok;
}

/* Each receiver's own prefixes, announced or withdrawn. */
static bool
phase_churn(struct run *r, const char *name, bool gone)
{
	unsigned first = r->senders + 1, n = r->pool.n;
	struct bytes *streams = need(calloc(n, sizeof(*streams)));
	struct bytes attrs = { 0 }, canon = { 0 }, path = { 0 };
	struct addr nh[3] = { { 0 } };
	uint32_t at, from = r->t.nsets, cls = CLASS_NONE;
	bool ok;

	for (unsigned i = first; i < n; i++) {
		at = r->own + FLAP_OWN + (i - first) * CHURN_OWN;
		attrs.len = canon.len = path.len = 0;
		wire_attr(&attrs, 0x40, ATTR_ORIGIN, "", 1);
		bytes_u8(&path, 2);
		bytes_u8(&path, 1);
		bytes_u32(&path, r->pool.s[i].asn);
		wire_attr(&attrs, 0x40, ATTR_AS_PATH, path.data, path.len);
		wire_canon(&canon, attrs.data, attrs.len, r->t.dut_as);
		if (!gone)
			cls = table_learn(&r->t, &canon);
		table_set(&r->t, i, at, CHURN_OWN, gone ? NULL : &attrs);
		for (uint32_t k = at; k < at + CHURN_OWN; k++)
			r->t.expect[k] = cls;
		nh[1] = r->pool.s[i].local;
		table_stream(&r->t, &streams[i], i, from, r->t.nsets, nh);
	}
	pool_recount(&r->pool);
	phase_begin(r);
	for (unsigned i = first; i < n; i++)
		pool_send(&r->pool, i, &streams[i]);
	ok = phase_end(r, name);
	for (unsigned i = first; i < n; i++) {
		r->pool.s[i].out_len = r->pool.s[i].out_sent = 0;
		bytes_free(&streams[i]);
	}
	free(streams);
	bytes_free(&attrs);
	bytes_free(&canon);
	bytes_free(&path);
	return ok;
}

static void
run_tables(struct run *r)
{
	char name[32];

	if (!phase_announce(r, "announce", 0, r->t.nsets) ||
	    r->load->then == THEN_NOTHING)
		return;
	if (r->load->then == THEN_FLAPS && !phase_join(r, r->senders + 2))
		return;
	phase_flaps(r);
	if (r->load->then != THEN_ALL)
		return;
	for (unsigned i = 0; i < CHURN_ROUNDS && r->finished; i++) {
		snprintf(name, sizeof(name), "churn %u", i + 1);
		if (!phase_churn(r, name, false))
			return;
		snprintf(name, sizeof(name), "gone %u", i + 1);
		if (!phase_churn(r, name, true))
			return;
	}
	/* A hold time's worth of nothing. */
	settle(r, SHORT_HOLD + 1);
}

static unsigned
tables_receivers(const struct run *r)
{
	if (r->o->receivers != 0)
		return r->o->receivers;
	if (r->load->then == THEN_ALL)
		return 200 - r->senders - 1;
	return r->load->then == THEN_FLAPS ? 50 : 1;
}

static void
tables_own(struct run *r)
{
	unsigned peers = tables_receivers(r);
	uint32_t n = FLAP_OWN + peers * CHURN_OWN, id;
	struct pfx p;

	r->own = r->t.npfx;
	for (uint32_t i = 0; i < n; i++) {
		p = full_own_pfx(i);
		id = table_enter(&r->t, &p);
		r->t.owner[id] = (uint16_t)(r->senders +
		    (i < FLAP_OWN ? 0 : 1 + (i - FLAP_OWN) / CHURN_OWN));
	}
}

/* The files' tables, or without them a generated one. */
static bool
tables_make(struct run *r, const struct gen *g)
{
	struct full f = { .files = r->o->files,
		.npfx = r->o->npfx,
		.feeds = r->senders,
		.feed_as = r->o->peer_as,
		.seed = r->o->seed };

	if (r->o->nfiles == 0)
		table_generate(&r->t, g);
	else if (r->o->nfiles != FULL_FILES || !full_compose(&r->t, &f))
		return false;
	tables_own(r);
	return true;
}

/* One step: the daemon gets new sets, receivers the new state. */
static void
phase_reload(struct run *r, const char *name, unsigned step)
{
	char number[16];
	pid_t pid;

	policy_expect(&r->t, policy_of(r->load), r->o->seed, r->senders, step,
	    r->cls);
	pool_recount(&r->pool);
	snprintf(number, sizeof(number), "%u", step);
	phase_begin(r);
	if ((pid = fork()) == 0) {
		if (dup2(STDERR_FILENO, STDOUT_FILENO) == -1)
			_exit(127);
		execlp(r->o->reload, r->o->reload, number, (char *)NULL);
		_exit(127);
	}
	phase_end(r, name);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void
run_server(struct run *r)
{
	static const char *const names[] = { "announce", "reload one",
		"reload all", "set one", "set all" };
	double end = seconds() + r->o->timeout;

	flap_start(r->flap, &r->pool);
	while (!flap_is_up(r->flap) && seconds() < end)
		pool_turn(&r->pool, 5);
	if (!flap_is_up(r->flap)) {
		r->finished = false;
		return;
	}
	settle(r, 0.5);
	if (!phase_announce(r, names[0], 0, r->t.nsets))
		return;
	for (unsigned i = 1; i <= r->o->steps && i < POLICY_STATES; i++) {
		settle(r, 0.5);
		phase_reload(r, names[i], i);
		if (!r->finished)
			return;
	}
}

static void
run_phases(struct run *r)
{
	if (r->load->kind == TABLES) {
		run_tables(r);
		return;
	}
	if (r->load->kind == SERVER) {
		run_server(r);
		return;
	}
	if (r->load->kind == FLAP) {
		run_flaps(r);
		return;
	}
	if (r->load->kind == DEAF) {
		run_deaf(r);
		return;
	}
	if (r->load->kind == ABUSE) {
		run_abuse(r);
		return;
	}
	if (r->load->kind == REAL) {
		for (unsigned i = 0; i < r->o->nfiles; i++) {
			if (!real_phase(r, i))
				return;
		}
		return;
	}
	if (!phase_announce(r, "announce", 0, r->t.nsets))
		return;
	switch (r->load->then) {
	case THEN_DROP:
		phase_drop(r);
		break;
	case THEN_JOIN:
		phase_join(r, 2);
		break;
	case THEN_CHANGE:
		phase_change(r);
		break;
	case THEN_FLAPS:
	case THEN_ALL:
	case THEN_NOTHING:
		break;
	}
}

static bool
run_table(struct run *r)
{
	const struct load_opts *o = r->o;
	struct gen g = { .seed = o->seed,
		.npfx = o->npfx != 0 ? o->npfx : r->load->npfx,
		.afi = r->load->afi,
		.senders = r->senders,
		.sender_as = o->peer_as,
		.same = r->load->kind == RIVALS || r->load->kind == TABLES };

	table_init(&r->t, o->dut_as);
	if (r->load->kind == TABLES)
		return tables_make(r, &g);
	if (r->load->kind != REAL)
		table_generate(&r->t, &g);
	return true;
}

static void
run_policy(struct run *r)
{
	if (policy_of(r->load) == 0)
		return;
	/* One more: that of the flaps. */
	r->cls = need(calloc(r->t.npfx + 1, sizeof(*r->cls)));
	memcpy(r->cls, r->t.expect, r->t.npfx * sizeof(*r->cls));
	policy_expect(&r->t, policy_of(r->load), r->o->seed, r->senders, 0,
	    r->cls);
}

static void
run_sessions(struct run *r)
{
	const struct load_opts *o = r->o;
	unsigned n = r->senders;

	if (r->load->kind == DEAF)
		n += 4;
	else if (r->load->kind == TABLES)
		n += 1 + tables_receivers(r);
	else if (r->load->kind != FAN_OUT && r->load->kind != FLAP &&
	    r->load->kind != SERVER)
		n += r->load->then == THEN_JOIN ? 2 : 1;
	pool_init(&r->pool, &r->t, n, &o->local, o->peer_as,
	    1u << r->load->afi);
	r->pool.dut = o->dut;
	r->pool.port = o->port;
	if (o->nh_self)
		r->pool.nh_exact = o->dut;
	for (unsigned i = 0; i < n; i++)
		r->pool.s[i].receives = r->load->kind == FAN_OUT ||
		    r->load->kind == FLAP || r->load->kind == SERVER ||
		    i >= r->senders;
	if (r->load->kind == SERVER) {
		r->pool.hold = POLICY_HOLD;
		r->flap = flap_new(&r->t, &r->pool);
	}
	if (r->load->kind == TABLES)
		r->pool.s[r->senders].receives = false;
	if (r->load->then == THEN_ALL)
		r->pool.hold = SHORT_HOLD;
	for (unsigned i = r->senders + 2; i < n && r->load->then == THEN_FLAPS;
	     i++)
		r->pool.s[i].late = true;
	if (r->load->then == THEN_JOIN)
		r->pool.s[n - 1].late = true;
}

static int
run_print_end(struct run *r)
{
	struct faults *f = &r->pool.faults;
	bool ok = r->finished && !pool_faulty(&r->pool);

	printf("],\"faults\":{\"unexpected\":%llu,\"path_bad\":%llu,"
	       "\"nh_bad\":%llu,\"malformed\":%llu,\"lost\":%llu,\"first\":",
	    (unsigned long long)f->unexpected, (unsigned long long)f->path_bad,
	    (unsigned long long)f->nh_bad, (unsigned long long)f->malformed,
	    (unsigned long long)f->lost);
	print_text(f->first);
	printf("},\"echoes\":%llu,\"ok\":%s}\n",
	    (unsigned long long)r->pool.echoes, ok ? "true" : "false");
	return ok ? 0 : 1;
}

int
load_run(const struct load_opts *o)
{
	struct run r = { .o = o, .load = load_find(o->name) };
	double t0;
	int rc;

	r.senders = r.load->npeers;
	if (o->npeers != 0 &&
	    (r.load->kind == RIVALS || r.load->kind == FAN_OUT ||
		r.load->kind == FLAP || r.load->kind == TABLES))
		r.senders = o->npeers;
	if (o->npeers != 0 && r.load->kind == SERVER)
		r.senders = o->npeers;
	r.finished = r.first_phase = true;
	r.streams = need(calloc(r.senders, sizeof(*r.streams)));
	if (!run_table(&r))
		errx(2, "%s: the table is not to be had", o->name);
	run_policy(&r);
	run_sessions(&r);
	r.usage = usage_new(o->pid);
	if (r.pool.hold <= SHORT_HOLD)
		r.silence = silence_new(&r.pool);
	printf("{\"load\":\"%s\",\"prefixes\":%u,\"sets\":%u,\"peers\":%u,"
	       "\"paths\":%llu,",
	    o->name, r.t.npfx, r.t.nsets, r.pool.n,
	    (unsigned long long)table_paths(&r.t));
	pool_recount(&r.pool);
	t0 = seconds();
	r.finished = bring_up(&r);
	printf("\"up_seconds\":%.2f,", seconds() - t0);
	/* Everything that belongs to the start is over: the idle daemon. */
	settle(&r, 0.7);
	usage_find(r.usage);
	printf("\"processes\":%u,\"idle_pss_kib\":%llu,\"phases\":[",
	    usage_processes(r.usage),
	    (unsigned long long)usage_pss_kib(r.usage));
	fflush(stdout);
	if (r.finished && !pool_faulty(&r.pool))
		run_phases(&r);
	rc = run_print_end(&r);
	if (r.flap != NULL)
		flap_free(r.flap);
	free(r.cls);
	usage_free(r.usage);
	silence_free(r.silence);
	pool_fini(&r.pool);
	table_fini(&r.t);
	for (unsigned i = 0; i < r.senders; i++)
		bytes_free(&r.streams[i]);
	free(r.streams);
	return rc;
}

int
load_policy(const struct load_opts *o)
{
	struct run r = { .o = o, .load = load_find(o->name) };

	r.senders = o->npeers != 0 && r.load->kind == SERVER ? o->npeers :
							       r.load->npeers;
	run_table(&r);
	policy_print(&r.t, policy_of(r.load), o->seed, r.senders, o->steps,
	    o->size);
	table_fini(&r.t);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- one half alone ---- */

static int
half_table(struct table *t, const struct load_opts *o, uint32_t sender_as,
    unsigned families)
{
	struct gen g = { .seed = o->seed,
		.npfx = o->npfx != 0 ? o->npfx : 10000,
		.afi = families >> 2 ? 2 : 1,
		.senders = 1,
		.sender_as = sender_as };

	table_init(t, o->dut_as);
	if (o->nfiles == 0)
		table_generate(t, &g);
	for (unsigned i = 0; i < o->nfiles; i++) {
		if (mrt_load(t, o->files[i], 0, sender_as, families) < 0)
			return -1;
	}
	return 0;
}

static int
half_up(struct pool *p, const struct load_opts *o)
{
	double end = seconds() + o->timeout;

	p->dut = o->dut;
	p->port = o->port;
	if (o->nh_self)
		p->nh_exact = o->dut;
	while (!pool_connect(p)) {
		pool_turn(p, 5);
		if (seconds() > end) {
			fprintf(stderr, "bgpload: no session\n");
			return -1;
		}
	}
	return 0;
}

static bool
input_ended(void)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	char c[64];

	return poll(&pfd, 1, 0) == 1 && read(STDIN_FILENO, c, sizeof(c)) <= 0;
}

int
load_play(const struct load_opts *o)
{
	unsigned families = 1u << o->local.afi;
	struct addr nh[3] = { { 0 } };
	struct bytes b = { 0 };
	struct table t;
	struct pool p;
	bool told = false;
	int rc = 1;

	nh[o->local.afi] = o->local;
	if (half_table(&t, o, o->peer_as, families) == -1)
		return 1;
	table_stream(&t, &b, 0, 0, t.nsets, nh);
	pool_init(&p, &t, 1, &o->local, o->peer_as, families);
	if (half_up(&p, o) == 0) {
		printf("{\"event\":\"up\"}\n");
		fflush(stdout);
		pool_send(&p, 0, &b);
		while (p.faults.lost == 0 && !input_ended()) {
			pool_turn(&p, 50);
			if (told || !pool_sent(&p))
				continue;
			told = true;
			printf("{\"event\":\"sent\",\"prefixes\":%u,"
			       "\"sets\":%u}\n",
			    t.npfx, t.nsets);
			fflush(stdout);
		}
		rc = p.faults.lost == 0 ? 0 : 1;
		if (rc == 0)
			pool_drop(&p, 0);
	}
	pool_fini(&p);
	table_fini(&t);
	bytes_free(&b);
	return rc;
}

int
load_sink(const struct load_opts *o, uint32_t sender_as)
{
	struct run r = { .o = o, .first_phase = true, .finished = true };
	unsigned families = 1u << o->local.afi;
	int rc = 1;

	if (half_table(&r.t, o, sender_as, families) == -1)
		return 1;
	for (uint32_t i = 0; i < r.t.npfx; i++)
		r.t.owner[i] = OWNER_NONE;
	pool_init(&r.pool, &r.t, 1, &o->local, o->peer_as, families);
	r.pool.s[0].receives = true;
	pool_recount(&r.pool);
	r.usage = usage_new(0);
	if (half_up(&r.pool, o) == 0) {
		printf("{\"event\":\"up\"}\n{\"phases\":[");
		phase_begin(&r);
		phase_end(&r, "receive");
		rc = run_print_end(&r);
		if (r.pool.faults.lost == 0)
			pool_drop(&r.pool, 0);
	}
	usage_free(r.usage);
	pool_fini(&r.pool);
	table_fini(&r.t);
	return rc;
}
