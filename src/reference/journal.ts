// The journal: the requests and their outcome. It holds no body, no secret, and of the headers only a few that identify
// no person.

import { printable } from '../util/printable.ts';
import { requestIdOf } from './envelope.ts';
import { header, type PlainHeaders } from './plain.ts';
import { type OperationName, operationOf, type ReferenceOperation, type RouteKey } from './routes.ts';

/** A request, as the journal keeps it. */
export interface JournalEntry {
  /** Counts from 1. */
  readonly number: number;
  /** By the reference's clock. */
  readonly time: Date;
  /** `null`: no such path, or not with this method. A route of your own has its method and path as its name. */
  readonly operation: ReferenceOperation | RouteKey | null;
  readonly method: string;
  /** Below `/api/v4`; without the query. */
  readonly path: string;
  /** The id of the key in the request, if the reference created it; the secret may have been wrong. */
  readonly keyId: string | null;
  /** The user, where the request was authenticated. */
  readonly userId: number | null;
  /** Whether it was signed with credentials that the reference did not create and that may be live ones. */
  readonly looksReal: boolean;
  /** The status of the response, also where a fault kept the response back. */
  readonly status: number;
  /** Whether something was changed. */
  readonly committed: boolean;
  /** Whether all of the response, part of it or nothing was delivered. */
  readonly delivered: 'whole' | 'part' | 'nothing';
  /** The faults that were applied, such as `reset after-commit`; `null`: none. */
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
  /** The entries of one operation. */
  of(operation: OperationName): readonly JournalEntry[];
  /** The number of entries, of all operations or of one. */
  count(operation?: OperationName): number;
  /** The newest entry, of all operations or of one. */
  last(operation?: OperationName): JournalEntry | undefined;
  /** Requests for what the reference does not know: an unknown path, or a method that a path does not have. */
  readonly unhandled: readonly JournalEntry[];
  /** Throws an `Error` that lists the unhandled requests, if there are any. */
  assertNoUnhandled(): void;
  /** Removes all entries. */
  clear(): void;
}

/**
 * What is kept of a request. Ten thousand of them survive many garbage collections, so a record holds nothing that can be
 * computed again; an entry is built from it on demand.
 */
export interface JournalRecord extends Omit<JournalEntry, 'time' | 'requestId'> {
  readonly ms: number;
}

export interface InnerJournal extends Journal {
  add(record: JournalRecord): void;
}

function entryOf({ ms, ...record }: JournalRecord): JournalEntry {
  return { ...record, time: new Date(ms), requestId: requestIdOf(ms, record.number) };
}

export const DEFAULT_JOURNAL_LIMIT = 10_000;

/** None of them holds a credential; their values are shortened and escaped all the same. */
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
  let kept: JournalRecord[] = [];
  // Cut in batches, so that a full journal costs no more per request than an empty one.
  const slack = Math.max(16, Math.ceil(limit / 4));
  const records = (name?: OperationName): readonly JournalRecord[] => {
    if (kept.length > limit) kept = kept.slice(-limit);
    const operation = name === undefined ? undefined : operationOf(name);
    return operation === undefined ? kept : kept.filter((record) => record.operation === operation);
  };
  const unhandled = (): readonly JournalEntry[] =>
    records()
      .filter((record) => record.operation === null)
      .map(entryOf);

  return {
    get entries() {
      return records().map(entryOf);
    },
    of: (name) => records(name).map(entryOf),
    count: (name) => records(name).length,
    last(name) {
      const record = records(name).at(-1);
      return record === undefined ? undefined : entryOf(record);
    },
    get unhandled() {
      return unhandled();
    },
    assertNoUnhandled() {
      const lost = unhandled();
      if (lost.length === 0) return;
      const lines = lost.map(({ method, path, status }) => `  ${method} ${path} -> ${status}`);
      throw new Error(`The reference received requests that it has no route for:\n${lines.join('\n')}`);
    },
    clear() {
      kept = [];
    },
    add(record) {
      kept.push(record);
      if (kept.length > limit + slack) kept = kept.slice(-limit);
    },
  };
}
