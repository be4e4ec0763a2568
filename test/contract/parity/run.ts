// Runs one behaviour through one front end: a fresh reference and world, a client that is watched, and, at the end, the
// question whether all that passed was as docs/openapi.yaml says.
import assert from 'node:assert/strict';
import { BlazeMeterClient, type OperationOverrides } from 'blazemeter-client';
import type { Semantics } from 'blazemeter-client/testing';
import { type CheckedFetch, checkedFetch } from '../../support/checked-fetch.ts';
import { isRecord } from '../../support/openapi-document.ts';
import type { Behaviour, Context, HandMade, RawResponse } from './behaviour.ts';
import { type FrontEnd, type OpenFrontEnd, SERVICE } from './front-ends.ts';
import { type KeyCredentials, makeWorld, type World } from './world.ts';

const ASIDE = { logLevel: 'off', maxRetries: 0, timeout: 5_000, totalTimeout: 15_000 } as const;

const basic = ({ id, secret }: KeyCredentials) =>
  `Basic ${Buffer.from(`${id}:${secret}`, 'utf8').toString('base64')}`;

function sender(fetch: CheckedFetch, baseUrl: string, world: World) {
  return async (call: string, how: HandMade = {}): Promise<RawResponse> => {
    const { as = 'owner', json, body, headers } = how;
    const [method = '', path = ''] = call.split(' ');
    const credentials = typeof as === 'string' ? world.keys[as] : as;
    const text = json === undefined ? body : JSON.stringify(json);
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(credentials === null ? {} : { authorization: basic(credentials) }),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
    });
    return read(response.status, response.headers, await response.text());
  };
}

function read(status: number, headers: Headers, text: string): RawResponse {
  const parsed: unknown = text === '' ? {} : JSON.parse(text);
  const json = isRecord(parsed) ? parsed : {};
  const { result, error } = json;
  return {
    status,
    headers,
    text,
    json,
    result: isRecord(result) ? result : {},
    results: Array.isArray(result) ? result.filter(isRecord) : [],
    message: isRecord(error) ? String(error.message) : '',
  };
}

/** What is sent by hand may be wrong on purpose, but then it must be refused, and in the API's own form. */
function judgeByHand(fetch: CheckedFetch): void {
  for (const { method, path, status = 0, requestViolations, responseViolations } of fetch.exchanges) {
    const call = `${method} ${path} -> ${status}`;
    assert.deepEqual(responseViolations, [], `${call} is not as docs/openapi.yaml has it`);
    if (requestViolations.length > 0 && status < 400)
      assert.fail(`${call}: accepted, although ${requestViolations.join(', ')}`);
  }
}

/** Clients send only what the document allows; what comes back is as it says, or is found not to be. */
function judgeClients(fetch: CheckedFetch, deformed: boolean): void {
  const sent = fetch.exchanges.flatMap(({ requestViolations }) => requestViolations);
  assert.deepEqual(sent, [], 'a client sent what docs/openapi.yaml does not allow');
  if (!deformed) {
    fetch.assertClean();
    return;
  }
  const unread = fetch.exchanges.some(({ responseBody }) => responseBody === undefined);
  assert.ok(unread || fetch.violations().length > 0, 'a deformed response passed docs/openapi.yaml');
}

function contextOf(world: World, open: OpenFrontEnd, clients: CheckedFetch, byHand: CheckedFetch): Context {
  const { baseUrl } = open;
  return {
    reference: world.reference,
    world,
    baseUrl,
    client: (as = 'owner', options = {}) =>
      new BlazeMeterClient({
        ...ASIDE,
        baseUrl,
        fetch: clients,
        credentials: typeof as === 'string' ? world.keys[as] : as,
        ...options,
      }),
    send: sender(byHand, baseUrl, world),
    sent: (operation) =>
      clients.exchanges.filter((each) => operation === undefined || each.operation === operation),
  };
}

export async function runBehaviour(
  behaviour: Behaviour,
  frontEnd: FrontEnd,
  semantics: Partial<Semantics> = {},
): Promise<void> {
  const world = makeWorld({ ...semantics, ...behaviour.semantics }, behaviour.start);
  const open = await frontEnd.open(world.reference);
  try {
    const clients = checkedFetch(open.fetch);
    const byHand = checkedFetch(open.fetch);
    await behaviour.run(contextOf(world, open, clients, byHand));
    // Times in another unit are not as the document has them, and the client must read them all the same.
    if (world.reference.semantics.times !== 'seconds') return;
    judgeByHand(byHand);
    judgeClients(clients, behaviour.deformed === true);
  } finally {
    await open.close();
  }
}

/** Thrown where a behaviour sends a request by hand, or looks at those that were sent, by the paths of the API. */
class ByHand extends Error {}

/**
 * Runs a behaviour with a client and a reference that are both corrected for another service. False for one that is about the
 * API's own paths.
 */
export async function holdsUnder(behaviour: Behaviour, operations: OperationOverrides): Promise<boolean> {
  const world = makeWorld({ ...behaviour.semantics }, behaviour.start, operations);
  const { reference } = world;
  const byHand = (): never => {
    throw new ByHand();
  };
  try {
    await behaviour.run({
      reference,
      world,
      baseUrl: SERVICE,
      client: (as = 'owner', options = {}) =>
        new BlazeMeterClient({
          ...ASIDE,
          operations,
          fetch: reference.fetch,
          credentials: typeof as === 'string' ? world.keys[as] : as,
          ...options,
        }),
      send: byHand,
      sent: byHand,
    });
  } catch (error) {
    if (error instanceof ByHand) return false;
    throw error;
  }
  reference.journal.assertNoUnhandled();
  return true;
}
