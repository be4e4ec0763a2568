// Sinks: asked before anything is changed, given the new credentials one after the other, acknowledged each alone, and
// never quoted.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyFileSink } from 'blazemeter-client/node';
import { RotationError, type SecretSink, StoreConflictError } from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { oddValues } from '../support/client.ts';
import { madeUp, temporaryFolder } from '../support/credentials.ts';
import { holding, madeUpPromotion } from './support/records.ts';
import { FakeSink, refusing } from './support/sinks.ts';
import { type StageOptions, stage } from './support/stage.ts';
import { accepts, failure, seen } from './support/world.ts';

const coded = () => Object.assign(new TypeError('quotes the secret'), { code: 'ECONNRESET' });
const throwing = (name: string, error: unknown): FakeSink => new FakeSink(name, () => Promise.reject(error));
const hangs = () => new Promise<never>(() => {});

/** A rotation whose new credentials are in use, and that has sinks left to deliver to. */
const delivering = (names: readonly string[], options: StageOptions = {}) =>
  stage({
    ...options,
    record: () => ({
      phase: 'delivering',
      promotion: madeUpPromotion(),
      sinks: names.map((name) => holding(name)),
    }),
  });

it.each([
  ['false', false],
  ['a result that is not acknowledged', { acknowledged: 'false' }],
  ['a response that is no success', new Response(null, { status: 403 })],
])('a sink whose put resolves with %s has not taken the credentials', async (_, answer) => {
  const { rotate: run } = await stage();
  const sink: SecretSink = Object.assign(new FakeSink('one'), { put: async () => answer });
  expect(await run({ sinks: [sink] })).toMatchObject({
    phase: 'delivering',
    sinks: [{ name: 'one', acknowledged: false }],
  });
});

describe('the probe of a sink', () => {
  it('is asked of each before anything is created, and again in no later phase', async () => {
    const { rotate: run, resume, reference } = await stage();
    const sinks = [new FakeSink('one'), new FakeSink('two')];
    const requests: number[] = [];
    for (const sink of sinks) sink.onProbe = () => void requests.push(reference.journal.count());
    await run({ sinks });
    expect(requests).toEqual([0, 0]);
    await resume({ sinks });
    expect(sinks.map(({ probes }) => probes)).toEqual([1, 1]);
  });

  it('that throws ends the rotation with nothing changed, and names each such sink', async () => {
    const { rotate: run, changes, record } = await stage();
    const sinks = [new FakeSink('bad\none'), new FakeSink('good'), new FakeSink('worse')];
    const [bad, good, worse] = sinks;
    if (bad) bad.onProbe = () => Promise.reject(coded());
    if (worse)
      worse.onProbe = () => {
        throw new Error('quotes the secret');
      };
    const error = await failure(run({ sinks }));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({ code: 'rotation_sink', cause: { name: 'TypeError', code: 'ECONNRESET' } });
    expect(error.message).toMatch(/bad[^\n]+one[^\n]+ECONNRESET[^\n]+worse/);
    expect(error.message).not.toContain('good');
    expect(seen(error)).not.toContain('quotes the secret');
    expect(good?.probes).toBe(1);
    expect([changes(), sinks.flatMap(({ got }) => got)]).toEqual([[], []]);
    expect(await record()).toMatchObject({ phase: 'idle', pending: null, lease: null });
  });

  it('may be left out', async () => {
    const { rotate: run } = await stage();
    const put = vi.fn(async () => {});
    expect(await run({ sinks: [{ name: 'plain', put }] })).toMatchObject({ rotated: true });
    expect(put).toHaveBeenCalledOnce();
  });

  it('has a minute, and a signal that says when that is over', async () => {
    const { rotate: run } = await stage();
    vi.useFakeTimers();
    let heard: AbortSignal | undefined;
    const slow: SecretSink = {
      name: 'slow',
      put: async () => {},
      probe: ({ signal }) => {
        heard = signal;
        return hangs();
      },
    };
    const work = failure(run({ sinks: [slow] }));
    await vi.advanceTimersByTimeAsync(59_999);
    expect(heard?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await work).toMatchObject({ code: 'rotation_sink' });
    expect(heard?.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps a cause of this library as it is, unless that has a foreign cause itself', async () => {
    const causeOf = async (thrown: Error) => {
      const { rotate: run } = await stage();
      const sink = new FakeSink();
      sink.onProbe = () => Promise.reject(thrown);
      return failure(run({ sinks: [sink] }));
    };
    const ours = new StoreConflictError('Ours.');
    expect((await causeOf(ours)).cause).toBe(ours);
    const request = Object.assign(new Error('request failed'), { config: { token: 'made-up-token' } });
    const foreign = await causeOf(new RotationError('No.', { code: 'rotation_sink', cause: request }));
    expect(seen(foreign)).not.toContain('made-up-token');
  });

  it('shows no piece of credentials in use in an error of ours that quotes them, nor in its cause', async () => {
    const { rotate: run, keyOf } = await stage();
    const sink = new FakeSink();
    for (const quoted of [keyOf('ci').secret.slice(2, 20), btoa(keyOf('spare').secret).slice(0, 30)]) {
      sink.onProbe = () => Promise.reject(new StoreConflictError(`was refused: ${quoted}`));
      const error = await failure(run({ sinks: [sink], recovery: keyOf('spare') }));
      expect(error.message).toContain('was refused');
      expect(seen(error)).not.toContain(quoted);
    }
  });

  it('ends with the caller’s abort, and no other sink is asked', async () => {
    const { rotate: run, record } = await stage();
    const controller = new AbortController();
    const reason = new Error('enough');
    const [slow, next] = [new FakeSink('slow'), new FakeSink('next')];
    slow.onProbe = () => {
      controller.abort(reason);
      return hangs();
    };
    expect(await failure(run({ sinks: [slow, next], signal: controller.signal }))).toBe(reason);
    expect([next.probes, (await record()).lease]).toEqual([0, null]);
  });
});

describe('new credentials', () => {
  it('go to each sink that lacks them, one after the other, and each is on record before the next is asked', async () => {
    const { resume, idOf, record, writes } = await stage({
      record: () => ({
        phase: 'delivering',
        promotion: madeUpPromotion(),
        sinks: [holding('one'), holding('bad'), holding('lost', 2), holding('two', 2), holding('held', 3)],
      }),
    });
    const known = async () =>
      (await record()).sinks.filter(({ epoch }) => epoch === 3).map(({ name }) => name);
    const seenBy: Record<string, readonly string[]> = {};
    const noting = (name: string) =>
      new FakeSink(name, async () => {
        seenBy[name] = await known();
      });
    const sinks = [noting('two'), throwing('bad', coded()), noting('one'), noting('held')];
    const report = await resume({ sinks });
    expect(report).toMatchObject({ phase: 'delivering', rotated: false });
    expect(report.sinks).toEqual([
      { name: 'one', keyId: idOf('ci'), acknowledged: true },
      { name: 'bad', keyId: null, acknowledged: false, problem: expect.stringContaining('ECONNRESET') },
      { name: 'lost', keyId: null, acknowledged: false, problem: expect.any(String) },
      { name: 'two', keyId: idOf('ci'), acknowledged: true },
      { name: 'held', keyId: null, acknowledged: true },
    ]);
    expect(seenBy).toEqual({ one: ['held'], two: ['one', 'held'] });
    expect(sinks.map(({ got }) => got.length)).toEqual([1, 1, 1, 0]);
    const { secret } = (await record()).current;
    expect(sinks[2]?.got[0]).toMatchObject({ id: idOf('ci'), epoch: 3, recordId: (await record()).id });
    expect(sinks[2]?.got[0]?.secret.equals(secret)).toBe(true);
    expect(writes.every(({ phase }) => phase === 'delivering')).toBe(true);
  });

  it('keep the old key alive until every sink has them', async () => {
    const { rotate: run, resume, keyOf, reference, pass } = await stage();
    const good = new FakeSink('good');
    const bad = throwing('bad', coded());
    expect(await run({ drain: { minutes: 0 }, sinks: [good, bad] })).toMatchObject({
      phase: 'delivering',
      rotated: true,
    });
    pass(3 * 86_400_000);
    for (const sinks of [[good], [good, bad]]) {
      expect(await resume({ sinks })).toMatchObject({ phase: 'delivering' });
      expect(accepts(reference, keyOf('ci'))).toBe(true);
    }
    bad.onPut = undefined;
    expect(await resume({ sinks: [good, bad] })).toMatchObject({ phase: 'idle' });
    expect(accepts(reference, keyOf('ci'))).toBe(false);
    expect([good.got.length, bad.got.length]).toEqual([1, 3]);
  });

  it('are waited for by a sink that is no longer there, until it is dropped', async () => {
    const { resume, record } = await delivering(['gone', 'there']);
    const sinks = [new FakeSink('there')];
    expect(await resume({ sinks })).toMatchObject({ phase: 'delivering' });
    expect(await resume({ sinks, dropSinks: ['gone'] })).toMatchObject({ phase: 'idle' });
    expect((await record()).sinks.map(({ name }) => name)).toEqual(['there']);
  });

  it('are reported not to be dropped where no sink on record has that name, and the run goes on', async () => {
    const { resume } = await delivering(['gone', 'there']);
    const sinks = [new FakeSink('there')];
    const misspelt = await resume({ sinks, dropSinks: ['gnoe'] });
    expect(misspelt).toMatchObject({ phase: 'delivering' });
    expect(misspelt.notes.join()).toMatch(/gnoe.*misspelt.*gone, there/);
    const dropped = await resume({ sinks, dropSinks: ['gone'] });
    expect(dropped.notes.join()).not.toContain('dropSinks');
    const left = await resume({ sinks, dropSinks: ['gone'], dryRun: true });
    expect(left).toMatchObject({ phase: 'idle' });
    expect(left.notes.join()).toMatch(/gone.*misspelt/);
    const both = await resume({ sinks, dropSinks: ['there'] });
    expect(both.notes).toEqual([expect.stringMatching(/given, but get no credentials.*there/)]);
  });

  it('are waited for by every sink that was ever given, until it is dropped: the old key stays', async () => {
    const { rotate: run, record, reference, pass } = await stage();
    const drain = { minutes: 0 };
    await run({ drain, sinks: [new FakeSink('one'), new FakeSink('two')] });
    const { current } = await record();
    const report = await run({ drain, sinks: [new FakeSink('two'), new FakeSink('three')] });
    expect(report).toMatchObject({
      phase: 'delivering',
      rotated: true,
      sinks: [
        {
          name: 'one',
          acknowledged: false,
          keyId: current.id,
          problem: expect.stringContaining('not given'),
        },
        { name: 'two', acknowledged: true },
        { name: 'three', acknowledged: true },
      ],
    });
    expect(report.notes.join()).toContain('one');
    pass(9 * 86_400_000);
    expect(accepts(reference, current)).toBe(true);
    const sinks = [new FakeSink('two'), new FakeSink('three')];
    expect(await run({ drain, sinks, dropSinks: ['one'] })).toMatchObject({ phase: 'idle', epoch: 5 });
    expect(accepts(reference, current)).toBe(false);
    expect((await record()).sinks).toMatchObject([{ name: 'two' }, { name: 'three' }]);
  });

  it('are not waited for after a leak, and the report says which sinks hold a deleted key', async () => {
    for (const recovery of [undefined, 'spare']) {
      const { rotate: run, record, reference, keyOf } = await stage();
      await run({ drain: { minutes: 0 }, sinks: [new FakeSink('one')] });
      const { current } = await record();
      const given = recovery === undefined ? {} : { recovery: keyOf(recovery) };
      const report = await run({ reason: 'leak', ...given });
      expect(report).toMatchObject({ phase: 'delivering', sinks: [{ name: 'one', acknowledged: false }] });
      expect(report.notes.join()).toMatch(/leak cannot wait.*one/);
      expect(accepts(reference, current)).toBe(false);
    }
  });
});

describe('a sink that is given credentials', () => {
  const putting = async (sink: SecretSink) => {
    const { resume } = await delivering([sink.name]);
    const { sinks, phase } = await resume({ sinks: [sink] });
    return { phase, problem: sinks[0]?.problem };
  };

  it('acknowledges unless it says no', async () => {
    const responses: unknown[] = [
      undefined,
      null,
      'no',
      {},
      { acknowledged: true },
      { acknowledged: null },
      new Response(),
    ];
    for (const response of responses) {
      const sink = Object.assign(new FakeSink(), { put: async () => response });
      const report = await (await delivering([sink.name])).resume({ sinks: [Object(sink)] });
      expect(report.phase).toBe('idle');
    }
    expect(await putting(refusing())).toMatchObject({ phase: 'delivering', problem: expect.any(String) });
  });

  it('is reported by name and code where it fails, and its own words by none', async () => {
    const problems = [
      coded(),
      Object.assign(new Error('quotes the secret'), { code: 'EIO' }),
      new Error('quotes the secret'),
      new TypeError('quotes the secret'),
      'quotes the secret',
      { message: 'quotes the secret' },
      new StoreConflictError('of\nours'),
      // As fetch fails, with the code at its cause; and with a cause whose code is a secret.
      new TypeError('fetch failed', { cause: Object.assign(new Error('quotes'), { code: 'ECONNREFUSED' }) }),
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('quotes'), { code: madeUp('x').secret }),
      }),
    ];
    const said: (string | undefined)[] = [];
    for (const problem of problems) {
      const { phase, problem: shown } = await putting(throwing('bad', problem));
      expect([phase, typeof shown]).toEqual(['delivering', 'string']);
      expect(shown).not.toMatch(/quotes|\n/);
      said.push(shown);
    }
    expect(said[0]).toContain('ECONNRESET');
    expect(said[1]).toContain('EIO');
    expect(said[3]).toContain('TypeError');
    expect(said[6]).toContain('StoreConflictError');
    expect(said[7]).toBe('TypeError: ECONNREFUSED');
    expect(said[8]).not.toContain(madeUp('x').secret);
  });

  it.each(oddValues())('is reported whatever it throws: %s', async (_, thrown) => {
    const { phase, problem } = await putting(throwing('bad', thrown));
    expect([phase, typeof problem]).toEqual(['delivering', 'string']);
  });

  it('shows no piece of the secret in an error of ours that quotes it', async () => {
    for (const quote of [(text: string) => text.slice(0, 20), (text: string) => btoa(text).slice(0, 30)]) {
      let quoted = '';
      const sink: SecretSink = {
        name: 'bad',
        put: ({ secret }) => {
          quoted = quote(secret.reveal());
          throw new StoreConflictError(`could not write ${quoted}`);
        },
      };
      const { problem } = await putting(sink);
      expect(problem).toContain('could not write');
      expect(problem).not.toContain(quoted);
    }
  });

  it('has its error withheld also where it throws at once', async () => {
    const sink: SecretSink = {
      name: 'bad',
      put: () => {
        throw coded();
      },
    };
    expect((await putting(sink)).problem).toContain('ECONNRESET');
  });

  it('has a minute, and a signal that says when that is over', async () => {
    const { resume } = await delivering(['slow']);
    vi.useFakeTimers();
    let heard: AbortSignal | undefined;
    const slow: SecretSink = {
      name: 'slow',
      put: (_, { signal }) => {
        heard = signal;
        return hangs();
      },
    };
    const work = resume({ sinks: [slow] });
    await vi.advanceTimersByTimeAsync(59_999);
    expect(heard?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(heard?.aborted).toBe(true);
    expect(await work).toMatchObject({ phase: 'delivering', sinks: [{ problem: expect.any(String) }] });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not pass for late by its own words about time', async () => {
    const late = await putting(throwing('bad', new Error('timeout')));
    expect(late.problem).toBe((await putting(throwing('bad', new Error('other')))).problem);
  });

  it('ends with the caller’s abort, and the lease is given back', async () => {
    const { resume, record } = await delivering(['stuck']);
    const controller = new AbortController();
    const reason = new Error('SIGTERM');
    const heard: unknown[] = [];
    const stuck: SecretSink = {
      name: 'stuck',
      put: (_, { signal }) => {
        signal.addEventListener('abort', () => heard.push(signal.reason));
        controller.abort(reason);
        return hangs();
      },
    };
    expect(await failure(resume({ sinks: [stuck], signal: controller.signal }))).toBe(reason);
    expect(heard).toEqual([reason]);
    expect(await record()).toMatchObject({ phase: 'delivering', lease: null });
    expect(await resume({ sinks: [new FakeSink('stuck')] })).toMatchObject({ phase: 'idle' });
  });
});

it('writes a key file that holds the new credentials and nothing else', async () => {
  const { rotate: run, record } = await stage();
  const path = join(temporaryFolder(), 'api-key.json');
  const sink = keyFileSink(path);
  const report = await run({ sinks: [sink], drain: { minutes: 0 } });
  expect(report.sinks).toEqual([{ name: sink.name, keyId: report.keyId, acknowledged: true }]);
  const { id, secret } = (await record()).current;
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ id, secret: secret.reveal() });
  const next = await run({ sinks: [keyFileSink(path)], drain: { minutes: 0 } });
  expect(JSON.parse(await readFile(path, 'utf8')).id).toBe(next.keyId);
  // A run that was overtaken does not set it back.
  const late = await failure(
    Promise.resolve(keyFileSink(path).put({ id, secret, recordId: next.recordId, epoch: report.epoch })),
  );
  expect(late).toMatchObject({ code: 'credentials' });
  expect(JSON.parse(await readFile(path, 'utf8')).id).toBe(next.keyId);
});
