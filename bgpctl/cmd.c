/* SPDX-License-Identifier: ISC */
/*
 * Matching command lines against the command table.
 */
#include "bgpctl/cmd.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

static int fail(char *err, size_t len, const char *fmt, ...) ATTR_PRINTF(3, 4);

static int
fail(char *err, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err, len, fmt, ap);
	va_end(ap);
	return -1;
}

/* Word i of a pattern; false past its end. */
static bool
pattern_word(const char *pattern, int i, const char **word, size_t *len)
{
	for (;; i--) {
		*len = strcspn(pattern, " ");
		*word = pattern;
		if (*len == 0)
			return false;
		if (i == 0)
			return true;
		pattern += *len;
		pattern += strspn(pattern, " ");
	}
}

static bool
is_value(const char *word)
{
	return isupper((unsigned char)word[0]);
}

static bool
same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

enum match { MATCH_NONE, MATCH_VALUE, MATCH_PREFIX, MATCH_EXACT };

static enum match
match_word(const char *given, const char *word, size_t len)
{
	if (is_value(word))
		return MATCH_VALUE;
	if (strlen(given) == len && memcmp(given, word, len) == 0)
		return MATCH_EXACT;
	if (given[0] != '\0' && strlen(given) < len &&
	    strncmp(given, word, strlen(given)) == 0)
		return MATCH_PREFIX;
	return MATCH_NONE;
}

/*
 * Among the commands still alive, keep those whose word at `at` matches
 * best.  1 if some do, 0 if none has a word there or none matches, -1 if an
 * abbreviation fits several words.
 */
static int
narrow(const struct cmd *table, size_t n, bool *alive, int at,
    const char *given, char *err, size_t err_len)
{
	const char *word, *chosen = NULL;
	size_t i, len, chosen_len = 0;
	enum match best = MATCH_NONE, m;

	for (i = 0; i < n; i++) {
		if (!alive[i] ||
		    !pattern_word(table[i].pattern, at, &word, &len))
			continue;
		m = match_word(given, word, len);
		if (m > best) {
			best = m;
			chosen = word;
			chosen_len = len;
		} else if (m == MATCH_PREFIX && best == MATCH_PREFIX &&
		    !same(word, len, chosen, chosen_len))
			return fail(err, err_len,
			    "\"%s\" is ambiguous: %.*s, %.*s", given,
			    (int)chosen_len, chosen, (int)len, word);
	}
	if (best == MATCH_NONE)
		return 0;
	for (i = 0; i < n; i++)
		if (alive[i] &&
		    (!pattern_word(table[i].pattern, at, &word, &len) ||
			!same(word, len, chosen, chosen_len)))
			alive[i] = false;
	return 1;
}

/* The command that ends after `words` words among those alive. */
static const struct cmd *
complete(const struct cmd *table, size_t n, const bool *alive, int words)
{
	const char *word;
	size_t i, len;

	for (i = 0; i < n; i++)
		if (alive[i] &&
		    !pattern_word(table[i].pattern, words, &word, &len))
			return &table[i];
	return NULL;
}

static int
parse_option(const struct cmd_opt *opts, const char *given,
    const struct cmd_opt **found, char *err, size_t err_len)
{
	const struct cmd_opt *o;
	enum match best = MATCH_NONE, m;

	*found = NULL;
	for (o = opts; o != NULL && o->word != NULL; o++) {
		m = match_word(given, o->word, strlen(o->word));
		if (m > best) {
			best = m;
			*found = o;
		} else if (m == MATCH_PREFIX && best == MATCH_PREFIX)
			return fail(err, err_len, "\"%s\" is ambiguous: %s, %s",
			    given, (*found)->word, o->word);
	}
	return 0;
}

static int
parse_rest(struct cmd_args *args, int argc, const char *const *argv, char *err,
    size_t err_len)
{
	const struct cmd *cmd = args->cmd;
	const struct cmd_opt *opt;
	int i;

	for (i = 0; i < argc; i++) {
		if (parse_option(cmd->opts, argv[i], &opt, err, err_len) == -1)
			return -1;
		if (opt == NULL) {
			if (cmd->free_value == NULL ||
			    (args->n_free_values > 0 &&
				strstr(cmd->free_value, "...") == NULL))
				return fail(err, err_len,
				    "unexpected word \"%s\"", argv[i]);
			if (args->n_free_values == CMD_OPTIONS)
				return fail(err, err_len, "too many words");
			if (args->n_free_values == 0)
				args->free_value = argv[i];
			args->free_values[args->n_free_values++] = argv[i];
			continue;
		}
		if (args->n_options == CMD_OPTIONS)
			return fail(err, err_len, "too many options");
		args->options[args->n_options].opt = opt;
		if (opt->value != NULL) {
			if (i + 1 == argc)
				return fail(err, err_len,
				    "\"%s\" needs a value: %s", opt->word,
				    opt->value);
			args->options[args->n_options].value = argv[++i];
		}
		args->n_options++;
	}
	if (cmd->free_value != NULL && cmd->free_value[0] != '[' &&
	    args->free_value == NULL)
		return fail(err, err_len, "%s is missing", cmd->free_value);
	return 0;
}

int
cmd_parse(const struct cmd *table, size_t n, int argc, const char *const *argv,
    struct cmd_args *args, char *err, size_t err_len)
{
	bool alive[64] = { false }, before[64];
	const char *word;
	size_t i, len;
	int at, kept;

	memset(args, 0, sizeof(*args));
	if (n > nitems(alive))
		return fail(err, err_len, "the command table is too long");
	for (i = 0; i < n; i++)
		alive[i] = true;
	for (at = 0; at < argc; at++) {
		/* Options of a complete command may follow instead. */
		memcpy(before, alive, sizeof(before));
		kept = narrow(table, n, alive, at, argv[at], err, err_len);
		if (kept == -1)
			return -1;
		if (kept == 0) {
			memcpy(alive, before, sizeof(alive));
			break;
		}
	}
	args->cmd = complete(table, n, alive, at);
	if (args->cmd == NULL) {
		if (at == argc)
			return fail(err, err_len,
			    argc == 0 ? "no command given" :
					"the command is not complete");
		return fail(err, err_len, "unknown word \"%s\"", argv[at]);
	}
	for (i = 0; pattern_word(args->cmd->pattern, (int)i, &word, &len); i++)
		if (is_value(word))
			args->values[args->n_values++] = argv[i];
	return parse_rest(args, argc - at, argv + at, err, err_len);
}

bool
cmd_has(const struct cmd_args *args, const char *option)
{
	size_t i;

	for (i = 0; i < args->n_options; i++)
		if (strcmp(args->options[i].opt->word, option) == 0)
			return true;
	return false;
}

const char *
cmd_value(const struct cmd_args *args, const char *option)
{
	size_t i;

	for (i = args->n_options; i > 0; i--)
		if (strcmp(args->options[i - 1].opt->word, option) == 0)
			return args->options[i - 1].value;
	return NULL;
}

int
cmd_split(char *line, const char **words, int max)
{
	int n = 0;
	char quote;

	for (;;) {
		line += strspn(line, " \t\r");
		if (*line == '\0' || *line == '#')
			return n;
		if (n == max)
			return -1;
		if (*line == '"' || *line == '\'') {
			quote = *line++;
			words[n++] = line;
			line = strchr(line, quote);
			if (line == NULL)
				return -1;
		} else {
			words[n++] = line;
			line += strcspn(line, " \t\r");
		}
		if (*line != '\0')
			*line++ = '\0';
	}
}

static bool
begins_with(const struct cmd *cmd, int argc, const char *const *argv)
{
	const char *word;
	size_t len;
	int i;

	for (i = 0; i < argc; i++)
		if (!pattern_word(cmd->pattern, i, &word, &len) ||
		    match_word(argv[i], word, len) == MATCH_NONE)
			return i > 0 &&
			    !pattern_word(cmd->pattern, i, &word, &len);
	return true;
}

void
cmd_help(FILE *to, const struct cmd *table, size_t n, int argc,
    const char *const *argv)
{
	const struct cmd_opt *o;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!begins_with(&table[i], argc, argv))
			continue;
		fprintf(to, "  %s", table[i].pattern);
		if (table[i].free_value != NULL)
			fprintf(to, " %s", table[i].free_value);
		if (table[i].opts != NULL)
			fprintf(to, " [option ...]");
		fprintf(to, "\n\t%s\n", table[i].help);
		for (o = table[i].opts; o != NULL && o->word != NULL; o++)
			fprintf(to, "\t  %s%s%s%s%s\n", o->word,
			    o->value == NULL ? "" : " ",
			    o->value == NULL ? "" : o->value,
			    o->help == NULL ? "" : ": ",
			    o->help == NULL ? "" : o->help);
	}
}
