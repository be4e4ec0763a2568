// The journal: what was asked and what became of it. It holds no body, no secret, and of headers only those of a short
// list that name no one.

import { printable } from '../util/printable.ts';
import { requestIdOf } from './envelope.ts';
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
  /** Whether it was signed with a pair that the reference did not make and that may be a live one. */
  readonly looksReal: boolean;
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

/**
 * What is kept of a request. Ten thousand of them outlive many collections of garbage, so a row holds no object of its
 * own and no text that can be made again; an entry is made of it when somebody looks.
 */
export interface JournalRow extends Omit<JournalEntry, 'time' | 'requestId'> {
  readonly ms: number;
}

export interface InnerJournal extends Journal {
  add(row: JournalRow): void;
}

function entryOf({ ms, ...row }: JournalRow): JournalEntry {
  return { ...row, time: new Date(ms), requestId: requestIdOf(ms, row.number) };
}

export const DEFAULT_JOURNAL_LIMIT = 10_000;

/** Nothing that anybody keeps a credential in, and still cut and cleaned. */
const SHOWN_HEADERS = ['accept', 'content-type', 'user-agent'];

export function shownHeaders(headers: PlainHeaders | undefined): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  for (const name of SHOWN_HEADERS) {
    const value = header(headers, name);
    if (value !== undefined) shown[name] = printable(value);
  }
  return shown;
}

export function createJournal(limit: number = DEFAULT_JOURNAL_LIMIT): InnerJournal {
  let kept: JournalRow[] = [];
  // Cut in batches, so that a full journal costs no more per request than an empty one.
  const slack = Math.max(16, Math.ceil(limit / 4));
  const rows = (name?: OperationName): readonly JournalRow[] => {
    if (kept.length > limit) kept = kept.slice(-limit);
    const operation = name === undefined ? undefined : operationOf(name);
    return operation === undefined ? kept : kept.filter((row) => row.operation === operation);
  };
  const unhandled = (): readonly JournalEntry[] =>
    rows()
      .filter((row) => row.operation === null)
      .map(entryOf);

  return {
    get entries() {
      return rows().map(entryOf);
    },
    of: (name) => rows(name).map(entryOf),
    count: (name) => rows(name).length,
    last(name) {
      const row = rows(name).at(-1);
      return row === undefined ? undefined : entryOf(row);
    },
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
    add(row) {
      kept.push(row);
      if (kept.length > limit + slack) kept = kept.slice(-limit);
    },
  };
}
