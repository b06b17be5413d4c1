/* SPDX-License-Identifier: ISC */
/*
 * What protobuf-c leaves open when it parses a message of a client: that
 * strings are UTF-8 without a NUL, and that enum numbers are known.  Works
 * on the bytes, by the message's descriptor.  Pure.
 */
#ifndef APID_PB_CHECK_H
#define APID_PB_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "common/compat.h"
#include "common/err.h"

/* Returns 0, or -1 with ERR_INVALID in e, naming the member.  Bytes that
 * are no message at all are refused too. */
int pb_check(const ProtobufCMessageDescriptor *, const uint8_t *, size_t,
    struct err *e) ATTR_CHECK;

/* Well-formed UTF-8 (RFC 3629) without NUL. */
bool pb_is_text(const uint8_t *, size_t);
/*
 * Make text of a string that may quote what a client sent, cut at some
 * byte: what is not well-formed becomes question marks.
 */
void pb_mend_text(char *);

#endif
