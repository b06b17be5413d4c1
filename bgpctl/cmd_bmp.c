/* SPDX-License-Identifier: ISC */
/*
 * BMP servers.
 */
#include "bgpctl/ctl.h"

#include <stdlib.h>
#include "common/xmalloc.h"
#include "proto/optional.h"

const struct cmd_opt ctl_bmp_add_opts[] = {
	{ "statistics", "SECONDS", "send statistics that often" },
	{ NULL, NULL, NULL },
};

int
ctl_show_bmp(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__ListBmpServersRequest m;
	Bgp__ListBmpServersResponse *reply;
	size_t i;
	int status;

	bgp__list_bmp_servers_request__init(&m);
	(void)args;
	reply = (void *)ctl_call(ctl, "ListBmpServers", &m.base,
	    &bgp__list_bmp_servers_response__descriptor, &status);
	if (reply == NULL)
		return status;
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_array(&ctl->json, "addresses");
		for (i = 0; i < reply->n_addresses; i++)
			json_string(&ctl->json, NULL, reply->addresses[i]);
		json_array_end(&ctl->json);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
	} else
		for (i = 0; i < reply->n_addresses; i++)
			fprintf(ctl->out, "%s\n", reply->addresses[i]);
	protobuf_c_message_free_unpacked(&reply->base, NULL);
	return CTL_DONE;
}

int
ctl_bmp_add(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__AddBmpServerRequest m;
	const char *secs = cmd_value(args, "statistics");
	char *address = xstrdup(args->values[0]);
	uint64_t v;
	int status;

	bgp__add_bmp_server_request__init(&m);
	m.address = address;
	if (secs != NULL) {
		if (!ctl_number(secs, UINT32_MAX, &v)) {
			free(address);
			return ctl_usage(ctl,
			    "statistics: \"%s\" is no number "
			    "of seconds",
			    secs);
		}
		m._statistics_timeout_case =
		    PB_CASE(ADD_BMP_SERVER_REQUEST, STATISTICS_TIMEOUT);
		m.statistics_timeout = v;
	}
	status = ctl_act(ctl, "AddBmpServer", &m.base,
	    &bgp__add_bmp_server_response__descriptor);
	free(address);
	return status;
}

int
ctl_bmp_delete(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__RemoveBmpServerRequest m;
	char *address = xstrdup(args->values[0]);
	int status;

	bgp__remove_bmp_server_request__init(&m);
	m.address = address;
	status = ctl_act(ctl, "RemoveBmpServer", &m.base,
	    &bgp__remove_bmp_server_response__descriptor);
	free(address);
	return status;
}
