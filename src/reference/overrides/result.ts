// Writing the responses that a corrected client reads.

import {
  at,
  DAYS,
  INPUT,
  type Json,
  KEY_ID,
  type Path,
  type RouteOverride,
  SECONDS,
  TIMES,
  unclear,
} from './override.ts';
import { ITEM, probe } from './probe.ts';

/** Writes a result (an object, or the items of a list) as the fields of a response in which the client finds it. */
export type WriteResult = (result: unknown) => Json;

/** The times of the records, which a service may send in another form. */
const TIME_FIELDS = ['created', 'updated', 'expiration', 'lastUsed'];

/** A value for a field that no other has: of the right type where the client's function may look at it. */
function madeUp(operation: string, field: string, number: number): unknown {
  if (field === 'id') return operation.startsWith('apiKeys.') ? KEY_ID : INPUT.accountId;
  if (field === 'name') return INPUT.name;
  if (field === 'apiKeyExpiration') return DAYS;
  if (field === 'userId') return 5_105_105;
  if (TIME_FIELDS.includes(field)) return field === 'expiration' ? SECONDS : SECONDS + number + 1;
  if (['secret', 'email', 'displayName', 'firstName', 'lastName'].includes(field))
    return `a made-up ${field}`;
  return { field };
}

interface Place {
  readonly field: string;
  readonly path: Path;
  write(value: unknown): unknown;
}

/** Learns where the client's function finds what. Throws a `TypeError` where it would not find what it must. */
export function resultWriter(
  operation: string,
  find: NonNullable<RouteOverride['result']>,
  needed: readonly string[],
): WriteResult {
  const isList =
    operation === 'apiKeys.list' || operation === 'accounts.list' || operation === 'accounts.users';
  let places: readonly Place[] | undefined;
  const learn = (fields: readonly string[]): Place[] => {
    let found: ReturnType<typeof learnPlaces>;
    try {
      found = learnPlaces(operation, find, fields, isList);
    } catch {
      throw unclear(operation, 'result', ['a response']);
    }
    const missing = needed.filter(
      (name) =>
        found.known.every((known) => known !== name) && !found.places.some(({ field }) => field === name),
    );
    if (missing.length > 0) throw unclear(operation, 'result', missing);
    return found.places;
  };
  learn(needed);
  return (result) => {
    const items: readonly unknown[] = Array.isArray(result) ? result : [result];
    if (items.length > 0) places ??= learn(Object.keys(Object.assign({}, ...items)));
    const response: Record<string, unknown> = {};
    if (isList) set(response, listPath(places ?? learn(['id'])), []);
    for (const [index, item] of items.entries())
      for (const { field, path, write } of places ?? []) {
        const value = at(item, [field]);
        if (value !== undefined)
          set(
            response,
            path.map((name) => (name === ITEM ? String(index) : name)),
            write(value),
          );
      }
    return response;
  };
}

/** The same from several functions that read one response. */
export const writeAll =
  (writers: readonly WriteResult[]): WriteResult =>
  (result) =>
    writers.map((write) => write(result)).reduce(merged);

function merged(one: Json, other: Json): Json {
  const both: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const known = both[name];
    both[name] = isJson(known) && isJson(value) ? merged(known, value) : value;
  }
  return both;
}

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listPath = (places: readonly Place[]): Path => {
  const path = places[0]?.path ?? ['result', ITEM];
  return path.slice(0, path.indexOf(ITEM));
};

/** Sets what is at a path; what is above it is created, a list where its members are numbered. */
function set(target: Record<string, unknown>, path: Path, value: unknown): void {
  let inner: object = target;
  for (const [index, name] of path.slice(0, -1).entries()) {
    const next: unknown = Reflect.get(inner, name);
    const made: object =
      typeof next === 'object' && next !== null ? next : /^\d+$/.test(path[index + 1] ?? '') ? [] : {};
    Reflect.set(inner, name, made);
    inner = made;
  }
  Reflect.set(inner, path.at(-1) ?? '', value);
}

function learnPlaces(
  operation: string,
  find: NonNullable<RouteOverride['result']>,
  fields: readonly string[],
  isList: boolean,
): { readonly places: Place[]; readonly known: string[] } {
  const values = new Map(fields.map((field, number) => [field, madeUp(operation, field, number)]));
  /** What the client reads, where the response holds these values. */
  const readWith = (given: ReadonlyMap<string, unknown>, seen: Map<string, Path>): Map<string, unknown> => {
    const response = probe([], given, seen, fields);
    const found: unknown = find(Reflect.get(response, 'result'), response, INPUT);
    const item: unknown = isList ? Reflect.get(Object(found), '0') : found;
    return new Map(fields.map((field) => [field, Reflect.get(Object(item), field)]));
  };
  const seen = new Map<string, Path>();
  const bare = readWith(new Map(), seen);
  /** What the client knows from the request. */
  const known = fields.filter((field) => bare.get(field) === values.get(field));
  const places: Place[] = [];
  for (const field of fields) {
    if (known.includes(field)) continue;
    const value = values.get(field);
    const forms: readonly ((value: unknown) => unknown)[] = TIME_FIELDS.includes(field)
      ? TIMES.map(
          ({ write }) =>
            (time: unknown) =>
              typeof time === 'number' ? write(time) : time,
        )
      : typeof value === 'number'
        ? [(number) => number, String]
        : [(any) => any];
    const reads = (path: string, sent: unknown, wanted: unknown): boolean => {
      try {
        return readWith(new Map([[path, sent]]), new Map()).get(field) === wanted;
      } catch {
        return false;
      }
    };
    for (const [name, path] of seen) {
      const form = forms.find((write) => reads(name, write(value), value));
      if (form === undefined) continue;
      // No limit is written in yet another way by some.
      const unlimited =
        field !== 'apiKeyExpiration' ? undefined : [-1, null, 0, ''].find((sent) => reads(name, sent, -1));
      places.push({
        field,
        path,
        write: (sent) => (sent === -1 && unlimited !== undefined ? unlimited : form(sent)),
      });
      break;
    }
  }
  return { places, known };
}
