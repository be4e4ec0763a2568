// Creating a key: what cannot work is refused before anything is sent, by the server's clock and the maximum that this client
// has read; the expiry in the response is compared with the one asked for.

import { ExpirationPolicyError } from '../errors.ts';
import type { Outcome } from '../http/call-promise.ts';
import { outcomeOf } from '../http/call-result.ts';
import type { CallOptions } from '../http/call-types.ts';
import type { Deadline } from '../http/deadline.ts';
import { type CreateApiKeyInput, createApiKeyInput, type NewApiKey } from '../schemas/api-key.ts';
import { checkArgument } from '../schemas/read.ts';
import { daysToMs, LONGEST_DAYS, MOST_DAYS, periodDays, SLACK_MS } from '../util/period.ts';
import { readAllPolicies } from './accounts.ts';
import type { ClientContext } from './context.ts';
import { ambiguous, deliver, LostResponse, requestSecret } from './new-secret.ts';
import type { Bound } from './policy-memory.ts';
import { resolveCreate } from './resolve-create.ts';

/** A new key. */
export interface CreatedApiKey extends NewApiKey {
  /** Whether the service gave a shorter lifetime than was asked for. `apiKey.expiresAt` is what it gave. */
  readonly clamped: boolean;
  /** With `expiresIn: 'max'`: the account whose maximum decided, where one sets a limit. */
  readonly boundBy?: Bound;
}

/** A period that equals the maximum is sent this much shorter, so that no clock makes it longer. */
const MARGIN_MS = 60_000;

interface Plan {
  readonly name: string;
  readonly expiresAt: Date;
  /** The period, where one was given. */
  readonly days?: number;
  readonly boundBy?: Bound | undefined;
}

function tooLong(asked: string, { accountId, maximumDays }: Bound): ExpirationPolicyError {
  return new ExpirationPolicyError(
    `apiKeys.create: ${asked} is more than the ${maximumDays} days that account ${accountId} allows, as this client last read it.`,
    {
      hint: { option: 'expiresIn', text: "Ask for less, or for 'max'." },
      maximumDays,
      accountId,
      operation: 'apiKeys.create',
    },
  );
}

async function plan(
  context: ClientContext,
  input: CreateApiKeyInput,
  options: CallOptions,
  deadline: Deadline,
): Promise<Plan> {
  const { clock, policies } = context;
  const { name, expiresIn, expiresAt } = checkArgument('apiKeys.create', createApiKeyInput, input);
  if (expiresIn === 'max') await readAllPolicies(context, options, deadline);
  const now = clock.now();
  const bound = policies.binding();

  if (expiresAt !== undefined) {
    if (expiresAt.getTime() <= now) {
      throw new ExpirationPolicyError(
        `apiKeys.create: the expiry ${expiresAt.toISOString()} is in the past. It is ${new Date(now).toISOString()} by the ${clock.known ? "server's" : 'local'} clock.`,
        { operation: 'apiKeys.create' },
      );
    }
    if (bound !== undefined && expiresAt.getTime() > now + daysToMs(bound.maximumDays) + SLACK_MS) {
      throw tooLong(`a key until ${expiresAt.toISOString()}`, bound);
    }
    return { name, expiresAt };
  }
  const days =
    expiresIn === 'max' ? Math.min(bound?.maximumDays ?? LONGEST_DAYS, MOST_DAYS) : periodDays(expiresIn);
  if (bound !== undefined && days > bound.maximumDays) throw tooLong(`a key for ${days} days`, bound);
  const margin = days === bound?.maximumDays ? MARGIN_MS : 0;
  return {
    name,
    expiresAt: new Date(now + daysToMs(days) - margin),
    days,
    boundBy: expiresIn === 'max' ? bound : undefined,
  };
}

/** Does `apiKeys.create`. */
export async function createKey(
  context: ClientContext,
  input: CreateApiKeyInput,
  options: CallOptions,
  deadline: Deadline,
): Promise<Outcome<CreatedApiKey>> {
  context.onNewSecret?.check?.();
  const { name, expiresAt, days, boundBy } = await plan(context, input, options, deadline);
  const expiration = Math.floor(expiresAt.getTime() / 1000);
  const period = days === undefined ? {} : { days };
  const args = { input: { name, expiration, expiresAt: new Date(expiration * 1000), ...period } };
  try {
    const created = await requestSecret(context, 'apiKeys.create', args, options, deadline);
    await deliver(context, 'apiKeys.create', created, deadline);
    const { apiKey, secret } = created;
    const clamped = apiKey.expiresAt !== null && apiKey.expiresAt.getTime() < expiresAt.getTime() - SLACK_MS;
    return outcomeOf({ apiKey, secret, clamped, ...(boundBy === undefined ? {} : { boundBy }) }, created);
  } catch (error) {
    if (!(error instanceof LostResponse)) throw error;
    const { sentAt } = error.progress;
    throw ambiguous('apiKeys.create', error, (how) => resolveCreate(context, { name, sentAt }, how));
  }
}
