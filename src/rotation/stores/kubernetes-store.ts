// A record in a Kubernetes Secret: the API server compares `resourceVersion` and writes over that version alone. What else
// the Secret holds stays, and the credentials in use can stand beside the record, for pods that mount them.

import * as z from 'zod/mini';
import type { RotationError } from '../../errors.ts';
import { fillPath } from '../../http/path.ts';
import { type OptionSpecs, parseOptions, spec } from '../../util/options.ts';
import { textFromBase64, textToBase64 } from './base64.ts';
import { type CredentialFields, credentialFieldsSpec, fieldsOf, RECORD_FIELD } from './credential-fields.ts';
import {
  type HttpStoreOptions,
  httpStoreSpecs,
  readAs,
  type StoreResponse,
  type StoreToken,
  storeClient,
} from './http-client.ts';
import { type Sealing, sealingSpec } from './sealing.ts';
import { type CredentialStore, storeFailure } from './store.ts';
import { type Held, textStore } from './text-store.ts';

/** Where a record is in Kubernetes, and how it is reached. Within a pod, `serviceAccount()` of `blazemeter-client/node` returns server, namespace and token. */
export interface KubernetesStoreOptions extends HttpStoreOptions {
  /** The API server's address. https, or http to this machine (`kubectl proxy`). */
  readonly server: string;
  /** Default: `default`. */
  readonly namespace?: string | undefined;
  /** A token that may get and update this Secret, and create it where it does not exist yet; or a function that returns it. */
  readonly token: StoreToken;
  /** The Secret's name. Each record has one of its own. */
  readonly name: string;
  /**
   * Also keep the credentials in use under these keys of the Secret, changed together with the record:
   * `{ id: 'BLAZEMETER_API_KEY_ID', secret: 'BLAZEMETER_API_KEY_SECRET' }` suits `envFrom`. Default: no.
   */
  readonly credentialFields?: CredentialFields | undefined;
  /** Seals the record. The keys of `credentialFields` are not sealed. Default: what the cluster encrypts by itself. */
  readonly seal?: Sealing | undefined;
}

/** What Secrets and namespaces are called (RFC 1123). */
const NAME = 'a Kubernetes name: lower-case letters, digits, "-" and "."';
const kubernetesName = z.string(NAME).check(z.regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, NAME));

const specs: OptionSpecs = {
  ...httpStoreSpecs,
  server: spec.string,
  namespace: kubernetesName,
  name: kubernetesName,
  credentialFields: credentialFieldsSpec(/^(?!\.\.?$|__proto__$)[-._a-zA-Z0-9]{1,253}$/),
  seal: sealingSpec,
};

/** The Secret as it was read, or `undefined` where there is none. */
type Secret = Readonly<Record<string, unknown>> | undefined;

const secretResponse = z.looseObject({
  kind: z.literal('Secret'),
  // With the resourceVersion that a write compares.
  metadata: z.looseObject({ resourceVersion: z.string().check(z.minLength(1)) }),
  data: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
});
const statusResponse = z.object({ kind: z.literal('Status'), details: z.object({ kind: z.string() }) });

/**
 * A record in a Kubernetes Secret, under the key `record`. Other keys, labels and annotations stay as they are. The
 * Secret is created where it does not exist.
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
  const given = parseOptions('kubernetesStore', specs, options);
  for (const needed of ['server', 'token', 'name'] as const)
    if (given[needed] === undefined) throw new TypeError(`kubernetesStore: ${needed} is missing.`);
  const { namespace = 'default', name, credentialFields, seal } = given;
  const secrets = fillPath('/api/v1/namespaces/{namespace}/secrets', { namespace });
  const secret = fillPath('/api/v1/namespaces/{namespace}/secrets/{name}', { namespace, name });
  const manager = '?fieldManager=blazemeter-client';
  const source = `kubernetesStore (${namespace}/${name})`;
  const { address, send } = storeClient({
    source,
    address: given.server,
    addressOption: 'server',
    token: given.token,
    headers: (token) => ({ authorization: `Bearer ${token}` }),
    retried: (status) => status >= 500,
    options: given,
  });

  const heldIn = (response: StoreResponse): Held<Secret> => {
    const version = readAs(secretResponse, response);
    if (version === undefined)
      throw storeFailure(source, 'responded with something that is not a Secret.', {
        hint: { option: 'server', text: 'Check server.' },
      });
    const base64 = version.data?.[RECORD_FIELD] ?? undefined;
    const text = typeof base64 === 'string' ? textFromBase64(base64) : undefined;
    if (base64 !== undefined && text === undefined)
      throw storeFailure(source, `has a key ${RECORD_FIELD} that is not text, so it is not this store's.`);
    return { text, version };
  };

  return textStore<Secret>(
    {
      source,
      name: `kubernetes:${address}/${namespace}/${name}`,
      resends: true,

      async read(): Promise<Held<Secret>> {
        const response = await send({ method: 'GET', path: secret });
        if (isMissingSecret(response)) return { text: undefined, version: undefined };
        if (response.status !== 200) throw statusError(response, source, 'get');
        return heldIn(response);
      },

      async replace(text, { version }, record) {
        const fields = Object.entries(fieldsOf(text, record, credentialFields));
        const data = Object.fromEntries(fields.map(([key, value]) => [key, textToBase64(value)]));
        if (version?.immutable === true)
          throw storeFailure(source, 'is immutable (immutable: true), which cannot be taken back.', {
            hint: {
              option: 'name',
              text: 'Set another name, or delete the Secret and create it again without that field.',
            },
          });
        const response = await send(
          version === undefined
            ? {
                method: 'POST',
                path: `${secrets}${manager}`,
                json: { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type: 'Opaque', data },
              }
            : {
                method: 'PUT',
                path: `${secret}${manager}`,
                // Everything else stays as it was read.
                json: { ...version, data: { ...Object(version.data), ...data } },
              },
        );
        const { status } = response;
        // Created, changed or deleted by another program since it was read.
        if (status === 409 || (version !== undefined && isMissingSecret(response))) return undefined;
        if (status !== 200 && status !== 201)
          throw statusError(response, source, version === undefined ? 'create' : 'update');
        return { ...heldIn(response), text };
      },
    },
    seal,
  );
}

/** A 404 of the Secret itself, and not of its namespace or of a server that is not Kubernetes. */
const isMissingSecret = (response: StoreResponse): boolean =>
  response.status === 404 && readAs(statusResponse, response)?.details.kind === 'secrets';

function statusError(
  response: StoreResponse,
  source: string,
  verb: 'get' | 'create' | 'update',
): RotationError {
  const { status } = response;
  switch (status) {
    case 401:
      return storeFailure(source, 'refused the token (401): it has expired, or is of another cluster.', {
        hint: {
          option: 'token',
          text: "Pass a function that reads it: a pod's token is renewed in its file.",
        },
      });
    case 403:
      return storeFailure(
        source,
        `refused to ${verb} the Secret (403): the token's account needs a Role with the verbs get and update on this Secret (resourceNames), and create on secrets where it does not exist yet.`,
      );
    case 404:
      return readAs(statusResponse, response)?.details.kind === 'namespaces'
        ? storeFailure(source, 'has no such namespace (404).', {
            hint: { option: 'namespace', text: 'Check namespace.' },
          })
        : storeFailure(source, 'was not found, and neither was Kubernetes (404).', {
            hint: { option: 'server', text: 'Check server.' },
          });
    case 413:
      return storeFailure(source, 'is larger than the server accepts (413).');
    case 422:
      return storeFailure(
        source,
        'did not accept the Secret (422): it is immutable, or a policy of the cluster forbids it.',
      );
    default:
      return storeFailure(
        source,
        `responded with status ${status}${status === 429 ? ': too many requests' : ''}.`,
        {
          retryable: status === 429 || status >= 500,
        },
      );
  }
}
