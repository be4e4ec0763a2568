// A rotation without a record, one run after the other: what each run finds, does and says.
import { inspect } from 'node:util';
import { BlazeMeterClient, type FetchLike, UndeliveredSecretError } from 'blazemeter-client';
import {
  rotateWithoutRecord,
  type SecretSink,
  type SinkState,
  type UnrecordedOptions,
} from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { accepts, failure, keyIds, rotationWorld, use, type World } from '../support/world.ts';

const timing = { lookAgainMs: 1, testWithinMs: 3_000 };

/** A sink that feeds the environment of the next run. */
class Environment implements SecretSink {
  readonly name: string;
  held: { id: string; secret: string };
  puts = 0;
  /** Fails before it stores what it is given, or then. */
  broken: boolean | 'afterwards' = false;
  state: (() => SinkState) | undefined;
  onPut: (() => Promise<void>) | undefined;

  constructor(name: string, held: { id: string; secret: string }) {
    this.name = name;
    this.held = { id: held.id, secret: held.secret };
  }

  probe(): SinkState | undefined {
    return this.state?.();
  }

  async put({ id, secret }: Parameters<SecretSink['put']>[0]): Promise<void> {
    this.puts += 1;
    await this.onPut?.();
    if (this.broken !== true) this.held = { id, secret: secret.reveal() };
    if (this.broken) throw new Error(`cannot store ${secret.reveal()}`);
  }
}

function environment(options: Parameters<typeof rotationWorld>[0] = {}) {
  const world = rotationWorld(options);
  const first = new Environment('first', world.keys.ci);
  const second = new Environment('second', world.keys.ci);
  const run = (more: Partial<UnrecordedOptions> = {}, client = world.client) =>
    rotateWithoutRecord(client, {
      name: 'ci',
      credentials: first.held,
      sinks: [first],
      drain: { hours: 1 },
      replaces: world.keys.ci.id,
      timing,
      ...more,
    });
  return { world, first, second, run };
}

const clientOf = (fetch: FetchLike) =>
  new BlazeMeterClient({ credentials: 'nobody:nothing', fetch, logLevel: 'off' });

/** Runs until the first run has made and tested a key, and dies before it is put. */
async function dieBeforePut(run: ReturnType<typeof environment>['run'], first: Environment): Promise<void> {
  let reached: () => void = () => {};
  const putting = new Promise<void>((resolve) => {
    reached = resolve;
  });
  first.onPut = () => {
    reached();
    return new Promise(() => {});
  };
  void run({ reason: 'schedule' });
  await putting;
  first.onPut = undefined;
}

/** Makes a key that no one has used, as a run does that dies when its create was answered. */
async function dieBeforeTest(
  { reference }: World,
  run: ReturnType<typeof environment>['run'],
): Promise<void> {
  let reached: () => void = () => {};
  const made = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const dying: FetchLike = async (url, init) => {
    const response = await reference.fetch(url, init);
    if (init?.method !== 'POST') return response;
    reached();
    return new Promise(() => {});
  };
  void run({ reason: 'schedule' }, clientOf(dying));
  await made;
}

const kept = ({ keys }: World, ...ids: string[]) => [...ids, keys.spare.id, keys.theirs.id].sort();

/** A service that responds a little differently. */
const rewriting =
  ({ reference }: World, change: (text: string) => string): FetchLike =>
  async (url, init) => {
    const response = await reference.fetch(url, init);
    const { status, headers } = response;
    const text = await response.text();
    return new Response(status === 204 ? null : change(text), { status, headers });
  };

describe('one run after the other', () => {
  it('creates a key, sees it work, delivers it, and deletes the one before it after the drain', async () => {
    const { world, first, run } = environment();
    const { reference, keys } = world;
    const one = await run({ reason: 'schedule' });
    expect(one).toMatchObject({ phase: 'draining', rotated: true, epoch: 1, givenKeyId: keys.ci.id });
    expect(one.sinks).toEqual([{ name: 'first', keyId: one.keyId, acknowledged: true }]);
    expect(one.retire).toEqual([{ id: keys.ci.id }]);
    expect(first.held.id).toBe(one.keyId);
    expect(accepts(reference, keys.ci)).toBe(true);
    const left = (one.resumeAfter?.getTime() ?? 0) - reference.clock.now().getTime();
    expect(left).toBeGreaterThan(3_500_000);
    expect(left).toBeLessThanOrEqual(3_600_000);

    reference.clock.advance({ minutes: 30 });
    const early = await run({ reason: 'schedule' });
    expect(early).toMatchObject({ phase: 'draining', rotated: false, keyId: one.keyId });
    expect(early.notes).toHaveLength(1);

    reference.clock.advance({ minutes: 31 });
    const last = await run();
    expect(last).toMatchObject({ phase: 'idle', rotated: false, epoch: 1, resumeAfter: null, retire: [] });
    expect(keyIds(reference)).toEqual(kept(world, one.keyId));
    expect(accepts(reference, first.held)).toBe(true);
  });

  it('does nothing before the window, and rotates in it', async () => {
    const { world, first, run } = environment({ lifetime: 100 });
    world.reference.clock.advance({ days: 79 });
    expect(await run()).toMatchObject({ phase: 'idle', rotated: false, epoch: 0 });
    expect(first.puts).toBe(0);
    world.reference.clock.advance({ days: 2 });
    expect(await run()).toMatchObject({ phase: 'draining', rotated: true });
    const { world: other, run: runOther } = environment({ lifetime: 100 });
    other.reference.clock.advance({ days: 50 });
    expect(await runOther({ within: { days: 49 } })).toMatchObject({ rotated: false });
    expect(await failure(runOther({ within: { days: 50 } }))).toMatchObject({ code: 'rotation_window' });
  });

  it('leaves a key created by hand alone, unless it is to replace it', async () => {
    const { world, run } = environment();
    const { reference, keys } = world;
    const one = await run({ reason: 'schedule', replaces: undefined });
    expect(one).toMatchObject({ phase: 'idle', rotated: true, retire: [] });
    expect(one.notes.join()).toMatch(new RegExp(`${keys.ci.id} .*replaces`));
    reference.clock.advance({ days: 2 });
    await run({ replaces: undefined });
    expect(accepts(reference, keys.ci)).toBe(true);
    expect(await run()).toMatchObject({ phase: 'idle' });
    expect(accepts(reference, keys.ci)).toBe(false);
  });

  it('keeps two names of one user apart', async () => {
    const { world, run } = environment();
    const other = new Environment('other', world.keys.spare);
    const options = { name: 'other', credentials: world.keys.spare, sinks: [other], replaces: undefined };
    await run({ reason: 'schedule' });
    await run({ ...options, reason: 'schedule' });
    world.reference.clock.advance({ days: 2 });
    await run();
    await run({ ...options, credentials: other.held });
    expect(await run({ ...options, credentials: other.held })).toMatchObject({ phase: 'idle', epoch: 1 });
    expect(await run()).toMatchObject({ phase: 'idle', epoch: 1 });
  });

  it('changes nothing in a dry run', async () => {
    const { world, first, run } = environment();
    const before = keyIds(world.reference);
    const dry = await run({ reason: 'schedule', dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, rotated: false, keyId: world.keys.ci.id });
    expect(dry.steps.join()).toMatch(/ci\.\w{7}\.e1\.\w{5}.*first/);
    await run({ reason: 'schedule' });
    world.reference.clock.advance({ days: 1 });
    const { puts } = first;
    expect((await run({ dryRun: true })).steps).toEqual([
      expect.stringContaining('first'),
      expect.stringContaining(world.keys.ci.id),
    ]);
    expect(first.puts).toBe(puts);
    expect(before.every((id) => keyIds(world.reference).includes(id))).toBe(true);
  });
});

describe('several sinks', () => {
  it('deletes nothing while one has not acknowledged, and asks it again with the same credentials', async () => {
    const { world, first, second, run } = environment();
    const sinks = [first, second];
    second.broken = true;
    const one = await run({ reason: 'schedule', sinks });
    expect(one).toMatchObject({ phase: 'delivering', rotated: true });
    expect(one.sinks).toMatchObject([
      { keyId: one.keyId, acknowledged: true },
      { keyId: null, acknowledged: false, problem: expect.any(String) },
    ]);
    expect(inspect(one, { depth: 9 })).not.toContain(first.held.secret.slice(0, 8));
    world.reference.clock.advance({ days: 3 });
    expect(await run({ sinks })).toMatchObject({ phase: 'delivering', retire: [{ id: world.keys.ci.id }] });
    expect(accepts(world.reference, world.keys.ci)).toBe(true);
    second.broken = false;
    await use(world.reference, second.held);
    const late = await run({ sinks });
    expect(late).toMatchObject({ phase: 'draining', stillUsed: { keyId: world.keys.ci.id } });
    expect(second.held).toEqual(first.held);
    world.reference.clock.advance({ hours: 1, minutes: 1 });
    expect(await run({ sinks })).toMatchObject({ phase: 'idle' });
    expect(keyIds(world.reference)).toEqual(kept(world, one.keyId));
  });

  it.each([
    ['does not store what it is given', true, 'schedule'],
    ['stores it, and fails then', 'afterwards', 'expiry'],
  ] as const)('goes on under a limit of two keys after the first, once, %s', async (_, broken, reason) => {
    // The spare key counts too.
    const { world, first, second, run } = environment({ semantics: { keyLimit: 3 } });
    const { reference } = world;
    const sinks = [first, second];
    const read = async () => {
      reference.clock.advance({ hours: 2 });
      for (const { held } of sinks) await use(reference, held);
    };
    first.broken = broken;
    expect(await failure(run({ reason: 'schedule', sinks }))).toMatchObject({ code: 'undelivered_secret' });
    first.broken = false;
    await read();
    await run({ reason, sinks });
    expect(second.held).toEqual(first.held);
    expect(first.held.id).not.toBe(world.keys.ci.id);
    for (let nights = 2; nights > 0; nights--) {
      await read();
      await run({ sinks });
    }
    expect(accepts(reference, first.held)).toBe(true);
    expect(keyIds(reference)).toEqual(kept(world, first.held.id));
  });

  it('leaves one alone that says that it has the credentials, until another key is deleted', async () => {
    const { world, first, run } = environment();
    let since = world.reference.clock.now();
    first.onPut = async () => {
      since = world.reference.clock.now();
    };
    first.state = () => ({ keyId: first.held.id, since });
    await run({ reason: 'schedule' });
    expect((await run()).sinks).toMatchObject([{ acknowledged: true }]);
    expect(first.puts).toBe(1);
    world.reference.clock.advance({ hours: 2 });
    expect(await run()).toMatchObject({ phase: 'idle' });
    expect(first.puts).toBe(2);
  });

  it('counts the drain from when a sink was given the credentials, where it says so', async () => {
    const { world, first, second, run } = environment();
    const { reference } = world;
    const sinks = [first, second];
    let since = reference.clock.now();
    second.onPut = async () => {
      since = reference.clock.now();
    };
    second.state = () => ({ since });
    second.broken = true;
    await run({ reason: 'schedule', sinks });
    since = new Date(since.getTime() - 86_400_000);
    second.broken = false;
    reference.clock.advance({ days: 1 });
    // Only now is it given the credentials: its readers get their hour from here.
    expect(await run({ sinks })).toMatchObject({ phase: 'draining' });
    expect(second.held).toEqual(first.held);
    reference.clock.advance({ minutes: 50 });
    expect(await run({ sinks })).toMatchObject({ phase: 'draining' });
    expect(accepts(reference, world.keys.ci)).toBe(true);
    reference.clock.advance({ minutes: 11 });
    expect(await run({ sinks })).toMatchObject({ phase: 'idle' });
    expect(accepts(reference, world.keys.ci)).toBe(false);
  });
});

it('knows the key to be replaced in either case of its hex digits', async () => {
  const { world, run } = environment();
  const report = await run({ reason: 'schedule', replaces: world.keys.ci.id.toUpperCase() });
  expect(report).toMatchObject({ phase: 'draining', retire: [{ id: world.keys.ci.id }] });
});

describe('a secret that arrives is never dropped', () => {
  it('is in the error where no sink took it, and nowhere else; and the next run repairs that', async () => {
    const { world, first, run } = environment();
    first.broken = true;
    const error = await failure(run({ reason: 'schedule' }));
    if (!(error instanceof UndeliveredSecretError)) throw error;
    const { newSecret, keyId = '' } = error;
    const secret = newSecret.reveal();
    expect(accepts(world.reference, { id: keyId, secret })).toBe(true);
    const shown = `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)} ${error.stack}`;
    for (const text of [secret, btoa(secret), encodeURIComponent(secret), btoa(`${keyId}:${secret}`)])
      expect(shown).not.toContain(text.slice(0, 12));
    first.broken = false;
    expect(await run({ reason: 'schedule' })).toMatchObject({ phase: 'draining', rotated: true, epoch: 2 });
    world.reference.clock.advance({ hours: 2 });
    expect(await run()).toMatchObject({ phase: 'idle' });
    expect(keyIds(world.reference)).toEqual(kept(world, first.held.id));
  });

  it('is in the error where the caller ended the run before a sink had it', async () => {
    const { first, run } = environment();
    const controller = new AbortController();
    first.onPut = async () => {
      controller.abort(new Error('enough'));
      await new Promise(() => {});
    };
    const error = await failure(run({ reason: 'schedule', signal: controller.signal }));
    expect(error).toBeInstanceOf(UndeliveredSecretError);
  });

  it('creates no more keys when the credentials that it delivers never come back, until the sinks work', async () => {
    const { world, first, run } = environment();
    first.broken = true;
    for (let night = 1; night <= 5; night++)
      expect(await failure(run({ reason: 'schedule' }))).toMatchObject({ code: 'undelivered_secret' });
    const error = await failure(run({ reason: 'schedule' }));
    expect(error).toMatchObject({ code: 'rotation_unknown' });
    expect(accepts(world.reference, world.keys.ci)).toBe(true);
    // A broken sink may hold any of them, so time alone makes no room.
    world.reference.clock.advance({ days: 1 });
    expect(await failure(run({ reason: 'schedule' }))).toMatchObject({ code: 'rotation_unknown' });
    expect(keyIds(world.reference)).toHaveLength(8);
    first.broken = false;
    expect(await run({ reason: 'schedule' })).toMatchObject({ phase: 'draining', rotated: true, epoch: 6 });
    expect(keyIds(world.reference)).toHaveLength(5);
  });

  it('makes room by itself where the service has a limit, of keys that are not used', async () => {
    const { world, first, run } = environment({ semantics: { keyLimit: 5 } });
    first.broken = true;
    for (let night = 1; night <= 3; night++) await failure(run({ reason: 'schedule' }));
    first.broken = false;
    expect(await failure(run({ reason: 'schedule' }))).toMatchObject({ code: 'request_failed' });
    world.reference.clock.advance({ hours: 2 });
    expect(await run({ reason: 'schedule' })).toMatchObject({ phase: 'draining', rotated: true });
    expect(accepts(world.reference, first.held)).toBe(true);
  });
});

describe('what a dead run left', () => {
  it('is used, where it was never used and no run can be at work on it', async () => {
    const { world, first, run } = environment();
    await dieBeforeTest(world, run);
    const [left] = keyIds(world.reference).filter((id) => !kept(world, world.keys.ci.id).includes(id));
    world.reference.clock.advance({ minutes: 20 });
    expect(await run()).toMatchObject({ phase: 'draining', rotated: true, epoch: 1, keyId: left });
    expect(accepts(world.reference, first.held)).toBe(true);
  });

  it('is left alone at first, because the run that created it may still be at work', async () => {
    const { world, run } = environment();
    await dieBeforeTest(world, run);
    expect(await run()).toMatchObject({ rotated: true, epoch: 2 });
    world.reference.clock.advance({ hours: 2 });
    expect(await run()).toMatchObject({ phase: 'idle', epoch: 2 });
    expect(keyIds(world.reference)).toHaveLength(3);
  });

  it('is not given another secret once it was used, since it may be in a sink', async () => {
    const { world, first, run } = environment();
    await dieBeforePut(run, first);
    const after = keyIds(world.reference);
    world.reference.clock.advance({ minutes: 20 });
    expect(await run()).toMatchObject({ rotated: true, epoch: 2 });
    expect(world.reference.journal.of('apiKeys.regenerateSecret')).toHaveLength(0);
    expect(after.every((id) => keyIds(world.reference).includes(id))).toBe(true);
  });

  it('counts as used, where the service does not show last uses', async () => {
    const { world, run } = environment();
    const silent = rewriting(world, (text) => text.replace(/"lastUsed": ?\d+/g, '"lastUsed": null'));
    await dieBeforeTest(world, run);
    world.reference.clock.advance({ minutes: 20 });
    expect(await run({}, clientOf(silent))).toMatchObject({ rotated: true, epoch: 2 });
    expect(world.reference.journal.of('apiKeys.regenerateSecret')).toHaveLength(0);
  });

  it('is found by its name, where only the response to the create was lost', async () => {
    const { world, run } = environment();
    world.reference.faults.add({
      operation: 'apiKeys.create',
      effect: 'reset',
      when: 'after-commit',
      times: 1,
    });
    expect(await run({ reason: 'schedule' })).toMatchObject({ rotated: true, epoch: 1 });
    expect(keyIds(world.reference)).toHaveLength(4);
  });
});

describe('a run with an old environment', () => {
  it('changes nothing where the newer key was used by others than the run that created it', async () => {
    const { world, first, run } = environment();
    const { keyId } = await run({ reason: 'schedule' });
    world.reference.clock.advance({ minutes: 20 });
    await use(world.reference, first.held);
    const before = keyIds(world.reference);
    const stale = await run({ reason: 'schedule', credentials: world.keys.ci });
    expect(stale).toMatchObject({
      phase: 'idle',
      rotated: false,
      keyId,
      givenKeyId: world.keys.ci.id,
      epoch: 1,
    });
    expect(stale.notes.join()).toContain(keyId);
    expect(keyIds(world.reference)).toEqual(before);
    expect(first.puts).toBe(1);
  });

  it('changes nothing where every sink says that it has the newer key', async () => {
    const { world, first, second, run } = environment();
    const sinks = [first, second];
    for (const sink of sinks) sink.state = () => ({ keyId: sink.held.id });
    const { keyId } = await run({ reason: 'schedule', sinks });
    const stale = { reason: 'schedule', sinks, credentials: world.keys.ci } as const;
    expect(await run(stale)).toMatchObject({ rotated: false, keyId });
    // Not believed, where the credentials that it was given are about to expire.
    world.reference.clock.advance({ days: 98 });
    expect(await run(stale)).toMatchObject({ rotated: true, epoch: 2 });
  });

  it('creates another key where it cannot know, and so all is well too', async () => {
    const { world, first, run } = environment();
    const { keyId } = await run({ reason: 'schedule' });
    const held = first.held;
    expect(await run({ credentials: world.keys.ci })).toMatchObject({ rotated: true, epoch: 2 });
    expect(accepts(world.reference, held)).toBe(true);
    world.reference.clock.advance({ hours: 2 });
    await run();
    expect(keyIds(world.reference)).not.toContain(keyId);
  });

  it('fails where its credentials are refused', async () => {
    const { world, run } = environment();
    await run({ reason: 'schedule' });
    world.reference.clock.advance({ hours: 2 });
    await run();
    const error = await failure(run({ credentials: world.keys.ci }));
    expect(error).toMatchObject({ code: 'rotation_signer' });
  });
});

describe('a recovery credential', () => {
  it('signs where the given key has expired', async () => {
    const { world, first, run } = environment({ lifetime: 30 });
    const recovery = await world.client
      .withOptions({ credentials: world.keys.ci })
      .apiKeys.create({ name: 'recovery', expiresIn: '3 months' });
    const credentials = { id: recovery.apiKey.id, secret: recovery.secret };
    world.reference.clock.advance({ days: 31 });
    expect(await failure(run())).toMatchObject({ code: 'rotation_signer' });
    expect(await run({ recovery: credentials })).toMatchObject({ rotated: true, epoch: 1 });
    expect(accepts(world.reference, first.held)).toBe(true);
  });

  it('is refused where it is another user’s', async () => {
    const { world, run } = environment({ lifetime: 30 });
    world.reference.clock.advance({ days: 31 });
    expect(await failure(run({ recovery: world.keys.theirs }))).toMatchObject({ code: 'rotation_signer' });
    expect(keyIds(world.reference)).toHaveLength(3);
  });
});

describe('a leak', () => {
  it('delivers the new credentials everywhere and then deletes the old keys at once; what was created since is listed', async () => {
    const { world, first, run } = environment();
    world.reference.clock.advance({ minutes: 1 });
    await run({ reason: 'schedule' });
    const leaked = first.held;
    await world.client
      .withOptions({ credentials: leaked })
      .apiKeys.create({ name: 'of a thief', expiresIn: '1 month' });
    const report = await run({ reason: 'leak' });
    expect(report).toMatchObject({ phase: 'idle', rotated: true, epoch: 2 });
    expect(accepts(world.reference, leaked)).toBe(false);
    expect(accepts(world.reference, world.keys.ci)).toBe(false);
    expect(accepts(world.reference, first.held)).toBe(true);
    expect(report.madeSinceLeak?.map(({ name }) => name)).toEqual(['of a thief']);
  });

  it('keeps the leaked key while a sink has only that, and deletes it before with a recovery credential', async () => {
    const broken = (recovery?: UnrecordedOptions['recovery']) => {
      const set = environment();
      set.second.broken = true;
      const work = set.run({ reason: 'leak', sinks: [set.first, set.second], recovery, replaces: undefined });
      return { ...set, work };
    };
    const without = broken();
    const report = await without.work;
    expect(report).toMatchObject({ phase: 'delivering', retire: [{ id: without.world.keys.ci.id }] });
    expect(accepts(without.world.reference, without.world.keys.ci)).toBe(true);
    const { work, world } = broken(environment().world.keys.spare);
    expect(await work).toMatchObject({ phase: 'delivering' });
    expect(accepts(world.reference, world.keys.ci)).toBe(false);
  });
});

describe('what is refused before anything is changed', () => {
  it('no sink, a sink whose probe says no, an unknown reason', async () => {
    const { world, first, run } = environment();
    expect(await failure(run({ sinks: [] }))).toBeInstanceOf(TypeError);
    first.state = () => {
      throw new Error('no access');
    };
    expect(await failure(run({ reason: 'schedule' }))).toMatchObject({ code: 'rotation_sink' });
    expect(keyIds(world.reference)).toHaveLength(3);
  });
});

it('creates another key where the new one was taken away before it was delivered', async () => {
  const { world, first, run } = environment();
  const { reference, keys, client } = world;
  let once = true;
  first.onPut = async () => {
    if (!once) return;
    once = false;
    const [made] = keyIds(reference).filter((id) => !kept(world, keys.ci.id).includes(id));
    await client.withOptions({ credentials: keys.ci }).apiKeys.regenerateSecret(made ?? '');
  };
  const report = await run({ reason: 'schedule' });
  expect(report).toMatchObject({ rotated: true, epoch: 2 });
  expect(report.notes).toHaveLength(1);
  expect(accepts(reference, first.held)).toBe(true);
});

it('deletes nothing once another run has begun', async () => {
  const { world, first, run } = environment();
  await run({ reason: 'schedule' });
  world.reference.clock.advance({ hours: 2 });
  first.onPut = async () => {
    const { apiKeys } = world.client.withOptions({ credentials: first.held });
    const { name } = await apiKeys.get(first.held.id);
    await apiKeys.create({ name: name.replace('.e1.', '.e2.'), expiresIn: '1 month' });
  };
  const report = await run();
  expect(report).toMatchObject({ phase: 'draining', retire: [{ id: world.keys.ci.id }] });
  expect(report.notes.length).toBeGreaterThan(0);
  expect(accepts(world.reference, world.keys.ci)).toBe(true);
});

it('leaves an older key that is used, until quietFor says otherwise', async () => {
  const { world, first, run } = environment();
  await run({ reason: 'schedule' });
  world.reference.clock.advance({ hours: 2 });
  await use(world.reference, world.keys.ci);
  const busy = await run();
  expect(busy).toMatchObject({ phase: 'draining', stillUsed: { keyId: world.keys.ci.id } });
  world.reference.clock.advance({ hours: 2 });
  expect(await run({ quietFor: { days: 1 } })).toMatchObject({ phase: 'draining' });
  expect(await run({ quietFor: { minutes: 0 } })).toMatchObject({ phase: 'idle' });
  expect(accepts(world.reference, first.held)).toBe(true);
});

it('comes to an end where the service counts a use as an update', async () => {
  const { world, first, run } = environment();
  const client = clientOf(
    rewriting(world, (text) =>
      text.replace(/"updated": ?\d+(,\s*"expiration": ?\d+,\s*"lastUsed": ?(\d+))/g, '"updated": $2$1'),
    ),
  );
  expect(await run({ reason: 'schedule' }, client)).toMatchObject({ phase: 'draining' });
  world.reference.clock.advance({ minutes: 61 });
  expect(await run({}, client)).toMatchObject({ phase: 'idle' });
  expect(keyIds(world.reference)).toEqual(kept(world, first.held.id));
});
