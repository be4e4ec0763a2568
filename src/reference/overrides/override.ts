// The client's corrections of its operations, and what learning from them needs. The client builds a body and finds its result
// in a response; the reference reads such a body, and writes a response in which the client finds the result. How, is learned
// from the client's own functions, by calling them with made-up values: so one correction serves both sides.

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

export type Json = Readonly<Record<string, unknown>>;
export type Path = readonly string[];

export const DAY = 86_400;
/** No text that a service might send, and no number that another field has. */
export const KEY_ID = '7e57ed1d000000000000face';
export const SECONDS = 4_000_000_000;
export const DAYS = 137;
export const INPUT = {
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
export const TIMES: readonly (typeof ISO_8601)[] = [
  ISO_8601,
  { write: (seconds) => seconds * 1000, read: (value) => Math.floor(Number(value) / 1000) },
  { write: (seconds) => seconds, read: (value) => value },
  { write: String, read: Number },
];

/** The form of a text that says the made-up time to the second, or only its day. */
export const timeForm = (value: unknown) =>
  TIMES.find(({ write }) => write(SECONDS) === value) ??
  (typeof value === 'string' && Math.abs(Date.parse(value) / 1000 - SECONDS) < DAY ? ISO_8601 : undefined);

export const unclear = (operation: string, part: string, fields: readonly string[]): TypeError =>
  new TypeError(
    `operations['${operation}'].${part}: the reference cannot find out what it does with ${fields.join(' and ')}. ` +
      'Give the reference a route of your own (routes) for this operation instead.',
  );

export const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null && Object.hasOwn(found, name)
        ? Reflect.get(found, name)
        : undefined,
    value,
  );
