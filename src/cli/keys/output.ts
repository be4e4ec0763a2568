// Where the command writes: results to standard output, everything else to standard error, with --json as one document and
// as one object a line. Text becomes harmless here and nowhere else, at the moment of writing.

import Table from 'cli-table3';
import { createColors } from 'picocolors';
import { harmless, printable, safeJson } from '../../util/printable.ts';
import { codeOf } from '../files.ts';
import { widthOf } from '../standard-output.ts';

/** What is used of a stream. `process.stdout` is one. */
export interface Stream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string, done?: (error?: Error | null) => void): boolean;
}

/** Text of a table, alone or with a style. */
export type Cell =
  | string
  | { readonly text: string; readonly style?: 'dim' | 'bold' | 'yellow' | 'red' | undefined };

export interface OutputOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

/** A name and a value. */
export type Field = readonly [string, Cell | undefined];

type Fields = Readonly<Record<string, unknown>>;

const BORDERS = ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
  ['', '-mid', '-left', '-right'].map((end) => [`${side}${end}`, '']),
);
const NO_BORDERS = { ...Object.fromEntries(BORDERS), middle: '' };

export type Output = ReturnType<typeof createOutput>;

export function createOutput({ stdout, stderr, env, json, quiet, color }: OutputOptions) {
  // https://no-color.org: set to anything but nothing.
  const colors = createColors(color && !env.NO_COLOR && env.TERM !== 'dumb' && stdout.isTTY === true);
  const width = widthOf(stdout, env);
  let inProgress = false;
  let failure: string | undefined;

  /** Removes the line of progress. */
  function clear(): void {
    if (inProgress) stderr.write('\r\u001b[K');
    inProgress = false;
  }

  /** Resolves with whether it was written. */
  function write(text: string): Promise<boolean> {
    clear();
    return new Promise((resolve) => {
      stdout.write(`${text}\n`, (error) => {
        if (error) failure = codeOf(error) || 'failed';
        resolve(!error);
      });
    });
  }

  function table(
    head: readonly string[],
    rows: readonly (readonly Cell[])[],
    colWidths: readonly (number | null)[] = [],
  ): Promise<boolean> {
    const style = { 'padding-left': 0, 'padding-right': 2, head: [], border: [] };
    const layout = new Table({ chars: NO_BORDERS, style, head: [...head], colWidths: [...colWidths] });
    const shown = (cell: Cell): string => {
      const { text, style: look } = typeof cell === 'string' ? { text: cell, style: undefined } : cell;
      return look === undefined ? harmless(text) : colors[look](harmless(text));
    };
    layout.push(...rows.map((row) => row.map(shown)));
    const lines = layout.toString().split('\n');
    return write(lines.map((line) => line.trimEnd()).join('\n'));
  }

  const document = (value: unknown) => write(safeJson(value, 2));

  function say(level: string, text: string, fields: Fields = {}): void {
    clear();
    const mark = level === 'note' ? '' : `${level}: `;
    const lines = json
      ? [safeJson({ level, message: text, ...fields })]
      : text
          .split('\n')
          .map((line, at) => `${at === 0 ? `blazemeter-keys: ${mark}` : '  '}${harmless(line)}`);
    stderr.write(`${lines.join('\n')}\n`);
  }

  return {
    json,
    width,
    /** Of the terminal, in characters; a pipe or a file has no limit. */
    lineWidth: stdout.isTTY ? width : Number.POSITIVE_INFINITY,
    /** Why standard output could not be written, such as `ENOSPC`. */
    failure: () => failure,
    /** Lines of the result. */
    lines: (lines: readonly string[]) => write(lines.map(harmless).join('\n')),
    /** The result for programs. */
    document,
    /** A table without borders. Columns have the width of their text, or the one that is given, which cuts it; longer lines are left to the terminal. */
    table,
    /** A result: a document for programs; for people names and values, one a line, without those that have none. */
    result: (value: unknown, fields: readonly Field[]) =>
      json
        ? document(value)
        : table(
            [],
            fields.flatMap(([name, cell]) =>
              cell === undefined ? [] : [[{ text: name, style: 'dim' }, cell]],
            ),
          ),
    /** A message. Its fields are for programs. */
    say,
    /** Something to know besides the result. Not shown with --quiet. */
    note(text: string): void {
      if (!quiet) say('note', text);
    },
    /** A line of the client's log. */
    log(level: string, message: string, fields: Fields = {}): void {
      const details = Object.entries(fields).map(([key, value]) => ` ${key}=${printable(value)}`);
      say(level, json ? message : `${message}${details.join('')}`, fields);
    },
    /** What is being done now: one line that the next one replaces, on a terminal only. */
    progress(text: string): void {
      if (quiet || json || stderr.isTTY !== true) return;
      inProgress = true;
      stderr.write(`\r${text.slice(0, (stderr.columns ?? width) - 1)}\u001b[K`);
    },
    clear,
    /** A question, after which the cursor stays in its line. */
    ask(question: string): void {
      clear();
      stderr.write(`${harmless(question)} `);
    },
  };
}
