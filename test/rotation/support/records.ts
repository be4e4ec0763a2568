// Records, and parts of them, that say what a test wants and something usual otherwise.
import { type PendingKey, type Promotion, type RotationRecord, Secret } from 'blazemeter-client/rotation';

let stamps = 0;

export const RECORD_ID = 'k3v9m2xq7a';
export const NONCE = 'abcdefghijkmnpqr';

/** The name that a rotation gives to a key: base, record, epoch and nonce. */
export const keyName = (epoch: number, { recordId = RECORD_ID, nonce = NONCE } = {}): string =>
  `ci.${recordId}.e${epoch}.${nonce}`;

/** A secret that no text may show where it is sealed. */
export const MADE_UP_SECRET = `q"Zk\\ÄÖ €${'0123456789abcdef'.repeat(3)}`;

export function madeUpRecord(change: Partial<RotationRecord> = {}): RotationRecord {
  stamps += 1;
  return {
    version: 1,
    id: RECORD_ID,
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
  strategy: 'create',
  signer: 'current',
  reason: 'expiry',
  nonce: NONCE,
  name: keyName(4),
  epoch: 4,
  preparedAt: new Date('2030-06-01T12:00:00Z'),
  days: 90,
  drainMs: 0,
  leakedSince: null,
  key: null,
  ...change,
});

/** The last promotion of that record: by default two hours ago, with a drain of an hour that has not begun. */
export const madeUpPromotion = (change: Partial<Promotion> = {}): Promotion => ({
  reason: 'schedule',
  promotedAt: new Date('2030-06-01T10:00:00Z'),
  drainMs: 3_600_000,
  drainUntil: null,
  leakedSince: null,
  ...change,
});

/** A key on the list of those to be deleted. */
export const toDelete = (id: string): RotationRecord['retire'][number] => ({ id, name: null, secret: null });

/** What a sink has acknowledged: nothing, or an epoch. */
export const holding = (name: string, epoch: number | null = null): RotationRecord['sinks'][number] => ({
  name,
  keyId: null,
  epoch,
});
