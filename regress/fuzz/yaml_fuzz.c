/* SPDX-License-Identifier: ISC */
/*
 * Configuration files: a model or errors, never both; what a file comes to
 * survives the way back from the parser, and being written and read again.
 */
#include "bgpd/conf_check.h"
#include "bgpd/conf_write.h"
#include "bgpd/loader.h"
#include "regress/fuzz/fuzz.h"

static void
write_again(const struct conf *c)
{
	struct wr first, second;
	struct diags d;
	struct conf *back;

	wr_init_grow(&first, 1 << 24);
	wr_init_grow(&second, 1 << 24);
	diags_init(&d);
	conf_write(&first, c);
	FUZZ_HOLDS(wr_ok(&first));
	back = conf_parse((const char *)first.base, wr_len(&first), &d, NULL);
	FUZZ_HOLDS(back != NULL);
	conf_write(&second, back);
	FUZZ_HOLDS(wr_len(&first) == wr_len(&second) &&
	    memcmp(first.base, second.base, wr_len(&first)) == 0);
	conf_free(back);
	diags_fini(&d);
	wr_free(&first);
	wr_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct loaded l, back;
	struct wr w;

	if (len > 65536)
		return 0;
	memset(&l, 0, sizeof(l));
	l.conf = conf_parse((const char *)data, len, &l.diags, l.fixed_at);
	FUZZ_HOLDS((l.conf == NULL) == (l.diags.errors != 0));
	wr_init_grow(&w, 1 << 24);
	loaded_put(&w, &l);
	FUZZ_HOLDS(wr_ok(&w));
	FUZZ_HOLDS(loaded_get(w.base, wr_len(&w), &back) == 0);
	FUZZ_HOLDS((back.conf == NULL) == (l.conf == NULL));
	FUZZ_HOLDS(back.diags.n == l.diags.n);
	if (l.conf != NULL)
		FUZZ_HOLDS(back.conf->n_peers == l.conf->n_peers &&
		    back.conf->n_networks == l.conf->n_networks);
	if (l.conf != NULL)
		write_again(l.conf);
	loaded_fini(&back);
	loaded_fini(&l);
	wr_free(&w);
	return 0;
}
