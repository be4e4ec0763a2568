// A response of which nothing is known, to find out what a function reads in it.

import type { Path } from './override.ts';

/** A segment that stands for any item of a list. */
export const ITEM = '*';

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
export function probe(
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
