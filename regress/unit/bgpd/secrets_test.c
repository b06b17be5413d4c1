/* SPDX-License-Identifier: ISC */
/*
 * Files of the API's listeners: how they are read, and what the confined
 * process says about their contents.
 */
#include <sys/stat.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/secrets.h"
#include "common/hash.h"
#include "regress/unit/pem.h"

#define TOKEN "0123456789abcdef"

/* Where the configuration is said to name each file. */
enum { AT_CERTIFICATE = 11, AT_KEY, AT_CLIENT_CA, AT_TOKENS };

static const struct sandbox box; /* as an ordinary user has it */
static char dir[] = "/tmp/bgpgg-secrets-XXXXXX";
static struct conf *conf;
static struct conf_access *access_;
static struct diags diags;
static EVP_PKEY *key, *other_key;
static X509 *certificate;
static char *crt_pem, *key_pem;
static unsigned int n_files;

static char *
path_of(unsigned int n)
{
	return xasprintf("%s/%u", dir, n);
}

static void
name_file(struct conf_file *f, unsigned int line, const char *path)
{
	free(f->path);
	f->path = xstrdup(path);
	f->line = line;
	f->column = 3;
}

/* Write a file and name it in the configuration. */
static void
put(struct conf_file *f, unsigned int line, const void *data, size_t len,
    mode_t mode)
{
	char *path = path_of(n_files++);
	FILE *to = fopen(path, "we");

	ck_assert_ptr_nonnull(to);
	ck_assert_uint_eq(fwrite(data, 1, len, to), len);
	ck_assert_int_eq(fclose(to), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
	name_file(f, line, path);
	free(path);
}

static void
put_certificate(const char *text)
{
	put(&access_->certificate, AT_CERTIFICATE, text, strlen(text), 0644);
}

static void
put_key(const char *text)
{
	put(&access_->key, AT_KEY, text, strlen(text), 0600);
}

static void
put_ca(const char *text)
{
	put(&access_->client_ca, AT_CLIENT_CA, text, strlen(text), 0644);
}

static void
put_tokens(const char *text)
{
	put(&access_->tokens, AT_TOKENS, text, strlen(text), 0600);
}

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	conf = conf_new();
	conf->grpc_listen = xcalloc(2, sizeof(*conf->grpc_listen));
	/* The first listener has no rights of its own. */
	conf->n_grpc_listen = 2;
	access_ = xcalloc(1, sizeof(*access_));
	conf->grpc_listen[1].access = access_;
	diags_init(&diags);
	key = pem_key();
	other_key = pem_key();
	certificate = pem_certificate(key, "server", NULL, NULL, -60, 3600);
	crt_pem = pem_of_certificate(certificate);
	key_pem = pem_of_key(key, NULL);
}

static void
teardown(void)
{
	char *path;

	while (n_files > 0) {
		path = path_of(--n_files);
		unlink(path);
		free(path);
	}
	rmdir(dir);
	conf_free(conf);
	diags_fini(&diags);
	X509_free(certificate);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
	free(crt_pem);
	free(key_pem);
}

/* As the parser leaves it: named, not read. */
static void
forget(struct conf_file *f)
{
	free(f->text);
	f->text = NULL;
	f->len = 0;
}

static int
load(void)
{
	forget(&access_->certificate);
	forget(&access_->key);
	forget(&access_->client_ca);
	forget(&access_->tokens);
	diags_fini(&diags);
	diags_init(&diags);
	return secrets_load(conf, &box, &diags);
}

static void
is_taken(void)
{
	ck_assert_msg(load() == 0, "%s",
	    diags.n == 0 ? "no reason" : diags.list[0].text);
	ck_assert_uint_eq(diags.errors, 0);
}

/* One error, at this place, with these words. */
static void
is_refused(unsigned int line, const char *words)
{
	ck_assert_int_eq(load(), -1);
	ck_assert_uint_eq(diags.n, 1);
	ck_assert_uint_eq(diags.errors, 1);
	ck_assert_msg(strstr(diags.list[0].text, words) != NULL, "%s",
	    diags.list[0].text);
	ck_assert_uint_eq(diags.list[0].line, line);
	ck_assert_uint_eq(diags.list[0].column, 3);
}

START_TEST(nothing_named_is_nothing_read)
{
	is_taken();
	ck_assert_uint_eq(diags.n, 0);
	ck_assert_ptr_null(access_->tokens.text);
}
END_TEST

START_TEST(contents_are_kept)
{
	put_certificate(crt_pem);
	put_key(key_pem);
	put_ca(crt_pem);
	put_tokens(TOKEN);
	is_taken();
	ck_assert_uint_eq(diags.n, 0);
	ck_assert_str_eq(access_->certificate.text, crt_pem);
	ck_assert_uint_eq(access_->certificate.len, strlen(crt_pem));
	ck_assert_str_eq(access_->key.text, key_pem);
	ck_assert_str_eq(access_->client_ca.text, crt_pem);
	ck_assert_str_eq(access_->tokens.text, TOKEN);
}
END_TEST

/* --- files --- */

START_TEST(file_must_be_one)
{
	char *path;

	name_file(&access_->tokens, AT_TOKENS, "/nonexistent/tokens");
	is_refused(AT_TOKENS,
	    "token_file: /nonexistent/tokens: No such file or directory");
	name_file(&access_->tokens, AT_TOKENS, dir);
	is_refused(AT_TOKENS, "is no file");
	name_file(&access_->tokens, AT_TOKENS, "/dev/null");
	is_refused(AT_TOKENS, "is no file");
	/* A pipe that nobody writes to holds nothing up. */
	path = path_of(n_files++);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	name_file(&access_->tokens, AT_TOKENS, path);
	is_refused(AT_TOKENS, "is no file");
	free(path);
}
END_TEST

/* A token file of so many bytes. */
static char *
long_tokens(size_t n)
{
	char *text = xcalloc(1, n + 1);
	size_t i;

	for (i = 0; i < n; i++)
		text[i] = i % 64 == 63 ? '\n' : i % 64 == 0 ? '#' : 'x';
	memcpy(text, TOKEN "\n", strlen(TOKEN "\n"));
	return text;
}

START_TEST(file_has_a_largest_size)
{
	char *text = long_tokens(CONF_FILE_MAX);

	put_tokens(text);
	is_taken();
	ck_assert_uint_eq(access_->tokens.len, CONF_FILE_MAX);
	free(text);
	text = long_tokens(CONF_FILE_MAX + 1);
	put_tokens(text);
	is_refused(AT_TOKENS, "is longer than 65536 bytes");
	free(text);
}
END_TEST

START_TEST(files_together_have_a_largest_size)
{
	size_t rest = CONF_FILES_MAX - CONF_FILE_MAX - strlen(key_pem);
	char *large = xcalloc(1, CONF_FILE_MAX + 1), *text;

	/* What is not PEM around PEM does not count as anything. */
	memset(large, '\n', CONF_FILE_MAX);
	memcpy(large, crt_pem, strlen(crt_pem));
	put_certificate(large);
	put_key(key_pem);
	text = long_tokens(rest);
	put_tokens(text);
	is_taken();
	free(text);
	text = long_tokens(rest + 1);
	put_tokens(text);
	is_refused(AT_TOKENS, "longer than 114688 bytes together");
	free(text);
	free(large);
}
END_TEST

START_TEST(secret_that_all_may_read_is_a_warning)
{
	put(&access_->tokens, AT_TOKENS, TOKEN, strlen(TOKEN), 0604);
	is_taken();
	ck_assert_uint_eq(diags.n, 1);
	ck_assert(diags.list[0].warning);
	ck_assert_uint_eq(diags.list[0].line, AT_TOKENS);
	ck_assert_ptr_nonnull(strstr(diags.list[0].text, "everybody"));
	put(&access_->tokens, AT_TOKENS, TOKEN, strlen(TOKEN), 0640);
	put_certificate(crt_pem); /* is for all to see */
	put_key(key_pem);
	is_taken();
	ck_assert_uint_eq(diags.n, 0);
	put(&access_->key, AT_KEY, key_pem, strlen(key_pem), 0644);
	is_taken();
	ck_assert_uint_eq(diags.n, 1);
	ck_assert_uint_eq(diags.list[0].line, AT_KEY);
}
END_TEST

/* --- tokens --- */

static const struct {
	const char *text;
	const char *words; /* NULL: it is good */
} token_files[] = {
	{ TOKEN, NULL },
	{ TOKEN "\n", NULL },
	{ TOKEN "\r\n# comment\r\n\r\n" TOKEN "x\r\n", NULL },
	{ "!\"#$%&'()*+,-./~", NULL },
	{ "", "there is no token" },
	{ "\n\r\n", "there is no token" },
	{ "# " TOKEN "\n", "there is no token" },
	{ "0123456789abcde", "line 1 of" },
	{ TOKEN "\nshort\n", "line 2 of" },
	{ "\n\n# x\n0123456789 abcdef\n", "line 4 of" },
	{ " " TOKEN "\n", "line 1 of" },
	{ TOKEN "\t\n", "line 1 of" },
	{ TOKEN "\r\r\n", "line 1 of" },
	{ TOKEN "\x7f\n", "line 1 of" },
	{ TOKEN "\xc3\xa4\n", "line 1 of" },
};

START_TEST(token_file_is_judged)
{
	put_tokens(token_files[_i].text);
	if (token_files[_i].words == NULL)
		is_taken();
	else
		is_refused(AT_TOKENS, token_files[_i].words);
	/* A token does not go into the log. */
	if (diags.n > 0)
		ck_assert_ptr_null(strstr(diags.list[0].text, "0123456789"));
}
END_TEST

START_TEST(token_has_a_longest_form)
{
	char text[1026];

	memset(text, 'x', sizeof(text));
	put(&access_->tokens, AT_TOKENS, text, 1024, 0600);
	is_taken();
	put(&access_->tokens, AT_TOKENS, text, 1025, 0600);
	is_refused(AT_TOKENS, "line 1 of");
	put(&access_->tokens, AT_TOKENS, TOKEN "\0" TOKEN,
	    2 * strlen(TOKEN) + 1, 0600);
	is_refused(AT_TOKENS, "is no text");
}
END_TEST

/* --- certificates --- */

START_TEST(certificate_and_key_are_pem)
{
	char *cut, *two;

	put_key(key_pem);
	put_certificate("");
	is_refused(AT_CERTIFICATE, "holds no PEM certificate");
	put_certificate(key_pem);
	is_refused(AT_CERTIFICATE, "holds no PEM certificate");
	/* The end of the first, and of the second of two. */
	cut = xasprintf("%.*s", (int)strlen(crt_pem) - 40, crt_pem);
	put_certificate(cut);
	is_refused(AT_CERTIFICATE, "holds no PEM certificate");
	two = xasprintf("%s%s", crt_pem, cut);
	put_certificate(two);
	is_refused(AT_CERTIFICATE, "holds no PEM certificate");
	free(cut);
	free(two);
	cut = xstrdup(crt_pem);
	strchr(cut, '\n')[20] = '*';
	put_certificate(cut);
	is_refused(AT_CERTIFICATE, "holds no PEM certificate");
	free(cut);
	two = xasprintf("a comment\n%s\n%s", crt_pem, crt_pem);
	put_certificate(two);
	is_taken();
	free(two);
	put_certificate(crt_pem);
	put_key("");
	is_refused(AT_KEY, "holds no PEM private key");
	put_key(crt_pem);
	is_refused(AT_KEY, "holds no PEM private key");
	put_key(key_pem);
	put_ca("");
	is_refused(AT_CLIENT_CA, "holds no PEM certificate");
}
END_TEST

START_TEST(key_belongs_to_the_certificate)
{
	char *text = pem_of_key(other_key, NULL);

	put_certificate(crt_pem);
	put_key(text);
	is_refused(AT_KEY, "is not the key of the certificate");
	free(text);
	text = pem_of_key(key, "secret");
	put_key(text);
	is_refused(AT_KEY, "asks for a passphrase");
	free(text);
}
END_TEST

START_TEST(date_is_a_warning)
{
	static const struct {
		long from, to;
		const char *words;
	} dates[] = {
		{ -7200, -3600, "has expired" },
		{ 3600, 7200, "is not valid yet" },
	};
	char *text;
	X509 *x;
	size_t i;

	put_key(key_pem);
	for (i = 0; i < nitems(dates); i++) {
		x = pem_certificate(key, "x", NULL, NULL, dates[i].from,
		    dates[i].to);
		text = pem_of_certificate(x);
		put_certificate(text);
		is_taken();
		ck_assert_uint_eq(diags.n, 1);
		ck_assert(diags.list[0].warning);
		ck_assert_uint_eq(diags.list[0].line, AT_CERTIFICATE);
		ck_assert_ptr_nonnull(
		    strstr(diags.list[0].text, dates[i].words));
		X509_free(x);
		free(text);
	}
}
END_TEST

START_TEST(everything_wrong_is_told_in_order)
{
	put_certificate(key_pem);
	put_key(crt_pem);
	put_ca(key_pem);
	ck_assert_int_eq(load(), -1);
	ck_assert_uint_eq(diags.errors, 3);
	ck_assert_uint_eq(diags.list[0].line, AT_CERTIFICATE);
	ck_assert_uint_eq(diags.list[1].line, AT_KEY);
	ck_assert_uint_eq(diags.list[2].line, AT_CLIENT_CA);
	/* And every file, though one of them is not there. */
	name_file(&access_->certificate, AT_CERTIFICATE, "/nonexistent");
	put_key(key_pem);
	name_file(&access_->client_ca, AT_CLIENT_CA, "/nonexistent");
	put_tokens("short");
	ck_assert_int_eq(load(), -1);
	ck_assert_uint_eq(diags.errors, 3);
	ck_assert_uint_eq(diags.list[2].line, AT_TOKENS);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("secrets");
	TCase *t = tcase_create("secrets");
	SRunner *r;
	int n;

	hash_init();
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, nothing_named_is_nothing_read);
	tcase_add_test(t, contents_are_kept);
	tcase_add_test(t, file_must_be_one);
	tcase_add_test(t, file_has_a_largest_size);
	tcase_add_test(t, files_together_have_a_largest_size);
	tcase_add_test(t, secret_that_all_may_read_is_a_warning);
	tcase_add_loop_test(t, token_file_is_judged, 0, nitems(token_files));
	tcase_add_test(t, token_has_a_longest_form);
	tcase_add_test(t, certificate_and_key_are_pem);
	tcase_add_test(t, key_belongs_to_the_certificate);
	tcase_add_test(t, date_is_a_warning);
	tcase_add_test(t, everything_wrong_is_told_in_order);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n != 0;
}
