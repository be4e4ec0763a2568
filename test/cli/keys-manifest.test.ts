// A manifest: 40 keys of 5 users in 12 pipelines, three of them broken, looked at and rotated in one run.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import type { FetchLike } from 'blazemeter-client';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { manifestSchema } from '../../src/cli/keys/manifest.ts';
import { isRecord, keysWorld, type Left, parsed, shows } from './support/keys.ts';

const USERS = ['ana', 'ben', 'cem', 'dee', 'eve'] as const;
const PIPELINES = 12;
const KEYS = 40;
const FEW = 6;

/** 40 entries; every second key runs out within the window. */
function manyKeys() {
  const world = keysWorld();
  const { reference } = world;
  reference.seed({ users: Object.fromEntries(USERS.map((name) => [name, {}])) });
  const env: Record<string, string> = { BZ_TOKEN: '' };
  const secrets: string[] = [];
  for (let pipeline = 0; pipeline < PIPELINES; pipeline++) mkdirSync(world.path(`pipeline-${pipeline}`));
  const hand = Array.from({ length: KEYS }, (_, at) => ({
    user: USERS[at % USERS.length] ?? 'ana',
    name: `made by hand ${at}`,
    created: { days: -80 },
    expires: { days: at % 2 === 0 ? 10 : 200 },
  }));
  const { keys } = reference.seed({
    keys: {
      ...Object.fromEntries(hand.map((key, at) => [`hand-${at}`, key])),
      forgotten: { user: 'ana', name: 'forgotten', created: { days: -1 } },
    },
  });
  const byName = new Map(Object.entries(keys));
  const entries = hand.map((_, at) => {
    const key = byName.get(`hand-${at}`) ?? keys.forgotten;
    secrets.push(key.secret);
    env[`KEY_${at}`] = world.token(key);
    const pipeline = `pipeline-${at % PIPELINES}`;
    return {
      name: `key-${at}`,
      owner: `team-${at % PIPELINES}`,
      source: { tokenEnv: `KEY_${at}` },
      store: { file: `${pipeline}/record-${at}.json` },
      sinks: [{ keyFile: `${pipeline}/api-key-${at}.json` }],
    };
  });
  const manifest = (changed: readonly unknown[] = entries) =>
    world.file(
      'manifest.json',
      JSON.stringify({
        $schema: 'keys-manifest.schema.json',
        defaults: { within: '30 days' },
        keys: changed,
      }),
    );
  manifest();
  return { ...world, env, entries, secrets, manifest, forgotten: keys.forgotten };
}

/** Breaks three: no pair, a pair that is refused, a record that was spoilt. */
function breakThree({ env, path }: ReturnType<typeof manyKeys>): void {
  delete env.KEY_3;
  env.KEY_7 = 'no-such-key:no-such-secret';
  writeFileSync(path('pipeline-11/record-11.json'), '{ "spoilt": true }', { mode: 0o600 });
}

const owners = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];
const keysOf = (document: Record<string, unknown>): Record<string, unknown>[] =>
  owners(document.owners).flatMap(({ keys }) => owners(keys));

describe('40 keys of 5 users in 12 pipelines, three of them broken', () => {
  const many = manyKeys();
  const { run, reference, env, secrets, path } = many;
  const command = ['rotate', '--manifest', 'manifest.json', '--quiet-for', '0'];
  let most = 0;
  let first: Left;
  beforeAll(async () => {
    breakThree(many);
    let open = 0;
    const fetch: FetchLike = async (url, init) => {
      open += 1;
      most = Math.max(most, open);
      try {
        return await reference.fetch(url, init);
      } finally {
        open -= 1;
      }
    };
    first = await run([...command, '--json', '--concurrency', '3'], { env, fetch });
  });

  it('are told what would fail before anything is done', async () => {
    const rehearsed = manyKeys();
    breakThree(rehearsed);
    const left = await rehearsed.run([...command, '--dry-run', '--json'], { env: rehearsed.env });
    const keys = keysOf(left.json());
    const failed = keys.filter(({ error }) => error !== undefined);
    expect(failed.map(({ name, outcome, exitCode }) => [name, outcome, exitCode]).sort()).toEqual([
      ['key-11', 'failed', 2],
      ['key-3', 'failed', 3],
      ['key-7', 'would fail', 3],
    ]);
    expect(keys.filter(({ outcome }) => outcome === 'would be adopted')).toHaveLength(KEYS - 3);
    expect(rehearsed.reference.journal.count('apiKeys.create')).toBe(0);
    expect(left.code).toBe(3);
  });

  it('are rotated in one run that goes on after a failure', () => {
    const document = first.json();
    const keys = keysOf(document);
    expect(keys).toHaveLength(KEYS);
    expect(owners(document.owners)).toHaveLength(PIPELINES);
    const failed = keys.filter(({ error }) => error !== undefined);
    expect(failed.map(({ name, exitCode }) => [name, exitCode]).sort()).toEqual([
      ['key-11', 2],
      ['key-3', 3],
      ['key-7', 3],
    ]);
    // Every second one is due, and none of the three is.
    expect(keys.filter(({ outcome }) => String(outcome).includes('rotated'))).toHaveLength(KEYS / 2);
    expect(reference.journal.count('apiKeys.create')).toBe(KEYS / 2);
    expect([first.code, document.exitCode]).toEqual([3, 3]);
  });

  it('go through no more hands than was said', () => {
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('reach their sinks, and no output', () => {
    const pair = parsed(readFileSync(path('pipeline-4/api-key-4.json'), 'utf8'));
    expect(keysOf(first.json()).find(({ name }) => name === 'key-4')?.keyId).toBe(pair.id);
    for (const secret of [...secrets, String(pair.secret)])
      expect(shows(first.out + first.err, secret)).toBe(false);
  });

  it('keep in sight what no entry names, and what an entry that could not be read would have', () => {
    const names = owners(first.json().unnamed).map(({ name }) => name);
    expect(names.sort()).toEqual(['forgotten', 'made by hand 11', 'made by hand 3', 'made by hand 7']);
  });

  it('are shown to people by owner, in 80 columns; a second run rotates nothing', async () => {
    const left = await run(command, { env });
    const lines = left.out.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[0]).toBe('team-0');
    expect(lines[1]).toMatch(/^KEY {5}OUTCOME +EXPIRES$/);
    expect(lines.filter((line) => line.startsWith('team-'))).toHaveLength(PIPELINES);
    expect(left.out).toContain('Keys of these users that no entry names');
    expect(lines.at(-2)).toBe('40 entries: 37 well, 3 failed. 4 keys that no entry names.');
    expect(left.code).toBe(3);
    expect(reference.journal.count('apiKeys.create')).toBe(KEYS / 2);
    expect(reference.journal.count('apiKeys.delete')).toBe(0);
  });

  it('stand out in colour where they failed, on a terminal', async () => {
    const { out } = await run(command, { env, terminal: 100 });
    for (const name of ['key-3', 'key-7', 'key-11']) expect(out).toContain(`\u001b[31m${name}\u001b[39m`);
    expect(out).not.toContain('\u001b[31mkey-4');
  });

  it('lose their old keys after the drain', async () => {
    reference.clock.advance({ days: 2 });
    await run([...command, '--json'], { env });
    expect(reference.journal.count('apiKeys.delete')).toBe(KEYS / 2);
  });

  it('are audited in one report by owner', async () => {
    const fresh = manyKeys();
    breakThree(fresh);
    const options = ['--json', '--expires-within', '30 days'];
    const left = await fresh.run(['audit', '--manifest', 'manifest.json', ...options], { env: fresh.env });
    expect(left.code).toBe(3);
    const document = left.json();
    expect(owners(document.users)).toHaveLength(USERS.length);
    const soon = owners(document.findings).map(({ owner, findings }) => [
      owner,
      owners(findings).filter(({ rule }) => rule === 'expires-soon').length,
    ]);
    const counts: Record<string, number> = Object.fromEntries(soon);
    // Keys 0, 12, 24 and 36 are team-0's; all four run out.
    expect(counts['team-0']).toBe(4);
    expect(Object.values(counts).reduce((sum, each) => sum + each, 0)).toBe(KEYS / 2);
    const broken = keysOf({ owners: document.broken }).map(({ name }) => name);
    expect(broken.sort()).toEqual(['key-11', 'key-3', 'key-7']);
  });
});

describe('policy plan', () => {
  /** Two members of one account, a key each. */
  const world = keysWorld();
  const entries = (['owner', 'member'] as const).map((name) => ({
    name,
    owner: `team of the ${name}`,
    source: { tokenEnv: name.toUpperCase() },
    store: { file: `${name}.json` },
  }));
  world.file('manifest.json', JSON.stringify({ keys: entries }));
  const env = { OWNER: world.token(world.keys.owner), MEMBER: world.token(world.keys.member), BZ_TOKEN: '' };
  const command = ['policy', 'plan', '--manifest', 'manifest.json', '--maximum'];

  it('tells each owner which keys would end earlier', async () => {
    const left = await world.run([...command, '1 month', '--json'], { env });
    expect(left.code).toBe(1);
    const found = owners(left.json().owners).map(({ owner, keys }) => [owner, owners(keys).length]);
    expect(found).toEqual([
      ['team of the member', 1],
      ['team of the owner', 1],
    ]);
    const text = await world.run([...command, '1 month'], { env });
    expect(text.out).toContain('team of the member\nKEY ');
    expect(text.out.replace(/\s+/g, ' ')).toContain('deletes them: deleted');
  });

  it('finds nothing where the maximum does not shrink', async () => {
    expect((await world.run([...command, 'unlimited'], { env })).code).toBe(0);
    expect(world.reference.journal.count('apiKeyPolicy.set')).toBe(0);
  });
});

describe('an interrupted run', () => {
  it('begins no further entry, gives its leases back, and prints how to resume', async () => {
    const many = manyKeys();
    many.manifest(many.entries.slice(0, FEW));
    const { env, run, reference } = many;
    let send = (_: string): void => {};
    const fetch: FetchLike = async (url, init) => {
      const answer = await reference.fetch(url, init);
      if (init.method === 'POST') send('SIGTERM');
      return answer;
    };
    const command = ['rotate', '--manifest', 'manifest.json', '--json', '--concurrency', '1'];
    const left = await run(command, { env, fetch, signals: (sender) => (send = sender) });
    expect(left.code).toBe(8);
    const outcomes = keysOf(left.json()).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'not begun')).toHaveLength(FEW - 1);
    expect(outcomes).toContain('interrupted');
    expect(left.err).toContain('To resume: blazemeter-keys rotate --manifest manifest.json');
    const record = parsed(readFileSync(many.path('pipeline-0/record-0.json'), 'utf8'));
    expect(record).toMatchObject({ phase: 'testing', lease: null });
    const again = await run(command, { env });
    expect(again.code).toBe(1);
    expect(reference.journal.count('apiKeys.create')).toBe(FEW / 2);
  });
});

describe('a manifest that is wrong', () => {
  const entry = { name: 'a', source: { tokenEnv: 'A' }, store: { file: 'a.json' } };
  it.each([
    ['{', /not valid JSON/],
    ['[]', /the whole must be there, as an object/],
    ['{"keys": []}', /keys is empty/],
    [{ keys: [{ ...entry, sorce: 1 }] }, /keys\[0\] has fields that are not known: sorce/],
    [
      { keys: [{ ...entry, source: { tokenEnv: 'not a name' } }] },
      /keys\[0\]\.source\.tokenEnv is not of the form/,
    ],
    [{ keys: [{ ...entry, source: {} }] }, /keys\[0\]\.source is missing, or has none of the forms/],
    [{ keys: [{ ...entry, name: 7 }] }, /keys\[0\]\.name must be there, as a string/],
    [{ keys: [entry, { ...entry, name: 'b' }] }, /keys\[1\]\.store is the same as that of keys\[0\]/],
    [{ keys: [{ ...entry, drain: 'soon' }] }, /keys\[0\]\.drain is a length of time/],
    [
      { keys: [{ ...entry, owner: `7e57ed1d0232789cdc347158:${'a'.repeat(9)}` }] },
      /holds what looks like a secret/,
    ],
    [{ keys: [{ ...entry, '##vso[a]\u001b': 1 }] }, /not known: \[redacted\]$/m],
  ])('%j is refused with where', async (content, says) => {
    const world = keysWorld();
    world.file('m.json', typeof content === 'string' ? content : JSON.stringify(content));
    const left = await world.run(['rotate', '--manifest', 'm.json']);
    expect(left.code).toBe(2);
    expect(left.err).toMatch(says);
    expect(world.reference.journal.entries).toHaveLength(0);
  });
});

describe('the published schema', () => {
  const path = fileURLToPath(new URL('../../docs/keys-manifest.schema.json', import.meta.url));
  const published = parsed(readFileSync(path, 'utf8'));

  it('is the one that the command reads by', () => {
    const { $id: _, title: __, ...rest } = published;
    expect(rest).toEqual(z.toJSONSchema(manifestSchema));
  });

  it('is one for validators, and takes the example of the guide', () => {
    const validate = new Ajv({ strict: false }).compile(published);
    const guide = readFileSync(fileURLToPath(new URL('../../docs/keys-command.md', import.meta.url)), 'utf8');
    const example = /```json\n([^`]*"keys": [^`]*)```/.exec(guide)?.[1] ?? '';
    expect(validate(JSON.parse(example))).toBe(true);
    expect(validate({ keys: [{ name: 'a' }] })).toBe(false);
  });
});
