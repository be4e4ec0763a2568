// The maximum expirations that this client has read: a create is checked against them before it is sent.

import type { Account } from '../schemas/account.ts';

/** The account whose maximum binds, and that maximum. */
export interface Bound {
  /** The account that sets it. */
  readonly accountId: number;
  /** In days. */
  readonly maximumDays: number;
}

export class PolicyMemory {
  readonly #days = new Map<number, number>();

  /** Remembers what a response said of an account; `null`: it sets no limit, or does not say. */
  learn({ id, apiKeyExpirationDays }: Pick<Account, 'id' | 'apiKeyExpirationDays'>): void {
    if (apiKeyExpirationDays === null) this.#days.delete(id);
    else this.#days.set(id, apiKeyExpirationDays);
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
