// What is wrong with a credential, or that nothing is: in plain sentences and as data. A wrong key takes one request.

import {
  ApiError,
  AuthenticationError,
  BlazeMeterError,
  type ErrorHint,
  PermissionDeniedError,
} from '../errors.ts';
import { perform } from '../http/call.ts';
import { readResult } from '../http/call-result.ts';
import type { CallOptions } from '../http/call-types.ts';
import type { Deadline } from '../http/deadline.ts';
import { apiKey } from '../schemas/api-key.ts';
import { user as userSchema } from '../schemas/user.ts';
import { printable, shownId } from '../util/printable.ts';
import { type AccountsResource, readAllPolicies } from './accounts.ts';
import type { ClientContext } from './context.ts';
import type { Bound } from './policy-memory.ts';

/** Options of `diagnose`. */
export interface DiagnoseOptions extends CallOptions {
  /** Whether to show the e-mail address and the key id in full instead of masked. Default: `false`. */
  readonly full?: boolean | undefined;
}

/** What a diagnosis found. */
export interface Diagnosis {
  /** Whether the credentials work. */
  readonly ok: boolean;
  /** Where the credentials come from, in words. */
  readonly source: string;
  /** The key id, masked unless `full` is `true`. */
  readonly keyId: string | null;
  /** The user that the key belongs to; the address is masked unless `full` is `true`. */
  readonly user: { readonly id: number; readonly email: string | null } | null;
  /** The user's roles by account, where they could be read. */
  readonly roles: readonly { readonly accountId: number; readonly roles: readonly string[] }[];
  /** When the key expires; `null` where that is not known. */
  readonly expiresAt: Date | null;
  /** The account whose maximum limits new keys; `null` if none is known. */
  readonly policy: Bound | null;
  /** How far the server's clock is ahead of this machine's, in milliseconds, to about a second. */
  readonly clockOffsetMs: number | null;
  /** The stable code of the error that stopped the diagnosis, such as `unauthorized`. */
  readonly problem: string | null;
  /** What helps, if that error names it. Its text ends one of the sentences. */
  readonly hint: ErrorHint | null;
  /** The same in plain sentences: what was found, and what to do. */
  readonly sentences: readonly string[];
}

/** Beyond this the clocks are worth a word, in milliseconds. */
const CLOCK_DIFFERENCE = 60_000;
/** Accounts whose members are read for the roles. */
const MOST_ACCOUNTS = 5;
const SOON = 14 * 86_400_000;

const maskId = (id: string): string => (id.length > 8 ? `${id.slice(0, 4)}…${id.slice(-4)}` : '…');
const maskEmail = (email: string): string =>
  email.includes('@') ? email.replace(/^(.?).*?(@.?).*$/s, '$1…$2…') : '…';

export async function diagnose(
  context: ClientContext,
  accounts: AccountsResource,
  { full = false, ...options }: DiagnoseOptions,
  deadline: Deadline,
): Promise<Diagnosis> {
  const { credentials, clock, policies } = context;
  const sentences: string[] = [];
  const say = (text: string) => void sentences.push(text);
  const found: { -readonly [Field in keyof Diagnosis]: Diagnosis[Field] } = {
    ok: false,
    source: 'unknown',
    keyId: null,
    user: null,
    roles: [],
    expiresAt: null,
    policy: null,
    clockOffsetMs: null,
    problem: null,
    hint: null,
    sentences,
  };
  const within = { ...options, signal: deadline.signal };

  try {
    const pair = await deadline.race(Promise.resolve(credentials.get()));
    found.keyId = full ? shownId(pair.id) : printable(maskId(pair.id));
    found.source = printable(credentials.describe().replaceAll(pair.id, found.keyId));
    say(`Credential: ${found.source}${found.source.includes(found.keyId) ? '' : `, key ${found.keyId}`}.`);
    const reply = await perform(context, 'user.get', {}, options, deadline);
    const user = readResult(context, 'user.get', reply, userSchema);
    found.ok = true;
    const email = user.email === null ? null : printable(full ? user.email : maskEmail(user.email));
    found.user = { id: user.id, email };
    say(`It works, as user ${user.id}${email === null ? '' : ` (${email})`}.`);
    found.expiresAt = await keyExpiry(context, pair.id, options, deadline);
    await optional(async () => {
      await readAllPolicies(context, options, deadline);
      found.policy = policies.binding() ?? null;
      let left = MOST_ACCOUNTS;
      for await (const account of accounts.list({}, within)) {
        if (left-- === 0) break;
        for await (const member of accounts.users(account.id, {}, within)) {
          if (member.id !== user.id) continue;
          found.roles = [
            ...found.roles,
            { accountId: account.id, roles: member.roles.map((role) => printable(role)) },
          ];
          break;
        }
      }
    });
    sayRest(found, clock.now(), say);
  } catch (error) {
    if (!(error instanceof BlazeMeterError)) throw error;
    found.problem = error.code;
    found.hint = error.hint ?? null;
    // What has worked once is not called bad because the network failed later.
    found.ok =
      error instanceof PermissionDeniedError || (found.ok && !(error instanceof AuthenticationError));
    if (found.source === 'unknown') found.source = printable(credentials.describe());
    say(error.message);
  }
  const offset = clock.offset ?? null;
  if (offset !== null && Math.abs(offset) > CLOCK_DIFFERENCE) {
    say(
      `This machine's clock differs from the server's by about ${Math.round(offset / 1000)} s: set it right.`,
    );
  }
  return { ...found, clockOffsetMs: offset };
}

function sayRest(
  { roles, expiresAt, policy }: Pick<Diagnosis, 'roles' | 'expiresAt' | 'policy'>,
  now: number,
  say: (text: string) => void,
): void {
  for (const { accountId, roles: names } of roles)
    say(`Roles in account ${accountId}: ${names.join(', ') || 'none'}.`);
  if (expiresAt === null) say('When the key expires is not known.');
  else {
    const soon = expiresAt.getTime() - now < SOON ? ' Create a new key soon.' : '';
    say(`The key expires on ${expiresAt.toISOString()}.${soon}`);
  }
  if (policy === null) say('No maximum expiration is known to bind new keys.');
  else say(`New keys live ${policy.maximumDays} days at most: account ${policy.accountId} says so.`);
}

/** When the key expires. Reading a key is an assumption about the service, so its failure is no finding. */
async function keyExpiry(
  context: ClientContext,
  id: string,
  options: CallOptions,
  deadline: Deadline,
): Promise<Date | null> {
  let expiresAt = context.credentials.peek()?.expiresAt ?? null;
  await optional(async () => {
    const reply = await perform(context, 'apiKeys.get', { params: { id } }, options, deadline);
    expiresAt = readResult(context, 'apiKeys.get', reply, apiKey).expiresAt;
  });
  return expiresAt;
}

/** Something that may fail without saying anything about the credential. */
async function optional(read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    const harmless =
      error instanceof ApiError
        ? error.status !== 401
        : error instanceof BlazeMeterError && error.code === 'invalid_response';
    if (!harmless) throw error;
  }
}
