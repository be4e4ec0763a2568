// Log lines: what happened, by allow-list. No header, no body, no query ever reaches a logger.

import { printable } from '../util/printable.ts';

/** Receives log lines. `console` fits, and so do most loggers. */
export interface Logger {
  /** A call failed for good. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A problem that does not fail the call, such as a key file that others can read. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A wait before another attempt, or credentials that were replaced. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Every response and every failed attempt. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** The least severe level that is logged. */
export type LogLevel = 'off' | 'error' | 'warn' | 'info' | 'debug';

const LEVELS: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug'];

/** What a log line may carry. */
export interface LogFields {
  readonly operation?: string | undefined;
  readonly method?: string;
  readonly attempt?: number;
  readonly status?: number;
  readonly requestId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly waitMs?: number;
  readonly durationMs?: number;
  readonly error?: string | undefined;
}

export type Log = (level: Exclude<LogLevel, 'off'>, message: string, fields?: LogFields) => void;

/** Standard error by default, whatever the level: standard output belongs to the program's results. */
const standardError: Logger = (() => {
  const write = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    const details = Object.entries(fields ?? {}).map(([key, value]) => ` ${key}=${String(value)}`);
    console.error(`[blazemeter] ${level}: ${message}${details.join('')}`);
  };
  return { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') };
})();

/** Makes the function that the client logs with. A logger that throws never disturbs a call. */
export function makeLog(logger: Logger = standardError, level: LogLevel = levelFromEnvironment()): Log {
  const least = LEVELS.indexOf(level);
  if (least < 0) throw new TypeError(`logLevel must be one of ${LEVELS.join(', ')}.`);
  return (at, message, fields = {}) => {
    if (LEVELS.indexOf(at) > least) return;
    const shown = Object.fromEntries(
      Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => [key, typeof value === 'string' ? printable(value) : value]),
    );
    try {
      // A logger that returns a promise would end the process with an unhandled rejection.
      const done: unknown = logger[at](message, shown);
      Promise.resolve(done).catch(() => {});
    } catch {
      // The call is worth more than its log line.
    }
  };
}

function levelFromEnvironment(): LogLevel {
  const wanted = globalThis.process?.env?.BLAZEMETER_LOG?.toLowerCase();
  return LEVELS.find((level) => level === wanted) ?? 'warn';
}
