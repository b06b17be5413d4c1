/* SPDX-License-Identifier: ISC */
/* What a taken-over parser might send to the privileged process. */
#include "bgpd/loader.h"
#include "regress/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct loaded l;

	if (loaded_get(data, len, &l) == 0) {
		FUZZ_HOLDS((l.conf == NULL) == (l.diags.errors != 0));
		loaded_fini(&l);
	}
	return 0;
}
