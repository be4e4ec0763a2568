// The table of operations: the method and path of each, the evidence for it, and whether it may be sent again. Paths that
// are assumed may turn out different: a client takes overrides for any operation, so a correction needs no release.

import type { ErrorHint } from '../errors.ts';
import { parseOptions, spec } from '../util/options.ts';

/**
 * The evidence for a statement about the service. `documented`: by BlazeMeter; `observed`: in recorded responses, or in what
 * real clients send and read; `assumed`: nothing public says it.
 */
export type Provenance = 'documented' | 'observed' | 'assumed';

/**
 * Whether the request may be sent again when its response is lost. `safe`: yes; `never`: a second request would create a
 * second key; `other-signer`: only where another key signs it.
 */
export type Replay = 'safe' | 'never' | 'other-signer';

/** What the body of an operation is built from: the ids of the path, and what the call was given. */
export interface OperationInput {
  /** The id of the key that the call is about, for a service that takes it in the body. */
  readonly id?: string;
  /** The id of the account, likewise. */
  readonly accountId?: number;
  /** The name of the key. */
  readonly name?: string;
  /** Unix seconds, by the server's clock. */
  readonly expiration?: number;
  /** The same moment as a date. */
  readonly expiresAt?: Date;
  /** A maximum in days, `-1`: no limit. In a create: the period in days, absent where a date was given. */
  readonly days?: number;
}

/** What a caller may change in the definition of an operation. */
export interface OperationOverride {
  /** The HTTP method. */
  readonly method?: string;
  /**
   * Starts with `/`, relative to `baseUrl`, with the placeholders of the definition replaced; one may be left out where `body`
   * sends the id. `{userId}` is the id of the user whose key signs: the first call reads it.
   */
  readonly path?: string;
  /** Builds the JSON body. Not for GET and HEAD. */
  body?(input: OperationInput): unknown;
  /**
   * Finds the result. Receives the `result` of the envelope; the whole response, if that is not enough; and what was sent (ids of
   * the path and the input of the body), if the response leaves something out.
   */
  result?(result: unknown, response: unknown, asked: Readonly<Record<string, unknown>>): unknown;
}

/** The definition of an operation. */
export interface Operation extends OperationOverride {
  readonly method: string;
  readonly path: string;
  /** The evidence for it. */
  readonly provenance: Provenance;
  /** Whether it may be sent again when the response is lost. */
  readonly replay: Replay;
}

const read = <const Path extends string>(path: Path, provenance: Provenance) =>
  ({ method: 'GET', path, provenance, replay: 'safe' }) as const;

/** The name of an operation. */
export type OperationId =
  | 'user.get'
  | 'accounts.list'
  | 'accounts.get'
  | 'accounts.users'
  | 'apiKeyPolicy.get'
  | 'apiKeyPolicy.set'
  | 'apiKeys.list'
  | 'apiKeys.get'
  | 'apiKeys.create'
  | 'apiKeys.regenerateSecret'
  | 'apiKeys.delete';

/** The whole table. */
export type OperationTable = { readonly [Id in OperationId]: Operation };

const table = {
  'user.get': read('/user', 'documented'),
  'accounts.list': read('/accounts', 'observed'),
  'accounts.get': read('/accounts/{accountId}', 'observed'),
  'accounts.users': read('/accounts/{accountId}/users', 'documented'),
  'apiKeyPolicy.get': read('/accounts/{accountId}', 'assumed'),
  'apiKeyPolicy.set': {
    method: 'PATCH',
    path: '/accounts/{accountId}',
    provenance: 'assumed',
    replay: 'safe',
    body: ({ days }: OperationInput) => ({ apiKeyExpiration: days }),
  },
  'apiKeys.list': read('/api-keys', 'assumed'),
  'apiKeys.get': read('/api-keys/{id}', 'assumed'),
  'apiKeys.create': {
    method: 'POST',
    path: '/api-keys',
    provenance: 'assumed',
    replay: 'never',
    body: ({ name, expiration }: OperationInput) => ({ name, expiration }),
  },
  'apiKeys.regenerateSecret': {
    method: 'POST',
    path: '/api-keys/{id}/regenerate',
    provenance: 'assumed',
    replay: 'other-signer',
  },
  'apiKeys.delete': { method: 'DELETE', path: '/api-keys/{id}', provenance: 'assumed', replay: 'safe' },
} as const satisfies OperationTable;

/** Changes to the table: see the option `operations` of the client. */
export type OperationOverrides = { readonly [Id in OperationId]?: OperationOverride };

for (const definition of Object.values(table)) Object.freeze(definition);

/**
 * The table of operations that the client uses, with the provenance of each.
 *
 * @example
 * ```ts
 * import { operations } from 'blazemeter-client';
 *
 * for (const [id, { method, path, provenance }] of Object.entries(operations)) {
 *   console.log(id, method, path, provenance); // user.get GET /user documented
 * }
 * ```
 */
export const operations: OperationTable = Object.freeze(table);

const placeholders = (path: string): string[] => path.match(/\{\w*\}/g) ?? [];

/** Whether a path has the placeholders of the definition, and no others but `{userId}`. A body can send an id in its place. */
function hasPlaceholders(path: string, row: Operation, body: OperationOverride['body']): boolean {
  const wanted = placeholders(row.path);
  const found = placeholders(path).filter((name) => name !== '{userId}');
  const missing = wanted.filter((name) => !found.includes(name));
  return (
    found.every((name) => wanted.includes(name)) &&
    new Set(found).size === found.length &&
    (missing.length === 0 || body !== undefined)
  );
}

/** A definition of the table with other fields is one, too. */
const KEPT = { provenance: spec.any, replay: spec.any };
const OVERRIDE = {
  method: spec.string,
  path: spec.string,
  body: spec.function,
  result: spec.function,
  ...KEPT,
};

/** The table with a caller's changes. Throws a `TypeError` for a change that cannot work. */
export function overridden(overrides: OperationOverrides | undefined): OperationTable {
  if (overrides === undefined) return operations;
  const rows: Record<string, Operation> = { ...operations };
  for (const [id, change] of Object.entries(overrides)) {
    if (change === undefined) continue;
    const row = Object.hasOwn(operations, id) ? rows[id] : undefined;
    if (row === undefined) {
      throw new TypeError(
        `operations: there is no operation of that name; known are ${Object.keys(operations).join(', ')}.`,
      );
    }
    const given: OperationOverride = parseOptions(`operations['${id}']`, OVERRIDE, change);
    const { path = row.path, method = row.method, body = row.body } = given;
    if (id === 'user.get' && path.includes('{'))
      throw new TypeError("operations['user.get'].path must have no placeholder.");
    if (!path.startsWith('/') || !hasPlaceholders(path, row, body)) {
      throw new TypeError(
        `operations['${id}'].path must start with "/" and hold the placeholders of ${row.path}, unless body sends the id; {userId} may be added.`,
      );
    }
    if (!/^[A-Za-z]+$/.test(method))
      throw new TypeError(`operations['${id}'].method must be an HTTP method.`);
    if (body !== undefined && /^(?:GET|HEAD)$/i.test(method))
      throw new TypeError(`operations['${id}']: a ${method.toUpperCase()} has no body.`);
    // Field by field: whether it is sent again, and the evidence for it, is not a caller's to change.
    rows[id] = {
      ...row,
      method: method.toUpperCase(),
      path,
      ...(given.body === undefined ? {} : { body: given.body }),
      ...(given.result === undefined ? {} : { result: given.result }),
    };
  }
  return { ...operations, ...rows };
}

/** What helps where the operation is an assumption that does not hold. */
export function assumptionHint(id: string | undefined): ErrorHint | undefined {
  const definition = Object.entries(operations).find(([name]) => name === id)?.[1];
  if (definition?.provenance !== 'assumed') return undefined;
  return {
    option: 'operations',
    text: `How the service does ${id} is an assumption. If it differs, pass operations: { '${id}': { … } } to the client.`,
  };
}
