// Requests of a process that were abandoned and arrive late: what they create or spoil is made good.
import { describe, expect, it } from 'vitest';
import { type Between, HOUR, MINUTE, stage } from './support/stage.ts';
import { accepts, failure, keyIds, stoppedBefore } from './support/world.ts';

const reset = () =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });

describe('a create that arrives late', () => {
  /** The first creates do not arrive, until `deliver` is called; what is called before each of the others may do that. */
  function delaying(lost: number, beforeNext: (deliver: () => Promise<void>) => Promise<void>) {
    const held: (() => Promise<unknown>)[] = [];
    let struck = 0;
    const deliver = async () => {
      for (const late of held.splice(0)) await late();
    };
    const between: Between = (inner) => async (url, init) => {
      if (init.method !== 'POST' || !new URL(url).pathname.endsWith('/api-keys')) return inner(url, init);
      if (struck++ < lost) {
        held.push(() => inner(url, init));
        throw reset();
      }
      await beforeNext(deliver);
      return inner(url, init);
    };
    return { between, deliver };
  }

  it('in the way of the last try is found by the next run: the plan is not taken back', async () => {
    const { between } = delaying(2, (deliver) => deliver());
    const {
      rotate: run,
      resume,
      record,
      reference,
    } = await stage({ between, semantics: { names: 'unique' } });
    expect(await failure(run())).toMatchObject({ code: 'conflict' });
    expect((await record()).phase).toBe('creating');
    expect(await resume()).toMatchObject({ rotated: true });
    expect(reference.journal.of('apiKeys.create').filter(({ committed }) => committed)).toHaveLength(1);
  });

  it('beside another one of the same name makes a key that the clean-up deletes', async () => {
    const delay = delaying(1, async () => {});
    const { rotate: run, resume, pass, record, reference, idOf } = await stage({ between: delay.between });
    await run({ drain: { hours: 1 } });
    await delay.deliver();
    pass(HOUR);
    expect(await resume()).toMatchObject({ phase: 'idle', retire: [] });
    const { current } = await record();
    expect(reference.journal.of('apiKeys.create').filter(({ committed }) => committed)).toHaveLength(2);
    expect(keyIds(reference)).toEqual([current.id, idOf('spare'), idOf('theirs')].sort());
  });
});

describe('a regenerate that arrives late', () => {
  it('before the promotion spoils credentials that are given up, and another key is created', async () => {
    const { rotate: run, resume, store, record, by, pass, reference, idOf } = await stage();
    await failure(run({ drain: { minutes: 0 }, store: stoppedBefore(store, 'delivering') }));
    const spoilt = (await record()).pending?.key?.id ?? '';
    await by('spare').apiKeys.regenerateSecret(spoilt);
    expect(await failure(resume({ quietFor: { minutes: 0 } }))).toMatchObject({ code: 'rotation_untested' });
    pass(16 * MINUTE);
    const report = await resume({ quietFor: { minutes: 0 } });
    expect(report).toMatchObject({ phase: 'idle', rotated: true, epoch: 4 });
    expect(report.notes.join()).toContain(spoilt);
    const { current } = await record();
    expect(accepts(reference, current)).toBe(true);
    expect(keyIds(reference)).toEqual([current.id, idOf('spare'), idOf('theirs')].sort());
  });

  it('after the promotion is repaired by the old key, and the drain begins anew', async () => {
    const { rotate: run, resume, record, by, pass, reference, idOf, keyOf } = await stage();
    await run({ drain: { hours: 1 } });
    const { current } = await record();
    await by('ci').apiKeys.regenerateSecret(current.id);
    pass(HOUR + MINUTE);
    expect(await resume({ quietFor: { minutes: 0 } })).toMatchObject({
      phase: 'draining',
      rotated: true,
      epoch: 5,
      keyId: current.id,
    });
    expect(accepts(reference, (await record()).current)).toBe(true);
    expect(accepts(reference, keyOf('ci'))).toBe(true);
    pass(HOUR + MINUTE);
    expect(await resume({ quietFor: { minutes: 0 } })).toMatchObject({ phase: 'idle' });
    expect(keyIds(reference)).toEqual([current.id, idOf('spare'), idOf('theirs')].sort());
  });
});
