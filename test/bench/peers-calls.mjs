// The same call by each client, in one process and in interleaved rounds, so that whatever the machine does meanwhile it does
// to all. node peers-calls.mjs <port> <folder that has the peers installed> [rounds] [calls]; prints one line of JSON.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

const [port, folder, rounds = '15', calls = '150'] = process.argv.slice(2);
const origin = `http://127.0.0.1:${port}`;
const baseUrl = `${origin}/api/v4`;
const url = `${baseUrl}/user`;
const credentials = { id: '7e57'.padEnd(24, '0'), secret: '7e57'.padEnd(72, 'a') };
const authorization = `Basic ${btoa(`${credentials.id}:${credentials.secret}`)}`;

const require = createRequire(join(folder, 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);

const { BlazeMeterClient } = await import('blazemeter-client');
const { default: ky } = await import('ky');
const z = await import('zod/mini');
const { default: got } = await load('got');
const { default: axios } = await load('axios');
const { request } = await load('@octokit/request');
const { default: OpenAI } = await load('openai');
const { default: Stripe } = await load('stripe');

/** What a program that uses ky and zod by itself would write: the envelope, and every field of a user. */
const optional = (schema) => z.catch(z._default(z.nullable(schema), null), null);
const date = z.pipe(
  z.number(),
  z.transform((seconds) => new Date(seconds * 1000)),
);
const userEnvelope = z.object({
  result: z.object({
    id: z.number(),
    email: optional(z.string()),
    displayName: optional(z.string()),
    firstName: optional(z.string()),
    lastName: optional(z.string()),
    enabled: optional(z.boolean()),
    created: optional(date),
    updated: optional(date),
    defaultProject: optional(
      z.object({
        id: z.number(),
        name: optional(z.string()),
        accountId: optional(z.number()),
        accountName: optional(z.string()),
        workspaceId: optional(z.number()),
      }),
    ),
  }),
});

const ours = new BlazeMeterClient({ credentials, baseUrl, logLevel: 'off' });
const openai = new OpenAI({ apiKey: 'none', baseURL: baseUrl, logLevel: 'off' });
const stripe = new Stripe('none', {
  host: '127.0.0.1',
  port: Number(port),
  protocol: 'http',
  telemetry: false,
  httpClient: Stripe.createFetchHttpClient(),
});
const octokit = request.defaults({ baseUrl, headers: { authorization } });
const headers = { authorization };

const clients = {
  'bare fetch': async () => (await fetch(url, { headers })).json(),
  ky: () => ky.get(url, { headers }).json(),
  'ky + zod/mini': async () => userEnvelope.parse(await ky.get(url, { headers }).json()).result,
  'blazemeter-client': () => ours.user.get(),
  got: () => got(url, { headers }).json(),
  'axios (fetch)': async () => (await axios.get(url, { headers, adapter: 'fetch' })).data,
  'axios (http)': async () => (await axios.get(url, { headers })).data,
  '@octokit/request': () => octokit('GET /user'),
  openai: () => openai.get('/user', { headers }),
  'stripe (fetch)': () => stripe.rawRequest('GET', '/api/v4/user'),
};

const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const names = Object.keys(clients);
const one = Object.fromEntries(names.map((name) => [name, []]));
const many = Object.fromEntries(names.map((name) => [name, []]));
for (const name of names) for (let n = 0; n < 200; n++) await clients[name]();
for (let round = 0; round < Number(rounds); round++) {
  // Another order each time: whoever comes first does not always come first.
  const order = names.map((_, at) => names[(at + round) % names.length]);
  for (const name of order) {
    const times = [];
    for (let n = 0; n < Number(calls); n++) {
      const begin = performance.now();
      await clients[name]();
      times.push(performance.now() - begin);
    }
    one[name].push(middle(times));
  }
  for (const name of order) {
    let left = Number(calls) * 2;
    const begin = performance.now();
    const work = async () => {
      while (left-- > 0) await clients[name]();
    };
    await Promise.all(Array.from({ length: 50 }, work));
    many[name].push((Number(calls) * 2 * 1000) / (performance.now() - begin));
  }
}
/** One median divided by the other, so that a reader can check it in the table. */
const ratio = (rows, name, other) => middle(rows[name]) / middle(rows[other]);
console.log(
  JSON.stringify(
    names.map((name) => ({
      name,
      ms: middle(one[name]),
      toFetch: ratio(one, name, 'bare fetch'),
      toKyZod: ratio(one, name, 'ky + zod/mini'),
      perSecond: middle(many[name]),
      throughputToKyZod: ratio(many, name, 'ky + zod/mini'),
    })),
  ),
);
process.exit();
