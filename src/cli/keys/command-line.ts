// The command line: what Node's own parser makes of it, held against the table of commands.

import { parseArgs } from 'node:util';
import { printable } from '../../util/printable.ts';
import { usage } from './exit-codes.ts';

/** An option of a command. */
export interface Option {
  /** What stands behind it, such as `<file>`; without it, it is a switch. */
  readonly value?: string;
  readonly many?: boolean;
  readonly short?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

/** What of a command is needed to read its line and to explain it. */
export interface CommandShape {
  /** One word, or two: `policy get`. */
  readonly name: string;
  /** The argument that follows the name, such as `<id>`. */
  readonly argument?: string;
  readonly summary: string;
  /** Further lines of its help. */
  readonly about?: readonly string[];
  readonly options: Options;
  /** Options without which it cannot work. */
  readonly needs?: readonly string[];
}

/** What every command understands. */
export const COMMON: Options = {
  'base-url': { value: '<url>', help: 'address of the API, if it is not https://a.blazemeter.com/api/v4' },
  'key-file': {
    value: '<file>',
    help: 'sign with the pair in this file; default: the places that the guide lists, such as BZ_TOKEN',
  },
  'ca-file': { value: '<file>', help: 'trust the certificates in this PEM file, too' },
  timeout: { value: '<seconds>', help: 'bound of one attempt of a call; default 30' },
  json: { help: 'results as JSON, and messages as one JSON object a line' },
  quiet: { short: 'q', help: 'no progress and no notes; warnings and errors only' },
  'no-color': { help: 'no colours; NO_COLOR does the same' },
  'log-level': { value: '<level>', help: 'off, error, warn, info or debug, on standard error; default warn' },
  help: { short: 'h', help: 'this text' },
};

/** What was given. */
export interface Given {
  /** The argument of the command; empty where it takes none. */
  readonly argument: string;
  flag(name: string): boolean;
  text(name: string): string | undefined;
  /** The value of an option that is always there. */
  needed(name: string): string;
  all(name: string): readonly string[];
}

/** A pair, or a secret alone, as the service makes them. */
const SECRET = /[0-9a-f]{24}:\S|[0-9a-f]{64}/i;

/** Refuses what no argument should hold. */
export function refuseSecrets(args: readonly string[]): void {
  if (!args.some((each) => SECRET.test(each))) return;
  throw usage(
    'A secret was given as an argument. Other users of the machine can read arguments, and shells keep them: give that key a new secret. Pairs come from the environment or a file.',
  );
}

/** Reads what follows the command's name. */
export function readOptions(command: CommandShape, args: readonly string[]): Given {
  const options: Options = { ...command.options, ...COMMON };
  const { values, positionals } = parsed(command, options, args);
  const [argument = '', ...more] = positionals;
  const takes = command.argument !== undefined;
  if (more.length > 0 || (!takes && argument !== ''))
    throw usage(
      `${command.name} takes ${takes ? 'one argument' : 'no argument'}, and was given more. A value with blanks needs quotes: --expires-in '3 months'.`,
    );
  const helps = values.help === true;
  if (takes && argument === '' && !helps && !optional(command))
    throw usage(`${command.name} needs ${command.argument}.`);
  for (const name of helps ? [] : (command.needs ?? []))
    if (values[name] === undefined)
      throw usage(`${command.name} needs --${name} ${options[name]?.value ?? ''}.`);
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    argument,
    flag: (name) => values[name] === true,
    text,
    needed: (name) => text(name) ?? '',
    all: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
    },
  };
}

const optional = ({ argument = '' }: CommandShape): boolean => argument.startsWith('[');

function parsed(command: CommandShape, options: Options, args: readonly string[]) {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { value, many = false, short }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: many,
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  try {
    const read = parseArgs({
      args: [...args],
      options: config,
      strict: true,
      allowPositionals: true,
      tokens: true,
    });
    refuseRepeats(read.tokens, options);
    for (const [name, value] of Object.entries(read.values))
      if (value === '') throw usage(`--${name} is empty.`);
    return read;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Node's own words end with advice that does not fit here.
    const [problem = ''] = error.message.split(/\. |\n/, 1);
    const near = nearest(/'-+([^' =]+)/.exec(problem)?.[1] ?? '', Object.keys(options));
    const hint = near === undefined || !problem.startsWith('Unknown') ? '' : ` Did you mean --${near}?`;
    throw usage(`${command.name}: ${printable(problem).replace(/\.$/, '')}.${hint}`);
  }
}

/** An option that counts once is not given twice: which of the two was meant cannot be known. */
function refuseRepeats(
  tokens: readonly { readonly kind: string; readonly name?: string }[],
  options: Options,
): void {
  const seen = new Set<string>();
  for (const { kind, name = '' } of tokens) {
    if (kind !== 'option' || options[name]?.value === undefined || options[name]?.many) continue;
    if (seen.has(name)) throw usage(`--${name} was given twice.`);
    seen.add(name);
  }
}

/** The word that somebody may have meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const least = Math.min(...known.map((each) => distance(word, each)));
  return least <= Math.max(1, Math.floor(word.length / 3))
    ? known.find((each) => distance(word, each) === least)
    : undefined;
}

/** How many letters have to be changed, put in or taken out. */
function distance(from: string, to: string): number {
  if (from.length > 40) return from.length;
  let row = [...Array(to.length + 1).keys()];
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const swap = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
