// Hostile requests to blazemeter-reference over its socket: it stays alive, and no response is a 5xx. After a build:
// node test/soak/hostile.mjs [--requests 100000] [--seed 1] [--node /path/to/node, repeatable]
// Each connection sends up to six requests at once, whole, cut off or malformed; the same ones for the same seed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    node: { type: 'string', multiple: true, default: [process.execPath] },
  },
});
const CONNECTIONS = 16;
const command = fileURLToPath(new URL('../../dist/cli/reference.js', import.meta.url));

/** Mulberry32: numbers from 0 to below 1, the same for the same seed. */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ODD = [
  '__proto__',
  'constructor',
  '..',
  '%',
  '%00',
  '%2e%2e',
  '%ff%fe',
  '*',
  '\u00e9',
  ';/x',
  'a'.repeat(3000),
  '',
];
const METHODS = [
  'GET',
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PROPFIND',
  'get',
  'G\u0001T',
];
const PARTS = [
  'user',
  'accounts',
  'api-keys',
  'workspaces',
  'projects',
  'web',
  'version',
  'users',
  'regenerate',
  '1',
];
const KNOWN = ['/api/v4/user', '/api/v4/accounts', '/api/v4/api-keys', '/api/v4/web/version', '/'];
const HEADERS = [
  ['__proto__', 'x'],
  ['constructor', 'x'],
  ['Trailer', 'x'],
  ['Expect', '100-continue'],
  ['Expect', 'x'],
  ['Connection', 'upgrade'],
  ['Upgrade', 'websocket'],
  ['Content-Length', '5'],
  ['Content-Length', '-1'],
  ['Transfer-Encoding', 'chunked'],
  ['Transfer-Encoding', 'gzip, x'],
  ['Authorization', 'Basic \u00ff'],
  ['Authorization', `Basic ${'A'.repeat(6000)}`],
  ['Range', 'bytes=0-'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['Accept-Encoding', 'x, *;q=0'],
  ['X', '\u001b[2J::error::##vso[x]'],
];
const BODIES = [
  '',
  '{}',
  'null',
  '[',
  '{"__proto__":{"name":"x"}}',
  '{"name":"a","expiration":1e999}',
  '[]',
  '\ufeff{}',
];

function request(pick, random, authorization) {
  const known = random() < 0.5;
  const path = known
    ? [pick(KNOWN)]
    : [
        '/api/v4',
        ...Array.from({ length: Math.floor(random() * 4) }, () => pick(random() < 0.7 ? PARTS : ODD)),
      ];
  const query =
    random() < 0.4
      ? `?${pick(['limit', 'skip', 'sort[]', 'name', ...ODD])}=${pick(['1', '-1', 'NaN', ...ODD])}`
      : '';
  const headers = [['Host', 'x'], ...(random() < 0.5 ? [['Authorization', authorization]] : [])];
  for (let more = known ? Math.floor(random() * 1.2) : Math.floor(random() * 3); more > 0; more--)
    headers.push(pick(HEADERS));
  const body = pick(BODIES);
  const framed = known || random() < 0.85;
  if (framed) headers.push(['Content-Length', String(Buffer.byteLength(body, 'latin1'))]);
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const whole = `${pick(known ? METHODS.slice(0, 6) : METHODS)} ${path.join('/')}${query} HTTP/1.1\r\n${head}\r\n${framed ? body : ''}`;
  return !known && random() < 0.05 ? whole.slice(0, Math.floor(random() * whole.length)) : whole;
}

/** Sends some bytes, and resolves with the statuses of what came back. */
function exchange(port, text) {
  return new Promise((done) => {
    let received = '';
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(2_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () =>
      done([...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status)),
    );
    socket.end(text, 'latin1');
  });
}

async function play(node) {
  const child = spawn(node, [command, '--port', '0', '--json', '--quiet', '--print-credentials'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-2_000);
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const started = JSON.parse(line);
  const [key] = Object.values(started.made.keys);
  const authorization = `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}`;
  const { port } = new URL(started.url);
  const random = randomOf(Number(values.seed));
  const pick = (list) => list[Math.floor(random() * list.length)];
  const statuses = {};
  let left = Number(values.requests);
  const begun = performance.now();
  const worker = async () => {
    while (left > 0 && child.exitCode === null) {
      const count = Math.min(left, 1 + Math.floor(random() * 6));
      left -= count;
      const text = Array.from({ length: count }, () => request(pick, random, authorization)).join('');
      for (const status of await exchange(port, text)) statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const seconds = Math.round((performance.now() - begun) / 1000);
  const alive = (
    await exchange(port, 'GET /api/v4/web/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  ).join();
  child.kill();
  const wrong = Object.keys(statuses).filter((status) => status >= '500' && status !== '501');
  const good = alive === '200' && wrong.length === 0;
  console.log(JSON.stringify({ node, requests: Number(values.requests), seconds, statuses, alive, good }));
  if (!good) console.log(errors);
  return good;
}

let good = true;
for (const node of values.node) good = (await play(node)) && good;
process.exit(good ? 0 : 1);
