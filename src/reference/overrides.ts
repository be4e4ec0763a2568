// The client's corrections of its operations, turned round. The client builds a body and finds its result in a response; the
// reference reads such a body, and writes a response in which the client finds the result. How, is learned from the client's
// own functions, by calling them with made-up values: so one correction serves both sides.

/** What a body is built from, as in the client. */
export interface BodyInput {
  readonly id?: string;
  readonly accountId?: number;
  readonly name?: string;
  /** Unix seconds. */
  readonly expiration?: number;
  readonly expiresAt?: Date;
  readonly days?: number;
}

/** A correction of an operation: the same as in the option `operations` of the client. */
export interface RouteOverride {
  readonly method?: string | undefined;
  /** A segment in braces is a parameter; `{userId}` is the user whose key signs. */
  readonly path?: string | undefined;
  /** Builds the body of a request. */
  body?(input: BodyInput): unknown;
  /** Finds the result in a response. */
  result?(result: unknown, response: unknown, asked: Readonly<Record<string, unknown>>): unknown;
}

type Json = Readonly<Record<string, unknown>>;
type Path = readonly string[];

const DAY = 86_400;
/** No text that a service might send, and no number that another field has. */
const KEY_ID = '7e57ed1d000000000000face';
const SECONDS = 4_000_000_000;
const DAYS = 137;
const INPUT = {
  id: KEY_ID,
  accountId: 4_104_104,
  name: 'a made-up name',
  expiration: SECONDS,
  expiresAt: new Date(SECONDS * 1000),
  days: DAYS,
};

/** The forms in which a service may send a time. The most telling first: a function that reads a date may take a number too. */
const ISO_8601 = {
  write: (seconds: number): unknown => new Date(seconds * 1000).toISOString(),
  read: (value: unknown): unknown => Math.floor(Date.parse(String(value)) / 1000),
};
const TIMES: readonly (typeof ISO_8601)[] = [
  ISO_8601,
  { write: (seconds) => seconds * 1000, read: (value) => Math.floor(Number(value) / 1000) },
  { write: (seconds) => seconds, read: (value) => value },
  { write: String, read: Number },
];

/** The form of a text that says the made-up time to the second, or only its day. */
const timeForm = (value: unknown) =>
  TIMES.find(({ write }) => write(SECONDS) === value) ??
  (typeof value === 'string' && Math.abs(Date.parse(value) / 1000 - SECONDS) < DAY ? ISO_8601 : undefined);

/** Reads a body of the client's form as the fields of the reference. */
export type ReadBody = (body: Json, now: number) => Json;

/** Learns where the client's function puts what. Throws a `TypeError` where the reference could not read its bodies. */
export function bodyReader(operation: string, build: NonNullable<RouteOverride['body']>): ReadBody {
  const places = leaves(jsonOf(build(INPUT)));
  const unlimited = new Map(
    leaves(jsonOf(build({ ...INPUT, days: -1 }))).map(([path, value]) => [path.join('\n'), value]),
  );
  const readers: [field: string, path: Path, read: (value: unknown, now: number) => unknown][] = [];
  for (const [path, value] of places) {
    const time = timeForm(value);
    if (value === INPUT.name) readers.push(['name', path, (found) => found]);
    else if (value === KEY_ID || String(value) === String(INPUT.accountId))
      readers.push(['id', path, String]);
    else if (time !== undefined) readers.push(['expiration', path, time.read]);
    else if (Number(value) === DAYS && operation === 'apiKeyPolicy.set') {
      const none = unlimited.get(path.join('\n'));
      readers.push([
        'apiKeyExpiration',
        path,
        (found) => (found === none ? -1 : typeof value === 'string' ? Number(found) : found),
      ]);
    } else if (Number(value) === DAYS)
      readers.push(['expiration', path, (found, now) => now + Number(found) * DAY]);
  }
  const missing = (NEEDED_IN_BODY[operation] ?? []).filter(
    (name) => !readers.some(([field]) => field === name),
  );
  if (missing.length > 0) throw unclear(operation, 'body', missing);
  return (body, now) =>
    Object.fromEntries(
      readers
        .map(([field, path, read]) => [field, at(body, path), read] as const)
        .flatMap(([field, found, read]) => (found === undefined ? [] : [[field, read(found, now)]])),
    );
}

const NEEDED_IN_BODY: Readonly<Record<string, readonly string[]>> = {
  'apiKeys.create': ['name', 'expiration'],
  'apiKeyPolicy.set': ['apiKeyExpiration'],
};
const NEEDED_IN_RESULT: Readonly<Record<string, readonly string[]>> = {
  'apiKeys.create': ['id', 'secret'],
  'apiKeys.regenerateSecret': ['secret'],
  'apiKeys.list': ['id'],
  'apiKeyPolicy.get': ['apiKeyExpiration'],
};

const unclear = (operation: string, part: string, fields: readonly string[]): TypeError =>
  new TypeError(
    `operations['${operation}'].${part}: the reference cannot find out what it does with ${fields.join(' and ')}. ` +
      'Give the reference a route of your own (routes) for this operation instead.',
  );

const jsonOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

/** The values in a JSON text, each with its path. */
function leaves(value: unknown, path: Path = []): [Path, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, member]) => leaves(member, [...path, name]));
}

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null && Object.hasOwn(found, name)
        ? Reflect.get(found, name)
        : undefined,
    value,
  );

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
export function resultWriter(operation: string, find: NonNullable<RouteOverride['result']>): WriteResult {
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
    const missing = (NEEDED_IN_RESULT[operation] ?? []).filter(
      (name) =>
        found.known.every((known) => known !== name) && !found.places.some(({ field }) => field === name),
    );
    if (missing.length > 0) throw unclear(operation, 'result', missing);
    return found.places;
  };
  learn(NEEDED_IN_RESULT[operation] ?? []);
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

/** A segment that stands for any item of a list. */
const ITEM = '*';

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

/** A text that reads as a time, and what functions do to texts, so that none fails on what is unknown yet. */
const TEXT = Object('2001-01-01T00:00:00.000Z');
const TEXT_METHODS = new Set([
  'trim',
  'toLowerCase',
  'toUpperCase',
  'replace',
  'split',
  'startsWith',
  'endsWith',
  'toString',
]);

/**
 * Stands for a response of which nothing is known: each member that is looked at is noted, and is such a thing itself, unless
 * its value is given. It can be listed, iterated and mapped.
 */
function probe(
  path: Path,
  given: ReadonlyMap<string, unknown>,
  seen: Map<string, Path>,
  names: readonly string[],
): object {
  const member = (name: string): unknown => {
    const inner = [...path, name];
    const key = inner.join('\n');
    seen.set(key, inner);
    return given.has(key) ? given.get(key) : probe(inner, given, seen, names);
  };
  const item = (): unknown => member(ITEM);
  const methods = new Map<string | symbol, unknown>([
    ['map', (change: (item: unknown, index: number) => unknown) => [change(item(), 0)]],
    ['filter', () => [item()]],
    ['flatMap', (change: (item: unknown, index: number) => unknown) => [change(item(), 0)].flat()],
    ['find', () => item()],
    ['length', 1],
    ['then', undefined],
    ['toJSON', undefined],
    [Symbol.iterator, () => [item()].values()],
    [Symbol.toPrimitive, () => String(TEXT)],
  ]);
  return new Proxy(
    {},
    {
      get(_, name) {
        if (methods.has(name)) return methods.get(name);
        if (typeof name === 'symbol') return undefined;
        if (TEXT_METHODS.has(name)) return Reflect.get(TEXT, name).bind(TEXT);
        return /^\d+$/.test(name) ? item() : member(name);
      },
      has: () => true,
      ownKeys: () => [...names],
      getOwnPropertyDescriptor: (_, name) => ({
        configurable: true,
        enumerable: true,
        value: typeof name === 'string' ? member(name) : undefined,
      }),
    },
  );
}
