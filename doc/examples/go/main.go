// SPDX-License-Identifier: ISC

// A client of bgpgg in Go; see run.sh.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "github.com/bgpgg-org/bgpgg/proto"
	bulkpb "github.com/bgpgg-org/bgpgg/proto/bgpgg/v1"
)

const (
	peer  = "192.168.1.2:17900"
	batch = 256 // routes of a message of bgpgg.v1
)

// The gRPC of Debian 12 is older than its protobuf: it is told to use the
// new one.  With current modules this type and its option are not needed.
type codec struct{}

func (codec) Marshal(v interface{}) ([]byte, error) {
	return proto.Marshal(v.(proto.Message))
}
func (codec) Unmarshal(data []byte, v interface{}) error {
	return proto.Unmarshal(data, v.(proto.Message))
}
func (codec) Name() string { return "proto" }

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func main() {
	endpoint := "127.0.0.1:50051"
	if len(os.Args) > 1 {
		endpoint = os.Args[1]
	}
	ctx := context.Background()
	conn, err := grpc.Dial(endpoint, grpc.WithInsecure(),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(codec{})))
	must(err)
	defer conn.Close()
	client := pb.NewBgpServiceClient(conn)

	info, err := client.GetServerInfo(ctx, &pb.GetServerInfoRequest{})
	must(err)
	fmt.Printf("AS %d, %d routes\n", info.Asn, info.NumRoutes)

	// A peer.  An answer means that it is part of the running
	// configuration.
	added, err := client.AddPeer(ctx, &pb.AddPeerRequest{
		Address: peer,
		Config: &pb.SessionConfig{
			PassiveMode: proto.Bool(true),
			MaxPrefix: &pb.MaxPrefixSetting{
				Limit:  10000,
				Action: pb.MaxPrefixAction_TERMINATE,
			},
		},
	})
	must(err)
	fmt.Println(added.Message)
	peers, err := client.ListPeersStream(ctx, &pb.ListPeersRequest{})
	must(err)
	for {
		p, err := peers.Recv()
		if err == io.EOF {
			break
		}
		must(err)
		fmt.Printf("peer %s: %v\n", p.Address, p.State)
	}

	// A refusal is a status whose text names the member and the reason.
	_, err = client.AddPeer(ctx, &pb.AddPeerRequest{Address: peer})
	fmt.Printf("refused: %v\n", status.Code(err))

	// One route, then many by stream.
	_, err = client.AddRoute(ctx, &pb.AddRouteRequest{
		Prefix: "10.0.0.0/24", NextHop: "192.168.1.1",
		Origin: pb.Origin_IGP, LocalPref: proto.Uint32(200),
		Communities: []uint32{65001<<16 | 100},
	})
	must(err)
	stream, err := client.AddRouteStream(ctx)
	must(err)
	for i := 1; i < 1000; i++ {
		must(stream.Send(&pb.AddRouteRequest{
			Prefix:  fmt.Sprintf("10.%d.%d.0/24", i/256, i%256),
			NextHop: "192.168.1.1",
		}))
	}
	sum, err := stream.CloseAndRecv()
	must(err)
	fmt.Printf("added %d routes\n", sum.Count)

	list, err := client.ListRoutesStream(ctx, &pb.ListRoutesRequest{
		RibType: pb.RibType_GLOBAL.Enum(),
	})
	must(err)
	var routes []*pb.Route
	for {
		r, err := list.Recv()
		if err == io.EOF {
			break
		}
		must(err)
		routes = append(routes, r)
	}
	best := routes[0].Paths[0]
	fmt.Printf("%d routes, first %s via %s local-pref %d\n", len(routes),
		routes[0].Prefix, best.NextHop, best.GetLocalPref())

	for _, r := range routes {
		_, err = client.RemoveRoute(ctx,
			&pb.RemoveRouteRequest{Prefix: r.Prefix})
		must(err)
	}

	// Many routes in a message, both ways, through bgpgg.v1: several
	// times as fast.  What is wrong is left out and named in the answer.
	bulk := bulkpb.NewRouteServiceClient(conn)
	edit, err := bulk.EditRoutes(ctx)
	must(err)
	var more []*pb.AddRouteRequest
	for i := 0; i < 1000; i++ {
		prefix := fmt.Sprintf("20.%d.%d.0/24", i/256, i%256)
		if i == 700 {
			prefix = "20.0.0.0/99"
		}
		more = append(more, &pb.AddRouteRequest{
			Prefix: prefix, NextHop: "192.168.1.1",
		})
	}
	for len(more) > 0 {
		n := min(batch, len(more))
		must(edit.Send(&bulkpb.EditRoutesRequest{Add: more[:n]}))
		more = more[n:]
	}
	done, err := edit.CloseAndRecv()
	must(err)
	fmt.Printf("bulk: added %d routes, refused %d\n", done.Added,
		done.Refused)
	for _, f := range done.Faults {
		fmt.Printf("bulk: element %d: %s\n", f.Sequence, f.Message)
	}

	batches, err := bulk.ListRoutes(ctx, &pb.ListRoutesRequest{})
	must(err)
	var prefixes []string
	for {
		b, err := batches.Recv()
		if err == io.EOF {
			break
		}
		must(err)
		for _, r := range b.Routes {
			prefixes = append(prefixes, r.Prefix)
		}
	}
	fmt.Printf("bulk: %d routes, first %s\n", len(prefixes), prefixes[0])
	edit, err = bulk.EditRoutes(ctx)
	must(err)
	for len(prefixes) > 0 {
		n := min(batch, len(prefixes))
		must(edit.Send(&bulkpb.EditRoutesRequest{Remove: prefixes[:n]}))
		prefixes = prefixes[n:]
	}
	done, err = edit.CloseAndRecv()
	must(err)
	fmt.Printf("bulk: removed %d routes\n", done.Removed)

	_, err = client.RemovePeer(ctx, &pb.RemovePeerRequest{Address: peer})
	must(err)
}
