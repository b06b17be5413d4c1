/* SPDX-License-Identifier: ISC */
/* The catalogue as a table. */
#include "common/msg.h"

const struct msg_rule msg_rules[MSG__MAX] = {
#define M(name, from, to, min, max, fd)                                        \
	[MSG_##name] = { #name, from, to, fd, min, max },
	MSG_CATALOGUE(M)
#undef M
};

const char *
proc_name(enum proc p)
{
	static const char *const names[PROC__MAX] = {
		[PROC_BGPD] = "bgpd",
		[PROC_SESSIOND] = "sessiond",
		[PROC_RDE] = "rde",
		[PROC_APID] = "apid",
	};

	return names[p];
}
