/* SPDX-License-Identifier: ISC */
/*
 * What stands in a set of descriptors: files by name, and the file of each
 * full name (message, enum, enum value, field, service, method).  Pure.
 *
 * The set's bytes are borrowed for the life of the index; files are given
 * back as the bytes of their FileDescriptorProto.
 */
#ifndef APID_SYMBOLS_H
#define APID_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols;

/* NULL if the bytes are no FileDescriptorSet. */
struct symbols *symbols_new(const uint8_t *, size_t);
void symbols_free(struct symbols *); /* NULL is fine */

/* The number of a file, -1 if there is none. */
int symbols_file(const struct symbols *, const char *name);
/* The file that a full name, without a leading dot, is declared in. */
int symbols_find(const struct symbols *, const char *full_name);
bool symbols_is_message(const struct symbols *, const char *full_name);
const uint8_t *symbols_bytes(const struct symbols *, int file, size_t *len);
/* Numbers of the files that a file imports: fills up to max, returns how
 * many there are. */
size_t
symbols_imports(const struct symbols *, int file, int *files, size_t max);
size_t symbols_n_files(const struct symbols *);
/* Full name of service i in order of names; NULL behind the last. */
const char *symbols_service(const struct symbols *, size_t i);

#endif
