/* SPDX-License-Identifier: ISC */
/* Arguments of a child, and what it gives up. */
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/landlock.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/proc.h"
#include "common/sandbox.h"

static int
count(char **argv)
{
	int n = 0;

	while (argv[n] != NULL)
		n++;
	return n;
}

START_TEST(arguments_round_trip)
{
	struct proc_args in = { .foreground = (_i & 1) != 0,
		.level = LOG_LEVEL_DEBUG,
		.format = (_i & 2) ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT,
		.privileged = (_i & 4) != 0 },
			 out;
	char *argv[PROC_ARGV_MAX], text[4][PROC_ARGV_TEXT];

	if (in.privileged) {
		in.uid = 4294967294u;
		in.gid = 7;
		in.dir = "/var/empty";
	}
	proc_args_build(PROC_RDE, &in, argv, text);
	ck_assert_str_eq(argv[0], "rde");
	ck_assert_int_eq(proc_args_parse(count(argv), argv, &out), 0);
	ck_assert_int_eq(out.foreground, in.foreground);
	ck_assert_int_eq(out.level, in.level);
	ck_assert_int_eq(out.format, in.format);
	ck_assert_int_eq(out.privileged, in.privileged);
	ck_assert_uint_eq(out.uid, in.uid);
	ck_assert_uint_eq(out.gid, in.gid);
	if (in.privileged)
		ck_assert_str_eq(out.dir, "/var/empty");
}
END_TEST

static const char *const bad_lines[] = {
	"-x",
	"-l 9",
	"-l x",
	"-u 1",
	"-u 1 -g 1",
	"-g 1 -c /",
	"extra",
	"-u -1 -g 1 -c /",
};

START_TEST(other_arguments_are_refused)
{
	static char name[] = "rde";
	char line[100], *argv[10] = { name }, *word, *save = NULL;
	struct proc_args out;
	int n = 1;

	snprintf(line, sizeof(line), "%s", bad_lines[_i]);
	for (word = strtok_r(line, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		argv[n++] = word;
	ck_assert_int_eq(proc_args_parse(n, argv, &out), -1);
}
END_TEST

/* What would reach a process of the same user that is not confined. */
static int
reach(pid_t other)
{
	struct rlimit limit;
	int fd = STDIN_FILENO;

	if (kill(other, 0) != -1 || errno != EPERM)
		return 20;
	if (prlimit(other, RLIMIT_CPU, NULL, &limit) != -1 || errno != EPERM)
		return 21;
	if (getrlimit(RLIMIT_CPU, &limit) != 0)
		return 22;
	if (setpriority(PRIO_PROCESS, (id_t)other, 19) != -1 || errno != EPERM)
		return 23;
	if (fcntl(fd, F_SETOWN, other) != -1 || errno != EPERM)
		return 24;
	if (fcntl(fd, F_SETSIG, SIGKILL) != -1 || errno != EPERM)
		return 25;
	if (ioctl(fd, FIOSETOWN, &other) != -1 || errno != EPERM)
		return 26;
	if (fcntl(fd, F_GETFL) == -1)
		return 27;
	/* Its requests would pass by the filter. */
	if (syscall(SYS_io_uring_setup, 1, NULL) != -1 || errno != EPERM)
		return 28;
	return 0;
}

static int
others_are_out_of_reach(void)
{
	int rc, end[2];
	char byte;
	pid_t pid;

	if (pipe(end) == -1 || (pid = fork()) == -1)
		return 19;
	if (pid == 0) {
		close(end[1]);
		_exit(read(end[0], &byte, 1) != 0);
	}
	rc = reach(pid);
	close(end[1]);
	(void)waitpid(pid, NULL, 0);
	return rc;
}

static int
network_is_out_of_reach(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (fd == -1)
		return 30;
	close(fd);
	if (socket(AF_INET, SOCK_DGRAM, 0) != -1 || errno != EPERM)
		return 31;
	if (socket(AF_INET6, SOCK_STREAM, 0) != -1 || errno != EPERM)
		return 32;
	if (socket(AF_NETLINK, SOCK_RAW, 0) != -1 || errno != EPERM)
		return 33;
	return 0;
}

/* Files that anybody may read; a build with sanitizers reads its own. */
static int
files_are_out_of_reach(const char *path)
{
#if defined(__SANITIZE_ADDRESS__) || defined(SANDBOX_TRACEABLE)
	(void)path;
#else
	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
		LANDLOCK_CREATE_RULESET_VERSION) < 1)
		return 0;
	if (open(path, O_RDONLY) != -1 || errno != EACCES)
		return 40;
#endif
	return 0;
}

/* Run in a child of its own: the filter stays for ever. */
static int
confined(enum proc role)
{
	struct sandbox box = { .privileged = geteuid() == 0,
		.uid = 65534,
		.gid = 65534,
		.dir = "/proc" };
	struct err e;
	int rc;

	if (sandbox_enter(role, &box, &e) == -1)
		return 10;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 11;
	if (geteuid() == 0 || getegid() == 0)
		return 12;
	if (box.privileged && prctl(PR_CAPBSET_READ, 0, 0, 0, 0) != 0)
		return 13;
	if (kill(getppid(), 0) != -1 || errno != EPERM)
		return 14;
	if (raise(0) != 0)
		return 15; /* abort() must go on working */
	if (execl("/bin/true", "true", (char *)NULL) != -1 || errno != EPERM)
		return 16;
	if (role == PROC_RDE && (bind(0, NULL, 0) != -1 || errno != EPERM))
		return 17;
	if (role == PROC_RDE && (connect(0, NULL, 0) != -1 || errno != EPERM))
		return 18;
	if (role == PROC_SESSIOND &&
	    (connect(-1, NULL, 0) != -1 || errno != EBADF))
		return 18;
	rc = files_are_out_of_reach(
	    box.privileged ? "/version" : "/proc/version");
	if (rc != 0)
		return rc;
	rc = role == PROC_APID ? 0 : network_is_out_of_reach();
	return rc != 0 ? rc : others_are_out_of_reach();
}

START_TEST(confinement_holds)
{
	static const enum proc roles[] = { PROC_BGPD, PROC_SESSIOND, PROC_RDE,
		PROC_APID };
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(confined(roles[_i]));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proc");
	TCase *t = tcase_create("arguments"), *b = tcase_create("sandbox");
	SRunner *r;
	int n;

	tcase_add_loop_test(t, arguments_round_trip, 0, 8);
	tcase_add_loop_test(t, other_arguments_are_refused, 0,
	    (int)nitems(bad_lines));
	tcase_add_loop_test(b, confinement_holds, 0, 4);
	suite_add_tcase(s, t);
	suite_add_tcase(s, b);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n == 0 ? 0 : 1;
}
