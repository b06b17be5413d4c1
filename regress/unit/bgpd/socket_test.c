/* SPDX-License-Identifier: ISC */
/* Listeners, outgoing sockets, paths. */
#include <sys/socket.h>
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/paths.h"
#include "bgpd/socket.h"
#include "common/xmalloc.h"

static struct conf_endpoint
tcp(const char *text)
{
	struct conf_endpoint e;

	memset(&e, 0, sizeof(e));
	ck_assert_int_eq(endpoint_parse(text, 0, true, &e.addr, &e.port), 0);
	return e;
}

START_TEST(port_zero_becomes_a_real_one)
{
	struct conf_endpoint e = tcp("127.0.0.1:0");
	struct listener *l;
	struct err err;

	l = listener_open(&e, LISTENER_BGP, (gid_t)-1, &err);
	ck_assert_ptr_nonnull(l);
	ck_assert_uint_ne(l->bound.port, 0);
	ck_assert_uint_eq(l->wanted.port, 0);
	ck_assert(fcntl(l->fd, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(l->fd, F_GETFD) & FD_CLOEXEC);
	listener_free(l);
}
END_TEST

START_TEST(taken_port_is_named)
{
	struct conf_endpoint e = tcp("127.0.0.1:0");
	struct listener *l;
	struct err err;
	char text[LISTENER_STRLEN];

	l = listener_open(&e, LISTENER_BGP, (gid_t)-1, &err);
	ck_assert_ptr_nonnull(l);
	ck_assert_ptr_null(listener_open(&l->bound, LISTENER_BGP, (gid_t)-1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, listener_str(&l->bound, text)));
	ck_assert_ptr_nonnull(strstr(err.text, strerror(EADDRINUSE)));
	listener_free(l);
}
END_TEST

START_TEST(address_that_is_not_ours_is_an_error)
{
	struct conf_endpoint e = tcp("192.0.2.1:0");
	struct err err;

	ck_assert_ptr_null(listener_open(&e, LISTENER_BGP, (gid_t)-1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "192.0.2.1:0"));
}
END_TEST

START_TEST(ipv6_and_ipv4_share_a_port)
{
	struct conf_endpoint e6 = tcp("[::]:0"), e4 = tcp("0.0.0.0:0");
	struct listener *l6, *l4;
	struct err err;

	l6 = listener_open(&e6, LISTENER_BGP, (gid_t)-1, &err);
	if (l6 == NULL)
		return; /* a machine without IPv6 */
	e4.port = l6->bound.port;
	l4 = listener_open(&e4, LISTENER_BGP, (gid_t)-1, &err);
	ck_assert_msg(l4 != NULL, "%s", err.text);
	listener_free(l4);
	listener_free(l6);
}
END_TEST

/* --- unix */

static char *
temporary(const char *name)
{
	char dir[] = "/tmp/bgpgg-socket-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(dir));
	return xasprintf("%s/%s", dir, name);
}

static void
temporary_remove(char *path)
{
	(void)unlink(path);
	*strrchr(path, '/') = '\0';
	ck_assert_int_eq(rmdir(path), 0);
	free(path);
}

START_TEST(unix_socket_has_its_mode_and_goes_away)
{
	struct conf_endpoint e = { .path = temporary("api") };
	struct listener *l;
	struct stat st;
	struct err err;

	l = listener_open(&e, LISTENER_API, getegid(), &err);
	ck_assert_msg(l != NULL, "%s", err.text);
	ck_assert_int_eq(lstat(e.path, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	/* A second one does not take a living one's place. */
	ck_assert_ptr_null(listener_open(&e, LISTENER_API, getegid(), &err));
	listener_free(l);
	ck_assert_int_eq(lstat(e.path, &st), -1);
	temporary_remove(e.path);
}
END_TEST

START_TEST(stale_unix_socket_is_replaced)
{
	struct conf_endpoint e = { .path = temporary("api") };
	struct listener *l, *again;
	struct err err;

	l = listener_open(&e, LISTENER_API, getegid(), &err);
	ck_assert_ptr_nonnull(l);
	close(l->fd); /* as if its process had died */
	l->fd = -1;
	again = listener_open(&e, LISTENER_API, getegid(), &err);
	ck_assert_msg(again != NULL, "%s", err.text);
	l->ino = 0; /* the dead one unlinks nothing */
	listener_free(l);
	ck_assert_int_eq(access(e.path, F_OK), 0);
	listener_free(again);
	temporary_remove(e.path);
}
END_TEST

START_TEST(file_in_the_way_stays)
{
	struct conf_endpoint e = { .path = temporary("api") };
	struct err err;
	int fd = open(e.path, O_CREAT | O_WRONLY, 0600);

	close(fd);
	ck_assert_ptr_null(listener_open(&e, LISTENER_API, getegid(), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "in the way"));
	ck_assert_int_eq(access(e.path, F_OK), 0);
	temporary_remove(e.path);
}
END_TEST

/* --- outgoing */

static struct conf *
conf_with(const char *listen, const char *peer, const char *local)
{
	struct conf *c = conf_new();
	struct conf_endpoint e = tcp(listen);
	struct conf_peer p;

	conf_listen_append(c, &e);
	conf_peer_init(&p, c);
	ck_assert_int_eq(addr_parse(peer, &p.addr), 0);
	if (local != NULL)
		ck_assert_int_eq(addr_parse(local, &p.local_addr), 0);
	conf_peer_add(c, &p);
	return c;
}

static const struct {
	const char *listen;
	const char *peer;
	const char *local;
	const char *bound;
} outgoing[] = {
	{ "0.0.0.0:179", "127.0.0.9", NULL, "0.0.0.0" },
	{ "127.0.0.5:179", "127.0.0.9", NULL, "127.0.0.5" },
	{ "127.0.0.5:179", "127.0.0.9", "127.0.0.6", "127.0.0.6" },
	{ "127.0.0.5:179", "::1", NULL, "::" },
};

START_TEST(outgoing_is_bound_where_it_should)
{
	struct conf *c = conf_with(outgoing[_i].listen, outgoing[_i].peer,
	    outgoing[_i].local);
	struct sock_req q = { .remote = c->peers[0].addr, .port = 179 };
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char text[ADDR_STRLEN];
	struct addr a;
	uint16_t port;
	int fd;

	fd = socket_outgoing(c, &q, false);
	if (fd == -1 && errno == EAFNOSUPPORT)
		return; /* a machine without IPv6 */
	ck_assert_int_ne(fd, -1);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	ck_assert_int_eq(addr_from_sockaddr((struct sockaddr *)&ss, &a, &port),
	    0);
	ck_assert_str_eq(addr_str(&a, text), outgoing[_i].bound);
	/* Nobody has connected it. */
	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&ss, &len), -1);
	close(fd);
	conf_free(c);
}
END_TEST

START_TEST(only_configured_peers_get_a_socket)
{
	struct conf *c = conf_with("0.0.0.0:179", "127.0.0.9", NULL);
	struct sock_req q = { .remote = c->peers[0].addr, .port = 180 };

	ck_assert_int_eq(socket_outgoing(c, &q, false), -1);
	ck_assert_int_eq(errno, EPERM);
	q.port = 179;
	q.remote = addr_ipv4(0x7f00000a);
	ck_assert_int_eq(socket_outgoing(c, &q, false), -1);
	ck_assert_int_eq(errno, EPERM);
	conf_free(c);
}
END_TEST

/* --- paths */

static const struct {
	const char *executable;
	const char *libexec, *conf, *empty;
} places[] = {
	{ "/usr/local/sbin/bgpd", "/usr/local/libexec/bgpgg",
	    "/usr/local/etc/bgpgg/bgpd.yaml", "/usr/local/var/empty/bgpgg" },
	{ "/usr/sbin/bgpd", "/usr/libexec/bgpgg", "/etc/bgpgg/bgpd.yaml",
	    "/run/bgpgg/empty" },
	{ "/sbin/bgpd", "/usr/libexec/bgpgg", "/etc/bgpgg/bgpd.yaml",
	    "/run/bgpgg/empty" },
	{ "/src/build/asan/sbin/bgpd", "/src/build/asan/libexec/bgpgg",
	    "/src/build/asan/etc/bgpgg/bgpd.yaml",
	    "/src/build/asan/var/empty/bgpgg" },
};

START_TEST(paths_follow_the_executable)
{
	struct paths p;

	paths_from(&p, places[_i].executable);
	ck_assert_str_eq(p.libexec, places[_i].libexec);
	ck_assert_str_eq(p.conf, places[_i].conf);
	ck_assert_str_eq(p.empty, places[_i].empty);
	paths_fini(&p);
}
END_TEST

START_TEST(lock_in_directory_must_be_safe)
{
	char *dir = temporary("a/b");
	struct err e;

	if (geteuid() != 0)
		ck_assert_int_eq(paths_ensure_empty(dir, &e), -1);
	else {
		ck_assert_int_eq(paths_ensure_empty(dir, &e), 0);
		ck_assert_int_eq(paths_ensure_empty(dir, &e), 0);
		ck_assert_int_eq(chmod(dir, 0775), 0);
		ck_assert_int_eq(paths_ensure_empty(dir, &e), -1);
		ck_assert_int_eq(chmod(dir, 0755), 0);
		ck_assert_int_eq(chown(dir, 65534, 0), 0);
		ck_assert_int_eq(paths_ensure_empty(dir, &e), -1);
	}
	(void)rmdir(dir);
	*strrchr(dir, '/') = '\0';
	(void)rmdir(dir);
	temporary_remove(dir);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("socket");
	TCase *t = tcase_create("socket");
	SRunner *r;
	int n;

	tcase_add_test(t, port_zero_becomes_a_real_one);
	tcase_add_test(t, taken_port_is_named);
	tcase_add_test(t, address_that_is_not_ours_is_an_error);
	tcase_add_test(t, ipv6_and_ipv4_share_a_port);
	tcase_add_test(t, unix_socket_has_its_mode_and_goes_away);
	tcase_add_test(t, stale_unix_socket_is_replaced);
	tcase_add_test(t, file_in_the_way_stays);
	tcase_add_loop_test(t, outgoing_is_bound_where_it_should, 0,
	    (int)nitems(outgoing));
	tcase_add_test(t, only_configured_peers_get_a_socket);
	tcase_add_loop_test(t, paths_follow_the_executable, 0,
	    (int)nitems(places));
	tcase_add_test(t, lock_in_directory_must_be_safe);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n == 0 ? 0 : 1;
}
