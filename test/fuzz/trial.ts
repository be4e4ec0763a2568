// What the parsers' checks have in common.
import assert from 'node:assert/strict';
import { assertOurs } from './oracle.ts';
import type { Random } from './random.ts';
import { type Json, type Spoiling, spoilText, writeJson } from './spoil.ts';

/** The value, or undefined where the parser refused with an error that is ours. */
export function taken<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    assertOurs(error);
    return undefined;
  }
}

/** The same of one that takes its time. */
export async function takenLater<T>(parse: () => Promise<T>): Promise<T | undefined> {
  try {
    return await parse();
  } catch (error) {
    assertOurs(error);
    return undefined;
  }
}

/** A tenth is left as it is, so that a parser which refuses everything is noticed. */
function accidentsOf(random: Random): { readonly part: number; readonly accidents: number } {
  const kind = random.int(10);
  if (kind === 0) return { part: 0, accidents: 0 };
  return {
    part: kind < 6 ? random.pick([0.02, 0.05, 0.1, 0.3]) : 0,
    accidents: kind < 5 ? 0 : 1 + random.int(4),
  };
}

/** A spoilt document, and whether it was left whole. */
export function spoiltJson(
  random: Random,
  roots: readonly Json[],
  spoiling: Spoiling,
): { readonly text: string; readonly whole: boolean } {
  const { part, accidents } = accidentsOf(random);
  const text = writeJson(random, random.pick(roots), part, spoiling);
  return {
    text: spoilText(random, text, accidents, spoiling.secrets),
    whole: part === 0 && accidents === 0,
  };
}

/** A spoilt text. */
export function spoilt(random: Random, texts: readonly string[], others: readonly string[]) {
  const { part, accidents } = accidentsOf(random);
  const count = part > 0 && accidents === 0 ? 1 : accidents;
  return { text: spoilText(random, random.pick(texts), count, others), whole: count === 0 };
}

export const parsed = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
};

const KINDS = {
  text: (value: unknown) => typeof value === 'string',
  number: (value: unknown) => typeof value === 'number' && Number.isFinite(value),
  flag: (value: unknown) => typeof value === 'boolean',
  date: (value: unknown) => value instanceof Date && !Number.isNaN(value.getTime()),
  texts: (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
};

type Kind = keyof typeof KINDS;

export interface Shape {
  readonly [field: string]: Kind | `${Kind}?` | Shape;
}

const isKind = (kind: string): kind is Kind => Object.hasOwn(KINDS, kind);

/** The value has these fields and no others that are seen, each of its kind; `?`: or null. An object may be null. */
export function assertShape(value: unknown, shape: Shape): void {
  assert.ok(typeof value === 'object' && value !== null);
  assert.deepEqual(Object.keys(value).sort(), Object.keys(shape).sort());
  for (const [key, kind] of Object.entries(shape)) {
    const field: unknown = Reflect.get(value, key);
    if (typeof kind === 'object') {
      if (field !== null) assertShape(field, kind);
      continue;
    }
    const plain = kind.replace('?', '');
    if (field === null && plain !== kind) continue;
    assert.ok(isKind(plain) && KINDS[plain](field), `${key} is no ${kind}`);
  }
}
