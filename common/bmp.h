/* SPDX-License-Identifier: ISC */
/*
 * Messages of the BGP Monitoring Protocol, version 3: RFC 7854, with
 * Adj-RIB-Out (RFC 8671), Loc-RIB (RFC 9069) and the TLVs of Peer Up (RFC
 * 9736).  Pure: writers append to a cursor, the reader borrows from the bytes
 * that it was given.
 *
 * The suite only writes; the reader is there so that tests and whoever looks
 * at a feed take the same tables.
 */
#ifndef COMMON_BMP_H
#define COMMON_BMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/compat.h"
#include "common/cursor.h"

enum {
	BMP_VERSION = 3,
	BMP_HEADER_LEN = 6, /* RFC 7854 4.1 */
	BMP_PEER_LEN = 42, /* per-peer header, 4.2 */
};

enum bmp_type {
	BMP_ROUTE_MONITORING,
	BMP_STATISTICS,
	BMP_PEER_DOWN,
	BMP_PEER_UP,
	BMP_INITIATION,
	BMP_TERMINATION,
	BMP_ROUTE_MIRRORING,
	BMP_TYPE__MAX
};

enum bmp_peer_type {
	BMP_PEER_GLOBAL = 0,
	BMP_PEER_RD = 1,
	BMP_PEER_LOCAL = 2,
	BMP_PEER_LOC_RIB = 3, /* RFC 9069 4.1 */
};

enum bmp_peer_flag {
	BMP_FLAG_V = 0x80, /* the address is IPv6 */
	BMP_FLAG_L = 0x40, /* post-policy */
	BMP_FLAG_A = 0x20, /* AS_PATH with 2-octet numbers */
	BMP_FLAG_O = 0x10, /* Adj-RIB-Out (RFC 8671 4) */
	BMP_FLAG_F = 0x80, /* of a Loc-RIB: filtered (RFC 9069 4.2) */
};

struct bmp_peer { /* the per-peer header */
	uint8_t type; /* enum bmp_peer_type */
	uint8_t flags; /* V is the writer's, after the address */
	uint64_t distinguisher;
	struct addr addr; /* ADDR_NONE: zeroes (Loc-RIB) */
	uint32_t asn;
	uint32_t id; /* BGP identifier, host order */
	uint32_t secs; /* since 1970; 0: no time is known */
	uint32_t usecs;
};

enum bmp_info { /* TLVs of Initiation (4.4) and Peer Up (RFC 9736) */
	BMP_INFO_STRING = 0,
	BMP_INFO_SYS_DESCR = 1,
	BMP_INFO_SYS_NAME = 2,
	BMP_INFO_TABLE_NAME = 3, /* RFC 9069 5.3 */
	BMP_INFO_ADMIN_LABEL = 4, /* RFC 8671 8 */
};
enum { BMP_TEXT_MAX = 255 }; /* bytes of a table's name */

enum bmp_termination { /* TLVs of Termination, 4.5 */
	BMP_TERM_STRING = 0,
	BMP_TERM_REASON = 1,
};
enum bmp_termination_reason {
	BMP_TERM_ADMIN = 0, /* administratively closed */
	BMP_TERM_UNSPECIFIED = 1,
	BMP_TERM_RESOURCES = 2,
	BMP_TERM_REDUNDANT = 3,
	BMP_TERM_PERMANENT = 4, /* closed for good: do not wait for us */
};

enum bmp_down { /* 4.9; 1 to 5 are enum peer_down_reason */
	BMP_DOWN_LOCAL_NOTIFICATION = 1,
	BMP_DOWN_LOCAL = 2, /* n16: code of the FSM event */
	BMP_DOWN_REMOTE_NOTIFICATION = 3,
	BMP_DOWN_REMOTE = 4,
	BMP_DOWN_UNMONITORED = 5,
	BMP_DOWN_LOC_RIB = 6, /* TLVs; RFC 9069 5.6 */
};

enum bmp_stat { /* 4.8; RFC 8671 6.2 */
	BMP_STAT_REJECTED = 0,
	BMP_STAT_DUPLICATE_PREFIXES = 1,
	BMP_STAT_DUPLICATE_WITHDRAWS = 2,
	BMP_STAT_CLUSTER_LOOPS = 3,
	BMP_STAT_AS_LOOPS = 4,
	BMP_STAT_ORIGINATOR_LOOPS = 5,
	BMP_STAT_CONFED_LOOPS = 6,
	BMP_STAT_ADJ_RIB_IN = 7, /* gauge */
	BMP_STAT_LOC_RIB = 8, /* gauge */
	BMP_STAT_ADJ_RIB_IN_FAMILY = 9, /* afi, safi, gauge */
	BMP_STAT_LOC_RIB_FAMILY = 10, /* afi, safi, gauge */
	BMP_STAT_WITHDRAWN_UPDATES = 11, /* treat-as-withdraw */
	BMP_STAT_WITHDRAWN_PREFIXES = 12,
	BMP_STAT_DUPLICATE_UPDATES = 13,
	BMP_STAT_ADJ_RIB_OUT_PRE = 14, /* gauge */
	BMP_STAT_ADJ_RIB_OUT = 15, /* gauge, post-policy */
	BMP_STAT_ADJ_RIB_OUT_PRE_FAMILY = 16,
	BMP_STAT_ADJ_RIB_OUT_FAMILY = 17,
	/* Of the experimental range: how often this peer's routes were sent
	 * again from the start because the collector had fallen behind. */
	BMP_STAT_RESYNCS = 65531,
};

enum bmp_mirror { /* 4.7 */
	BMP_MIRROR_MESSAGE = 0, /* the PDU as received */
	BMP_MIRROR_INFO = 1, /* n16 enum bmp_mirror_info */
};
enum bmp_mirror_info {
	BMP_MIRROR_ERRORED = 0,
	BMP_MIRROR_LOST = 1,
};

/* --- writing.  A message is begun, filled and ended; `at` is where. */

size_t bmp_begin(struct wr *, enum bmp_type);
void bmp_end(struct wr *, size_t at);
void bmp_peer_put(struct wr *, const struct bmp_peer *);
void bmp_tlv_put(struct wr *, uint16_t type, const void *, size_t len);

/* sysName goes first, as collectors have come to expect. */
void
bmp_put_initiation(struct wr *, const char *sys_name, const char *sys_descr);
void bmp_put_termination(struct wr *, enum bmp_termination_reason);

struct bmp_up { /* Peer Up, 4.10 */
	struct addr local; /* ADDR_NONE: zeroes */
	uint16_t local_port;
	uint16_t remote_port;
	const uint8_t *sent; /* whole OPENs as on the wire */
	uint16_t sent_len;
	const uint8_t *received;
	uint16_t received_len;
	const char *table; /* NULL, or the name of a Loc-RIB */
};
void
bmp_put_peer_up(struct wr *, const struct bmp_peer *, const struct bmp_up *);

struct bmp_peer_down {
	uint8_t reason; /* enum bmp_down */
	uint16_t event; /* reason 2: RFC 4271 8.1, 0 if none fits */
	const uint8_t *pdu; /* reasons 1, 3: the NOTIFICATION */
	uint16_t pdu_len;
	const char *table; /* reason 6 */
};
void bmp_put_peer_down(struct wr *, const struct bmp_peer *,
    const struct bmp_peer_down *);

/* Statistics: begin, then the counters, then end. */
size_t bmp_stats_begin(struct wr *, const struct bmp_peer *);
void bmp_stat32(struct wr *, enum bmp_stat, uint32_t);
void bmp_stat64(struct wr *, enum bmp_stat, uint64_t);
void bmp_stat_family(struct wr *, enum bmp_stat, uint16_t afi, uint8_t safi,
    uint64_t);
void bmp_stats_end(struct wr *, size_t at);

/* A malformed message; `lost`: earlier ones could not be mirrored. */
void bmp_put_mirror(struct wr *, const struct bmp_peer *, const uint8_t *pdu,
    size_t len, bool lost);

/* --- reading */

struct bmp_msg {
	uint8_t type; /* enum bmp_type */
	size_t len; /* with the header */
	bool has_peer;
	struct bmp_peer peer;
	struct rd body; /* behind the headers */
};
/*
 * The message at the beginning of the bytes.  Returns its length, 0 if it is
 * not all there, -1 if it is none.
 */
int bmp_read(const uint8_t *, size_t, struct bmp_msg *) ATTR_CHECK;

struct bmp_tlv {
	uint16_t type;
	uint16_t len;
	const uint8_t *value;
};
/* False at the end; the reader is bad then if it was cut. */
bool bmp_tlv_next(struct rd *, struct bmp_tlv *);
/* Of a BMP_PEER_UP; `table` is not filled, the TLVs are left in the reader.
 * False if it is malformed. */
bool bmp_read_up(struct bmp_msg *, struct bmp_up *) ATTR_CHECK;
bool bmp_read_down(struct bmp_msg *, struct bmp_peer_down *) ATTR_CHECK;
/* The BGP message of a BMP_ROUTE_MONITORING; NULL if there is not exactly
 * one. */
const uint8_t *bmp_read_route(const struct bmp_msg *, size_t *len);
/* Counters of a BMP_STATISTICS: how many there are, then bmp_tlv_next(). */
uint32_t bmp_read_stats(struct bmp_msg *);

#endif
