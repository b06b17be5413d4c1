/* SPDX-License-Identifier: ISC */
/*
 * The route engine alone, in one process, memory to memory: what a prefix
 * costs in time and memory when no socket and no other process takes part.
 *
 *	rde_micro [-d] [-r runs] [-n prefixes] [-f mrt-file] [scenario ...]
 *
 * s1 one sender, one receiver; s2 ten senders of the same prefixes; s4 the
 * sender goes; s5 a late receiver; s6 IPv6; s7 a fifth is announced again
 * with other attributes; s8 many peers, each announces to all others.
 * Times are of the process's CPU, the best of all runs.
 *
 * s1a is s1's announcement alone; with -d it tells in lines "ns STAGE VALUE"
 * and "bytes STRUCTURE VALUE" where a prefix's share goes.
 */
#include <sys/resource.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/bgp.h"
#include "common/hash.h"
#include "common/msg.h"
#include "common/msg_route.h"
#include "common/slab.h"
#include "common/xmalloc.h"
#include "rde/group.h"
#include "rde/pack.h"
#include "rde/prefix_index.h"
#include "rde/rde.h"
#include "regress/bench/rde_micro_load.h"

enum {
	SLICE = 65536,
	ROUND = 512 * 1024, /* bytes taken in before deciding and packing */
	SENDERS_MAX = 512,
};

static uint64_t out_bytes, out_messages, out_runs;
static uint32_t n_peers;
/* CPU seconds of a run's stages; cutting the stream into slices is none. */
static double taking, deciding, packing;

static void
on_tx(void *ctx, const struct rde_tx *tx)
{
	(void)ctx;
	out_bytes += tx->len;
	out_messages += tx->messages;
	out_runs++;
}

static bool
on_tx_ready(void *ctx)
{
	(void)ctx;
	return true;
}

static void
on_shut(void *ctx, struct peer *peer, const struct peer_shut *shut)
{
	(void)ctx;
	fprintf(stderr, "peer %u: shut %u/%u\n", peer->id, shut->code,
	    shut->subcode);
	exit(1);
}

static void
on_end_of_rib(void *ctx, struct peer *peer, enum family family)
{
	(void)ctx;
	(void)peer;
	(void)family;
}

static void
on_fault(void *ctx, struct peer *peer, const struct bgp_update *u)
{
	(void)ctx;
	(void)peer;
	fprintf(stderr, "fault: %s\n", u->fault != NULL ? u->fault : "?");
}

static void
on_limit(void *ctx, struct peer *peer)
{
	(void)ctx;
	(void)peer;
}

static void
on_unsendable(void *ctx, const struct peer *peer, const struct nlri *nlri,
    enum rde_unsendable why)
{
	(void)ctx;
	(void)peer;
	(void)nlri;
	(void)why;
}

static const struct rde_ops ops = {
	.tx = on_tx,
	.tx_ready = on_tx_ready,
	.shut = on_shut,
	.end_of_rib = on_end_of_rib,
	.fault = on_fault,
	.limit = on_limit,
	.unsendable = on_unsendable,
};

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What of it the kernel took. */
static double
kernel_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6;
}

static double
resident(void)
{
	unsigned long total, rss = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f == NULL || fscanf(f, "%lu %lu", &total, &rss) != 2)
		rss = 0;
	if (f != NULL)
		fclose(f);
	return (double)rss * (double)sysconf(_SC_PAGESIZE);
}

static struct mono now = { 1000000 };

static void
up(struct rde *rde, uint32_t id, unsigned afi)
{
	struct peer_up u;
	int bad;

	memset(&u, 0, sizeof(u));
	bad = addr_parse(afi == 1 ? "192.0.2.1" : "2001:db8::1", &u.local);
	u.remote = addr_ipv4(0x0a000000 + id);
	if (bad != 0)
		exit(1);
	u.remote_as = 65000 + id;
	u.remote_id = id;
	u.local_as = 65000;
	u.ebgp = true;
	u.as4 = true;
	u.families = FAMILY_ALL;
	rde_peer_up(rde, id, 1, &u, now);
	if (id >= n_peers)
		n_peers = id + 1;
}

/* Send until nothing is left, windows opening at once. */
static void
flush(struct rde *rde)
{
	uint64_t before;
	uint32_t i;

	do {
		before = out_bytes;
		rde_pack(rde, now, MONO_NEVER, 1 << 20);
		for (i = 1; i < n_peers; i++)
			rde->peers[i]->tx_used = 0;
	} while (out_bytes != before);
}

/* The next slice of whole messages. */
static size_t
slice(const struct micro_stream *s, size_t at)
{
	size_t end = at, len;

	while (end < s->len) {
		len = (size_t)s->data[end + 16] << 8 | s->data[end + 17];
		if (end + len - at > SLICE)
			break;
		end += len;
	}
	return end - at;
}

static void
decide_and_pack(struct rde *rde)
{
	double t = cpu_seconds(), u;

	rde_settle(rde);
	u = cpu_seconds();
	deciding += u - t;
	flush(rde);
	packing += cpu_seconds() - u;
}

/* Part of the decisions are taken as UPDATEs come, as in the process. */
static void
take_slice(struct rde *rde, struct peer *peer, const uint8_t *data, size_t len)
{
	double t = cpu_seconds(), u;

	rde_updates(rde, peer, data, len, now);
	u = cpu_seconds();
	taking += u - t;
	rde_settle_many(rde);
	deciding += cpu_seconds() - u;
}

/*
 * All senders at the same pace, a round of them before each pack.  A
 * function of its own, so that a profiler may count just what is in it.
 */
static void __attribute__((__noinline__))
feed(struct rde *rde, const struct micro_stream *s, unsigned senders)
{
	size_t at[SENDERS_MAX] = { 0 }, len, taken = 0;
	unsigned i, active = 1;

	taking = deciding = packing = 0;

	while (active > 0) {
		active = 0;
		for (i = 0; i < senders; i++) {
			len = slice(&s[i], at[i]);
			if (len == 0)
				continue;
			active++;
			take_slice(rde, rde->peers[i + 1], s[i].data + at[i],
			    len);
			at[i] += len;
			taken += len;
			if (taken >= ROUND) {
				decide_and_pack(rde);
				taken = 0;
			}
		}
	}
	decide_and_pack(rde);
}

static void
sweep(struct rde *rde)
{
	while (rde_sweep(rde, 32768)) {
		rde_settle(rde);
		flush(rde);
	}
	rde_settle(rde);
	flush(rde);
	while (rde_sweep(rde, 32768))
		;
}

struct result {
	double ns;
	uint64_t messages;
	double bytes, rss;
};

static void
take(struct result *best, double seconds, double per, const struct rde *rde,
    double rss)
{
	double ns = seconds * 1e9 / per;

	if (best->ns == 0 || ns < best->ns)
		best->ns = ns;
	best->messages = out_messages;
	best->bytes = (double)rde_bytes(rde) / per;
	best->rss = rss / per;
}

static void
report(const char *what, const struct result *r)
{
	printf("%-22s %7.1f ns  %9llu messages  %6.1f bytes  %6.1f resident\n",
	    what, r->ns, (unsigned long long)r->messages, r->bytes, r->rss);
	fflush(stdout);
}

static struct rde *
begin(unsigned peers, unsigned afi)
{
	struct rde *rde = rde_new(&ops, NULL);
	unsigned i;

	rde_configure(rde, 65000, 0x01010101, 0x01010101);
	n_peers = 1;
	for (i = 1; i <= peers; i++)
		up(rde, i, afi);
	flush(rde);
	out_messages = out_bytes = out_runs = 0;
	return rde;
}

/* s1, s4, s5, s7 in one go, as they build on the same table. */
static void
run_table(const char *name, unsigned afi, uint32_t n, const char *mrt, int runs)
{
	struct micro_stream s[2];
	struct result r1 = { 0 }, r4 = { 0 }, r5 = { 0 }, r7 = { 0 };
	struct rde *rde;
	double t, rss;
	char text[64];
	int i;

	n = micro_load(s, 1, afi, n, 0, n / 5, mrt);
	if (n == 0)
		return;
	for (i = 0; i < runs; i++) {
		rde = begin(2, afi);
		rss = resident();
		feed(rde, s, 1);
		take(&r1, taking + deciding + packing, n, rde,
		    resident() - rss);

		out_messages = 0;
		up(rde, 3, afi);
		t = cpu_seconds();
		flush(rde);
		take(&r5, cpu_seconds() - t, n, rde, resident() - rss);
		sweep(rde);

		out_messages = 0;
		feed(rde, s + 1, 1);
		take(&r7, taking + deciding + packing, s[1].prefixes, rde,
		    resident() - rss);

		out_messages = 0;
		rde_peer_down(rde, rde->peers[1], 0);
		t = cpu_seconds();
		sweep(rde);
		take(&r4, cpu_seconds() - t, n, rde, resident() - rss);
		rde_free(rde);
	}
	snprintf(text, sizeof(text), "%s announce", name);
	report(text, &r1);
	snprintf(text, sizeof(text), "%s late joiner", name);
	report(text, &r5);
	snprintf(text, sizeof(text), "%s again", name);
	report(text, &r7);
	snprintf(text, sizeof(text), "%s withdraw", name);
	report(text, &r4);
	free(s[0].data);
	free(s[1].data);
}

/* Where the memory is. */
static void
tell_bytes(const struct rde *rde, double per)
{
	const struct rib *rib = &rde->ribs[FAMILY_IPV4_UNICAST];
	const struct group *g;
	size_t groups = 0;

	TAILQ_FOREACH(g, &rde->groups, entry)
		groups += group_bytes(g);
	printf("bytes index %.2f\n",
	    (double)prefix_index_bytes(rib->index) / per);
	printf("bytes entries %.2f\n",
	    (double)(slab_bytes(&rib->entries) + slab_bytes(&rib->paths)) /
		per);
	printf("bytes dirty %.2f\n",
	    (double)(rib->max_dirty * sizeof(*rib->dirty)) / per);
	printf("bytes attributes %.2f\n",
	    (double)attrs_bytes(rde->attrs) / per);
	printf("bytes groups %.2f\n", (double)groups / per);
	printf("bytes packer %.2f\n", (double)packer_bytes(rde->packer) / per);
}

static void
run_announce(uint32_t n, int runs, bool detail)
{
	double took, kernel = 0, best[4] = { 0 };
	struct micro_stream s[2];
	struct result r = { 0 };
	struct rde *rde;
	double rss;
	int i;

	n = micro_load(s, 1, 1, n, 0, 0, NULL);
	for (i = 0; i < runs; i++) {
		rde = begin(2, 1);
		rss = resident();
		kernel -= kernel_seconds();
		feed(rde, s, 1);
		kernel += kernel_seconds();
		took = taking + deciding + packing;
		take(&r, took, n, rde, resident() - rss);
		if (best[0] == 0 || took < best[0]) {
			best[0] = took;
			best[1] = taking;
			best[2] = deciding;
			best[3] = packing;
		}
		if (detail && i == runs - 1)
			tell_bytes(rde, n);
		rde_free(rde);
	}
	if (detail)
		printf("ns take %.2f\nns decide %.2f\nns pack %.2f\n"
		       "ns all %.2f\nns kernel %.2f\n",
		    best[1] * 1e9 / n, best[2] * 1e9 / n, best[3] * 1e9 / n,
		    best[0] * 1e9 / n, kernel * 1e9 / n / runs);
	else
		report("s1 announce alone", &r);
	free(s[0].data);
}

static void
run_senders(const char *name, unsigned senders, uint32_t n, int same, int runs)
{
	static struct micro_stream s[SENDERS_MAX + 1];
	struct result r = { 0 };
	struct rde *rde;
	double rss, per;
	unsigned k;
	int i;

	n = micro_load(s, senders, 1, n, same, 0, NULL);
	per = same ? (double)n * senders : n;
	for (i = 0; i < runs; i++) {
		rde = begin(same ? senders + 1 : senders, 1);
		rss = resident();
		feed(rde, s, senders);
		take(&r, taking + deciding + packing, per, rde,
		    resident() - rss);
		rde_free(rde);
	}
	report(name, &r);
	for (k = 0; k < senders; k++)
		free(s[k].data);
}

static bool
wanted(int argc, char **argv, const char *name)
{
	int i;

	for (i = 0; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return argc == 0;
}

int
main(int argc, char **argv)
{
	uint32_t n = 1000000;
	const char *mrt = NULL;
	bool detail = false;
	int c, runs = 3;

	while ((c = getopt(argc, argv, "dr:n:f:")) != -1) {
		if (c == 'd')
			detail = true;
		else if (c == 'r')
			runs = atoi(optarg);
		else if (c == 'n')
			n = (uint32_t)atoi(optarg);
		else if (c == 'f')
			mrt = optarg;
		else
			return 2;
	}
	argc -= optind;
	argv += optind;
	hash_init();
	if (argc > 0 && wanted(argc, argv, "s1a"))
		run_announce(n, runs, detail);
	if (wanted(argc, argv, "s1"))
		run_table("s1", 1, n, NULL, runs);
	if (mrt != NULL)
		run_table("mrt", 1, 0, mrt, runs);
	if (wanted(argc, argv, "s6"))
		run_table("s6", 2, n / 5, NULL, runs);
	if (wanted(argc, argv, "s2"))
		run_senders("s2 10 senders", 10, n / 5, 1, runs);
	if (wanted(argc, argv, "s3"))
		run_senders("s3 50 peers", 50, n / 10, 0, runs);
	if (wanted(argc, argv, "s8"))
		run_senders("s8 500 peers", 500, n / 20, 0, runs);
	return 0;
}
