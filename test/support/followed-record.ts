// A record that a reader follows, in a store that a test plays: what the record says, when it fails, how long it takes.
import {
  type FromStoreOptions,
  fromStore,
  type RotationRecord,
  Secret,
  type Versioned,
} from 'blazemeter-client/rotation';
import { vi } from 'vitest';
import { madeUpRecord } from '../stores/records.ts';
import { madeUp } from './credentials.ts';

export const MINUTE = 60_000;
const NOW = new Date('2030-06-01T12:00:00Z');

/** A moment that is so many milliseconds from now. */
export const at = (ms: number): Date => new Date(NOW.getTime() + ms);

/** A pair as a record holds it, the same for the same name. */
export const heldPair = (name: string, expiresAt: Date | null = null): RotationRecord['current'] => {
  const { id, secret } = madeUp(name);
  return { id, secret: Secret.from(secret), name: 'ci', createdAt: null, expiresAt };
};

/** A promotion that was so long ago, in milliseconds. */
export const promoted = (agoMs: number): RotationRecord['promotion'] => ({
  reason: 'expiry',
  promotedAt: at(-agoMs),
  drainMs: 0,
  drainUntil: at(0),
  leakedSince: null,
});

export const current = heldPair('current');
export const previous = heldPair('previous');
export const older = heldPair('older');

/** Fake clocks, and no chance: a record is due again after exactly the time that was asked for. */
export function stillClock(): void {
  vi.useFakeTimers({ now: NOW });
  vi.advanceTimersByTime(MINUTE);
  vi.setSystemTime(NOW);
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
}

/** A reader of a record with these fields. */
export function following(change: Partial<RotationRecord> = {}, options?: FromStoreOptions) {
  let record = madeUpRecord({ current, ...change });
  let answer: (() => Promise<Versioned | undefined>) | undefined;
  const times: number[] = [];
  const begun = performance.now();
  const warn = vi.fn<(message: string) => void>();
  const credentials = fromStore(
    {
      read() {
        times.push(performance.now() - begun);
        return answer === undefined ? Promise.resolve({ record, etag: 'x' }) : answer();
      },
    },
    options,
  );
  return {
    credentials,
    warn,
    /** When the store was read, in milliseconds from the beginning. */
    times,
    say: (next: Partial<RotationRecord>) => {
      record = { ...record, ...next };
    },
    answers: (how: typeof answer) => {
      answer = how;
    },
    refused: (pair?: { readonly id: string; readonly secret: { reveal(): string } }) =>
      credentials({ reason: 'unauthorized', warn, ...(pair === undefined ? {} : { refused: pair }) }),
    soon: () => credentials({ reason: 'expiring', warn }),
  };
}
