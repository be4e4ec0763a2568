// A record made up for stores: what is in it does not matter to them, but that it comes back.
import { type PendingKey, type RotationRecord, Secret } from 'blazemeter-client/rotation';

let stamps = 0;

/** A secret that no text may show where it is sealed. */
export const MADE_UP_SECRET = `q"Zk\\ÄÖ €${'0123456789abcdef'.repeat(3)}`;

export function madeUpRecord(change: Partial<RotationRecord> = {}): RotationRecord {
  stamps += 1;
  return {
    version: 1,
    id: 'k3v9m2xq7a',
    name: 'ci',
    epoch: 3,
    stamp: `stamp${stamps}`,
    phase: 'idle',
    current: {
      id: '7e57ed000000000000000001',
      secret: Secret.from(MADE_UP_SECRET),
      name: 'ci',
      createdAt: new Date('2026-01-01T00:00:00Z'),
      expiresAt: null,
    },
    previous: null,
    pending: null,
    promotion: null,
    sinks: [],
    retire: [],
    lease: null,
    ...change,
  };
}

/** The key that is to be the next one of that record. */
export const madeUpPending = (change: Partial<PendingKey> = {}): PendingKey => ({
  way: 'create',
  signer: 'current',
  reason: 'expiry',
  nonce: 'abcdefghijkmnpqr',
  name: 'ci.k3v9m2xq7a.e4.abcdefghijkmnpqr',
  epoch: 4,
  preparedAt: new Date('2026-01-01T00:00:00Z'),
  days: 90,
  drainMs: 0,
  leakedSince: null,
  key: null,
  ...change,
});
