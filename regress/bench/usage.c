/* SPDX-License-Identifier: ISC */
/* See usage.h. */
#include "regress/bench/usage.h"

#include <dirent.h>
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "regress/bench/wire.h"

/* At the last usage_watch. */
struct before {
	double cpu, sys;
};

struct usage {
	pid_t root;
	pid_t *pids;
	struct before *before;
	unsigned n;
	pthread_t thread;
	bool watching;
	atomic_bool stop;
	atomic_uint_fast64_t peak;
};

static double
seconds(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct usage *
usage_new(pid_t root)
{
	struct usage *u = need(calloc(1, sizeof(*u)));

	u->root = root;
	usage_find(u);
	return u;
}

void
usage_free(struct usage *u)
{
	if (u->watching)
		usage_peak(u);
	free(u->pids);
	free(u->before);
	free(u);
}

static pid_t
parent_of(pid_t pid)
{
	char path[64], line[512], *p;
	FILE *f;
	int ppid = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL &&
	    (p = strrchr(line, ')')) != NULL)
		sscanf(p + 1, " %*c %d", &ppid);
	fclose(f);
	return ppid;
}

static bool
descends(pid_t pid, pid_t root)
{
	for (int depth = 0; pid > 1 && depth < 16; depth++) {
		if (pid == root)
			return true;
		pid = parent_of(pid);
	}
	return false;
}

void
usage_find(struct usage *u)
{
	struct dirent *e;
	DIR *d;
	pid_t pid;

	u->n = 0;
	if (u->root == 0 || (d = opendir("/proc")) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid <= 1 || !descends(pid, u->root))
			continue;
		u->pids = grow(u->pids, u->n + 1, sizeof(*u->pids));
		u->pids[u->n++] = pid;
	}
	closedir(d);
}

unsigned
usage_processes(const struct usage *u)
{
	return u->n;
}

bool
usage_lost(const struct usage *u)
{
	for (unsigned i = 0; i < u->n; i++) {
		if (parent_of(u->pids[i]) == 0)
			return true;
	}
	return false;
}

/* CPU of children that ended and were waited for: a daemon may have another
 * process read its configuration. */
static double
children_cpu(pid_t pid)
{
	char path[64], line[512], *p;
	unsigned long user = 0, sys = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL &&
	    (p = strrchr(line, ')')) != NULL)
		sscanf(p + 1,
		    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
		    "%lu %lu",
		    &user, &sys);
	fclose(f);
	return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

/* CPU of one process in seconds: its tasks' run time in nanoseconds. */
static double
cpu_of(pid_t pid)
{
	char path[320];
	unsigned long long ns, sum = 0;
	struct dirent *e;
	DIR *d;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	if ((d = opendir(path)) == NULL)
		return 0;
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid,
		    e->d_name);
		if ((f = fopen(path, "r")) == NULL)
			continue;
		if (fscanf(f, "%llu", &ns) == 1)
			sum += ns;
		fclose(f);
	}
	closedir(d);
	return (double)sum / 1e9;
}

/* What the kernel did for it, and its name. */
static double
sys_of(pid_t pid, char name[32])
{
	char path[64], line[512], *open, *close;
	unsigned long sys = 0;
	FILE *f;

	name[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL &&
	    (open = strchr(line, '(')) != NULL &&
	    (close = strrchr(line, ')')) != NULL) {
		*close = '\0';
		snprintf(name, 32, "%s", open + 1);
		sscanf(close + 1,
		    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %lu",
		    &sys);
	}
	fclose(f);
	return (double)sys / (double)sysconf(_SC_CLK_TCK);
}

void
usage_print(const struct usage *u, FILE *to)
{
	char name[32];
	double sys;

	fputc('{', to);
	for (unsigned i = 0; i < u->n && u->before != NULL; i++) {
		sys = sys_of(u->pids[i], name);
		for (char *c = name; *c != '\0'; c++) {
			if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
				*c = '_';
		}
		fprintf(to, "%s\"%s %d\":[%.4f,%.2f]", i > 0 ? "," : "", name,
		    u->pids[i], cpu_of(u->pids[i]) - u->before[i].cpu,
		    sys - u->before[i].sys);
	}
	fputc('}', to);
}

double
usage_cpu(const struct usage *u)
{
	double sum = 0;

	for (unsigned i = 0; i < u->n; i++)
		sum += cpu_of(u->pids[i]) + children_cpu(u->pids[i]);
	return sum;
}

double
usage_self_cpu(void)
{
	return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double
usage_machine_cpu(void)
{
	unsigned long long v[8] = { 0 };
	FILE *f = fopen("/proc/stat", "r");
	int n;

	if (f == NULL)
		return 0;
	n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0],
	    &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]);
	fclose(f);
	if (n < 7)
		return 0;
	/* without idle (3) and iowait (4) */
	return (double)(v[0] + v[1] + v[2] + v[5] + v[6] + v[7]) /
	    (double)sysconf(_SC_CLK_TCK);
}

uint64_t
usage_pss_kib(const struct usage *u)
{
	char path[64], line[256];
	unsigned long long kib, sum = 0;
	FILE *f;

	for (unsigned i = 0; i < u->n; i++) {
		snprintf(path, sizeof(path), "/proc/%d/smaps_rollup",
		    u->pids[i]);
		if ((f = fopen(path, "r")) == NULL)
			continue;
		while (fgets(line, sizeof(line), f) != NULL) {
			if (sscanf(line, "Pss: %llu", &kib) == 1)
				sum += kib;
		}
		fclose(f);
	}
	return sum;
}

uint64_t
usage_hwm_kib(const struct usage *u)
{
	char path[64], line[256];
	unsigned long long kib, sum = 0;
	FILE *f;

	for (unsigned i = 0; i < u->n; i++) {
		snprintf(path, sizeof(path), "/proc/%d/status", u->pids[i]);
		if ((f = fopen(path, "r")) == NULL)
			continue;
		while (fgets(line, sizeof(line), f) != NULL) {
			if (sscanf(line, "VmHWM: %llu", &kib) == 1)
				sum += kib;
		}
		fclose(f);
	}
	return sum;
}

static void
sample(struct usage *u)
{
	uint64_t now = usage_pss_kib(u);

	if (now > atomic_load(&u->peak))
		atomic_store(&u->peak, now);
}

static void *
watch(void *arg)
{
	struct usage *u = arg;
	double took, next = seconds(CLOCK_MONOTONIC) + 0.25, begun;

	while (!atomic_load(&u->stop)) {
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		begun = seconds(CLOCK_MONOTONIC);
		if (begun < next)
			continue;
		sample(u);
		took = seconds(CLOCK_MONOTONIC) - begun;
		next = begun + (took * 50 > 0.25 ? took * 50 : 0.25);
	}
	return NULL;
}

void
usage_watch(struct usage *u)
{
	char name[32];

	atomic_store(&u->stop, false);
	atomic_store(&u->peak, 0);
	sample(u);
	u->before = grow(u->before, u->n + 1, sizeof(*u->before));
	for (unsigned i = 0; i < u->n; i++) {
		u->before[i].cpu = cpu_of(u->pids[i]);
		u->before[i].sys = sys_of(u->pids[i], name);
	}
	u->watching =
	    u->root != 0 && pthread_create(&u->thread, NULL, watch, u) == 0;
}

uint64_t
usage_peak_now(const struct usage *u)
{
	return atomic_load(&u->peak);
}

uint64_t
usage_peak(struct usage *u)
{
	if (u->watching) {
		atomic_store(&u->stop, true);
		pthread_join(u->thread, NULL);
		u->watching = false;
	}
	sample(u);
	return atomic_load(&u->peak);
}
