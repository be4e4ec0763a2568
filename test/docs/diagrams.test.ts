// The diagrams tell what the code does: each picture is the one that its source draws, says in words what it shows, and
// that of a rotation has the very phases and the very ways between them that rotations take.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BlazeMeterClient } from 'blazemeter-client';
import {
  type CredentialStore,
  memoryStore,
  type RotationPhase,
  resume,
  rotate,
  type SecretSink,
} from 'blazemeter-client/rotation';
import { beforeAll, describe, expect, it } from 'vitest';
import { draw } from '../../scripts/diagrams.mjs';
import { adopted, failure, recordOf, rotationWorld, type World } from '../rotation/support/world.ts';
import { root } from '../support/examples.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const names = readdirSync(join(root, 'docs/diagrams'))
  .filter((name) => name.endsWith('.dot'))
  .map((name) => name.replace(/\.dot$/, ''));

describe.each(names)('the diagram %s', (name) => {
  it('is the one that its source draws', async () => {
    expect(read(`docs/images/${name}.svg`), 'node scripts/diagrams.mjs').toBe(await draw(name));
  });

  it('says in words what it shows, and brings nothing along', () => {
    const picture = read(`docs/images/${name}.svg`);
    expect(picture).toMatch(/<svg [^>]*role="img"[^>]*aria-labelledby="/);
    expect(/<title[^>]*>(.+)<\/title>/.exec(picture)?.[1]?.length).toBeGreaterThan(10);
    expect(/<desc[^>]*>(.+)<\/desc>/.exec(picture)?.[1]?.length).toBeGreaterThan(100);
    expect(picture).not.toMatch(/<script|href=|url\(|@import|@font-face|\son\w+=/);
    expect(picture).toContain('prefers-color-scheme:dark');
  });

  it('is shown in a guide, with a text in its place', () => {
    const pages = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'));
    const shown = pages.flatMap((page) => [
      ...read(`docs/${page}`).matchAll(new RegExp(`!\\[([^\\]]{40,})\\]\\(images/${name}\\.svg\\)`, 'g')),
    ]);
    expect(shown.length).toBeGreaterThan(0);
  });
});

describe('the diagram of a rotation', () => {
  const timing = { lookAgainMs: 1, testWithinMs: 2_000 };
  const taken = new Set<string>();
  const drawn = new Set<string>();
  const nodes = new Set<string>();

  /** A store that notes each step from one phase to another. */
  function watched(store: CredentialStore = memoryStore()): CredentialStore {
    return {
      read: () => store.read(),
      async write(record, options) {
        const before = (await store.read())?.record.phase;
        const written = await store.write(record, options);
        if (before !== undefined && before !== record.phase) taken.add(`${before} -> ${record.phase}`);
        return written;
      },
    };
  }

  /** A world with a record whose phases are noted. */
  async function scene(): Promise<World & { store: CredentialStore }> {
    const world = rotationWorld();
    return { ...world, store: await adopted(world, watched()) };
  }

  const refusing: SecretSink = { name: 'vault', put: () => Promise.resolve({ acknowledged: false }) };
  const afterDrain = async (world: World, client: BlazeMeterClient, store: CredentialStore) => {
    world.reference.clock.advance({ hours: 2 });
    await resume(client, { store, timing });
  };

  beforeAll(async () => {
    const source = read('docs/diagrams/rotation.dot');
    for (const [, name = ''] of source.matchAll(/^ {2}(\w+)(?: \[class=[^\]]+\])?;?$/gm)) nodes.add(name);
    for (const [, first = '', second = '', rest = ''] of source.matchAll(/^ {2}(\w+) -> (\w+)(.*)$/gm))
      drawn.add(rest.includes('dir=back') ? `${second} -> ${first}` : `${first} -> ${second}`);

    // Two keys, to the end.
    const plain = await scene();
    await rotate(plain.client, { store: plain.store, reason: 'schedule', drain: { hours: 1 }, timing });
    await afterDrain(plain, plain.client, plain.store);

    // A leak, with a recovery credential and without; and one that the service refuses.
    const leak = await scene();
    await rotate(leak.client, { store: leak.store, reason: 'leak', recovery: leak.keys.spare, timing });
    const alone = await scene();
    await rotate(alone.client, { store: alone.store, reason: 'leak', timing });
    const refused = await scene();
    refused.reference.faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'status', status: 402 });
    await failure(
      rotate(refused.client, { store: refused.store, reason: 'leak', recovery: refused.keys.spare, timing }),
    );

    // A create that the service refuses.
    const full = await scene();
    full.reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status: 402 });
    await failure(rotate(full.client, { store: full.store, reason: 'schedule', timing }));

    // A leak while sinks are waited for, and one while the old key is drained.
    const waiting = await scene();
    const { client, store } = waiting;
    await rotate(client, { store, reason: 'schedule', sinks: [refusing], timing });
    await rotate(client, { store, reason: 'leak', dropSinks: ['vault'], timing });
    const draining = await scene();
    await rotate(draining.client, { store: draining.store, reason: 'schedule', timing });
    await rotate(draining.client, { store: draining.store, reason: 'leak', timing });

    // The old key cannot be deleted, and the next rotation begins all the same.
    const stuck = await scene();
    stuck.reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 402 });
    await rotate(stuck.client, { store: stuck.store, reason: 'schedule', drain: { hours: 1 }, timing });
    await afterDrain(stuck, stuck.client, stuck.store);
    await rotate(stuck.client, { store: stuck.store, reason: 'schedule', drain: { hours: 1 }, timing });

    // Another program deletes the new key before it is promoted.
    const robbed = await scene();
    let robbing = true;
    const robber: CredentialStore = {
      read: () => robbed.store.read(),
      async write(record, options) {
        const written = await robbed.store.write(record, options);
        if (record.phase === 'testing' && robbing) {
          robbing = false;
          const other = { credentials: robbed.keys.spare };
          await robbed.client.withOptions(other).apiKeys.delete(record.pending?.key?.id ?? '');
        }
        return written;
      },
    };
    await rotate(robbed.client, {
      store: robber,
      reason: 'schedule',
      timing: { ...timing, testWithinMs: 20 },
    });
    expect((await recordOf(robbed.store)).phase).toBe('draining');
  }, 60_000);

  it('has every phase and no other', () => {
    const phases: Record<RotationPhase, true> = {
      idle: true,
      creating: true,
      regenerating: true,
      testing: true,
      delivering: true,
      draining: true,
      retiring: true,
    };
    expect([...nodes].sort()).toEqual(Object.keys(phases).sort());
  });

  it('has every way that rotations take, and no other', () => {
    expect([...drawn].sort()).toEqual([...taken].sort());
  });
});
