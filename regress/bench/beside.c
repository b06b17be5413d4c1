/* SPDX-License-Identifier: ISC */
/* See beside.h. */
#include "regress/bench/beside.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "regress/bench/session.h"

#define STOP_US 2000000

/* Written by the process. */
struct shared {
	_Atomic uint64_t lines;
	_Atomic int64_t first; /* us that it took the first time */
	_Atomic unsigned ended;
	_Atomic bool failed;
};

struct beside {
	struct shared *sh;
	pid_t pid;
};

/* SIGTERM is for the command; who counts goes with it, in its own time. */
static void
nothing(int sig)
{
	(void)sig;
}

static void
count(struct shared *sh, int fd)
{
	static char buf[1 << 16];
	const char *p, *end;
	uint64_t lines;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		lines = 0;
		end = buf + n;
		for (p = buf; (p = memchr(p, '\n', (size_t)(end - p))) != NULL;
		     p++)
			lines++;
		sh->lines += lines;
	}
}

static void __attribute__((__noreturn__))
process(const char *command, struct shared *sh)
{
	struct sigaction sa = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	int null = open("/dev/null", O_RDWR);
	int64_t since;
	FILE *f;

	setpgid(0, 0);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    sigaction(SIGTERM, &sa, NULL) == -1)
		_exit(1);
	for (;;) {
		since = now_us();
		if ((f = popen(command, "re")) == NULL)
			break;
		count(sh, fileno(f));
		if (pclose(f) != 0)
			break;
		if (sh->ended == 0)
			sh->first = now_us() - since;
		sh->ended++;
	}
	sh->failed = true;
	_exit(1);
}

struct beside *
beside_start(const char *command)
{
	struct beside *b = need(calloc(1, sizeof(*b)));

	b->sh = mmap(NULL, sizeof(*b->sh), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b->sh == MAP_FAILED)
		err(2, "mmap");
	if ((b->pid = fork()) == -1)
		err(2, "fork");
	if (b->pid == 0)
		process(command, b->sh);
	setpgid(b->pid, b->pid);
	return b;
}

unsigned
beside_ended(const struct beside *b)
{
	return b->sh->ended;
}

bool
beside_failed(const struct beside *b)
{
	return b->sh->failed;
}

uint64_t
beside_lines(const struct beside *b)
{
	return b->sh->lines;
}

double
beside_first(const struct beside *b)
{
	return (double)b->sh->first / 1e6;
}

static double
time_of(struct timeval tv)
{
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

double
beside_stop(struct beside *b)
{
	bool failed = b->sh->failed;
	int64_t end = now_us() + STOP_US;
	struct rusage u = { 0 };
	pid_t r;

	/* Its end, not ours, waits for what it runs: only then is known what
	 * that took. */
	kill(-b->pid, SIGTERM);
	while ((r = wait4(b->pid, NULL, WNOHANG, &u)) == 0 && now_us() < end)
		usleep(1000);
	kill(-b->pid, SIGKILL);
	if (r == 0)
		wait4(b->pid, NULL, 0, &u);
	b->pid = 0;
	b->sh->failed = failed;
	return time_of(u.ru_utime) + time_of(u.ru_stime);
}

void
beside_free(struct beside *b)
{
	if (b == NULL)
		return;
	if (b->pid != 0)
		beside_stop(b);
	munmap(b->sh, sizeof(*b->sh));
	free(b);
}
