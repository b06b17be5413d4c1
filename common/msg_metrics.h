/* SPDX-License-Identifier: ISC */
/*
 * Numbers that a process tells about itself, for the metrics of apid: one
 * row a number, from which the message, the text that is shown and the names
 * are made.  What is told about peers is in msg_peer.h.
 *
 * METRICS_GET asks bgpd, sessiond or the rde; METRICS answers with an n64 for
 * each row of that process, in the order of the rows.  METRIC_UNKNOWN stands
 * for what it cannot tell at the moment.  All of them are counts that the
 * process keeps anyway: nothing is walked for an answer.
 *
 * Columns: name, who tells it, metric family, type, unit, labels, by how much
 * to divide, help.  Rows of a family stand together; its type, unit and help
 * are those of the first.  Names are explained in doc/metrics.md.
 */
#ifndef COMMON_MSG_METRICS_H
#define COMMON_MSG_METRICS_H

#include <stdint.h>

#include "common/compat.h"
#include "common/cursor.h"
#include "common/msg.h"

enum metric_type {
	METRIC_GAUGE,
	METRIC_COUNTER,
};

#define METRIC_UNKNOWN UINT64_MAX

/* clang-format off */
#define METRICS_OF_EACH(M, id, family, type, unit, more, div, help) \
	M(id##_BGPD, BGPD, family, type, unit, \
	    "process=\"bgpd\"" more, div, help) \
	M(id##_SESSIOND, BGPD, family, type, unit, \
	    "process=\"sessiond\"" more, div, help) \
	M(id##_RDE, BGPD, family, type, unit, \
	    "process=\"rde\"" more, div, help) \
	M(id##_APID, BGPD, family, type, unit, \
	    "process=\"apid\"" more, div, help)

#define METRICS_CATALOGUE(M) \
	/* --- bgpd: what /proc says of the four, and the configuration */ \
	METRICS_OF_EACH(M, RSS, "bgpgg_process_resident_memory_bytes", \
	    GAUGE, "bytes", "", 1, "Memory in RAM") \
	METRICS_OF_EACH(M, CPU, "bgpgg_process_cpu_seconds", \
	    COUNTER, "seconds", "", 1000000, \
	    "Processor time, user and system") \
	METRICS_OF_EACH(M, WAITS, "bgpgg_process_waits", \
	    COUNTER, "", "", 1, \
	    "Times that the process slept for want of work") \
	M(BGPD_FDS, BGPD, "bgpgg_process_open_descriptors", \
	    GAUGE, "", "process=\"bgpd\"", 1, "Open descriptors") \
	M(BGPD_START, BGPD, "bgpgg_start_time_seconds", \
	    GAUGE, "seconds", "", 1, "When bgpd started, since 1970") \
	M(APID_STARTS, BGPD, "bgpgg_apid_restarts", \
	    COUNTER, "", "", 1, "Times that apid ended and was started again") \
	M(CONF_GENERATION, BGPD, "bgpgg_configuration_generation", \
	    GAUGE, "", "", 1, "Number of the configuration in force") \
	M(RELOADS_OK, BGPD, "bgpgg_configuration_reloads", \
	    COUNTER, "", "result=\"ok\"", 1, \
	    "Times that the file was read again") \
	M(RELOADS_FAILED, BGPD, "bgpgg_configuration_reloads", \
	    COUNTER, "", "result=\"failed\"", 1, "") \
	M(RELOAD_RESULT, BGPD, "bgpgg_configuration_last_reload_successful", \
	    GAUGE, "", "", 1, "1, or 0 if the last reload was refused") \
	M(RELOAD_TIME, BGPD, \
	    "bgpgg_configuration_last_reload_timestamp_seconds", \
	    GAUGE, "seconds", "", 1, "When the last reload ended, since 1970") \
	M(EDITS_OK, BGPD, "bgpgg_configuration_edits", \
	    COUNTER, "", "result=\"ok\"", 1, "Changes through the API") \
	M(EDITS_FAILED, BGPD, "bgpgg_configuration_edits", \
	    COUNTER, "", "result=\"failed\"", 1, "") \
	M(EDITS_WAITING, BGPD, "bgpgg_configuration_edits_waiting", \
	    GAUGE, "", "", 1, "Changes that wait for their turn") \
	M(QUEUED_BGPD_SESSIOND, BGPD, "bgpgg_channel_queued_bytes", \
	    GAUGE, "bytes", "from=\"bgpd\",to=\"sessiond\"", 1, \
	    "Bytes that wait to be taken by the receiving process") \
	M(QUEUED_BGPD_RDE, BGPD, "bgpgg_channel_queued_bytes", \
	    GAUGE, "bytes", "from=\"bgpd\",to=\"rde\"", 1, "") \
	M(QUEUED_BGPD_APID, BGPD, "bgpgg_channel_queued_bytes", \
	    GAUGE, "bytes", "from=\"bgpd\",to=\"apid\"", 1, "") \
	/* --- sessiond */ \
	M(QUEUED_SESSIOND_BGPD, SESSIOND, "bgpgg_channel_queued_bytes", \
	    GAUGE, "bytes", "from=\"sessiond\",to=\"bgpd\"", 1, "") \
	M(QUEUED_SESSIOND_RDE, SESSIOND, "bgpgg_channel_queued_bytes", \
	    GAUGE, "bytes", "from=\"sessiond\",to=\"rde\"", 1, "") \
	M(QUEUED_SESSIOND_APID, SESSIOND, "bgpgg_channel_queued_bytes", \
	    GAUGE, "bytes", "from=\"sessiond\",to=\"apid\"", 1, "") \
	M(FAREWELLS, SESSIOND, "bgpgg_closing_connections", \
	    GAUGE, "", "", 1, "Connections whose NOTIFICATION is leaving") \
	M(PEER_LISTINGS, SESSIOND, "bgpgg_listings", \
	    GAUGE, "", "of=\"peers\"", 1, "Listings under way") \
	/* --- rde */ \
	M(LISTINGS, RDE, "bgpgg_listings", GAUGE, "", "of=\"routes\"", 1, "") \
	M(QUEUED_RDE_BGPD, RDE, "bgpgg_channel_queued_bytes", \
	    GAUGE, "bytes", "from=\"rde\",to=\"bgpd\"", 1, "") \
	M(QUEUED_RDE_SESSIOND, RDE, "bgpgg_channel_queued_bytes", \
	    GAUGE, "bytes", "from=\"rde\",to=\"sessiond\"", 1, "") \
	M(QUEUED_RDE_APID, RDE, "bgpgg_channel_queued_bytes", \
	    GAUGE, "bytes", "from=\"rde\",to=\"apid\"", 1, "") \
	M(RIB_ENTRIES_IPV4, RDE, "bgpgg_rib_prefixes", \
	    GAUGE, "", "family=\"ipv4-unicast\"", 1, "Prefixes with any path") \
	M(RIB_ENTRIES_IPV6, RDE, "bgpgg_rib_prefixes", \
	    GAUGE, "", "family=\"ipv6-unicast\"", 1, "") \
	M(RIB_PATHS_IPV4, RDE, "bgpgg_rib_paths", \
	    GAUGE, "", "family=\"ipv4-unicast\"", 1, "Paths of all prefixes") \
	M(RIB_PATHS_IPV6, RDE, "bgpgg_rib_paths", \
	    GAUGE, "", "family=\"ipv6-unicast\"", 1, "") \
	M(RIB_BEST_IPV4, RDE, "bgpgg_rib_best_paths", \
	    GAUGE, "", "family=\"ipv4-unicast\"", 1, \
	    "Prefixes with a best path: the Loc-RIB") \
	M(RIB_BEST_IPV6, RDE, "bgpgg_rib_best_paths", \
	    GAUGE, "", "family=\"ipv6-unicast\"", 1, "") \
	M(ATTRIBUTE_SETS, RDE, "bgpgg_attribute_sets", \
	    GAUGE, "", "", 1, "Different sets of attributes") \
	M(UPDATE_GROUPS, RDE, "bgpgg_update_groups", \
	    GAUGE, "", "", 1, "Update groups") \
	M(MEMORY_IPV4, RDE, "bgpgg_rde_memory_bytes", GAUGE, "bytes", \
	    "kind=\"ipv4-unicast table\"", 1, "Memory of the route engine") \
	M(MEMORY_IPV6, RDE, "bgpgg_rde_memory_bytes", GAUGE, "bytes", \
	    "kind=\"ipv6-unicast table\"", 1, "") \
	M(MEMORY_ATTRS, RDE, "bgpgg_rde_memory_bytes", GAUGE, "bytes", \
	    "kind=\"attributes\"", 1, "") \
	M(MEMORY_GROUPS, RDE, "bgpgg_rde_memory_bytes", GAUGE, "bytes", \
	    "kind=\"update groups\"", 1, "") \
	M(MEMORY_PACKING, RDE, "bgpgg_rde_memory_bytes", GAUGE, "bytes", \
	    "kind=\"packing\"", 1, "") \
	M(MEMORY_POLICY, RDE, "bgpgg_rde_memory_bytes", GAUGE, "bytes", \
	    "kind=\"policies\"", 1, "") \
	M(ROUNDS, RDE, "bgpgg_rde_rounds", \
	    COUNTER, "", "", 1, "Rounds of the route engine") \
	M(TURN_LONGEST, RDE, "bgpgg_rde_longest_turn_seconds", \
	    GAUGE, "seconds", "clock=\"wall\"", 1000000, \
	    "Longest time in which the route engine took no new message") \
	M(TURN_LONGEST_CPU, RDE, "bgpgg_rde_longest_turn_seconds", \
	    GAUGE, "seconds", "clock=\"processor\"", 1000000, "") \
	M(TURNS_LONG, RDE, "bgpgg_rde_long_turns", \
	    COUNTER, "", "", 1, "Such times over 10 ms") \
	M(UPDATES_IN, RDE, "bgpgg_rde_updates_received", \
	    COUNTER, "", "", 1, "UPDATEs handled") \
	M(ANNOUNCED_IN, RDE, "bgpgg_rde_prefixes_received", COUNTER, "", \
	    "kind=\"announced\"", 1, "Prefixes in the UPDATEs handled") \
	M(WITHDRAWN_IN, RDE, "bgpgg_rde_prefixes_received", COUNTER, "", \
	    "kind=\"withdrawn\"", 1, "") \
	M(UPDATES_OUT, RDE, "bgpgg_rde_updates_encoded", \
	    COUNTER, "", "", 1, "UPDATEs made, once an update group") \
	M(ANNOUNCED_OUT, RDE, "bgpgg_rde_prefixes_encoded", COUNTER, "", \
	    "kind=\"announced\"", 1, "Prefixes in the UPDATEs made") \
	M(WITHDRAWN_OUT, RDE, "bgpgg_rde_prefixes_encoded", COUNTER, "", \
	    "kind=\"withdrawn\"", 1, "") \
	M(BYTES_OUT, RDE, "bgpgg_rde_encoded_bytes", \
	    COUNTER, "bytes", "", 1, "Bytes of the UPDATEs made") \
	M(DECISIONS, RDE, "bgpgg_rde_decisions", \
	    COUNTER, "", "", 1, "Choices of a best path") \
	M(TREAT_AS_WITHDRAW, RDE, "bgpgg_rde_treat_as_withdraw", COUNTER, \
	    "", "", 1, "UPDATEs with errors, taken as withdrawals (RFC 7606)") \
	M(LOOPS, RDE, "bgpgg_rde_looped_paths", COUNTER, \
	    "", "", 1, "Paths received with our own AS or identifier in them") \
	M(TOO_LONG, RDE, "bgpgg_rde_unsendable_routes", COUNTER, "", \
	    "reason=\"too long\"", 1, "Routes that could not be sent") \
	M(NO_NEXT_HOP, RDE, "bgpgg_rde_unsendable_routes", COUNTER, "", \
	    "reason=\"no next hop\"", 1, "")
/* clang-format on */

enum metric {
#define M(id, owner, family, type, unit, labels, div, help) METRIC_##id,
	METRICS_CATALOGUE(M)
#undef M
	    METRIC__MAX
};

struct metric_rule {
	const char *family;
	const char *unit; /* "": none */
	const char *labels; /* without braces */
	const char *help;
	uint32_t divisor;
	uint8_t owner; /* enum proc */
	uint8_t type; /* enum metric_type */
};

extern const struct metric_rule metric_rules[METRIC__MAX];

/* The rows of one process of an array of all of them. */
void msg_metrics_put(struct wr *, enum proc, const uint64_t v[METRIC__MAX]);
void msg_metrics_get(struct rd *, enum proc, uint64_t v[METRIC__MAX]);

#endif
