/* SPDX-License-Identifier: ISC */
/*
 * The command language of bgpctl: a table of commands, from which words are
 * matched, abbreviations resolved and help printed.  Pure but for cmd_help.
 *
 * A command's pattern is a list of words; words in capitals stand for a
 * value (ADDR, PREFIX, FILE).  After the pattern come options in any order,
 * each a word of its own or a word and a value, and a free value, or several,
 * where the command has one.  Any word of the language may be abbreviated
 * as long as it is unique at its place; but not options where the free value
 * may be any word, as a name.  An option may be written with two dashes before
 * it.
 */
#ifndef BGPCTL_CMD_H
#define BGPCTL_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/compat.h"

struct ctl;
struct cmd_args;

struct cmd_opt {
	const char *word;
	const char *value; /* NULL: none follows; else its name in the help */
	const char *help;
};

struct cmd {
	const char *pattern; /* "neighbor ADDR up" */
	const char *free_value; /* "[PREFIX]", "[NAME ...]" or NULL */
	const struct cmd_opt *opts; /* ends with a NULL word; or NULL */
	int (*run)(struct ctl *, const struct cmd_args *); /* exit status */
	const char *help;
};

enum {
	CMD_VALUES = 4,
	CMD_OPTIONS = 256, /* on one command line */
	CMD_WORDS = 8,
	CMD_TABLE = 128, /* commands that a table may have */
};

struct cmd_args {
	const struct cmd *cmd;
	const char *values[CMD_VALUES]; /* of the pattern's capitals */
	size_t n_values;
	const char *free_value; /* the first one; NULL if not given */
	const char *free_values[CMD_OPTIONS];
	size_t n_free_values;
	struct {
		const struct cmd_opt *opt;
		const char *value;
	} options[CMD_OPTIONS];
	size_t n_options;
};

/*
 * Match the words of a command line against a table.  0, or -1 with a
 * message in err.
 */
int
cmd_parse(const struct cmd *table, size_t n, int argc, const char *const *argv,
    struct cmd_args *, char *err, size_t err_len) ATTR_CHECK;

bool cmd_has(const struct cmd_args *, const char *option);
/* The value of the option's last occurrence, NULL if it was not given. */
const char *cmd_value(const struct cmd_args *, const char *option);

/* Cut a line into words at blanks; quotes hold a word together, # begins a
 * comment.  -1 if there are more than max words or a quote is not closed. */
int cmd_split(char *line, const char **words, int max) ATTR_CHECK;
/*
 * What may stand in place of the last of the words, for the completion of
 * shells: a line each, the word, a tab and what it is.  Of a value that is
 * none of a few words there is "@" and its name; an address that is one of
 * the neighbors' is "@NEIGHBOR".  "" as the last word asks for everything.
 */
void cmd_complete(FILE *, const struct cmd *table, size_t n, int argc,
    const char *const *argv);

/* "?", or a word that ends in one: the last word of a line that asks what may
 * stand there. */
bool cmd_is_question(const char *word);
/* What may stand in the place of the last word, which is such a question,
 * after the words before. */
void cmd_next(FILE *, const struct cmd *table, size_t n, int argc,
    const char *const *argv);

/* The words of a text from `column` on, folded before the margin to lines
 * that begin at `indent`, and a line end. */
void cmd_fold(FILE *, int column, int indent, const char *text);

/* What the language is; only the commands that begin with the words. */
void cmd_help(FILE *, const struct cmd *table, size_t n, int argc,
    const char *const *argv);

#endif
