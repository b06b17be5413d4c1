/* SPDX-License-Identifier: ISC */
/*
 * The parent's state, private to this directory.
 *
 * One object, made in main.c; everything hangs off it.  child.c owns the
 * processes, ping.c whether they answer, reload.c the configuration and its
 * transactions, call.c the file and its text, link.c the handlers of messages
 * from children.
 */
#ifndef BGPD_BGPD_H
#define BGPD_BGPD_H

#include <sys/types.h>

#include <stdbool.h>
#include <time.h>

#include "bgpd/loader.h"
#include "bgpd/paths.h"
#include "bgpd/ping.h"
#include "bgpd/socket.h"
#include "common/chan.h"
#include "common/conf.h"
#include "common/mono.h"
#include "common/msg.h"
#include "common/msg_call.h"
#include "common/msg_conf.h"
#include "common/sandbox.h"

struct event;
struct event_base;
struct notify;
struct bgpd;
struct models;
struct store;

/* --- children (child.c) */

enum child_sync { /* how far a child is with a configuration */
	SYNC_NONE,
	SYNC_SENDING, /* items go out as its channel takes them */
	SYNC_VOTING, /* all sent, its vote is awaited */
	SYNC_READY, /* voted for it */
	SYNC_COMMITTED, /* told to take it over */
	SYNC_DONE,
};

#define CHILD_RESTARTS_MAX 5 /* of apid ... */
#define CHILD_RESTARTS_MS 60000 /* ... in this time */

struct child {
	struct bgpd *bgpd;
	enum proc proc;
	pid_t pid; /* 0: not running */
	struct chan *chan; /* NULL: none or broken */
	struct event *timer; /* restart, or the end of patience */
	struct mono deaths[CHILD_RESTARTS_MAX];
	int n_deaths;
	bool given_up;
	bool killed; /* by us, who said so */
	struct ping ping;
	/* the configuration on its way to it */
	const struct conf *conf;
	enum child_sync sync;
	int item_kind;
	uint32_t item_index;
	/* of a set or policy: 0 its head, else after which of its members or
	 * statements, counted from 1 */
	uint32_t item_part;
	bool synced; /* holds the listeners' descriptors */
};

/* --- transactions (reload.c) */

enum reload_state {
	RELOAD_IDLE,
	RELOAD_LOADING, /* the parser reads the file */
	RELOAD_VOTING,
	RELOAD_COMMITTING,
};

struct edit {
	TAILQ_ENTRY(edit) entry;
	uint32_t request;
	struct conf_edit change;
	size_t size; /* of the request */
	bool alone; /* do not share a generation with others */
};
TAILQ_HEAD(edits, edit);

/* --- what concerns the configuration as a whole (call.c) */

struct call {
	TAILQ_ENTRY(call) entry;
	uint8_t op; /* enum conf_call_op */
	uint32_t index;
	bool by_signal; /* SIGHUP */
	uint32_t *requests; /* that it answers */
	size_t n_requests;
	struct wr text; /* what is parsed in place of the file */
	struct store *store; /* the file about to be written */
	enum log_level level; /* as the text has it */
	/* what file_says, file_mtime and file_size become */
	uint64_t says;
	struct timespec mtime;
	off_t size;
	struct conf_reply reply;
};
TAILQ_HEAD(calls, call);

#define CALLS_MAX 64 /* waiting ... */
#define CALLS_BYTES_MAX (2 * CONF_CALL_TEXT_MAX) /* ... with so much text */
#define CALL_REQUESTS_MAX 256 /* for one and the same reload */

#define EDITS_MAX 4096 /* waiting; more are refused ... */
#define EDITS_BYTES_MAX (2 * CONF_EDIT_MAX) /* ... as are more bytes */
#define VOTE_TIMEOUT_MS 20000
#define COMMIT_TIMEOUT_MS 30000

struct tally { /* for the metrics; see metrics.c */
	time_t started;
	uint64_t apid_restarts;
	uint64_t reloads[2]; /* refused, carried out */
	bool reload_ok; /* the last one */
	time_t reload_at; /* its end; before the first one, the start */
	uint64_t edits[2]; /* refused, carried out */
};

struct bgpd {
	struct event_base *base;
	struct paths paths;
	struct sandbox box; /* how children are confined */
	const char *conf_name; /* as the user wrote it, for messages */
	char *conf_path; /* the same, absolute */
	bool foreground;
	bool verbose;
	bool trial; /* only answers questions about the file */
	bool ready; /* the first generation is committed everywhere */
	bool stopping;
	int status; /* exit status */
	int ready_pipe; /* tells the process that daemonised us; -1 */
	struct notify *notify; /* the service manager; NULL: none */
	char *pid_written; /* path of the pid file that is ours */

	struct child children[PROC__MAX]; /* PROC_BGPD is unused */
	struct event *stop_timer;
	struct event *ping_timer;
	bool rde_told; /* to end */

	struct conf *running; /* committed: the file's objects and the API's */
	struct conf *next; /* in a transaction */
	/* What else belongs to the two, see struct models. */
	struct conf *removed, *file;
	struct conf *next_removed, *next_file;
	uint64_t serial; /* last one given to a set or policy */
	struct listeners listeners;
	uint32_t generation; /* last one given out */

	enum reload_state state;
	struct loader *loader;
	struct event *loader_event;
	bool loader_reaped;
	struct event *reload_timer;
	struct calls calls; /* waiting */
	size_t n_calls;
	struct call *call; /* under way; NULL: none */
	enum log_level file_level; /* as the file of `running` has it */
	char *file_inert; /* keys of it without effect, a list; NULL: none */
	char *next_inert; /* of the text being taken over */
	bool level_again; /* changed while a generation was on its way */
	/* of the file when it was read last; and of what it says, as
	 * conf_write() has it */
	struct timespec file_mtime;
	off_t file_size;
	uint64_t file_says;
	/* the beginning of an edit longer than a message, and its request */
	struct wr parts;
	uint32_t parts_request;
	struct edits edits; /* waiting */
	size_t n_edits;
	size_t edits_bytes;
	struct edits batch; /* in the transaction */
	size_t n_batch;
	struct tally tally;
};

/* --- child.c */
int children_check(const struct bgpd *, struct err *) ATTR_CHECK;
void children_start(struct bgpd *);
void children_free(struct bgpd *);
/* Reap whatever ended. */
void children_reap(struct bgpd *);
/* End the suite with this status; the first reason wins. */
void bgpd_stop(struct bgpd *, int status);
/* A child does not behave or hangs: end it. */
void child_kill(struct child *, const char *why);
bool child_running(const struct child *);
/* Nothing is gone that the suite cannot do without. */
bool children_alive(const struct bgpd *);
/* The channel is dead: closed (why NULL) or in breach of the catalogue. */
void child_disconnected(struct child *, const char *why);

/* --- reload.c */
/* Takes l->conf as the first generation. */
void reload_init(struct bgpd *, struct loaded *l);
void reload_fini(struct bgpd *);
/* Send the first generation out. */
void reload_first(struct bgpd *);
/* Queue a change by API, `size` bytes long as it came; takes what `change`
 * holds. */
void reload_edit(struct bgpd *, uint32_t request, struct conf_edit *change,
    size_t size);
/* Events of children. */
void reload_child_ready(struct child *, uint32_t generation);
void
reload_child_reject(struct child *, uint32_t generation, const struct err *);
void reload_child_done(struct child *, uint32_t generation);
void reload_child_gone(struct child *);
void reload_child_started(struct child *);
/* Go on with what waits, if nothing is under way. */
void reload_next(struct bgpd *);
void reload_timer_set(struct bgpd *, int ms);
/*
 * Make a generation the next one (taken) and bind its listeners; -1: it is
 * dropped.  Then send it out, or drop it.
 */
int reload_try(struct bgpd *, struct models *, struct err *e) ATTR_CHECK;
void reload_begin(struct bgpd *);
void reload_drop(struct bgpd *);
/* Log everything, or what the file wants; returns the level. */
enum log_level reload_log_level(struct bgpd *, bool verbose);
/*
 * Bind what `c` lists and does not have yet, and write the bound addresses
 * into it.  On failure nothing has changed.
 */
int reload_listeners(struct bgpd *, struct conf *c, struct err *e) ATTR_CHECK;
/* Write, move or remove the pid file as `c` says (NULL: remove). */
int
pid_file_update(struct bgpd *, const struct conf *c, struct err *e) ATTR_CHECK;
/* The API is given up: nobody accepts on its addresses any more. */
void reload_close_api(struct bgpd *);

/* --- call.c: the file, its text, and what is told about them */
/* What the first reading of the file came to. */
void call_first(struct bgpd *, const struct loaded *);
/* Read the file again, because of SIGHUP. */
void call_reload(struct bgpd *);
/* A request of apid; what it borrows is copied. */
void call_request(struct bgpd *, uint32_t request, const struct conf_call *);
/* Begin what waits, while nothing is under way. */
void calls_next(struct bgpd *);
/* The requests of an apid that is gone need no answer. */
void calls_forget(struct bgpd *);
void calls_fini(struct bgpd *);
/* The parser process was reaped. */
void call_parser_reaped(struct bgpd *);
/* The transaction under way is only a trial: drop it after the vote. */
bool call_is_trial(const struct bgpd *);
/* How the transaction ended; nothing if it was none of a call. */
void call_committed(struct bgpd *);
void call_aborted(struct bgpd *, const struct err *);

/* --- transfer.c: a configuration to one child */
/* Send it from the beginning; c->sync becomes SYNC_VOTING when all is out. */
void transfer_start(struct child *, const struct conf *);
/* The channel has room again. */
void transfer_continue(struct child *);
void transfer_commit(struct child *);

/* --- merge.c */
/* A generation, and what the next one is to know of the file. */
struct models {
	struct conf *conf; /* the file's objects and the API's */
	/* Peers, sets and policies of the file that were removed through the
	 * API; they stay away until the file changes them. */
	struct conf *removed;
	struct conf *file; /* its peers, sets and policies */
};
void models_free(struct models *);
/* The first generation; takes l->conf. */
void reload_start_from(struct loaded *l, uint64_t *serial, struct models *);
/*
 * What an edit makes of a generation.  `file_name` is for the message that
 * names where an object comes from.  On error nothing has changed.
 */
int edit_apply(struct models *, uint64_t *serial, const char *file_name,
    const struct conf_edit *, struct err *e) ATTR_CHECK;
/*
 * Join a newly read file with the objects of the API in `now`.  What the API
 * changed or removed of the file's objects holds while the file does not
 * change them.  Conflicts and changes that need a restart go to l->diags;
 * then -1, and `next` is empty.
 */
int reload_merge(struct loaded *l, const struct models *now, uint64_t *serial,
    struct models *next) ATTR_CHECK;
/* The same with a text that holds everything: nothing of the API stays beside
 * it, all objects are the file's from now on. */
int reload_adopt(struct loaded *l, const struct models *now, uint64_t *serial,
    struct models *next) ATTR_CHECK;

/* --- metrics.c */
/* Answer METRICS_GET of a running apid. */
void metrics_answer(struct bgpd *, uint32_t request);
void tally_start(struct bgpd *);
void tally_reload(struct bgpd *, bool ok);

/* --- link.c */
extern const struct chan_ops link_ops[PROC__MAX];

#endif
