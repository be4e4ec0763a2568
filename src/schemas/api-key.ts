// An API key, and the response that brings a secret with it. No public source shows one: all fields are assumed.

import * as z from 'zod/mini';
import { Secret } from '../auth/secret.ts';
import { type ExpirationPeriod, isExpirationPeriod, PERIOD_FORM } from '../util/period.ts';
import { type Extra, numericId, optional, optionalTime, time, withExtra } from './read.ts';

/** An API key, without its secret (assumed: no public source shows one). */
export interface ApiKey {
  /** 24 lower-case hex digits (observed). */
  readonly id: string;
  /** The name that was set at its creation. Names need not be unique (assumed). */
  readonly name: string;
  /** The id of the user that the key belongs to. */
  readonly userId: number | null;
  /** When the key was created; `null`: the service does not say. */
  readonly createdAt: Date | null;
  /** When the key was last changed. */
  readonly updatedAt: Date | null;
  /** When the key expires; `null`: the service sent no expiry. */
  readonly expiresAt: Date | null;
  /** When the key was last used; `null`: never, or the service does not say. */
  readonly lastUsedAt: Date | null;
  /** Fields that this version does not know. In the response to a create or a regenerate each value is a Secret. */
  readonly extra: Extra;
}

/** An API key together with its new secret. */
export interface NewApiKey {
  /** The key as it is now. */
  readonly apiKey: ApiKey;
  /** The new secret. The service never returns it again. */
  readonly secret: Secret;
}

const fields = {
  id: z.string().check(z.minLength(1)),
  name: z.string(),
  // It may be missing, but where it is there, it must be a time: much depends on it.
  created: z._default<z.ZodMiniType<Date | null>>(z.nullable(time), () => null),
  userId: optional('userId', numericId),
  updated: optionalTime('updated'),
  expiration: optionalTime('expiration'),
  lastUsed: optionalTime('lastUsed'),
};

type Fields = z.infer<z.ZodMiniObject<typeof fields, z.core.$loose>>;

function toApiKey(found: Fields, schemaFields: object, opaque: boolean): ApiKey {
  const { id, name, userId, created, updated, expiration, lastUsed } = found;
  const dates = { createdAt: created, updatedAt: updated, expiresAt: expiration, lastUsedAt: lastUsed };
  return withExtra({ id, name, userId, ...dates }, found, schemaFields, opaque);
}

/** A key, as lists and reads return it. */
export const apiKey: z.ZodMiniType<ApiKey> = z.pipe(
  z.looseObject(fields),
  z.transform((found) => toApiKey(found, fields, false)),
);

const secret: z.ZodMiniType<Secret> = z.pipe(
  z.string().check(z.minLength(1)),
  z.transform((text) => Secret.from(text)),
);

const newFields = { ...fields, secret };

/** The response to a create or a regenerate. Its secret is a {@link Secret} from the moment that it is read. */
export const newApiKey: z.ZodMiniType<NewApiKey> = z.pipe(
  z.looseObject(newFields),
  z.transform((found) => ({ apiKey: toApiKey(found, newFields, true), secret: found.secret })),
);

/** The input of `apiKeys.create`: a name, and either a period or a date. */
export type CreateApiKeyInput =
  | {
      /** A name for your reference. The service may allow two keys of one name (assumed), so choose unique names. */
      readonly name: string;
      /** The lifetime of the key. `'max'`: as long as the strictest account allows, or 10 years without a limit. */
      readonly expiresIn: ExpirationPeriod | 'max';
      readonly expiresAt?: undefined;
    }
  | {
      /** For your reference, as above. */
      readonly name: string;
      /** When the key expires, by the server's clock. */
      readonly expiresAt: Date;
      readonly expiresIn?: undefined;
    };

const nonEmpty = 'must be a non-empty string';

/** Checks the input of `apiKeys.create`. */
export const createApiKeyInput: z.ZodMiniType<CreateApiKeyInput> = z.pipe(
  z.strictObject(
    {
      name: z.string(nonEmpty).check(z.refine((text) => text.trim() !== '', nonEmpty)),
      expiresIn: z.optional(
        z.custom<ExpirationPeriod | 'max'>(
          (value) => value === 'max' || isExpirationPeriod(value),
          `must be 'max', ${PERIOD_FORM}`,
        ),
      ),
      expiresAt: z.optional(z.date('must be a valid Date')),
    },
    'must be { name, expiresIn } or { name, expiresAt }',
  ),
  z.transform(({ name, expiresIn, expiresAt }, context): CreateApiKeyInput => {
    if (expiresIn !== undefined && expiresAt === undefined) return { name, expiresIn };
    if (expiresAt !== undefined && expiresIn === undefined) return { name, expiresAt };
    const message = 'must have either expiresIn or expiresAt';
    context.issues.push({ code: 'custom', message, input: undefined });
    return { name, expiresIn: 'max' };
  }),
);
