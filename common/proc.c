/* SPDX-License-Identifier: ISC */
/*
 * Start of a child process.
 *
 * bgpd executes a child with its channel at descriptor 3 and an argument
 * vector that only bgpd writes.  Whoever runs the program by hand has no
 * socket there and is told so.
 */
#include "common/proc.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/sandbox.h"

void
proc_args_build(enum proc self, const struct proc_args *args,
    char *argv[PROC_ARGV_MAX], char text[4][PROC_ARGV_TEXT])
{
	static char d[] = "-d", l[] = "-l", j[] = "-j", u[] = "-u", g[] = "-g",
		    c[] = "-c";
	int n = 0;

	snprintf(text[0], PROC_ARGV_TEXT, "%s", proc_name(self));
	snprintf(text[1], PROC_ARGV_TEXT, "%d", (int)args->level);
	snprintf(text[2], PROC_ARGV_TEXT, "%u", args->uid);
	snprintf(text[3], PROC_ARGV_TEXT, "%u", args->gid);
	argv[n++] = text[0];
	if (args->foreground)
		argv[n++] = d;
	argv[n++] = l;
	argv[n++] = text[1];
	if (args->format == LOG_FORMAT_JSON)
		argv[n++] = j;
	if (args->privileged) {
		argv[n++] = u;
		argv[n++] = text[2];
		argv[n++] = g;
		argv[n++] = text[3];
		argv[n++] = c;
		/* execve() takes no const; nobody writes there. */
		memcpy(&argv[n++], &args->dir, sizeof(args->dir));
	}
	argv[n] = NULL;
}

static int
number_parse(const char *s, unsigned long max, unsigned int *to)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(s, &end, 10);
	if (errno != 0 || *s < '0' || *s > '9' || *end != '\0' || v > max)
		return -1;
	*to = (unsigned int)v;
	return 0;
}

int
proc_args_parse(int argc, char **argv, struct proc_args *args)
{
	unsigned int level;
	int c, ids = 0;

	memset(args, 0, sizeof(*args));
	args->level = LOG_LEVEL_INFO;
	opterr = 0;
	optind = 1;
	while ((c = getopt(argc, argv, "dl:ju:g:c:")) != -1) {
		switch (c) {
		case 'd':
			args->foreground = true;
			break;
		case 'l':
			if (number_parse(optarg, LOG_LEVEL_DEBUG, &level) != 0)
				return -1;
			args->level = (enum log_level)level;
			break;
		case 'j':
			args->format = LOG_FORMAT_JSON;
			break;
		case 'u':
			if (number_parse(optarg, UINT_MAX - 1, &args->uid) != 0)
				return -1;
			ids |= 1;
			break;
		case 'g':
			if (number_parse(optarg, UINT_MAX - 1, &args->gid) != 0)
				return -1;
			ids |= 2;
			break;
		case 'c':
			args->dir = optarg;
			ids |= 4;
			break;
		default:
			return -1;
		}
	}
	args->privileged = ids == 7;
	return optind == argc && (ids == 0 || ids == 7) ? 0 : -1;
}

/* Nobody but bgpd leaves a connected unix socket at descriptor 3. */
static bool
channel_present(void)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int type;
	socklen_t type_len = sizeof(type);

	return getsockopt(PROC_CHANNEL_FD, SOL_SOCKET, SO_TYPE, &type,
		   &type_len) == 0 &&
	    type == SOCK_STREAM &&
	    getpeername(PROC_CHANNEL_FD, (struct sockaddr *)&ss, &len) == 0 &&
	    ss.ss_family == AF_UNIX;
}

/* A closed 0, 1 or 2 would be handed out for something else. */
static void
standard_fds_open(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static void
signals_ignore(void)
{
	static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa;
	sigset_t none;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_IGN;
	for (i = 0; i < nitems(ignored); i++)
		sigaction(ignored[i], &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

unsigned long
proc_raise_files(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return 1024;
	if (rl.rlim_cur < rl.rlim_max) {
		rl.rlim_cur = rl.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
			(void)getrlimit(RLIMIT_NOFILE, &rl);
	}
	return (unsigned long)rl.rlim_cur;
}

int
proc_child_init(enum proc self, int argc, char **argv, unsigned int flags)
{
	struct proc_args args;
	struct sandbox box;
	struct err e;

	if (!channel_present() || proc_args_parse(argc, argv, &args) == -1) {
		fprintf(stderr, "%s: started by bgpd, not by hand\n",
		    proc_name(self));
		exit(1);
	}
	standard_fds_open();
	if (close_range(PROC_CHANNEL_FD + 1, ~0u, 0) == -1)
		fatal("close_range");
	if (fcntl(PROC_CHANNEL_FD, F_SETFD, FD_CLOEXEC) == -1)
		fatal("fcntl");
	log_init(proc_name(self), !args.foreground);
	log_set_level(args.level);
	log_set_format(args.format);
	hash_init();
	tzset(); /* syslog shows local time; the file is gone after chroot */
	signals_ignore();
	umask(077);
	if (flags & PROC_RAISE_FILES)
		(void)proc_raise_files();
	memset(&box, 0, sizeof(box));
	box.privileged = args.privileged;
	box.uid = args.uid;
	box.gid = args.gid;
	box.dir = args.dir;
	if (sandbox_enter(self, &box, &e) == -1)
		fatalx("%s", e.text);
	return PROC_CHANNEL_FD;
}

void
proc_apply_log(const struct conf *c)
{
	log_set_level(c->log_level);
	log_set_format(c->log_format);
}
