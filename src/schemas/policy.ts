// The maximum expiration of an account's keys: a field of the account.

import * as z from 'zod/mini';
import { type MaximumExpiration, readMaximum } from '../api/expiration.ts';

/** A maximum expiration, as the service states it. */
export interface Maximum {
  /** One of the five periods of the web interface, `{ days }` for any other number, or `'unlimited'` (assumed meaning of -1). */
  readonly maximum: MaximumExpiration;
  /** The same in days; `null`: no limit. */
  readonly maximumDays: number | null;
}

/** The maximum expiration of all API keys under an account. */
export interface ApiKeyPolicy extends Maximum {
  /** The id of the account that it applies to. */
  readonly accountId: number;
  /** How the account was chosen: `given` by its id, or the user's `default` account. */
  readonly accountSource: 'given' | 'default';
}

/** The maximum expiration, read from an account. */
export const apiKeyPolicy: z.ZodMiniType<Maximum> = z.pipe(
  z.looseObject({ apiKeyExpiration: z.number() }),
  z.transform(({ apiKeyExpiration }) => readMaximum(apiKeyExpiration)),
);
