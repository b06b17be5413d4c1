/* SPDX-License-Identifier: ISC */
/*
 * IP addresses and endpoints as values.  Parsing is strict: no host names,
 * no zone ids, no blanks, no leading zeros in IPv4, no octal.  IPv4-mapped
 * IPv6 addresses stay IPv6 and distinct from IPv4.
 */
#ifndef COMMON_ADDR_H
#define COMMON_ADDR_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/cursor.h"

enum addr_family {
	ADDR_NONE = 0, /* no address */
	ADDR_IPV4 = 4,
	ADDR_IPV6 = 6,
};

struct addr {
	uint8_t family; /* enum addr_family */
	uint8_t bytes[16]; /* network order; IPv4 in the first four, rest 0 */
};

#define ADDR_STRLEN 46 /* longest text, with the NUL */
#define ENDPOINT_STRLEN 54 /* "[ADDR]:PORT" with the NUL */

/* All return 0, or -1 if the text is not of the form. */
int addr_parse(const char *, struct addr *) ATTR_CHECK;
/* "IP" (port = default_port), "IP:PORT", "[IPv6]:PORT"; port 0 is refused
 * unless port0_ok.  default_port < 0 means that the port must be given. */
int endpoint_parse(const char *, int default_port, bool port0_ok, struct addr *,
    uint16_t *port) ATTR_CHECK;

/* Canonical text (RFC 5952) into buf of at least ADDR_STRLEN; returns buf. */
const char *addr_str(const struct addr *, char *buf);
/* "IP:PORT" or "[IPv6]:PORT" into buf of at least ENDPOINT_STRLEN. */
const char *endpoint_str(const struct addr *, uint16_t port, char *buf);

int addr_cmp(const struct addr *, const struct addr *); /* IPv4 before IPv6 */
bool addr_equal(const struct addr *, const struct addr *);
bool addr_is_unspecified(const struct addr *);
bool addr_is_multicast(const struct addr *);
/* 127.0.0.0/8, ::1, and the former mapped into IPv6. */
bool addr_is_loopback(const struct addr *);
bool addr_is_mapped(const struct addr *); /* ::ffff:0:0/96 */
struct addr addr_ipv4(uint32_t host_order);
uint32_t addr_to_u32(const struct addr *); /* IPv4, host order */
uint64_t addr_hash(const struct addr *);

/* Returns the length to hand to bind(2) or connect(2). */
socklen_t
addr_to_sockaddr(const struct addr *, uint16_t port, struct sockaddr_storage *);
int addr_from_sockaddr(const struct sockaddr *, struct addr *,
    uint16_t *port) ATTR_CHECK;

void addr_put(struct wr *, const struct addr *);
void addr_get(struct rd *, struct addr *);

#endif
