#!/bin/sh
# SPDX-License-Identifier: ISC
# Generate the stubs beside the example and run it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../proto.sh"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
protoc -I "$root" --python_out="$out" --grpc_python_out="$out" \
    --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" \
    proto/bgp.proto proto/bgpgg/v1/route.proto
PYTHONPATH=$out /usr/bin/python3 "$here/example.py" "$@"
