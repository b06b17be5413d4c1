/* SPDX-License-Identifier: ISC */
/*
 * The parser process and the way back from it.
 *
 * Stream from the parser: {n8 kind, n32 length, payload}..., ending in
 * LOADED_END; anything else means that the parser failed.  The stream is
 * bounded; so is the time that the parser gets.
 */
#include "bgpd/loader.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/conf_check.h"
#include "bgpd/secrets.h"
#include "common/log.h"
#include "common/mono.h"
#include "common/msg_conf.h"
#include "common/xmalloc.h"

#define STREAM_MAX (256u * 1024 * 1024)
#define RECORD_MAX (128u * 1024)

enum loaded_kind {
	LOADED_DIAG = 100, /* below: enum conf_item */
	LOADED_FIXED,
	LOADED_END,
};

struct loader {
	pid_t pid;
	int fd;
	struct sandbox box;
	uint8_t *data;
	size_t len;
	size_t size;
	bool bad;
	bool is_text; /* of somebody who may not choose what the parent reads */
};

void
loaded_fini(struct loaded *l)
{
	conf_free(l->conf);
	diags_fini(&l->diags);
	memset(l, 0, sizeof(*l));
}

/* --- encoding */

static void
record_put(struct wr *to, uint8_t kind, const struct wr *payload)
{
	size_t n = wr_len(payload);

	wr_n8(to, kind);
	wr_n32(to, (uint32_t)n);
	if (!wr_ok(payload))
		to->bad = true;
	else
		wr_copy(to, payload->base, n);
}

static void
diags_put(struct wr *to, const struct diags *d)
{
	struct wr w;
	size_t i;

	wr_init_grow(&w, RECORD_MAX);
	for (i = 0; i < d->n; i++) {
		wr_reset(&w);
		wr_n8(&w, d->list[i].warning ? 1 : 0);
		wr_n32(&w, d->list[i].line);
		wr_n32(&w, d->list[i].column);
		wr_str(&w, d->list[i].text);
		record_put(to, LOADED_DIAG, &w);
	}
	wr_free(&w);
}

static void
set_put(struct wr *to, const struct conf_set *set)
{
	struct wr w;
	uint32_t i;

	wr_init_grow(&w, RECORD_MAX);
	msg_conf_set_put(&w, set, false);
	record_put(to, CONF_ITEM_SET, &w);
	for (i = 0; i < set->n && wr_ok(to);) {
		wr_reset(&w);
		i = msg_conf_members_put(&w, set, i);
		record_put(to, CONF_ITEM_SET_MEMBERS, &w);
	}
	wr_free(&w);
}

static void
policy_put(struct wr *to, const struct conf_policy *p)
{
	struct wr w;
	uint32_t i;

	wr_init_grow(&w, RECORD_MAX);
	msg_conf_policy_put(&w, p, false);
	record_put(to, CONF_ITEM_POLICY, &w);
	for (i = 0; i < p->n; i++) {
		wr_reset(&w);
		msg_conf_statement_put(&w, &p->statements[i]);
		record_put(to, CONF_ITEM_STATEMENT, &w);
	}
	wr_free(&w);
}

static void
conf_put(struct wr *to, const struct conf *c)
{
	struct wr w;
	uint32_t i;

	wr_init_grow(&w, RECORD_MAX);
	msg_conf_global_put(&w, c);
	record_put(to, CONF_ITEM_GLOBAL, &w);
	for (i = 0; i < c->n_listen; i++) {
		wr_reset(&w);
		msg_conf_endpoint_put(&w, &c->listen[i]);
		record_put(to, CONF_ITEM_LISTEN, &w);
	}
	for (i = 0; i < c->n_grpc_listen; i++) {
		wr_reset(&w);
		msg_conf_endpoint_put(&w, &c->grpc_listen[i]);
		record_put(to, CONF_ITEM_GRPC_LISTEN, &w);
	}
	for (i = 0; i < c->n_metrics_listen; i++) {
		wr_reset(&w);
		msg_conf_endpoint_put(&w, &c->metrics_listen[i]);
		record_put(to, CONF_ITEM_METRICS_LISTEN, &w);
	}
	for (i = 0; i < c->n_peers; i++) {
		wr_reset(&w);
		msg_conf_peer_put(&w, &c->peers[i]);
		record_put(to, CONF_ITEM_PEER, &w);
	}
	for (i = 0; i < c->n_networks; i++) {
		wr_reset(&w);
		msg_conf_network_put(&w, &c->networks[i]);
		record_put(to, CONF_ITEM_NETWORK, &w);
	}
	for (i = 0; i < c->n_bmp_servers; i++) {
		wr_reset(&w);
		msg_conf_bmp_server_put(&w, &c->bmp_servers[i]);
		record_put(to, CONF_ITEM_BMP_SERVER, &w);
	}
	for (i = 0; i < c->n_sets; i++)
		set_put(to, c->sets[i]);
	for (i = 0; i < c->n_policies; i++)
		policy_put(to, c->policies[i]);
	wr_free(&w);
}

void
loaded_put(struct wr *to, const struct loaded *l)
{
	struct wr w;
	int i;

	diags_put(to, &l->diags);
	if (l->conf != NULL)
		conf_put(to, l->conf);
	wr_init_grow(&w, RECORD_MAX);
	for (i = 0; i < CONF_FIXED__MAX; i++) {
		wr_n32(&w, l->fixed_at[i].line);
		wr_n32(&w, l->fixed_at[i].column);
	}
	record_put(to, LOADED_FIXED, &w);
	wr_reset(&w);
	record_put(to, LOADED_END, &w);
	wr_free(&w);
}

static int
diag_get(struct rd *r, struct diags *d)
{
	uint8_t warning = rd_n8(r);
	uint32_t line = rd_n32(r), column = rd_n32(r);
	char *text = rd_str(r);

	if (rd_done(r) && warning)
		diag_warn(d, line, column, "%s", text);
	else if (rd_done(r))
		diag_error(d, line, column, "%s", text);
	free(text);
	return rd_done(r) ? 0 : -1;
}

static int
fixed_get(struct rd *r, struct loaded *l)
{
	int i;

	for (i = 0; i < CONF_FIXED__MAX; i++) {
		l->fixed_at[i].line = rd_n32(r);
		l->fixed_at[i].column = rd_n32(r);
	}
	return rd_done(r) ? 0 : -1;
}

/* An item as a child gets it: its kind in front of the payload. */
static int
item_get(struct conf_rx *rx, uint8_t kind, struct rd *payload)
{
	size_t n = rd_left(payload);
	uint8_t *item = xmalloc(n + 1);
	int rc;

	item[0] = kind;
	rd_copy(payload, item + 1, n);
	rc = conf_rx_item(rx, item, n + 1);
	free(item);
	return rc;
}

int
loaded_get(const uint8_t *data, size_t len, struct loaded *l)
{
	struct conf_rx rx = { .next = NULL };
	struct rd r, payload;
	uint8_t kind;
	bool global = false, end = false;
	int rc = 0;

	memset(l, 0, sizeof(*l));
	rd_init(&r, data, len);
	conf_rx_begin(&rx, NULL, 0);
	while (rc == 0 && !end) {
		kind = rd_n8(&r);
		payload = rd_sub(&r, rd_n32(&r));
		if (!rd_ok(&r))
			rc = -1;
		else if (kind == LOADED_DIAG)
			rc = diag_get(&payload, &l->diags);
		else if (kind == LOADED_FIXED)
			rc = fixed_get(&payload, l);
		else if (kind == LOADED_END)
			end = true;
		else
			rc = item_get(&rx, kind, &payload);
		if (kind == CONF_ITEM_GLOBAL)
			global = true;
	}
	/* A model or errors, nothing less and nothing after it. */
	if (rc == 0 && rd_done(&r) && global == (l->diags.errors == 0)) {
		if (global)
			l->conf = conf_rx_take(&rx);
		conf_rx_abort(&rx);
		return 0;
	}
	conf_rx_abort(&rx);
	loaded_fini(l);
	return -1;
}

/* --- the parser process */

/* The whole file, or NULL after an error in d. */
static char *
file_read(int fd, size_t *len, struct diags *d)
{
	size_t size = 65536;
	char *text = xmalloc(size);
	ssize_t n;

	*len = 0;
	for (;;) {
		if (*len == size) {
			size *= 2;
			text = xreallocarray(text, size, 1);
		}
		n = read(fd, text + *len, size - *len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			return text;
		if (n > 0)
			*len += (size_t)n;
		if (n == -1 || *len > LOADER_FILE_MAX)
			break;
	}
	if (n == -1)
		diag_error(d, 0, 0, "cannot read: %s", strerror(errno));
	else
		diag_error(d, 0, 0, "is longer than %u bytes", LOADER_FILE_MAX);
	free(text);
	return NULL;
}

static void
write_all(int fd, const uint8_t *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(fd, p, n);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return; /* the parent is gone or killed us */
		p += done;
		n -= (size_t)done;
	}
}

/* Descriptors in the parser: 3 the file, 4 the way back. */
static void
parser_main(const struct sandbox *box)
{
	struct loaded l;
	struct wr w;
	struct err e;
	char *text;
	size_t len;

	if (sandbox_enter(PROC_BGPD, box, &e) == -1)
		fatalx("configuration parser: %s", e.text);
	memset(&l, 0, sizeof(l));
	text = file_read(3, &len, &l.diags);
	if (text != NULL)
		l.conf = conf_parse(text, len, &l.diags, l.fixed_at);
	wr_init_grow(&w, STREAM_MAX);
	loaded_put(&w, &l);
	if (wr_ok(&w))
		write_all(4, w.base, wr_len(&w));
	wr_free(&w);
	loaded_fini(&l);
	free(text);
}

/* Move the two descriptors to 3 and 4 and close all others. */
static int
parser_descriptors(int file, int back)
{
	/* Out of the way of 3 and 4 first. */
	file = fcntl(file, F_DUPFD, 5);
	back = fcntl(back, F_DUPFD, 5);
	if (file == -1 || back == -1 || dup2(file, 3) == -1 ||
	    dup2(back, 4) == -1 || close_range(5, ~0u, 0) == -1)
		return -1;
	return 0;
}

void
loader_signals(void)
{
	static const int all[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	struct sigaction sa;
	size_t i;

	/* The parent's handlers belong to its event loop. */
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	for (i = 0; i < nitems(all); i++)
		sigaction(all[i], &sa, NULL);
}

/* Takes the descriptor. */
static struct loader *
parser_start(int file, const struct sandbox *box, struct diags *d)
{
	struct loader *l;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
		diag_error(d, 0, 0, "cannot be parsed: socketpair: %s",
		    strerror(errno));
		close(file);
		return NULL;
	}
	pid = fork();
	if (pid == 0) {
		loader_signals();
		if (parser_descriptors(file, pair[1]) == -1)
			_exit(1);
		parser_main(box);
		_exit(0);
	}
	close(file);
	close(pair[1]);
	if (pid == -1) {
		diag_error(d, 0, 0, "cannot be parsed: fork: %s",
		    strerror(errno));
		close(pair[0]);
		return NULL;
	}
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	l = xcalloc(1, sizeof(*l));
	l->pid = pid;
	l->fd = pair[0];
	l->box = *box;
	return l;
}

struct loader *
loader_start(const char *path, const struct sandbox *box, struct diags *d)
{
	int file;

	/* Non-blocking, so that a pipe nobody writes to cannot hold us up;
	 * the parser waits for its bytes as long as it may. */
	file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file == -1) {
		diag_error(d, 0, 0, "cannot open: %s", strerror(errno));
		return NULL;
	}
	(void)fcntl(file, F_SETFL, 0);
	return parser_start(file, box, d);
}

struct loader *
loader_start_text(const uint8_t *text, size_t len, const struct sandbox *box,
    struct diags *d)
{
	int file = memfd_create("configuration", MFD_CLOEXEC);
	struct loader *l;

	if (file == -1) {
		diag_error(d, 0, 0, "cannot be parsed: %s", strerror(errno));
		return NULL;
	}
	write_all(file, text, len);
	if (lseek(file, 0, SEEK_CUR) != (off_t)len ||
	    lseek(file, 0, SEEK_SET) == -1) {
		diag_error(d, 0, 0, "cannot be parsed: %s", strerror(errno));
		close(file);
		return NULL;
	}
	l = parser_start(file, box, d);
	if (l != NULL)
		l->is_text = true;
	return l;
}

int
loader_fd(const struct loader *l)
{
	return l->fd;
}

pid_t
loader_pid(const struct loader *l)
{
	return l->pid;
}

bool
loader_read(struct loader *l)
{
	ssize_t n;

	if (l->size - l->len < 65536) {
		l->size += l->size / 2 + 131072;
		l->data = xreallocarray(l->data, l->size, 1);
	}
	n = read(l->fd, l->data + l->len, l->size - l->len);
	if (n > 0)
		l->len += (size_t)n;
	if (l->len > STREAM_MAX) {
		l->bad = true;
		return false;
	}
	if (n == -1)
		return errno == EAGAIN || errno == EINTR;
	return n > 0;
}

void
loader_finish(struct loader *l, bool reaped, struct loaded *to)
{
	int status;

	close(l->fd);
	if (!reaped) {
		/* It has said all or will not: closing its way back ends it,
		 * the signal ends it also where it hangs. */
		(void)kill(l->pid, SIGKILL);
		while (waitpid(l->pid, &status, 0) == -1 && errno == EINTR)
			;
	}
	if (l->bad || loaded_get(l->data, l->len, to) == -1) {
		memset(to, 0, sizeof(*to));
		diag_error(&to->diags, 0, 0,
		    "cannot be parsed: the parser ended without a result");
	}
	if (to->conf != NULL && !l->is_text &&
	    secrets_load(to->conf, &l->box, &to->diags) == -1) {
		conf_free(to->conf);
		to->conf = NULL;
	}
	free(l->data);
	free(l);
}

void
loader_run(const char *path, const struct sandbox *box, struct loaded *to)
{
	struct loader *l;
	struct pollfd pfd;
	struct mono deadline = mono_add_ms(mono_now(), LOADER_TIMEOUT_MS);
	int64_t left;

	memset(to, 0, sizeof(*to));
	l = loader_start(path, box, &to->diags);
	if (l == NULL)
		return;
	for (;;) {
		left = mono_diff_ms(deadline, mono_now());
		if (left <= 0) {
			l->bad = true;
			break;
		}
		pfd.fd = loader_fd(l);
		pfd.events = POLLIN;
		if (poll(&pfd, 1, (int)left) == 1 && !loader_read(l))
			break;
	}
	loader_finish(l, false, to);
}
