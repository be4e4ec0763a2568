// A reader of a record: which credentials it gives, when it reads again, and what it does while its store fails. Times are
// exact: nothing waits for a real clock.
import { CredentialsError } from 'blazemeter-client';
import { RotationError } from 'blazemeter-client/rotation';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { current, heldNamed, previous, reading, withoutChance } from './support/readers.ts';
import { madeUpRecord } from './support/records.ts';
import { at, MINUTE } from './support/stage.ts';
import { failure, seen } from './support/world.ts';

vi.setConfig({ testTimeout: 5_000 });
beforeEach(() => withoutChance());

const fails = () => Promise.reject(Object.assign(new RangeError('quotes a secret'), { code: 'EIO' }));
const hangs = () => new Promise<never>(() => {});

describe('a reader of a record', () => {
  it('gives the current credentials, and says when it wants to be asked again', async () => {
    const { credentials, again, times } = reading();
    expect(await credentials()).toStrictEqual({
      id: current.id,
      secret: current.secret,
      refreshAfterMs: 5 * MINUTE,
    });
    vi.advanceTimersByTime(MINUTE);
    expect((await again()).refreshAfterMs).toBe(4 * MINUTE);
    expect(times).toEqual([0]);
  });

  it('says when the credentials expire', async () => {
    const expiresAt = at(100 * MINUTE);
    const { credentials } = reading({ current: heldNamed('current', expiresAt) });
    expect((await credentials()).expiresAt).toEqual(expiresAt);
  });

  it.each([
    [0, 0.8],
    [0.5, 1],
    [1, 1.2],
  ])('reads again after the time that it was given, 20 %% more or less (%s)', async (random, part) => {
    withoutChance(random);
    const { again, times, say } = reading({}, { refreshEvery: { minutes: 1 } });
    expect((await again()).refreshAfterMs).toBe(part * MINUTE);
    say({ current: previous });
    vi.advanceTimersByTime(part * MINUTE - 1);
    expect((await again()).id).toBe(current.id);
    vi.advanceTimersByTime(1);
    expect((await again()).id).toBe(previous.id);
    expect(times).toEqual([0, part * MINUTE]);
  });

  it('reads once for all who ask at the same time', async () => {
    const { credentials, again, times } = reading();
    await Promise.all([credentials(), credentials(), again()]);
    expect(times).toEqual([0]);
  });

  it('takes what is newer or as new, and never an older epoch of the same record', async () => {
    const { again, say } = reading({ epoch: 3 });
    const next = async (change: Parameters<typeof say>[0]) => {
      say(change);
      vi.advanceTimersByTime(5 * MINUTE);
      return (await again()).id;
    };
    await again();
    const other = heldNamed('other');
    expect(await next({ current: other })).toBe(other.id);
    expect(await next({ epoch: 2, current: previous })).toBe(other.id);
    expect(await next({ epoch: 4, current: previous })).toBe(previous.id);
    expect(await next({ epoch: 1, id: 'another', current })).toBe(current.id);
  });

  it('describes itself by the key that it gave last, and shows no secret', async () => {
    const { credentials, refused } = reading({ previous });
    const before = credentials.describe?.();
    await credentials();
    expect(credentials.describe?.()).toBe(`${before}, key ${current.id}`);
    await refused();
    expect(credentials.describe?.()).toBe(`${before}, key ${previous.id}`);
    expect(seen(credentials)).not.toContain(current.secret.reveal().slice(0, 8));
  });

  it('leaves no timer behind', async () => {
    const { credentials, again, replies } = reading();
    await credentials();
    expect(vi.getTimerCount()).toBe(0);
    replies(fails);
    vi.advanceTimersByTime(5 * MINUTE);
    await again();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('credentials that expire', () => {
  it.each([
    [15 * MINUTE, 1],
    [15 * MINUTE - 1, 2],
  ])('in %i ms are read %i times within half a minute', async (left, reads) => {
    const { again, times } = reading({ current: heldNamed('current', at(left + 15_001)) });
    await again();
    vi.advanceTimersByTime(15_001);
    await again();
    expect(times).toHaveLength(reads);
  });

  it('are not read again within 15 seconds', async () => {
    const { again, times } = reading({ current: heldNamed('current', at(MINUTE)) });
    await again();
    vi.advanceTimersByTime(15_000);
    await again();
    vi.advanceTimersByTime(1);
    await again();
    expect(times).toEqual([0, 15_001]);
  });
});

describe('a reader whose store fails', () => {
  it('uses the credentials that it has, and warns those who listen', async () => {
    const { credentials, again, warn, replies } = reading();
    await again();
    replies(fails);
    vi.advanceTimersByTime(5 * MINUTE);
    expect((await again()).id).toBe(current.id);
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls.join()).toContain('rotation_store');
    expect(warn.mock.calls.join()).not.toContain('quotes');
    vi.advanceTimersByTime(5 * MINUTE);
    expect((await credentials({ reason: 'expiring' })).id).toBe(current.id);
  });

  it.each([
    [0, [30_000, 60_000, 120_000, 240_000, 240_000]],
    [0.999999, [24_000, 48_000, 96_000, 192_000, 240_000]],
  ])('leaves it alone for longer each time (%s), and for no longer than usual', async (random, rests) => {
    const { again, replies, times } = reading();
    await again();
    replies(fails);
    vi.advanceTimersByTime(5 * MINUTE);
    vi.spyOn(Math, 'random').mockReturnValue(random);
    for (const rest of rests) {
      const { refreshAfterMs } = await again();
      expect(Math.abs((refreshAfterMs ?? 0) - rest)).toBeLessThanOrEqual(rest === 240_000 ? MINUTE : 10);
      vi.advanceTimersByTime(5 * MINUTE);
    }
    expect(times).toHaveLength(1 + rests.length);
    replies(undefined);
    await again();
    replies(fails);
    vi.advanceTimersByTime(6 * MINUTE);
    expect((await again()).refreshAfterMs).toBeLessThanOrEqual(30_000);
  });

  it('with something that is no record warns, too', async () => {
    const { again, warn, replies } = reading();
    await again();
    const odd = Object.defineProperty(madeUpRecord(), 'id', {
      get() {
        throw new TypeError('quotes a secret');
      },
    });
    replies(async () => ({ etag: 'x', record: odd }));
    vi.advanceTimersByTime(5 * MINUTE);
    expect((await again()).id).toBe(current.id);
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls.join()).not.toContain('quotes');
  });
});

describe('a first read', () => {
  const first = async (response: Parameters<ReturnType<typeof reading>['replies']>[0], waitMs = 60_000) => {
    const { credentials, replies, times } = reading();
    replies(response);
    const error = failure(credentials());
    await vi.advanceTimersByTimeAsync(waitMs);
    return { error: await error, times };
  };

  it.each([
    [0, [0, 100, 500]],
    [0.5, [0, 150, 750]],
    [1, [0, 200, 1_000]],
  ])(
    'that fails is tried three times, ever later (%s), and then says what is wrong',
    async (random, expected) => {
      vi.spyOn(Math, 'random').mockReturnValue(random);
      const { error, times } = await first(fails);
      expect(times).toEqual(expected);
      expect(error).toBeInstanceOf(CredentialsError);
      expect(error).toMatchObject({ cause: { code: 'rotation_store' }, source: expect.any(String) });
      expect(error.cause).toBeInstanceOf(RotationError);
      expect(error.message).toContain('EIO');
      expect(seen(error)).not.toContain('quotes');
    },
  );

  it('that failed twice succeeds the third time', async () => {
    const { credentials, replies, times } = reading();
    replies(() =>
      times.length < 3 ? fails() : Promise.resolve({ record: madeUpRecord({ current }), etag: 'x' }),
    );
    const given = credentials();
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect((await given).id).toBe(current.id);
    expect(times).toEqual([0, 150, 750]);
  });

  it('is tried again where the store says that it failed, and not where the record is spoilt or not there', async () => {
    const down = new RotationError('It is down.', { code: 'rotation_store' });
    expect((await first(() => Promise.reject(down))).times).toHaveLength(3);
    const spoilt = await first(() =>
      Promise.reject(new RotationError('It is spoilt.', { code: 'rotation_record' })),
    );
    expect(spoilt.times).toEqual([0]);
    expect(spoilt.error).toMatchObject({ cause: { code: 'rotation_record' } });
    const none = await first(async () => undefined);
    expect(none.times).toEqual([0]);
    expect(none.error).toBeInstanceOf(CredentialsError);
    expect(none.error).toMatchObject({ cause: { code: 'rotation_record' } });
  });

  it('is waited for 20 seconds, and not tried again after so long', async () => {
    const { credentials, replies, times } = reading();
    replies(hangs);
    let over = false;
    const error = failure(credentials()).finally(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(19_999);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await error).toMatchObject({ cause: { code: 'rotation_store' } });
    expect([times, vi.getTimerCount()]).toEqual([[0], 0]);
  });

  it('is waited for as long as was asked for, and the next one is a new one', async () => {
    const { credentials, replies } = reading({}, { readTimeout: { seconds: 16 } });
    replies(hangs);
    const error = failure(credentials());
    await vi.advanceTimersByTimeAsync(16_000);
    expect(await error).toMatchObject({ cause: { code: 'rotation_store' } });
    replies(undefined);
    expect((await credentials()).id).toBe(current.id);
  });

  it('of something that is no record says no more than that', async () => {
    const { error } = await first(async () => Reflect.apply(Object, undefined, [{ etag: 'x' }]));
    expect(error).toMatchObject({ code: 'credentials' });
    expect(error).not.toHaveProperty('cause');
  });
});

describe('a read after a refusal', () => {
  it('begins after the one under way, and is one for all who ask for it', async () => {
    const { again, refused, say, replies, times } = reading();
    await again();
    let record = madeUpRecord({ current });
    replies(async () => {
      const read = record;
      await new Promise((done) => setTimeout(done, 500));
      return { record: read, etag: 'x' };
    });
    vi.advanceTimersByTime(5 * MINUTE);
    const behind = again();
    record = madeUpRecord({ epoch: 4, current: previous });
    const both = Promise.all([refused(current), refused(current)]);
    await vi.advanceTimersByTimeAsync(2_000);
    say({});
    await behind;
    expect((await both).map(({ id }) => id)).toEqual([previous.id, previous.id]);
    expect(times).toEqual([0, 5 * MINUTE, 5 * MINUTE + 500]);
  });
});
