// SPDX-License-Identifier: ISC

//! A client of bgpgg in Rust, on tonic.  Not compiled yet; see ../../README.md.

use bgp::bgp_service_client::BgpServiceClient;
use bgp::{
    AddPeerRequest, AddRouteRequest, BgpState, GetServerInfoRequest, ListPeersRequest,
    ListRoutesRequest, MaxPrefixSetting, RemovePeerRequest, RemoveRouteRequest, RibType,
    SessionConfig,
};

pub mod bgp {
    tonic::include_proto!("bgp");
}

const PEER: &str = "192.168.1.2:17900";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:50051".to_string());
    let mut client = BgpServiceClient::connect(format!("http://{}", endpoint)).await?;

    let info = client
        .get_server_info(GetServerInfoRequest {})
        .await?
        .into_inner();
    println!("AS {}, {} routes", info.asn, info.num_routes);

    // A peer.  An answer means that it is part of the running configuration.
    let added = client
        .add_peer(AddPeerRequest {
            address: PEER.to_string(),
            config: Some(SessionConfig {
                passive_mode: Some(true),
                max_prefix: Some(MaxPrefixSetting {
                    limit: 10000,
                    action: 0, // TERMINATE
                }),
                ..Default::default()
            }),
        })
        .await?;
    println!("{}", added.get_ref().message);
    let mut peers = client
        .list_peers_stream(ListPeersRequest {})
        .await?
        .into_inner();
    while let Some(peer) = peers.message().await? {
        let state = BgpState::from_i32(peer.state).map_or("?", |s| s.as_str_name());
        println!("peer {}: {}", peer.address, state);
    }

    // A refusal is a status whose text names the member and the reason.
    let again = AddPeerRequest {
        address: PEER.to_string(),
        config: None,
    };
    if let Err(status) = client.add_peer(again).await {
        println!("refused: {:?}", status.code());
    }

    // One route, then many by stream.
    client
        .add_route(AddRouteRequest {
            prefix: "10.0.0.0/24".to_string(),
            next_hop: "192.168.1.1".to_string(),
            local_pref: Some(200),
            communities: vec![65001 << 16 | 100],
            ..Default::default()
        })
        .await?;
    let many = (1..1000).map(|i| AddRouteRequest {
        prefix: format!("10.{}.{}.0/24", i / 256, i % 256),
        next_hop: "192.168.1.1".to_string(),
        ..Default::default()
    });
    let sum = client.add_route_stream(tokio_stream::iter(many)).await?;
    println!("added {} routes", sum.get_ref().count);

    let mut list = client
        .list_routes_stream(ListRoutesRequest {
            rib_type: Some(RibType::Global as i32),
            ..Default::default()
        })
        .await?
        .into_inner();
    let mut routes = Vec::new();
    while let Some(route) = list.message().await? {
        routes.push(route);
    }
    let best = &routes[0].paths[0];
    println!(
        "{} routes, first {} via {} local-pref {}",
        routes.len(),
        routes[0].prefix,
        best.next_hop,
        best.local_pref.unwrap_or(0)
    );

    for route in routes {
        client
            .remove_route(RemoveRouteRequest {
                prefix: route.prefix,
            })
            .await?;
    }
    client
        .remove_peer(RemovePeerRequest {
            address: PEER.to_string(),
        })
        .await?;
    Ok(())
}
