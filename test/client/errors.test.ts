// No error of ky and no Request ever leaves the client: they hold what was sent.

import { inspect } from 'node:util';
import { BlazeMeterClient, CredentialsError } from 'blazemeter-client';
import { HTTPError, TimeoutError } from 'ky';
import { describe, expect, it } from 'vitest';
import { namedCalls } from '../support/calls.ts';
import {
  broken,
  clientOf,
  failed,
  json,
  rejection,
  result,
  type Step,
  silent,
  stalled,
} from '../support/client.ts';

/** Everything that can be reached from a value by properties of any kind, hidden ones and causes included. */
function reachable(root: unknown): Set<object> {
  const seen = new Set<object>();
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key);
      waiting.push(descriptor !== undefined && 'value' in descriptor ? descriptor.value : undefined);
    }
  }
  return seen;
}

const steps: readonly (readonly [string, Step])[] = [
  ['a 400', failed(400)],
  ['a 401', failed(401)],
  ['a 404', failed(404)],
  ['a 429', failed(429, { 'retry-after': '3600' })],
  ['a 500', failed(500)],
  ['a redirect', json({}, 302, { location: 'https://elsewhere.example.com' })],
  ['a page', async () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
  ['another shape', result({ id: [] })],
  ['a broken connection', broken('ECONNRESET')],
  ['a refused connection', broken('ECONNREFUSED')],
  ['a fetch that throws no Error', () => Promise.reject('no')],
  ['a fetch that returns nothing', async () => Object(undefined)],
  ['silence', silent],
  ['a stalled body', stalled],
];
const tried: readonly (readonly [string, (client: BlazeMeterClient) => Promise<unknown>])[] = [
  ...namedCalls,
  ['request', (client) => client.request({ method: 'PUT', path: '/tests', json: { a: 1 } })],
];

describe.each(steps)('after %s', (_, step) => {
  it.each(tried)(
    'the error of %s holds no error of ky, no Request and no credentials',
    async (_name, call) => {
      const { client } = clientOf([step], { timeout: 30, maxRetries: 0 });
      const error = await call(client).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      // A raw request takes any JSON, and a delete takes no result.
      if (error === undefined) return;
      for (const found of reachable(error)) {
        expect(found).not.toBeInstanceOf(HTTPError);
        expect(found).not.toBeInstanceOf(TimeoutError);
        expect(found).not.toBeInstanceOf(Request);
        expect(found).not.toBeInstanceOf(Response);
        expect(found).not.toBeInstanceOf(Headers);
      }
      const shown = inspect(error, { depth: 20, showHidden: true, getters: true });
      expect(shown).not.toMatch(/HTTPError|Request \{|Response \{|Basic |authorization|prefixUrl/);
    },
  );
});

it('a fetch that rejects with an error of ky does not get it out either', async () => {
  const request = new Request('https://a.blazemeter.com/', { headers: { authorization: 'Basic c2VjcmV0' } });
  const theirs = new TimeoutError(request);
  const { client } = clientOf([() => Promise.reject(theirs)], { maxRetries: 0 });
  const error = await rejection(client.user.get());
  expect([...reachable(error)].filter((found) => found instanceof Request || found === theirs)).toEqual([]);
});

it.each([
  ['in its message', (header: string) => new CredentialsError(`refused ${header}`)],
  ['in its cause', (header: string) => new CredentialsError('refused', { cause: new Error(header) })],
])(
  "an error of this package by the caller's fetch is not passed on with the signature %s",
  async (_, make) => {
    const client = new BlazeMeterClient({
      credentials: 'my-key-id:correct-horse-battery-staple',
      logLevel: 'off',
      maxRetries: 0,
      fetch: (_url, { headers }) => Promise.reject(make(headers.authorization ?? '')),
    });
    const error: unknown = await client.user.get().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'connection_failed', mayHaveBeenSent: true });
    const signature = Buffer.from('my-key-id:correct-horse-battery-staple').toString('base64');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(signature.slice(0, 12));
  },
);
