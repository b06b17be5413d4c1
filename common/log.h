/* SPDX-License-Identifier: ISC */
/*
 * One line an event, to standard error or syslog, as text or as JSON.
 *
 * Text:  "<process>: <message>" with the peer, where there is one, in front
 * of the message ("peer 192.0.2.1: ...").  JSON: one object a line with
 * timestamp (RFC 3339 UTC, microseconds), level, process, message, and peer
 * as a key of its own.
 *
 * Pure modules do not log; they return what happened.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

#include "common/compat.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_format {
	LOG_FORMAT_TEXT,
	LOG_FORMAT_JSON,
};

/*
 * Set the process name shown in each line (borrowed, must stay valid) and
 * whether lines go to syslog (daemon) or standard error.  Text format and
 * level info until changed.
 */
void log_init(const char *process, bool to_syslog);
void log_set_level(enum log_level);
void log_set_format(enum log_format);
enum log_level log_get_level(void);

/* "error", "warn", "info", "debug" ("trace" is debug); -1 if none of them. */
int log_level_parse(const char *, enum log_level *) ATTR_CHECK;
const char *log_level_name(enum log_level);

/* Forms ending in x do not append strerror(errno). */
void log_error(const char *fmt, ...) ATTR_PRINTF(1, 2);
void log_errorx(const char *fmt, ...) ATTR_PRINTF(1, 2);
void log_warn(const char *fmt, ...) ATTR_PRINTF(1, 2);
void log_warnx(const char *fmt, ...) ATTR_PRINTF(1, 2);
void log_info(const char *fmt, ...) ATTR_PRINTF(1, 2);
void log_debug(const char *fmt, ...) ATTR_PRINTF(1, 2);

/* A line about one peer; `peer` is its address as text. */
void log_peer(enum log_level, const char *peer, const char *fmt, ...)
    ATTR_PRINTF(3, 4);

/*
 * May a line about a stranger be written, somebody whom no configuration
 * names?  Twenty in ten seconds may; how many were left out after these is told
 * in a line of its own before the next one.
 */
bool log_stranger_may(void);

/* Log at error level and exit with status 1.  For our own bugs and for
 * exhausted machines, never for input from outside. */
void fatal(const char *fmt, ...) ATTR_PRINTF(1, 2) ATTR_NORETURN;
void fatalx(const char *fmt, ...) ATTR_PRINTF(1, 2) ATTR_NORETURN;

#endif
