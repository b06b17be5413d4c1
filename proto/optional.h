/* SPDX-License-Identifier: ISC */
/*
 * Members with presence.  protoc-c sees each `optional` of bgp.proto as a
 * oneof of its own (optional.awk), whose case says whether it is there: 0 if
 * not, else this value, which is the member's number.
 */
#ifndef PROTO_OPTIONAL_H
#define PROTO_OPTIONAL_H

/* PB_CASE(PATH, MED): what path->_med_case is when there is a MED. */
#define PB_CASE(message, member) BGP__##message##___##member##_##member

#endif
