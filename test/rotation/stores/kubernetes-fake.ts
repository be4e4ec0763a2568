// A fake of the Kubernetes API for Secrets, after its public documentation: resource versions that are compared, `Status`
// objects, immutable Secrets, base64 that is checked, and a role of one token.
import { type Asked, fieldsIn, type HttpFake, httpFake, type Reply, sent } from './http-fake.ts';

export interface KubernetesFake extends HttpFake {
  token: string;
  /** Verbs that the token's role has. */
  readonly verbs: Set<string>;
  /** Secrets by `namespace/name`. */
  readonly secrets: Map<string, Record<string, unknown>>;
  /** Changes a Secret past everybody, as `kubectl` does. */
  change(path: string, change: (secret: Record<string, unknown>) => Record<string, unknown>): void;
}

const status = (code: number, reason: string, details?: object): Reply => ({
  status: code,
  body: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `${reason}: the fake says so`,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  },
});

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export async function kubernetesFake(): Promise<KubernetesFake> {
  const verbs = new Set(['get', 'create', 'update']);
  const secrets = new Map<string, Record<string, unknown>>();
  let clock = 1000;
  const state = { token: 'pod-token-of-the-fake' };

  const stored = (path: string, secret: Record<string, unknown>): Record<string, unknown> => {
    clock += 1;
    const before = fieldsIn(secrets.get(path)?.metadata);
    const metadata = {
      ...fieldsIn(secret.metadata),
      uid: before.uid ?? `7e57ed00-0000-4000-8000-${clock}`,
      resourceVersion: String(clock),
      creationTimestamp: before.creationTimestamp ?? '2024-01-01T00:00:00Z',
    };
    const kept = { kind: 'Secret', apiVersion: 'v1', ...secret, metadata };
    secrets.set(path, kept);
    return kept;
  };

  const replyTo = ({ method, path, headers, body }: Asked): Reply => {
    if (headers.authorization !== `Bearer ${state.token}`) return status(401, 'Unauthorized');
    const [, namespace, name] =
      /^\/api\/v1\/namespaces\/([^/?]+)\/secrets(?:\/([^/?]+))?(?:\?.*)?$/.exec(path) ?? [];
    if (namespace === undefined) return status(404, 'NotFound');
    const verb = method === 'GET' ? 'get' : method === 'POST' ? 'create' : 'update';
    const details = { name, kind: 'secrets' };
    if (!verbs.has(verb)) return status(403, 'Forbidden', details);
    if (Object.values(fieldsIn(sent(body, 'data'))).some((value) => !BASE64.test(String(value))))
      return status(400, 'BadRequest');
    if (method === 'POST') {
      const made = `${namespace}/${String(sent(body, 'metadata', 'name'))}`;
      if (namespace === 'nowhere') return status(404, 'NotFound', { name: namespace, kind: 'namespaces' });
      if (secrets.has(made)) return status(409, 'AlreadyExists', details);
      return { status: 201, body: stored(made, fieldsIn(body)) };
    }
    const there = secrets.get(`${namespace}/${name}`);
    if (there === undefined) return status(404, 'NotFound', details);
    if (method === 'GET') return { status: 200, body: there };
    const version = sent(body, 'metadata', 'resourceVersion');
    const current = sent(there, 'metadata', 'resourceVersion');
    if (version !== undefined && version !== current) return status(409, 'Conflict', details);
    if (there.immutable === true) return status(422, 'Invalid', details);
    if (sent(body, 'metadata', 'name') !== name) return status(400, 'BadRequest');
    return { status: 200, body: stored(`${namespace}/${name}`, fieldsIn(body)) };
  };

  const fake = await httpFake(replyTo);
  return {
    ...fake,
    get token() {
      return state.token;
    },
    set token(token: string) {
      state.token = token;
    },
    verbs,
    secrets,
    change(path, change) {
      stored(path, change(secrets.get(path) ?? {}));
    },
  };
}
