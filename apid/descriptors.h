/* SPDX-License-Identifier: ISC */
/*
 * The descriptors of the published services: a serialized
 * google.protobuf.FileDescriptorSet, made by protoc when the suite is built.
 */
#ifndef APID_DESCRIPTORS_H
#define APID_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t descriptors[];
extern const size_t descriptors_len;

#endif
