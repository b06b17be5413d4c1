/* SPDX-License-Identifier: ISC */
/* The table of address families. */
#include "common/afi.h"

#include <string.h>

static const struct {
	uint16_t afi;
	uint8_t safi;
	uint8_t bits;
	const char *name;
	const char *key;
} families[FAMILY__MAX] = {
	[FAMILY_IPV4_UNICAST] = { AFI_IPV4, SAFI_UNICAST, 32, "IPv4 unicast",
	    "ipv4-unicast" },
	[FAMILY_IPV6_UNICAST] = { AFI_IPV6, SAFI_UNICAST, 128, "IPv6 unicast",
	    "ipv6-unicast" },
};

int
family_from_afi(uint16_t afi, uint8_t safi)
{
	for (int f = 0; f < FAMILY__MAX; f++)
		if (families[f].afi == afi && families[f].safi == safi)
			return f;
	return -1;
}

uint16_t
family_afi(enum family f)
{
	return families[f].afi;
}

uint8_t
family_safi(enum family f)
{
	return families[f].safi;
}

const char *
family_name(enum family f)
{
	return families[f].name;
}

int
family_parse(const char *key)
{
	for (int f = 0; f < FAMILY__MAX; f++)
		if (strcmp(families[f].key, key) == 0)
			return f;
	return -1;
}

const char *
family_key(enum family f)
{
	return families[f].key;
}

unsigned int
family_max_bits(enum family f)
{
	return families[f].bits;
}
