// What --help prints.

import type { Command } from './command.ts';
import { COMMON, type Options } from './command-line.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';

const NAME = 'blazemeter-keys';
const LABEL = 30;

const EXIT_CODES = ['Exit codes', ...EXIT_MEANINGS.map(([code, meaning]) => `  ${code}  ${meaning}`)];

/** Breaks text into lines, between words. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** A label, and what it means, in two columns. */
function row(label: string, meaning: string, width: number): string[] {
  const room = Math.max(20, width - LABEL - 2);
  const lines = wrap(meaning, room);
  const first = `  ${label}`;
  const fits = first.length + 2 <= LABEL + 2;
  return [
    ...(fits ? [] : [first]),
    ...lines.map((line, at) => `${(at === 0 && fits ? first : '').padEnd(LABEL + 2)}${line}`),
  ];
}

const optionRows = (options: Options, width: number): string[] =>
  Object.entries(options).flatMap(([name, { value, short, help }]) =>
    row(
      `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
      help,
      width,
    ),
  );

/** Of the whole command. */
export function overview(commands: readonly Command[], width: number): string[] {
  return [
    `Usage: npx --package=blazemeter-client ${NAME} <command> [options]`,
    '',
    ...wrap(
      'Your BlazeMeter API keys: made, listed, rotated and looked after. Most of these calls are assumed, since no public source shows them; the guide says which.',
      width,
    ),
    '',
    'Commands',
    ...commands.flatMap(({ name, argument, summary }) =>
      row(`${name}${argument === undefined ? '' : ` ${argument}`}`, summary, width),
    ),
    '',
    'Options of every command',
    ...optionRows({ ...COMMON, version: { help: 'the version' } }, width),
    '',
    ...EXIT_CODES.flatMap((line) => wrapIndented(line, width)),
    '',
    `${NAME} <command> --help says more.`,
  ];
}

/** Of one command. */
export function explanation(command: Command, width: number): string[] {
  const { name, argument, summary, about = [], options, needs = [] } = command;
  const required = needs.map((option) => ` --${option} ${options[option]?.value ?? ''}`);
  return [
    `Usage: ${NAME} ${name}${argument === undefined ? '' : ` ${argument}`}${required.join('')} [options]`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(about.length === 0 ? [] : ['', ...wrap(about.join(' '), width)]),
    ...(Object.keys(options).length === 0 ? [] : ['', 'Options', ...optionRows(options, width)]),
    '',
    'Options of every command',
    ...optionRows(COMMON, width),
    '',
    ...EXIT_CODES.flatMap((line) => wrapIndented(line, width)),
  ];
}

const wrapIndented = (line: string, width: number): string[] => {
  const [, mark = '', text = line] = /^( {2}\d {2})(.*)$/.exec(line) ?? [];
  return wrap(text, width - mark.length).map(
    (each, at) => (at === 0 ? mark : ' '.repeat(mark.length)) + each,
  );
};
