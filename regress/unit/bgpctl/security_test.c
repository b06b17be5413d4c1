/* SPDX-License-Identifier: ISC */
/* Files and variables of a connection, and what goes with which endpoint. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpctl/security.h"
#include "common/xmalloc.h"

#define TOKEN "0123456789abcdef"
#define TLS "https://192.0.2.1:50051"
#define LOCAL "127.0.0.1:50051"
#define FAR "192.0.2.1:50051"

static char dir[] = "/tmp/bgpgg-security-XXXXXX";
static struct security_files files;
static struct security security;
static char why[256];

/* Paths of the files of a test; they are gone with it. */
static char paths[8][64];
static unsigned int n_paths;

static const char *
file_of(const void *data, size_t len)
{
	char *path = paths[n_paths];
	FILE *f;

	ck_assert_uint_lt(n_paths, nitems(paths));
	(void)snprintf(path, sizeof(paths[0]), "%s/%u", dir, n_paths++);
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

static const char *
file(const char *text)
{
	return file_of(text, strlen(text));
}

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	unsetenv("BGPCTL_ENDPOINT");
	unsetenv("BGPCTL_TOKEN_FILE");
	unsetenv("BGPCTL_CA");
	memset(&files, 0, sizeof(files));
}

static void
teardown(void)
{
	while (n_paths > 0)
		unlink(paths[--n_paths]);
	rmdir(dir);
}

static void
is_refused(const char *endpoint, const char *word)
{
	why[0] = '\0';
	ck_assert_int_eq(
	    security_load(&security, &files, endpoint, why, sizeof(why)), -1);
	ck_assert_msg(strstr(why, word) != NULL, "%s: %s", endpoint, why);
	/* There is nothing left to finish. */
	ck_assert_ptr_null(security.ca);
	ck_assert_ptr_null(security.key);
	ck_assert_ptr_null(security.authorization);
	ck_assert_ptr_null(security.server_name);
}

static void
is_taken(const char *endpoint)
{
	ck_assert_msg(
	    security_load(&security, &files, endpoint, why, sizeof(why)) == 0,
	    "%s: %s", endpoint, why);
}

START_TEST(plain_endpoint_needs_nothing)
{
	is_taken(FAR);
	ck_assert(!security.tls);
	ck_assert_ptr_null(security.ca);
	ck_assert_ptr_null(security.authorization);
	security_fini(&security);
	is_taken("unix:/run/bgpgg/api.sock");
	ck_assert(!security.tls);
	security_fini(&security);
}
END_TEST

START_TEST(certificates_are_read)
{
	files.ca = file("the CA");
	files.certificate = file("the certificate");
	files.key = file("the key");
	files.server_name = "bgp.example";
	is_taken(TLS);
	ck_assert(security.tls);
	ck_assert_str_eq(security.ca, "the CA");
	ck_assert_str_eq(security.certificate, "the certificate");
	ck_assert_str_eq(security.key, "the key");
	ck_assert_str_eq(security.server_name, "bgp.example");
	ck_assert_ptr_null(security.authorization);
	security_fini(&security);
	ck_assert_ptr_null(security.key);
}
END_TEST

START_TEST(certificates_are_for_tls)
{
	const char *path = file("text");

	files.ca = path;
	is_refused(FAR, "https://");
	files.ca = NULL;
	files.certificate = files.key = path;
	is_refused("unix:/run/api.sock", "https://");
	files.certificate = files.key = NULL;
	files.server_name = "bgp.example";
	is_refused(LOCAL, "https://");
	is_refused("http://" LOCAL, "https://");
	is_taken(TLS);
	security_fini(&security);
	files.server_name = "";
	is_refused(TLS, "empty");
}
END_TEST

START_TEST(certificate_and_key_go_together)
{
	files.certificate = file("text");
	is_refused(TLS, "go together");
	files.key = files.certificate;
	files.certificate = NULL;
	is_refused(TLS, "go together");
}
END_TEST

START_TEST(files_that_cannot_be_read_are_named)
{
	static char large[(1 << 20) + 1];

	files.ca = "/nonexistent/ca";
	is_refused(TLS, "/nonexistent/ca: No such file");
	files.ca = dir;
	is_refused(TLS, dir);
	files.ca = file_of("a\0b", 3);
	is_refused(TLS, "is no text");
	memset(large, 'x', sizeof(large));
	files.ca = file_of(large, sizeof(large));
	is_refused(TLS, "too long");
	files.ca = file_of(large, sizeof(large) - 2);
	is_taken(TLS);
	security_fini(&security);
	files.certificate = files.ca;
	files.key = "/nonexistent/key";
	is_refused(TLS, "/nonexistent/key");
	files.key = files.certificate = NULL;
	files.token = "/nonexistent/token";
	is_refused(TLS, "/nonexistent/token");
}
END_TEST

static const struct {
	const char *text;
	const char *token; /* NULL: there is none */
} tokens[] = {
	{ TOKEN, TOKEN },
	{ TOKEN "\n", TOKEN },
	{ TOKEN "\r\nsecond\r\n", TOKEN },
	{ "# comment\n\n" TOKEN "\nsecond\n", TOKEN },
	{ "\r\n" TOKEN, TOKEN },
	{ "", NULL },
	{ "\n\r\n# " TOKEN, NULL },
};

START_TEST(first_token_is_shown)
{
	files.token = file(tokens[_i].text);
	if (tokens[_i].token == NULL) {
		is_refused(TLS, "there is no token");
		return;
	}
	is_taken(TLS);
	ck_assert_str_eq(security.authorization, "Bearer " TOKEN);
	security_fini(&security);
	ck_assert_ptr_null(security.authorization);
}
END_TEST

static const struct {
	const char *endpoint;
	bool good; /* for a token */
} ends[] = {
	{ TLS, true },
	{ "unix:/run/bgpgg/api.sock", true },
	{ LOCAL, true },
	{ "127.1.2.3", true },
	{ "http://127.0.0.1:1/", true },
	{ "http://127.0.0.1/", true },
	{ "localhost", true },
	{ "localhost:1", true },
	{ "http://localhost:1", true },
	{ "[::1]:50051", true },
	{ "http://[::1]:50051", true },
	{ FAR, false },
	{ "http://" FAR, false },
	{ "[2001:db8::1]:50051", false },
	{ "[::1", true },
	{ "localhost.example:1", false },
	{ "127.0.0.1.example:1", false },
	{ "bgp.example", false },
	{ "", false },
	{ "dns:///localhost", false },
	{ "ipv4:192.0.2.1:1", false },
};

START_TEST(token_keeps_off_the_network)
{
	files.token = file(TOKEN);
	if (ends[_i].good) {
		is_taken(ends[_i].endpoint);
		ck_assert_str_eq(security.authorization, "Bearer " TOKEN);
		security_fini(&security);
		return;
	}
	is_refused(ends[_i].endpoint, "plain text");
	ck_assert_ptr_nonnull(strstr(why, "-P"));
	files.plain_token = true;
	is_taken(ends[_i].endpoint);
	ck_assert_str_eq(security.authorization, "Bearer " TOKEN);
	security_fini(&security);
}
END_TEST

START_TEST(long_host_is_no_local_one)
{
	char endpoint[400];

	memset(endpoint, '1', sizeof(endpoint) - 1);
	endpoint[sizeof(endpoint) - 1] = '\0';
	files.token = file(TOKEN);
	is_refused(endpoint, "plain text");
}
END_TEST

START_TEST(environment_fills_in)
{
	const char *endpoint = NULL;

	security_environment(&files, &endpoint);
	ck_assert_ptr_null(endpoint);
	ck_assert_ptr_null(files.token);
	ck_assert_ptr_null(files.ca);
	setenv("BGPCTL_ENDPOINT", TLS, 1);
	setenv("BGPCTL_TOKEN_FILE", "/a/token", 1);
	setenv("BGPCTL_CA", "/a/ca", 1);
	security_environment(&files, &endpoint);
	ck_assert_str_eq(endpoint, TLS);
	ck_assert_str_eq(files.token, "/a/token");
	ck_assert_str_eq(files.ca, "/a/ca");
	ck_assert(!files.plain_token);
}
END_TEST

START_TEST(options_come_before_the_environment)
{
	const char *endpoint = "https://192.0.2.9";

	setenv("BGPCTL_ENDPOINT", LOCAL, 1);
	setenv("BGPCTL_TOKEN_FILE", "/a/token", 1);
	setenv("BGPCTL_CA", "/a/ca", 1);
	files.token = "/an/option";
	files.ca = "/another/option";
	security_environment(&files, &endpoint);
	ck_assert_str_eq(endpoint, "https://192.0.2.9");
	ck_assert_str_eq(files.token, "/an/option");
	ck_assert_str_eq(files.ca, "/another/option");
}
END_TEST

START_TEST(empty_variables_are_none)
{
	const char *endpoint = NULL;

	setenv("BGPCTL_ENDPOINT", "", 1);
	setenv("BGPCTL_TOKEN_FILE", "", 1);
	setenv("BGPCTL_CA", "", 1);
	security_environment(&files, &endpoint);
	ck_assert_ptr_null(endpoint);
	ck_assert_ptr_null(files.token);
	ck_assert_ptr_null(files.ca);
}
END_TEST

START_TEST(variable_of_the_ca_is_for_tls)
{
	const char *endpoint = LOCAL;

	setenv("BGPCTL_CA", "/nonexistent/ca", 1);
	security_environment(&files, &endpoint);
	ck_assert_ptr_null(files.ca);
	is_taken(endpoint);
	security_fini(&security);
	endpoint = NULL;
	security_environment(&files, &endpoint);
	ck_assert_ptr_null(files.ca);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("security");
	TCase *t = tcase_create("security");
	SRunner *r;
	int n;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, plain_endpoint_needs_nothing);
	tcase_add_test(t, certificates_are_read);
	tcase_add_test(t, certificates_are_for_tls);
	tcase_add_test(t, certificate_and_key_go_together);
	tcase_add_test(t, files_that_cannot_be_read_are_named);
	tcase_add_loop_test(t, first_token_is_shown, 0, nitems(tokens));
	tcase_add_loop_test(t, token_keeps_off_the_network, 0, nitems(ends));
	tcase_add_test(t, long_host_is_no_local_one);
	tcase_add_test(t, environment_fills_in);
	tcase_add_test(t, options_come_before_the_environment);
	tcase_add_test(t, empty_variables_are_none);
	tcase_add_test(t, variable_of_the_ca_is_for_tls);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n != 0;
}
