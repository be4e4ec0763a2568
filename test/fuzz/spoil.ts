// Spoils valid inputs: documents by their grammar (members doubled, missing, of another kind, nested too deep), then texts by
// what happens to files and responses on their way (cut, doubled, a byte turned over, a mark put before).
import type { Random } from './random.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What a text may hold that texts do not hold. */
export const ODD = [
  '\ufeff',
  '\0',
  '\ud800',
  '\udc00',
  '\u202e',
  '\u2028',
  '\u0007',
  '\u001b[31m',
  '\r\n',
  '\n',
  '\t',
  ' ',
  '::set-output name=x::y',
  '##vso[task.setvariable]x',
  '##[error]',
  '$'.concat('{HOME}'),
  '%PATH%',
  '"',
  "'",
  '\\',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '#',
  '-',
  '/',
  '=',
  '😀',
  '\u0130',
  '﷽',
];

/** Values in place of others, as they stand in a document. */
const WRONG = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '1e400',
  '-1e400',
  '1e-400',
  '0.1',
  '253402300800',
  '8640000000001',
  '9007199254740993',
  `1${'0'.repeat(400)}`,
  '""',
  '" "',
  '"0"',
  '"null"',
  '"__proto__"',
  '"\\ud800"',
  '"\\u0000"',
  '"\\u202e"',
  '"x\\ny"',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '{"__proto__":{"polluted":true}}',
  '{"toString":1,"valueOf":2}',
  '{"reveal":1}',
  'undefined',
  'NaN',
  "'single'",
  '01',
  '',
];

/** Names that objects have by themselves. */
const INHERITED = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'toJSON',
  'then',
];

const DEPTHS = [3, 30, 300, 3_000, 30_000];

export interface Spoiling {
  /** Texts of which no piece may be shown; they are put where they do not belong. */
  readonly secrets: readonly string[];
}

const isList = (node: Json): node is readonly Json[] => Array.isArray(node);

/** A document as text; every node is spoilt with this chance. */
export function writeJson(random: Random, root: Json, part: number, { secrets }: Spoiling): string {
  const literal = (text: string): string =>
    random.chance(part)
      ? `"${[...text].map((unit) => (random.chance(0.5) ? escaped(unit) : JSON.stringify(unit).slice(1, -1))).join('')}"`
      : JSON.stringify(text);
  const nested = (): string => {
    const depth = random.pick(DEPTHS);
    const [open, close] = random.chance(0.5) ? ['[', ']'] : ['{"a":', '}'];
    return open.repeat(depth) + (random.chance(0.8) ? `1${close.repeat(depth)}` : '');
  };
  const wrong = (): string => {
    const kind = random.int(20);
    if (kind === 0) return nested();
    if (kind === 1 && secrets.length > 0) return JSON.stringify(random.pick(secrets));
    if (kind === 2) return JSON.stringify(random.pick(ODD).repeat(1 + random.int(3)));
    return random.pick(WRONG);
  };
  const member = (key: string, value: Json): string => `${literal(key)}:${write(value)}`;
  const write = (node: Json): string => {
    if (random.chance(part)) return wrong();
    if (typeof node === 'string') {
      if (random.chance(part)) return literal(node.slice(0, random.int(node.length + 1)));
      if (random.chance(part)) return literal(node + random.pick([...ODD, ...secrets]));
      return literal(node);
    }
    if (typeof node !== 'object' || node === null) return JSON.stringify(node);
    if (isList(node)) return `[${node.map(write).join(',')}]`;
    const members = Object.entries(node).flatMap(([key, value]) => {
      if (random.chance(part)) return [];
      const written = member(key, value);
      return random.chance(part) ? [written, `${literal(key)}:${wrong()}`] : [written];
    });
    if (random.chance(part)) members.push(`${JSON.stringify(random.pick(INHERITED))}:${wrong()}`);
    if (secrets.length > 0 && random.chance(part / 4))
      members.push(`${JSON.stringify(random.pick(secrets))}:1`);
    if (random.chance(part)) members.reverse();
    return `{${members.join(random.chance(part) ? ' ,\n' : ',')}}`;
  };
  return write(root);
}

const escaped = (text: string): string =>
  Array.from(
    { length: text.length },
    (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');

/** The text after so many accidents. */
export function spoilText(
  random: Random,
  text: string,
  accidents: number,
  others: readonly string[],
): string {
  let spoilt = text;
  for (let left = accidents; left > 0; left--) {
    const at = random.int(spoilt.length + 1);
    const length = random.int(Math.min(40, spoilt.length - at) + 1);
    const [before, after] = [spoilt.slice(0, at), spoilt.slice(at)];
    switch (random.int(9)) {
      case 0:
        spoilt = before;
        break;
      case 1:
        spoilt = before + after.slice(length);
        break;
      case 2:
        spoilt = before + after.slice(0, length) + after;
        break;
      case 3:
        spoilt = before + String.fromCharCode(random.int(random.chance(0.7) ? 128 : 65_536)) + after.slice(1);
        break;
      case 4:
        spoilt = before + random.pick(ODD) + after;
        break;
      case 5:
        spoilt = before + random.pick(others) + after;
        break;
      case 6:
        // A bit of one character turned over.
        spoilt =
          before + String.fromCharCode(after.charCodeAt(0) ^ (1 << random.int(7)) || 32) + after.slice(1);
        break;
      case 7:
        spoilt = random.pick(ODD) + spoilt;
        break;
      default: {
        const run = after.slice(0, 1 + random.int(4)) || ' ';
        spoilt = before + run.repeat(random.chance(0.98) ? 1 + random.int(200) : random.int(8_000)) + after;
      }
    }
  }
  return spoilt;
}

/** The bytes of a text, some of them turned over: what is no UTF-8 any more. */
export function spoilBytes(random: Random, text: string, accidents: number): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  for (let left = accidents; left > 0 && bytes.length > 0; left--) {
    const at = random.int(bytes.length);
    bytes[at] = random.chance(0.5) ? random.int(256) : (bytes[at] ?? 0) ^ (1 << random.int(8));
  }
  return bytes;
}
