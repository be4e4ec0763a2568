// The answers of the service: wire -> model. Required, and checked by a schema, is only what the client itself uses; any
// other field of an unexpected form reads as null, and fields that are not known are kept aside in `extra`.

import * as z from 'zod/mini';
import { Secret } from '../auth/secret.ts';
import type { Account, AccountUser, ApiKey, Extra, User } from '../models.ts';

const numbered = z.object({ id: z.number() });
const apiKey = z.object({ id: z.string(), name: z.string(), created: z.number() });
const issued = z.object({ id: z.string(), name: z.string(), created: z.number(), secret: z.string() });

/** An answer has another shape than expected. Says where, never what was there. */
export class ShapeError extends Error {}

function parse<T extends z.ZodMiniType>(schema: T, value: unknown): z.output<T> {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = ['result', ...(issue?.path ?? [])].map(String).join('.');
  const expected = issue !== undefined && 'expected' in issue ? `a ${String(issue.expected)}` : 'as expected';
  throw new ShapeError(`"${where}" is missing or not ${expected}`);
}

const DANGEROUS = ['__proto__', 'constructor', 'prototype'];

/** Reads optional fields, and remembers which were asked for: all others are `extra`. */
class Fields {
  readonly #wire: object;
  readonly #known = new Set<string>(DANGEROUS);

  constructor(wire: unknown, ...known: string[]) {
    this.#wire = Object(wire);
    for (const key of known) this.#known.add(key);
  }

  get(key: string): unknown {
    this.#known.add(key);
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
    const parsed = z.safeParse(numbered, value);
    return parsed.success ? { id: parsed.data.id, fields: new Fields(value) } : undefined;
  }

  /** Adds the fields that nobody asked for to a model, where nobody sees them without asking. */
  extend<T extends object>(model: T, opaque = false): T & { extra: Extra } {
    let extra: Extra | undefined;
    const get = () => {
      const rest = Object.entries(this.#wire).filter(([key]) => !this.#known.has(key));
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
  const { id } = parse(numbered, wire);
  const fields = new Fields(wire, 'id');
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
  const { id } = parse(numbered, wire);
  const fields = new Fields(wire, 'id');
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
  const { id } = parse(numbered, wire);
  const fields = new Fields(wire, 'id');
  const roles = fields.get('roles');
  return fields.extend({
    id,
    ...person(fields),
    enabled: fields.flag('enabled'),
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
  });
}

function toApiKey({ id, name }: { id: string; name: string }, fields: Fields, opaque: boolean): ApiKey {
  const { createdAt, updatedAt } = dates(fields);
  if (id === '' || createdAt === null)
    throw new ShapeError(`"result.${id === '' ? 'id' : 'created'}" is not as expected`);
  const userId = fields.number('userId');
  const expiresAt = fields.moment('expiration');
  const lastUsedAt = fields.moment('lastUsed');
  return fields.extend({ id, name, userId, createdAt, updatedAt, expiresAt, lastUsedAt }, opaque);
}

export const readApiKey = (wire: unknown): ApiKey =>
  toApiKey(parse(apiKey, wire), new Fields(wire, 'id', 'name'), false);

/** The answer to a create or a regenerate: the key, and the secret that is shown this one time. */
export function readIssued(wire: unknown): { apiKey: ApiKey; secret: Secret } {
  const key = parse(issued, wire);
  if (key.secret === '') throw new ShapeError('"result.secret" is empty');
  return {
    apiKey: toApiKey(key, new Fields(wire, 'id', 'name', 'secret'), true),
    secret: Secret.from(key.secret),
  };
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
