// One run of a rotation: the journal, the service, the caller's settings, and what is to be reported.

import { RotationError } from '../../errors.ts';
import type { Bound } from '../../resources/policy-memory.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { SLACK_MS } from '../../util/period.ts';
import { harmless } from '../../util/printable.ts';
import type { RotationRecord } from '../record/record.ts';
import type { Journal } from './journal.ts';
import type { KeyCredentials, Service } from './service.ts';
import type { RunSettings } from './settings.ts';
import { secretsIn } from './sink.ts';

export class Run<J extends Journal = Journal> {
  readonly journal: J;
  readonly service: Service;
  readonly settings: RunSettings;
  /** Whether a run before this one left work unfinished. */
  readonly resumed: boolean;
  /** The strictest maximum of the accounts, once it was read. */
  maximum: Bound | undefined;
  /** Why a sink has not taken the credentials, by its name. */
  readonly sinkProblems = new Map<string, string>();
  /** Why a key could not be deleted, by its id. */
  readonly retireProblems = new Map<string, string>();
  /** An old key that is still in use. */
  stillUsed: { readonly keyId: string; readonly lastUsedAt: Date } | undefined;
  /** How many new keys of this run did not work, and were replaced. */
  discarded = 0;
  /** Keys created since a leak. */
  madeSinceLeak: readonly ApiKey[] | undefined;
  /** What was done, or would be. */
  readonly steps: string[] = [];
  readonly #notes = new Set<string>();

  constructor(journal: J, service: Service, settings: RunSettings, resumed: boolean) {
    this.journal = journal;
    this.service = service;
    this.settings = settings;
    this.resumed = resumed;
  }

  get record(): RotationRecord {
    return this.journal.record;
  }

  get notes(): readonly string[] {
    return [...this.#notes];
  }

  /** Reports a step that was done. */
  did(step: string): void {
    this.steps.push(harmless(step));
  }

  /** Reports what the caller should know, once. */
  note(note: string): void {
    this.#notes.add(harmless(note));
  }

  /** Reports that an old key is kept because it is in use. */
  keepUsed(keyId: string, lastUsedAt: Date): void {
    this.stillUsed ??= { keyId, lastUsedAt };
    this.note(
      `The old key ${keyId} was used on ${lastUsedAt.toISOString()}, after it was replaced, so it was not deleted. Find the reader that still uses it, or set a time without a use after which the key may go.`,
    );
  }

  /** Now, for deletions, in milliseconds. Reports where they wait for this machine's clock. */
  async certainNow(signer: KeyCredentials): Promise<number> {
    const [certain, now] = [await this.service.certainNow(signer), this.service.now()];
    if (certain < now.getTime() - SLACK_MS)
      this.note(
        `Old keys stay although it is ${now.toISOString()} by the Date of responses: by this machine's clock and the last use of the key ${signer.id} it is ${new Date(certain).toISOString()}, and a proxy may date responses ahead. If this machine's clock is behind, set it right.`,
      );
    return certain;
  }

  /** All secrets of the run. */
  get secrets(): string[] {
    const { current, previous, pending, retire } = this.record;
    return secretsIn([current, previous, pending?.key, ...retire, this.settings.recovery]);
  }

  /** Credentials that are accepted: those of the current key wherever possible. */
  async signer(): Promise<KeyCredentials> {
    const { current, pending, previous } = this.record;
    const signer = await this.service.signer([current, pending?.key, this.settings.recovery, previous]);
    if (signer !== undefined) return signer;
    const until =
      current.expiresAt === null ? '' : ` (${current.expiresAt.toISOString()}, according to the record)`;
    throw new RotationError(
      `No credentials of the record are accepted. Likely the key ${current.id} has expired${until}, was deleted or regenerated elsewhere, or the record is an old copy.`,
      {
        code: 'rotation_signer',
        hint: {
          option: 'recovery',
          text: 'Give another key of the same user as recovery, or adopt a new key into an empty store.',
        },
      },
    );
  }
}
