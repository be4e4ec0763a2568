// Reads unknown JSON (a seed, fault rules, a snapshot) by a zod schema: what is wrong is named by its path and never quoted,
// and no key that reaches a prototype gets through.

import * as z from 'zod/mini';
import { isPlainObject } from '../util/options.ts';
import { printable } from '../util/printable.ts';

/** An invalid value given to the reference. The message names its path and does not quote the value. */
export class InvalidInputError extends TypeError {
  /** Where in the input it is, such as `seed.keys.ci.user`. */
  readonly path: string;

  constructor(path: string, problem: string) {
    const where = printable(path);
    super(`${where}: ${problem}`);
    this.name = 'InvalidInputError';
    this.path = where;
  }
}

export function fail(path: string, problem: string): never {
  throw new InvalidInputError(path, problem);
}

/** Reads a value; what does not fit the schema is an {@link InvalidInputError}. */
export function read<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
  path: string,
): z.output<Schema> {
  checkPlain(value, path, 0);
  const result = z.safeParse(schema, value, { error: messageOf });
  if (result.success) return result.data;
  const issue = deepest(result.error.issues[0]);
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  return fail(pathOf(path, [...(issue?.path ?? []), ...keys]), issue?.message ?? 'is not valid.');
}

const pathOf = (root: string, parts: readonly PropertyKey[]): string =>
  parts.reduce<string>(
    (path, part) => (typeof part === 'number' ? `${path}[${part}]` : `${path}.${String(part)}`),
    root,
  );

type Issue = z.core.$ZodIssue;

const depth = (issue: Issue): number =>
  issue.path.length + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0);

/** In a union, the issue that is nearest to the mistake, where one of the alternatives leads further than the union itself. */
function deepest(issue: Issue | undefined): Issue | undefined {
  if (issue?.code !== 'invalid_union') return issue;
  const [inner] = issue.errors
    .flat()
    .filter((candidate) => depth(candidate) > 0)
    .sort((one, other) => depth(other) - depth(one));
  return inner === undefined ? issue : { ...inner, path: [...issue.path, ...inner.path] };
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** The message of an issue where the schema has none of its own. Ends the sentence that begins with the path. */
function messageOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${EXPECTED[issue.expected] ?? issue.expected}.`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}.`;
    case 'too_small':
      return `must be at least ${String(issue.minimum)}.`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}.`;
    default:
      return 'is not valid.';
  }
}

/** An object with these fields and no others. `refused` holds a message for a field that is refused for a reason of its own. */
export const strictObject = <Shape extends z.core.$ZodShape>(
  shape: Shape,
  refused: Readonly<Record<string, string>> = {},
) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? (refused[issue.keys[0] ?? ''] ?? `unknown field; known are ${Object.keys(shape).join(', ')}.`)
        : undefined,
  });

/** An object of a kind that its receiver reads field by field, so that nothing more is checked here. */
export function readObject<Kind extends object>(value: unknown, path: string): Kind {
  const kind = z.custom<Kind>((given) => typeof given === 'object' && given !== null);
  const result = z.safeParse(kind, value);
  return result.success ? result.data : fail(path, 'must be an object.');
}

const UNSAFE_NAMES = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_DEPTH = 32;

/** Refuses objects that are not plain, and names that reach a prototype, before a schema sees them. */
function checkPlain(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null || value instanceof Date) return;
  if (depth > MAX_DEPTH) fail(path, 'is nested too deeply.');
  if (!Array.isArray(value) && !isPlainObject(value)) fail(path, 'must be a plain object.');
  for (const [name, member] of Object.entries(value)) {
    const at = pathOf(path, [Array.isArray(value) ? Number(name) : name]);
    if (UNSAFE_NAMES.has(name)) fail(at, 'this name is refused.');
    checkPlain(member, at, depth + 1);
  }
}
