/* SPDX-License-Identifier: ISC */
/*
 * Policies and sets as command lines give them: words into messages.
 * Private to the directory.
 */
#ifndef BGPCTL_POLICY_WORDS_H
#define BGPCTL_POLICY_WORDS_H

#include "bgpctl/ctl.h"

/* A message under construction, byte by byte. */
struct draft {
	uint8_t *base;
	size_t len;
};
void draft_fini(struct draft *);
void draft_text(struct draft *, unsigned int field, const char *);
void draft_number(struct draft *, unsigned int field, uint64_t);
void draft_part(struct draft *, unsigned int field, const struct draft *);

/* Append the statements that options of policy add make, as members of
 * number `field`.  -1 with a text in err. */
int policy_words(const struct cmd_args *, struct draft *, unsigned int field,
    char *err, size_t err_len) ATTR_CHECK;

#endif
