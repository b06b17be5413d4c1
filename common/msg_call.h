/* SPDX-License-Identifier: ISC */
/*
 * Payloads of CONF_CALL: what apid wants of the configuration as a whole,
 * and what bgpd answers.
 */
#ifndef COMMON_MSG_CALL_H
#define COMMON_MSG_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/cursor.h"

enum conf_call_op {
	CONF_CALL_RELOAD, /* read the file again and take it over */
	CONF_CALL_DRY_RUN, /* all of that but the last step */
	CONF_CALL_RUNNING, /* the running configuration as text */
	CONF_CALL_FILE, /* the file, parsed and written the same way */
	CONF_CALL_SAVE, /* write the running configuration to the file */
	CONF_CALL_COMMIT, /* take `text` over and write it to the file */
	CONF_CALL_ROLLBACK, /* the same with the text of version `index` */
	CONF_CALL_VERSIONS, /* which earlier files are kept */
	CONF_CALL_LOG, /* log more (index 1) or as configured (0) */
	CONF_CALL__MAX
};

/* Bytes of a text in either direction; a request of the API has 4 MiB. */
#define CONF_CALL_TEXT_MAX (8u * 1024 * 1024)

/*
 * CONF_CALL.  One longer than a message goes in pieces as CONF_EDIT does:
 * CONF_EDIT_PART... and the rest as CONF_CALL.
 */
struct conf_call {
	uint8_t op; /* enum conf_call_op */
	uint32_t index;
	const uint8_t *text; /* to the end of the request; borrows */
	size_t text_len;
};
void msg_conf_call_put(struct wr *, const struct conf_call *);
void msg_conf_call_get(struct rd *, struct conf_call *);

enum conf_change_how {
	CONF_ADDED,
	CONF_REMOVED,
	CONF_CHANGED,
	CONF_CHANGE__MAX
};
struct conf_change { /* a difference between two configurations */
	uint8_t how; /* enum conf_change_how */
	bool resets; /* the session of a peer */
	char *kind; /* "peer", "prefix-set", "key" ... */
	char *name;
	char *text; /* "peer 192.0.2.1: removed" */
};
struct conf_changes {
	struct conf_change *list;
	uint32_t n;
	uint32_t left_out; /* beyond CONF_CHANGES_MAX */
};
#define CONF_CHANGES_MAX 1000u
void conf_changes_fini(struct conf_changes *);

struct conf_version { /* an earlier file */
	uint32_t index; /* 1: the one before */
	uint64_t mtime; /* seconds since 1970 */
	uint64_t size;
};
#define CONF_VERSIONS_MAX 10u
#define CONF_NOTES_MAX 200u

/*
 * The answer: CONF_CALL_TEXT... with these bytes cut anywhere, then
 * CONF_CALL_DONE with a struct err.  Nothing but the error counts unless that
 * is ERR_OK.
 */
struct conf_reply {
	char *message;
	struct conf_changes changes;
	char **notes; /* warnings, and what could not be done */
	uint32_t n_notes;
	struct conf_version versions[CONF_VERSIONS_MAX];
	uint32_t n_versions;
	const uint8_t *text; /* borrows */
	size_t text_len;
};
void msg_conf_reply_put(struct wr *, const struct conf_reply *);
void msg_conf_reply_get(struct rd *, struct conf_reply *);
void conf_reply_fini(struct conf_reply *);
void
conf_reply_note(struct conf_reply *, const char *fmt, ...) ATTR_PRINTF(2, 3);

#endif
