// One run of a rotation: the record in hand, who signs, what the caller gave, and what is to be reported.

import { RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import type { RotationRecord } from '../record/record.ts';
import type { Ledger } from '../record/record-session.ts';
import type { Maximum } from './schedule.ts';
import type { Pair, Service } from './service.ts';
import type { SecretSink } from './sink.ts';

/** Bounds of what a run waits for. */
export interface Timing {
  /** How long a new pair may take until it is accepted everywhere, in milliseconds. Default: 30 000. */
  readonly testWithinMs: number;
  /** After how many milliseconds a list of keys is read again before it is believed that a key is not there. Default: 1000. */
  readonly lookAgainMs: number;
}

/** What a run is made with. */
export interface RunInit {
  readonly ledger: Ledger;
  readonly service: Service;
  readonly sinks: readonly SecretSink[];
  readonly dropSinks: readonly string[];
  readonly recovery: Pair | undefined;
  readonly timing: Timing;
  /** An old key that was used after the promotion goes once it was not used for this long; `undefined`: it stays. */
  readonly quietForMs: number | undefined;
  /** Whether the record had unfinished work when the run began. */
  readonly resumed: boolean;
}

export class Run {
  readonly ledger: Ledger;
  readonly service: Service;
  readonly sinks: readonly SecretSink[];
  readonly dropSinks: readonly string[];
  readonly recovery: Pair | undefined;
  readonly timing: Timing;
  readonly quietForMs: number | undefined;
  readonly resumed: boolean;
  /** The strictest maximum, once it was read. */
  maximum: Maximum | undefined;
  /** Why a sink has not taken the pair. */
  readonly sinkProblems = new Map<string, string>();
  /** Why a key could not be deleted. */
  readonly retireProblems = new Map<string, string>();
  /** An old key that is in use still. */
  stillUsed: { readonly keyId: string; readonly lastUsedAt: Date } | undefined;
  /** Keys made since a leak. */
  madeSinceLeak: readonly ApiKey[] | undefined;
  readonly #steps: string[] = [];
  readonly #notes = new Set<string>();

  constructor(init: RunInit) {
    this.ledger = init.ledger;
    this.service = init.service;
    this.sinks = init.sinks;
    this.dropSinks = init.dropSinks;
    this.recovery = init.recovery;
    this.timing = init.timing;
    this.quietForMs = init.quietForMs;
    this.resumed = init.resumed;
  }

  get record(): RotationRecord {
    return this.ledger.record;
  }

  get steps(): readonly string[] {
    return this.#steps;
  }

  get notes(): readonly string[] {
    return [...this.#notes];
  }

  /** Says what was done. */
  did(step: string): void {
    this.#steps.push(step);
  }

  /** Says what the caller should know. */
  note(note: string): void {
    this.#notes.add(note);
  }

  /** A pair that is accepted: the current one wherever that is possible. */
  async signer(): Promise<Pair> {
    const { current, pending, previous } = this.record;
    const pairs = [current, pending?.key, this.recovery, previous];
    const signer = await this.service.signer(pairs);
    if (signer !== undefined) return signer;
    const until =
      current.expiresAt === null ? '' : ` (its end, by the record: ${current.expiresAt.toISOString()})`;
    throw new RotationError(
      `No pair of the record is accepted. Likely cause: the key ${current.id} has run out${until}, was deleted or regenerated elsewhere, or the record is an old copy. Give another key of the same user as recovery, or adopt a new key into an empty store.`,
      { code: 'rotation_signer' },
    );
  }
}
