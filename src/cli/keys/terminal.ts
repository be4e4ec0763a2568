// Where the command speaks: results on standard output, everything else on standard error. With --json each of both is for
// programs: one document on the first, one object a line on the second.

import { printable } from '../../util/printable.ts';
import { safeJson } from './safe-json.ts';
import type { Paint, Style } from './table.ts';

/** What is used of a stream. `process.stdout` is one. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string, done?: (error?: Error | null) => void): boolean;
}

export interface TerminalOptions {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

const NAME = 'blazemeter-keys';
const DEFAULT_WIDTH = 80;
const NARROWEST = 20;
const CODES: Readonly<Record<Style, readonly [number, number] | undefined>> = {
  plain: undefined,
  dim: [2, 22],
  bold: [1, 22],
  good: [32, 39],
  warning: [33, 39],
  bad: [31, 39],
};

export class Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  /** In characters: of the terminal, or COLUMNS, or 80. */
  readonly width: number;
  readonly #out: Output;
  readonly #err: Output;
  readonly #color: boolean;
  #closed = false;
  #progress = '';

  constructor({ stdout, stderr, env, json, quiet, color }: TerminalOptions) {
    this.json = json;
    this.quiet = quiet;
    this.#out = stdout;
    this.#err = stderr;
    // https://no-color.org: set to anything but nothing.
    const wanted = color && !env.NO_COLOR && env.TERM !== 'dumb';
    this.#color = wanted && stdout.isTTY === true;
    const columns = stdout.isTTY === true && stdout.columns ? stdout.columns : Number(env.COLUMNS);
    this.width = Number.isInteger(columns) && columns >= NARROWEST ? columns : DEFAULT_WIDTH;
  }

  /** Whether results may be coloured. */
  get color(): boolean {
    return this.#color;
  }

  /** Colours a piece of a result, where that is wanted. */
  readonly paint: Paint = (style, text) => {
    const [on, off] = CODES[style] ?? [];
    return !this.#color || on === undefined || text.trim() === ''
      ? text
      : `\u001b[${on}m${text}\u001b[${off}m`;
  };

  /** Lines of the result. Resolves with whether somebody has taken them: who reads a pipe may stop. */
  result(lines: readonly string[]): Promise<boolean> {
    return this.raw(`${lines.join('\n')}\n`);
  }

  /** The result for programs. */
  document(value: unknown): Promise<boolean> {
    return this.raw(`${safeJson(value, 2)}\n`);
  }

  /** A result that is whole as it is. */
  raw(text: string): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    this.clear();
    return new Promise((resolve) => {
      const done = (error?: Error | null) => {
        if (error) this.#closed = true;
        resolve(!error);
      };
      try {
        this.#out.write(text, done);
      } catch (error) {
        done(error instanceof Error ? error : new Error('write'));
      }
    });
  }

  /** Something to know besides the result. Not shown with --quiet. */
  note(text: string): void {
    if (!this.quiet) this.#say('note', text);
  }

  /** What to do next. Shown with --quiet, too. */
  hint(text: string): void {
    this.#say('note', text);
  }

  /** Something to look at. */
  warn(text: string): void {
    this.#say('warning', text);
  }

  /** Why it did not work. */
  problem(text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#say('error', text, fields);
  }

  /** Lines to read besides the result, such as a plan; shown with --quiet, too. */
  aside(text: string): void {
    for (const line of text.trimEnd().split('\n')) this.#line(line);
  }

  /** A line of the client's log. */
  log(level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const shown = Object.entries(fields).map(([key, value]) => ` ${key}=${printable(value)}`);
    if (this.json) this.#line(safeJson({ level, message, ...fields }));
    else this.#line(`${NAME}: ${level}: ${message}${shown.join('')}`);
  }

  /** What is being done now: one line that the next one replaces, on a terminal alone. */
  progress(text: string): void {
    if (this.quiet || this.json || this.#err.isTTY !== true) return;
    const room = (this.#err.columns ?? this.width) - 1;
    this.#progress = [...text].slice(0, room).join('');
    this.#err.write(`\r${this.#progress}\u001b[K`);
  }

  /** Takes the progress line away. */
  clear(): void {
    if (this.#progress === '') return;
    this.#progress = '';
    this.#err.write('\r\u001b[K');
  }

  #say(
    level: 'note' | 'warning' | 'error',
    text: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    if (this.json) this.#line(safeJson({ level, message: text, ...fields }));
    else {
      const mark = level === 'note' ? '' : `${level}: `;
      for (const [at, line] of text.split('\n').entries())
        this.#line(at === 0 ? `${NAME}: ${mark}${line}` : `  ${line}`);
    }
  }

  #line(text: string): void {
    this.clear();
    try {
      this.#err.write(`${text}\n`);
    } catch {
      // Nobody listens: that is no reason to leave work half done.
    }
  }
}
