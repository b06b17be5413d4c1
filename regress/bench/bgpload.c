/* SPDX-License-Identifier: ISC */
/* The load tool's command line; what it does is in load.h. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "regress/bench/load.h"

static void __attribute__((__noreturn__)) usage(int rc)
{
	fputs(
	    "usage: bgpload run -l LOAD [options] [FILE...]\n"
	    "       bgpload play [options] [FILE...]\n"
	    "       bgpload sink -S AS [options] [FILE...]\n"
	    "       bgpload policy -l LOAD [-n N] [-c N] [-s SEED] [-x STEP]\n"
	    "           [-z ENTRIES]\n"
	    "       bgpload gen [-6] [-n N] [-s SEED] [-A AS]\n\n"
	    "run   play a load to a daemon as all of its peers, check all\n"
	    "      that it sends, print one JSON object\n"
	    "play  be one peer that announces a table, until standard\n"
	    "      input ends; JSON lines {\"event\":\"up\"}, \"sent\"\n"
	    "sink  be one peer that receives; ends when exactly what the\n"
	    "      sender of AS -S announced is there for a second: JSON\n"
	    "      with \"ok\", exit status 0; else 1\n"
	    "policy print what P1 to P3 filter by; of P3 after a step\n"
	    "gen   print the table: prefix, AS path, origin, communities,\n"
	    "      with tabs between; the same for the same -n -s -A -6\n\n"
	    "The table of play and sink is the generator's (-n -s), or that\n"
	    "of the MRT FILEs (.gz .xz .bz2), played one after the other.\n\n"
	    "-d ADDR   the daemon               -p PORT  its port (179)\n"
	    "-D AS     its AS (65000)           -P PID   its first process\n"
	    "-L ADDR   own address, of peer 0   -A AS    own AS, of peer 0\n"
	    "-n N      prefixes in all          -c N     senders\n"
	    "-s SEED   of the table (1)         -t SEC   limit of a load\n"
	    "-N        the daemon has to set itself as next hop\n"
	    "-X PROG   P3: reloads the daemon   -x N     steps it has\n"
	    "-z N      P3: entries of a set\n"
	    "-r N      receivers of S10 to S12\n"
	    "-F N      single changes of S11, S12, at least\n"
	    "-R CMD    runs beside them, over and over, once to its end\n"
	    "-w MSEC   how long a table has to stay right (1000)\n"
	    "-6        IPv6 table (gen; else by -L)\n\n"
	    "loads:\n",
	    stderr);
	load_list();
	exit(rc);
}

static unsigned long
number(const char *s, unsigned long max)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0' || v > max)
		errx(2, "%s: not a number up to %lu", s, max);
	return v;
}

static void
address(struct addr *a, const char *s)
{
	if (!addr_parse(a, s))
		errx(2, "%s: not an address", s);
}

static int
generate(const struct load_opts *o, bool ip6)
{
	struct table t;
	struct gen g = { .seed = o->seed,
		.npfx = o->npfx != 0 ? o->npfx : 10000,
		.afi = ip6 ? 2 : 1,
		.senders = 1,
		.sender_as = o->peer_as };

	table_init(&t, o->dut_as);
	table_generate(&t, &g);
	table_print(&t);
	table_fini(&t);
	return fflush(stdout) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct load_opts o = { .port = 179,
		.dut_as = 65000,
		.peer_as = 60001,
		.seed = 1,
		.timeout = 120,
		.stable_ms = 1000 };
	const char *verb = argc > 1 ? argv[1] : "";
	uint32_t sender_as = 60001;
	bool ip6 = false;
	int c;

	if (strcmp(verb, "-h") == 0)
		usage(0);
	if (argc < 2)
		usage(2);
	addr_parse(&o.dut, "127.0.0.1");
	addr_parse(&o.local, "127.0.1.1");
	argv++;
	argc--;
	while ((c = getopt(argc, argv,
		    "6A:D:F:L:NP:R:S:X:c:d:hl:n:p:r:s:t:w:x:z:")) != -1) {
		switch (c) {
		case '6':
			ip6 = true;
			break;
		case 'A':
			o.peer_as = (uint32_t)number(optarg, UINT32_MAX);
			break;
		case 'D':
			o.dut_as = (uint32_t)number(optarg, UINT32_MAX);
			break;
		case 'F':
			o.flaps = (unsigned)number(optarg, 1000000);
			break;
		case 'L':
			address(&o.local, optarg);
			break;
		case 'N':
			o.nh_self = true;
			break;
		case 'P':
			o.pid = (pid_t)number(optarg, 1 << 22);
			break;
		case 'R':
			o.beside = optarg;
			break;
		case 'S':
			sender_as = (uint32_t)number(optarg, UINT32_MAX);
			break;
		case 'X':
			o.reload = optarg;
			break;
		case 'c':
			o.npeers = (unsigned)number(optarg, 5000);
			break;
		case 'd':
			address(&o.dut, optarg);
			break;
		case 'h':
			usage(0);
		case 'l':
			o.name = optarg;
			break;
		case 'n':
			o.npfx = (uint32_t)number(optarg, 4000000);
			break;
		case 'p':
			o.port = (uint16_t)number(optarg, 65535);
			break;
		case 'r':
			o.receivers = (unsigned)number(optarg, 1000);
			break;
		case 's':
			o.seed = number(optarg, UINT32_MAX);
			break;
		case 't':
			o.timeout = (unsigned)number(optarg, 86400);
			break;
		case 'w':
			o.stable_ms = (unsigned)number(optarg, 60000);
			break;
		case 'x':
			o.steps = (unsigned)number(optarg, 4);
			break;
		case 'z':
			o.size = (unsigned)number(optarg, 100000);
			break;
		default:
			usage(2);
		}
	}
	argc -= optind;
	argv += optind;
	o.nfiles = (unsigned)argc;
	o.files = need(calloc(o.nfiles + 1, sizeof(*o.files)));
	for (unsigned i = 0; i < o.nfiles; i++)
		o.files[i] = argv[i];
	if (strcmp(verb, "gen") == 0)
		c = generate(&o, ip6);
	else if (strcmp(verb, "play") == 0)
		c = load_play(&o);
	else if (strcmp(verb, "sink") == 0)
		c = load_sink(&o, sender_as);
	else if (strcmp(verb, "policy") == 0 && o.name != NULL &&
	    load_known(o.name))
		c = load_policy(&o);
	else if (strcmp(verb, "run") == 0 && o.name != NULL &&
	    load_known(o.name))
		c = load_run(&o);
	else
		usage(2);
	free(o.files);
	return c;
}
