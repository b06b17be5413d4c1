/* SPDX-License-Identifier: ISC */
/*
 * The command language: matching, abbreviations, options.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bgpctl/ctl.h"

static struct cmd_args args;
static char why[256];

/* Parse a line with its words parted by single blanks. */
static int
parse(const char *line)
{
	static char copy[256];
	const char *words[32];
	int n = 0;
	char *p;

	(void)snprintf(copy, sizeof(copy), "%s", line);
	for (p = strtok(copy, " "); p != NULL; p = strtok(NULL, " "))
		words[n++] = p;
	return cmd_parse(ctl_commands, ctl_n_commands, n, words, &args, why,
	    sizeof(why));
}

static const struct {
	const char *line;
	int (*run)(struct ctl *, const struct cmd_args *);
} good[] = {
	{ "show", ctl_show_summary },
	{ "show summary", ctl_show_summary },
	{ "sh su", ctl_show_summary },
	{ "show neighbor", ctl_show_neighbors },
	{ "show neighbor 192.0.2.1", ctl_show_neighbors },
	{ "sh n 2001:db8::1", ctl_show_neighbors },
	{ "show rib", ctl_show_rib },
	{ "show rib in neighbor 192.0.2.1", ctl_show_rib },
	{ "show rib neighbor 192.0.2.1 out", ctl_show_rib },
	{ "show rib 10.0.0.0/8 or-longer best", ctl_show_rib },
	{ "show rib 10.0.0.0/8 out n 192.0.2.1", ctl_show_rib },
	{ "show version", ctl_show_info },
	{ "neighbor 192.0.2.1 up", ctl_neighbor_up },
	{ "nei 192.0.2.1 d", ctl_neighbor_down },
	{ "neighbor 192.0.2.1 down reason maintenance", ctl_neighbor_down },
	{ "neighbor 192.0.2.1 clear", ctl_neighbor_clear },
	{ "neighbor 192.0.2.1 refresh in ipv6", ctl_neighbor_refresh },
	{ "neighbor add 192.0.2.1:1790 remote-as 65001 passive",
	    ctl_neighbor_add },
	{ "neighbor delete 192.0.2.1", ctl_neighbor_delete },
	{ "network add 10.0.0.0/8", ctl_network_add },
	{ "network add 10.0.0.0/8 nexthop 192.0.2.1 med 5 community 1:2",
	    ctl_network_add },
	{ "net del 10.0.0.0/8", ctl_network_delete },
	{ "show sets", ctl_show_sets },
	{ "show sets prefix", ctl_show_sets },
	{ "show sets prefix mine", ctl_show_sets },
	{ "show policy", ctl_show_policy },
	{ "show policy mine counters", ctl_show_policy },
	{ "set add prefix mine 10.0.0.0/8 10.1.0.0/16 member file file f",
	    ctl_set_add },
	{ "set replace prefix mine", ctl_set_replace },
	{ "set remove prefix mine", ctl_set_remove },
	{ "set clear prefix", ctl_set_clear },
	{ "policy add mine reject statement accept", ctl_policy_add },
	{ "policy assign 192.0.2.1 import a b default reject",
	    ctl_policy_assign_import },
	{ "po as 192.0.2.1 ex", ctl_policy_assign_export },
	{ "policy test 192.0.2.1 import 10.0.0.0/8", ctl_policy_test_import },
	{ "policy dry-run 192.0.2.1 export a samples 5",
	    ctl_policy_dry_run_export },
	{ "reload", ctl_reload },
	{ "rel dry-run", ctl_reload },
	{ "reload --dry-run", ctl_reload },
	{ "reload --d", ctl_reload },
	{ "config show", ctl_config_show },
	{ "con sh --diff", ctl_config_show },
	{ "config save", ctl_config_save },
	{ "config commit -", ctl_config_commit },
	{ "config list", ctl_config_list },
	{ "config rollback 3", ctl_config_rollback },
	{ "log verbose", ctl_log_verbose },
	{ "l b", ctl_log_brief },
	{ "watch neighbors every 5", ctl_watch_neighbors },
	{ "w r 10.0.0.0/8 or-longer count 3", ctl_watch_routes },
	{ "network bulk add -", ctl_network_bulk_add },
	{ "net bulk del routes", ctl_network_bulk_delete },
};

START_TEST(line_is_understood)
{
	ck_assert_msg(parse(good[_i].line) == 0, "%s", why);
	ck_assert(args.cmd->run == good[_i].run);
}
END_TEST

/* What a question at the end of a line is answered. */
static char *
ask(const char *line)
{
	static char copy[256];
	const char *words[32];
	size_t len;
	FILE *f;
	char *text = NULL, *p;
	int n = 0;

	(void)snprintf(copy, sizeof(copy), "%s", line);
	for (p = strtok(copy, " "); p != NULL; p = strtok(NULL, " "))
		words[n++] = p;
	ck_assert(cmd_is_question(words[n - 1]));
	f = open_memstream(&text, &len);
	cmd_next(f, ctl_commands, ctl_n_commands, n, words);
	fclose(f);
	return text;
}

static const struct {
	const char *line, *answer;
} asked[] = {
	{ "n?", "  neighbor              ...\n  network               ...\n" },
	{ "config s?",
	    "  show                  the running configuration as text of its "
	    "file\n"
	    "  save                  write the running configuration to its "
	    "file\n" },
	{ "network bulk ?",
	    "  add                   originate many: a line each as after "
	    "network add; - is\n"
	    "                        standard input\n"
	    "  delete                take many back: a prefix begins each "
	    "line\n" },
	{ "reload ?",
	    "  dry-run               tell what would change, and change "
	    "nothing\n"
	    "  (end)                 read the configuration file again and "
	    "tell what changes\n" },
	{ "reload dry-run d?",
	    "  dry-run               tell what would change, and change "
	    "nothing\n" },
	{ "nonsense ?", "unknown word \"nonsense\"\n" },
	{ "s ?", "\"s\" is ambiguous: show, set\n" },
};

START_TEST(question_is_answered)
{
	char *text = ask(asked[_i].line);

	ck_assert_str_eq(text, asked[_i].answer);
	free(text);
}
END_TEST

/* Word by word, each command of the table is offered. */
START_TEST(every_command_is_found_by_asking)
{
	char line[200], word[40], *text;
	const char *p;
	size_t i, n;

	for (i = 0; i < ctl_n_commands; i++) {
		line[0] = '\0';
		for (p = ctl_commands[i].pattern; *p != '\0';
		     p += n + strspn(p + n, " ")) {
			n = strcspn(p, " ");
			(void)snprintf(word, sizeof(word), "  %.*s ", (int)n,
			    p);
			(void)strcat(line, "?");
			text = ask(line);
			ck_assert_msg(strstr(text, word) != NULL,
			    "%s: no %s in %s", line, word, text);
			free(text);
			line[strlen(line) - 1] = '\0';
			(void)strncat(line, p, n);
			(void)strcat(line, " ");
		}
		(void)strcat(line, "?");
		text = ask(line);
		ck_assert_msg(strstr(text, "(end)") != NULL ||
			(ctl_commands[i].free_value != NULL &&
			    strstr(text, ctl_commands[i].free_value) != NULL),
		    "%s: %s", line, text);
		free(text);
	}
}
END_TEST

START_TEST(help_fits_the_terminal)
{
	char *text = NULL, *p;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	cmd_help(f, ctl_commands, ctl_n_commands, 0, NULL);
	fclose(f);
	ck_assert_ptr_null(strstr(text, "(null)"));
	for (p = strtok(text, "\n"); p != NULL; p = strtok(NULL, "\n"))
		ck_assert_msg(strlen(p) <= 80, "%s", p);
	free(text);
}
END_TEST

START_TEST(several_free_values)
{
	ck_assert_int_eq(parse("policy assign 192.0.2.1 import a policy b c"),
	    0);
	ck_assert_uint_eq(args.n_free_values, 2);
	ck_assert_str_eq(args.free_value, "a");
	ck_assert_str_eq(args.free_values[1], "c");
	ck_assert_str_eq(cmd_value(&args, "policy"), "b");
	/* Names are not short for options. */
	ck_assert_int_eq(parse("policy assign 192.0.2.1 import p d default "
			       "accept"),
	    0);
	ck_assert_uint_eq(args.n_free_values, 2);
	ck_assert_str_eq(args.free_values[0], "p");
	ck_assert_str_eq(args.free_values[1], "d");
	ck_assert_str_eq(cmd_value(&args, "default"), "accept");
	ck_assert_int_eq(parse("show policy c"), 0);
	ck_assert_str_eq(args.free_value, "c");
}
END_TEST

START_TEST(lines_are_split)
{
	char line[] = " a \"b c\"  'd \"'\t# e", open[] = "a 'b",
	     many[] = "a b c";
	const char *words[3];

	ck_assert_int_eq(cmd_split(line, words, 3), 3);
	ck_assert_str_eq(words[1], "b c");
	ck_assert_str_eq(words[2], "d \"");
	ck_assert_int_eq(cmd_split(open, words, 3), -1);
	ck_assert_int_eq(cmd_split(many, words, 2), -1);
}
END_TEST

static const struct {
	const char *line;
	const char *word;
} bad[] = {
	{ "", "no command" },
	{ "frobnicate", "frobnicate" },
	{ "ne add 192.0.2.1", "ambiguous" },
	{ "s n", "ambiguous" },
	{ "policy test 192.0.2.1 import", "PREFIX is missing" },
	{ "policy test 192.0.2.1 import 10.0.0.0/8 more", "more" },
	{ "n", "ambiguous" },
	{ "show rib frob nicate", "nicate" },
	{ "show summary more", "more" },
	{ "neighbor", "not complete" },
	{ "neighbor 192.0.2.1", "not complete" },
	{ "neighbor 192.0.2.1 sideways", "sideways" },
	{ "network add", "PREFIX" },
	{ "network add 10.0.0.0/8 med", "med" },
	{ "network add 10.0.0.0/8 10.0.0.0/9", "10.0.0.0/9" },
	{ "neighbor add 192.0.2.1 no", "ambiguous" },
};

START_TEST(line_is_refused)
{
	ck_assert_int_eq(parse(bad[_i].line), -1);
	ck_assert_msg(strstr(why, bad[_i].word) != NULL, "%s", why);
}
END_TEST

START_TEST(values_and_options_are_there)
{
	ck_assert_int_eq(
	    parse("neighbor add 192.0.2.1 remote 65001 hold 9 passive"), 0);
	ck_assert_uint_eq(args.n_values, 1);
	ck_assert_str_eq(args.values[0], "192.0.2.1");
	ck_assert_str_eq(cmd_value(&args, "remote-as"), "65001");
	ck_assert_str_eq(cmd_value(&args, "hold-time"), "9");
	ck_assert(cmd_has(&args, "passive"));
	ck_assert(!cmd_has(&args, "mrai"));
	ck_assert_ptr_null(cmd_value(&args, "mrai"));
	ck_assert_int_eq(parse("show rib 10.0.0.0/8 best"), 0);
	ck_assert_str_eq(args.free_value, "10.0.0.0/8");
}
END_TEST

START_TEST(repeated_options_keep_their_order)
{
	ck_assert_int_eq(
	    parse("network add 10.0.0.0/8 community 1:2 community 3:4"), 0);
	ck_assert_uint_eq(args.n_options, 2);
	ck_assert_str_eq(args.options[0].value, "1:2");
	ck_assert_str_eq(args.options[1].value, "3:4");
	ck_assert_str_eq(cmd_value(&args, "community"), "3:4");
}
END_TEST

static const struct {
	const char *line; /* "|" ends the words: an empty one follows */
	const char *offered; /* the words, a blank behind each */
} completions[] = {
	{ "", "show reload config log watch neighbor network set policy bmp " },
	{ "s", "show set " },
	{ "ne", "neighbor network " },
	{ "x", "" },
	{ "show |",
	    "summary neighbor rib info version policy sets metrics bmp " },
	{ "n |", "" },
	{ "show n |", "@NEIGHBOR " },
	{ "show neighbor 192.0.2.1 |", "" },
	{ "neighbor |", "add delete @NEIGHBOR " },
	{ "neighbor add |", "@ADDR " },
	{ "neighbor add 192.0.2.1 max", "max-prefix max-prefix-action " },
	{ "neighbor add 192.0.2.1 max-prefix-action |", "terminate discard " },
	{ "neighbor add 192.0.2.1 max-prefix |", "@N " },
	{ "neighbor add 192.0.2.1 family ipv6 pa", "passive " },
	{ "neighbor 192.0.2.1 d", "down " },
	{ "nei 192.0.2.1 refresh |", "in out ipv4 ipv6 " },
	{ "neighbor delete |", "@NEIGHBOR " },
	{ "bmp delete |", "@ADDR " },
	{ "show rib n", "neighbor @PREFIX " },
	{ "show rib 10.0.0.0/8 in n", "neighbor " },
	{ "show rib in neighbor |", "@NEIGHBOR " },
	{ "show rib c |", "" }, /* ambiguous */
	{ "network bulk add |", "@FILE " },
	{ "network add 10.0.0.0/8 nexthop |", "@ADDR " },
	{ "network add 10.0.0.0/8 origin i", "igp incomplete " },
	{ "policy test |", "@NEIGHBOR " },
	{ "policy assign |", "@NEIGHBOR " },
	{ "show sets as", "as-path-set " },
	{ "policy assign 192.0.2.1 import default |", "accept reject " },
	{ "unknown |", "" },
};

START_TEST(completion_knows_the_table)
{
	char copy[128], text[8192] = "", words_text[512] = "", *p, *line;
	const char *words[16];
	FILE *to = fmemopen(text, sizeof(text), "w");
	int n = 0;

	(void)snprintf(copy, sizeof(copy), "%s", completions[_i].line);
	for (p = strtok(copy, " "); p != NULL; p = strtok(NULL, " "))
		words[n++] = strcmp(p, "|") == 0 ? "" : p;
	cmd_complete(to, ctl_commands, ctl_n_commands, n, words);
	fclose(to);
	for (line = strtok(text, "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		ck_assert_ptr_nonnull(strchr(line, '\t'));
		strncat(words_text, line, strcspn(line, "\t"));
		strcat(words_text, " ");
	}
	ck_assert_str_eq(words_text, completions[_i].offered);
}
END_TEST

START_TEST(numbers_are_bounded)
{
	uint64_t v;

	ck_assert(ctl_number("0", UINT32_MAX, &v) && v == 0);
	ck_assert(ctl_number("4294967295", UINT32_MAX, &v));
	ck_assert_uint_eq(v, UINT32_MAX);
	ck_assert(!ctl_number("4294967296", UINT32_MAX, &v));
	ck_assert(!ctl_number("99999999999999999999", UINT32_MAX, &v));
	ck_assert(!ctl_number("", UINT32_MAX, &v));
	ck_assert(!ctl_number("-1", UINT32_MAX, &v));
	ck_assert(!ctl_number("1x", UINT32_MAX, &v));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cmd");
	TCase *tc = tcase_create("cmd");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, line_is_understood, 0, (int)nitems(good));
	tcase_add_test(tc, several_free_values);
	tcase_add_test(tc, lines_are_split);
	tcase_add_loop_test(tc, question_is_answered, 0, (int)nitems(asked));
	tcase_add_test(tc, every_command_is_found_by_asking);
	tcase_add_test(tc, help_fits_the_terminal);
	tcase_add_loop_test(tc, line_is_refused, 0, (int)nitems(bad));
	tcase_add_test(tc, values_and_options_are_there);
	tcase_add_test(tc, repeated_options_keep_their_order);
	tcase_add_loop_test(tc, completion_knows_the_table, 0,
	    (int)nitems(completions));
	tcase_add_test(tc, numbers_are_bounded);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
