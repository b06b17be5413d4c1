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
	if (given[0] == '-' && given[1] == '-')
		given += 2;
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

/* May the free value be any word? */
static bool
free_is_word(const struct cmd *cmd)
{
	return cmd->free_value != NULL &&
	    strstr(cmd->free_value, "PREFIX") == NULL;
}

static int
parse_rest(struct cmd_args *args, int argc, const char *const *argv, char *err,
    size_t err_len)
{
	const struct cmd *cmd = args->cmd;
	const struct cmd_opt *opt;
	int i;

	for (i = 0; i < argc; i++) {
		if (parse_option(cmd->opts, argv[i], &opt, err, err_len) ==
			-1 &&
		    !free_is_word(cmd))
			return -1;
		/* "p" is the name of a policy, not short for an option. */
		if (opt != NULL && free_is_word(cmd) &&
		    strcmp(opt->word, argv[i]) != 0)
			opt = NULL;
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
	bool alive[CMD_TABLE] = { false }, before[CMD_TABLE];
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

/* --- completion */

/* Values that are one of a few words. */
static const struct {
	const char *name;
	const char *words; /* parted by blanks */
} choices[] = {
	{ "ACTION", "terminate discard" },
	{ "FAMILY", "ipv4 ipv6" },
	{ "ORIGIN", "igp egp incomplete" },
	{ "TYPE",
	    "prefix-set neighbor-set as-path-set community-set "
	    "ext-community-set large-community-set" },
	{ "VERDICT", "accept reject" },
};

/* Behind these an address is a neighbor's. */
static const char *const neighbor_follows[] = {
	"neighbor delete",
	"policy assign",
	"policy test",
	"policy dry-run",
};

static void
offer_word(FILE *to, const char *given, const char *word, size_t len,
    const char *help)
{
	if (given[0] == '\0' || match_word(given, word, len) != MATCH_NONE)
		fprintf(to, "%.*s\t%s\n", (int)len, word, help);
}

/* A value that follows the words `before`. */
static void
offer_value(FILE *to, const char *given, const char *before, const char *name,
    size_t len, const char *help)
{
	static const char suffix[] = "neighbor";
	size_t i, before_len = strlen(before);
	const char *word;
	bool neighbor;
	int at;

	for (i = 0; i < nitems(choices); i++) {
		if (!same(name, len, choices[i].name, strlen(choices[i].name)))
			continue;
		for (at = 0; pattern_word(choices[i].words, at, &word, &len);
		     at++)
			offer_word(to, given, word, len, help);
		return;
	}
	neighbor = before_len >= strlen(suffix) &&
	    strcmp(before + before_len - strlen(suffix), suffix) == 0;
	for (i = 0; i < nitems(neighbor_follows); i++)
		neighbor = neighbor || strcmp(before, neighbor_follows[i]) == 0;
	if (same(name, len, "ADDR", 4) && neighbor)
		fprintf(to, "@NEIGHBOR\t%s\n", help);
	else
		fprintf(to, "@%.*s\t%s\n", (int)len, name, help);
}

static void
offer(FILE *to, const char *given, const char *pattern, const char *word,
    size_t len, const char *help)
{
	char before[64];

	if (!is_value(word)) {
		offer_word(to, given, word, len, help);
		return;
	}
	(void)snprintf(before, sizeof(before), "%.*s",
	    word == pattern ? 0 : (int)(word - pattern - 1), pattern);
	offer_value(to, given, before, word, len, help);
}

/* The next word of every command still alive; each word once. */
static void
offer_words(FILE *to, const struct cmd *table, size_t n, const bool *alive,
    int at, const char *given)
{
	const char *word, *other, *next;
	size_t i, j, len, other_len, next_len;
	bool seen, alone;

	for (i = 0; i < n; i++) {
		if (!alive[i] ||
		    !pattern_word(table[i].pattern, at, &word, &len))
			continue;
		seen = false;
		alone = true;
		for (j = 0; j < n; j++) {
			if (j == i || !alive[j] ||
			    !pattern_word(table[j].pattern, at, &other,
				&other_len) ||
			    !same(word, len, other, other_len))
				continue;
			seen = seen || j < i;
			alone = false;
		}
		if (seen)
			continue;
		/* What the word alone means, or the only command with it. */
		if (!alone &&
		    pattern_word(table[i].pattern, at + 1, &next, &next_len))
			offer(to, given, table[i].pattern, word, len, "");
		else
			offer(to, given, table[i].pattern, word, len,
			    table[i].help);
	}
}

/* Options and the free value of a complete command, behind `argv`. */
static void
offer_options(FILE *to, const struct cmd *cmd, int argc,
    const char *const *argv, const char *given)
{
	const struct cmd_opt *o;
	const char *name;
	bool free_given = false;
	char why[64];
	int i;

	for (i = 0; i < argc; i++) {
		if (parse_option(cmd->opts, argv[i], &o, why, sizeof(why)) ==
		    -1)
			return;
		if (o == NULL) {
			free_given = true;
		} else if (o->value != NULL && ++i == argc) {
			offer_value(to, given, o->word, o->value,
			    strlen(o->value), o->help);
			return;
		}
	}
	for (o = cmd->opts; o != NULL && o->word != NULL; o++)
		offer_word(to, given, o->word, strlen(o->word), o->help);
	if (cmd->free_value == NULL || free_given)
		return;
	name = cmd->free_value + strspn(cmd->free_value, "[");
	offer_value(to, given, cmd->pattern, name, strcspn(name, "]"),
	    cmd->help);
}

void
cmd_complete(FILE *to, const struct cmd *table, size_t n, int argc,
    const char *const *argv)
{
	bool alive[64] = { false }, before[64];
	const char *given = argc == 0 ? "" : argv[argc - 1];
	const struct cmd *cmd;
	char why[64];
	size_t i;
	int at, words = argc == 0 ? 0 : argc - 1, kept = 1;

	if (n > nitems(alive))
		return;
	for (i = 0; i < n; i++)
		alive[i] = true;
	for (at = 0; at < words; at++) {
		memcpy(before, alive, sizeof(before));
		kept = narrow(table, n, alive, at, argv[at], why, sizeof(why));
		if (kept == -1)
			return;
		if (kept == 0) {
			memcpy(alive, before, sizeof(alive));
			break;
		}
	}
	if (kept != 0)
		offer_words(to, table, n, alive, at, given);
	cmd = complete(table, n, alive, at);
	if (cmd != NULL)
		offer_options(to, cmd, words - at, argv + at, given);
}

/* --- help */

void
cmd_fold(FILE *to, int column, int indent, const char *text)
{
	enum { LINE = 80 };
	bool first = true;
	size_t n;

	for (text += strspn(text, " "); *text != '\0';
	     text += n + strspn(text + n, " ")) {
		n = strcspn(text, " ");
		if (column > indent && column + !first + (int)n > LINE) {
			column = fprintf(to, "\n%*s", indent, "") - 1;
			first = true;
		}
		column += fprintf(to, "%s%.*s", first ? "" : " ", (int)n, text);
		first = false;
	}
	fprintf(to, "\n");
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
	int column;

	for (i = 0; i < n; i++) {
		if (!begins_with(&table[i], argc, argv))
			continue;
		fprintf(to, "  %s", table[i].pattern);
		if (table[i].free_value != NULL)
			fprintf(to, " %s", table[i].free_value);
		if (table[i].opts != NULL)
			fprintf(to, " [option ...]");
		fprintf(to, "\n        ");
		cmd_fold(to, 8, 8, table[i].help);
		for (o = table[i].opts; o != NULL && o->word != NULL; o++) {
			column = fprintf(to, "          %s%s%s%s", o->word,
			    o->value == NULL ? "" : " ",
			    o->value == NULL ? "" : o->value,
			    o->help == NULL ? "" : ": ");
			cmd_fold(to, column, 12,
			    o->help == NULL ? "" : o->help);
		}
	}
}

bool
cmd_is_question(const char *word)
{
	size_t n = strlen(word);

	return n > 0 && word[n - 1] == '?';
}

/* A word, and from the column HELP on what it is for. */
static void
put_next(FILE *to, const char *word, size_t len, const char *value,
    const char *help)
{
	enum { HELP = 24 };
	int column = fprintf(to, "  %.*s%s%s", (int)len, word,
	    value == NULL ? "" : " ", value == NULL ? "" : value);

	if (help == NULL)
		;
	else if (column < HELP)
		column += fprintf(to, "%*s", HELP - column, "");
	else
		column += fprintf(to, " ");
	cmd_fold(to, column, HELP, help == NULL ? "" : help);
}

/* Do the words of `given` before its question mark begin this one? */
static bool
asked_for(const char *given, const char *word, size_t len)
{
	size_t n = strlen(given) - 1;

	return n == 0 || (n <= len && memcmp(given, word, n) == 0);
}

/* The word that follows in command i, unless one before had it too. */
static void
put_next_word(FILE *to, const struct cmd *table, const bool *alive, size_t i,
    int at, const char *given)
{
	const char *word, *other;
	size_t j, len, other_len;
	int more = 0;

	if (!pattern_word(table[i].pattern, at, &word, &len) ||
	    !asked_for(given, word, len))
		return;
	for (j = 0; j < i; j++)
		if (alive[j] &&
		    pattern_word(table[j].pattern, at, &other, &other_len) &&
		    same(word, len, other, other_len))
			return;
	for (j = i + 1; j < CMD_TABLE; j++)
		more += alive[j] &&
		    pattern_word(table[j].pattern, at, &other, &other_len) &&
		    same(word, len, other, other_len);
	put_next(to, word, len, NULL, more > 0 ? "..." : table[i].help);
}

void
cmd_next(FILE *to, const struct cmd *table, size_t n, int argc,
    const char *const *argv)
{
	bool alive[CMD_TABLE + 1] = { false };
	const char *given = argv[argc - 1];
	const struct cmd_opt *o;
	const struct cmd *cmd;
	char err[256];
	size_t i;
	int at, kept = 1;

	for (i = 0; i < n && i < CMD_TABLE; i++)
		alive[i] = true;
	for (at = 0; at < argc - 1 && kept == 1; at++)
		kept = narrow(table, n, alive, at, argv[at], err, sizeof(err));
	if (kept == -1) {
		fprintf(to, "%s\n", err);
		return;
	}
	/* Options of a complete command may have begun. */
	if (kept == 0)
		at--;
	cmd = complete(table, n, alive, at);
	if (kept == 0 && cmd == NULL) {
		fprintf(to, "unknown word \"%s\"\n", argv[at]);
		return;
	}
	for (i = 0; kept == 1 && i < n; i++)
		if (alive[i])
			put_next_word(to, table, alive, i, at, given);
	if (cmd == NULL)
		return;
	if (cmd->free_value != NULL)
		put_next(to, cmd->free_value, strlen(cmd->free_value), NULL,
		    cmd->help);
	for (o = cmd->opts; o != NULL && o->word != NULL; o++)
		if (asked_for(given, o->word, strlen(o->word)))
			put_next(to, o->word, strlen(o->word), o->value,
			    o->help);
	if (given[1] == '\0' &&
	    (cmd->free_value == NULL || cmd->free_value[0] == '['))
		put_next(to, "(end)", 5, NULL, cmd->help);
}
