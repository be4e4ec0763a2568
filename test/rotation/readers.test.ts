// Readers of a record: they read once for many calls, follow a rotation without a restart, and go on while the store fails.
import { inspect } from 'node:util';
import { BlazeMeterClient, type CredentialContext, CredentialsError, RequestSigner } from 'blazemeter-client';
import {
  type FromStoreOptions,
  fromStore,
  memoryStore,
  type RotationRecord,
  rotate,
  type Versioned,
} from 'blazemeter-client/rotation';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { adopted, failure, recordOf, rotationWorld } from './support/world.ts';

const MINUTE = 60_000;

async function setUp(options: FromStoreOptions = {}) {
  const world = rotationWorld();
  const inner = await adopted(world, memoryStore());
  let fails: (() => Promise<Versioned | undefined>) | undefined;
  const read = vi.fn(() => (fails === undefined ? inner.read() : fails()));
  const warnings: string[] = [];
  const logger = {
    error: () => {},
    warn: (line: string) => warnings.push(line),
    info: () => {},
    debug: () => {},
  };
  // Nothing but `read`: a reader cannot write.
  const credentials = fromStore({ read }, options);
  const clientOf = () =>
    new BlazeMeterClient({
      credentials,
      fetch: world.reference.fetch,
      logger,
      logLevel: 'warn',
      maxRetries: 0,
    });
  return {
    ...world,
    inner,
    read,
    warnings,
    credentials,
    clientOf,
    reader: clientOf(),
    breakStore: (how?: () => Promise<Versioned | undefined>) => {
      fails = how ?? (() => Promise.reject(new Error('down')));
    },
    repairStore: () => {
      fails = undefined;
    },
  };
}

const rotated = (world: Awaited<ReturnType<typeof setUp>>, drain: { hours: number } = { hours: 1 }) =>
  rotate(world.client, { store: world.inner, reason: 'schedule', drain });

/** Signs with the credentials that are given, as a client would. */
const ask = (world: Awaited<ReturnType<typeof setUp>>, context?: CredentialContext) =>
  world.credentials(context);

describe('a reader of a record', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));

  it('reads once for many calls and many clients at once, and not again for later ones', async () => {
    const world = await setUp();
    const clients = Array.from({ length: 20 }, world.clientOf);
    await Promise.all(clients.flatMap((client) => [client.user.get(), client.user.get()]));
    await Promise.all(clients.map((client) => client.user.get()));
    expect(world.read).toHaveBeenCalledTimes(1);
  });

  it('reads again within four to six minutes of calls, behind their backs', async () => {
    const world = await setUp();
    await world.reader.user.get();
    vi.advanceTimersByTime(3.9 * MINUTE);
    await world.reader.user.get();
    expect(world.read).toHaveBeenCalledTimes(1);
    world.breakStore(() => new Promise(() => {}));
    vi.advanceTimersByTime(2.2 * MINUTE);
    await world.reader.user.get();
    expect(world.read).toHaveBeenCalledTimes(2);
  });

  it('spreads these reads, so that a fleet does not read in step', async () => {
    const world = await setUp();
    const waits = new Set<number>();
    for (let reader = 0; reader < 20; reader++) {
      const { refreshAfterMs } = await fromStore(world.inner)();
      expect(refreshAfterMs).toBeGreaterThanOrEqual(4 * MINUTE);
      expect(refreshAfterMs).toBeLessThanOrEqual(6 * MINUTE);
      waits.add(refreshAfterMs ?? 0);
    }
    expect(waits.size).toBeGreaterThan(15);
  });

  it('keeps no timer while no calls are made', async () => {
    vi.useRealTimers();
    vi.useFakeTimers();
    const world = await setUp();
    expect((await world.credentials()).id).toBe(world.keys.ci.id);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('follows a rotation without a restart, and without a failed call', async () => {
    const world = await setUp();
    await world.reader.user.get();
    await rotated(world);
    vi.advanceTimersByTime(7 * MINUTE);
    await world.reader.user.get();
    await vi.waitFor(() => expect(world.read).toHaveBeenCalledTimes(2));
    await world.reader.user.get();
    const { current } = await recordOf(world.inner);
    expect(world.reference.journal.last('user.get')?.keyId).toBe(current.id);
    expect(world.reference.journal.entries.every(({ status }) => status < 400)).toBe(true);
  });

  it('that made no call for long reads before it signs', async () => {
    const world = await setUp();
    await world.reader.user.get();
    await rotated(world);
    vi.advanceTimersByTime(60 * MINUTE);
    await world.reader.user.get();
    const { current } = await recordOf(world.inner);
    expect(world.reference.journal.last('user.get')?.keyId).toBe(current.id);
  });

  it('reads once for many calls that were refused, and all of them succeed', async () => {
    const world = await setUp();
    await world.reader.user.get();
    await rotate(world.client, { store: world.inner, reason: 'leak' }); // The key that it has is gone.
    await Promise.all(Array.from({ length: 30 }, () => world.reader.user.get()));
    expect(world.read).toHaveBeenCalledTimes(2);
  });

  it('gives what another client of the process has read already', async () => {
    const world = await setUp();
    const other = world.clientOf();
    await Promise.all([world.reader.user.get(), other.user.get()]);
    await rotate(world.client, { store: world.inner, reason: 'leak' });
    await world.reader.user.get();
    await other.user.get();
    expect((await ask(world)).id).toBe((await recordOf(world.inner)).current.id);
  });

  it('signs for other HTTP clients, too', async () => {
    const world = await setUp();
    const signer = new RequestSigner(world.credentials);
    const { authorization } = await signer.headers('https://a.blazemeter.com/api/v4/user');
    expect(atob(authorization.slice(6))).toBe(`${world.keys.ci.id}:${world.keys.ci.secret}`);
  });

  it('reads more often once the credentials are about to expire, since new ones must come', async () => {
    const world = await setUp();
    await ask(world);
    vi.setSystemTime(Date.now() + 99.999 * 86_400_000); // They expire in a minute or two.
    for (const seconds of [30, 5, 30]) {
      vi.advanceTimersByTime(seconds * 1000);
      await ask(world, { reason: 'expiring' });
    }
    expect(world.read).toHaveBeenCalledTimes(3);
  });

  it('is not led back by a replica of the store that is behind', async () => {
    const world = await setUp();
    const old = await world.inner.read();
    await rotated(world);
    const { current } = await recordOf(world.inner);
    expect((await ask(world)).id).toBe(current.id);
    world.breakStore(async () => old);
    vi.advanceTimersByTime(7 * MINUTE);
    expect((await ask(world, { reason: 'expiring' })).id).toBe(current.id);
  });
});

describe('credentials that are refused just after their promotion', () => {
  const refusedCredentials = ({ id, secret }: RotationRecord['current']) => ({ id, secret });

  it('are replaced by those before them, which are tried first for half a minute', async () => {
    const world = await setUp();
    await rotated(world);
    const { current, previous } = await recordOf(world.inner);
    const warn = vi.fn();
    const next = await ask(world, { reason: 'unauthorized', refused: refusedCredentials(current), warn });
    expect(next.id).toBe(previous?.id);
    expect(next.refreshAfterMs).toBe(30_000);
    expect(warn).not.toHaveBeenCalled();
  });

  it('let calls succeed at a part of the service that does not know it yet', async () => {
    const world = await setUp();
    await rotated(world);
    const { current } = await recordOf(world.inner);
    const reader = new BlazeMeterClient({
      credentials: fromStore(world.inner),
      fetch: (url, init) =>
        atob(init.headers.authorization?.slice(6) ?? '').startsWith(current.id)
          ? Promise.resolve(new Response('{"error":{"code":401,"message":"Unauthorized"}}', { status: 401 }))
          : world.reference.fetch(url, init),
      logLevel: 'off',
    });
    await Promise.all(Array.from({ length: 10 }, () => reader.user.get()));
  });

  it('are replaced with a warning where that was long ago', async () => {
    const world = await setUp({ propagation: { minutes: 10 } });
    await rotated(world);
    const { current, previous } = await recordOf(world.inner);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * MINUTE });
    const warn = vi.fn();
    const next = await ask(world, { reason: 'unauthorized', refused: refusedCredentials(current), warn });
    vi.useRealTimers();
    expect(next.id).toBe(previous?.id);
    expect(warn.mock.calls.join()).toContain(current.id);
  });

  it('are not given to a client that was refused with credentials older than both', async () => {
    const world = await setUp();
    await rotated(world);
    const { previous } = await recordOf(world.inner);
    const older = { id: 'an-older-key', secret: { reveal: () => 'an-older-secret' } };
    expect((await ask(world, { reason: 'unauthorized', refused: older })).id).toBe(previous?.id);
  });

  it('come back where those before them are refused in their turn', async () => {
    const world = await setUp();
    await rotated(world);
    const { current, previous } = await recordOf(world.inner);
    if (previous === null) throw new Error('There is no previous key.');
    const next = await ask(world, { reason: 'unauthorized', refused: refusedCredentials(previous) });
    expect(next.id).toBe(current.id);
  });

  it('are followed by the new secret of the same key, once the response to a leak is on record', async () => {
    const world = await setUp();
    const { client, inner, keys } = world;
    const held: (() => void)[] = [];
    const slow = {
      read: () => inner.read(),
      async write(record: RotationRecord, options: { readonly ifMatch: string | null }) {
        // The key has its new secret already, and the record does not know it yet.
        if (record.phase === 'testing') await new Promise<void>((resolve) => held.push(resolve));
        return inner.write(record, options);
      },
    };
    const answering = rotate(client, { store: slow, reason: 'leak', recovery: keys.spare });
    await vi.waitUntil(() => held.length > 0);
    const call = world.reader.user.get();
    await vi.waitUntil(() => world.read.mock.calls.length >= 2);
    held[0]?.();
    expect((await call).id).toBe(keys.ci.userId);
    await answering;
  });
});

it('looks for the response to a leak for ten seconds, however slow the store is', async () => {
  vi.useFakeTimers();
  const world = await setUp();
  const [held, given] = [await world.inner.read(), await ask(world)];
  if (held === undefined) throw new Error('There is no record.');
  const { record, etag } = held;
  const pending: RotationRecord['pending'] = {
    strategy: 'regenerate',
    signer: 'recovery',
    reason: 'leak',
    nonce: 'x',
    name: 'x',
    epoch: record.epoch + 1,
    preparedAt: new Date(),
    days: 1,
    drainMs: 0,
    leakedSince: null,
    key: null,
  };
  await world.inner.write({ ...record, stamp: 'x', phase: 'regenerating', pending }, { ifMatch: etag });
  world.breakStore(async () => {
    await new Promise((done) => setTimeout(done, 3_000));
    return world.inner.read();
  });
  let answered = false;
  const refused = { id: given.id, secret: record.current.secret };
  void ask(world, { reason: 'unauthorized', refused }).then(() => {
    answered = true;
  });
  await vi.advanceTimersByTimeAsync(9_000);
  expect(answered).toBe(false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(answered).toBe(true);
});

describe('a reader whose store fails', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));

  it('goes on with the last credentials, warns, reads less and less often, and recovers', async () => {
    const world = await setUp();
    await world.reader.user.get();
    world.breakStore();
    let reads = world.read.mock.calls.length;
    const gaps: number[] = [];
    for (let minute = 0; minute < 30; minute += 0.5) {
      vi.advanceTimersByTime(MINUTE / 2);
      await ask(world, { reason: 'expiring', warn: (line) => world.warnings.push(line) });
      if (world.read.mock.calls.length > reads) gaps.push(minute);
      reads = world.read.mock.calls.length;
    }
    expect(gaps.length).toBeGreaterThanOrEqual(5);
    expect(gaps.length).toBeLessThanOrEqual(12);
    expect(world.warnings).toHaveLength(gaps.length);
    world.repairStore();
    await rotated(world);
    vi.advanceTimersByTime(7 * MINUTE);
    const { current } = await recordOf(world.inner);
    expect((await ask(world, { reason: 'expiring' })).id).toBe(current.id);
  });

  it('warns through the logger of the client, without a secret', async () => {
    const world = await setUp();
    await world.reader.user.get();
    world.breakStore(() => Promise.reject(new Error(`cannot parse ${world.keys.ci.secret}`)));
    vi.advanceTimersByTime(7 * MINUTE);
    await world.reader.user.get();
    await vi.waitFor(() => expect(world.warnings).toHaveLength(1));
    expect(world.warnings.join()).toContain('rotation_store');
    expect(world.warnings.join()).not.toContain(world.keys.ci.secret.slice(0, 8));
  });

  it('still finds the credentials before refused ones, in what it has read', async () => {
    vi.useRealTimers();
    const world = await setUp();
    await rotated(world);
    const { current, previous } = await recordOf(world.inner);
    await ask(world);
    world.breakStore();
    expect((await ask(world, { reason: 'unauthorized', refused: current })).id).toBe(previous?.id);
  });

  it('says so where credentials are refused and there are no others', async () => {
    vi.useRealTimers();
    const world = await setUp();
    await ask(world);
    world.breakStore(() => Promise.reject(new Error(`cannot parse ${world.keys.ci.secret}`)));
    const error = await failure(
      ask(world, { reason: 'unauthorized', refused: world.keys.ci && (await recordOf(world.inner)).current }),
    );
    expect(error).toMatchObject({ name: 'CredentialsError', cause: { code: 'rotation_store' } });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(world.keys.ci.secret.slice(0, 8));
  });
});

describe('the first read', () => {
  it('is tried three times, and then ends in an error that says what is wrong, without a secret', async () => {
    const world = await setUp();
    world.breakStore(() => Promise.reject(new Error(`cannot parse ${world.keys.ci.secret}`)));
    const error = await failure(world.reader.user.get());
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({ cause: { code: 'rotation_store' } });
    expect(world.read).toHaveBeenCalledTimes(3);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(world.keys.ci.secret.slice(0, 8));
  });

  it('survives two failures', async () => {
    const world = await setUp();
    world.read.mockRejectedValueOnce(new Error('down')).mockRejectedValueOnce(new Error('down'));
    await world.reader.user.get();
    expect(world.read).toHaveBeenCalledTimes(3);
  });

  it('of a store without a record says how to begin, at once', async () => {
    const read = vi.fn(async () => undefined);
    const error = await failure(fromStore({ read })());
    expect(error).toMatchObject({ name: 'CredentialsError', cause: { code: 'rotation_record' } });
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('gives up on a store that never responds, and the next call asks it again', async () => {
    const world = await setUp({ readTimeout: { seconds: 0.005 } });
    world.breakStore(() => new Promise(() => {}));
    expect(await failure(ask(world))).toMatchObject({ cause: { code: 'rotation_store' } });
    world.repairStore();
    expect((await ask(world)).id).toBe(world.keys.ci.id);
  });

  it('says why, though the store hangs and the client waits for a source no longer than a minute', async () => {
    vi.useFakeTimers();
    const world = await setUp();
    world.breakStore(() => new Promise(() => {}));
    const call = failure(world.reader.user.get());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await call).toMatchObject({ name: 'CredentialsError', cause: { code: 'rotation_store' } });
    expect(world.read).toHaveBeenCalledTimes(1);
  });
});

describe('a client', () => {
  it('passes its source the credentials that were refused, as a Secret', async () => {
    const world = await setUp();
    const seen: (CredentialContext | undefined)[] = [];
    const client = new BlazeMeterClient({
      credentials: async (context) => {
        seen.push(context);
        return seen.length === 1 ? { ...world.keys.ci, secret: 'the-one-from-before' } : world.keys.ci;
      },
      fetch: world.reference.fetch,
    });
    await client.user.get();
    expect(seen[1]?.refused?.id).toBe(world.keys.ci.id);
    expect(seen[1]?.refused?.secret.reveal()).toBe('the-one-from-before');
    expect(inspect(seen, { depth: 9 })).not.toContain('the-one-from-before');
  });

  it('refuses a source that asks for another question at no time that there is', async () => {
    const credentials = async () => ({ id: 'my-id', secret: 'my-secret', refreshAfterMs: Number.NaN });
    const client = new BlazeMeterClient({ credentials, logLevel: 'off' });
    expect(await failure(client.user.get())).toBeInstanceOf(CredentialsError);
  });
});
