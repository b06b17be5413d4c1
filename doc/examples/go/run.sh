#!/bin/sh
# SPDX-License-Identifier: ISC
# Generate the stubs into a workspace, build the example there with Debian's
# Go packages, and run it.  GOCACHE keeps what was compiled.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../proto.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/src/example"
protoc -I "$root" --go_out="$work/src" --go-grpc_out="$work/src" \
    proto/bgp.proto proto/bgpgg/v1/route.proto
cp "$here/main.go" "$work/src/example"
GO111MODULE=off GOPATH=$work:/usr/share/gocode \
    GOCACHE=${GOCACHE:-$work/cache} go build -o "$work/run" example
"$work/run" "$@"
