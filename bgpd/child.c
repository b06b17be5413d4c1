/* SPDX-License-Identifier: ISC */
/*
 * The life of the child processes: started by fork and exec with their
 * channel at descriptor 3, joined pairwise by LINK messages, reaped.
 *
 * apid may die: it is started again with growing delays, at most
 * CHILD_RESTARTS_MAX times in CHILD_RESTARTS_MS, and gets new links and the
 * running configuration.  sessiond and rde hold what cannot be rebuilt
 * without the neighbours noticing, so with either of them the suite ends:
 * sessiond, where it lives, says Cease to every peer first.
 *
 * The order of an end: apid and sessiond are told, rde when sessiond is
 * gone (until then sessiond reports sessions to it), and what has not ended
 * by the deadline is killed.
 */
#include "bgpd/bgpd.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/notify.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/xmalloc.h"

#define STOP_MS 4500 /* of the 5 s that a clean end may take */
#define LINGER_MS 1000 /* from a closed channel to the end of a child */
#define RESTART_FIRST_MS 100

static void child_restart_later(struct child *);

bool
child_running(const struct child *c)
{
	return c->pid != 0 && c->chan != NULL;
}

bool
children_alive(const struct bgpd *b)
{
	/* An end is bounded by its own deadline, and apid comes back. */
	return b->stopping ||
	    (child_running(&b->children[PROC_SESSIOND]) &&
		child_running(&b->children[PROC_RDE]) && pings_answered(b));
}

static struct timeval
ms_to_timeval(int ms)
{
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	return tv;
}

static void
timer_set(struct event *ev, int ms)
{
	struct timeval tv = ms_to_timeval(ms);

	evtimer_add(ev, &tv);
}

static char *
child_path(const struct bgpd *b, enum proc proc)
{
	return xasprintf("%s/%s", b->paths.libexec, proc_name(proc));
}

int
children_check(const struct bgpd *b, struct err *e)
{
	enum proc proc;
	char *path;
	int rc = 0;

	for (proc = PROC_SESSIOND; rc == 0 && proc < PROC__MAX; proc++) {
		path = child_path(b, proc);
		if (access(path, X_OK) == -1)
			rc = err_set(e, ERR_INTERNAL, "cannot run %s: %s", path,
			    strerror(errno));
		free(path);
	}
	return rc;
}

/* --- starting */

/* In the new process, between fork and exec: only plain system calls. */
static void ATTR_NORETURN
child_exec(const char *path, char *const argv[], int fd)
{
	sigset_t none;
	int null;

	/* dup2() onto itself would keep the close-on-exec flag. */
	fd = fcntl(fd, F_DUPFD, PROC_CHANNEL_FD + 1);
	null = open("/dev/null", O_RDONLY);
	if (fd == -1 || null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(fd, PROC_CHANNEL_FD) == -1 ||
	    close_range(PROC_CHANNEL_FD + 1, ~0u, 0) == -1)
		_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(path, argv);
	_exit(127);
}

static struct proc_args
child_args(const struct bgpd *b)
{
	struct proc_args a;

	memset(&a, 0, sizeof(a));
	a.foreground = b->foreground;
	a.level = log_get_level();
	a.format =
	    b->running != NULL ? b->running->log_format : b->next->log_format;
	a.privileged = b->box.privileged;
	a.uid = b->box.uid;
	a.gid = b->box.gid;
	a.dir = b->box.dir;
	return a;
}

/* Join two children, if they run, with a new pair of sockets; -1: there is
 * none to be had, which is logged. */
static int
link_pair(struct child *a, struct child *b)
{
	int pair[2];

	if (!child_running(a) || !child_running(b))
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) == -1) {
		log_warn("socketpair");
		return -1;
	}
	chan_send(a->chan, MSG_LINK, (uint32_t)b->proc, 0, NULL, 0, pair[0]);
	chan_send(b->chan, MSG_LINK, (uint32_t)a->proc, 0, NULL, 0, pair[1]);
	return 0;
}

static int
child_spawn(struct child *c)
{
	struct bgpd *b = c->bgpd;
	struct proc_args args = child_args(b);
	char *argv[PROC_ARGV_MAX], text[4][PROC_ARGV_TEXT];
	char *path = child_path(b, c->proc);
	int pair[2];

	proc_args_build(c->proc, &args, argv, text);
	c->pid = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
		log_warn("socketpair");
		free(path);
		return -1;
	}
	c->pid = fork();
	if (c->pid == 0)
		child_exec(path, argv, pair[1]);
	close(pair[1]);
	free(path);
	if (c->pid == -1) {
		c->pid = 0;
		log_warn("fork");
		close(pair[0]);
		return -1;
	}
	c->sync = SYNC_NONE;
	c->killed = false;
	ping_reset(c);
	c->chan = chan_new(b->base, pair[0], PROC_BGPD, c->proc,
	    &link_ops[c->proc], c, 0);
	log_debug("started %s, pid %d", proc_name(c->proc), (int)c->pid);
	return 0;
}

static void
child_start(struct child *c)
{
	struct bgpd *b = c->bgpd;

	if (child_spawn(c) == -1) {
		child_restart_later(c);
		return;
	}
	if (link_pair(c, &b->children[PROC_SESSIOND]) == -1 ||
	    link_pair(c, &b->children[PROC_RDE]) == -1) {
		child_kill(c, "no sockets to the others");
		return;
	}
	reload_child_started(c);
}

/* --- death */

static void
stop_advance(struct bgpd *b)
{
	struct child *rde = &b->children[PROC_RDE];
	enum proc proc;

	if (b->children[PROC_SESSIOND].pid == 0 && child_running(rde) &&
	    !b->rde_told) {
		b->rde_told = true;
		chan_send_buf(rde->chan, MSG_SHUTDOWN, 0, 0, NULL, 0);
	}
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++)
		if (b->children[proc].pid != 0)
			return;
	event_base_loopbreak(b->base);
}

void
bgpd_stop(struct bgpd *b, int status)
{
	static const enum proc first[] = { PROC_SESSIOND, PROC_APID };
	struct child *c;
	size_t i;

	if (b->stopping)
		return;
	b->stopping = true;
	b->status = status;
	notify_stopping(b->notify, "%s",
	    status == 0 ? "ending" : "ending after a failure");
	for (i = 0; i < nitems(first); i++) {
		c = &b->children[first[i]];
		event_del(c->timer);
		if (child_running(c))
			chan_send_buf(c->chan, MSG_SHUTDOWN, 0, 0, NULL, 0);
	}
	timer_set(b->stop_timer, STOP_MS);
	stop_advance(b);
}

static void
on_stop_timer(evutil_socket_t fd, short what, void *arg)
{
	struct bgpd *b = arg;
	enum proc proc;

	(void)fd;
	(void)what;
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++) {
		if (b->children[proc].pid == 0)
			continue;
		log_warnx("%s did not end in time, killing it",
		    proc_name(proc));
		b->children[proc].killed = true;
		(void)kill(b->children[proc].pid, SIGKILL);
	}
}

/* Deaths older than the window do not count. */
static void
deaths_forget(struct child *c, struct mono now)
{
	int i, n = 0;

	for (i = 0; i < c->n_deaths; i++)
		if (mono_diff_ms(now, c->deaths[i]) < CHILD_RESTARTS_MS)
			c->deaths[n++] = c->deaths[i];
	c->n_deaths = n;
}

static void
child_restart_later(struct child *c)
{
	struct mono now = mono_now();

	deaths_forget(c, now);
	if (c->n_deaths == CHILD_RESTARTS_MAX) {
		c->given_up = true;
		log_errorx("%s ended %d times in a minute: going on without "
			   "the API",
		    proc_name(c->proc), c->n_deaths + 1);
		reload_close_api(c->bgpd);
		return;
	}
	timer_set(c->timer, RESTART_FIRST_MS << c->n_deaths);
	c->deaths[c->n_deaths++] = now;
	c->bgpd->tally.apid_restarts++;
}

static void
child_ended(struct child *c, int status)
{
	struct bgpd *b = c->bgpd;
	const char *name = proc_name(c->proc);
	pid_t pid = c->pid;

	c->pid = 0;
	event_del(c->timer);
	if (c->chan != NULL)
		chan_free(c->chan);
	c->chan = NULL;
	if (b->stopping) {
		if (WIFSIGNALED(status) && !c->killed)
			log_warnx("%s (pid %d) ended by signal %d (%s)", name,
			    (int)pid, WTERMSIG(status),
			    strsignal(WTERMSIG(status)));
		else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
			log_warnx("%s (pid %d) ended with status %d", name,
			    (int)pid, WEXITSTATUS(status));
		stop_advance(b);
		return;
	}
	if (WIFSIGNALED(status))
		log_errorx("%s (pid %d) ended by signal %d (%s)", name,
		    (int)pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_errorx("%s (pid %d) ended with status %d", name, (int)pid,
		    WEXITSTATUS(status));
	if (c->proc == PROC_APID) {
		reload_child_gone(c);
		child_restart_later(c);
	} else {
		log_errorx("ending, because %s is gone", name);
		bgpd_stop(b, 1);
	}
}

void
children_reap(struct bgpd *b)
{
	int status, ended[PROC__MAX];
	bool has_ended[PROC__MAX] = { false };
	enum proc proc;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (b->loader != NULL && pid == loader_pid(b->loader)) {
			call_parser_reaped(b);
			continue;
		}
		for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++) {
			if (b->children[proc].pid == pid) {
				has_ended[proc] = true;
				ended[proc] = status;
			}
		}
	}
	/* One that a signal ended is the cause, one that exited at the same
	 * time may have followed it. */
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++) {
		if (has_ended[proc] && WIFSIGNALED(ended[proc])) {
			child_ended(&b->children[proc], ended[proc]);
			has_ended[proc] = false;
		}
	}
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++)
		if (has_ended[proc])
			child_ended(&b->children[proc], ended[proc]);
}

void
child_kill(struct child *c, const char *why)
{
	log_errorx("%s: %s, killing it", proc_name(c->proc), why);
	if (c->chan != NULL)
		chan_free(c->chan);
	c->chan = NULL;
	c->killed = true;
	if (c->pid != 0)
		(void)kill(c->pid, SIGKILL);
}

/* The restart is due, or a child without a channel lingers. */
static void
on_child_timer(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	if (c->pid != 0)
		(void)kill(c->pid, SIGKILL);
	else if (!c->bgpd->stopping)
		child_start(c);
}

/* A channel closed: called by link.c. */
void
child_disconnected(struct child *c, const char *why)
{
	if (why != NULL) {
		child_kill(c, why);
		return;
	}
	chan_free(c->chan);
	c->chan = NULL;
	if (c->pid != 0)
		timer_set(c->timer, LINGER_MS);
}

void
children_start(struct bgpd *b)
{
	enum proc proc;
	struct child *c;

	b->stop_timer = evtimer_new(b->base, on_stop_timer, b);
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++) {
		c = &b->children[proc];
		c->bgpd = b;
		c->proc = proc;
		c->timer = evtimer_new(b->base, on_child_timer, c);
		if (child_spawn(c) == -1)
			fatalx("cannot start %s", proc_name(proc));
	}
	if (link_pair(&b->children[PROC_SESSIOND], &b->children[PROC_RDE]) ==
		-1 ||
	    link_pair(&b->children[PROC_APID], &b->children[PROC_SESSIOND]) ==
		-1 ||
	    link_pair(&b->children[PROC_APID], &b->children[PROC_RDE]) == -1)
		fatalx("no sockets between the children");
}

void
children_free(struct bgpd *b)
{
	enum proc proc;
	struct child *c;

	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++) {
		c = &b->children[proc];
		if (c->chan != NULL)
			chan_free(c->chan);
		c->chan = NULL;
		if (c->timer != NULL)
			event_free(c->timer);
		c->timer = NULL;
	}
	if (b->stop_timer != NULL)
		event_free(b->stop_timer);
	b->stop_timer = NULL;
}
