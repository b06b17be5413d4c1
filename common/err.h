/* SPDX-License-Identifier: ISC */
/*
 * A refusal with its class and its words, carried by value from where it is
 * found to who asked: a configuration edit, an API request, a query.  The
 * classes are those of gRPC that users are promised; apid maps them one to
 * one.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include "common/compat.h"
#include "common/cursor.h"

enum err_code {
	ERR_OK,
	ERR_INVALID, /* INVALID_ARGUMENT */
	ERR_NOT_FOUND, /* NOT_FOUND */
	ERR_EXISTS, /* ALREADY_EXISTS */
	ERR_PRECONDITION, /* FAILED_PRECONDITION */
	ERR_EXHAUSTED, /* RESOURCE_EXHAUSTED */
	ERR_UNAVAILABLE, /* UNAVAILABLE */
	ERR_UNAUTHENTICATED, /* UNAUTHENTICATED */
	ERR_PERMISSION, /* PERMISSION_DENIED */
	ERR_INTERNAL, /* INTERNAL */
	ERR__MAX
};

struct err {
	enum err_code code;
	char text[500]; /* names the thing and the reason; no full stop */
};

/* Fill `e` and return -1, so that `return err_set(...)` reads well. */
int
err_set(struct err *e, enum err_code, const char *fmt, ...) ATTR_PRINTF(3, 4);
void err_clear(struct err *);

/* Codec for messages between processes. */
void err_put(struct wr *, const struct err *);
void err_get(struct rd *, struct err *);

#endif
