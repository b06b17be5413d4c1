/* SPDX-License-Identifier: ISC */
/*
 * What a connection to the daemon trusts and shows: contents of the files
 * that the command line names.
 */
#ifndef BGPCTL_SECURITY_H
#define BGPCTL_SECURITY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/compat.h"

struct security_files { /* of the command line; NULL: not given */
	const char *ca; /* -C */
	const char *certificate; /* -c */
	const char *key; /* -k */
	const char *token; /* -t */
};

struct security {
	bool tls; /* the endpoint is https:// */
	/* PEM, NULL: none; without a CA that of the system is trusted */
	char *ca;
	char *certificate;
	char *key;
	char *authorization; /* "Bearer TOKEN", NULL: none */
};

/*
 * Read the files and hold them against the endpoint: certificates go with
 * https alone, and a token does not cross a network in plain text.  0, or -1
 * with a reason in err.
 */
int security_load(struct security *, const struct security_files *,
    const char *endpoint, char *err, size_t err_len) ATTR_CHECK;
void security_fini(struct security *);

#endif
