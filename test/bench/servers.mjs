// What runs in processes of its own: servers to be measured, and a start from nothing.
// node servers.mjs reference | constant <bytes> | user | listening

import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';

const [what, size] = process.argv.slice(2);

/** The body of a server that returns a constant: so many bytes, or a user as the service returns it. */
async function bodyOf() {
  if (what === 'constant') return Buffer.alloc(Number(size), 'x');
  const { createReference } = await import('blazemeter-client/testing');
  const reference = createReference();
  const { owner } = reference.seed().keys;
  const authorization = `Basic ${Buffer.from(`${owner.id}:${owner.secret}`).toString('base64')}`;
  const response = await reference.fetch('https://a.blazemeter.com/api/v4/user', {
    headers: { authorization },
  });
  return Buffer.from(await response.arrayBuffer());
}

if (what === 'constant' || what === 'user') {
  const body = await bodyOf();
  const server = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    response.end(body);
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
} else {
  const { createReference, listen } = await import('blazemeter-client/testing');
  const begin = performance.now();
  const reference = createReference();
  const created = performance.now() - begin;
  const { port } = await listen(reference);
  const listening = performance.now() - begin;
  console.log(JSON.stringify({ port, keys: reference.seed().keys, created, listening }));
  if (what === 'listening') process.exit();
}
