// SPDX-License-Identifier: Apache-2.0
'use strict';
const fs = require('fs');
const WebSocket = require('ws');

const [mode, url, ...rest] = process.argv.slice(2);
const option = (name, otherwise) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : otherwise);
const size = Number(option('--size', 128));
const count = Number(option('--count', 100000));
const connections = Number(option('--connections', 1000));
const ca = option('--ca') && fs.readFileSync(option('--ca'));

if (!['receive', 'send', 'echo', 'idle'].includes(mode)) {
  console.log('{"unsupported":true}');
  process.exit(0);
}

const report = (values) => console.log(JSON.stringify({ client: 'node-ws', mode, size, ...values }));
const cpuSince = (begun) => { const used = process.cpuUsage(begun); return (used.user + used.system) / 1e6; };
const connect = () => new WebSocket(url, {
  perMessageDeflate: url.includes('deflate=1'),
  skipUTF8Validation: true,
  maxPayload: 64 << 20,
  ca,
}).on('error', (error) => { console.error(error.message); process.exit(1); });
let messages = 0;
let begun = 0n;
let cpuBegun;

// Opens connections that stay idle, a hundred at a time.
const openIdle = async (wanted) => {
  const sockets = [];
  const openOne = async () => {
    while (sockets.length < wanted) {
      const socket = connect();
      sockets.push(socket);
      await new Promise((opened) => socket.on('open', opened));
    }
  };
  await Promise.all(Array.from({ length: Math.min(wanted, 100) }, openOne));
  return sockets;
};

const idle = async () => {
  const resident = () => process.memoryUsage.rss() / 1024;
  await openIdle(10); // what the first ones alone need
  const before = resident();
  begun = process.hrtime.bigint();
  await openIdle(connections);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  await new Promise((passed) => setTimeout(passed, 2000));
  report({ connections, seconds, kib_each: (resident() - before) / connections });
  process.exit(0);
};

const socket = mode === 'idle' ? null : connect();
if (mode === 'idle') {
  idle();
} else if (mode === 'receive') {
  socket.on('message', () => {
    if (messages++ === 0) { begun = process.hrtime.bigint(); cpuBegun = process.cpuUsage(); }
  });
  socket.on('close', () => report({
    messages, seconds: Number(process.hrtime.bigint() - begun) / 1e9, cpu_seconds: cpuSince(cpuBegun),
  }));
} else if (mode === 'echo') {
  const payload = Buffer.alloc(64, 1);
  const times = [];
  const ask = () => { begun = process.hrtime.bigint(); socket.send(payload); };
  socket.on('open', ask);
  socket.on('message', () => {
    times.push(Number(process.hrtime.bigint() - begun) / 1e3);
    if (times.length < count + 1000) return ask();
    const kept = times.slice(1000).sort((a, b) => a - b);
    const at = (part) => kept[Math.floor(kept.length * part)];
    report({ messages: kept.length, p50: at(0.5), p99: at(0.99), p999: at(0.999) });
    socket.close();
  });
} else {
  const payload = Buffer.alloc(size, 1);
  let sent = 0;
  // Until 1 MiB waits, then when that has gone; corked, so that small messages share a write.
  const send = () => {
    socket._socket.cork();
    while (sent < count && socket.bufferedAmount < 1 << 20) { socket.send(payload); sent++; }
    if (sent === count) { socket.send('end'); sent++; }
    process.nextTick(() => socket._socket.uncork());
    if (sent < count) setImmediate(send);
  };
  socket.on('open', () => { cpuBegun = process.cpuUsage(); send(); });
  socket.on('message', (answer) => {
    report({ messages: count, seconds: Number(answer.toString().split(' ')[2]), cpu_seconds: cpuSince(cpuBegun) });
    socket.close();
  });
}
