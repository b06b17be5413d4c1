# SPDX-License-Identifier: ISC
#
# awk -f layers.awk FILE...: the rules about #include lines.
#  - a process directory includes its own headers and common/; apid and
#    bgpctl also the generated proto/ headers;
#  - a file of common/ includes from its own row or below, and only the top
#    row a libevent header;
#  - headers are named by path from the root.
# Prints each breach; exit status 1 if there is one.

BEGIN {
	row(0, "be bgp compat cursor err hash idmap log mono slab utf8 xmalloc")
	row(1, "addr afi nlri")
	row(2, "as_pattern aspath bgp_attr bgp_msg bgp_nlri bgp_open bgp_update bmp")
	row(2, "community")
	row(3, "conf conf_policy policy_text")
	row(4, "msg msg_call msg_conduit msg_conf msg_metrics msg_peer msg_policy")
	row(4, "msg_query msg_route")
	row(5, "chan loop proc sandbox")
}

function row(n, names,    a, i, c) {
	c = split(names, a, " ")
	for (i = 1; i <= c; i++)
		level[a[i]] = n
}

function base(path) {
	sub(/.*\//, "", path)
	sub(/\.[ch]$/, "", path)
	return path
}

function breach(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text
	bad = 1
}

/^#[ \t]*include[ \t]*</ {
	if ($0 ~ /<event2?[\/.]/ || $0 ~ /<event\.h>/) {
		split(FILENAME, part, "/")
		if (part[1] == "common" && level[base(FILENAME)] < 5)
			breach("libevent below the process row")
	}
	if ($0 ~ /<(grpc|protobuf-c)\// && FILENAME !~ /^(apid|bgpctl)\//)
		breach("gRPC and protobuf belong to apid and bgpctl")
}

/^#[ \t]*include[ \t]*"/ {
	split($0, quoted, "\"")
	inc = quoted[2]
	split(FILENAME, part, "/")
	own = part[1]
	if (inc !~ /\//) {
		breach("\"" inc "\" is not a path from the root")
		next
	}
	split(inc, target, "/")
	to = target[1]
	if (to == own) {
		if (own != "common")
			next
		mine = base(FILENAME)
		if (!(mine in level)) {
			breach(mine " has no row, see layers.awk")
			next
		}
		if (level[base(inc)] > level[mine])
			breach("\"" inc "\" is of a row above " mine)
		next
	}
	if (own == "common") {
		breach("common/ includes \"" inc "\"")
		next
	}
	if (to == "common")
		next
	if (to == "proto" && (own == "apid" || own == "bgpctl"))
		next
	breach(own "/ includes \"" inc "\"")
}

END { exit bad }
