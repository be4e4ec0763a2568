// One reading of options: own properties only, so that a polluted prototype is never an option; names that are not known
// are refused, with the nearest one that is.

import * as z from 'zod/mini';

/** How each option is checked, by its name. The text of a check completes "<name> must be …". */
export type OptionSpecs = Readonly<Record<string, z.ZodMiniType>>;

const method = (name: string) => (value: unknown) =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
  typeof Reflect.get(value, name) === 'function';

/** Checks that several constructors and calls share. What has methods is checked and never copied. */
export const spec = {
  /** Anything; the code that uses it checks it. */
  any: z.unknown(),
  string: z.string('a string'),
  flag: z.boolean('true or false'),
  milliseconds: z
    .number('a number of milliseconds above 0')
    .check(z.gt(0, 'a number of milliseconds above 0')),
  count: z.int('a whole number, 0 or more').check(z.gte(0, 'a whole number, 0 or more')),
  function: z.custom((value) => typeof value === 'function', 'a function'),
  record: z.custom(isPlainObject, 'a plain object'),
  list: z.custom(Array.isArray, 'an array'),
  signal: z.custom(method('addEventListener'), 'an AbortSignal'),
  logger: z.custom(
    (value) => ['error', 'warn', 'info', 'debug'].every((level) => method(level)(value)),
    'an object with the methods error, warn, info and debug, such as console',
  ),
};

/** Whether the value is an object as literals and JSON make it. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Not compared with Object.prototype: in Jest and in vm contexts objects come from another realm.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A copy without a prototype: what is not set is not read from a polluted `Object.prototype`. */
export const ownOnly = <T extends object>(value: T): T => Object.assign(Object.create(null), value);

/**
 * The given options as an object without a prototype. Throws a `TypeError` for a value that is no plain object, an unknown
 * name, or an option of the wrong form; `undefined` counts as absent; values are never quoted.
 */
export function parseOptions<T extends object>(owner: string, specs: OptionSpecs, given: T | undefined): T {
  const parsed: T = Object.create(null);
  if (given === undefined) return parsed;
  if (!isPlainObject(given)) throw new TypeError(`${owner}: the options must be a plain object.`);
  for (const [name, value] of Object.entries(given)) {
    const check = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (check === undefined)
      throw new TypeError(`${owner}: unknown option "${shown(name)}".${suggestion(name, specs)}`);
    if (value === undefined) continue;
    const result = z.safeParse(check, value);
    if (!result.success)
      throw new TypeError(
        `${owner}: ${name} must be ${result.error.issues[0]?.message ?? 'of another form'}.`,
      );
    Object.assign(parsed, { [name]: value });
  }
  return parsed;
}

const shown = (name: string): string => (/^[\w$-]{1,40}$/.test(name) ? name : '…');

function suggestion(name: string, specs: OptionSpecs): string {
  const known = Object.keys(specs);
  const near = nearest(name, known);
  return near === undefined ? ` Known options: ${known.join(', ')}.` : ` Did you mean "${near}"?`;
}

/** The known name that was probably meant. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(3, name.length / 3) ? best.candidate : undefined;
}

/** How many characters have to be inserted, removed or replaced to make one text the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...from.slice(0, 60)].entries()) {
    const next = [at + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
