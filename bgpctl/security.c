/* SPDX-License-Identifier: ISC */
/*
 * Files of a connection; see security.h.
 */
#include "bgpctl/security.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/xmalloc.h"

enum { FILE_MAX = 1 << 20 };

#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

/* The contents of a file, or NULL with a reason. */
static char *
slurp(const char *path, char *err, size_t err_len)
{
	FILE *f = fopen(path, "re");
	char *text;
	size_t n;

	if (f == NULL) {
		(void)snprintf(err, err_len, "%s: %s", path, strerror(errno));
		return NULL;
	}
	text = xmalloc(FILE_MAX + 1);
	n = fread(text, 1, FILE_MAX, f);
	text[n] = '\0';
	/* A directory can be opened, but not read. */
	if (ferror(f)) {
		(void)snprintf(err, err_len, "%s: %s", path, strerror(errno));
		fclose(f);
		free(text);
		return NULL;
	}
	fclose(f);
	if (n == FILE_MAX || strlen(text) != n) {
		(void)snprintf(err, err_len, "%s: is no text, or too long",
		    path);
		free(text);
		return NULL;
	}
	return text;
}

/* The first line that is neither blank nor a comment. */
static char *
bearer(const char *text)
{
	const char *p;
	size_t n;

	for (p = text; *p != '\0'; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (n > 0 && *p != '#' && *p != '\r')
			return xasprintf("Bearer %.*s", (int)strcspn(p, "\r\n"),
			    p);
	}
	return NULL;
}

static bool
is_https(const char *endpoint)
{
	return strncmp(endpoint, "https://", 8) == 0;
}

/* Does the endpoint stay on this machine? */
static bool
is_local(const char *endpoint)
{
	char host[256];
	struct addr a;
	size_t n;

	if (strncmp(endpoint, "unix:", 5) == 0)
		return true;
	if (strncmp(endpoint, "http://", 7) == 0)
		endpoint += 7;
	if (*endpoint == '[')
		n = strcspn(++endpoint, "]");
	else
		n = strcspn(endpoint, ":/");
	if (n >= sizeof(host))
		return false;
	memcpy(host, endpoint, n);
	host[n] = '\0';
	if (strcmp(host, "localhost") == 0)
		return true;
	return addr_parse(host, &a) == 0 && addr_is_loopback(&a);
}

static int
load_tls(struct security *s, const struct security_files *files, char *err,
    size_t err_len)
{
	char unused[256];

	if ((files->certificate == NULL) != (files->key == NULL)) {
		(void)snprintf(err, err_len,
		    "a certificate (-c) and its key (-k) go together");
		return -1;
	}
	if (files->ca != NULL) {
		s->ca = slurp(files->ca, err, err_len);
		if (s->ca == NULL)
			return -1;
	} else
		s->ca = slurp(SYSTEM_CA, unused, sizeof(unused));
	if (files->certificate == NULL)
		return 0;
	s->certificate = slurp(files->certificate, err, err_len);
	if (s->certificate == NULL)
		return -1;
	s->key = slurp(files->key, err, err_len);
	return s->key == NULL ? -1 : 0;
}

static int
load_token(struct security *s, const struct security_files *files,
    const char *endpoint, char *err, size_t err_len)
{
	const char *path = files->token;
	char *text;

	if (!s->tls && !files->plain_token && !is_local(endpoint)) {
		(void)snprintf(err, err_len,
		    "a token does not go over the network in plain text: use "
		    "https://, or -P if the network is trusted");
		return -1;
	}
	text = slurp(path, err, err_len);
	if (text == NULL)
		return -1;
	s->authorization = bearer(text);
	explicit_bzero(text, strlen(text));
	free(text);
	if (s->authorization != NULL)
		return 0;
	(void)snprintf(err, err_len, "%s: there is no token in it", path);
	return -1;
}

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

void
security_environment(struct security_files *files, const char **endpoint)
{
	if (*endpoint == NULL)
		*endpoint = variable("BGPCTL_ENDPOINT");
	if (files->token == NULL)
		files->token = variable("BGPCTL_TOKEN_FILE");
	if (files->ca == NULL && *endpoint != NULL && is_https(*endpoint))
		files->ca = variable("BGPCTL_CA");
}

int
security_load(struct security *s, const struct security_files *files,
    const char *endpoint, char *err, size_t err_len)
{
	memset(s, 0, sizeof(*s));
	s->tls = is_https(endpoint);
	if (!s->tls && files->server_name != NULL) {
		(void)snprintf(err, err_len,
		    "a name in the certificate (-n) is for endpoints that "
		    "begin with https://");
		return -1;
	}
	if (files->server_name != NULL && files->server_name[0] == '\0') {
		(void)snprintf(err, err_len,
		    "the name in the certificate (-n) is empty");
		return -1;
	}
	if (!s->tls &&
	    (files->ca != NULL || files->certificate != NULL ||
		files->key != NULL)) {
		(void)snprintf(err, err_len,
		    "certificates are for endpoints that begin with https://");
		return -1;
	}
	if ((s->tls && load_tls(s, files, err, err_len) == -1) ||
	    (files->token != NULL &&
		load_token(s, files, endpoint, err, err_len) == -1)) {
		security_fini(s);
		return -1;
	}
	if (files->server_name != NULL)
		s->server_name = xstrdup(files->server_name);
	return 0;
}

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
security_fini(struct security *s)
{
	free(s->ca);
	free(s->certificate);
	free(s->server_name);
	wipe(s->key);
	wipe(s->authorization);
	memset(s, 0, sizeof(*s));
}
