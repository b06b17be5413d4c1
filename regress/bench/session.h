/* SPDX-License-Identifier: ISC */
/*
 * The scripted peers: sessions to the daemon under test, one epoll loop.
 *
 * A session connects from its own address, exchanges OPENs, sends the stream
 * that was prepared for it and nothing else (KEEPALIVEs when idle), and keeps
 * what it was told: for each prefix of the table the class of the path that
 * it holds now.  Every UPDATE is checked whole: form, next hop, path,
 * communities, prefixes that nobody announced.
 *
 * A stream is given to a session by pool_send; it belongs to the caller and
 * must stay until it is sent.
 */
#ifndef REGRESS_BENCH_SESSION_H
#define REGRESS_BENCH_SESSION_H

#include "regress/bench/same.h"
#include "regress/bench/table.h"

enum session_state {
	SESSION_IDLE,
	SESSION_CONNECTING,
	SESSION_OPENSENT,
	SESSION_UP,
	SESSION_CLOSED
};

struct session {
	int fd;
	_Atomic int up_fd; /* the same while it is up, for silence.c */
	enum session_state state;
	struct addr local;
	uint32_t asn;
	unsigned families;
	bool receives; /* counted: has to hold what is expected */
	bool late; /* not started with the others */
	bool deaf; /* reads nothing at present */
	int64_t timer; /* give up connecting, next try, or next KEEPALIVE */
	int64_t heard; /* when something came from it */

	struct bytes ctl; /* OPEN, KEEPALIVE, NOTIFICATION */
	size_t ctl_sent;
	const uint8_t *out;
	size_t out_len, out_sent;
	bool polls_out;

	uint8_t *tail; /* what came of a message that is not whole */
	size_t tail_len;

	uint32_t *held; /* class of each prefix, CLASS_NONE: not there */
	uint32_t held_cap;
	uint32_t hint;
	struct same_hint same;
	uint32_t npresent, nright, want;
	bool done;
};

/* Everything that may be wrong in what was received. */
struct faults {
	uint64_t unexpected; /* prefixes that nobody announced */
	uint64_t path_bad; /* paths that nobody announced */
	uint64_t nh_bad;
	uint64_t malformed;
	uint64_t lost; /* sessions that ended unasked */
	char first[512]; /* the first of them, in words */
};

struct memo;

struct pool {
	struct table *t;
	struct session *s;
	unsigned n;
	struct addr dut;
	uint16_t port;
	struct addr nh_exact; /* afi 0: any address of the test net */
	int epoll;
	unsigned hold; /* seconds */
	uint32_t ignored; /* a prefix that is not counted, or PFX_UNKNOWN */
	uint32_t ignored_cls; /* its class when it came last */
	bool lenient; /* others announce what is not in the table: enter it */
	unsigned connecting, nup, ndone, nwanting;
	uint64_t updates, routes, withdrawn, echoes, bytes_in;
	uint64_t spoilt; /* right prefixes that became wrong */
	int64_t progress; /* when the last UPDATE came */
	struct faults faults;
	uint8_t *in; /* what was read last */
	struct memo *memo;
	struct same *same;
	uint32_t *ids; /* prefixes of the message that is looked at */
	uint32_t nids;
};

int64_t now_us(void); /* CLOCK_MONOTONIC */

/* n sessions from base on (base + i, AS asn + i); the rest is zero. */
void pool_init(struct pool *, struct table *, unsigned n,
    const struct addr *base, uint32_t asn, unsigned families);
void pool_fini(struct pool *);

/* One turn of the loop, at most wait_ms. */
void pool_turn(struct pool *, int wait_ms);

/* Start (again) what is idle and not late; true when all of them are up. */
bool pool_connect(struct pool *);

/* Give a session a stream. */
void pool_send(struct pool *, unsigned i, const struct bytes *);
/* Streams wholly handed to the kernel? */
bool pool_sent(const struct pool *);

/* Cease/Administrative Shutdown and FIN; it is not counted any more. */
void pool_drop(struct pool *, unsigned i);
/* Let a dropped session come back, by pool_connect. */
void pool_revive(struct pool *, unsigned i);

/* Stop reading from a session, or go on. */
void pool_deafen(struct pool *, unsigned i, bool deaf);

/* A prefix is expected with another class, CLASS_NONE: not at all. */
void pool_expect(struct pool *, uint32_t id, uint32_t cls);

/* KEEPALIVEs that are due, where pool_turn is not called for long. */
void pool_keepalives(struct pool *);

/*
 * The expectation changed, or a receiver came: count anew who holds what.
 */
void pool_recount(struct pool *);
static inline bool
pool_done(const struct pool *p)
{
	return p->ndone == p->nwanting;
}
static inline bool
pool_faulty(const struct pool *p)
{
	const struct faults *f = &p->faults;

	return f->unexpected + f->path_bad + f->nh_bad + f->malformed +
	    f->lost >
	    0;
}

#endif
