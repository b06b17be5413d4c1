/* SPDX-License-Identifier: ISC */
/*
 * Reading the configuration file without trusting what parses it.
 *
 * The privileged process only opens the file.  A short-lived child, locked
 * in like the other children, reads and parses it with libyaml and sends the
 * model and its findings back, in the same encoding in which children
 * receive a configuration.
 */
#ifndef BGPD_LOADER_H
#define BGPD_LOADER_H

#include <sys/types.h>

#include <stdbool.h>

#include "bgpd/conf_schema.h"
#include "bgpd/diag.h"
#include "common/conf.h"
#include "common/sandbox.h"

/* A million prefixes with ranges of lengths take some 70 MiB. */
#define LOADER_FILE_MAX (128u * 1024 * 1024)
#define LOADER_TIMEOUT_MS 60000

struct loaded {
	struct conf *conf; /* NULL if there were errors */
	struct diags diags;
	struct place fixed_at[CONF_FIXED__MAX];
};
void loaded_fini(struct loaded *);

struct loader; /* one reading under way */

/*
 * Open `path` and start the parser, confined as `box` says.  Returns NULL
 * with an error in `d` if the file cannot be opened or no process started.
 */
struct loader *loader_start(const char *path, const struct sandbox *box,
    struct diags *d) ATTR_CHECK;
/* The same for a text that is no file.  The files that it names are not read
 * then: secrets_load() is the caller's, who first looks which ones they are. */
struct loader *loader_start_text(const uint8_t *, size_t,
    const struct sandbox *, struct diags *d) ATTR_CHECK;
int loader_fd(const struct loader *); /* becomes readable */
pid_t loader_pid(const struct loader *);
/* Take what is readable: true while there may be more. */
bool loader_read(struct loader *) ATTR_CHECK;
/*
 * End the reading: kill the parser if it still runs, reap it unless
 * `reaped`, fill `to` (the caller's to release), free the loader.
 */
void loader_finish(struct loader *, bool reaped, struct loaded *to);

/* All of it, waiting: for the start of the suite. */
void loader_run(const char *path, const struct sandbox *box, struct loaded *to);

/* In a process that was just forked: signals act as by default, the handlers
 * that it inherited belong to the parent's event loop. */
void loader_signals(void);

/* The encoding, for the tests: findings and model to bytes and back.
 * loaded_get returns -1 if the bytes are not of that form. */
void loaded_put(struct wr *, const struct loaded *);
int loaded_get(const uint8_t *, size_t, struct loaded *) ATTR_CHECK;

#endif
