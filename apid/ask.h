/* SPDX-License-Identifier: ISC */
/*
 * The plainest way to serve a unary call: one question to one sibling, one
 * answer, one reply.
 */
#ifndef APID_ASK_H
#define APID_ASK_H

#include "apid/apid.h"

struct ask;

struct ask_kind {
	enum proc to;
	enum msg_type question;
	enum msg_type answer;
	/* The answer came: end the call.  -1 if it is malformed (then the
	 * call has not been ended). */
	int (*on_answer)(struct ask *, const struct msg *);
};

struct ask {
	struct req req;
	struct apid *apid;
	struct call *call;
	const struct ask_kind *kind;
	char subject[128]; /* what the reply is about */
};

/* Ask what is in wr; ends the call on failure. */
void ask_start(struct apid *, struct call *, const struct ask_kind *,
    const struct wr *, const char *subject);
/* For answers that are a struct err: fail the call if it says so.  Returns
 * 1 if it failed, 0 if all is well, -1 if malformed. */
int ask_err(struct ask *, const struct msg *) ATTR_CHECK;

#endif
