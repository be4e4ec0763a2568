// What of the table of behaviours can be seen only with keys to throw away: two are made, used, changed and deleted.

import type { BlazeMeterClient } from '../../client.ts';
import type { CreatedApiKey } from '../../resources/create-key.ts';
import type { ApiKey, CreateApiKeyInput } from '../../schemas/api-key.ts';
import {
  differs,
  fits,
  type Probe,
  type Seen,
  seenIn,
  statusIn,
  statusOf,
  unseen,
} from './conformance-probe.ts';

/** The behaviours that are looked at here. */
export const WRITES = [
  ...['apiKeys.create', 'apiKeys.regenerateSecret', 'apiKeys.delete'],
  ...['S4', 'S5', 'S6', 'S7', 'S11', 'S13', 'S14', 'S15', 'W16', 'P2'],
] as const;

export interface WriteOptions {
  readonly probe: Probe;
  readonly put: (id: string, seen: Seen) => void;
}

/** A pair as a create or a regenerate gives it. */
type Pair = Pick<CreatedApiKey, 'apiKey' | 'secret'>;

const SLACK_MS = 120_000;
/** How long a new pair may take until it works. */
const PATIENCE_MS = 10_000;
const DAY_MS = 86_400_000;

const near = (a: Date | null, b: Date | null): boolean =>
  a !== null && b !== null && Math.abs(a.getTime() - b.getTime()) <= SLACK_MS;

/** Looks, and then deletes whatever was made; gives back the ids of keys that could not be deleted. */
export async function lookByWriting(options: WriteOptions): Promise<readonly string[]> {
  const { probe } = options;
  const made = new Set<string>();
  try {
    await story(options, made);
  } catch {
    // The step that failed has said so; what would have followed was not looked at.
  }
  return cleanUp(probe, made);
}

async function story({ probe, put }: WriteOptions, made: Set<string>): Promise<void> {
  const { client, nonce } = probe;
  const as = ({ apiKey, secret }: Pair): BlazeMeterClient =>
    client.withOptions({ credentials: { id: apiKey.id, secret } });
  const works = async (pair: Pair): Promise<boolean> => (await statusOf(as(pair).user.get(), 401)) === 200;
  /** A step on which others rest: where it fails, that is what was seen of it, and the story ends. */
  const step = async <Result>(id: string, act: () => PromiseLike<Result>): Promise<Result> => {
    try {
      return await act();
    } catch (error) {
      put(id, seenIn(error));
      throw error;
    }
  };
  const create = async (signer: BlazeMeterClient, input: CreateApiKeyInput): Promise<CreatedApiKey> => {
    const key = await signer.apiKeys.create(input);
    made.add(key.apiKey.id);
    return key;
  };

  const name = `conformance-${nonce}`;
  const expiresIn = { days: 1 };
  const first = await step('apiKeys.create', () => create(client, { name, expiresIn }));
  const hex = /^[0-9a-f]{24}$/.test(first.apiKey.id) && /^[0-9a-f]{72}$/.test(first.secret.reveal());
  put('apiKeys.create', hex ? fits('answered') : differs('answered, with an id or a secret of another form'));
  put(
    'W16',
    near(first.apiKey.expiresAt, inDays(first.apiKey, 1))
      ? fits('taken as sent')
      : differs('another expiry came back'),
  );
  put('S15', await waitFor(() => works(first)));

  const second = await secondKey(put, name, (other) => create(client, { name: other, expiresIn }));
  await pastMaximum(probe, put, second.apiKey, (expiresAt) =>
    create(as(second), { name: `${name}-c`, expiresAt }),
  );

  const renewed = await step('apiKeys.regenerateSecret', () =>
    client.apiKeys.regenerateSecret(first.apiKey.id),
  );
  const kept = renewed.apiKey.id === first.apiKey.id && !renewed.secret.equals(first.secret);
  put('apiKeys.regenerateSecret', kept ? fits('answered') : differs('another id, or the same secret'));
  put('S4', expiryAfter(first.apiKey, renewed.apiKey));
  put(
    'S11',
    (await works(first)) ? differs('the old secret still works') : fits('the old secret is refused'),
  );

  const self = as(second);
  const own = await step('S5', () => self.apiKeys.regenerateSecret(second.apiKey.id, { allowSelf: true }));
  put(
    'S5',
    (await works(second))
      ? differs('the old secret still works')
      : fits('the answer came; the old secret is refused'),
  );

  await step('S6', () => as(own).apiKeys.delete(own.apiKey.id, { allowSelf: true }));
  put('S6', (await works(own)) ? differs('the key still works') : fits('the key is refused'));
  await step('apiKeys.delete', () => client.apiKeys.delete(first.apiKey.id));
  put('apiKeys.delete', fits('answered'));
  const status = await statusOf(as(renewed).user.get(), 401);
  put('P2', status === 401 ? fits('401 for a deleted key') : differs(`${status} for a deleted key`));
}

/** A second key of the same name, or, where names must differ, of another. */
async function secondKey(
  put: WriteOptions['put'],
  name: string,
  create: (name: string) => Promise<Pair>,
): Promise<Pair> {
  try {
    const key = await create(name);
    put('S13', fits('two keys have one name'));
    put('S14', { seen: 'two more keys were made; nobody looked further', agrees: null });
    return key;
  } catch (error) {
    if (statusIn(error) === 402) put('S14', differs('refused with 402'));
    put('S13', statusIn(error) === 409 ? differs('refused with 409') : seenIn(error));
    return create(`${name}-b`);
  }
}

/** Asks for more than the maximum, with a client that has not read it and so does not refuse. */
async function pastMaximum(
  { client }: Probe,
  put: WriteOptions['put'],
  key: ApiKey,
  create: (expiresAt: Date) => Promise<CreatedApiKey>,
): Promise<void> {
  let days = Number.POSITIVE_INFINITY;
  for await (const { apiKeyExpirationDays } of client.accounts.list())
    if (apiKeyExpirationDays !== null && apiKeyExpirationDays > 0)
      days = Math.min(days, apiKeyExpirationDays);
  if (!Number.isFinite(days)) return put('S7', unseen('there is no maximum'));
  try {
    const { clamped } = await create(inDays(key, days + 2));
    put('S7', differs(clamped ? 'clamped' : 'taken as sent'));
  } catch (error) {
    put('S7', statusIn(error) === 400 ? fits('refused with 400') : seenIn(error));
  }
}

/** By the service's clock, so many days after a key was made. */
const inDays = ({ createdAt }: ApiKey, days: number): Date => new Date(createdAt.getTime() + days * DAY_MS);

const expiryAfter = (before: ApiKey, after: ApiKey): Seen =>
  near(before.expiresAt, after.expiresAt) ? fits('the expiry stays') : differs('the expiry changes');

async function waitFor(works: () => Promise<boolean>): Promise<Seen> {
  const from = Date.now();
  if (await works()) return fits('a new pair works at once');
  while (Date.now() - from < PATIENCE_MS) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    if (await works()) return differs(`a new pair works after ${Date.now() - from} ms`);
  }
  return differs(`a new pair does not work within ${PATIENCE_MS} ms`);
}

/** Deletes what was made, and what a lost answer may have made: it bears the name of this run. */
async function cleanUp({ client, nonce }: Probe, made: ReadonlySet<string>): Promise<readonly string[]> {
  const left = new Set(made);
  try {
    for await (const key of client.apiKeys.list({ name: nonce }))
      if (key.name.includes(nonce)) left.add(key.id);
  } catch {
    // What is known to have been made is deleted all the same.
  }
  for (const id of [...left]) {
    const status = await statusOf(client.apiKeys.delete(id), 404).catch(() => undefined);
    if (status === 200 || status === 404) left.delete(id);
  }
  return [...left];
}
