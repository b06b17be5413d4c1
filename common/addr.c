/* SPDX-License-Identifier: ISC */
/* IP addresses and endpoints. */
#include "common/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "common/hash.h"

int
addr_parse(const char *text, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	/* inet_pton takes exactly the strict forms that we want. */
	if (inet_pton(AF_INET, text, a->bytes) == 1) {
		a->family = ADDR_IPV4;
		return 0;
	}
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET6, text, a->bytes) == 1) {
		a->family = ADDR_IPV6;
		return 0;
	}
	memset(a, 0, sizeof(*a));
	return -1;
}

static int
port_parse(const char *text, bool port0_ok, uint16_t *port)
{
	unsigned int v = 0;
	size_t n = strlen(text);

	if (n == 0 || n > 5 || (text[0] == '0' && n > 1))
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		v = v * 10 + (unsigned int)(*text - '0');
	}
	if (v > UINT16_MAX || (v == 0 && !port0_ok))
		return -1;
	*port = (uint16_t)v;
	return 0;
}

int
endpoint_parse(const char *text, int default_port, bool port0_ok,
    struct addr *a, uint16_t *port)
{
	char host[ADDR_STRLEN];
	const char *colon = NULL;
	const char *end;
	uint8_t want = ADDR_NONE;

	if (text[0] == '[') {
		end = strchr(text, ']');
		if (end == NULL)
			return -1;
		text++;
		want = ADDR_IPV6;
		if (end[1] == ':')
			colon = end + 1;
		else
			return -1; /* brackets only with a port */
	} else {
		end = text + strlen(text);
		colon = strchr(text, ':');
		if (colon != NULL && strchr(colon + 1, ':') != NULL)
			colon = NULL; /* bare IPv6 */
		if (colon != NULL) {
			end = colon;
			want = ADDR_IPV4;
		}
	}
	if ((size_t)(end - text) >= sizeof(host))
		return -1;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	if (addr_parse(host, a) == -1)
		return -1;
	if (want != ADDR_NONE && a->family != want)
		return -1;
	if (colon != NULL)
		return port_parse(colon + 1, port0_ok, port);
	if (default_port < 0)
		return -1;
	*port = (uint16_t)default_port;
	return 0;
}

const char *
addr_str(const struct addr *a, char *buf)
{
	int af = a->family == ADDR_IPV6 ? AF_INET6 : AF_INET;

	if (a->family == ADDR_NONE)
		strcpy(buf, "none");
	else if (inet_ntop(af, a->bytes, buf, ADDR_STRLEN) == NULL)
		strcpy(buf, "?");
	return buf;
}

const char *
endpoint_str(const struct addr *a, uint16_t port, char *buf)
{
	char host[ADDR_STRLEN];

	addr_str(a, host);
	snprintf(buf, ENDPOINT_STRLEN,
	    a->family == ADDR_IPV6 ? "[%s]:%u" : "%s:%u", host, port);
	return buf;
}

int
addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_cmp(a, b) == 0;
}

bool
addr_is_unspecified(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->bytes, zero, sizeof(zero)) == 0;
}

bool
addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == ADDR_IPV4)
		return a->bytes[0] == 127;
	return memcmp(a->bytes, one, 16) == 0 ||
	    (addr_is_mapped(a) && a->bytes[12] == 127);
}

bool
addr_is_multicast(const struct addr *a)
{
	if (a->family == ADDR_IPV6)
		return a->bytes[0] == 0xff;
	return (a->bytes[0] & 0xf0) == 0xe0;
}

bool
addr_is_mapped(const struct addr *a)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
		0xff };

	return a->family == ADDR_IPV6 &&
	    memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

struct addr
addr_ipv4(uint32_t v)
{
	struct addr a;

	memset(&a, 0, sizeof(a));
	a.family = ADDR_IPV4;
	a.bytes[0] = (uint8_t)(v >> 24);
	a.bytes[1] = (uint8_t)(v >> 16);
	a.bytes[2] = (uint8_t)(v >> 8);
	a.bytes[3] = (uint8_t)v;
	return a;
}

uint32_t
addr_to_u32(const struct addr *a)
{
	return (uint32_t)a->bytes[0] << 24 | (uint32_t)a->bytes[1] << 16 |
	    (uint32_t)a->bytes[2] << 8 | a->bytes[3];
}

uint64_t
addr_hash(const struct addr *a)
{
	return hash_bytes(a, sizeof(*a));
}

socklen_t
addr_to_sockaddr(const struct addr *a, uint16_t port,
    struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (a->family == ADDR_IPV6) {
		struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(port);
		memcpy(&sin6->sin6_addr, a->bytes, 16);
		return sizeof(*sin6);
	}
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;

	sin->sin_family = AF_INET;
	sin->sin_port = htons(port);
	memcpy(&sin->sin_addr, a->bytes, 4);
	return sizeof(*sin);
}

int
addr_from_sockaddr(const struct sockaddr *sa, struct addr *a, uint16_t *port)
{
	memset(a, 0, sizeof(*a));
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in sin;

		memcpy(&sin, sa, sizeof(sin));
		a->family = ADDR_IPV4;
		memcpy(a->bytes, &sin.sin_addr, 4);
		*port = ntohs(sin.sin_port);
		return 0;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 sin6;

		memcpy(&sin6, sa, sizeof(sin6));
		a->family = ADDR_IPV6;
		memcpy(a->bytes, &sin6.sin6_addr, 16);
		*port = ntohs(sin6.sin6_port);
		return 0;
	}
	return -1;
}

void
addr_put(struct wr *w, const struct addr *a)
{
	wr_n8(w, a->family);
	if (a->family != ADDR_NONE)
		wr_copy(w, a->bytes, a->family == ADDR_IPV6 ? 16 : 4);
}

void
addr_get(struct rd *r, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	a->family = rd_n8(r);
	switch (a->family) {
	case ADDR_NONE:
		break;
	case ADDR_IPV4:
		rd_copy(r, a->bytes, 4);
		break;
	case ADDR_IPV6:
		rd_copy(r, a->bytes, 16);
		break;
	default:
		a->family = ADDR_NONE;
		rd_fail(r);
	}
}
