// A reader of a record, in a store that a test plays: what the record says, when the store fails, how long it takes.
import {
  type FromStoreOptions,
  fromStore,
  type HeldKey,
  type RotationRecord,
  Secret,
  type Versioned,
} from 'blazemeter-client/rotation';
import { vi } from 'vitest';
import { madeUp } from '../../support/credentials.ts';
import { madeUpPromotion, madeUpRecord } from './records.ts';
import { at, MINUTE, NOW } from './stage.ts';

/** Credentials as a record holds them, the same for the same name. */
export const heldNamed = (name: string, expiresAt: Date | null = null): HeldKey => {
  const { id, secret } = madeUp(name);
  return { id, secret: Secret.from(secret), name: 'ci', createdAt: null, expiresAt };
};

/** A promotion that was so long ago, in milliseconds. */
export const promoted = (agoMs: number): RotationRecord['promotion'] =>
  madeUpPromotion({ reason: 'expiry', promotedAt: at(-agoMs), drainMs: 0, drainUntil: at(0) });

export const current = heldNamed('current');
export const previous = heldNamed('previous');
export const older = heldNamed('older');

/** All clocks stand still, and what is random is fixed: a record is due again after exactly the time that was asked for. */
export function withoutChance(random = 0.5): void {
  vi.useFakeTimers({ now: NOW });
  vi.advanceTimersByTime(MINUTE);
  vi.setSystemTime(NOW);
  vi.spyOn(Math, 'random').mockReturnValue(random);
}

type Reply = () => Promise<Versioned | undefined>;

/** A reader of a record with these fields. */
export function reading(change: Partial<RotationRecord> = {}, options?: FromStoreOptions) {
  let record = madeUpRecord({ current, ...change });
  let reply: Reply | undefined;
  const times: number[] = [];
  const begun = performance.now();
  const warn = vi.fn<(message: string) => void>();
  const credentials = fromStore(
    {
      read() {
        times.push(performance.now() - begun);
        return reply === undefined ? Promise.resolve({ record, etag: 'x' }) : reply();
      },
    },
    options,
  );
  return {
    credentials,
    warn,
    /** When the store was read, in milliseconds from the beginning. */
    times,
    /** The record says something else from now on. */
    say: (next: Partial<RotationRecord>) => {
      record = { ...record, ...next };
    },
    /** The store does this in place of giving the record; `undefined`: it gives the record again. */
    replies: (how: Reply | undefined) => {
      reply = how;
    },
    /** What is given after a 401 with these credentials. */
    refused: (key?: Pick<HeldKey, 'id' | 'secret'>) =>
      credentials({ reason: 'unauthorized', warn, ...(key === undefined ? {} : { refused: key }) }),
    /** What is given to a client that wants to be sure of what it has. */
    again: () => credentials({ reason: 'expiring', warn }),
  };
}
