/* SPDX-License-Identifier: ISC */
/*
 * What bgpd tells of itself and of its children.  These cannot look into
 * /proc from their empty directory; what is asked for here is open to
 * everybody.
 */
#include "bgpd/bgpd.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/msg_metrics.h"

/* "/proc/PID/NAME" as text; false if it cannot be had. */
static bool
proc_read(pid_t pid, const char *name, char *to, size_t size)
{
	char path[64];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	n = fread(to, 1, size - 1, f);
	(void)fclose(f);
	to[n] = '\0';
	return n > 0;
}

/* User and system time, microseconds. */
static uint64_t
cpu_of(pid_t pid)
{
	unsigned long user, sys;
	const char *p;
	char text[1024];
	long hz = sysconf(_SC_CLK_TCK);

	if (hz <= 0 || !proc_read(pid, "stat", text, sizeof(text)))
		return METRIC_UNKNOWN;
	/* The name, in parentheses, may hold anything. */
	p = strrchr(text, ')');
	if (p == NULL ||
	    sscanf(p + 1,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		&sys) != 2)
		return METRIC_UNKNOWN;
	return ((uint64_t)user + sys) * (uint64_t)(1000000 / hz);
}

/* A number behind "KEY:" of /proc/PID/status. */
static uint64_t
status_number(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	unsigned long v;

	if (p == NULL || sscanf(p + strlen(key), " %lu", &v) != 1)
		return METRIC_UNKNOWN;
	return v;
}

static void
process_put(pid_t pid, enum proc proc, uint64_t *v)
{
	char text[4096];

	v[METRIC_RSS_BGPD + proc] = METRIC_UNKNOWN;
	v[METRIC_CPU_BGPD + proc] = METRIC_UNKNOWN;
	v[METRIC_WAITS_BGPD + proc] = METRIC_UNKNOWN;
	if (pid == 0)
		return;
	v[METRIC_CPU_BGPD + proc] = cpu_of(pid);
	if (!proc_read(pid, "status", text, sizeof(text)))
		return;
	v[METRIC_RSS_BGPD + proc] = status_number(text, "\nVmRSS:");
	if (v[METRIC_RSS_BGPD + proc] != METRIC_UNKNOWN)
		v[METRIC_RSS_BGPD + proc] *= 1024;
	v[METRIC_WAITS_BGPD + proc] =
	    status_number(text, "\nvoluntary_ctxt_switches:");
}

static uint64_t
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	uint64_t n = 0;

	if (d == NULL)
		return METRIC_UNKNOWN;
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 3; /* ".", ".." and the directory itself */
}

static uint64_t
queued(const struct child *c)
{
	return child_running(c) ? chan_queued(c->chan) : 0;
}

void
metrics_answer(struct bgpd *b, uint32_t request)
{
	const struct child *c = b->children;
	const struct tally *t = &b->tally;
	uint64_t v[METRIC__MAX] = { 0 };
	uint8_t buf[METRIC__MAX * 8];
	enum proc proc;
	struct wr w;

	process_put(getpid(), PROC_BGPD, v);
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++)
		process_put(c[proc].pid, proc, v);
	v[METRIC_BGPD_FDS] = descriptors();
	v[METRIC_BGPD_START] = (uint64_t)t->started;
	v[METRIC_APID_STARTS] = t->apid_restarts;
	v[METRIC_CONF_GENERATION] =
	    b->running == NULL ? METRIC_UNKNOWN : b->running->generation;
	v[METRIC_RELOADS_OK] = t->reloads[true];
	v[METRIC_RELOADS_FAILED] = t->reloads[false];
	v[METRIC_RELOAD_RESULT] = t->reload_ok;
	v[METRIC_RELOAD_TIME] = (uint64_t)t->reload_at;
	v[METRIC_EDITS_OK] = t->edits[true];
	v[METRIC_EDITS_FAILED] = t->edits[false];
	v[METRIC_EDITS_WAITING] = b->n_edits + b->n_batch;
	v[METRIC_QUEUED_BGPD_SESSIOND] = queued(&c[PROC_SESSIOND]);
	v[METRIC_QUEUED_BGPD_RDE] = queued(&c[PROC_RDE]);
	v[METRIC_QUEUED_BGPD_APID] = queued(&c[PROC_APID]);
	wr_init(&w, buf, sizeof(buf));
	msg_metrics_put(&w, PROC_BGPD, v);
	chan_send_wr(c[PROC_APID].chan, MSG_METRICS, request, 0, &w);
}

void
tally_start(struct bgpd *b)
{
	b->tally.started = b->tally.reload_at = time(NULL);
	b->tally.reload_ok = true;
}

void
tally_reload(struct bgpd *b, bool ok)
{
	b->tally.reloads[ok]++;
	b->tally.reload_ok = ok;
	b->tally.reload_at = time(NULL);
}
