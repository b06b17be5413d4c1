/* SPDX-License-Identifier: ISC */
/*
 * The protocol of sd_notify(3) in the little that is needed, without its
 * library: lines of NAME=value in one datagram.
 */
#include "bgpd/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mono.h"
#include "common/xmalloc.h"

#define TEXT_MAX 512 /* of one message */
#define RETRY_MS 100 /* when the socket was full */
#define PULSES 3 /* in the time of the watchdog: one may be late */
#define PULSE_MIN_US 1000

struct notify {
	int fd;
	struct sockaddr_un to;
	socklen_t to_len;
	int64_t watchdog_us; /* 0: nobody waits for a pulse */
	struct event *pulse;
	struct event *retry;
	bool (*alive)(void *);
	void *arg;
	bool silent; /* the pulse is withheld, and that was said */
	bool failed; /* the socket is gone, and that was said */
	char owed[TEXT_MAX]; /* the last message that did not get through */
};

/* --- the environment */

static int
address(const char *path, struct notify *n)
{
	size_t len = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || len < 2 ||
	    len >= sizeof(n->to.sun_path))
		return -1;
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, path, len);
	n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (path[0] == '@') /* no file: the abstract name space */
		n->to.sun_path[0] = '\0';
	else
		n->to_len++;
	return 0;
}

/* A decimal number above 0 and up to max; 0 if the text is none. */
static int64_t
number(const char *text, int64_t max)
{
	char *end;
	long long v;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	v = strtoll(text, &end, 10);
	return errno != 0 || *end != '\0' || v > max ? 0 : v;
}

static int64_t
watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	int64_t us;

	if (usec == NULL)
		return 0;
	us = number(usec, INT64_C(1000000) * 86400 * 365);
	if (us == 0)
		log_warnx("WATCHDOG_USEC is no time: no watchdog");
	/* Meant for somebody else, such as a shell around us. */
	if (pid != NULL && number(pid, INT32_MAX) != (int64_t)getpid())
		return 0;
	return us;
}

struct notify *
notify_new(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct notify *n = NULL;

	if (path != NULL) {
		n = xcalloc(1, sizeof(*n));
		n->watchdog_us = watchdog();
		n->fd = -1;
		if (address(path, n) == -1)
			log_warnx("NOTIFY_SOCKET is no address of a socket");
		else if ((n->fd = socket(AF_UNIX,
			      SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) ==
		    -1)
			log_warn("socket to the service manager");
		if (n->fd == -1) {
			free(n);
			n = NULL;
		}
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return n;
}

void
notify_free(struct notify *n)
{
	if (n == NULL)
		return;
	if (n->pulse != NULL)
		event_free(n->pulse);
	if (n->retry != NULL)
		event_free(n->retry);
	close(n->fd);
	free(n);
}

/* --- sending */

/* False if the socket has no room. */
static bool
tell(struct notify *n, const char *text)
{
	ssize_t rc;

	do
		rc = sendto(n->fd, text, strlen(text), MSG_NOSIGNAL,
		    (const struct sockaddr *)&n->to, n->to_len);
	while (rc == -1 && errno == EINTR);
	if (rc == -1 && (errno == EAGAIN || errno == ENOBUFS))
		return false;
	if (rc == -1 && !n->failed)
		log_warn("cannot tell the service manager");
	n->failed = rc == -1;
	return true;
}

static void
owed_pay(struct notify *n)
{
	struct timeval tv = { 0, RETRY_MS * 1000 };

	if (n->owed[0] == '\0')
		return;
	if (tell(n, n->owed))
		n->owed[0] = '\0';
	else if (n->retry != NULL)
		evtimer_add(n->retry, &tv);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	owed_pay(arg);
}

static void
on_pulse(evutil_socket_t fd, short what, void *arg)
{
	struct notify *n = arg;

	(void)fd;
	(void)what;
	if (n->alive(n->arg)) {
		n->silent = false;
		/* A full socket holds earlier ones, which do as well. */
		(void)tell(n, "WATCHDOG=1\n");
		return;
	}
	if (!n->silent)
		log_warnx("the watchdog of the service manager is not told");
	n->silent = true;
}

void
notify_run(struct notify *n, struct event_base *base, bool (*alive)(void *),
    void *arg)
{
	int64_t us;
	struct timeval tv;

	if (n == NULL)
		return;
	n->alive = alive;
	n->arg = arg;
	n->retry = evtimer_new(base, on_retry, n);
	owed_pay(n);
	if (n->watchdog_us == 0)
		return;
	us = n->watchdog_us / PULSES;
	if (us < PULSE_MIN_US)
		us = PULSE_MIN_US;
	tv.tv_sec = (time_t)(us / 1000000);
	tv.tv_usec = (suseconds_t)(us % 1000000);
	n->pulse = event_new(base, -1, EV_PERSIST, on_pulse, n);
	event_add(n->pulse, &tv);
	on_pulse(-1, 0, n);
}

static void state_set(struct notify *, const char *state, const char *fmt,
    va_list) ATTR_PRINTF(3, 0);

/* A status is one line: what follows a line break would be a variable. */
static void
state_set(struct notify *n, const char *state, const char *fmt, va_list ap)
{
	size_t at;
	char *p;

	at = (size_t)snprintf(n->owed, sizeof(n->owed), "%s\nSTATUS=", state);
	(void)vsnprintf(n->owed + at, sizeof(n->owed) - at - 1, fmt, ap);
	for (p = n->owed + at; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	p[0] = '\n';
	p[1] = '\0';
	owed_pay(n);
}

void
notify_ready(struct notify *n, const char *status, ...)
{
	char state[64];
	va_list ap;

	if (n == NULL)
		return;
	/* Who went into the background is not who was started. */
	(void)snprintf(state, sizeof(state), "READY=1\nMAINPID=%d",
	    (int)getpid());
	va_start(ap, status);
	state_set(n, state, status, ap);
	va_end(ap);
}

void
notify_reloading(struct notify *n)
{
	if (n == NULL)
		return;
	(void)snprintf(n->owed, sizeof(n->owed),
	    "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading the "
	    "configuration again\n",
	    (long long)mono_now().us);
	owed_pay(n);
}

void
notify_stopping(struct notify *n, const char *status, ...)
{
	va_list ap;

	if (n == NULL)
		return;
	va_start(ap, status);
	state_set(n, "STOPPING=1", status, ap);
	va_end(ap);
}
