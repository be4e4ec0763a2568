// The journal: what was asked and what became of it. It holds no body, no secret, and of headers only those of a short
// list that name no one.

import { printable } from '../text/printable.ts';
import { header, type PlainHeaders } from './plain.ts';
import { type OperationName, operationOf, type ReferenceOperation } from './routes.ts';

/** A request, as the journal keeps it. */
export interface JournalEntry {
  /** Counts from 1. */
  readonly number: number;
  /** By the reference's clock. */
  readonly time: Date;
  /** The call; `null`: no such path, or not with this method. */
  readonly operation: ReferenceOperation | null;
  readonly method: string;
  /** Below `/api/v4`; without the query. */
  readonly path: string;
  /** The id of the key that the request names, if the reference ever made it; its secret may have been wrong. */
  readonly keyId: string | null;
  /** The user, where the request was let in. */
  readonly userId: number | null;
  /** What was answered, or would have been, had a fault not kept the answer. */
  readonly status: number;
  /** Whether something was changed. */
  readonly committed: boolean;
  /** Whether all of the answer, part of it or nothing was handed over. */
  readonly delivered: 'whole' | 'part' | 'nothing';
  /** The faults that struck, such as `reset after-commit`; `null`: none. */
  readonly fault: string | null;
  readonly requestId: string;
  /** The headers `accept`, `content-type` and `user-agent`, where the request had them. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The journal of a reference.
 *
 * @example
 * ```ts
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * await reference.fetch('https://a.blazemeter.com/api/v4/web/version');
 * console.log(reference.journal.count('web.version')); // 1
 * reference.journal.assertNoUnhandled();
 * ```
 */
export interface Journal {
  /** Oldest first. Only the newest are kept: 10,000, or as many as `journalLimit` says. */
  readonly entries: readonly JournalEntry[];
  /** The entries of one call. */
  of(operation: OperationName): readonly JournalEntry[];
  /** How many requests came, all in all or of one call. */
  count(operation?: OperationName): number;
  /** The newest entry, of all or of one call. */
  last(operation?: OperationName): JournalEntry | undefined;
  /** Requests for what the reference does not know: an unknown path, or a method that a path does not have. */
  readonly unhandled: readonly JournalEntry[];
  /** Throws an `Error` that lists the unhandled requests, if there are any. */
  assertNoUnhandled(): void;
  /** Forgets all entries. */
  clear(): void;
}

export interface InnerJournal extends Journal {
  /** The number of the next entry. */
  next(): number;
  add(entry: JournalEntry): void;
}

export const DEFAULT_JOURNAL_LIMIT = 10_000;

/** Nothing that anybody keeps a credential in, and still cut and cleaned. */
const SHOWN_HEADERS = ['accept', 'content-type', 'user-agent'];

/** Values that were cleaned already: a client sends the same few with every request. */
const cleaned = new Map<string, string>();
const MOST_CLEANED = 64;

function clean(value: string): string {
  let shown = cleaned.get(value);
  if (shown === undefined) {
    shown = printable(value);
    if (cleaned.size >= MOST_CLEANED) cleaned.clear();
    // What was cut or hidden may have been a secret: that is not kept.
    if (shown === value) cleaned.set(value, shown);
  }
  return shown;
}

export function shownHeaders(headers: PlainHeaders | undefined): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  for (const name of SHOWN_HEADERS) {
    const value = header(headers, name);
    if (value !== undefined) shown[name] = clean(value);
  }
  return shown;
}

export function createJournal(limit: number = DEFAULT_JOURNAL_LIMIT): InnerJournal {
  let kept: JournalEntry[] = [];
  let number = 0;
  // Cut in batches, so that a full journal costs no more per request than an empty one.
  const slack = Math.max(16, Math.ceil(limit / 4));
  const entries = (): readonly JournalEntry[] => {
    if (kept.length > limit) kept = kept.slice(-limit);
    return kept;
  };
  const of = (name: OperationName): readonly JournalEntry[] => {
    const operation = operationOf(name);
    return entries().filter((entry) => entry.operation === operation);
  };
  const unhandled = (): readonly JournalEntry[] => entries().filter((entry) => entry.operation === null);

  return {
    get entries() {
      return [...entries()];
    },
    of,
    count: (operation) => (operation === undefined ? entries().length : of(operation).length),
    last: (operation) => (operation === undefined ? entries() : of(operation)).at(-1),
    get unhandled() {
      return unhandled();
    },
    assertNoUnhandled() {
      const lost = unhandled();
      if (lost.length === 0) return;
      const lines = lost.map(({ method, path, status }) => `  ${method} ${path} -> ${status}`);
      throw new Error(`The reference was asked for what it does not know:\n${lines.join('\n')}`);
    },
    clear() {
      kept = [];
    },
    next: () => ++number,
    add(entry) {
      kept.push(entry);
      if (kept.length > limit + slack) kept = kept.slice(-limit);
    },
  };
}
