// Ways of looking at a value, as the views of the leak table use them.
import { AssertionError, deepStrictEqual } from 'node:assert';
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { type InspectOptions, inspect } from 'node:util';
import { everythingIn } from './walk.ts';

export const get = (value: unknown, key: PropertyKey): unknown =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? Reflect.get(value, key)
    : undefined;

/** The outcome of looking, or what was thrown at that. */
export function attempt(look: () => unknown): string {
  try {
    const seen = look();
    return typeof seen === 'string' ? seen : inspect(seen, { depth: null });
  } catch (error) {
    return inspect(error, { depth: null, customInspect: false });
  }
}

/** The error and its causes, and the errors inside. */
export function chain(value: unknown, depth = 0): unknown[] {
  if (value === undefined || depth > 10) return [];
  const inside = get(value, 'errors');
  return [
    value,
    ...chain(get(value, 'cause'), depth + 1),
    ...(Array.isArray(inside) ? inside.flatMap((one) => chain(one, depth + 1)) : []),
  ];
}

export const modes: Readonly<Record<string, InspectOptions>> = {
  'as it is': {},
  'to the bottom': { depth: null },
  'hidden properties shown': { depth: null, showHidden: true },
  'custom inspection off': { depth: null, customInspect: false },
  'custom inspection off, hidden properties shown': { depth: null, customInspect: false, showHidden: true },
  'getters read': { depth: null, showHidden: true, getters: true },
  'getters read, custom inspection off': {
    depth: null,
    showHidden: true,
    getters: true,
    customInspect: false,
  },
  'proxies shown': { depth: null, showProxy: true, showHidden: true },
  'everything at once': {
    depth: null,
    showHidden: true,
    showProxy: true,
    getters: true,
    customInspect: false,
    colors: true,
    compact: false,
    sorted: true,
    maxArrayLength: null,
    maxStringLength: null,
    numericSeparator: true,
  },
};

/** What a console prints of a value, by each of its methods. */
export function consoled(value: unknown): string {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  const out = new Console({ stdout: stream, stderr: stream });
  for (const method of [
    'log',
    'error',
    'warn',
    'info',
    'debug',
    'dir',
    'dirxml',
    'table',
    'trace',
    'group',
  ] as const)
    out[method](value);
  out.log('%s %o %O %j %d', value, value, value, value, value);
  out.table([value]);
  out.dir(value, { depth: null, showHidden: true, customInspect: false });
  out.assert(false, value);
  return text;
}

/** A value from all sides: one that is no error, and that a program holds on to. */
export function fromAllSides(value: unknown): string {
  return [
    ...['as it is', 'getters read', 'everything at once'].map((mode) =>
      attempt(() => inspect(value, modes[mode])),
    ),
    attempt(() => JSON.stringify(value)),
    attempt(() => String(value)),
    attempt(() => structuredClone(value)),
    attempt(() => walked(value)),
  ].join('\n');
}

const walks = new WeakMap<object, string>();

/** Walked through once: three views show it. */
export function walked(value: unknown): string {
  if (typeof value !== 'object' || value === null) return everythingIn(value);
  const text = walks.get(value) ?? everythingIn(value);
  walks.set(value, text);
  return text;
}

export function asserted(value: unknown): string {
  try {
    deepStrictEqual(value, null);
    return '';
  } catch (error) {
    return error instanceof AssertionError ? `${error.message}\n${inspect(error)}` : String(error);
  }
}
