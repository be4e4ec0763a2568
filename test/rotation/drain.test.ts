// When a drain begins, how long it is, and when the old key may go: to the second, by the service's clock.
import type { RotationRecord } from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { holding, madeUpPromotion, toDelete } from './support/records.ts';
import { FakeSink, refusing } from './support/sinks.ts';
import {
  at,
  type Between,
  DAY,
  HOUR,
  heldOf,
  MINUTE,
  NOW,
  rewriting,
  type StageOptions,
  stage,
} from './support/stage.ts';
import { accepts, failure } from './support/world.ts';

const SECOND = 1_000;

interface Draining extends StageOptions {
  readonly change?: Partial<RotationRecord>;
  /** In how many milliseconds the old key expires, and when it was used last. */
  readonly expires?: number;
  readonly used?: Date;
}

/** The current key was promoted two hours ago, and the drain of the old one is over now. */
function draining({ change, expires = 90 * DAY, used, ...options }: Draining = {}) {
  const old = { expires: { seconds: expires / SECOND }, ...(used === undefined ? {} : { lastUsed: used }) };
  return stage({
    ...options,
    keys: { old },
    record: (keyOf) => ({
      phase: 'draining',
      previous: heldOf(keyOf('old'), { expires }),
      promotion: madeUpPromotion({ drainUntil: NOW }),
      ...change,
      ...options.record?.(keyOf),
    }),
  });
}

/** Adds headers to the responses about the user, by which a run learns the time. */
const dated =
  (more: Readonly<Record<string, string>>): Between =>
  (inner) =>
  async (url, init) => {
    const response = await inner(url, init);
    if (!url.endsWith('/user')) return response;
    const headers = new Headers(response.headers);
    for (const [name, value] of Object.entries(more)) headers.set(name, value);
    return new Response(await response.text(), { status: response.status, headers });
  };

describe('a drain that begins', () => {
  const begins = (drainMs: number, more: Draining = {}) =>
    draining({
      ...more,
      change: { phase: 'delivering', promotion: madeUpPromotion({ drainMs }), sinks: [], ...more.change },
    });

  it('is as long as asked for, counted from when the last sink has the credentials', async () => {
    const { rotate: run, resume, pass } = await stage();
    expect(await run({ drain: { hours: 1 }, sinks: [refusing()] })).toMatchObject({ phase: 'delivering' });
    pass(DAY);
    expect(await resume({ sinks: [new FakeSink()] })).toMatchObject({
      phase: 'draining',
      resumeAfter: at(DAY + HOUR),
      notes: [],
    });
  });

  it.each([
    ['out of a cache', { age: '172800' }],
    ['of a page', { 'content-type': 'text/html' }],
    ['in no form of HTTP', { date: '2030-05-30T12:00:00Z' }],
  ])('is not counted from a Date %s', async (_, headers) => {
    const { resume, keyOf, reference } = await begins(HOUR, {
      between: dated({ date: at(-2 * DAY).toUTCString(), ...headers }),
    });
    expect(await resume({ quietFor: { minutes: 0 } })).toMatchObject({ resumeAfter: at(HOUR) });
    expect(accepts(reference, keyOf('old'))).toBe(true);
  });

  it('is not counted from a Date before the new key was created', async () => {
    const { resume } = await begins(HOUR, {
      record: (keyOf) => ({ current: heldOf(keyOf('ci'), { created: -MINUTE }) }),
      between: dated({ date: at(-2 * DAY).toUTCString() }),
    });
    expect(await resume()).toMatchObject({ phase: 'draining', resumeAfter: at(HOUR - MINUTE) });
  });

  it('is shortened where the old key expires, which is noted', async () => {
    const { resume, idOf } = await begins(5 * DAY, { expires: 2 * DAY });
    const report = await resume();
    expect(report).toMatchObject({ phase: 'draining', resumeAfter: at(2 * DAY) });
    expect(report.notes.join()).toContain(idOf('old'));
  });

  it('is half of the new key’s lifetime at most, which is noted', async () => {
    const { resume } = await begins(100 * DAY, {
      change: { promotion: madeUpPromotion({ drainMs: 100 * DAY, promotedAt: NOW }) },
    });
    const report = await resume();
    expect(report.resumeAfter).toEqual(at(45 * DAY));
    expect(report.notes).toHaveLength(1);
    const planned = await stage({ maximum: 60 });
    const dry = await planned.rotate({ drain: { days: 60 } });
    expect(dry.resumeAfter).toEqual(at(30 * DAY));
    expect(dry.notes.length).toBeGreaterThan(0);
  });

  it('is as long as asked for where the new key never expires', async () => {
    const { resume } = await begins(60 * DAY, {
      record: (keyOf) => ({ current: { ...heldOf(keyOf('ci')), expiresAt: null } }),
    });
    expect(await resume()).toMatchObject({ resumeAfter: at(60 * DAY), notes: [] });
  });

  it('is none where there is no old key: then the clean-up is next', async () => {
    const { resume, phases } = await begins(HOUR, { change: { previous: null } });
    expect(await resume()).toMatchObject({ phase: 'idle', resumeAfter: null });
    expect(phases()).toEqual(['delivering', 'retiring', 'idle']);
  });

  it('lets go of sinks that are dropped', async () => {
    const { resume, record } = await begins(HOUR, {
      change: { sinks: [holding('one', 3), holding('gone', 2)] },
    });
    await resume({ dropSinks: ['gone'] });
    expect((await record()).sinks).toEqual([holding('one', 3)]);
  });
});

describe('an old key that is drained', () => {
  it('goes once the drain is over, with a second to spare, and not before', async () => {
    for (const [left, phase] of [
      [SECOND, 'idle'],
      [SECOND + 1, 'draining'],
    ] as const) {
      const { resume, keyOf, reference } = await draining({
        change: { promotion: madeUpPromotion({ drainUntil: at(left) }) },
      });
      expect(await resume()).toMatchObject({ phase });
      expect(accepts(reference, keyOf('old'))).toBe(phase === 'draining');
    }
  });

  it('is counted by the clock of the service, whatever that of this machine says', async () => {
    const { resume, keyOf, reference } = await draining({
      change: { promotion: madeUpPromotion({ drainUntil: at(HOUR) }) },
    });
    vi.setSystemTime(at(DAY));
    expect(await resume()).toMatchObject({ phase: 'draining', resumeAfter: at(HOUR) });
    vi.setSystemTime(at(-DAY));
    reference.clock.advance({ hours: 1 });
    expect(await resume()).toMatchObject({ phase: 'idle' });
    expect(accepts(reference, keyOf('old'))).toBe(false);
  });

  it('stays while only the Date of responses says that the drain is over', async () => {
    for (const [skew, quietFor] of [
      [2 * DAY, undefined],
      [2 * DAY, { minutes: 0 }],
      [200 * DAY, { days: 3 }],
    ] as const) {
      const { resume, keyOf, reference } = await draining({
        change: { promotion: madeUpPromotion({ drainUntil: at(DAY) }) },
        used: at(-HOUR),
      });
      reference.clock.skew(skew);
      const report = await resume({ quietFor });
      expect(report).toMatchObject({ phase: 'draining', resumeAfter: at(DAY) });
      expect(report.notes.join()).toMatch(/Old keys stay .*clock/);
      expect(accepts(reference, keyOf('old'))).toBe(true);
      reference.clock.skew(0);
    }
  });

  it('stays until this machine says so too, where the service shows no use of keys', async () => {
    const { resume, pass, reference } = await draining({
      change: { promotion: madeUpPromotion({ drainUntil: at(HOUR) }) },
      between: rewriting((text) => text.replace(/"lastUsed": ?\d+/g, '"lastUsed": null')),
    });
    vi.setSystemTime(at(-3 * HOUR));
    reference.clock.advance({ hours: 1 });
    expect(await resume()).toMatchObject({ phase: 'draining' });
    pass(3 * HOUR);
    expect(await resume()).toMatchObject({ phase: 'draining' });
    pass(HOUR);
    expect(await resume()).toMatchObject({ phase: 'idle' });
  });

  it('goes on the list, and stays there with others while it cannot be deleted', async () => {
    const { resume, idOf, record, reference } = await draining({
      change: { retire: [toDelete('7e57ed0000000000000000ff')] },
    });
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403 });
    expect(await resume()).toMatchObject({ phase: 'retiring' });
    const { previous, retire } = await record();
    expect([previous, retire.map(({ id }) => id)]).toEqual([null, ['7e57ed0000000000000000ff', idOf('old')]]);
  });

  it.each([
    { previous: null, phase: 'retiring' as const },
    { phase: 'draining' as const, promotion: madeUpPromotion() },
  ])('is none, or has no drain, in a record like %o: then the clean-up is next', async (change) => {
    const { resume } = await draining({ change });
    expect(await resume()).toMatchObject({ phase: 'idle' });
  });

  it('stays while it is used after the promotion, and the report says so', async () => {
    const used = at(-2 * HOUR + 2 * SECOND);
    const { resume, keyOf, idOf, reference } = await draining({ used });
    const report = await resume();
    expect(report).toMatchObject({
      phase: 'draining',
      stillUsed: { keyId: idOf('old'), lastUsedAt: used },
      resumeAfter: at(5 * MINUTE),
    });
    expect(report.notes.join()).toContain(idOf('old'));
    expect(accepts(reference, keyOf('old'))).toBe(true);
  });

  it('goes where it was used before the promotion, or in its second', async () => {
    for (const used of [at(-5 * DAY), at(-2 * HOUR), at(-2 * HOUR + SECOND)]) {
      const report = await (await draining({ used })).resume();
      expect(report.phase).toBe('idle');
      expect(report).not.toHaveProperty('stillUsed');
    }
  });

  it('goes where it was used and has expired', async () => {
    const { resume } = await draining({ used: at(-HOUR), expires: 0 });
    expect(await resume()).toMatchObject({ phase: 'idle' });
    const unknown = await draining({
      used: at(-HOUR),
      record: (keyOf) => ({ previous: { ...heldOf(keyOf('old')), expiresAt: null } }),
    });
    expect(await unknown.resume()).toMatchObject({ phase: 'draining' });
  });

  it.each([
    [{ hours: 1, seconds: 0.001 }, 'draining'],
    [{ hours: 1 }, 'idle'],
    [{ minutes: 0 }, 'idle'],
  ])('and was used an hour ago, with quietFor %o, ends in %s', async (quietFor, phase) => {
    const { resume } = await draining({ used: at(-HOUR) });
    expect(await resume({ quietFor })).toMatchObject({ phase });
  });

  it('goes with a quietFor of nothing where it is used all the time, and its last use seems to be ahead of the clock', async () => {
    const { resume } = await draining({ used: at(SECOND) });
    expect(await resume({ quietFor: { minutes: 0 } })).toMatchObject({ phase: 'idle' });
  });

  it('is not missed where it is gone already', async () => {
    const { resume, by, idOf, record } = await draining();
    await by('spare').apiKeys.delete(idOf('old'));
    expect(await resume()).toMatchObject({ phase: 'idle', retire: [] });
    expect(await record()).toMatchObject({ previous: null, retire: [] });
  });
});

describe('a current key that is refused after its promotion', () => {
  /** Its secret was replaced by a request that arrived late. */
  async function replaced(change: Partial<RotationRecord> = {}, options: StageOptions = {}) {
    const setting = await draining({ change, ...options });
    await setting.by('spare').apiKeys.regenerateSecret(setting.idOf('ci'));
    setting.reference.journal.clear();
    return setting;
  }

  it('gets a new secret, signed by the old key, is promoted once more, and the drain begins anew', async () => {
    const { resume, keyOf, idOf, reference, record } = await replaced();
    const report = await resume();
    expect(report).toMatchObject({
      phase: 'draining',
      rotated: true,
      epoch: 4,
      keyId: idOf('ci'),
      resumeAfter: at(HOUR),
    });
    expect(report.notes.join()).toContain(idOf('ci'));
    expect(reference.journal.of('apiKeys.regenerateSecret').map(({ keyId }) => keyId)).toEqual([idOf('old')]);
    const { current, promotion } = await record();
    expect(promotion).toMatchObject({ promotedAt: NOW, drainUntil: at(HOUR) });
    expect([accepts(reference, current), accepts(reference, keyOf('old'))]).toEqual([true, true]);
  });

  it('is given again to every sink', async () => {
    const { resume } = await replaced({ sinks: [holding('ci secret', 3)] });
    const sink = new FakeSink();
    expect(await resume({ sinks: [sink] })).toMatchObject({ phase: 'draining', epoch: 4 });
    expect(sink.got.map(({ epoch }) => epoch)).toEqual([4]);
  });

  it('is waited for while the drain lasts, for a quarter of an hour', async () => {
    const until = (promotedAt: Date, drainUntil = at(DAY)) => ({
      promotion: madeUpPromotion({ drainUntil, promotedAt }),
    });
    const young = await replaced(until(at(-15 * MINUTE)));
    expect(await young.resume()).toMatchObject({ phase: 'draining', epoch: 3, rotated: false });
    const settled = await replaced(until(at(-15 * MINUTE - 1)));
    expect(await settled.resume()).toMatchObject({ phase: 'draining', epoch: 4 });
    const over = await replaced(until(at(-1), NOW));
    expect(await over.resume()).toMatchObject({ epoch: 4 });
  });

  it('keeps the old key where it was deleted, whichever key signs', async () => {
    const { resume, by, idOf, keyOf, reference } = await draining();
    await by('spare').apiKeys.delete(idOf('ci'));
    for (const recovery of [undefined, keyOf('spare')]) {
      const report = await resume({ quietFor: { minutes: 0 }, recovery });
      expect(report.phase).toBe('draining');
      expect(report.notes.join()).toContain(idOf('old'));
    }
    expect(accepts(reference, keyOf('old'))).toBe(true);
  });

  it('is left as it is where it is accepted after all', async () => {
    let refusals = 1;
    const { resume, reference, record, idOf } = await draining({
      between: (inner) => async (url, init) => {
        const mine = new URL(url).pathname.endsWith('/user') && refusals > 0;
        if (!mine) return inner(url, init);
        refusals -= 1;
        return new Response('{"error":{"code":401,"message":"Unauthorized"}}', { status: 401 });
      },
    });
    expect(await resume({ quietFor: { minutes: 0 } })).toMatchObject({ phase: 'idle', epoch: 3 });
    expect(reference.journal.count('apiKeys.regenerateSecret')).toBe(0);
    expect(await record()).toMatchObject({ current: { id: idOf('ci') }, previous: null });
  });

  it('fails where its new secret is not accepted in time, and the old key works still', async () => {
    const { resume, keyOf, reference, record } = await replaced();
    reference.setSemantics({ propagation: HOUR });
    expect(await failure(resume())).toMatchObject({ code: 'rotation_untested' });
    expect(await record()).toMatchObject({ phase: 'draining', epoch: 3, lease: null });
    expect(accepts(reference, keyOf('old'))).toBe(true);
  });
});
