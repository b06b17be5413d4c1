/* SPDX-License-Identifier: ISC */
/*
 * Log lines.  A line is built in one buffer and written with one call, so
 * that lines of several processes on one descriptor do not mix.  A full
 * disk or a closed descriptor is ignored, and what a pipe or a terminal does
 * not take at once is left out and counted: logging never stops routing.
 */
#include "common/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/mono.h"
#include "common/utf8.h"

enum {
	STRANGER_LINES = 20, /* in ... */
	STRANGER_MS = 10000,
};

static struct {
	const char *process;
	bool to_syslog;
	enum log_level level;
	enum log_format format;
	unsigned long lost; /* lines since the last one that was written */
} log_state = { "bgpd", false, LOG_LEVEL_INFO, LOG_FORMAT_TEXT, 0 };

static const struct {
	const char *name;
	const char *json;
	int priority;
} log_levels[] = {
	[LOG_LEVEL_ERROR] = { "error", "ERROR", LOG_ERR },
	[LOG_LEVEL_WARN] = { "warn", "WARN", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", "INFO", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", "DEBUG", LOG_DEBUG },
};

void
log_init(const char *process, bool to_syslog)
{
	log_state.process = process;
	log_state.to_syslog = to_syslog;
	if (to_syslog)
		openlog("bgpgg", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void
log_set_level(enum log_level level)
{
	log_state.level = level;
}

void
log_set_format(enum log_format format)
{
	log_state.format = format;
}

enum log_level
log_get_level(void)
{
	return log_state.level;
}

int
log_level_parse(const char *text, enum log_level *level)
{
	if (strcmp(text, "trace") == 0) {
		*level = LOG_LEVEL_DEBUG;
		return 0;
	}
	for (size_t i = 0; i < nitems(log_levels); i++) {
		if (strcmp(text, log_levels[i].name) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

const char *
log_level_name(enum log_level level)
{
	return log_levels[level].name;
}

/* Append text as the inside of a JSON string; stops where no room is left.
 * What is no UTF-8, such as the half of a character at a cut, becomes '?'. */
static size_t
json_escape(char *out, size_t size, const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t n = 0, left = strlen(text), len;
	uint8_t c;

	for (; left > 0 && n + 7 < size; p += len, left -= len) {
		c = *p;
		len = 1;

		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(out + n, size - n, "\\u%04x", c);
		} else if ((len = utf8_printable(p, left)) > 0) {
			memcpy(out + n, p, len);
			n += len;
		} else {
			out[n++] = '?';
			len = 1;
		}
	}
	out[n] = '\0';
	return n;
}

static size_t
format_json(char *out, size_t size, enum log_level level, const char *peer,
    const char *message)
{
	char escaped[1800];
	struct timespec ts;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = strftime(out, size, "{\"timestamp\":\"%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(out + n, size - n,
	    ".%06ldZ\",\"level\":\"%s\",\"process\":\"%s\"", ts.tv_nsec / 1000,
	    log_levels[level].json, log_state.process);
	if (peer != NULL)
		n += (size_t)snprintf(out + n, size - n, ",\"peer\":\"%s\"",
		    peer);
	json_escape(escaped, sizeof(escaped), message);
	n += (size_t)snprintf(out + n, size - n, ",\"message\":\"%s\"}\n",
	    escaped);
	return n < size ? n : size - 1;
}

/* The text form; control bytes of foreign text do not reach the terminal. */
static size_t
format_text(char *out, size_t size, const char *peer, const char *message)
{
	size_t n;

	if (peer != NULL)
		n = (size_t)snprintf(out, size, "%s: peer %s: %s\n",
		    log_state.process, peer, message);
	else
		n = (size_t)snprintf(out, size, "%s: %s\n", log_state.process,
		    message);
	if (n >= size) {
		n = size - 1;
		out[n - 1] = '\n';
	}
	for (size_t i = 0; i + 1 < n; i++) {
		unsigned char c = (unsigned char)out[i];

		if (c < 0x20 || c == 0x7f)
			out[i] = '?';
	}
	return n;
}

/* A pipe that is writable takes a line whole (pipe(7): PIPE_BUF). */
static bool
stderr_takes_a_line(void)
{
	struct pollfd pfd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLOUT) != 0;
}

static void
put_line(enum log_level level, const char *peer, const char *message)
{
	char line[2400];
	size_t n;

	if (log_state.format == LOG_FORMAT_JSON)
		n = format_json(line, sizeof(line), level, peer, message);
	else
		n = format_text(line, sizeof(line), peer, message);
	if (log_state.to_syslog) {
		line[n - 1] = '\0';
		syslog(log_levels[level].priority, "%s", line);
	} else if (!stderr_takes_a_line() ||
	    write(STDERR_FILENO, line, n) == -1)
		log_state.lost++;
}

static void
log_line(enum log_level level, const char *peer, const char *message)
{
	unsigned long lost = log_state.lost;
	char text[64];

	if (lost > 0 && stderr_takes_a_line()) {
		(void)snprintf(text, sizeof(text),
		    "%lu lines were lost: nobody read them", lost);
		put_line(LOG_LEVEL_WARN, NULL, text);
		if (log_state.lost == lost) /* not this one */
			log_state.lost = 0;
	}
	put_line(level, peer, message);
}

static void ATTR_PRINTF(4, 0) log_va(enum log_level level, const char *peer,
    int saved_errno, const char *fmt, va_list ap)
{
	char message[1600];
	size_t n;

	if (level > log_state.level)
		return;
	vsnprintf(message, sizeof(message), fmt, ap);
	if (saved_errno != 0) {
		n = strlen(message);
		snprintf(message + n, sizeof(message) - n, ": %s",
		    strerror(saved_errno));
	}
	log_line(level, peer, message);
}

#define LOG_BODY(level, peer, err)                                             \
	do {                                                                   \
		va_list ap_;                                                   \
		int err_ = (err);                                              \
		va_start(ap_, fmt);                                            \
		log_va((level), (peer), err_, fmt, ap_);                       \
		va_end(ap_);                                                   \
	} while (0)

void
log_error(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERROR, NULL, errno);
}

void
log_errorx(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERROR, NULL, 0);
}

void
log_warn(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_WARN, NULL, errno);
}

void
log_warnx(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_WARN, NULL, 0);
}

void
log_info(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_INFO, NULL, 0);
}

void
log_debug(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_DEBUG, NULL, 0);
}

void
log_peer(enum log_level level, const char *peer, const char *fmt, ...)
{
	LOG_BODY(level, peer, 0);
}

bool
log_stranger_may(void)
{
	static struct mono since;
	static unsigned int lines;
	static unsigned long left_out;
	struct mono now = mono_now();

	if (since.us == 0 || mono_diff_ms(now, since) >= STRANGER_MS) {
		since = now;
		lines = 0;
		if (left_out > 0)
			log_info("%lu more lines about unconfigured peers were "
				 "left out",
			    left_out);
		left_out = 0;
	}
	if (lines == STRANGER_LINES) {
		left_out++;
		return false;
	}
	lines++;
	return true;
}

void
fatal(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERROR, NULL, errno);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERROR, NULL, 0);
	exit(1);
}
