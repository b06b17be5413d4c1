/* SPDX-License-Identifier: ISC */
/*
 * bgpctl: the command line of the suite.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpctl/ctl.h"
#include "bgpctl/security.h"
#include "bgpctl/trial.h"
#include "common/log.h"

static void
usage(FILE *to)
{
	fprintf(to,
	    "usage: bgpctl [-hjPV] [-s endpoint] [-C ca] [-c certificate] "
	    "[-k key]\n              [-n name] [-t tokenfile] command ...\n"
	    "       bgpctl [-j] -f file command ...\n"
	    "commands (words may be shortened):\n");
	cmd_help(to, ctl_commands, ctl_n_commands, 0, NULL);
}

/* The command against the daemon at ctl->endpoint. */
static int
run(struct ctl *ctl, const struct cmd_args *args,
    const struct security_files *files)
{
	struct security security;
	const char *why;
	char text[256];
	int status;

	if (security_load(&security, files, ctl->endpoint, text,
		sizeof(text)) == -1) {
		fprintf(stderr, "bgpctl: %s\n", text);
		return CTL_USAGE;
	}
	ctl->color = !ctl->json_out && isatty(STDOUT_FILENO) &&
	    getenv("NO_COLOR") == NULL &&
	    (getenv("TERM") == NULL || strcmp(getenv("TERM"), "dumb") != 0);
	json_init(&ctl->json, ctl->out);
	ctl->client = client_open(ctl->endpoint, &security, &why);
	if (ctl->client == NULL) {
		fprintf(stderr, "bgpctl: %s: %s\n", ctl->endpoint, why);
		security_fini(&security);
		return CTL_NO_DAEMON;
	}
	status = args->cmd->run(ctl, args);
	client_close(ctl->client);
	security_fini(&security);
	if (fflush(stdout) == EOF && status == CTL_DONE) {
		perror("bgpctl: standard output");
		return CTL_REFUSED;
	}
	return status;
}

/* The command against a daemon that only holds a file. */
static int
run_on_file(struct ctl *ctl, const struct cmd_args *args, const char *file)
{
	const struct security_files none = { .plain_token = false };
	struct trial trial;
	char why[256];
	int status = CTL_REFUSED;

	if (trial_start(&trial, file, why, sizeof(why)) == -1) {
		fprintf(stderr, "bgpctl: %s: %s\n", file, why);
	} else {
		ctl->endpoint = trial.endpoint;
		status = run(ctl, args, &none);
	}
	trial_end(&trial);
	return status;
}

int
main(int argc, char **argv)
{
	struct ctl ctl = {
		.out = stdout,
		.err = stderr,
	};
	struct security_files files = { .plain_token = false };
	const char *const *words;
	struct cmd_args args;
	const char *file = NULL;
	char text[256];
	int ch;

	log_init("bgpctl", false); /* what is said out of memory */
	/* "+": what begins with a dash after the command is the command's */
	while ((ch = getopt(argc, argv, "+C:c:f:hjk:n:Ps:t:V")) != -1) {
		switch (ch) {
		case 'C':
			files.ca = optarg;
			break;
		case 'c':
			files.certificate = optarg;
			break;
		case 'f':
			file = optarg;
			break;
		case 'h':
			usage(stdout);
			return CTL_DONE;
		case 'j':
			ctl.json_out = true;
			break;
		case 'k':
			files.key = optarg;
			break;
		case 'n':
			files.server_name = optarg;
			break;
		case 'P':
			files.plain_token = true;
			break;
		case 's':
			ctl.endpoint = optarg;
			break;
		case 't':
			files.token = optarg;
			break;
		case 'V':
			printf("bgpctl %s\n", BGPGG_VERSION);
			return CTL_DONE;
		default:
			usage(stderr);
			return CTL_USAGE;
		}
	}
	argc -= optind;
	argv += optind;
	words = (const char *const *)(void *)argv;
	if (argc > 0 && strcmp(words[0], "help") == 0) {
		cmd_help(stdout, ctl_commands, ctl_n_commands, argc - 1,
		    words + 1);
		return CTL_DONE;
	}
	if (argc > 0 && strcmp(words[0], "complete") == 0) {
		cmd_complete(stdout, ctl_commands, ctl_n_commands, argc - 1,
		    words + 1);
		return CTL_DONE;
	}
	if (argc > 0 && cmd_is_question(words[argc - 1])) {
		cmd_next(stdout, ctl_commands, ctl_n_commands, argc, words);
		return CTL_DONE;
	}
	if (cmd_parse(ctl_commands, ctl_n_commands, argc, words, &args, text,
		sizeof(text)) == -1) {
		fprintf(stderr, "bgpctl: %s\n", text);
		if (argc == 0)
			usage(stderr);
		else
			cmd_help(stderr, ctl_commands, ctl_n_commands, 1,
			    words);
		return CTL_USAGE;
	}
	if (file != NULL) {
		if (ctl.endpoint != NULL) {
			fprintf(stderr,
			    "bgpctl: -f and -s exclude each "
			    "other\n");
			return CTL_USAGE;
		}
		return run_on_file(&ctl, &args, file);
	}
	security_environment(&files, &ctl.endpoint);
	if (ctl.endpoint == NULL)
		ctl.endpoint = "127.0.0.1:50051";
	return run(&ctl, &args, &files);
}
