// A record in a Kubernetes Secret: the API server compares `resourceVersion` and writes over that version alone. What else
// the Secret holds stays, and the current pair can stand beside the record, for pods that mount it.

import { StoreConflictError } from '../../errors.ts';
import { fillPath } from '../../http/path.ts';
import { textFromBase64, textToBase64 } from './base64.ts';
import {
  at,
  checkPairKeys,
  fieldsOf,
  type HttpAnswer,
  type HttpStoreOptions,
  httpStore,
  objectAt,
  type PairKeys,
  persistent,
  RECORD_FIELD,
  type StoreToken,
  storeFailure,
  unsettled,
} from './http-store.ts';
import type { Sealing } from './sealing.ts';
import type { CredentialStore } from './store.ts';
import { type Held, textStore } from './text-store.ts';

/** Where a record is in Kubernetes, and how it is reached. Within a pod, `serviceAccount()` of `blazemeter-client/node` gives the first three. */
export interface KubernetesStoreOptions extends HttpStoreOptions {
  /** The API server's address. https, or http to this machine (`kubectl proxy`). */
  readonly server: string;
  /** Default: `default`. */
  readonly namespace?: string | undefined;
  /** A token that may get and update this Secret, and create it where it does not exist yet; or a function that gives it. */
  readonly token: StoreToken;
  /** The Secret's name. Each record has one of its own. */
  readonly name: string;
  /**
   * Also keep the current pair under these keys of the Secret, changed together with the record:
   * `{ id: 'BLAZEMETER_API_KEY_ID', secret: 'BLAZEMETER_API_KEY_SECRET' }` suits `envFrom`. Default: no.
   */
  readonly pairKeys?: PairKeys | undefined;
  /** Seals the record. The keys of `pairKeys` are not sealed. Default: what the cluster encrypts by itself. */
  readonly seal?: Sealing | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** What names of Secrets and namespaces are made of (RFC 1123), and keys in a Secret. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const DATA_KEY = /^(?!\.\.?$|__proto__$)[-._a-zA-Z0-9]{1,253}$/;

/**
 * A record in a Kubernetes Secret, under the key `record`. Other keys, labels and annotations stay as they are. The
 * Secret is made where it does not exist.
 *
 * @throws `TypeError` for a server, a name or a token that cannot be.
 * @example
 * ```ts
 * import { kubernetesStore } from 'blazemeter-client/rotation';
 *
 * const store = kubernetesStore({
 *   server: 'http://127.0.0.1:8001', // kubectl proxy; in a pod: ...(await serviceAccount())
 *   token: 'not-needed-by-the-proxy',
 *   namespace: 'ci',
 *   name: 'blazemeter',
 * });
 * console.log(typeof store.read); // function
 * ```
 */
export function kubernetesStore(options: KubernetesStoreOptions): CredentialStore {
  const { namespace = 'default', name, pairKeys, seal } = options;
  for (const [option, value] of Object.entries({ namespace, name })) {
    if (typeof value !== 'string' || !NAME.test(value))
      throw new TypeError(`${option} is a Kubernetes name: lower-case letters, digits, "-" and ".".`);
  }
  checkPairKeys(pairKeys, DATA_KEY);
  const source = `kubernetesStore (${namespace}/${name})`;
  const send = httpStore({
    source,
    address: options.server,
    addressOption: 'server',
    token: options.token,
    headers: (token) => ({ authorization: `Bearer ${token}` }),
    options,
  });
  const secrets = fillPath('/api/v1/namespaces/{namespace}/secrets', { namespace });
  const secret = `${secrets}/${fillPath('{name}', { name })}`;
  const manager = '?fieldManager=blazemeter-client';

  const heldBy = (body: unknown): Held<Fields> => {
    const version = at(body, 'metadata', 'resourceVersion');
    if (at(body, 'kind') !== 'Secret' || typeof version !== 'string' || version === '')
      throw storeFailure(source, 'answered with something that is no Secret: check server.');
    const base64 = at(body, 'data', RECORD_FIELD);
    const text = typeof base64 === 'string' ? textFromBase64(base64) : undefined;
    if (base64 !== undefined && base64 !== null && text === undefined)
      throw storeFailure(source, `has a key ${RECORD_FIELD} that is no text: it is not this store's.`);
    return { version, text, beside: objectAt(body) };
  };

  return textStore<Fields>(
    persistent({
      source,
      name: `kubernetes:${namespace}/${name}`,

      async look(): Promise<Held<Fields>> {
        const answer = await send({ method: 'GET', path: secret });
        if (isMissingSecret(answer)) return { version: '', text: undefined, beside: {} };
        if (answer.status !== 200) throw statusError(answer, source, 'get');
        return heldBy(answer.body);
      },

      async put(text, over, record) {
        const creates = over.version === '';
        const fields = Object.entries(fieldsOf(text, record, pairKeys));
        const data = Object.fromEntries(fields.map(([key, value]) => [key, textToBase64(value)]));
        if (at(over.beside, 'immutable') === true)
          throw storeFailure(
            source,
            'is immutable (immutable: true), so no record can be kept there. That cannot be taken back: give another name, or delete the Secret and make it anew without that field.',
          );
        const answer = creates
          ? await send({
              method: 'POST',
              path: `${secrets}${manager}`,
              json: { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type: 'Opaque', data },
            })
          : await send({
              method: 'PUT',
              path: `${secret}${manager}`,
              // With the resourceVersion that was read: the server compares it, and everything else stays.
              json: { ...over.beside, data: { ...objectAt(over.beside, 'data'), ...data } },
            });
        const { status, body } = answer;
        // Made, changed or deleted by somebody else since it was read.
        if (status === 409 || (!creates && isMissingSecret(answer))) throw new StoreConflictError(source);
        if (status !== 200 && status !== 201)
          throw statusError(answer, source, creates ? 'create' : 'update');
        return { ...heldBy(body), text };
      },
    }),
    seal,
  );
}

/** A 404 of the Secret itself, and not of its namespace or of a server that is none of Kubernetes. */
const isMissingSecret = ({ status, body }: HttpAnswer): boolean =>
  status === 404 && at(body, 'kind') === 'Status' && at(body, 'details', 'kind') === 'secrets';

function statusError({ status, body }: HttpAnswer, source: string, verb: 'get' | 'create' | 'update') {
  switch (status) {
    case 401:
      return storeFailure(
        source,
        'refused the token (401): it has run out, or is of another cluster. Tokens of a pod are renewed in their file: give a function that reads it.',
      );
    case 403:
      return storeFailure(
        source,
        `refused to ${verb} the Secret (403): its token's account needs a Role with the verbs get and update on this Secret (resourceNames), and create on secrets where it does not exist yet.`,
      );
    case 404:
      return storeFailure(
        source,
        at(body, 'details', 'kind') === 'namespaces'
          ? 'has no such namespace (404).'
          : 'was not found (404), nor was Kubernetes: check server.',
      );
    case 413:
      return storeFailure(source, 'is larger than the server takes (413).');
    case 422:
      return storeFailure(
        source,
        'did not accept the Secret (422): it is immutable, or a policy of the cluster forbids it.',
      );
    default: {
      const problem = `answered with status ${status}${status === 429 ? ': too many requests' : ''}.`;
      return status === 429 || status >= 500 ? unsettled(source, problem) : storeFailure(source, problem);
    }
  }
}
