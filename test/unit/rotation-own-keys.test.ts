// Keys are known by their names as a record's own, and tell of a record that went back.
import type { RotationRecord } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { ownKeys, refuseOldRecord } from '../../src/rotation/engine/service.ts';
import { keyName } from '../../src/util/key-name.ts';
import { madeUpPending, madeUpRecord } from '../stores/records.ts';

const NOW = new Date('2030-06-01T12:00:00Z');

describe('keys that were made for a record', () => {
  const mine = 'k3v9m2xq7a';
  const named = (id: string, epoch: number, { recordId = mine, nonce = 'abcdefghijkmnpqr' } = {}) => ({
    id,
    name: keyName('ci', { recordId, epoch, nonce }),
    userId: null,
    createdAt: NOW,
    updatedAt: null,
    expiresAt: null,
    lastUsedAt: null,
    extra: {},
  });
  const other = { recordId: 'aaaaaaaaaa' };
  it('are known by their names', () => {
    const keys = [named('a', 1), named('b', 1, other), { ...named('c', 1), name: 'ci' }];
    expect(ownKeys(keys, { id: mine }).map(({ id }) => id)).toEqual(['a']);
  });

  it('of a later epoch tell that the record went back', () => {
    const record = madeUpRecord();
    expect(() => refuseOldRecord([named('a', 3), named('b', 9, other)], record)).not.toThrow();
    const back = () => refuseOldRecord([named('a', 3), named('later', 4)], record);
    expect(back).toThrow(
      'The record says epoch 3, but the key later was made for epoch 4: the record went back, as after a backup was restored. Nothing was changed. Put the newer record back. If there is none and nobody uses that key, delete it, then run resume.',
    );
    expect(back).toThrow(expect.objectContaining({ code: 'rotation_epoch' }));
  });

  it('do not, where the record knows them: as the one to be made, or to be deleted', () => {
    const known: Partial<RotationRecord>[] = [
      { pending: madeUpPending() },
      { retire: [{ id: 'later', name: null, secret: null }] },
    ];
    for (const change of known)
      expect(() => refuseOldRecord([named('later', 4)], madeUpRecord(change))).not.toThrow();
    const others = [{ id: 'another', name: null, secret: null }];
    expect(() => refuseOldRecord([named('later', 4)], madeUpRecord({ retire: others }))).toThrow('went back');
    const nonce = 'zzzzzzzzzzzzzzzz';
    const late = [named('ours', 4), named('later', 4, { nonce })];
    expect(() => refuseOldRecord(late, madeUpRecord({ pending: madeUpPending() }))).toThrow(
      'the key later was made',
    );
  });
});
