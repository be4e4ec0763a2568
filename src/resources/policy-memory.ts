// The maximum expirations that this client has read: what a create is held against before it is sent.

import type { Account } from '../models.ts';

/** The account whose maximum binds, and that maximum. */
export interface Bound {
  /** The account that sets it. */
  readonly accountId: number;
  /** In days. */
  readonly maximumDays: number;
}

export class PolicyMemory {
  readonly #days = new Map<number, number>();

  /** Remembers what an answer said of an account. */
  learn(accountId: number, days: number | null): void {
    if (days === null) this.#days.delete(accountId);
    else this.#days.set(accountId, days);
  }

  learnFrom(account: Account): Account {
    this.learn(account.id, account.apiKeyExpirationDays);
    return account;
  }

  /** The strictest maximum of the accounts seen; none where none sets a limit. */
  binding(): Bound | undefined {
    let bound: Bound | undefined;
    for (const [accountId, maximumDays] of this.#days) {
      if (maximumDays > 0 && (bound === undefined || maximumDays < bound.maximumDays))
        bound = { accountId, maximumDays };
    }
    return bound;
  }
}
