/* SPDX-License-Identifier: ISC */
/* The HTTP server over socket pairs of a real listener. */
#include "apid/http.h"

#include <sys/socket.h>

#include <check.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/compat.h"
#include "common/xmalloc.h"

enum { BIG = 32 * 1024 * 1024 };

static struct event_base *base;
static struct http *http;
static struct http_listener *listener;
static struct sockaddr_in at;
static unsigned int n_handled, n_done;
static struct http_conn *held; /* of /hold */
static char *big;

static void
on_done(void *ctx)
{
	ck_assert_ptr_eq(ctx, &n_done);
	n_done++;
}

static void
handle(void *ctx, struct http_conn *c, const char *path)
{
	ck_assert_ptr_eq(ctx, &n_handled);
	n_handled++;
	http_on_done(c, on_done, &n_done);
	if (strcmp(path, "/hold") == 0)
		held = c;
	else if (strcmp(path, "/big") == 0)
		http_reply(c, 200, "text/plain", big, BIG);
	else
		http_reply(c, 200, "text/plain", "short", 5);
}

static void
turn(void)
{
	int i;

	for (i = 0; i < 20; i++)
		ck_assert_int_ne(event_base_loop(base, EVLOOP_NONBLOCK), -1);
}

static int
client(const char *text)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(
	    connect(fd, (struct sockaddr *)(void *)&at, sizeof(at)), 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	turn();
	return fd;
}

/* What has come, as text. */
static const char *
got(int fd)
{
	static char buf[4096];
	ssize_t n;

	turn();
	n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);
	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

static void
setup(void)
{
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(&at, 0, sizeof(at));
	at.sin_family = AF_INET;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)(void *)&at, len), 0);
	ck_assert_int_eq(listen(fd, 1024), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)(void *)&at, &len),
	    0);
	big = xcalloc(1, BIG);
	n_handled = n_done = 0;
	held = NULL;
	base = event_base_new();
	ck_assert_int_eq(event_base_priority_init(base, 2), 0);
	http = http_new(base, 1, 1 << 20, handle, &n_handled);
	listener = http_listen(http, fd);
}

static void
teardown(void)
{
	http_free(http);
	event_base_free(base);
	free(big);
	ck_assert_uint_eq(n_handled, n_done);
}

START_TEST(a_reply_byte_by_byte)
{
	static const char text[] = "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = client("");
	size_t i;

	for (i = 0; i + 1 < sizeof(text); i++) {
		ck_assert_uint_eq(n_handled, 0);
		ck_assert_int_eq(write(fd, text + i, 1), 1);
		turn();
	}
	ck_assert_uint_eq(n_handled, 1);
	ck_assert_uint_eq(n_done, 1);
	ck_assert_ptr_nonnull(strstr(got(fd), "\r\n\r\nshort"));
	ck_assert_uint_eq(http_n_conns(http), 1);
	close(fd);
	turn();
	ck_assert_uint_eq(http_n_conns(http), 0);
}
END_TEST

START_TEST(an_answer_later)
{
	int fd = client("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"
			"GET /next HTTP/1.1\r\nHost: x\r\n\r\n");

	ck_assert_uint_eq(n_handled, 1); /* one after the other */
	http_reply(held, 503, NULL, NULL, 0);
	ck_assert_ptr_nonnull(strstr(got(fd), "HTTP/1.1 503 "));
	ck_assert_uint_eq(n_handled, 2);
	close(fd);
}
END_TEST

START_TEST(whoever_goes_before_the_answer_is_done)
{
	int fd = client("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");

	ck_assert_uint_eq(n_done, 0);
	http_close(held);
	ck_assert_uint_eq(n_done, 1);
	close(fd);
}
END_TEST

START_TEST(one_too_many_closes_the_oldest_that_waits)
{
	int fds[HTTP_CONNS_MAX + 3];
	size_t i;

	/* The first reads nothing, the second is served. */
	fds[0] = client("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
	for (i = 1; i < nitems(fds); i++)
		fds[i] = client("GET ");
	ck_assert_uint_eq(http_n_conns(http), HTTP_CONNS_MAX);
	ck_assert_uint_eq(n_done, 0);
	for (i = 1; i <= 3; i++)
		ck_assert_int_eq(recv(fds[i], fds, 1, MSG_DONTWAIT), 0);
	ck_assert_int_eq(write(fds[4], "/ HTTP/1.0\n\n", 12), 12);
	ck_assert_ptr_nonnull(strstr(got(fds[4]), "short"));
	for (i = 0; i < nitems(fds); i++)
		close(fds[i]);
}
END_TEST

START_TEST(readers_go_when_there_are_only_readers)
{
	int fds[HTTP_CONNS_MAX + 5];
	size_t i;

	for (i = 0; i < nitems(fds); i++)
		fds[i] = client("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_uint_eq(http_n_conns(http), HTTP_CONNS_MAX);
	ck_assert_uint_eq(n_done, 5);
	for (i = 0; i < nitems(fds); i++)
		close(fds[i]);
}
END_TEST

START_TEST(a_closed_listener_takes_its_clients_along)
{
	int fd = client("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");

	http_unlisten(listener);
	ck_assert_uint_eq(http_n_conns(http), 0);
	ck_assert_uint_eq(n_done, 1);
	close(fd);
}
END_TEST

static const struct {
	const char *text;
	const char *status;
} heads[] = {
	{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "200" },
	{ "HEAD / HTTP/1.1\r\nHost:\r\n\r\n", "200" },
	{ "GET http://h/x HTTP/1.1\r\nHost: x\r\n\r\n", "200" },
	{ "\r\n\nGET / HTTP/1.0\n\n", "200" },
	{ "GET / HTTP/1.1\r\n\r\n", "400" },
	{ "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "400" },
	{ "GET / HTTP/1.1 \r\nHost: x\r\n\r\n", "505" },
	{ "GET / HTTP/1.10\r\nHost: x\r\n\r\n", "505" },
	{ "GET /\r\n\r\n", "400" },
	{ "G(T / HTTP/1.1\r\nHost: x\r\n\r\n", "400" },
	{ "PRI * HTTP/2.0\r\n\r\n", "505" },
	{ "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\n Host: x\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: x\001\r\n\r\n", "400" },
	{ "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", "400" },
	{ "GET /\a HTTP/1.1\r\nHost: x\r\n\r\n", "400" },
	{ "POST / HTTP/1.1\r\nHost: x\r\n\r\n", "405" },
	{ "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 00\r\n\r\n", "200" },
	{ "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 01\r\n\r\n", "413" },
	{ "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "413" },
	{ "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n\r\n", "413" },
};

START_TEST(heads_and_their_answers)
{
	char want[32];
	int fd = client(heads[_i].text);

	(void)snprintf(want, sizeof(want), "HTTP/1.1 %s ", heads[_i].status);
	ck_assert_msg(strncmp(got(fd), want, strlen(want)) == 0, "%s",
	    heads[_i].text);
	close(fd);
}
END_TEST

START_TEST(a_head_without_end)
{
	char *text = xcalloc(1, HTTP_HEAD_MAX + 1);
	int fd;

	memset(text, 'a', HTTP_HEAD_MAX);
	fd = client(text);
	ck_assert_ptr_nonnull(strstr(got(fd), "HTTP/1.1 431 "));
	ck_assert_uint_eq(n_handled, 0);
	close(fd);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http");
	TCase *tc = tcase_create("server");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_reply_byte_by_byte);
	tcase_add_test(tc, an_answer_later);
	tcase_add_test(tc, whoever_goes_before_the_answer_is_done);
	tcase_add_test(tc, one_too_many_closes_the_oldest_that_waits);
	tcase_add_test(tc, readers_go_when_there_are_only_readers);
	tcase_add_test(tc, a_closed_listener_takes_its_clients_along);
	tcase_add_loop_test(tc, heads_and_their_answers, 0, nitems(heads));
	tcase_add_test(tc, a_head_without_end);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
