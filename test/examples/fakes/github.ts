// A fake of the part of GitHub's REST API that keeps secrets and variables of Actions. It is written by us, and is not
// GitHub: it was made after GitHub's REST documentation ("Actions secrets", "Actions variables", version 2022-11-28) and
// after responses that users quote ("Resource not accessible by integration"). It opens each box with the private key, as
// the real one must to use the secret. Where it knows that it is stricter than GitHub, a comment says so.
import { blake2b } from 'blakejs';
import nacl from 'tweetnacl';
import { type Heard, json, parsed, type Said } from './serve.ts';

/** What a token may do. `workflow` is a GITHUB_TOKEN, whose permissions know no secrets. */
export type Grant = 'workflow' | 'read' | 'write' | 'nothing';

export interface GitHubFake {
  readonly response: (heard: Heard) => Said;
  readonly tokens: Map<string, Grant>;
  /** By their full path, such as `repos/o/r/actions/secrets/NAME`. */
  readonly secrets: Map<string, string>;
  readonly variables: Map<string, string>;
  /** Every value that was ever put, in order. */
  readonly history: string[];
  /** Gives a scope a new key pair, as GitHub may at any time. */
  renewKey(): void;
}

const SCOPES = [
  /^\/(repos\/[\w.-]+\/[\w.-]+\/actions)\/(.*)$/,
  /^\/(repos\/[\w.-]+\/[\w.-]+\/environments\/[^/]+)\/(.*)$/,
  /^\/(orgs\/[\w.-]+\/actions)\/(.*)$/,
];

const problem = (status: number, message: string): Said =>
  json(status, { message, documentation_url: 'https://docs.github.com/rest', status: String(status) });

function unseal(box: Uint8Array, credentials: nacl.BoxKeyPair): string | undefined {
  const theirs = box.slice(0, nacl.box.publicKeyLength);
  const nonce = blake2b(Buffer.concat([theirs, credentials.publicKey]), undefined, nacl.box.nonceLength);
  const text = nacl.box.open(box.slice(nacl.box.publicKeyLength), nonce, theirs, credentials.secretKey);
  return text === null ? undefined : new TextDecoder('utf-8', { fatal: true }).decode(text);
}

/** A GitHub with these scopes (`repos/o/r/actions` and the like), which have no secrets yet. */
export function githubFake(scopes: readonly string[], now = () => new Date()): GitHubFake {
  let keys = nacl.box.keyPair();
  let keyId = '568250167242549743';
  const tokens = new Map<string, Grant>();
  const secrets = new Map<string, string>();
  const variables = new Map<string, string>();
  const history: string[] = [];
  const updated = new Map<string, string>();

  function putSecret(path: string, organisation: boolean, body: string): Said {
    const { encrypted_value, key_id, visibility } = parsed(body) ?? {};
    if (typeof encrypted_value !== 'string' || typeof key_id !== 'string')
      return problem(422, 'Invalid request. "encrypted_value" and "key_id" were not supplied.');
    if (organisation && !/^(?:all|private|selected)$/.test(String(visibility)))
      return problem(422, 'Invalid request. "visibility" was not supplied.');
    if (key_id !== keyId) return problem(422, 'The key_id is not that of the public key.');
    if (!/^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encrypted_value))
      return problem(422, 'encrypted_value is not base64.');
    const value = unseal(new Uint8Array(Buffer.from(encrypted_value, 'base64')), keys);
    if (value === undefined) return problem(422, 'The box does not open.');
    const isNew = !secrets.has(path);
    secrets.set(path, value);
    updated.set(path, `${now().toISOString().slice(0, 19)}Z`);
    history.push(value);
    return isNew ? json(201, {}) : json(204);
  }

  function variable(scope: string, method: string, name: string | undefined, body: string): Said {
    if (method === 'POST' && name === undefined) {
      const { name: fresh, value } = parsed(body) ?? {};
      if (typeof fresh !== 'string' || typeof value !== 'string') return problem(422, 'Invalid request.');
      const path = `${scope}/variables/${fresh.toUpperCase()}`;
      if (variables.has(path)) return problem(409, 'Already exists');
      variables.set(path, value);
      return json(201, {});
    }
    const path = `${scope}/variables/${name?.toUpperCase()}`;
    const value = variables.get(path);
    if (name === undefined || value === undefined) return problem(404, 'Not Found');
    if (method === 'GET') return json(200, { name, value });
    if (method !== 'PATCH') return problem(404, 'Not Found');
    variables.set(path, String(parsed(body)?.value));
    return json(204);
  }

  return {
    tokens,
    secrets,
    variables,
    history,
    renewKey() {
      keys = nacl.box.keyPair();
      keyId = `${BigInt(keyId) + 1n}`;
    },
    response({ method, path, headers, body }) {
      if (!headers['user-agent'])
        return {
          status: 403,
          body: 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
        };
      // GitHub takes requests without these two, by an older version.
      if (headers['x-github-api-version'] !== '2022-11-28') return problem(400, 'Unsupported API version.');
      if (headers.accept !== 'application/vnd.github+json') return problem(415, 'Unsupported Accept header.');
      const [, token] = /^(?:Bearer|token) (\S+)$/.exec(headers.authorization ?? '') ?? [];
      if (token === undefined) return problem(401, 'Requires authentication');
      const grant = tokens.get(token);
      if (grant === undefined) return problem(401, 'Bad credentials');
      const [, scope, rest] = SCOPES.map((form) => form.exec(path)).find((found) => found !== null) ?? [];
      if (scope === undefined || rest === undefined || !scopes.includes(scope))
        return problem(404, 'Not Found');
      if (grant === 'workflow') return problem(403, 'Resource not accessible by integration');
      if (grant === 'nothing' || (grant === 'read' && method !== 'GET'))
        return problem(403, 'Resource not accessible by personal access token');
      const [kind, name] = rest.split('/');
      if (kind === 'variables') return variable(scope, method, name, body);
      if (rest === 'secrets/public-key' && method === 'GET')
        return json(200, { key_id: keyId, key: Buffer.from(keys.publicKey).toString('base64') });
      if (kind !== 'secrets' || name === undefined || !/^(?!GITHUB_)[A-Z_]\w*$/i.test(name))
        return problem(404, 'Not Found');
      const at = `${scope}/secrets/${name.toUpperCase()}`;
      if (method === 'PUT') return putSecret(at, scope.startsWith('orgs/'), body);
      if (method === 'GET' && secrets.has(at))
        return json(200, {
          name,
          created_at: '2026-01-01T00:00:00Z',
          updated_at: updated.get(at) ?? '2026-01-01T00:00:00Z',
        });
      return problem(404, 'Not Found');
    },
  };
}
