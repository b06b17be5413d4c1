/* SPDX-License-Identifier: ISC */
/* A daemon for one command; see trial.h. */
#include "bgpctl/trial.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	START_MS = 30000, /* a file with millions of members takes a while */
	LOOK_MS = 10,
	END_MS = 5000,
};

static const char prefix[] = "unix:";

/* bgpd is installed beside bgpctl. */
static int
daemon_path(char *to, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", to, size - 1);
	char *slash;

	if (n <= 0)
		return -1;
	to[n] = '\0';
	slash = strrchr(to, '/');
	if (slash == NULL || (size_t)(slash - to) + sizeof("/bgpd") > size)
		return -1;
	memcpy(slash, "/bgpd", sizeof("/bgpd"));
	return access(to, X_OK);
}

static void
child(const char *bgpd, const char *file, const char *socket_path, int log)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* It must not outlive this program, however that ends. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (null != -1)
		(void)dup2(null, STDIN_FILENO);
	(void)dup2(log, STDOUT_FILENO);
	(void)dup2(log, STDERR_FILENO);
	execl(bgpd, "bgpd", "-d", "-f", file, "-t", socket_path, (char *)NULL);
	dprintf(STDERR_FILENO, "%s: %s\n", bgpd, strerror(errno));
	_exit(1);
}

static int
try_connect(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd == -1)
		return -1;
	memcpy(un.sun_path, path, strlen(path) + 1);
	rc = connect(fd, (struct sockaddr *)&un, sizeof(un));
	close(fd);
	return rc;
}

/* Pass on what the daemon said. */
static void
log_copy(const struct trial *t)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(t->log, buf, sizeof(buf))) > 0)
		(void)fwrite(buf, 1, (size_t)n, stderr);
}

static int
wait_for_socket(struct trial *t, char *why, size_t why_len)
{
	const char *path = t->endpoint + sizeof(prefix) - 1;
	int left;

	for (left = START_MS; left > 0; left -= LOOK_MS) {
		if (try_connect(path) == 0)
			return 0;
		if (waitpid(t->pid, NULL, WNOHANG) == t->pid) {
			t->pid = -1;
			log_copy(t);
			snprintf(why, why_len, "the file is not taken");
			return -1;
		}
		(void)poll(NULL, 0, LOOK_MS);
	}
	snprintf(why, why_len, "bgpd is not ready after %d s", START_MS / 1000);
	return -1;
}

int
trial_start(struct trial *t, const char *file, char *why, size_t why_len)
{
	char bgpd[PATH_MAX];
	int log[2];

	t->pid = -1;
	t->log = -1;
	t->dir[0] = '\0';
	if (daemon_path(bgpd, sizeof(bgpd)) == -1) {
		snprintf(why, why_len, "bgpd is not beside bgpctl");
		return -1;
	}
	snprintf(t->dir, sizeof(t->dir), "/tmp/bgpctl.XXXXXX");
	if (mkdtemp(t->dir) == NULL) {
		snprintf(why, why_len, "%s: %s", t->dir, strerror(errno));
		t->dir[0] = '\0';
		return -1;
	}
	snprintf(t->endpoint, sizeof(t->endpoint), "%s%s/api", prefix, t->dir);
	if (pipe2(log, O_CLOEXEC | O_NONBLOCK) == -1) {
		snprintf(why, why_len, "pipe: %s", strerror(errno));
		return -1;
	}
	t->log = log[0];
	t->pid = fork();
	if (t->pid == 0)
		child(bgpd, file, t->endpoint + sizeof(prefix) - 1, log[1]);
	close(log[1]);
	if (t->pid == -1) {
		snprintf(why, why_len, "fork: %s", strerror(errno));
		return -1;
	}
	return wait_for_socket(t, why, why_len);
}

void
trial_end(struct trial *t)
{
	int left;

	if (t->pid > 0) {
		(void)kill(t->pid, SIGTERM);
		for (left = END_MS;
		     left > 0 && waitpid(t->pid, NULL, WNOHANG) == 0;
		     left -= LOOK_MS)
			(void)poll(NULL, 0, LOOK_MS);
		if (left <= 0) {
			(void)kill(t->pid, SIGKILL);
			(void)waitpid(t->pid, NULL, 0);
		}
	}
	if (t->log != -1)
		close(t->log);
	if (t->dir[0] != '\0') {
		(void)unlink(t->endpoint + sizeof(prefix) - 1);
		(void)rmdir(t->dir);
	}
}
