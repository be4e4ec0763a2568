// Where the command writes: results to standard output, everything else to standard error, with --json as one document and
// as one object a line. Text becomes harmless here and nowhere else, at the moment of writing.

import Table from 'cli-table3';
import { createColors } from 'picocolors';
import { harmless, printable, safeJson } from '../../util/printable.ts';

/** What is used of a stream. `process.stdout` is one. */
export interface Stream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string, done?: (error?: Error | null) => void): boolean;
}

export type Style = 'dim' | 'bold' | 'yellow' | 'red';

/** Text of a table, alone or with a style. */
export type Cell = string | { readonly text: string; readonly style?: Style | undefined };

export interface OutputOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

const NAME = 'blazemeter-keys';
const NO_BORDERS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', middle: '' },
  ...{ 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '' },
  'right-mid': '',
};

export class Output {
  readonly json: boolean;
  /** In characters: of the terminal, or COLUMNS, or 80. */
  readonly width: number;
  /** Why standard output could not be written, such as `ENOSPC`. */
  failure: string | undefined;
  readonly #out: Stream;
  readonly #err: Stream;
  readonly #quiet: boolean;
  readonly #colors: ReturnType<typeof createColors>;
  #progress = false;

  constructor({ stdout, stderr, env, json, quiet, color }: OutputOptions) {
    this.json = json;
    this.#out = stdout;
    this.#err = stderr;
    this.#quiet = quiet;
    // https://no-color.org: set to anything but nothing.
    this.#colors = createColors(color && !env.NO_COLOR && env.TERM !== 'dumb' && stdout.isTTY === true);
    this.width = Number(stdout.isTTY ? stdout.columns : env.COLUMNS) || 80;
  }

  /** Lines of the result. Resolves with whether they were written. */
  lines(lines: readonly string[]): Promise<boolean> {
    return this.#write(`${lines.map(harmless).join('\n')}\n`);
  }

  /** The result for programs. */
  document(value: unknown): Promise<boolean> {
    return this.#write(`${safeJson(value, 2)}\n`);
  }

  /** A table without borders; lines that are too long are left to the terminal. */
  table(head: readonly string[], rows: readonly (readonly Cell[])[]): Promise<boolean> {
    return this.#write(`${this.#table(head, rows).join('\n')}\n`);
  }

  /** Names and values, one a line. */
  fields(pairs: readonly (readonly [string, Cell])[]): Promise<boolean> {
    return this.table(
      [],
      pairs.map(([name, value]) => [{ text: name, style: 'dim' }, value]),
    );
  }

  /** Something to know besides the result. Not shown with --quiet. */
  note(text: string): void {
    if (!this.#quiet) this.#say('note', text);
  }

  warn(text: string): void {
    this.#say('warning', text);
  }

  /** Why it did not work, and what to do. */
  problem(text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#say('error', text, fields);
  }

  /** What to do next, shown with --quiet too. */
  next(text: string): void {
    this.#say('note', text);
  }

  /** A line of the client's log. */
  log(level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const details = Object.entries(fields).map(([key, value]) => ` ${key}=${printable(value)}`);
    this.#say(level, this.json ? message : `${message}${details.join('')}`, fields);
  }

  /** What is being done now: one line that the next one replaces, on a terminal only. */
  progress(text: string): void {
    if (this.#quiet || this.json || this.#err.isTTY !== true) return;
    this.#progress = true;
    this.#err.write(`\r${harmless(text).slice(0, (this.#err.columns ?? this.width) - 1)}\u001b[K`);
  }

  /** Removes the line of progress. */
  clear(): void {
    if (this.#progress) this.#err.write('\r\u001b[K');
    this.#progress = false;
  }

  /** A question, after which the cursor stays in its line. */
  ask(question: string): void {
    this.clear();
    this.#err.write(`${harmless(question)} `);
  }

  #table(head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
    const style = { 'padding-left': 0, 'padding-right': 2, head: [], border: [] };
    const table = new Table({ chars: NO_BORDERS, style, head: [...head] });
    const shown = (cell: Cell): string => {
      const { text, style: look } = typeof cell === 'string' ? { text: cell, style: undefined } : cell;
      return look === undefined ? harmless(text) : this.#colors[look](harmless(text));
    };
    table.push(...rows.map((row) => row.map(shown)));
    return table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd());
  }

  #write(text: string): Promise<boolean> {
    this.clear();
    return new Promise((resolve) => {
      const done = (error?: Error | null) => {
        if (error) this.failure = 'code' in error ? String(error.code) : 'failed';
        resolve(!error);
      };
      try {
        this.#out.write(text, done);
      } catch (error) {
        done(error instanceof Error ? error : new Error('write'));
      }
    });
  }

  #say(level: string, text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.clear();
    const mark = level === 'note' ? '' : `${level}: `;
    const lines = this.json
      ? [safeJson({ level, message: text, ...fields })]
      : text.split('\n').map((line, at) => `${at === 0 ? `${NAME}: ${mark}` : '  '}${harmless(line)}`);
    try {
      this.#err.write(`${lines.join('\n')}\n`);
    } catch {
      // Without a reader: no reason to leave work half done.
    }
  }
}
