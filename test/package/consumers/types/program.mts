// An ES module in TypeScript that uses the entryPoints the way their documentation says, and some ways that must not compile.

import type { ApiKey, CredentialProvider, Page } from 'blazemeter-client';
import {
  AmbiguousOutcomeError,
  ApiError,
  BlazeMeterClient,
  isBlazeMeterError,
  operations,
  parseCredentials,
  RequestSigner,
  Secret,
} from 'blazemeter-client';
import { type AuditReport, audit, toMarkdown } from 'blazemeter-client/audit';
import { defaultCredentials, fromEnvironment, fromKeyFile, writeKeyFile } from 'blazemeter-client/node';
import { adopt, type CredentialStore, fromStore, memoryStore, rotate } from 'blazemeter-client/rotation';
import { createReference, listen } from 'blazemeter-client/testing';

const reference = createReference();
const { keys, accounts } = reference.seed();
export const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });

export async function story(): Promise<string> {
  const { apiKey, secret, clamped, boundBy } = await client.apiKeys.create({
    name: 'ci',
    expiresIn: '3 months',
  });
  const until: Date | null = apiKey.expiresAt;
  const page: Page<ApiKey> = await client.apiKeys.list();
  for await (const key of client.apiKeys.list({ limit: 10 })) key.lastUsedAt?.toISOString();
  const { data, requestId, attempts } = await client.user.get().withResponse();
  const policy = await client.accounts.apiKeyPolicy.set(accounts.main.id, { maximum: { days: 45 } });
  const result: unknown = await client.request({ method: 'GET', path: '/user' });
  const secrets: Secret[] = [secret, Secret.from('text')];
  return JSON.stringify([
    until,
    page.items.length,
    clamped,
    boundBy?.maximumDays,
    data.email,
    requestId,
    attempts,
    policy.maximumDays,
    result,
    secrets.length,
    operations['apiKeys.create'].path,
  ]);
}

export async function entryPoints(): Promise<void> {
  const provider: CredentialProvider = fromEnvironment();
  const signer = new RequestSigner(provider, { origins: ['https://blazemeter.example.com'] });
  const { authorization } = await signer.headers('https://blazemeter.example.com/api/v4/user');
  const signed: Request = await signer.sign(
    new Request('https://blazemeter.example.com/', { headers: { authorization } }),
  );
  await signer.fetch(signed);
  new BlazeMeterClient({ credentials: fromKeyFile('api-key.json') });
  new BlazeMeterClient({ credentials: defaultCredentials() });
  await writeKeyFile('api-key.json', parseCredentials('an-id:a-secret'));
  await using server = await listen(reference, { port: 0 });
  reference.clock.advance({ days: 90 });
  console.log(server.url, reference.journal);
}

export async function rotated(): Promise<string> {
  const store: CredentialStore = memoryStore();
  await adopt(client, { store, name: 'ci', credentials: keys.owner });
  const { phase } = await rotate(client, { store, reason: 'schedule', drain: { hours: 1 } });
  const report: AuditReport = await audit(client.withOptions({ credentials: fromStore(store) }));
  return `${phase} ${toMarkdown(report)}`;
}

export function explained(error: unknown): string {
  if (error instanceof AmbiguousOutcomeError) void error.resolve();
  if (error instanceof ApiError) return `${error.status} ${error.apiCode}`;
  return isBlazeMeterError(error) ? error.code : 'not ours';
}

// These would compile if a declaration had turned into any.
// @ts-expect-error a period that is no step
client.apiKeys.create({ name: 'ci', expiresIn: '2 months' });
// @ts-expect-error either a period or a date
client.apiKeys.create({ name: 'ci' });
// @ts-expect-error a secret is not a string
export const text: string = Secret.from('text');
// @ts-expect-error no such resource
client.nothing;
// @ts-expect-error no such option
new BlazeMeterClient({ credential: 'an-id:a-secret' });
// @ts-expect-error the seed has no such key
keys.nobody;
// @ts-expect-error a rotation needs a store
rotate(client, { reason: 'schedule' });
// @ts-expect-error no such reason
rotate(client, { store: memoryStore(), reason: 'whim' });
