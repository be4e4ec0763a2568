// One report over a manifest, by owner: what became of each entry, and the keys that none of them names.

import { printable, shownId } from '../../text/printable.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode, worst } from './exit-codes.ts';
import type { Entry, Unnamed } from './manifest-entries.ts';
import { expiry, foreign, keyData, plain } from './shown.ts';
import { type Cell, type Column, type Style, table } from './table.ts';
import type { Trouble } from './trouble.ts';

/** What became of one entry. */
export interface Line {
  readonly entry: Entry;
  readonly code: ExitCode;
  /** In a few words. */
  readonly outcome: string;
  readonly keyId?: string | undefined;
  readonly expiresAt?: Date | null | undefined;
  readonly trouble?: Trouble | undefined;
  /** For programs. */
  readonly data?: unknown;
}

const NOBODY = '(no owner)';

/** Groups by owner; those without one come last. */
export function byOwner<Item>(
  items: readonly Item[],
  ownerOf: (item: Item) => string | null,
): [string | null, Item[]][] {
  const groups = new Map<string | null, Item[]>();
  for (const item of items) {
    const owner = ownerOf(item);
    groups.set(owner, [...(groups.get(owner) ?? []), item]);
  }
  return [...groups].sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1));
}

const styleOf = (code: ExitCode): Style =>
  code === EXIT.done ? 'plain' : code === EXIT.findings || code === EXIT.busy ? 'warning' : 'bad';

const COLUMNS: readonly Column[] = [
  { title: 'KEY' },
  { title: 'OUTCOME' },
  { title: 'ID', whole: true, from: 120 },
  { title: 'EXPIRES', whole: true, from: 80 },
];

/** A table for each owner. */
export const ownerTables = <Item>(
  { terminal }: Context,
  items: readonly Item[],
  ownerOf: (item: Item) => string | null,
  columns: readonly Column[],
  row: (item: Item) => Cell[],
): string[] =>
  byOwner(items, ownerOf).flatMap(([owner, group]) => [
    terminal.paint('bold', owner === null ? NOBODY : printable(owner)),
    ...table(columns, group.map(row), terminal.width, terminal.paint),
    '',
  ]);

/** The lines, as tables by owner. */
export function linesByOwner(context: Context, lines: readonly Line[]): string[] {
  const now = Date.now();
  const row = ({ entry, code, outcome, keyId, expiresAt, trouble }: Line): Cell[] => [
    foreign(entry.name, styleOf(code)),
    plain(trouble === undefined ? outcome : `${outcome}: ${oneLine(trouble.message)}`),
    plain(keyId === undefined ? '-' : shownId(keyId)),
    expiresAt === undefined ? plain('-') : expiry(expiresAt, now),
  ];
  return ownerTables(context, lines, ({ entry }) => entry.owner, COLUMNS, row);
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');

const UNNAMED: readonly Column[] = [
  { title: 'ID', whole: true },
  { title: 'NAME' },
  { title: 'USER', whole: true },
  { title: 'EXPIRES', whole: true, from: 100 },
];

/** The keys that no entry names, as a table. */
export function unnamedLines({ terminal }: Context, unnamed: readonly Unnamed[]): string[] {
  if (unnamed.length === 0) return [];
  const now = Date.now();
  const rows = unnamed.map(({ key, userId }) => [
    plain(shownId(key.id)),
    foreign(key.name),
    plain(String(userId)),
    expiry(key.expiresAt, now),
  ]);
  return [
    terminal.paint('bold', 'Keys of these users that no entry names'),
    ...table(UNNAMED, rows, terminal.width, terminal.paint),
    '',
  ];
}

/** The same for programs. */
export const linesData = (lines: readonly Line[]) =>
  byOwner(lines, ({ entry }) => entry.owner).map(([owner, group]) => ({
    owner,
    exitCode: worst(group.map(({ code }) => code)),
    keys: group.map(({ entry, code, outcome, keyId, expiresAt, trouble, data }) => ({
      name: entry.name,
      exitCode: code,
      outcome,
      keyId: keyId ?? null,
      expiresAt: expiresAt ?? null,
      ...(trouble === undefined ? {} : { error: trouble }),
      ...(data === undefined ? {} : { report: data }),
    })),
  }));

export const unnamedData = (unnamed: readonly Unnamed[]) =>
  unnamed.map(({ key, rotated }) => ({ ...keyData(key), madeByRotation: rotated }));

/** `40 keys: 37 well, 3 in trouble.` */
export function summary(lines: readonly Line[], unnamed: readonly Unnamed[], what: string): string {
  const failed = lines.filter(({ trouble }) => trouble !== undefined).length;
  const look = lines.filter(({ code, trouble }) => trouble === undefined && code !== EXIT.done).length;
  const parts = [
    `${lines.length - failed - look} ${what}`,
    ...(look === 0 ? [] : [`${look} to look at`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ];
  const more = unnamed.length === 0 ? '' : ` ${count(unnamed.length, 'key', 'keys')} that no entry names.`;
  return `${count(lines.length, 'entry', 'entries')}: ${parts.join(', ')}.${more}`;
}

export const count = (number: number, one: string, many: string): string =>
  `${number} ${number === 1 ? one : many}`;

/** What to end with: the worst of the entries, and findings where a key is named by none. */
export const codeOf = (lines: readonly Line[], unnamed: readonly Unnamed[]): ExitCode =>
  worst([...lines.map(({ code }) => code), unnamed.length > 0 ? EXIT.findings : EXIT.done]);
