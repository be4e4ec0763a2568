// The maximum expiration of an account's keys: a field of the account.

import * as z from 'zod/mini';
import { type MaximumExpiration, readMaximum } from '../api/expiration.ts';

/** A maximum expiration, as the service states it. */
export interface Maximum {
  /** A step as the web interface names it, `{ days }` for any other number, or `'unlimited'` (assumed reading of -1). */
  readonly maximum: MaximumExpiration;
  /** The same in days; `null`: no limit. */
  readonly maximumDays: number | null;
}

/** The maximum expiration of all API keys under an account. */
export interface ApiKeyPolicy extends Maximum {
  /** The account that it holds for. */
  readonly accountId: number;
  /** Which account that is: the one given, or the user's default account where none was. */
  readonly accountSource: 'given' | 'default';
}

/** The maximum expiration, read from an account. */
export const apiKeyPolicy: z.ZodMiniType<Maximum> = z.pipe(
  z.looseObject({ apiKeyExpiration: z.number() }),
  z.transform(({ apiKeyExpiration }) => readMaximum(apiKeyExpiration)),
);
