/* SPDX-License-Identifier: ISC */
/*
 * JSON to a stream as it comes: no tree, constant memory.  Keys are given
 * by the caller in the order in which they appear; commas are ours.
 */
#ifndef BGPCTL_JSON_H
#define BGPCTL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *to;
	bool comma; /* something stands before in this object or array */
};

void json_init(struct json *, FILE *);
/* A key of NULL stands for an element of an array, or the whole text. */
void json_object(struct json *, const char *key);
void json_object_end(struct json *);
void json_array(struct json *, const char *key);
void json_array_end(struct json *);
void json_string(struct json *, const char *key, const char *);
void json_uint(struct json *, const char *key, uint64_t);
void json_float(struct json *, const char *key, double);
void json_bool(struct json *, const char *key, bool);
void json_hex(struct json *, const char *key, const uint8_t *, size_t);
/* A line end after the whole text. */
void json_done(struct json *);

#endif
