// Functions that are called with nothing, or with something else, as a program in JavaScript may: an error that names the
// argument, and not one of the engine about a property of undefined.

import { BlazeMeterClient } from 'blazemeter-client';
import { audit, expiring, toMarkdown } from 'blazemeter-client/audit';
import { fromCommand } from 'blazemeter-client/node';
import { kubernetesStore, sealing } from 'blazemeter-client/rotation';
import { createReference, runConformance } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';

type Any = (...given: readonly never[]) => unknown;

const { fetch } = createReference();
const client = new BlazeMeterClient({ credentials: 'a-key:a made-up secret', fetch });
const operations = (overrides: unknown) =>
  Reflect.construct(BlazeMeterClient, [{ credentials: 'a-key:a made-up secret', operations: overrides }]);
const server = 'https://cluster.example';

describe.each<[string, Any, readonly (readonly [readonly unknown[], string])[]]>([
  [
    'audit',
    audit,
    [
      [[], 'audit: the first argument'],
      [[{}], 'audit: the first argument'],
      [[client, 5], 'audit: the options'],
      [[client, { ignores: [] }], 'Did you mean "ignore"?'],
      [[client, { allow: [null] }], 'allow'],
    ],
  ],
  [
    'expiring',
    expiring,
    [
      [[], 'within'],
      [[undefined, { within: '1 day' }], 'expiring: the first argument'],
      [[client, null], 'expiring: the options'],
    ],
  ],
  [
    'toMarkdown',
    toMarkdown,
    [
      [[], 'toMarkdown takes'],
      [[5], 'toMarkdown takes'],
      [[{ kind: 'other' }], 'toMarkdown takes'],
    ],
  ],
  [
    'fromCommand',
    fromCommand,
    [
      [[], 'argv'],
      [['vault read'], 'argv'],
      [[[]], 'argv'],
      [[['vault', 5]], 'argv'],
      [[['vault'], { timout: 5 }], 'Did you mean "timeout"?'],
    ],
  ],
  [
    'kubernetesStore',
    kubernetesStore,
    [
      [[], 'kubernetesStore: server is missing'],
      [[{ server }], 'kubernetesStore: token is missing'],
      [[{ server, token: 'a' }], 'kubernetesStore: name is missing'],
    ],
  ],
  [
    'sealing',
    sealing,
    [
      [[], 'key must be 32'],
      [[5], 'sealing: the options'],
      [[{ keys: [] }], 'Did you mean "key"?'],
    ],
  ],
  [
    'runConformance',
    runConformance,
    [
      [[], 'client'],
      [[{ client: {} }], 'client'],
    ],
  ],
  [
    'an override of an operation',
    operations,
    [
      [[{ 'apiKeys.list': '/x' }], "operations['apiKeys.list']"],
      [[{ 'apiKeys.list': null }], "operations['apiKeys.list']"],
      [[{ 'apiKeys.list': { pth: '/x' } }], 'Did you mean "path"?'],
      [[{ 'apiKeys.list': { path: 5 } }], 'path must be a string'],
      [[{ 'apiKeys.lst': { path: '/x' } }], 'known are user.get'],
    ],
  ],
])('%s', (_, call, cases) => {
  it.each(cases)('with %j names what is wrong', async (given, named) => {
    const error: unknown = await Promise.resolve()
      .then(() => Reflect.apply(call, undefined, given))
      .then(undefined, (reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(error instanceof Error ? error.message : '').toContain(named);
  });
});
