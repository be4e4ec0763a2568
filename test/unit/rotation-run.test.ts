// One run of a rotation: what it has in hand, what it says, and which of its pairs signs.
import { memoryStore, type RotationRecord, Secret } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { Run } from '../../src/rotation/engine/run.ts';
import { type Pair, Service } from '../../src/rotation/engine/service.ts';
import { Ledger } from '../../src/rotation/record/record-session.ts';
import { madeUpPending, madeUpRecord } from '../stores/records.ts';
import { failure, rotationWorld } from '../support/rotation.ts';

const NOW = new Date('2030-06-01T12:00:00Z');
const pair = ({ id, secret }: { id: string; secret: string }): Pair => ({ id, secret: Secret.from(secret) });

interface Pairs {
  readonly ci: Pair;
  readonly spare: Pair;
  /** Of a key that there is, with another secret. */
  readonly wrong: Pair;
}

describe('a run', () => {
  async function runOf(change: (pairs: Pairs) => Partial<RotationRecord>, recovery = false) {
    const { client, keys } = rotationWorld();
    const service = new Service(client, undefined);
    const pairs = {
      ci: pair(keys.ci),
      spare: pair(keys.spare),
      wrong: { ...pair(keys.ci), secret: Secret.from('made up') },
    };
    const store = memoryStore();
    await store.write(madeUpRecord(change(pairs)), { ifMatch: null });
    const ledger = await Ledger.open(store, { owner: 'me', leaseMs: 1, takeOver: false });
    if (ledger === undefined) throw new Error('There is no record.');
    const rest = { sinks: [], dropSinks: ['old'], quietForMs: 7, resumed: true };
    const timing = { testWithinMs: 1, lookAgainMs: 2 };
    return {
      ...pairs,
      service,
      run: new Run({ ...rest, ledger, service, timing, recovery: recovery ? pairs.spare : undefined }),
    };
  }
  const held = ({ id, secret }: Pair) => ({ id, secret, name: null, createdAt: null, expiresAt: null });

  it('has what it was made with, and says each note once', async () => {
    const { run, service } = await runOf(() => ({}));
    expect(run).toMatchObject({ sinks: [], dropSinks: ['old'], quietForMs: 7, resumed: true, service });
    expect(run).toMatchObject({ timing: { testWithinMs: 1, lookAgainMs: 2 }, recovery: undefined });
    expect([run.steps, run.notes]).toEqual([[], []]);
    for (const word of ['one', 'two', 'one']) {
      run.did(word);
      run.note(word);
    }
    expect([run.steps, run.notes]).toEqual([
      ['one', 'two', 'one'],
      ['one', 'two'],
    ]);
    expect(run.record.name).toBe('ci');
  });

  it('signs with the current pair, then the pending one, the recovery credential, and the previous one', async () => {
    const key = (pair: Pair) => madeUpPending({ key: held(pair) });
    const first = await runOf(({ ci, spare }) => ({ current: held(ci), pending: key(spare) }), true);
    expect((await first.run.signer()).id).toBe(first.ci.id);
    const second = await runOf(({ wrong, ci }) => ({ current: held(wrong), pending: key(ci) }), true);
    expect((await second.run.signer()).id).toBe(second.ci.id);
    const third = await runOf(({ wrong, ci }) => ({ current: held(wrong), previous: held(ci) }), true);
    expect((await third.run.signer()).id).toBe(third.spare.id);
    const fourth = await runOf(({ wrong, ci }) => ({ current: held(wrong), previous: held(ci) }));
    expect((await fourth.run.signer()).id).toBe(fourth.ci.id);
  });

  it('says what to do where none is accepted', async () => {
    const end = ' (its end, by the record: 2030-06-01T12:00:00.000Z)';
    for (const expiresAt of [null, NOW]) {
      const { run, wrong } = await runOf((pairs) => ({ current: { ...held(pairs.wrong), expiresAt } }));
      expect(await failure(run.signer())).toMatchObject({
        code: 'rotation_signer',
        message: `No pair of the record is accepted. Likely cause: the key ${wrong.id} has run out${expiresAt === null ? '' : end}, was deleted or regenerated elsewhere, or the record is an old copy. Give another key of the same user as recovery, or adopt a new key into an empty store.`,
      });
    }
  });
});
