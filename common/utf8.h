/* SPDX-License-Identifier: ISC */
/*
 * UTF-8 of foreign text: what may be shown, what may stand in JSON.
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Length of the valid UTF-8 sequence (RFC 3629 4) of any character but NUL
 * at p, of which `left` (not 0) bytes may be looked at; 0 if there is none.
 */
size_t utf8_length(const uint8_t *p, size_t left);
/*
 * Length of the valid UTF-8 sequence (RFC 3629 4) of a printable character
 * at p, of which `left` (not 0) bytes may be looked at; 0 if there is none.
 */
size_t utf8_printable(const uint8_t *p, size_t left);

#endif
