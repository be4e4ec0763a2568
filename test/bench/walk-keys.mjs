// A hundred thousand keys by `for await`: the time, and the memory over that of the start. Run with --expose-gc.

import { performance } from 'node:perf_hooks';
import { BlazeMeterClient } from 'blazemeter-client';

const KEYS = 100_000;
const credentials = { id: '7e57'.padEnd(24, '0'), secret: '7e57'.padEnd(72, 'a') };

/** One page at a time, made when it is asked for: a server with this many keys would itself weigh more. */
async function fetchPage(url) {
  const query = new URL(url).searchParams;
  const skip = Number(query.get('skip') ?? 0);
  const limit = Number(query.get('limit') ?? 100);
  const result = Array.from({ length: Math.max(0, Math.min(limit, KEYS - skip)) }, (_, at) => ({
    id: (skip + at).toString(16).padStart(24, '0'),
    name: `key ${skip + at}`,
    userId: 1,
    created: 1_700_000_000,
    updated: 1_700_000_000,
    expiration: 1_900_000_000,
    lastUsed: null,
  }));
  const body = { api_version: 4, error: null, result, request_id: 'r', limit, skip, total: KEYS };
  return new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
}

const client = new BlazeMeterClient({ credentials, fetch: fetchPage, logLevel: 'off' });
const resting = () => {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
};
for await (const _ of client.apiKeys.list({ limit: 100 })) break;
const before = resting();
let highest = before;
let seen = 0;
const begin = performance.now();
let measuring = 0;
for await (const _ of client.apiKeys.list({ limit: 1_000 })) {
  seen += 1;
  if (seen % 10_000 === 0) {
    const at = performance.now();
    highest = Math.max(highest, resting());
    measuring += performance.now() - at;
  }
}
console.log(
  JSON.stringify({
    seen,
    ms: performance.now() - begin - measuring,
    overStart: (highest - before) / 2 ** 20,
  }),
);
