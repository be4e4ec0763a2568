// The behaviours that can be checked only with keys to throw away: they are created, used, changed and deleted.

import type { BlazeMeterClient } from '../../client.ts';
import type { CreatedApiKey } from '../../resources/create-key.ts';
import type { ApiKey, CreateApiKeyInput } from '../../schemas/api-key.ts';
import { setTimeout } from '../timers.ts';
import {
  agrees,
  differs,
  type Finding,
  findingIn,
  type Probe,
  statusIn,
  statusOf,
  unchecked,
} from './conformance-probe.ts';

/** The behaviours that are checked here. */
export const WRITES = [
  ...['apiKeys.create', 'apiKeys.regenerateSecret', 'apiKeys.delete'],
  ...['S4', 'S5', 'S6', 'S7', 'S11', 'S13', 'S14', 'S15', 'W16', 'P2'],
] as const;

export interface WriteOptions {
  readonly probe: Probe;
  readonly report: (id: string, finding: Finding) => void;
}

/** What create and regenerate return. */
type NewKey = Pick<CreatedApiKey, 'apiKey' | 'secret'>;

const SLACK_MS = 120_000;
/** How long new credentials may take until they work. */
const MAX_PROPAGATION_MS = 10_000;
const DAY_MS = 86_400_000;

const near = (a: Date | null, b: Date | null): boolean =>
  a !== null && b !== null && Math.abs(a.getTime() - b.getTime()) <= SLACK_MS;

/** Runs the checks and then deletes every key they created. Returns the ids of keys that could not be deleted. */
export async function runWriteChecks(options: WriteOptions): Promise<readonly string[]> {
  const { probe } = options;
  const created = new Set<string>();
  try {
    await runScenario(options, created);
  } catch {
    // The failed step has reported it; the checks after it did not run.
  }
  return cleanUp(probe, created);
}

async function runScenario({ probe, report }: WriteOptions, created: Set<string>): Promise<void> {
  const { client, nonce } = probe;
  const as = ({ apiKey, secret }: NewKey): BlazeMeterClient =>
    client.withOptions({ credentials: { id: apiKey.id, secret } });
  /** Only a 401 refuses a key: any other status says nothing of it. */
  const works = async (key: NewKey): Promise<boolean> => {
    const status = await statusOf(as(key).user.get(), 401);
    if (status === 200 || status === 401) return status === 200;
    throw new Error('The user could not be read.');
  };
  /** A step that others depend on: a failure is its finding, and ends the scenario. */
  const step = async <Result>(id: string, act: () => PromiseLike<Result>): Promise<Result> => {
    try {
      return await act();
    } catch (error) {
      report(id, findingIn(error));
      throw error;
    }
  };
  const create = async (signer: BlazeMeterClient, input: CreateApiKeyInput): Promise<CreatedApiKey> => {
    const key = await signer.apiKeys.create(input);
    created.add(key.apiKey.id);
    return key;
  };

  const name = `conformance-${nonce}`;
  const expiresIn = { days: 1 };
  const first = await step('apiKeys.create', () => create(client, { name, expiresIn }));
  const hex = /^[0-9a-f]{24}$/.test(first.apiKey.id) && /^[0-9a-f]{72}$/.test(first.secret.reveal());
  report(
    'apiKeys.create',
    hex ? agrees('supported') : differs('responds, with an id or a secret of another form'),
  );
  report(
    'W16',
    near(first.apiKey.expiresAt, inDays(first.apiKey, 1))
      ? agrees('taken as sent')
      : differs('another expiry came back'),
  );
  report('S15', await waitFor(() => works(first)));

  const second = await secondKey(report, name, (other) => create(client, { name: other, expiresIn }));
  await pastMaximum(probe, report, second.apiKey, (expiresAt) =>
    create(as(second), { name: `${name}-c`, expiresAt }),
  );

  const renewed = await step('apiKeys.regenerateSecret', () =>
    client.apiKeys.regenerateSecret(first.apiKey.id),
  );
  const kept = renewed.apiKey.id === first.apiKey.id && !renewed.secret.equals(first.secret);
  report('apiKeys.regenerateSecret', kept ? agrees('supported') : differs('another id, or the same secret'));
  report('S4', expiryAfter(first.apiKey, renewed.apiKey));
  report(
    'S11',
    (await works(first)) ? differs('the old secret still works') : agrees('the old secret is refused'),
  );

  const self = as(second);
  const own = await step('S5', () => self.apiKeys.regenerateSecret(second.apiKey.id, { allowSelf: true }));
  report(
    'S5',
    (await works(second))
      ? differs('the old secret still works')
      : agrees('the response arrived; the old secret is refused'),
  );

  await step('S6', () => as(own).apiKeys.delete(own.apiKey.id, { allowSelf: true }));
  report('S6', (await works(own)) ? differs('the key still works') : agrees('the key is refused'));
  await step('apiKeys.delete', () => client.apiKeys.delete(first.apiKey.id));
  const status = await statusOf(as(renewed).user.get(), 401);
  report(
    'apiKeys.delete',
    status === 200 ? differs('responds with success, and the key still works') : agrees('supported'),
  );
  report('P2', status === 401 ? agrees('401 for a deleted key') : differs(`${status} for a deleted key`));
}

/** A second key of the same name, or, where names must differ, of another. */
async function secondKey(
  report: WriteOptions['report'],
  name: string,
  create: (name: string) => Promise<NewKey>,
): Promise<NewKey> {
  try {
    const key = await create(name);
    report('S13', agrees('two keys have one name'));
    report('S14', { seen: 'two more keys were created; the limit was not tested further', agrees: null });
    return key;
  } catch (error) {
    if (statusIn(error) === 402) report('S14', differs('refused with 402'));
    report('S13', statusIn(error) === 409 ? differs('refused with 409') : findingIn(error));
    return create(`${name}-b`);
  }
}

/** Asks for more than the maximum, with a client that has not read it and so does not refuse. */
async function pastMaximum(
  { client }: Probe,
  report: WriteOptions['report'],
  key: ApiKey,
  create: (expiresAt: Date) => Promise<CreatedApiKey>,
): Promise<void> {
  let days = Number.POSITIVE_INFINITY;
  for await (const { apiKeyExpirationDays } of client.accounts.list())
    if (apiKeyExpirationDays !== null && apiKeyExpirationDays > 0)
      days = Math.min(days, apiKeyExpirationDays);
  if (!Number.isFinite(days)) return report('S7', unchecked('there is no maximum'));
  try {
    const { clamped } = await create(inDays(key, days + 2));
    report('S7', differs(clamped ? 'clamped' : 'taken as sent'));
  } catch (error) {
    report('S7', statusIn(error) === 400 ? agrees('refused with 400') : findingIn(error));
  }
}

/** By the service's clock, so many days after a key was created. */
const inDays = ({ createdAt }: ApiKey, days: number): Date =>
  new Date((createdAt?.getTime() ?? Date.now()) + days * DAY_MS);

const expiryAfter = (before: ApiKey, after: ApiKey): Finding =>
  near(before.expiresAt, after.expiresAt) ? agrees('the expiry stays') : differs('the expiry changes');

async function waitFor(works: () => Promise<boolean>): Promise<Finding> {
  const from = Date.now();
  if (await works()) return agrees('new credentials work at once');
  while (Date.now() - from < MAX_PROPAGATION_MS) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    if (await works()) return differs(`new credentials work after ${Date.now() - from} ms`);
  }
  return differs(`new credentials do not work within ${MAX_PROPAGATION_MS} ms`);
}

/** Deletes what was created, also by a request whose response was lost: its name contains the nonce of this run. */
async function cleanUp({ client, nonce }: Probe, created: ReadonlySet<string>): Promise<readonly string[]> {
  const left = new Set(created);
  try {
    for await (const key of client.apiKeys.list({ name: nonce }))
      if (key.name.includes(nonce)) left.add(key.id);
  } catch {
    // The keys known so far are deleted all the same.
  }
  for (const id of [...left]) {
    const status = await statusOf(client.apiKeys.delete(id), 404).catch(() => undefined);
    if (status === 200 || status === 404) left.delete(id);
  }
  return [...left];
}
