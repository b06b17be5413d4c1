// SPDX-License-Identifier: ISC

// A client of bgpgg in JavaScript, on @grpc/grpc-js and @grpc/proto-loader,
// which read the .proto file when the program starts.
'use strict';

const fs = require('fs');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const peer = '192.168.1.2:17900';
const endpoint = process.argv[2] || '127.0.0.1:50051';

// In the source tree, or where the suite is installed.
const root = [process.env.PROTO_ROOT, path.join(__dirname, '../../..'),
  path.join(__dirname, '../../../../bgpgg')]
  .find((dir) => dir && fs.existsSync(path.join(dir, 'proto/bgp.proto')));
const definition = loader.loadSync('proto/bgp.proto',
  {
    includeDirs: [root],
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
  });
const { bgp } = grpc.loadPackageDefinition(definition);
const client = new bgp.BgpService(endpoint, grpc.credentials.createInsecure());

// A unary call as a promise.
const call = (method, request) => new Promise((resolve, reject) => {
  client[method](request, (err, answer) => (err ? reject(err)
    : resolve(answer)));
});

// Everything that a server stream sends.
const collect = async (stream) => {
  const all = [];
  for await (const item of stream) all.push(item);
  return all;
};

async function main() {
  const info = await call('GetServerInfo', {});
  console.log(`AS ${info.asn}, ${info.num_routes} routes`);

  // A peer.  An answer means that it is part of the running configuration.
  const added = await call('AddPeer', {
    address: peer,
    config: {
      passive_mode: true,
      max_prefix: { limit: 10000, action: 'TERMINATE' },
    },
  });
  console.log(added.message);
  for (const p of await collect(client.ListPeersStream({}))) {
    console.log(`peer ${p.address}: ${p.state}`);
  }

  // A refusal is a status whose text names the member and the reason.
  try {
    await call('AddPeer', { address: peer });
  } catch (e) {
    console.log(`refused: ${grpc.status[e.code]}`);
  }

  // One route, then many by stream.
  await call('AddRoute', {
    prefix: '10.0.0.0/24',
    next_hop: '192.168.1.1',
    origin: 'IGP',
    local_pref: 200,
    communities: [65001 * 65536 + 100],
  });
  const sum = await new Promise((resolve, reject) => {
    const stream = client.AddRouteStream((err, answer) => (err ? reject(err)
      : resolve(answer)));
    for (let i = 1; i < 1000; i++) {
      stream.write({
        prefix: `10.${Math.floor(i / 256)}.${i % 256}.0/24`,
        next_hop: '192.168.1.1',
      });
    }
    stream.end();
  });
  console.log(`added ${sum.count} routes`);

  const routes = await collect(client.ListRoutesStream({ rib_type: 'GLOBAL' }));
  const best = routes[0].paths[0];
  console.log(`${routes.length} routes, first ${routes[0].prefix} `
    + `via ${best.next_hop} local-pref ${best.local_pref}`);

  for (const route of routes) {
    await call('RemoveRoute', { prefix: route.prefix });
  }
  await call('RemovePeer', { address: peer });
  client.close();
}

main().catch((e) => {
  console.error(e.message);
  process.exit(1);
});
