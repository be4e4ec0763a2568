// A record in HashiCorp Vault (or OpenBao), as a secret of a KV version 2 engine: it numbers its versions and writes over
// the one that is named, and over no other (check-and-set).

import { StoreConflictError } from '../../errors.ts';
import { fillPath } from '../../http/path.ts';
import { printable } from '../../util/printable.ts';
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

/** Where a record is in Vault, and how it is reached. */
export interface VaultStoreOptions extends HttpStoreOptions {
  /** Vault's address, such as `https://vault.example.com:8200`. https, or http to this machine. */
  readonly address: string;
  /** A token that may create, read and update `<mount>/data/<path>`, or a function that gives it. */
  readonly token: StoreToken;
  /** Where the KV engine, version 2, is mounted. Default: `secret`. */
  readonly mount?: string | undefined;
  /** The secret's path within the engine, such as `ci/blazemeter`. Each record has one of its own. */
  readonly path: string;
  /** The namespace, where Vault has them. Default: none. */
  readonly namespace?: string | undefined;
  /** Also keep the current pair in fields of these names, for programs that read it from there. Default: no. */
  readonly pairKeys?: PairKeys | undefined;
  /** Seals the record. The fields of `pairKeys` are not sealed. Default: Vault's own encryption alone. */
  readonly seal?: Sealing | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const PAIR_KEY = /^[\w.-]{1,128}$/;
const PROTOTYPES = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * A record as a secret of HashiCorp Vault's KV version 2. Other fields of the secret are kept. Vault also keeps old
 * versions, with the secrets that were in them: set `max_versions` on the path, see `docs/stores.md`.
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
  const { mount = 'secret', namespace, pairKeys, seal } = options;
  const engine = pathOf(mount, 'mount');
  const path = pathOf(options.path, 'path');
  if (namespace !== undefined && !/^[\w./-]{1,255}$/.test(namespace))
    throw new TypeError('namespace is a path of letters, digits, ".", "_" and "-".');
  checkPairKeys(pairKeys, PAIR_KEY);
  if (pairKeys !== undefined && [pairKeys.id, pairKeys.secret].some((name) => PROTOTYPES.has(name)))
    throw new TypeError('pairKeys cannot have such a name.');
  const shown = printable(`${mount}/${options.path}`);
  const source = `vaultStore (${shown})`;
  const send = httpStore({
    source,
    address: options.address,
    addressOption: 'address',
    token: options.token,
    headers: (token) => ({
      'x-vault-token': token,
      // Vault's agent refuses requests without it, since no web page can send it.
      'x-vault-request': 'true',
      ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
    }),
    options,
  });
  const url = `/v1/${engine}/data/${path}`;
  const failed = ({ status, body }: HttpAnswer) =>
    status === 404 && says(body, 'no handler for route')
      ? storeFailure(source, `has no engine at ${printable(mount)}: check mount and namespace.`)
      : statusError(status, source, shown);

  return textStore<Fields>(
    persistent({
      source,
      name: `vault:${trimmed(namespace ?? '')}/${trimmed(mount)}/${trimmed(options.path)}`,

      async look(): Promise<Held<Fields>> {
        const answer = await send({ method: 'GET', path: url });
        const { status, body } = answer;
        const version = versionAt(body, 'data', 'metadata');
        // Never written, or its last version was deleted or destroyed: then the next one is written over that one. Not
        // where a gateway answers in Vault's place: a record that cannot be seen is not one that is not there.
        const empty = version !== undefined || Array.isArray(at(body, 'errors'));
        if (status === 404 && empty && !says(body, 'no handler for route'))
          return {
            version: version ?? '0',
            text: undefined,
            beside: {},
          };
        if (status !== 200) throw failed(answer);
        const fields = objectAt(body, 'data', 'data');
        const text = fields[RECORD_FIELD];
        if (version === undefined) throw notVersion2(source, mount);
        if (text !== undefined && typeof text !== 'string')
          throw storeFailure(source, `has a field ${RECORD_FIELD} that is no text: it is not this store's.`);
        return { version, text, beside: fields };
      },

      async put(text, over, record) {
        const data = { ...over.beside, ...fieldsOf(text, record, pairKeys) };
        const answer = await send({
          method: 'POST',
          path: url,
          json: { options: { cas: Number.parseInt(over.version, 10) }, data },
        });
        const { status, body } = answer;
        if (status === 400 && says(body, 'check-and-set parameter did not match'))
          throw new StoreConflictError(source);
        if (status === 204) throw notVersion2(source, mount);
        if (status !== 200) throw failed(answer);
        const version = versionAt(body, 'data');
        if (version === undefined) throw notVersion2(source, mount);
        return { version, text, beside: data };
      },
    }),
    seal,
  );
}

const trimmed = (path: string): string => path.replace(/^\/+|\/+$/g, '');

/** Each segment encoded by itself. */
function pathOf(path: unknown, name: string): string {
  if (typeof path !== 'string' || trimmed(path) === '' || path.length > 1024)
    throw new TypeError(`${name} is a path within Vault, such as "ci/blazemeter".`);
  return trimmed(path)
    .split('/')
    .map((segment) => fillPath('{segment}', { segment }))
    .join('/');
}

/** Number and time of a version: the numbers begin anew where somebody has deleted a secret with all its versions. */
function versionAt(body: unknown, ...path: readonly string[]): string | undefined {
  const version = at(body, ...path, 'version');
  const created = at(body, ...path, 'created_time');
  return typeof version === 'number' && Number.isSafeInteger(version) && version >= 0
    ? `${version} ${typeof created === 'string' ? created : ''}`
    : undefined;
}

/** Whether an error of Vault's says this. Its text is compared, never shown. */
function says(body: unknown, words: string): boolean {
  const errors = at(body, 'errors');
  return (
    Array.isArray(errors) &&
    errors.some((error: unknown) => typeof error === 'string' && error.includes(words))
  );
}

const notVersion2 = (source: string, mount: string) =>
  storeFailure(
    source,
    `is not in an engine of KV version 2: ${printable(mount)} answered as version 1 does, which cannot compare and set. Use a mount of version 2, and delete what may have been written at data/ in this one.`,
  );

function statusError(status: number, source: string, shown: string) {
  switch (status) {
    case 400:
      return storeFailure(source, 'did not accept the request (400).');
    case 403:
      return storeFailure(
        source,
        `refused the token (403): it has run out, or its policy does not allow create, read and update on ${shown.replace('/', '/data/')}.`,
      );
    case 405:
      return storeFailure(source, 'does not support this (405): the mount is not a KV engine of version 2.');
    case 412:
      return unsettled(source, 'has not caught up yet (412): a performance standby is behind.');
    case 429:
      return unsettled(source, 'is a standby, or a quota is used up (429).');
    case 472:
      return storeFailure(source, 'is a disaster-recovery secondary (472): give the address of the primary.');
    case 473:
      return unsettled(source, 'is a performance standby (473), which did not pass the request on.');
    case 501:
      return storeFailure(source, 'is not initialised (501).');
    case 503:
      return unsettled(source, 'is sealed or down for maintenance (503): it has to be unsealed.');
    default: {
      const problem = `answered with status ${status}.`;
      return status >= 500 ? unsettled(source, problem) : storeFailure(source, problem);
    }
  }
}
