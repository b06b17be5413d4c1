/* SPDX-License-Identifier: ISC */
/*
 * Paths that follow from the place of the executable.
 */
#include "bgpd/paths.h"

#include <sys/fsuid.h>
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xmalloc.h"

/* Cut the last component off; "" for a path directly below the root. */
static void
cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash != NULL)
		*slash = '\0';
}

void
paths_from(struct paths *p, const char *executable)
{
	char *prefix = xstrdup(executable);

	cut_last(prefix); /* bgpd */
	cut_last(prefix); /* sbin */
	if (strcmp(prefix, "/usr") == 0 || prefix[0] == '\0') {
		p->libexec = xstrdup("/usr/libexec/bgpgg");
		p->conf = xstrdup("/etc/bgpgg/bgpd.yaml");
		p->empty = xstrdup("/run/bgpgg/empty");
	} else {
		p->libexec = xasprintf("%s/libexec/bgpgg", prefix);
		p->conf = xasprintf("%s/etc/bgpgg/bgpd.yaml", prefix);
		p->empty = xasprintf("%s/var/empty/bgpgg", prefix);
	}
	free(prefix);
}

int
paths_init(struct paths *p, struct err *e)
{
	char exe[PATH_MAX];
	ssize_t n;

	memset(p, 0, sizeof(*p));
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n == -1)
		return err_set(e, ERR_INTERNAL,
		    "cannot find the own executable: /proc/self/exe: %s",
		    strerror(errno));
	exe[n] = '\0';
	paths_from(p, exe);
	return 0;
}

void
paths_fini(struct paths *p)
{
	free(p->libexec);
	free(p->conf);
	free(p->empty);
	memset(p, 0, sizeof(*p));
}

int
paths_unlink(const char *path)
{
	struct stat st;
	char *dir;
	int rc, saved;

	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	if (errno != EACCES || geteuid() != 0)
		return -1;
	dir = xstrdup(path);
	cut_last(dir);
	rc = stat(dir[0] == '\0' ? "/" : dir, &st);
	free(dir);
	if (rc == -1)
		return -1;
	(void)setfsuid(st.st_uid);
	rc = unlink(path);
	saved = errno;
	(void)setfsuid(0);
	errno = saved;
	return rc;
}

/* mkdir -p */
static int
make_path(const char *dir)
{
	char *path = xstrdup(dir), *slash = path;
	int rc = 0;

	while (rc == 0 && slash != NULL) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			rc = -1;
		if (slash != NULL)
			*slash = '/';
	}
	free(path);
	return rc;
}

int
paths_ensure_empty(const char *dir, struct err *e)
{
	struct stat st;
	mode_t old;
	int rc;

	if (lstat(dir, &st) == -1 && errno == ENOENT) {
		old = umask(022);
		rc = make_path(dir);
		umask(old);
		if (rc == -1)
			return err_set(e, ERR_INTERNAL, "cannot create %s: %s",
			    dir, strerror(errno));
	}
	if (lstat(dir, &st) == -1)
		return err_set(e, ERR_INTERNAL, "%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INTERNAL, "%s is not a directory", dir);
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(e, ERR_INTERNAL,
		    "%s must belong to root and be writable by nobody else",
		    dir);
	return 0;
}
