// A reader of a record: which pair it gives, when it reads again, and what it does while its store fails. Times are exact.
import { CredentialsError } from 'blazemeter-client';
import { fromStore, memoryStore, RotationError } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { madeUpRecord } from '../stores/records.ts';
import {
  at,
  current,
  following,
  heldPair,
  MINUTE,
  previous,
  stillClock,
} from '../support/followed-record.ts';
import { failure } from '../support/rotation.ts';

vi.setConfig({ testTimeout: 2_000 });
beforeEach(stillClock);
afterEach(() => void vi.useRealTimers());

const SOURCE = 'the record of a rotation';

describe('a reader of a record', () => {
  it('gives the current pair, and says when it wants to be asked again', async () => {
    const { credentials, times } = following();
    expect(await credentials()).toStrictEqual({
      id: current.id,
      secret: current.secret,
      refreshAfterMs: 5 * MINUTE,
    });
    vi.advanceTimersByTime(MINUTE);
    expect((await credentials({ reason: 'expiring' })).refreshAfterMs).toBe(4 * MINUTE);
    expect(times).toEqual([0]);
  });

  it('says when the pair runs out', async () => {
    const ends = at(100 * MINUTE);
    const { credentials } = following({ current: heldPair('current', ends) });
    expect((await credentials()).expiresAt).toEqual(ends);
  });

  it('reads again when the time is over that it was told', async () => {
    const { soon, times, say } = following({}, { refreshEvery: { minutes: 1 } });
    await soon();
    say({ current: previous });
    vi.advanceTimersByTime(MINUTE - 1);
    expect((await soon()).id).toBe(current.id);
    vi.advanceTimersByTime(1);
    expect((await soon()).id).toBe(previous.id);
    expect(times).toEqual([0, MINUTE]);
  });

  it('describes itself by the key that it gave last', async () => {
    const { credentials, refused } = following({ previous });
    expect(credentials.describe?.()).toBe(SOURCE);
    await credentials();
    expect(credentials.describe?.()).toBe(`${SOURCE}, key ${current.id}`);
    await refused();
    expect(credentials.describe?.()).toBe(`${SOURCE}, key ${previous.id}`);
  });

  it('is asked for a pair that was refused before it has given any', async () => {
    const { refused, times } = following();
    expect((await refused()).id).toBe(current.id);
    expect(times).toEqual([0]);
  });

  it.each(['refreshEvery', 'propagation', 'readTimeout'])('is given a length of time for %s', (name) => {
    expect(() => fromStore(memoryStore(), { [name]: -1 })).toThrow(
      new TypeError(
        `${name} is a length of time: milliseconds, { days, hours, minutes, seconds, ms }, or a step such as '1 month'.`,
      ),
    );
  });
});

describe('a pair that runs out', () => {
  it.each([
    [15 * MINUTE, 1],
    [15 * MINUTE - 1, 2],
  ])('in %i ms is asked for %i times within half a minute', async (left, reads) => {
    const { soon, times } = following({ current: heldPair('current', at(left + 15_001)) });
    await soon();
    vi.advanceTimersByTime(15_001);
    await soon();
    expect(times).toHaveLength(reads);
  });

  it('is not asked for again within 15 seconds', async () => {
    const { soon, times } = following({ current: heldPair('current', at(MINUTE)) });
    await soon();
    vi.advanceTimersByTime(15_000);
    await soon();
    vi.advanceTimersByTime(1);
    await soon();
    expect(times).toEqual([0, 15_001]);
  });
});

describe('a reader whose store fails', () => {
  const fails = (code: string) => () =>
    Promise.reject(Object.assign(new RangeError('quotes a secret'), { code }));

  it('uses the pair that it has, and warns those who listen', async () => {
    const { credentials, soon, warn, answers } = following();
    await soon();
    answers(fails('EIO'));
    vi.advanceTimersByTime(5 * MINUTE);
    expect((await soon()).id).toBe(current.id);
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      `The record of the rotation could not be read again (rotation_store): the key ${current.id}, read before, is used on.`,
    );
    vi.advanceTimersByTime(5 * MINUTE);
    expect((await credentials({ reason: 'expiring' })).id).toBe(current.id);
  });

  /** A record whose id cannot be read. */
  const odd = (thrown: unknown) => async () => ({
    etag: 'x',
    record: Object.defineProperty(madeUpRecord(), 'id', {
      get() {
        throw thrown;
      },
    }),
  });
  it.each([
    ['TypeError', new TypeError('quotes a secret')],
    ['failed', 'quotes a secret'],
  ])('with something that is no record warns of it (%s)', async (shown, thrown) => {
    const { soon, warn, answers } = following();
    await soon();
    answers(odd(thrown));
    vi.advanceTimersByTime(5 * MINUTE);
    expect((await soon()).id).toBe(current.id);
    expect(warn.mock.calls.join()).toContain(`(${shown}): the key`);
  });

  const first = async (answer: Parameters<ReturnType<typeof following>['answers']>[0], waitMs = 60_000) => {
    const { credentials, answers, times } = following();
    answers(answer);
    const error = failure(credentials());
    await vi.advanceTimersByTimeAsync(waitMs);
    return { error: await error, times };
  };
  const unread = 'The pair to sign with could not be had: ';

  it('before it has any pair is asked three times, and then says what is wrong', async () => {
    const { error, times } = await first(fails('EIO'));
    expect(times).toHaveLength(3);
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({
      code: 'rotation_store',
      source: SOURCE,
      message: `${unread}The record could not be read from the store (RangeError: EIO). Mend the store: its folder, permissions, network.`,
    });
    expect(error.cause).toBeInstanceOf(RotationError);
  });

  it('is waited for 20 seconds', async () => {
    const { error, times } = await first(() => new Promise(() => {}), 20_000);
    expect(error.message).toContain('no answer within 20 s');
    expect(times).toEqual([0]);
  });

  it('is waited for as long as was said', async () => {
    const { credentials, answers } = following({}, { readTimeout: 16_000 });
    answers(() => new Promise(() => {}));
    const error = failure(credentials());
    await vi.advanceTimersByTimeAsync(16_000);
    expect((await error).message).toContain('no answer within 16 s');
  });

  it('without a record says how to begin', async () => {
    const { error } = await first(async () => undefined);
    expect(error).toMatchObject({
      code: 'rotation_record',
      message: `${unread}The store holds no record yet. Begin with adopt(client, { store, name, credentials }).`,
    });
  });

  it('with something that is no record at first says no more than that', async () => {
    const { error } = await first(async () => Reflect.apply(Object, undefined, [{ etag: 'x' }]));
    expect(error).toMatchObject({
      code: 'rotation_store',
      message: `${unread}the record of the rotation could not be read.`,
    });
    expect(error).not.toHaveProperty('cause');
  });
});
