// A process that dies in the middle of a rotation. From that moment nothing of it is heard, and nothing it does arrives:
// every promise that it waits for stays open, as when the machine has lost its power.

import type { CredentialStore, RotationRecord, SecretSink } from 'blazemeter-client/rotation';
import type { ReferenceFetch } from 'blazemeter-client/testing';
import type { Choice, Crash } from './actions.ts';

type Step = Exclude<Choice<'crash'>, 'none'>;

/** What a run of a rotation works with. */
export interface Hands {
  readonly store: CredentialStore;
  readonly fetch: ReferenceFetch;
  readonly sink: SecretSink;
}

export interface Mortal extends Hands {
  /** Resolves when it dies. */
  readonly died: Promise<'died'>;
  /** How many steps that change something it has begun: the number of the one it died at. */
  readonly steps: () => number;
}

/** Which step the writing of a record is. */
function stepOf(before: RotationRecord | undefined, after: RotationRecord): Step {
  if (before !== undefined && before.phase !== after.phase)
    return after.phase === 'regenerating' ? 'creating' : after.phase;
  if (after.lease === null) return 'release';
  if (before !== undefined && after.retire.length < before.retire.length) return 'deleted';
  return before !== undefined && JSON.stringify(before.sinks) !== JSON.stringify(after.sinks)
    ? 'acknowledged'
    : 'lease';
}

const never = <T>(): Promise<T> => new Promise(() => {});

export function mortal(hands: Hands, at: Crash): Mortal {
  let dead = false;
  let steps = 0;
  let tell: (word: 'died') => void = () => {};
  const died = new Promise<'died'>((resolve) => {
    tell = resolve;
  });
  const die = <T>(): Promise<T> => {
    dead = true;
    tell('died');
    return never();
  };
  const pass = async <T>(step: Step, work: () => Promise<T>): Promise<T> => {
    if (dead) return never();
    steps += 1;
    if (at.crash === step && at.side === 'before') return die();
    const result = await work();
    return at.crash === step ? die() : result;
  };

  return {
    died,
    steps: () => steps,
    store: {
      read: () => (dead ? never() : hands.store.read()),
      write: async (record, options) => {
        const held = await hands.store.read();
        return pass(stepOf(held?.record, record), () => hands.store.write(record, options));
      },
    },
    fetch: (input, init) => {
      if (dead) return never();
      if (init?.method === 'POST') return pass('create', () => hands.fetch(input, init));
      if (init?.method === 'DELETE') return pass('delete', () => hands.fetch(input, init));
      return hands.fetch(input, init);
    },
    sink: {
      name: hands.sink.name,
      put: (delivery, options) => pass('put', () => hands.sink.put(delivery, options)),
    },
  };
}
