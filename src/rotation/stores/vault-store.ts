// A record in HashiCorp Vault (or OpenBao), as a secret of a KV version 2 engine: it numbers its versions, and writes only
// over the version that the request names (check-and-set).

import * as z from 'zod/mini';
import { RotationError } from '../../errors.ts';
import { fillPath } from '../../http/path.ts';
import { isPlainObject, type OptionSpecs, parseOptions, spec } from '../../util/options.ts';
import { printable } from '../../util/printable.ts';
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

/** Where a record is in Vault, and how it is reached. */
export interface VaultStoreOptions extends HttpStoreOptions {
  /** Vault's address, such as `https://vault.example.com:8200`. https, or http to this machine. */
  readonly address: string;
  /** A token that may create, read and update `<mount>/data/<path>`, or a function that returns it. */
  readonly token: StoreToken;
  /** Where the KV engine, version 2, is mounted. Default: `secret`. */
  readonly mount?: string | undefined;
  /** The secret's path within the engine, such as `ci/blazemeter`. Each record has one of its own. */
  readonly path: string;
  /** The namespace, where Vault has them. Default: none. */
  readonly namespace?: string | undefined;
  /** Also keep the credentials in use in fields of these names, for programs that read them from there. Default: no. */
  readonly credentialFields?: CredentialFields | undefined;
  /** Seals the record. The fields of `credentialFields` are not sealed. Default: Vault's own encryption alone. */
  readonly seal?: Sealing | undefined;
}

const NAMESPACE = 'a path of letters, digits, ".", "_" and "-"';

const specs: OptionSpecs = {
  ...httpStoreSpecs,
  address: spec.string,
  mount: spec.string,
  path: spec.string,
  namespace: z.string(NAMESPACE).check(z.regex(/^[\w./-]{1,255}$/, NAMESPACE)),
  credentialFields: credentialFieldsSpec(/^(?!(?:__proto__|constructor|prototype)$)[\w.-]{1,128}$/),
  seal: sealingSpec,
};

/** A version of the secret: its number, which a write compares, and its fields. */
interface Version {
  readonly number: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

const metadata = z.object({
  version: z.int().check(z.gte(0)),
  deletion_time: z.optional(z.unknown()),
  destroyed: z.optional(z.unknown()),
});
const fields = z.custom<Readonly<Record<string, unknown>>>(isPlainObject);
const secretResponse = z.object({ data: z.object({ data: fields, metadata }) });
/** A version that was deleted or destroyed. Which one may be missing, where something in between has changed the response. */
const goneResponse = z.object({ data: z.object({ metadata: z.catch(z.nullable(metadata), null) }) });
const writeResponse = z.object({ data: metadata });
const errorResponse = z.object({ errors: z.array(z.unknown()) });
const wrappedResponse = z.object({ wrap_info: fields });

/**
 * A record as a secret of HashiCorp Vault's KV version 2. Other fields of the secret are kept. Vault also keeps old
 * versions, with the secrets that were in them: set `max_versions` on the path, see `docs/stores-servers.md`.
 *
 * @throws `TypeError` for an address, a path or a token that cannot be.
 * @example
 * ```ts
 * import { vaultStore } from 'blazemeter-client/rotation';
 *
 * const store = vaultStore({
 *   address: 'https://vault.example.com:8200',
 *   token: () => process.env.VAULT_TOKEN ?? '',
 *   path: 'ci/blazemeter',
 * });
 * console.log(typeof store.read); // function
 * ```
 */
export function vaultStore(options: VaultStoreOptions): CredentialStore {
  const given = parseOptions('vaultStore', specs, options);
  const { mount = 'secret', namespace, credentialFields, seal } = given;
  const url = `/v1/${pathOf(mount, 'mount')}/data/${pathOf(given.path, 'path')}`;
  const where = { mount: printable(trimmed(mount)), path: printable(trimmed(given.path)) };
  const source = `vaultStore (${where.mount}/${where.path})`;
  const { address, send } = storeClient({
    source,
    address: given.address,
    addressOption: 'address',
    token: given.token,
    headers: (token) => ({
      'x-vault-token': token,
      // Vault's agent refuses requests without it, since no web page can send it.
      'x-vault-request': 'true',
      ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
    }),
    // 412: not caught up with the primary yet. 473: a performance standby did not pass the request on.
    retried: (status) => status === 412 || status === 473 || (status >= 500 && status !== 501),
    options: given,
  });

  return textStore<Version>(
    {
      source,
      name: `vault:${address}/${trimmed(namespace ?? '')}/${trimmed(mount)}/${trimmed(given.path)}`,
      resends: true,

      async read(): Promise<Held<Version>> {
        const response = await send({ method: 'GET', path: url });
        if (response.status === 404)
          return { text: undefined, version: emptyVersion(response, source, where) };
        if (response.status !== 200) throw statusError(response, source, where);
        const found = readAs(secretResponse, response)?.data;
        if (found === undefined) throw unexpected(response, source, where);
        const text = found.data[RECORD_FIELD];
        if (text !== undefined && typeof text !== 'string')
          throw storeFailure(
            source,
            `has a field ${RECORD_FIELD} that is not a string, so it is not this store's.`,
          );
        return { text, version: { number: found.metadata.version, fields: found.data } };
      },

      async replace(text, { version }, record) {
        const fields = { ...version.fields, ...fieldsOf(text, record, credentialFields) };
        const response = await send({
          method: 'POST',
          path: url,
          json: { options: { cas: version.number }, data: fields },
        });
        if (response.status === 400 && says(response, 'check-and-set parameter did not match'))
          return undefined;
        if (response.status !== 200 && response.status !== 204) throw statusError(response, source, where);
        const written = readAs(writeResponse, response)?.data;
        if (written === undefined) throw unexpected(response, source, where);
        return { text, version: { number: written.version, fields } };
      },
    },
    seal,
  );
}

/** How the place is called in errors. */
interface Where {
  readonly mount: string;
  readonly path: string;
}

/** The version that a first record is written over, from a 404. */
function emptyVersion(response: StoreResponse, source: string, where: Where): Version {
  const gone = readAs(goneResponse, response)?.data;
  if (gone === undefined) {
    // Not where a gateway responds in Vault's place: a record that cannot be seen may still be there.
    if (readAs(errorResponse, response) === undefined || says(response, 'no handler for route'))
      throw statusError(response, source, where);
    return { number: 0, fields: {} };
  }
  const { version, deletion_time: deletedAt, destroyed } = gone.metadata ?? {};
  if (version !== undefined && destroyed === true) return { number: version, fields: {} };
  const at = typeof deletedAt === 'string' && deletedAt !== '' ? ` at ${printable(deletedAt)}` : '';
  const number = version ?? '<number>';
  const unknown =
    version === undefined
      ? ` (\`vault kv metadata get -mount=${where.mount} ${where.path}\` shows the number)`
      : '';
  throw new RotationError(
    `${source} holds a record that cannot be read: Vault deleted ${version === undefined ? 'its newest version' : `version ${version}`}${at}, because of delete-version-after or of \`vault kv delete\`. Bring it back with \`vault kv undelete -mount=${where.mount} -versions=${number} ${where.path}\`${unknown}, and set -delete-version-after=0s; to give the record up, destroy that version.`,
    { code: 'rotation_record' },
  );
}

const trimmed = (path: string): string => path.replace(/^\/+|(?<!\/)\/+$/g, '');

/** Each segment encoded by itself. */
function pathOf(path: unknown, name: string): string {
  if (typeof path !== 'string' || trimmed(path) === '' || path.length > 1024)
    throw new TypeError(`${name} is a path within Vault, such as "ci/blazemeter".`);
  return trimmed(path)
    .split('/')
    .map((segment) => fillPath('{segment}', { segment }))
    .join('/');
}

/** Whether an error of Vault's says this. Its text is compared, never shown. */
const says = (response: StoreResponse, words: string): boolean =>
  readAs(errorResponse, response)?.errors.some(
    (error) => typeof error === 'string' && error.includes(words),
  ) ?? false;

/** A success that is not the response of KV version 2. */
function unexpected(response: StoreResponse, source: string, { mount }: Where): RotationError {
  if (readAs(wrappedResponse, response) !== undefined)
    return storeFailure(
      source,
      'responded with a wrapped response: a proxy or agent adds X-Vault-Wrap-TTL, or a control group has to approve the request. A write may have been done. Take response wrapping off this path.',
    );
  return storeFailure(
    source,
    `is not in an engine of KV version 2: ${mount} responded as version 1 does, which cannot compare and set. Delete what may have been written at data/ in it.`,
    { hint: { option: 'mount', text: 'Set mount to an engine of version 2.' } },
  );
}

function statusError(response: StoreResponse, source: string, { mount, path }: Where): RotationError {
  const { status } = response;
  const failure = (problem: string) => storeFailure(source, `${problem} (${status}).`);
  const unavailable = (problem: string) =>
    storeFailure(source, `${problem} (${status}).`, { retryable: true });
  switch (status) {
    case 400:
      return failure('did not accept the request');
    case 403:
      if (says(response, 'invalid token'))
        return failure('refused the token: it is wrong, expired or revoked');
      return failure(
        readAs(errorResponse, response) === undefined
          ? 'was denied by something in front of Vault, such as a proxy or a firewall'
          : `was denied: the token has expired, or its policy does not allow create, read and update on ${mount}/data/${path}`,
      );
    case 404:
      if (says(response, 'no handler for route'))
        return storeFailure(source, `found no engine at ${mount} (404).`, {
          hint: { option: 'mount', text: 'Check mount and namespace.' },
        });
      return storeFailure(source, 'got status 404 from something in front of Vault, such as a gateway.', {
        hint: { option: 'address', text: 'Check address.' },
      });
    case 405:
      return failure('does not support this: the mount is not a KV engine of version 2');
    case 412:
      return unavailable('has not caught up yet: a performance standby is behind');
    case 429:
      return unavailable('is a standby, or a quota is used up');
    case 472:
      return failure('is a disaster-recovery secondary; set address to the primary');
    case 473:
      return unavailable('is a performance standby, which did not pass the request on');
    case 501:
      return failure('is not initialised');
    case 503:
      return unavailable('is sealed or down for maintenance; unseal it');
    default:
      return status >= 500
        ? unavailable('responded with an error')
        : failure('responded with an unexpected status');
  }
}
