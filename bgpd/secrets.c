/* SPDX-License-Identifier: ISC */
/*
 * Secrets of the API's listeners; see secrets.h.
 *
 * The checking process inherits what was read, confines itself as the
 * parser of the configuration does, and sends its findings back as text
 * records {n16 listener, n8 which file, n8 warning, string}, ending in END.
 */
#include "bgpd/secrets.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "bgpd/loader.h"
#include "common/cursor.h"
#include "common/log.h"
#include "common/mono.h"
#include "common/xmalloc.h"

enum {
	CHECK_MS = 5000,
	FINDINGS_MAX = 64 * 1024,
	TOKEN_MIN = 16, /* characters: shorter ones can be guessed */
	TOKEN_MAX = 1024,
	END = UINT16_MAX,
};

enum which { WHICH_CERTIFICATE, WHICH_KEY, WHICH_CLIENT_CA, WHICH_TOKENS };

static struct conf_file *
file_of(struct conf_access *a, enum which which)
{
	switch (which) {
	case WHICH_CERTIFICATE:
		return &a->certificate;
	case WHICH_KEY:
		return &a->key;
	case WHICH_CLIENT_CA:
		return &a->client_ca;
	case WHICH_TOKENS:
		break;
	}
	return &a->tokens;
}

static const char *const key_names[] = { "certificate_file", "key_file",
	"client_ca_file", "token_file" };

/* --- reading, in the parent */

static int
read_all(int fd, char *to, size_t max, size_t *len)
{
	ssize_t n;

	for (*len = 0; *len < max; *len += (size_t)n) {
		n = read(fd, to + *len, max - *len);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			return -1;
		else if (n == 0)
			break;
	}
	return 0;
}

static int
file_read(struct conf_file *f, enum which which, struct diags *d)
{
	const char *key = key_names[which];
	struct stat st;
	int fd, rc = -1;

	/* Non-blocking: a pipe under this name must not hold us up. */
	fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1 || fstat(fd, &st) == -1) {
		diag_error(d, f->line, f->column, "%s: %s: %s", key, f->path,
		    strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	f->text = xcalloc(1, CONF_FILE_MAX + 2);
	if (!S_ISREG(st.st_mode))
		diag_error(d, f->line, f->column, "%s: %s is no file", key,
		    f->path);
	else if (read_all(fd, f->text, CONF_FILE_MAX + 1, &f->len) == -1)
		diag_error(d, f->line, f->column, "%s: %s: %s", key, f->path,
		    strerror(errno));
	else if (f->len > CONF_FILE_MAX)
		diag_error(d, f->line, f->column,
		    "%s: %s is longer than %d bytes", key, f->path,
		    CONF_FILE_MAX);
	else
		rc = 0;
	if (rc == 0 && (which == WHICH_KEY || which == WHICH_TOKENS) &&
	    (st.st_mode & S_IROTH))
		diag_warn(d, f->line, f->column,
		    "%s: everybody on this machine may read %s", key, f->path);
	close(fd);
	return rc;
}

/* One token a line; blank lines and comments do not count. */
static int
tokens_check(const struct conf_file *f, struct diags *d)
{
	const char *p = f->text, *end;
	unsigned int line = 0, count = 0;
	size_t n, i;

	if (strlen(f->text) != f->len) {
		diag_error(d, f->line, f->column, "token_file: %s is no text",
		    f->path);
		return -1;
	}
	for (; *p != '\0'; p = *end == '\0' ? end : end + 1) {
		end = p + strcspn(p, "\n");
		line++;
		n = (size_t)(end - p);
		if (n > 0 && p[n - 1] == '\r')
			n--;
		if (n == 0 || *p == '#')
			continue;
		for (i = 0; i < n && p[i] > ' ' && p[i] < 0x7f; i++)
			;
		if (i < n || n < TOKEN_MIN || n > TOKEN_MAX) {
			diag_error(d, f->line, f->column,
			    "token_file: line %u of %s is no token (%d to %d "
			    "visible characters)",
			    line, f->path, TOKEN_MIN, TOKEN_MAX);
			return -1;
		}
		count++;
	}
	if (count == 0) {
		diag_error(d, f->line, f->column,
		    "token_file: there is no token in %s", f->path);
		return -1;
	}
	return 0;
}

/* --- checking, in the confined process */

static void
finding(struct wr *w, uint16_t listener, enum which which, const char *text)
{
	wr_n16(w, listener);
	wr_n8(w, (uint8_t)which);
	wr_n8(w, 0);
	wr_str(w, text);
}

/* The same of what is worth a word and no reason to refuse. */
static void
remark(struct wr *w, uint16_t listener, enum which which, const char *text)
{
	wr_n16(w, listener);
	wr_n8(w, (uint8_t)which);
	wr_n8(w, 1);
	wr_str(w, text);
}

/* A date that is over must not keep BGP from starting or reloading. */
static void
dates_check(struct wr *w, uint16_t i, const X509 *certificate)
{
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
		remark(w, i, WHICH_CERTIFICATE, "holds one that has expired");
	if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
		remark(w, i, WHICH_CERTIFICATE,
		    "holds one that is not valid yet");
}

static BIO *
bio_of(const struct conf_file *f)
{
	BIO *bio = BIO_new_mem_buf(f->text, (int)f->len);

	if (bio == NULL)
		fatalx("%s: out of memory", __func__);
	return bio;
}

/* The number of certificates, and the first of them. */
static int
certificates(const struct conf_file *f, X509 **first)
{
	BIO *bio = bio_of(f);
	X509 *x;
	int n = 0;

	*first = NULL;
	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (n++ == 0)
			*first = x;
		else
			X509_free(x);
	}
	/* The end of the file is an error to it like any other. */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		n = 0;
	ERR_clear_error();
	BIO_free(bio);
	return n;
}

/* No terminal to ask: a key with a passphrase cannot be used. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)arg = true;
	return -1;
}

static void
access_check(struct wr *w, uint16_t i, const struct conf_access *a)
{
	X509 *certificate = NULL, *ca = NULL;
	EVP_PKEY *key = NULL;
	bool locked = false;
	BIO *bio;

	if (a->certificate.path != NULL) {
		if (certificates(&a->certificate, &certificate) == 0)
			finding(w, i, WHICH_CERTIFICATE,
			    "holds no PEM certificate");
		bio = bio_of(&a->key);
		key =
		    PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &locked);
		BIO_free(bio);
		if (key == NULL)
			finding(w, i, WHICH_KEY,
			    locked ? "asks for a passphrase" :
				     "holds no PEM private key");
	}
	if (certificate != NULL && key != NULL &&
	    X509_check_private_key(certificate, key) != 1)
		finding(w, i, WHICH_KEY, "is not the key of the certificate");
	if (certificate != NULL)
		dates_check(w, i, certificate);
	if (a->client_ca.path != NULL && certificates(&a->client_ca, &ca) == 0)
		finding(w, i, WHICH_CLIENT_CA, "holds no PEM certificate");
	X509_free(certificate);
	X509_free(ca);
	EVP_PKEY_free(key);
}

static void
checker_main(const struct conf *c, const struct sandbox *box, int back)
{
	struct err e;
	struct wr w;
	uint16_t i;

	if (sandbox_enter(PROC_BGPD, box, &e) == -1)
		fatalx("check of certificates: %s", e.text);
	wr_init_grow(&w, FINDINGS_MAX);
	for (i = 0; i < c->n_grpc_listen; i++)
		if (c->grpc_listen[i].access != NULL)
			access_check(&w, i, c->grpc_listen[i].access);
	wr_n16(&w, END);
	if (wr_ok(&w))
		(void)!write(back, w.base, wr_len(&w));
	wr_free(&w);
}

/* Everything the process says until it ends, at most for CHECK_MS. */
static size_t
findings_read(int fd, uint8_t *to, size_t max)
{
	struct mono deadline = mono_add_ms(mono_now(), CHECK_MS);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	int64_t left;
	ssize_t n;

	while (len < max && (left = mono_diff_ms(deadline, mono_now())) > 0) {
		if (poll(&pfd, 1, (int)left) != 1)
			continue;
		n = read(fd, to + len, max - len);
		if (n == 0 || (n == -1 && errno != EINTR))
			break;
		if (n > 0)
			len += (size_t)n;
	}
	return len;
}

/* What the process found; -1 if that is something, or it did not end as it
 * should. */
static int
findings_take(struct conf *c, const uint8_t *data, size_t len, struct diags *d)
{
	struct conf_file *f;
	struct rd r;
	uint16_t i;
	uint8_t which, warning;
	char *text;
	int rc = 0;

	rd_init(&r, data, len);
	while ((i = rd_n16(&r)) != END) {
		which = rd_n8(&r);
		warning = rd_n8(&r);
		text = rd_str(&r);
		if (!rd_ok(&r) || i >= c->n_grpc_listen ||
		    c->grpc_listen[i].access == NULL || which > WHICH_TOKENS) {
			free(text);
			rd_fail(&r);
			break;
		}
		f = file_of(c->grpc_listen[i].access, (enum which)which);
		if (warning)
			diag_warn(d, f->line, f->column, "%s: %s %s",
			    key_names[which], f->path == NULL ? "" : f->path,
			    text);
		else
			diag_error(d, f->line, f->column, "%s: %s %s",
			    key_names[which], f->path == NULL ? "" : f->path,
			    text);
		free(text);
		if (!warning)
			rc = -1;
	}
	if (rd_done(&r))
		return rc;
	diag_error(d, 0, 0,
	    "grpc_listen_addr: the certificates could not be checked");
	return -1;
}

static int
check(struct conf *c, const struct sandbox *box, struct diags *d)
{
	uint8_t *data;
	int pair[2], status, rc;
	size_t len;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
		diag_error(d, 0, 0, "socketpair: %s", strerror(errno));
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		loader_signals();
		checker_main(c, box, pair[1]);
		_exit(0);
	}
	close(pair[1]);
	if (pid == -1) {
		diag_error(d, 0, 0, "fork: %s", strerror(errno));
		close(pair[0]);
		return -1;
	}
	data = xmalloc(FINDINGS_MAX);
	len = findings_read(pair[0], data, FINDINGS_MAX);
	close(pair[0]);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	rc = findings_take(c, data, len, d);
	free(data);
	return rc;
}

int
secrets_load(struct conf *c, const struct sandbox *box, struct diags *d)
{
	struct conf_access *a;
	struct conf_file *f;
	bool tls = false;
	size_t total;
	int which, rc = 0;
	uint16_t i;

	for (i = 0; i < c->n_grpc_listen; i++) {
		a = c->grpc_listen[i].access;
		if (a == NULL)
			continue;
		total = 0;
		for (which = WHICH_CERTIFICATE; which <= WHICH_TOKENS;
		     which++) {
			f = file_of(a, (enum which)which);
			if (f->path == NULL)
				continue;
			if (file_read(f, (enum which)which, d) == -1 ||
			    (which == WHICH_TOKENS && tokens_check(f, d) == -1))
				rc = -1;
			total += f->len;
			if (total > CONF_FILES_MAX) {
				diag_error(d, f->line, f->column,
				    "%s: the files of this listener are "
				    "longer than %d bytes together",
				    key_names[which], CONF_FILES_MAX);
				rc = -1;
				break;
			}
		}
		tls = tls || a->certificate.path != NULL;
	}
	if (rc == 0 && tls)
		rc = check(c, box, d);
	diags_sort(d);
	return rc;
}
