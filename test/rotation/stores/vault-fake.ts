// A fake of Vault's KV version 2, after its public documentation: versions, check-and-set, deleted and destroyed versions,
// namespaces, a policy of one token, and a mount of version 1 beside it.
import { type Asked, fieldsIn, type HttpFake, httpFake, type Reply, sent } from './http-fake.ts';

interface Version {
  data: Record<string, unknown> | null;
  deleted: boolean;
  destroyed: boolean;
  readonly created: string;
}

export interface VaultFake extends HttpFake {
  readonly token: string;
  /** The versions of each path, namespace and mount included. */
  readonly paths: Map<string, Version[]>;
  /** Writes a version past everybody, as `vault kv put` does. */
  put(path: string, data: Record<string, unknown>): void;
  /** Deletes the last version, as `vault kv delete` does: it can be brought back, and its number stays. */
  remove(path: string): void;
  /** Destroys the last version, as `vault kv destroy` does. */
  destroy(path: string): void;
}

const plain = (data: unknown): Reply => ({
  status: 200,
  body: {
    request_id: '7e57ed00-0000-4000-8000-000000000000',
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: null,
    auth: null,
  },
});
const errors = (status: number, ...list: string[]): Reply => ({ status, body: { errors: list } });

export async function vaultFake(): Promise<VaultFake> {
  const token = 'vault-token-of-the-fake';
  const paths = new Map<string, Version[]>();
  const version1 = new Map<string, unknown>();
  let writes = 0;

  const metadata = (versions: readonly Version[], { deleted, destroyed, created }: Version) => ({
    created_time: created,
    custom_metadata: null,
    deletion_time: deleted ? created : '',
    destroyed,
    version: versions.length,
  });
  const add = (path: string, data: Record<string, unknown>): Version[] => {
    const versions = paths.get(path) ?? [];
    writes += 1;
    const created = `2026-01-01T00:00:00.${String(writes).padStart(9, '0')}Z`;
    versions.push({ data, deleted: false, destroyed: false, created });
    paths.set(path, versions);
    return versions;
  };

  const replyTo = ({ method, path, headers, body }: Asked): Reply => {
    if (headers['x-vault-token'] !== token) return errors(403, 'permission denied');
    if (headers['x-vault-request'] !== 'true') return errors(412, "missing 'X-Vault-Request' header");
    const namespace = headers['x-vault-namespace'];
    const [, mount, rest = ''] = /^\/v1\/(secret|team\/kv|old)\/(.+)$/.exec(path) ?? [];
    if (mount === undefined) return errors(404, `no handler for route "${path}". route entry not found.`);
    if (mount === 'old') {
      if (method !== 'GET') version1.set(rest, body);
      if (method !== 'GET') return { status: 204 };
      return version1.has(rest) ? plain(version1.get(rest)) : errors(404);
    }
    if (!rest.startsWith('data/')) return errors(404);
    const key = `${typeof namespace === 'string' ? `${namespace}/` : ''}${mount}/${decodeURIComponent(rest.slice(5))}`;
    const versions = paths.get(key) ?? [];
    const last = versions.at(-1);
    if (method === 'GET') {
      if (last === undefined) return errors(404);
      const gone = last.deleted || last.destroyed;
      const response = plain({ data: gone ? null : last.data, metadata: metadata(versions, last) });
      return gone ? { ...response, status: 404 } : response;
    }
    if (method !== 'POST' && method !== 'PUT') return errors(405, 'unsupported operation');
    const cas = sent(body, 'options', 'cas');
    if (typeof cas !== 'number') return errors(400, 'check-and-set parameter required for this call');
    if (cas !== versions.length)
      return errors(400, 'check-and-set parameter did not match the current version');
    const after = add(key, fieldsIn(sent(body, 'data')));
    const made = after.at(-1);
    return made === undefined ? errors(500) : plain(metadata(after, made));
  };

  const fake = await httpFake(replyTo);
  return {
    ...fake,
    token,
    paths,
    put: (path, data) => void add(path, data),
    remove(path) {
      const last = paths.get(path)?.at(-1);
      if (last !== undefined) last.deleted = true;
    },
    destroy(path) {
      const last = paths.get(path)?.at(-1);
      if (last === undefined) return;
      last.destroyed = true;
      last.data = null;
    },
  };
}
