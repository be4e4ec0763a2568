// Fakes of two parts of Azure: the variable groups of Azure DevOps and the secrets of Key Vault. They are written by us, and
// are not Azure: they were made after Microsoft's REST documentation ("Variablegroups - Get", "- Update", 7.1; "Set Secret",
// "Get Secret", 7.4) and after what users report: an update removes every variable that was not sent; secrets are read as
// null, and null leaves them as they are; without project references an update is a 401; a wrong token is a page to sign in.
import { type Heard, json, parsed, type Said } from './serve.ts';

interface Variable {
  readonly value: string | null;
  readonly isSecret?: boolean;
}

export interface Group {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly description?: string;
  variables: Record<string, Variable>;
  readonly variableGroupProjectReferences: unknown;
}

const isVariable = (value: unknown): value is Variable =>
  typeof value === 'object' &&
  value !== null &&
  'value' in value &&
  (value.value === null || typeof value.value === 'string');

/** An organisation with one group. `authorization` is the one header that is accepted. */
export function variableGroupFake(group: Group, authorization: string): (heard: Heard) => Said {
  const shown = () => ({
    ...group,
    variables: Object.fromEntries(
      Object.entries(group.variables).map(([name, { value, isSecret }]) => [
        name,
        isSecret ? { value: null, isSecret } : { value },
      ]),
    ),
  });
  return ({ method, path, query, headers, body }) => {
    if (headers.authorization !== authorization)
      return {
        status: 203,
        headers: { 'content-type': 'text/html' },
        body: '<html><title>Sign In</title></html>',
      };
    if (query.get('api-version') !== '7.1') return json(400, { message: 'No api-version was supplied.' });
    const end = `/_apis/distributedtask/variablegroups/${group.id}`;
    if (method === 'GET' && path === `/fabrikam/My%20Project${end}`) return json(200, shown());
    if (method !== 'PUT' || path !== `/fabrikam${end}`) return json(404, { message: 'Not found.' });
    if (headers['content-type'] !== 'application/json')
      return json(415, { message: 'Unsupported media type.' });
    const sent = parsed(body);
    if (
      JSON.stringify(sent?.variableGroupProjectReferences) !==
      JSON.stringify(group.variableGroupProjectReferences)
    )
      return json(401, { message: 'The user is not allowed to do this.' });
    if (sent?.name !== group.name || sent.type !== group.type || sent.description !== group.description)
      return json(400, { message: 'The group was changed otherwise.' });
    const next: Record<string, Variable> = {};
    for (const [name, variable] of Object.entries(Object(sent.variables))) {
      if (!isVariable(variable)) return json(400, { message: 'A variable is not valid.' });
      const kept = group.variables[name];
      next[name] = variable.value === null && variable.isSecret && kept ? kept : variable;
    }
    group.variables = next;
    return json(200, shown());
  };
}

export interface VaultSecret {
  readonly value: string;
  readonly tags?: unknown;
  readonly attributes?: unknown;
}

/** A vault. `versions` holds every version of every secret, in order. */
export function keyVaultFake(token: string, versions: Map<string, VaultSecret[]>): (heard: Heard) => Said {
  const problem = (status: number, code: string): Said => json(status, { error: { code, message: code } });
  return ({ method, path, query, headers, body }) => {
    if (headers.authorization !== `Bearer ${token}`)
      return json(
        401,
        { error: { code: 'Unauthorized' } },
        { 'www-authenticate': 'Bearer resource="https://vault.azure.net"' },
      );
    if (query.get('api-version') !== '7.4') return problem(400, 'BadParameter');
    const [, name] = /^\/secrets\/([0-9a-zA-Z-]+)$/.exec(path) ?? [];
    if (name === undefined) return problem(400, 'BadParameter');
    const kept = versions.get(name) ?? [];
    const latest = kept.at(-1);
    if (method === 'GET') return latest === undefined ? problem(404, 'SecretNotFound') : json(200, latest);
    if (method !== 'PUT') return problem(405, 'MethodNotAllowed');
    const { value, tags, attributes, contentType } = parsed(body) ?? {};
    const whole = (seconds: unknown) => seconds === undefined || Number.isInteger(seconds);
    if (typeof value !== 'string' || value === '') return problem(400, 'BadParameter');
    if (!Object.values(Object(tags)).every((tag) => typeof tag === 'string'))
      return problem(400, 'BadParameter');
    if (!whole(Object(attributes).exp) || String(contentType).length > 255)
      return problem(400, 'BadParameter');
    const version = { value, tags, attributes };
    versions.set(name, [...kept, version]);
    return json(200, version);
  };
}
