// The answers of the service: wire -> model. Required is only what the client itself uses; any other field of an unexpected
// form reads as null, and fields that are not known are kept aside in `extra`.

import { Secret } from '../auth/secret.ts';
import type { Account, AccountUser, ApiKey, Extra, User } from '../models.ts';

/** An answer has another shape than expected. Says where, never what was there. */
export class ShapeError extends Error {}

function missing(where: string, expected: string): never {
  throw new ShapeError(`"${where}" is missing or not ${expected}`);
}

const DANGEROUS = ['__proto__', 'constructor', 'prototype'];

/** Reads the fields of an object, and remembers which were asked for: all others are `extra`. */
class Fields {
  readonly #wire: object;
  readonly #asked: string[] = [];

  constructor(wire: unknown) {
    this.#wire = typeof wire === 'object' && wire !== null ? wire : missing('result', 'an object');
  }

  /** What there is no model without. */
  neededText(key: string): string {
    return this.text(key) ?? missing(`result.${key}`, 'a string');
  }

  /** What there is no model without. */
  neededNumber(key: string): number {
    return this.number(key) ?? missing(`result.${key}`, 'a number');
  }

  get(key: string): unknown {
    this.#asked.push(key);
    return Object.hasOwn(this.#wire, key) ? Reflect.get(this.#wire, key) : undefined;
  }

  text(key: string): string | null {
    const value = this.get(key);
    return typeof value === 'string' ? value : null;
  }

  number(key: string): number | null {
    const value = this.get(key);
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }

  flag(key: string): boolean | null {
    const value = this.get(key);
    return typeof value === 'boolean' ? value : null;
  }

  /** Dates on the wire are Unix seconds. */
  date(key: string): Date | null {
    const date = new Date((this.number(key) ?? Number.NaN) * 1000);
    return Number.isNaN(date.getTime()) ? null : date;
  }

  /** A moment of which `0` says that there is none. */
  moment(key: string): Date | null {
    const date = this.date(key);
    return date?.getTime() === 0 ? null : date;
  }

  /** The object in a field; `undefined` where there is none with a number for an id. */
  object(key: string): { id: number; fields: Fields } | undefined {
    const value = this.get(key);
    if (typeof value !== 'object' || value === null) return undefined;
    const fields = new Fields(value);
    const id = fields.number('id');
    return id === null ? undefined : { id, fields };
  }

  /** Adds the fields that nobody asked for to a model, where nobody sees them without asking. */
  extend<T extends object>(model: T, opaque = false): T & { extra: Extra } {
    let extra: Extra | undefined;
    const get = () => {
      const known = new Set([...DANGEROUS, ...this.#asked]);
      const rest = Object.entries(this.#wire).filter(([key]) => !known.has(key));
      extra ??= Object.freeze(
        Object.fromEntries(opaque ? rest.map(([key, value]) => [key, hidden(value)]) : rest),
      );
      return extra;
    };
    const result = { ...model, extra: {} };
    Object.defineProperty(result, 'extra', { enumerable: false, get });
    return result;
  }
}

function hidden(value: unknown): Secret {
  try {
    return Secret.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  } catch {
    return Secret.from(''); // Nested deeper than can be written again.
  }
}

const person = (fields: Fields) => ({ email: fields.text('email'), displayName: fields.text('displayName') });
const dates = (fields: Fields) => ({ createdAt: fields.date('created'), updatedAt: fields.date('updated') });

export function readUser(wire: unknown): User {
  const fields = new Fields(wire);
  const id = fields.neededNumber('id');
  const project = fields.object('defaultProject');
  return fields.extend({
    id,
    ...person(fields),
    firstName: fields.text('firstName'),
    lastName: fields.text('lastName'),
    enabled: fields.flag('enabled'),
    ...dates(fields),
    defaultProject:
      project === undefined
        ? null
        : {
            id: project.id,
            name: project.fields.text('name'),
            accountId: project.fields.number('accountId'),
            accountName: project.fields.text('accountName'),
            workspaceId: project.fields.number('workspaceId'),
          },
  });
}

export function readAccount(wire: unknown): Account {
  const fields = new Fields(wire);
  const id = fields.neededNumber('id');
  const owner = fields.object('owner');
  return fields.extend({
    id,
    name: fields.text('name'),
    owner: owner === undefined ? null : { id: owner.id, ...person(owner.fields) },
    apiKeyExpirationDays: fields.number('apiKeyExpiration'),
    legacyApiKeysDisabled: fields.flag('legacyApiKeysDisabled'),
    membersCount: fields.number('membersCount'),
    workspacesCount: fields.number('workspacesCount'),
    ...dates(fields),
  });
}

export function readAccountUser(wire: unknown): AccountUser {
  const fields = new Fields(wire);
  const id = fields.neededNumber('id');
  const roles = fields.get('roles');
  return fields.extend({
    id,
    ...person(fields),
    enabled: fields.flag('enabled'),
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
  });
}

function toApiKey(fields: Fields, opaque: boolean): ApiKey {
  const id = fields.neededText('id');
  const name = fields.neededText('name');
  fields.neededNumber('created');
  const { createdAt, updatedAt } = dates(fields);
  if (id === '' || createdAt === null)
    throw new ShapeError(`"result.${id === '' ? 'id' : 'created'}" is not as expected`);
  const userId = fields.number('userId');
  const expiresAt = fields.moment('expiration');
  const lastUsedAt = fields.moment('lastUsed');
  return fields.extend({ id, name, userId, createdAt, updatedAt, expiresAt, lastUsedAt }, opaque);
}

export const readApiKey = (wire: unknown): ApiKey => toApiKey(new Fields(wire), false);

/** The answer to a create or a regenerate: the key, and the secret that is shown this one time. */
export function readIssued(wire: unknown): { apiKey: ApiKey; secret: Secret } {
  const fields = new Fields(wire);
  const apiKey = toApiKey(fields, true);
  const secret = fields.neededText('secret');
  if (secret === '') throw new ShapeError('"result.secret" is empty');
  return { apiKey, secret: Secret.from(secret) };
}

/** What can be saved of an answer to a create or a regenerate that has another shape, or was cut short. */
export function salvage(answer: string): { secret?: Secret; keyId?: string } {
  // The first that can be read: one before it may have been cut.
  const secrets = answer.matchAll(/"secret"\s*:\s*("(?:[^"\\\p{Cc}]|\\.){1,4096}")/gu);
  const secret = [...secrets].map(([, json]) => unquoted(json)).find((text) => text !== undefined);
  const keyId = /"id"\s*:\s*"([0-9A-Za-z_-]{1,64})"/.exec(answer)?.[1];
  return {
    ...(secret === undefined ? {} : { secret: Secret.from(secret) }),
    ...(keyId === undefined ? {} : { keyId }),
  };
}

/** The text that a JSON string stands for. */
function unquoted(json: string | undefined): string | undefined {
  if (json === undefined) return undefined;
  try {
    return String(JSON.parse(json));
  } catch {
    return undefined;
  }
}
