// A rotation that could not continue, and a store that holds something else than expected.

import { BlazeMeterError, type BlazeMeterErrorInit, branded } from './base.ts';

/** What is in the way of a rotation: the last part of {@link RotationError}'s `code`. */
export type RotationProblem =
  /** Another run works on the record: `owner` and `until` say which, and until when. */
  | 'rotation_busy'
  /** Another process has written the record in the meantime. */
  | 'rotation_conflict'
  /** The epoch of a record would go back, or the service has newer keys than the record. */
  | 'rotation_epoch'
  /** There is no record, or it cannot be read. */
  | 'rotation_record'
  /** The store failed. */
  | 'rotation_store'
  /** The `probe` of a sink failed. */
  | 'rotation_sink'
  /** No credentials that could sign are accepted, or the recovery credentials belong to another user. */
  | 'rotation_signer'
  /** The window and the key's lifetime do not fit together. */
  | 'rotation_window'
  /** The new credentials were not accepted in time. */
  | 'rotation_untested'
  /** It is not certain what a step did, so nothing was changed: look at the key that the message names. */
  | 'rotation_unknown';

/** A rotation that could not continue. The key in use still works unless the message says otherwise. */
export class RotationError extends BlazeMeterError {
  override readonly code: RotationProblem;
  /** With `rotation_busy`: the owner of the run that works on the record. */
  declare readonly owner?: string;
  /** With `rotation_busy`: when its lease expires. */
  declare readonly until?: Date;

  constructor(
    message: string,
    init: BlazeMeterErrorInit & {
      readonly code: RotationProblem;
      readonly owner?: string;
      readonly until?: Date;
    },
  ) {
    super(message, init);
    this.code = init.code;
    if (init.owner !== undefined) this.owner = init.owner;
    if (init.until !== undefined) this.until = init.until;
  }
}
branded(RotationError, 'RotationError');

/** The store holds another version of the record than the one to be replaced. Nothing was written. */
export class StoreConflictError extends BlazeMeterError {
  override readonly code = 'store_conflict';

  constructor(what: string, init: BlazeMeterErrorInit = {}) {
    super(`${what} has changed since it was read; nothing was written. Read it again.`, init);
  }
}
branded(StoreConflictError, 'StoreConflictError');
