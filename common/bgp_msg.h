/* SPDX-License-Identifier: ISC */
/*
 * Framing of BGP messages and the small ones: KEEPALIVE, NOTIFICATION and
 * ROUTE-REFRESH.  Pure functions over bytes of the caller.
 */
#ifndef COMMON_BGP_MSG_H
#define COMMON_BGP_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/afi.h"
#include "common/bgp.h"
#include "common/compat.h"
#include "common/cursor.h"

/*
 * What to say in a NOTIFICATION.  `data` borrows from the message that was
 * found wrong, or points to constants; it lives as long as that message.
 */
struct bgp_error {
	uint8_t code;
	uint8_t subcode;
	uint16_t data_len;
	const uint8_t *data;
};
/* Fill `e` and return -1, so that `return bgp_error_set(...)` reads well. */
int bgp_error_set(struct bgp_error *e, uint8_t code, uint8_t subcode,
    const uint8_t *data, size_t len);

/*
 * Judge the 19-byte header of a message that may be up to `max` bytes
 * (BGP_MSG_MAX, or 65535 after RFC 8654).  Reads exactly BGP_HEADER_LEN
 * bytes, in place and at any alignment.
 * Returns the length of the whole message, or -1 with the NOTIFICATION in
 * `e` (RFC 4271 6.1): 1/1; 1/2 with the two length bytes; 1/3 with the type.
 */
int bgp_msg_check(const uint8_t *header, unsigned int max,
    struct bgp_error *e) ATTR_CHECK;
static inline uint8_t
bgp_msg_type(const uint8_t *header)
{
	return header[BGP_HEADER_LEN - 1];
}

/* Header of a message of `len` bytes in all, written to `to`. */
void bgp_msg_header(uint8_t *to, uint8_t type, uint16_t len);

/*
 * Whole messages.  bgp_msg_keepalive writes BGP_HEADER_LEN bytes;
 * bgp_msg_refresh (RFC 2918; subtype of RFC 7313, 0 for a request) writes
 * BGP_REFRESH_LEN bytes; bgp_msg_notification returns the length written,
 * cutting data so that the message has at most BGP_MSG_MAX bytes (`to` has
 * room for BGP_NOTIFICATION_MIN + data_len, or BGP_MSG_MAX).
 */
void bgp_msg_keepalive(uint8_t *to);
void bgp_msg_refresh(uint8_t *to, enum family, uint8_t subtype);
size_t bgp_msg_notification(uint8_t *to, const struct bgp_error *);
/*
 * The data of a Cease/Administrative Shutdown or Reset with a text (RFC
 * 9003): n8 length, then the text, cut to 255 bytes at a character's border.
 * `to` has room for 256; returns the length.  An empty text gives 0.
 */
size_t bgp_msg_shutdown_data(uint8_t *to, const char *text);

#define BGP_TEXT_LEN 256 /* longest text of bgp_notification, with the NUL */

struct bgp_notification {
	struct bgp_error error; /* data borrows from the message */
	/* RFC 9003 text of Cease 6/2 and 6/4, also inside a Hard Reset (RFC
	 * 8538): valid UTF-8 without control characters whatever came; bytes
	 * that are neither are shown as '?'.  Empty if there is none. */
	char text[BGP_TEXT_LEN];
};
/* Takes a whole message that bgp_msg_check accepted.  Cannot fail. */
void bgp_notification_parse(const uint8_t *msg, size_t len,
    struct bgp_notification *);
/* "Cease/Administrative Shutdown" or "code 12/3"; buf is returned. */
#define BGP_NOTIFICATION_STRLEN 80
const char *bgp_notification_str(uint8_t code, uint8_t subcode, char *buf);

enum bgp_refresh_subtype { /* RFC 7313 */
	BGP_REFRESH_REQUEST = 0,
	BGP_REFRESH_BORR = 1,
	BGP_REFRESH_EORR = 2,
};
struct bgp_refresh {
	uint16_t afi;
	uint8_t safi;
	uint8_t subtype; /* as received; unknown ones are to be ignored */
	int family; /* enum family, or -1 if we do not speak it */
};
/* Takes a whole message that bgp_msg_check accepted.  Cannot fail. */
void bgp_refresh_parse(const uint8_t *msg, struct bgp_refresh *);

#endif
