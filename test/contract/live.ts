// The read-only part of the contract against any service, the real one too: nothing is created, changed or deleted. It
// asserts nothing; it says of each operation whether what came is as docs/openapi.yaml has it, and never what came.
import { BlazeMeterClient, type CredentialsOption, isBlazeMeterError } from 'blazemeter-client';
import { checkedFetch, type Fetch } from '../support/checked-fetch.ts';
import { api } from '../support/openapi.ts';
import { isRecord } from '../support/openapi-document.ts';

export interface Service {
  readonly baseUrl: string;
  readonly fetch: Fetch;
  readonly credentials: CredentialsOption;
}

/** What was found out about one operation. */
export interface Finding {
  readonly operation: string;
  /** How the document knows it: documented, observed, assumed. */
  readonly mark: string;
  /** The statuses that came, in order. */
  readonly statuses: readonly number[];
  /** Empty: it is as described. */
  readonly differences: readonly string[];
}

const marks = new Map(api().operations.map(({ id, provenance }) => [id, String(provenance)]));

const idOf = (value: unknown): string | undefined => (isRecord(value) ? String(value.id) : undefined);
const firstId = (value: unknown): string | undefined => (Array.isArray(value) ? idOf(value[0]) : undefined);

export async function lookAt({ baseUrl, fetch, credentials }: Service): Promise<Finding[]> {
  const checked = checkedFetch(fetch);
  const client = new BlazeMeterClient({
    baseUrl,
    fetch: checked,
    credentials,
    logLevel: 'off',
    maxRetries: 0,
  });
  const findings: Finding[] = [];

  /** Does one thing, and gives back what came, or nothing where it failed. */
  const look = async <T>(operation: string, act: () => PromiseLike<T>): Promise<T | undefined> => {
    const before = checked.exchanges.length;
    const differences: string[] = [];
    let result: T | undefined;
    try {
      result = await act();
    } catch (error) {
      differences.push(
        `the client: ${isBlazeMeterError(error) ? `${error.name} (${error.code})` : 'an error'}`,
      );
    }
    const seen = checked.exchanges.slice(before);
    for (const { requestViolations, responseViolations } of seen)
      differences.push(...requestViolations, ...responseViolations);
    const statuses = seen.map(({ status = 0 }) => status);
    findings.push({ operation, mark: marks.get(operation) ?? 'observed', statuses, differences });
    return result;
  };
  const get = (operation: string, path: string, query = {}) =>
    look(operation, () => client.request({ path, query }));

  await look('web.version', async () => (await checked(`${baseUrl}/web/version`)).text());
  await look('user.get', () => client.user.get());
  const accounts = await look('accounts.list', () => client.accounts.list({ limit: 5, sort: ['name'] }));
  const account = accounts?.items[0]?.id;
  if (account !== undefined) {
    await look('accounts.get', () => client.accounts.get(account));
    await look('apiKeyPolicy.get', () => client.accounts.apiKeyPolicy.get(account));
    await look('accounts.users', () => client.accounts.users(account, { limit: 5, enabled: true }));
  }
  const keys = await look('apiKeys.list', () => client.apiKeys.list({ limit: 5 }));
  const key = keys?.items[0]?.id;
  if (key !== undefined) await look('apiKeys.get', () => client.apiKeys.get(key));

  const inAccount = { ...(account !== undefined && { accountId: account }), limit: 5, skip: 0 };
  const workspace = firstId(await get('workspaces.list', '/workspaces', inAccount));
  if (workspace !== undefined) {
    await get('workspaces.get', `/workspaces/${workspace}`);
    const inWorkspace = { workspaceId: workspace, limit: 5 };
    const project = firstId(await get('projects.list', '/projects', inWorkspace));
    if (project !== undefined) await get('projects.get', `/projects/${project}`);
    const test = firstId(await get('tests.list', '/tests', inWorkspace));
    if (test !== undefined) await get('tests.get', `/tests/${test}`);
    await get('multiTests.list', '/multi-tests', inWorkspace);
  }
  return findings;
}

/** The findings as lines for people. */
export function report(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ operation, mark, statuses, differences }) => [
    `${operation.padEnd(18)} ${mark.padEnd(10)} ${statuses.join(', ').padEnd(5)} ${differences.length === 0 ? 'as described' : 'differs:'}`,
    ...differences.map((difference) => `    ${difference}`),
  ]);
}
