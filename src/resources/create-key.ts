// Creating a key: what cannot be right is refused before anything is sent, by the server's clock and the maximum that
// this client has read; the expiry in the answer is held against the one asked for.

import type { Secret } from '../auth/secret.ts';
import { ExpirationPolicyError, type Resolution, type ResolveOptions } from '../errors.ts';
import type { ApiKey } from '../models.ts';
import type { Outcome } from '../transport/call-promise.ts';
import type { CallScope } from '../transport/scope.ts';
import type { CallOptions } from '../transport/transport.ts';
import {
  daysToMs,
  type ExpirationPeriod,
  LONGEST_DAYS,
  MOST_DAYS,
  periodDays,
  SLACK_MS,
} from '../wire/expiration.ts';
import { readUser } from '../wire/schemas.ts';
import { readAllPolicies } from './accounts.ts';
import { type ClientContext, invoke, readResult, withAnswer } from './context.ts';
import { ambiguous, deliver, LostAnswer, sendIssue } from './issue.ts';
import type { Bound } from './policy-memory.ts';
import { resolveCreate } from './resolve-create.ts';

/** What a new key is asked for with: a name, and either a period or a date. */
export type CreateApiKeyInput =
  | {
      /** For your reference. The service does not keep names apart (assumed): make them unique yourself. */
      readonly name: string;
      /** How long the key lives, or `'max'`: as long as the strictest account allows, 10 years without a limit. */
      readonly expiresIn: ExpirationPeriod | 'max';
      readonly expiresAt?: never;
    }
  | {
      /** For your reference, as above. */
      readonly name: string;
      /** When the key runs out, by the server's clock. */
      readonly expiresAt: Date;
      readonly expiresIn?: never;
    };

/** A new key. */
export interface CreatedApiKey {
  /** The key; `expiresAt` is what the service gave, not what was asked for. */
  readonly apiKey: ApiKey;
  /** Shown this one time: the service never tells it again. */
  readonly secret: Secret;
  /** Whether the service gave a shorter life than was asked for. */
  readonly clamped: boolean;
  /** The account whose maximum decided, where that is known. */
  readonly boundBy?: Bound;
}

/** A period that equals the maximum is asked for this much shorter, so that no clock makes it longer. */
const MARGIN_MS = 60_000;
/** How long a page may take of the reading that only tells who clamped, while the secret waits: milliseconds. */
const BOUND_TIMEOUT = 5_000;

interface Plan {
  readonly name: string;
  readonly expiresAt: Date;
  readonly boundBy?: Bound;
}

function checkName(name: unknown): string {
  if (typeof name !== 'string' || name.trim() === '')
    throw new TypeError('name must be a text that is not empty.');
  return name;
}

function tooLong(asked: string, { accountId, maximumDays }: Bound): ExpirationPolicyError {
  return new ExpirationPolicyError(
    `${asked} is more than the maximum of ${maximumDays} days that account ${accountId} allows, as this client last read it. Ask for less, or for 'max'.`,
    { maximumDays, accountId, operation: 'apiKeys.create' },
  );
}

async function plan(
  context: ClientContext,
  input: CreateApiKeyInput,
  options: CallOptions,
  scope: CallScope,
): Promise<Plan> {
  const { clock, policies } = context;
  const name = checkName(input.name);
  const { expiresIn, expiresAt } = input;
  if ((expiresIn === undefined) === (expiresAt === undefined))
    throw new TypeError('Give either expiresIn or expiresAt.');
  const days = expiresIn === undefined || expiresIn === 'max' ? undefined : periodDays(expiresIn);
  if (expiresAt !== undefined && (!(expiresAt instanceof Date) || Number.isNaN(expiresAt.getTime()))) {
    throw new TypeError('expiresAt must be a valid Date.');
  }

  if (expiresIn === 'max') await readAllPolicies(context, options, scope);
  else if (!clock.known)
    readResult(context, 'user.get', await invoke(context, 'user.get', {}, options, scope), readUser);
  const now = clock.now();
  const bound = policies.binding();

  if (expiresAt !== undefined) {
    if (expiresAt.getTime() <= now) {
      throw new ExpirationPolicyError(
        `expiresAt is ${expiresAt.toISOString()}, which is in the past: the server's clock says ${new Date(now).toISOString()}.`,
        { operation: 'apiKeys.create' },
      );
    }
    if (bound !== undefined && expiresAt.getTime() > now + daysToMs(bound.maximumDays) + SLACK_MS) {
      throw tooLong(`A key until ${expiresAt.toISOString()}`, bound);
    }
    return { name, expiresAt };
  }
  const wanted = days ?? Math.min(bound?.maximumDays ?? LONGEST_DAYS, MOST_DAYS);
  if (bound !== undefined && wanted > bound.maximumDays) throw tooLong(`A key for ${wanted} days`, bound);
  const margin = wanted === bound?.maximumDays ? MARGIN_MS : 0;
  return {
    name,
    expiresAt: new Date(now + daysToMs(wanted) - margin),
    ...(days === undefined && bound !== undefined ? { boundBy: bound } : {}),
  };
}

/** Does `apiKeys.create`. */
export async function createKey(
  context: ClientContext,
  input: CreateApiKeyInput,
  options: CallOptions,
  scope: CallScope,
): Promise<Outcome<CreatedApiKey>> {
  context.onNewSecret?.check?.();
  const { name, expiresAt, boundBy } = await plan(context, input, options, scope);
  const expiration = Math.floor(expiresAt.getTime() / 1000);
  try {
    const issued = await sendIssue(
      context,
      'apiKeys.create',
      { input: { name, expiration, expiresAt: new Date(expiration * 1000) } },
      options,
      scope,
    );
    await deliver(context, 'apiKeys.create', issued, scope);
    const { apiKey, secret } = issued;
    const clamped = apiKey.expiresAt !== null && apiKey.expiresAt.getTime() < expiresAt.getTime() - SLACK_MS;
    const binding = boundBy ?? (clamped ? await findBound(context, options, scope) : undefined);
    return withAnswer(
      { apiKey, secret, clamped, ...(binding === undefined ? {} : { boundBy: binding }) },
      issued,
    );
  } catch (error) {
    if (!(error instanceof LostAnswer)) throw error;
    const { sentAt } = error.progress;
    const resolve = (how: ResolveOptions): Promise<Resolution> =>
      resolveCreate(context, { name, sentAt }, how);
    throw ambiguous('apiKeys.create', error, resolve);
  }
}

/** Which account clamped, if that can be read. The key is made already, so nothing that fails here is told. */
async function findBound(
  context: ClientContext,
  options: CallOptions,
  scope: CallScope,
): Promise<Bound | undefined> {
  const timeout = Math.min(options.timeout ?? BOUND_TIMEOUT, BOUND_TIMEOUT);
  try {
    await readAllPolicies(context, { ...options, maxRetries: 0, timeout }, scope);
  } catch {
    // `boundBy` stays what was known before.
  }
  return context.policies.binding();
}
