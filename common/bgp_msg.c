/* SPDX-License-Identifier: ISC */
/*
 * Framing of BGP messages; KEEPALIVE, NOTIFICATION and ROUTE-REFRESH.
 */
#include "common/bgp_msg.h"

#include <stdio.h>
#include <string.h>

#include "common/be.h"
#include "common/utf8.h"

/* Least length of each type (RFC 4271 4.1 to 4.5, RFC 2918 3). */
static const uint8_t msg_min[] = {
	[BGP_OPEN] = BGP_OPEN_MIN,
	[BGP_UPDATE] = BGP_UPDATE_MIN,
	[BGP_NOTIFICATION] = BGP_NOTIFICATION_MIN,
	[BGP_KEEPALIVE] = BGP_HEADER_LEN,
	[BGP_ROUTE_REFRESH] = BGP_REFRESH_LEN,
};

int
bgp_error_set(struct bgp_error *e, uint8_t code, uint8_t subcode,
    const uint8_t *data, size_t len)
{
	e->code = code;
	e->subcode = subcode;
	e->data = data;
	e->data_len = (uint16_t)len;
	return -1;
}

/* Greatest length of a type on a session that allows `max`. */
static unsigned int
msg_max(uint8_t type, unsigned int max)
{
	switch (type) {
	case BGP_KEEPALIVE:
		return BGP_HEADER_LEN;
	case BGP_OPEN:
		/* RFC 8654 4: the extension is not for these two. */
		return BGP_MSG_MAX;
	case BGP_ROUTE_REFRESH:
		/* Longer ones carry ORF entries (RFC 5291), which nobody
		 * may send who was not offered that capability. */
		return BGP_REFRESH_LEN;
	default:
		return max;
	}
}

int
bgp_msg_check(const uint8_t *header, unsigned int max, struct bgp_error *e)
{
	uint64_t marker[2];
	uint16_t len = be_get16(header + BGP_MARKER_LEN);
	uint8_t type = bgp_msg_type(header);

	memcpy(marker, header, sizeof(marker));
	if (marker[0] != UINT64_MAX || marker[1] != UINT64_MAX)
		return bgp_error_set(e, BGP_ERR_HEADER, BGP_ERR_HDR_SYNC, NULL,
		    0);
	if (len < BGP_HEADER_LEN || len > max)
		return bgp_error_set(e, BGP_ERR_HEADER, BGP_ERR_HDR_LENGTH,
		    header + BGP_MARKER_LEN, 2);
	if (type >= nitems(msg_min) || msg_min[type] == 0)
		return bgp_error_set(e, BGP_ERR_HEADER, BGP_ERR_HDR_TYPE,
		    header + BGP_HEADER_LEN - 1, 1);
	if (len < msg_min[type] || len > msg_max(type, max))
		return bgp_error_set(e, BGP_ERR_HEADER, BGP_ERR_HDR_LENGTH,
		    header + BGP_MARKER_LEN, 2);
	return len;
}

void
bgp_msg_header(uint8_t *to, uint8_t type, uint16_t len)
{
	memset(to, 0xff, BGP_MARKER_LEN);
	be_put16(to + BGP_MARKER_LEN, len);
	to[BGP_HEADER_LEN - 1] = type;
}

void
bgp_msg_keepalive(uint8_t *to)
{
	bgp_msg_header(to, BGP_KEEPALIVE, BGP_HEADER_LEN);
}

void
bgp_msg_refresh(uint8_t *to, enum family family, uint8_t subtype)
{
	bgp_msg_header(to, BGP_ROUTE_REFRESH, BGP_REFRESH_LEN);
	be_put16(to + BGP_HEADER_LEN, family_afi(family));
	to[BGP_HEADER_LEN + 2] = subtype;
	to[BGP_HEADER_LEN + 3] = family_safi(family);
}

size_t
bgp_msg_notification(uint8_t *to, const struct bgp_error *e)
{
	size_t data_len = e->data_len;

	if (data_len > BGP_MSG_MAX - BGP_NOTIFICATION_MIN)
		data_len = BGP_MSG_MAX - BGP_NOTIFICATION_MIN;
	bgp_msg_header(to, BGP_NOTIFICATION,
	    (uint16_t)(BGP_NOTIFICATION_MIN + data_len));
	to[BGP_HEADER_LEN] = e->code;
	to[BGP_HEADER_LEN + 1] = e->subcode;
	if (data_len > 0)
		memcpy(to + BGP_NOTIFICATION_MIN, e->data, data_len);
	return BGP_NOTIFICATION_MIN + data_len;
}

size_t
bgp_msg_shutdown_data(uint8_t *to, const char *text)
{
	size_t len = strlen(text);

	if (len == 0)
		return 0;
	if (len > UINT8_MAX) {
		len = UINT8_MAX;
		while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
			len--;
	}
	to[0] = (uint8_t)len;
	memcpy(to + 1, text, len);
	return 1 + len;
}

/* RFC 9003: length octet and text, neither of which is to be trusted. */
static void
shutdown_text(const uint8_t *data, size_t len, char *text)
{
	size_t at = 0, n;

	if (len == 0)
		return;
	if (data[0] < len - 1)
		len = (size_t)data[0] + 1;
	for (size_t i = 1; i < len && at < BGP_TEXT_LEN - 1;) {
		n = utf8_printable(data + i, len - i);
		if (n == 0) {
			text[at++] = '?';
			i++;
			continue;
		}
		if (at + n > BGP_TEXT_LEN - 1)
			break;
		memcpy(text + at, data + i, n);
		at += n;
		i += n;
	}
	text[at] = '\0';
}

void
bgp_notification_parse(const uint8_t *msg, size_t len,
    struct bgp_notification *n)
{
	const uint8_t *data = msg + BGP_HEADER_LEN;
	size_t data_len = len - BGP_HEADER_LEN;

	bgp_error_set(&n->error, data[0], data[1], data + 2, data_len - 2);
	n->text[0] = '\0';
	/* RFC 8538 3: a Hard Reset carries code, subcode and data of its
	 * reason. */
	if (data[0] == BGP_ERR_CEASE && data[1] == BGP_CEASE_HARD_RESET &&
	    data_len >= 4) {
		data += 2;
		data_len -= 2;
	}
	if (data[0] == BGP_ERR_CEASE &&
	    (data[1] == BGP_CEASE_ADMIN_SHUTDOWN ||
		data[1] == BGP_CEASE_ADMIN_RESET))
		shutdown_text(data + 2, data_len - 2, n->text);
}

static const char *const code_names[] = {
	[BGP_ERR_HEADER] = "Message Header Error",
	[BGP_ERR_OPEN] = "OPEN Message Error",
	[BGP_ERR_UPDATE] = "UPDATE Message Error",
	[BGP_ERR_HOLD_TIMER] = "Hold Timer Expired",
	[BGP_ERR_FSM] = "Finite State Machine Error",
	[BGP_ERR_CEASE] = "Cease",
	[BGP_ERR_REFRESH] = "ROUTE-REFRESH Message Error",
	[BGP_ERR_SEND_HOLD] = "Send Hold Timer Expired",
};

static const struct subcode_name {
	uint8_t code;
	uint8_t subcode;
	const char *name;
} subcode_names[] = {
	{ BGP_ERR_HEADER, BGP_ERR_HDR_SYNC, "Connection Not Synchronized" },
	{ BGP_ERR_HEADER, BGP_ERR_HDR_LENGTH, "Bad Message Length" },
	{ BGP_ERR_HEADER, BGP_ERR_HDR_TYPE, "Bad Message Type" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_VERSION, "Unsupported Version Number" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_PEER_AS, "Bad Peer AS" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_IDENTIFIER, "Bad BGP Identifier" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_PARAMETER,
	    "Unsupported Optional Parameter" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_HOLD_TIME, "Unacceptable Hold Time" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_CAPABILITY, "Unsupported Capability" },
	{ BGP_ERR_OPEN, 11, "Role Mismatch" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPD_ATTR_LIST, "Malformed Attribute List" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPD_UNKNOWN_WELL_KNOWN,
	    "Unrecognized Well-known Attribute" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPD_MISSING, "Missing Well-known Attribute" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPD_FLAGS, "Attribute Flags Error" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPD_LENGTH, "Attribute Length Error" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPD_ORIGIN, "Invalid ORIGIN Attribute" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPD_NEXT_HOP, "Invalid NEXT_HOP Attribute" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPD_OPTIONAL, "Optional Attribute Error" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPD_NETWORK, "Invalid Network Field" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPD_AS_PATH, "Malformed AS_PATH" },
	{ BGP_ERR_FSM, BGP_ERR_FSM_OPEN_SENT,
	    "Unexpected Message in OpenSent" },
	{ BGP_ERR_FSM, BGP_ERR_FSM_OPEN_CONFIRM,
	    "Unexpected Message in OpenConfirm" },
	{ BGP_ERR_FSM, BGP_ERR_FSM_ESTABLISHED,
	    "Unexpected Message in Established" },
	{ BGP_ERR_CEASE, BGP_CEASE_MAX_PREFIX,
	    "Maximum Number of Prefixes Reached" },
	{ BGP_ERR_CEASE, BGP_CEASE_ADMIN_SHUTDOWN, "Administrative Shutdown" },
	{ BGP_ERR_CEASE, BGP_CEASE_DECONFIGURED, "Peer De-configured" },
	{ BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET, "Administrative Reset" },
	{ BGP_ERR_CEASE, BGP_CEASE_REJECTED, "Connection Rejected" },
	{ BGP_ERR_CEASE, BGP_CEASE_OTHER_CONFIG, "Other Configuration Change" },
	{ BGP_ERR_CEASE, BGP_CEASE_COLLISION,
	    "Connection Collision Resolution" },
	{ BGP_ERR_CEASE, BGP_CEASE_RESOURCES, "Out of Resources" },
	{ BGP_ERR_CEASE, BGP_CEASE_HARD_RESET, "Hard Reset" },
	{ BGP_ERR_REFRESH, 1, "Invalid Message Length" },
};

const char *
bgp_notification_str(uint8_t code, uint8_t subcode, char *buf)
{
	if (code >= nitems(code_names) || code_names[code] == NULL) {
		snprintf(buf, BGP_NOTIFICATION_STRLEN, "code %u/%u", code,
		    subcode);
		return buf;
	}
	for (size_t i = 0; i < nitems(subcode_names); i++) {
		if (subcode_names[i].code != code ||
		    subcode_names[i].subcode != subcode)
			continue;
		snprintf(buf, BGP_NOTIFICATION_STRLEN, "%s/%s",
		    code_names[code], subcode_names[i].name);
		return buf;
	}
	if (subcode == 0)
		snprintf(buf, BGP_NOTIFICATION_STRLEN, "%s", code_names[code]);
	else
		snprintf(buf, BGP_NOTIFICATION_STRLEN, "%s/%u",
		    code_names[code], subcode);
	return buf;
}

void
bgp_refresh_parse(const uint8_t *msg, struct bgp_refresh *r)
{
	const uint8_t *body = msg + BGP_HEADER_LEN;

	r->afi = be_get16(body);
	r->subtype = body[2];
	r->safi = body[3];
	r->family = family_from_afi(r->afi, r->safi);
}
