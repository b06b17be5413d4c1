/* SPDX-License-Identifier: ISC */
/*
 * bgpd: reads the configuration, binds what needs privilege, starts the
 * children and keeps them in step.  Everything that can be wrong with a
 * start is found before the first child exists and is told on standard
 * error.
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/bgpd.h"
#include "bgpd/notify.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/xmalloc.h"

#define NOBODY 65534

struct options {
	const char *file; /* NULL: the default */
	bool foreground;
	bool check_only;
	bool verbose;
	const char *trial; /* path of its socket; NULL: a real run */
};

static void ATTR_NORETURN
usage(void)
{
	fprintf(stderr, "usage: bgpd [-dnvV] [-f file] [-t socket]\n");
	exit(1);
}

static void
options_parse(int argc, char **argv, struct options *o)
{
	int c;

	memset(o, 0, sizeof(*o));
	while ((c = getopt(argc, argv, "df:nt:vV")) != -1) {
		switch (c) {
		case 'd':
			o->foreground = true;
			break;
		case 'f':
			o->file = optarg;
			break;
		case 'n':
			o->check_only = true;
			break;
		case 't':
			o->trial = optarg;
			o->foreground = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'V':
			printf("bgpd " BGPGG_VERSION "\n");
			exit(0);
		default:
			usage();
		}
	}
	if (optind != argc)
		usage();
}

/* A daemon changes its directory: keep the place of the file. */
static char *
path_absolute(const char *path)
{
	char cwd[PATH_MAX];

	if (path[0] == '/' || getcwd(cwd, sizeof(cwd)) == NULL)
		return xstrdup(path);
	return xasprintf("%s/%s", cwd, path);
}

/* Closed standard descriptors would be handed out to sockets. */
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

/* --- the configuration at the start */

/* Who parses, before the file has said which user the suite runs as. */
static void
parser_identity(struct sandbox *box)
{
	const struct passwd *pw = getpwnam("_bgpd");

	if (pw == NULL || pw->pw_uid == 0 || pw->pw_gid == 0)
		pw = getpwnam("nobody");
	box->uid = NOBODY;
	box->gid = NOBODY;
	if (pw != NULL && pw->pw_uid != 0 && pw->pw_gid != 0) {
		box->uid = pw->pw_uid;
		box->gid = pw->pw_gid;
	}
}

static void
diags_print(const struct diags *d, const char *file)
{
	char *line;
	size_t i;

	for (i = 0; i < d->n; i++) {
		line = diag_format(&d->list[i], file);
		fprintf(stderr, "%s\n", line);
		free(line);
	}
}

static void
children_identity(const struct conf *c, struct sandbox *box)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(c->user);
	if (pw == NULL && errno != 0)
		err(1, "user %s", c->user);
	if (pw == NULL)
		errx(1,
		    "user %s does not exist: create it (useradd --system "
		    "--home-dir /nonexistent --shell /usr/sbin/nologin %s) "
		    "or name another with the key user",
		    c->user, c->user);
	if (pw->pw_uid == 0 || pw->pw_gid == 0)
		errx(1, "user %s: the children must not run as root", c->user);
	box->uid = pw->pw_uid;
	box->gid = pw->pw_gid;
}

/*
 * A trial holds the configuration and answers about it: no session, nobody
 * listens but the API at one path, and nothing is written.
 */
static void
trial_conf(struct conf *c, const char *path)
{
	struct conf_endpoint api;
	uint32_t i;

	for (i = 0; i < c->n_listen; i++)
		conf_endpoint_fini(&c->listen[i]);
	c->n_listen = 0;
	for (i = 0; i < c->n_grpc_listen; i++)
		conf_endpoint_fini(&c->grpc_listen[i]);
	c->n_grpc_listen = 0;
	for (i = 0; i < c->n_metrics_listen; i++)
		conf_endpoint_fini(&c->metrics_listen[i]);
	c->n_metrics_listen = 0;
	memset(&api, 0, sizeof(api));
	api.path = path_absolute(path);
	conf_grpc_listen_append(c, &api);
	conf_endpoint_fini(&api);
	for (i = 0; i < c->n_peers; i++)
		c->peers[i].passive = true;
	for (i = 0; i < c->n_bmp_servers; i++)
		conf_bmp_server_fini(&c->bmp_servers[i]);
	c->n_bmp_servers = 0;
	free(c->pid_file);
	c->pid_file = NULL;
	c->log_level = LOG_LEVEL_ERROR;
}

/* --- signals */

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct bgpd *b = arg;

	(void)what;
	switch (sig) {
	case SIGCHLD:
		children_reap(b);
		break;
	case SIGHUP:
		if (b->trial)
			break; /* the file would bring its listeners */
		log_info("SIGHUP: reading %s again", b->conf_name);
		call_reload(b);
		break;
	default:
		if (!b->stopping)
			log_info("%s: ending",
			    sig == SIGINT ? "SIGINT" : "SIGTERM");
		bgpd_stop(b, 0);
	}
}

/* A SIGHUP at the start waits until there is something to be reloaded. */
static void
reload_signal_hold(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* --- into the background */

/*
 * The process that the user started waits until the suite is ready and then
 * ends with 0, or with 1 if it does not get that far (the log says why).
 */
static void
daemonise(struct bgpd *b)
{
	int ready[2], null;
	char byte;
	ssize_t n;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) == -1)
		err(1, "pipe");
	pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid > 0) {
		close(ready[1]);
		do
			n = read(ready[0], &byte, 1);
		while (n == -1 && errno == EINTR);
		_exit(n == 1 ? 0 : 1);
	}
	close(ready[0]);
	b->ready_pipe = ready[1];
	null = open("/dev/null", O_RDWR);
	if (setsid() == -1 || chdir("/") == -1 || null == -1 ||
	    dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1)
		err(1, "cannot go into the background");
	if (null > STDERR_FILENO)
		close(null);
	log_init("bgpd", true);
}

/* --- the run */

static void
prepare(struct bgpd *b, const struct options *o, struct loaded *l)
{
	struct err e;

	if (paths_init(&b->paths, &e) == -1)
		errx(1, "%s", e.text);
	b->conf_name = o->file != NULL ? o->file : b->paths.conf;
	b->conf_path = path_absolute(b->conf_name);
	b->box.privileged = geteuid() == 0;
	b->box.dir = b->paths.empty;
	if (b->box.privileged) {
		if (paths_ensure_empty(b->paths.empty, &e) == -1)
			errx(1, "%s", e.text);
		parser_identity(&b->box);
	}
	loader_run(b->conf_path, &b->box, l);
	diags_print(&l->diags, b->conf_name);
	if (l->conf == NULL)
		exit(1);
}

static bool
alive(void *arg)
{
	return children_alive(arg);
}

static void
run(struct bgpd *b)
{
	static const int signals[] = { SIGCHLD, SIGHUP, SIGINT, SIGTERM };
	struct event *ev[nitems(signals)];
	struct err e;
	size_t i;

	b->base = event_base_new();
	if (b->base == NULL)
		fatalx("event_base_new");
	event_base_priority_init(b->base, 3);
	for (i = 0; i < nitems(signals); i++) {
		ev[i] = evsignal_new(b->base, signals[i], on_signal, b);
		event_add(ev[i], NULL);
	}
	reload_signal_hold(false);
	if (b->box.privileged && sandbox_parent(&e) == -1)
		fatalx("%s", e.text);
	if (!b->box.privileged)
		log_warnx("not started as root: the children run as the same "
			  "user as bgpd and are not locked into an empty "
			  "directory");
	children_start(b);
	reload_first(b);
	pings_start(b);
	notify_run(b->notify, b->base, alive, b);
	event_base_dispatch(b->base);
	pings_stop(b);
	notify_free(b->notify);
	children_free(b);
	reload_fini(b);
	for (i = 0; i < nitems(signals); i++)
		event_free(ev[i]);
	event_base_free(b->base);
}

int
main(int argc, char **argv)
{
	static struct bgpd b;
	struct options o;
	struct loaded l;
	struct err e;

	standard_fds_open();
	options_parse(argc, argv, &o);
	b.ready_pipe = -1;
	b.foreground = o.foreground;
	b.verbose = o.verbose;
	signal(SIGPIPE, SIG_IGN);
	reload_signal_hold(true);
	log_init("bgpd", false);
	hash_init();
	(void)proc_raise_files();
	prepare(&b, &o, &l);
	/* What the caller left open is nobody's to inherit; the file itself
	 * may have been such a descriptor (/dev/fd/N). */
	(void)close_range(STDERR_FILENO + 1, ~0u, 0);
	if (o.check_only) {
		loaded_fini(&l);
		free(b.conf_path);
		paths_fini(&b.paths);
		return 0;
	}
	b.notify = notify_new();
	if (b.box.privileged)
		children_identity(l.conf, &b.box);
	if (o.trial != NULL)
		b.trial = true;
	call_first(&b, &l);
	if (b.trial)
		trial_conf(l.conf, o.trial);
	reload_init(&b, &l);
	proc_apply_log(b.next);
	if (children_check(&b, &e) == -1 ||
	    reload_listeners(&b, b.next, &e) == -1)
		errx(1, "%s", e.text);
	if (!b.foreground)
		daemonise(&b);
	if (pid_file_update(&b, b.next, &e) == -1)
		fatalx("%s", e.text);
	run(&b);
	loaded_fini(&l);
	free(b.conf_path);
	paths_fini(&b.paths);
	return b.status;
}
