/* SPDX-License-Identifier: ISC */
/*
 * apid: serves the programming interface of the suite over gRPC.  Started
 * by bgpd alone.
 */
#include <stdlib.h>

#include "apid/apid.h"
#include "common/proc.h"

int
main(int argc, char **argv)
{
	apid_run(proc_child_init(PROC_APID, argc, argv, PROC_RAISE_FILES));
	return EXIT_SUCCESS;
}
