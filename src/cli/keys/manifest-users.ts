// What the reports over a manifest have in common: every entry is looked at, every user that these lead to is asked once, and
// what could not be looked at or asked stands in the report as well.

import type { Owners } from '../../audit/keys.ts';
import { eachBounded } from './bounded.ts';
import type { Context, clientOf } from './context.ts';
import { EXIT, type ExitCode, worst } from './exit-codes.ts';
import {
  entryOf,
  lookAtEntries,
  openManifest,
  type Seen,
  type Unnamed,
  unnamedKeys,
  usersOf,
} from './manifest-entries.ts';
import {
  codeOf,
  type Line,
  linesByOwner,
  linesData,
  summary,
  unnamedData,
  unnamedLines,
} from './manifest-report.ts';
import { type Trouble, troubleOf } from './trouble.ts';

/** What was found out for a user, or why it was not. */
export interface OfUser<Found> {
  readonly userId: number;
  readonly found?: Found;
  readonly trouble?: Trouble;
}

/** A manifest, looked at. */
export interface Looked<Found> {
  readonly seen: readonly Seen[];
  readonly users: readonly OfUser<Found>[];
  readonly unnamed: readonly Unnamed[];
  /** The entries that could not be looked at. */
  readonly broken: readonly Line[];
}

/** What the work for a user is given. */
export interface UserWork {
  readonly client: ReturnType<typeof clientOf>;
  readonly seen: readonly Seen[];
  readonly signal: AbortSignal;
  readonly owners: Owners;
}

/** Looks at every entry, then asks once for each user; `doing` is shown meanwhile. One that fails stops no other. */
export async function eachUser<Found>(
  context: Context,
  doing: string,
  work: (user: UserWork) => Promise<Found>,
): Promise<Looked<Found>> {
  const { terminal, interrupt } = context;
  const signal = interrupt.now;
  const opened = openManifest(context);
  const seen = await lookAtEntries(context, opened);
  signal.throwIfAborted();
  const owners: Owners = (key) => entryOf(seen, key)?.owner;
  const all = [...usersOf(seen)];
  let done = 0;
  const users = await eachBounded(
    all,
    opened.atOnce,
    async ([userId, { client }]): Promise<OfUser<Found>> => {
      try {
        return { userId, found: await work({ client, seen, signal, owners }) };
      } catch (error) {
        return { userId, trouble: troubleOf(interrupt.reason ?? error) };
      } finally {
        done += 1;
        terminal.progress(`${doing} … ${done} of ${all.length} users`);
      }
    },
  );
  const unnamed = await unnamedKeys(context, seen, opened.atOnce);
  signal.throwIfAborted();
  const broken = seen.filter(({ trouble }) => trouble !== undefined).map(lineOf);
  return { seen, users, unnamed, broken };
}

const lineOf = ({ entry, keyId, trouble }: Seen): Line => ({
  entry,
  code: trouble?.exitCode ?? EXIT.done,
  outcome: trouble === undefined ? 'looked at' : 'failed',
  keyId,
  trouble,
});

/** What to end with, where `hasFindings` says whether there is something to act on. */
export const codeOfUsers = ({ broken, unnamed, users }: Looked<unknown>, hasFindings: boolean): ExitCode =>
  worst([
    codeOf(broken, unnamed),
    ...users.map(({ trouble }) => trouble?.exitCode ?? EXIT.done),
    hasFindings ? EXIT.findings : EXIT.done,
  ]);

/** What stands below: entries and users in trouble, and keys that no entry names. `could` completes the sentence. */
export const troubleLines = (
  context: Context,
  { broken, unnamed, users }: Looked<unknown>,
  could: string,
): string[] => [
  ...(broken.length === 0 ? [] : [context.terminal.paint('bold', 'Entries that could not be looked at'), '']),
  ...linesByOwner(context, broken),
  ...unnamedLines(context, unnamed),
  ...users.flatMap(({ userId, trouble }) =>
    trouble === undefined ? [] : [`User ${userId} could not be ${could}: ${trouble.message}`],
  ),
];

/** The same for programs. */
export const troubleData = ({ broken, unnamed }: Looked<unknown>) => ({
  broken: linesData(broken),
  unnamed: unnamedData(unnamed),
});

/** What is said of a user for programs: what was found, in the words of `data`, or the error. */
export const userData = <Found>(
  { userId, found, trouble }: OfUser<Found>,
  data: (found: Found) => object,
) => ({
  userId,
  ...(found === undefined ? {} : data(found)),
  ...(trouble === undefined ? {} : { error: trouble }),
});

/** `40 entries: 37 looked at, 3 failed.` */
export const lookedSummary = ({ seen, unnamed }: Looked<unknown>): string =>
  summary(seen.map(lineOf), unnamed, 'looked at');
