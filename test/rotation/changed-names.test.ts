// A service that trims, cuts or folds names: what a rotation calls its keys, and what it does where it cannot find one again.
import type { FetchLike } from 'blazemeter-client';
import { adopt, memoryStore, RotationError, resume, rotate } from 'blazemeter-client/rotation';
import { expect, it } from 'vitest';
import { failure, keyIds, recordOf, rotationWorld, type World } from './support/world.ts';

const timing = { lookAgainMs: 0, testWithinMs: 0 };

/** A client of a service that changes the name of each new key, and loses its first responses to a create. */
function changing({ client, reference, keys }: World, change: (name: string) => string, lose = 1) {
  let left = lose;
  const fetch: FetchLike = async (url, init) => {
    if (init.method !== 'POST' || typeof init.body !== 'string') return reference.fetch(url, init);
    const asked: { name: string } = JSON.parse(init.body);
    const body = JSON.stringify({ ...asked, name: change(asked.name) });
    const response = await reference.fetch(url, { ...init, body });
    if (left-- <= 0) return response;
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }),
    });
  };
  return client.withOptions({ credentials: keys.ci, fetch });
}

it.each([
  ['cuts at 20 characters', (name: string) => name.slice(0, 20)],
  ['folds case', (name: string) => name.toLowerCase()],
  ['trims and joins blanks', (name: string) => name.trim().replace(/\s+/g, '')],
  ['knows ASCII only', (name: string) => name.replace(/[^ -~]/g, '?')],
])('a key is found again after a lost response although the service %s', async (_, change) => {
  const world = rotationWorld();
  const store = memoryStore();
  const before = keyIds(world.reference).length;
  await adopt(world.client, { store, name: 'É ', credentials: world.keys.ci });
  const report = await rotate(changing(world, change), { store, reason: 'schedule', timing });
  expect(report).toMatchObject({ phase: 'draining', rotated: true });
  expect(keyIds(world.reference)).toHaveLength(before + 1);
});

it.each([
  ['cuts the name short', (name: string) => name.slice(0, 8)],
  ['gives it another name', () => 'key 7'],
])(
  'a rotation stops and names the key where the service %s, and creates no second one',
  async (_, change) => {
    const world = rotationWorld();
    const store = memoryStore();
    const before = keyIds(world.reference);
    await adopt(world.client, { store, name: 'ci', credentials: world.keys.ci });
    const client = changing(world, change);
    const error = await failure(rotate(client, { store, reason: 'schedule', timing }));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({ code: 'rotation_unknown' });
    const [added = '', ...more] = keyIds(world.reference).filter((id) => !before.includes(id));
    expect([error.message.includes(added), more]).toEqual([true, []]);
    expect(await recordOf(store)).toMatchObject({ phase: 'creating', epoch: 0 });
    // Deleted as the error advises, it stands in the way no longer.
    await client.apiKeys.delete(added);
    expect(await resume(client, { store, timing })).toMatchObject({ rotated: true, epoch: 1 });
  },
);

it('a run that resumes stops at a key whose name was cut, too', async () => {
  const world = rotationWorld();
  const store = memoryStore();
  await adopt(world.client, { store, name: 'ci', credentials: world.keys.ci });
  const client = changing(world, (name) => name.slice(0, 12));
  for (const run of [rotate, resume])
    expect(await failure(run(client, { store, reason: 'schedule', timing }))).toMatchObject({
      code: 'rotation_unknown',
    });
  expect(world.reference.journal.count('apiKeys.create')).toBe(1);
});

it('a run creates three keys at most where the service states another id than it accepts', async () => {
  const world = rotationWorld();
  const store = memoryStore();
  await adopt(world.client, { store, name: 'ci', credentials: world.keys.ci });
  const fetch: FetchLike = async (url, init) => {
    const response = await world.reference.fetch(url, init);
    if (init.method !== 'POST') return response;
    // A run without the bound would go on for ever, and this test with it.
    if (world.reference.journal.count('apiKeys.create') > 3) throw new Error('A fourth key was created.');
    const body = await response.json();
    return Response.json({ ...body, result: { ...body.result, id: 'another-id' } });
  };
  const client = world.client.withOptions({ fetch });
  expect(await failure(rotate(client, { store, reason: 'schedule', timing }))).toMatchObject({
    code: 'rotation_untested',
  });
  expect(world.reference.journal.count('apiKeys.create')).toBe(3);
  expect((await recordOf(store)).current.id).toBe(world.keys.ci.id);
});
