// What a sink is asked, for how long, and what is said of one that fails: names and codes, never what it said itself.
import { RotationError, Secret, type SecretSink, StoreConflictError } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkSinks, probeSinks, putToSink } from '../../src/rotation/engine/sink.ts';
import { failure } from '../support/rotation.ts';

const delivery = {
  id: '7e57ed000000000000000001',
  secret: Secret.from('made up and long enough'),
  expiresAt: null,
  recordId: 'k3v9m2xq7a',
  epoch: 4,
};
const stuck = () => new Promise<never>(() => {});
const coded = () => Object.assign(new TypeError('quotes the secret'), { code: 'ECONNRESET' });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const sinkOf = (put: SecretSink['put'], more: Partial<SecretSink> = {}): SecretSink => ({
  name: 'ci',
  put,
  ...more,
});

/** What is said of a sink that is put to. */
const said = (put: SecretSink['put'], signal?: AbortSignal) => putToSink(sinkOf(put), delivery, signal);

describe('the names of sinks', () => {
  it('differ, and none is empty', () => {
    const sinks = (...names: string[]) => names.map((name) => sinkOf(async () => {}, { name }));
    expect(() => checkSinks([])).not.toThrow();
    expect(() => checkSinks(sinks('a', 'b'))).not.toThrow();
    const wrong = new TypeError('Each sink needs a name of its own that is not empty.');
    expect(() => checkSinks(sinks('a', 'a'))).toThrow(wrong);
    expect(() => checkSinks(sinks('a', ''))).toThrow(wrong);
  });
});

describe('a sink that is put to', () => {
  it('gets the pair and a signal, and leaves no timer behind', async () => {
    const put = vi.fn(async (_: unknown, { signal }: { signal: AbortSignal }) => {
      expect(signal.aborted).toBe(false);
      expect(vi.getTimerCount()).toBe(1);
    });
    expect(await said(put)).toBeUndefined();
    expect(put.mock.calls[0]?.[0]).toBe(delivery);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('acknowledges unless it says no', async () => {
    const answers: unknown[] = [undefined, null, 'no', {}, { acknowledged: true }, { acknowledged: null }];
    for (const answer of answers) {
      const sink = { name: 'ci', put: async () => answer };
      expect(await Reflect.apply(putToSink, undefined, [sink, delivery, undefined])).toBeUndefined();
    }
    expect(await said(async () => ({ acknowledged: false }))).toBe('it did not acknowledge');
  });

  it('is told by name and code where it fails, also at once', async () => {
    expect(await said(() => Promise.reject(coded()))).toBe('TypeError: ECONNRESET');
    expect(
      await said(() => {
        throw coded();
      }),
    ).toBe('TypeError: ECONNRESET');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has its error withheld where that has no code, by its class where it has one', async () => {
    const withheld = 'its error is withheld, because it may quote the secret';
    expect(await said(() => Promise.reject(new Error('quotes the secret')))).toBe(withheld);
    expect(await said(() => Promise.reject('quotes the secret'))).toBe(withheld);
    expect(await said(() => Promise.reject(new TypeError('quotes the secret')))).toBe(
      'TypeError: details withheld, because they may quote a secret',
    );
    expect(await said(() => Promise.reject(Object.assign(new Error('x'), { code: 'EIO' })))).toBe(
      'Error: EIO',
    );
    // Words of its own about time are not ours.
    expect(await said(() => Promise.reject({ message: 'timeout' }))).toBe(withheld);
    expect(await said(() => Promise.reject(new Error('timeout')))).toBe(withheld);
  });

  it('is heard where its error is one of ours, and nothing in it obeys', async () => {
    const error = new StoreConflictError('Mend\nthis');
    const problem = await said(() => Promise.reject(error));
    expect(problem).toContain('StoreConflictError: Mend');
    expect(problem).not.toContain('\n');
  });

  it('gets a minute, and hears when it is over', async () => {
    let heard: AbortSignal | undefined;
    const problem = said((_, { signal }) => {
      heard = signal;
      return stuck();
    });
    await vi.advanceTimersByTimeAsync(59_999);
    expect(heard?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(heard?.aborted).toBe(true);
    expect(await problem).toBe('no answer within 60 s');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with the caller’s abort, whatever it does', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const heard: unknown[] = [];
    const ended = failure(
      said((_, { signal }) => {
        signal.addEventListener('abort', () => heard.push(signal.reason));
        return stuck();
      }, controller.signal),
    );
    await vi.advanceTimersByTimeAsync(1);
    controller.abort(reason);
    expect(await ended).toBe(reason);
    expect(heard).toEqual([reason]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not asked after the abort', async () => {
    const reason = new Error('enough');
    const put = vi.fn(async () => {});
    expect(await failure(said(put, AbortSignal.abort(reason)))).toBe(reason);
    expect(put).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no listener at the signal of the caller', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await said(async () => {}, signal);
    expect(added).toHaveBeenCalledTimes(1);
    expect(added.mock.calls[0]?.[0]).toBe('abort');
    expect(added.mock.calls[0]?.[2]).toEqual({ once: true });
    expect(removed.mock.calls).toEqual([['abort', added.mock.calls[0]?.[1]]]);
  });
});

describe('sinks that are probed', () => {
  const put = async () => {};
  const probed = (name: string, probe: SecretSink['probe']): SecretSink =>
    probe === undefined ? { name, put } : { name, put, probe };

  it('tell of themselves what they can', async () => {
    const state = { keyId: 'a' };
    const probe = vi.fn((_: { readonly signal: AbortSignal }) => state);
    const sinks = [
      probed('silent', undefined),
      probed('nothing', async () => {}),
      { name: 'null', probe: async () => null },
      { name: 'text', probe: () => 'x' },
      probed('telling', probe),
    ];
    const told: ReadonlyMap<string, unknown> = await Reflect.apply(probeSinks, undefined, [sinks, undefined]);
    expect([...told]).toEqual([['telling', state]]);
    expect(probe.mock.calls[0]?.[0].signal).toBeInstanceOf(AbortSignal);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are all asked, and those that refuse are named', async () => {
    const first = coded();
    const error = await failure(
      probeSinks(
        [
          probed('one\n', () => Promise.reject(first)),
          probed('good', () => ({})),
          probed('two', () => {
            throw new Error('quotes the secret');
          }),
        ],
        undefined,
      ),
    );
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({ code: 'rotation_sink', cause: { name: 'TypeError', code: 'ECONNRESET' } });
    expect(error.message).toMatch(
      /^The rotation was not begun, because these sinks would not take the new pair: one[^\n]* \(TypeError: ECONNRESET\), two \(its error is withheld, because it may quote the secret\)\. Mend them, then run it again\.$/,
    );
  });

  it('get a minute', async () => {
    const error = failure(probeSinks([probed('slow', stuck)], undefined));
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await error).message).toContain('slow (no answer within 60 s)');
  });

  it('keep a cause that is ours as it is, and no cause of that which is not', async () => {
    const causeOf = async (error: Error) =>
      (await failure(probeSinks([probed('bad', () => Promise.reject(error))], undefined))).cause;
    const ours = new StoreConflictError('Ours.');
    expect(await causeOf(ours)).toBe(ours);
    const dirty = new StoreConflictError('Ours.', { cause: new Error('quotes the secret') });
    const cause = await causeOf(dirty);
    expect(cause).not.toBe(dirty);
    expect(JSON.stringify([cause, String(cause)])).not.toContain('quotes');
    expect(await causeOf(coded())).toMatchObject({ name: 'TypeError', message: 'ECONNRESET' });
  });

  it('end with the caller’s abort', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const next = vi.fn(() => {});
    const ended = failure(probeSinks([probed('slow', stuck), probed('next', next)], controller.signal));
    await vi.advanceTimersByTimeAsync(1);
    controller.abort(reason);
    expect(await ended).toBe(reason);
    expect(next).not.toHaveBeenCalled();
  });
});
