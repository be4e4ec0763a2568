// What a dry run says of a rotation under way: the steps that are left, from each phase on.
import type { RotationRecord } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { remaining } from '../../src/rotation/engine/begin.ts';
import { madeUpPending, madeUpRecord } from '../stores/records.ts';

const NOW = new Date('2030-06-01T12:00:00Z');

describe('what is left to do', () => {
  const current = { ...madeUpRecord().current, id: 'current' };
  const previous = { ...current, id: 'previous' };
  const promotion = {
    reason: 'schedule',
    promotedAt: NOW,
    drainMs: 0,
    drainUntil: null,
    leakedSince: null,
  } as const;
  const sinks = [
    { name: 'one', keyId: null, epoch: 3 },
    { name: 'two', keyId: null, epoch: 4 },
    { name: 'new', keyId: null, epoch: null },
  ];
  const retire = [{ id: 'old', name: null, secret: null }];
  const left = (change: Partial<RotationRecord>) => remaining(madeUpRecord({ current, ...change }));
  const pending = madeUpPending();
  const tested = ['see the new pair work', 'promote it to epoch 4'];
  const given = ['give the new pair to one', 'give the new pair to new'];

  it('is all of it, where a key is to be made', () => {
    expect(left({ phase: 'creating', pending, sinks, retire })).toEqual([
      `make the key ${pending.name}, or find it if it was made already`,
      ...tested,
      ...given,
      'delete the old key current after the drain',
      'delete the key old',
    ]);
    expect(left({ phase: 'creating' })).toEqual([]);
  });

  it('is a new secret, where the key gets one', () => {
    const way = { pending: madeUpPending({ way: 'regenerate' }) };
    expect(left({ phase: 'regenerating', ...way, sinks })).toEqual([
      'give the key current a new secret',
      ...tested,
      ...given,
    ]);
    expect(
      left({ phase: 'regenerating', ...way, previous, promotion: { ...promotion, drainUntil: NOW } }).at(-1),
    ).toBe('delete the old key previous after the drain');
  });

  it('is the rest, from each phase on', () => {
    expect(left({ phase: 'testing', pending, sinks })).toEqual([
      ...tested,
      ...given,
      'delete the old key current after the drain',
    ]);
    expect(left({ phase: 'delivering', previous, promotion, sinks })).toEqual([
      'give the new pair to two',
      'give the new pair to new',
      'delete the old key previous after the drain',
    ]);
    expect(left({ phase: 'delivering', previous })).toEqual(['delete the old key previous after the drain']);
    const until = { ...promotion, drainUntil: NOW };
    expect(left({ phase: 'draining', previous, promotion: until, sinks })).toEqual([
      `delete the old key previous, not before ${NOW.toISOString()}`,
    ]);
    expect(left({ phase: 'retiring', sinks, retire, promotion })).toEqual(['delete the key old']);
    expect(left({ phase: 'idle', sinks, previous })).toEqual([]);
  });
});
