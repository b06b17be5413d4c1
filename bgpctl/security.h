/* SPDX-License-Identifier: ISC */
/*
 * What a connection to the daemon trusts and shows: contents of the files
 * that the command line or the environment names.
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
	const char *server_name; /* -n */
	bool plain_token; /* -P: the token may cross a network in plain text */
};

struct security {
	bool tls; /* the endpoint is https:// */
	/* PEM, NULL: none; without a CA that of the system is trusted */
	char *ca;
	char *certificate;
	char *key;
	char *authorization; /* "Bearer TOKEN", NULL: none */
	/* that the daemon's certificate must hold, NULL: the endpoint's */
	char *server_name;
};

/*
 * What the command line left open, from BGPCTL_ENDPOINT, BGPCTL_TOKEN_FILE
 * and BGPCTL_CA; an empty variable is none.  *endpoint stays NULL if nothing
 * names one.  BGPCTL_CA holds for https alone, so that it does not stand in
 * the way of other endpoints.
 */
void security_environment(struct security_files *, const char **endpoint);

/*
 * Read the files and hold them against the endpoint: certificates and the
 * name in one go with https alone, and a token does not cross a network in
 * plain text unless plain_token says so.  0, or -1 with a reason in err and
 * nothing to finish.
 */
int security_load(struct security *, const struct security_files *,
    const char *endpoint, char *err, size_t err_len) ATTR_CHECK;
void security_fini(struct security *);

#endif
