// Where a run keeps how far it is. The state machine is the same for both kinds of rotation; only the journal differs:
// - RecordSession (record/record-session.ts) writes each transition to a store before the next one, under a lease.
// - MemoryJournal lasts as long as its run. Without a store the state is derived anew by each run from the list of keys,
//   their names and what the sinks report (ci/key-list.ts).

import { newNonce } from '../../util/key-name.ts';
import type { RotationRecord } from '../record/record.ts';

/** What a transition changes: never the identity, the write id or the lease. */
export type Change = Partial<Omit<RotationRecord, 'version' | 'id' | 'stamp' | 'lease'>>;

export interface Journal {
  readonly record: RotationRecord;
  /** Resolves once the change would survive whatever the journal itself survives. */
  save(change: Change): Promise<void>;
  /** Before a step that cannot be undone: throws where another run has taken over. */
  hold(): Promise<void>;
}

/** A journal that is gone with the run. */
export class MemoryJournal implements Journal {
  record: RotationRecord;

  constructor(
    state: Omit<RotationRecord, 'version' | 'stamp' | 'lease' | 'pending' | 'previous' | 'promotion'>,
  ) {
    this.record = {
      ...state,
      version: 1,
      stamp: newNonce(),
      previous: null,
      pending: null,
      promotion: null,
      lease: null,
    };
  }

  async save(change: Change): Promise<void> {
    this.record = { ...this.record, ...change };
  }

  async hold(): Promise<void> {}
}
