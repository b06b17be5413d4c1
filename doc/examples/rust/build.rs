// SPDX-License-Identifier: ISC

// Generate the stubs from the source tree, from where the suite is
// installed, or from PROTO_ROOT.
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let root = std::env::var("PROTO_ROOT")
        .map(PathBuf::from)
        .into_iter()
        .chain([here.join("../../.."), here.join("../../../../bgpgg")])
        .find(|dir| dir.join("proto/bgp.proto").exists())
        .ok_or("proto/bgp.proto not found: set PROTO_ROOT")?;
    tonic_build::configure()
        .build_server(false)
        .protoc_arg("--experimental_allow_proto3_optional")
        .compile(&[root.join("proto/bgp.proto")], &[root])?;
    Ok(())
}
