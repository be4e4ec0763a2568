// Every exported function, and every method of the main objects, called with what a program in JavaScript may pass by mistake:
// an error of this package that names the argument, or no error, and never one of the engine about a property of undefined.

import * as root from 'blazemeter-client';
import * as audit from 'blazemeter-client/audit';
import * as node from 'blazemeter-client/node';
import * as rotation from 'blazemeter-client/rotation';
import * as testing from 'blazemeter-client/testing';
import * as msw from 'blazemeter-client/testing/msw';
import { expect, it } from 'vitest';
import { isObject } from '../support/reference.ts';

const reference = testing.createReference();
const { keys } = reference.seed();
const client = new root.BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });

/** What is called, by its name. */
const functions = new Map<string, (given: readonly unknown[]) => unknown>();

for (const [entry, names] of Object.entries({ root, audit, node, rotation, testing, msw }))
  for (const [name, value] of Object.entries(names)) {
    if (typeof value !== 'function' || value.prototype instanceof Error) continue;
    const isClass = /^class/.test(Function.prototype.toString.call(value));
    functions.set(`${entry}.${name}`, (given) =>
      isClass ? Reflect.construct(value, [...given]) : Reflect.apply(value, undefined, [...given]),
    );
  }

for (const [owner, value] of Object.entries({
  client,
  user: client.user,
  accounts: client.accounts,
  apiKeyPolicy: client.accounts.apiKeyPolicy,
  apiKeys: client.apiKeys,
  list: client.apiKeys.list(),
  Secret: root.Secret,
  secret: root.Secret.from('a made-up secret'),
  reference,
  clock: reference.clock,
  faults: reference.faults,
  journal: reference.journal,
  routes: reference.routes,
  memoryStore: rotation.memoryStore(),
  fileStore: rotation.fileStore('/no/such/folder/ci.json'),
  sealing: rotation.sealing({ key: Uint8Array.from({ length: 32 }, (_, at) => at * 7) }),
}))
  for (let at: unknown = value; isObject(at) || typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    if (at === Object.prototype || at === Function.prototype) break;
    for (const [name, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (typeof method === 'function' && name !== 'constructor' && !functions.has(`${owner}#${name}`))
        functions.set(`${owner}#${name}`, (given) => Reflect.apply(method, value, [...given]));
  }

const wrong: readonly (readonly [string, readonly unknown[]])[] = [
  ['nothing', []],
  ['null', [null]],
  ['a number', [5]],
  ['text', ['x']],
  ['an empty object', [{}]],
  ['a client and null', [client, null]],
  ['a client and text', [client, 'x']],
  ['text and null', ['x', null]],
  ['text, an empty object and null', ['x', {}, null]],
];

/** How V8 reports a value of another kind than the code expects. */
const ENGINE =
  /^(?:Cannot (?:read|set|use|convert|destructure)|(?:undefined|null) is not)|is not (?:a function|iterable|a constructor)|is not an Object/;

/** The message of the error of the engine that the call ends in, if it does. */
async function engineError(call: () => unknown): Promise<string | undefined> {
  try {
    const result = call();
    // Conformance and servers take long; what they do with their arguments they do at once.
    await Promise.race([result, new Promise((done) => setImmediate(() => setTimeout(done, 20)))]);
    // Providers, and tests that are wrapped.
    if (typeof result === 'function' && !('credentials' in result)) await result();
  } catch (error) {
    if (error instanceof TypeError && ENGINE.test(error.message)) return error.message;
  }
  return undefined;
}

it.each([...functions.keys()])('%s reports a wrong argument itself', async (name) => {
  const call = functions.get(name);
  const found: string[] = [];
  for (const [what, given] of wrong) {
    const message = await engineError(() => call?.(given));
    if (message !== undefined) found.push(`${what}: ${message}`);
  }
  expect(found).toEqual([]);
});
