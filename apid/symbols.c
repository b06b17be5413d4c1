/* SPDX-License-Identifier: ISC */
/*
 * An index over descriptors; see symbols.h.
 *
 * Only names are read, straight from the bytes: the numbers below are those
 * of google/protobuf/descriptor.proto.
 */
#include "apid/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "apid/pbr.h"
#include "common/xmalloc.h"

enum {
	SET_FILE = 1,
	FILE_NAME = 1,
	FILE_PACKAGE = 2,
	FILE_DEPENDENCY = 3,
	FILE_MESSAGE = 4,
	FILE_ENUM = 5,
	FILE_SERVICE = 6,
	FILE_EXTENSION = 7,
	ANY_NAME = 1, /* of every declaration below a file */
	MESSAGE_FIELD = 2,
	MESSAGE_NESTED = 3,
	MESSAGE_ENUM = 4,
	MESSAGE_EXTENSION = 6,
	MESSAGE_ONEOF = 8,
	ENUM_VALUE = 2,
	SERVICE_METHOD = 2,

	DEPTH_MAX = 32,
};

enum kind {
	KIND_MESSAGE,
	KIND_ENUM,
	KIND_SERVICE,
	KIND_LEAF, /* has nothing below it */
};

struct file {
	char *name;
	const uint8_t *bytes;
	size_t len;
};
struct symbol {
	char *name;
	int file;
	enum kind kind;
};
struct symbols {
	struct file *files;
	size_t n_files;
	struct symbol *v; /* sorted by name */
	size_t n, max;
};

static char *
text_of(const struct pbr *body)
{
	size_t n = pbr_left(body);
	char *s = xmalloc(n + 1);

	memcpy(s, body->p, n);
	s[n] = '\0';
	return s;
}

/* The text of the first member of that number, "" if there is none. */
static char *
text_member(struct pbr r, uint32_t number)
{
	struct pbr_member m;

	while (pbr_next(&r, &m) == 1)
		if (m.number == number && m.wire == PBR_BYTES)
			return text_of(&m.body);
	return xstrdup("");
}

static char *
join(const char *scope, const char *name)
{
	if (scope[0] == '\0')
		return xstrdup(name);
	return xasprintf("%s.%s", scope, name);
}

static void
add(struct symbols *s, char *name, int file, enum kind kind)
{
	if (s->n == s->max) {
		s->max = s->max == 0 ? 256 : s->max * 2;
		s->v = xreallocarray(s->v, s->max, sizeof(*s->v));
	}
	s->v[s->n].name = name;
	s->v[s->n].file = file;
	s->v[s->n++].kind = kind;
}

/* What a member of a declaration declares in its turn; -1: nothing. */
static int
declares(enum kind in, uint32_t number)
{
	switch (in) {
	case KIND_MESSAGE:
		if (number == MESSAGE_NESTED)
			return KIND_MESSAGE;
		if (number == MESSAGE_ENUM)
			return KIND_ENUM;
		return number == MESSAGE_FIELD || number == MESSAGE_ONEOF ||
			number == MESSAGE_EXTENSION ?
		    KIND_LEAF :
		    -1;
	case KIND_ENUM:
		return number == ENUM_VALUE ? KIND_LEAF : -1;
	case KIND_SERVICE:
		return number == SERVICE_METHOD ? KIND_LEAF : -1;
	case KIND_LEAF:
		break;
	}
	return -1;
}

/* -1 if the bytes are malformed. */
static int
declare(struct symbols *s, struct pbr r, const char *scope, int file,
    enum kind kind, int depth)
{
	char *name = text_member(r, ANY_NAME), *full = join(scope, name);
	const char *within = full;
	struct pbr_member m;
	int below, more;

	free(name);
	if (depth == DEPTH_MAX) {
		free(full);
		return -1;
	}
	/* `add` may move the array, not the names. */
	add(s, full, file, kind);
	/* The values of an enum are its siblings. */
	if (kind == KIND_ENUM)
		within = scope;
	while ((more = pbr_next(&r, &m)) == 1) {
		below = m.wire == PBR_BYTES ? declares(kind, m.number) : -1;
		if (below != -1 &&
		    declare(s, m.body, within, file, (enum kind)below,
			depth + 1) == -1)
			return -1;
	}
	return more;
}

/* What a member of a file declares; -1: nothing. */
static int
declares_top(uint32_t number)
{
	switch (number) {
	case FILE_MESSAGE:
		return KIND_MESSAGE;
	case FILE_ENUM:
		return KIND_ENUM;
	case FILE_SERVICE:
		return KIND_SERVICE;
	case FILE_EXTENSION:
		return KIND_LEAF;
	default:
		return -1;
	}
}

static int
declare_file(struct symbols *s, int file)
{
	struct file *f = &s->files[file];
	struct pbr_member m;
	struct pbr r;
	char *package;
	int kind, more;

	pbr_init(&r, f->bytes, f->len);
	package = text_member(r, FILE_PACKAGE);
	while ((more = pbr_next(&r, &m)) == 1) {
		kind = m.wire == PBR_BYTES ? declares_top(m.number) : -1;
		if (kind != -1 &&
		    declare(s, m.body, package, file, (enum kind)kind, 0) ==
			-1) {
			more = -1;
			break;
		}
	}
	free(package);
	return more;
}

static int
by_name(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct symbols *
symbols_new(const uint8_t *bytes, size_t len)
{
	struct symbols *s = xcalloc(1, sizeof(*s));
	struct pbr_member m;
	struct file *f;
	struct pbr r;
	int more;

	pbr_init(&r, bytes, len);
	while ((more = pbr_next(&r, &m)) == 1) {
		if (m.number != SET_FILE || m.wire != PBR_BYTES)
			continue;
		s->files =
		    xreallocarray(s->files, s->n_files + 1, sizeof(*s->files));
		f = &s->files[s->n_files++];
		f->name = text_member(m.body, FILE_NAME);
		f->len = pbr_left(&m.body);
		f->bytes = m.body.p;
		if (declare_file(s, (int)s->n_files - 1) == -1) {
			more = -1;
			break;
		}
	}
	if (more == -1) {
		symbols_free(s);
		return NULL;
	}
	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), by_name);
	return s;
}

void
symbols_free(struct symbols *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n_files; i++)
		free(s->files[i].name);
	for (i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->files);
	free(s->v);
	free(s);
}

int
symbols_file(const struct symbols *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_files; i++)
		if (strcmp(s->files[i].name, name) == 0)
			return (int)i;
	return -1;
}

static const struct symbol *
find(const struct symbols *s, const char *name)
{
	size_t low = 0, high = s->n, mid;
	int order;

	while (low < high) {
		mid = (low + high) / 2;
		order = strcmp(name, s->v[mid].name);
		if (order == 0)
			return &s->v[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

int
symbols_find(const struct symbols *s, const char *full_name)
{
	const struct symbol *symbol = find(s, full_name);

	return symbol == NULL ? -1 : symbol->file;
}

bool
symbols_is_message(const struct symbols *s, const char *full_name)
{
	const struct symbol *symbol = find(s, full_name);

	return symbol != NULL && symbol->kind == KIND_MESSAGE;
}

const uint8_t *
symbols_bytes(const struct symbols *s, int file, size_t *len)
{
	*len = s->files[file].len;
	return s->files[file].bytes;
}

size_t
symbols_imports(const struct symbols *s, int file, int *files, size_t max)
{
	struct pbr_member m;
	struct pbr r;
	char *name;
	size_t n = 0;
	int other;

	pbr_init(&r, s->files[file].bytes, s->files[file].len);
	while (pbr_next(&r, &m) == 1) {
		if (m.number != FILE_DEPENDENCY || m.wire != PBR_BYTES)
			continue;
		name = text_of(&m.body);
		other = symbols_file(s, name);
		free(name);
		if (other == -1)
			continue;
		if (n < max)
			files[n] = other;
		n++;
	}
	return n;
}

size_t
symbols_n_files(const struct symbols *s)
{
	return s->n_files;
}

const char *
symbols_service(const struct symbols *s, size_t i)
{
	size_t at;

	for (at = 0; at < s->n; at++)
		if (s->v[at].kind == KIND_SERVICE && i-- == 0)
			return s->v[at].name;
	return NULL;
}
