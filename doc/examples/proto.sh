# SPDX-License-Identifier: ISC
# Sets root: the folder that has proto/bgp.proto below it, in the source tree
# or where the suite is installed.  PROTO_ROOT names another one.
root=${PROTO_ROOT:-}
for dir in "$here/../../.." "$here/../../../../bgpgg"; do
	[ -n "$root" ] || [ ! -f "$dir/proto/bgp.proto" ] || root=$dir
done
[ -n "$root" ] || { echo "proto/bgp.proto not found: set PROTO_ROOT" >&2; exit 1; }
