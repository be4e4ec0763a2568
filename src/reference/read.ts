// Reads values that came from outside (a seed, rules from a file): what is wrong is named by its path,
// and nothing is built from a key that reaches a prototype.

import { printable } from '../util/printable.ts';

/** Says what is wrong with a value given to the reference. The value itself is not quoted. */
export class InvalidInputError extends TypeError {
  /** Where in the input it is, such as `seed.keys.ci.user`. */
  readonly path: string;

  constructor(path: string, problem: string) {
    const where = printable(path);
    super(`${where}: ${problem}`);
    this.name = 'InvalidInputError';
    this.path = where;
  }

  static {
    // Inspection shows the name of the class, which the build shortens.
    Object.defineProperty(InvalidInputError, 'name', { value: 'InvalidInputError' });
  }
}

export function fail(path: string, problem: string): never {
  throw new InvalidInputError(path, problem);
}

/** A plain object's own entries, after a look at their names. */
export type Fields = ReadonlyMap<string, unknown>;

const POISON = new Set(['__proto__', 'constructor', 'prototype']);

/** The entries of an object with names of any kind. */
export function entries(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'must be an object.');
  const found = new Map<string, unknown>();
  for (const [name, member] of Object.entries(value)) {
    if (POISON.has(name)) fail(`${path}.${name}`, 'this name is refused.');
    if (member !== undefined) found.set(name, member);
  }
  // An object literal `{ __proto__: … }` has no such entry: it has another prototype.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null)
    fail(path, 'must be a plain object.');
  return found;
}

/** The entries of an object whose names are known. */
export function fields(value: unknown, path: string, known: readonly string[]): Fields {
  const found = entries(value, path);
  for (const name of found.keys())
    if (!known.includes(name)) fail(`${path}.${name}`, `unknown field; known are ${known.join(', ')}.`);
  return found;
}

export function list(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? value : fail(path, 'must be a list.');
}

export function text(value: unknown, path: string): string {
  return typeof value === 'string' ? value : fail(path, 'must be a string.');
}

export function flag(value: unknown, path: string): boolean {
  return typeof value === 'boolean' ? value : fail(path, 'must be true or false.');
}

export function number(
  value: unknown,
  path: string,
  least = Number.NEGATIVE_INFINITY,
  most = Infinity,
): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) fail(path, 'must be a number.');
  if (value < least || value > most) fail(path, `must be between ${least} and ${most}.`);
  return value;
}

export function integer(
  value: unknown,
  path: string,
  least = Number.MIN_SAFE_INTEGER,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const found = number(value, path, least, most);
  return Number.isSafeInteger(found) ? found : fail(path, 'must be a whole number.');
}

export function oneOf<const Value extends string | number>(
  value: unknown,
  path: string,
  values: readonly Value[],
): Value {
  const found = values.find((candidate) => candidate === value);
  return found === undefined ? fail(path, `must be one of ${values.join(', ')}.`) : found;
}

/** Reads a field where it is there. */
export function maybe<Value>(
  from: Fields,
  name: string,
  path: string,
  read: (value: unknown, path: string) => Value,
): Value | undefined {
  const value = from.get(name);
  return value === undefined ? undefined : read(value, `${path}.${name}`);
}
