/* SPDX-License-Identifier: ISC */
/*
 * The beginning of every child process, the same for all three.
 */
#ifndef COMMON_PROC_H
#define COMMON_PROC_H

#include <stdbool.h>

#include "common/compat.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/msg.h"

/* The descriptor on which a child finds its channel to bgpd. */
#define PROC_CHANNEL_FD 3

enum proc_flag {
	PROC_RAISE_FILES = 1, /* soft limit of descriptors up to the hard one */
};

/*
 * Make of a freshly executed program the child `self`: read the arguments
 * that bgpd sets, open the log, draw the hash key, close every descriptor
 * but 0 to 3, ignore SIGPIPE, SIGINT, SIGTERM and SIGHUP (the parent decides
 * when a child ends), and give up all privilege (sandbox.h).  `flags` are of
 * enum proc_flag.
 *
 * Call it first in main(), before any library starts a thread.  Returns the
 * descriptor of the channel to bgpd; if anything fails, or if a person
 * started the program, it says so and exits with status 1.
 */
int proc_child_init(enum proc self, int argc, char **argv,
    unsigned int flags) ATTR_CHECK;

/* Let the log follow a committed configuration. */
void proc_apply_log(const struct conf *);

/* Raise the soft limit of descriptors to the hard one; returns the limit. */
unsigned long proc_raise_files(void);

/* What bgpd tells a child in its arguments. */
struct proc_args {
	bool foreground; /* log to standard error, else syslog */
	enum log_level level;
	enum log_format format;
	bool privileged;
	unsigned int uid, gid;
	const char *dir; /* points into argv */
};

#define PROC_ARGV_MAX 16
#define PROC_ARGV_TEXT 32

/*
 * Write `args` as the argument vector of child `self`; numbers are kept in
 * `text`, dir is borrowed.  proc_args_parse() is its inverse: -1 if argv is
 * not of that form.
 */
void proc_args_build(enum proc self, const struct proc_args *args,
    char *argv[PROC_ARGV_MAX], char text[4][PROC_ARGV_TEXT]);
int proc_args_parse(int argc, char **argv, struct proc_args *args) ATTR_CHECK;

#endif
