/* SPDX-License-Identifier: ISC */
/*
 * Rights at a listener; see access.h.
 */
#include "apid/access.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "common/xmalloc.h"

struct token {
	const char *p; /* into the text */
	size_t len;
};

struct access {
	bool read_only;
	bool wants_token;
	char *text; /* of the token file */
	size_t text_len;
	struct token *tokens;
	size_t n_tokens;
};

/* bgpd has checked the form; a line is a token, blank or a comment. */
static void
find_tokens(struct access *a)
{
	const char *p, *end;
	size_t n;

	for (p = a->text; *p != '\0'; p = *end == '\0' ? end : end + 1) {
		end = p + strcspn(p, "\n");
		n = (size_t)(end - p);
		if (n > 0 && p[n - 1] == '\r')
			n--;
		if (n == 0 || *p == '#')
			continue;
		a->tokens = xreallocarray(a->tokens, a->n_tokens + 1,
		    sizeof(*a->tokens));
		a->tokens[a->n_tokens].p = p;
		a->tokens[a->n_tokens++].len = n;
	}
}

struct access *
access_new(const struct conf_access *conf)
{
	struct access *a = xcalloc(1, sizeof(*a));

	if (conf == NULL)
		return a;
	a->read_only = conf->read_only;
	a->wants_token = conf->tokens.path != NULL;
	if (conf->tokens.text != NULL) {
		a->text = xstrdup(conf->tokens.text);
		a->text_len = strlen(a->text);
		find_tokens(a);
	}
	return a;
}

void
access_free(struct access *a)
{
	if (a == NULL)
		return;
	if (a->text != NULL)
		explicit_bzero(a->text, a->text_len);
	free(a->text);
	free(a->tokens);
	free(a);
}

/* Every token is looked at, whichever is right. */
static bool
is_known(const struct access *a, const char *p, size_t len)
{
	size_t i;
	bool known = false;

	for (i = 0; i < a->n_tokens; i++)
		if (a->tokens[i].len == len &&
		    CRYPTO_memcmp(a->tokens[i].p, p, len) == 0)
			known = true;
	return known;
}

int
access_allows(const struct access *a, bool changes, const void *authorization,
    size_t len, struct err *e)
{
	static const char scheme[] = "Bearer ";
	const char *p = authorization;

	if (a->wants_token) {
		if (p == NULL)
			return err_set(e, ERR_UNAUTHENTICATED,
			    "authorization: a bearer token is needed");
		if (len < sizeof(scheme) ||
		    strncasecmp(p, scheme, sizeof(scheme) - 1) != 0 ||
		    !is_known(a, p + sizeof(scheme) - 1,
			len - (sizeof(scheme) - 1)))
			return err_set(e, ERR_UNAUTHENTICATED,
			    "authorization: the token is not known");
	}
	if (changes && a->read_only)
		return err_set(e, ERR_PERMISSION,
		    "nothing can be changed through this listener");
	return 0;
}
