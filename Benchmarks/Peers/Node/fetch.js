// SPDX-License-Identifier: Apache-2.0
'use strict';
// Node's own fetch. The authority of the certificate comes by NODE_EXTRA_CA_CERTS: fetch has no option for it.

const warmUp = 1000;
const [mode, url, ...rest] = process.argv.slice(2);
const option = (name, otherwise) => Number(rest.includes(name) ? rest[rest.indexOf(name) + 1] : otherwise);
const size = option('--size', 1024);
const count = option('--count', 10000);
const connections = option('--connections', 64);

const get = async () => {
  const reply = await fetch(url);
  const body = await reply.arrayBuffer();
  if (reply.status !== 200 || body.byteLength !== size) throw new Error('another answer was expected');
};
const work = async (begin, end, step) => { for (let i = begin; i < end; i += step) await get(); };
const modes = {
  sequential: (wanted) => work(0, wanted, 1),
  parallel: (wanted) => Promise.all(Array.from({ length: connections }, (_, worker) => work(worker, wanted, connections))),
};

const main = async () => {
  const run = modes[mode];
  if (!run) return console.log('{"unsupported":true}');
  await run(warmUp);
  const begun = process.hrtime.bigint();
  const cpuBegun = process.cpuUsage();
  await run(count);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const used = process.cpuUsage(cpuBegun);
  console.log(JSON.stringify({
    client: 'fetch', mode, size, messages: count, seconds, cpu_seconds: (used.user + used.system) / 1e6,
  }));
};

main().catch((error) => {
  console.error(error.cause ? `${error.message}: ${error.cause.message}` : error.message);
  process.exit(1);
});
