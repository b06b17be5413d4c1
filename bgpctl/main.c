/* SPDX-License-Identifier: ISC */
/*
 * bgpctl: the command line of the suite.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bgpctl/ctl.h"
#include "bgpctl/security.h"

static void
usage(FILE *to)
{
	fprintf(to,
	    "usage: bgpctl [-hjV] [-s endpoint] [-C ca] [-c certificate] "
	    "[-k key]\n              [-t tokenfile] command ...\n"
	    "commands (words may be shortened):\n");
	cmd_help(to, ctl_commands, ctl_n_commands, 0, NULL);
}

int
main(int argc, char **argv)
{
	struct ctl ctl = {
		.endpoint = "127.0.0.1:50051",
		.out = stdout,
		.err = stderr,
	};
	struct security_files files = { NULL, NULL, NULL, NULL };
	struct security security;
	const char *const *words;
	struct cmd_args args;
	const char *why;
	char text[256];
	int ch, status;

	/* "+": what begins with a dash after the command is the command's */
	while ((ch = getopt(argc, argv, "+C:c:hjk:s:t:V")) != -1) {
		switch (ch) {
		case 'C':
			files.ca = optarg;
			break;
		case 'c':
			files.certificate = optarg;
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
	if (security_load(&security, &files, ctl.endpoint, text,
		sizeof(text)) == -1) {
		fprintf(stderr, "bgpctl: %s\n", text);
		return CTL_USAGE;
	}
	json_init(&ctl.json, ctl.out);
	ctl.client = client_open(ctl.endpoint, &security, &why);
	if (ctl.client == NULL) {
		fprintf(stderr, "bgpctl: %s: %s\n", ctl.endpoint, why);
		security_fini(&security);
		return CTL_NO_DAEMON;
	}
	status = args.cmd->run(&ctl, &args);
	client_close(ctl.client);
	security_fini(&security);
	if (fflush(stdout) == EOF && status == CTL_DONE) {
		perror("bgpctl: standard output");
		return CTL_REFUSED;
	}
	return status;
}
