/* SPDX-License-Identifier: ISC */
#include "bgpd/store.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/loader.h"
#include "common/log.h"
#include "common/xmalloc.h"

struct store {
	char *path; /* no symbolic link in it */
	char *fresh; /* the new text, complete */
	char *dir;
	char *copy; /* of the present file; NULL: there is none */
};

/* The file that a name leads to, so that a symbolic link stays one. */
static char *
path_real(const char *path)
{
	char *real = realpath(path, NULL), *copy;

	if (real == NULL)
		return xstrdup(path);
	copy = xstrdup(real);
	free(real);
	return copy;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static char *
dir_of(const char *path, const char *dir)
{
	const char *base = base_name(path);

	if (dir != NULL)
		return xstrdup(dir);
	if (base == path)
		return xstrdup(".");
	/* Without the slash, unless it is the root. */
	return xasprintf("%.*s", (int)(base - path > 1 ? base - path - 1 : 1),
	    path);
}

/* `path` is real. */
static char *
version_path(const char *path, const char *dir, const char *suffix)
{
	char *in = dir_of(path, dir), *name;

	name = xasprintf("%s/%s.%s", in, base_name(path), suffix);
	free(in);
	return name;
}

static char *
version_number(const char *path, const char *dir, uint32_t index)
{
	char suffix[16];

	snprintf(suffix, sizeof(suffix), "%u", index);
	return version_path(path, dir, suffix);
}

static int
write_all(int fd, const uint8_t *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(fd, p, n);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* A new file with this text, on the disk, as `like` in mode and owner (and
 * time with `same_time`). */
static int
file_make(const char *path, const uint8_t *text, size_t len,
    const struct stat *like, bool same_time, struct err *e)
{
	mode_t mode = like->st_mode & 0777;
	struct timespec times[2] = { like->st_mtim, like->st_mtim };
	int fd, saved;

	if (unlink(path) == -1 && errno != ENOENT)
		return err_set(e, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (fd == -1)
		return err_set(e, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	/* Where the owner cannot be kept, nobody else gets to read it. */
	if (fchown(fd, like->st_uid, like->st_gid) == -1 &&
	    (like->st_uid != geteuid() || like->st_gid != getegid()))
		mode &= 0700;
	if (write_all(fd, text, len) == -1 || fchmod(fd, mode) == -1 ||
	    (same_time && futimens(fd, times) == -1) || fsync(fd) == -1) {
		saved = errno;
		close(fd);
		(void)unlink(path);
		return err_set(e, ERR_INTERNAL, "%s: %s", path,
		    strerror(saved));
	}
	close(fd);
	return 0;
}

static int
fd_read(int fd, const char *path, struct wr *to, struct err *e)
{
	uint8_t buf[65536];
	ssize_t n;

	for (;;) {
		n = read(fd, buf, sizeof(buf));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_set(e, ERR_INTERNAL, "%s: %s", path,
			    strerror(errno));
		if (n == 0)
			return 0;
		wr_copy(to, buf, (size_t)n);
		if (!wr_ok(to))
			return err_set(e, ERR_EXHAUSTED, "%s is too long",
			    path);
	}
}

int
store_read(const char *path, struct wr *to, struct err *e)
{
	struct stat st;
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return err_set(e,
		    errno == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL, "%s: %s",
		    path, strerror(errno));
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_PRECONDITION, "%s is not a regular file",
		    path);
	}
	rc = fd_read(fd, path, to, e);
	close(fd);
	return rc;
}

int
store_read_version(const char *path, const char *dir, uint32_t index,
    struct wr *to, struct err *e)
{
	char *real, *name;
	int rc;

	if (index == 0 || index > CONF_VERSIONS_MAX)
		return err_set(e, ERR_INVALID, "%u is not a version (1 to %u)",
		    index, CONF_VERSIONS_MAX);
	real = path_real(path);
	name = version_number(real, dir, index);
	rc = store_read(name, to, e);
	if (rc == -1 && e->code == ERR_NOT_FOUND)
		(void)err_set(e, ERR_NOT_FOUND, "version %u not found (%s)",
		    index, name);
	free(name);
	free(real);
	return rc;
}

uint32_t
store_versions(const char *path, const char *dir,
    struct conf_version list[CONF_VERSIONS_MAX])
{
	char *real = path_real(path), *name;
	struct stat st;
	uint32_t i, n = 0;

	for (i = 1; i <= CONF_VERSIONS_MAX; i++) {
		name = version_number(real, dir, i);
		if (stat(name, &st) == 0 && S_ISREG(st.st_mode)) {
			list[n].index = i;
			list[n].mtime = (uint64_t)st.st_mtim.tv_sec;
			list[n].size = (uint64_t)st.st_size;
			n++;
		}
		free(name);
	}
	free(real);
	return n;
}

static void
store_free(struct store *s)
{
	free(s->path);
	free(s->fresh);
	free(s->dir);
	free(s->copy);
	free(s);
}

void
store_abort(struct store *s)
{
	if (s == NULL)
		return;
	(void)unlink(s->fresh);
	if (s->copy != NULL)
		(void)unlink(s->copy);
	store_free(s);
}

/* What is there now, to become version 1. */
static int
copy_make(struct store *s, const struct stat *st, struct err *e)
{
	struct wr old;
	int rc;

	wr_init_grow(&old, LOADER_FILE_MAX);
	rc = store_read(s->path, &old, e);
	if (rc == 0) {
		s->copy = version_path(s->path, s->dir, "old");
		rc = file_make(s->copy, old.base, wr_len(&old), st, true, e);
	}
	wr_free(&old);
	if (rc == -1) {
		free(s->copy);
		s->copy = NULL;
	}
	return rc;
}

struct store *
store_prepare(const char *path, const char *dir, const uint8_t *text,
    size_t len, struct err *e)
{
	struct store *s = xcalloc(1, sizeof(*s));
	struct stat st;

	s->path = path_real(path);
	s->dir = dir == NULL ? NULL : xstrdup(dir);
	s->fresh = xasprintf("%s.new", s->path);
	memset(&st, 0, sizeof(st));
	if (stat(s->path, &st) == -1) {
		st.st_mode = 0644;
		st.st_uid = geteuid();
		st.st_gid = getegid();
	} else if (!S_ISREG(st.st_mode)) {
		(void)err_set(e, ERR_PRECONDITION,
		    "%s is not a regular file: nothing can be saved there",
		    path);
		store_free(s);
		return NULL;
	} else if (copy_make(s, &st, e) == -1) {
		store_free(s);
		return NULL;
	}
	if (file_make(s->fresh, text, len, &st, false, e) == -1) {
		if (s->copy != NULL)
			(void)unlink(s->copy);
		store_free(s);
		return NULL;
	}
	return s;
}

static void
dir_sync(const char *path)
{
	char *dir = dir_of(path, NULL);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || fsync(fd) == -1)
		log_debug("%s: cannot be synced", dir);
	if (fd != -1)
		close(fd);
	free(dir);
}

/* Every version becomes one older; the oldest goes. */
static void
versions_shift(const struct store *s)
{
	char *from, *to;
	uint32_t i;

	for (i = CONF_VERSIONS_MAX; i > 0; i--) {
		to = version_number(s->path, s->dir, i);
		from = i == 1 ? xstrdup(s->copy) :
				version_number(s->path, s->dir, i - 1);
		if (rename(from, to) == -1 && errno != ENOENT)
			log_warn("%s", to);
		free(from);
		free(to);
	}
}

int
store_commit(struct store *s, struct err *e)
{
	if (s->copy != NULL)
		versions_shift(s);
	if (rename(s->fresh, s->path) == -1) {
		(void)err_set(e, ERR_INTERNAL, "%s: %s", s->path,
		    strerror(errno));
		(void)unlink(s->fresh);
		store_free(s);
		return -1;
	}
	dir_sync(s->path);
	store_free(s);
	return 0;
}
