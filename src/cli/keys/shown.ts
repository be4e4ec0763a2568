// How things of the API are shown to people, and which of their fields programs get. Nothing from outside is shown that has
// not passed `printable`.

import type { MaximumExpiration } from '../../api/expiration.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { printable, shownId } from '../../util/printable.ts';
import type { Cell, Style } from './table.ts';

const DAY_MS = 86_400_000;
/** Below this many days an expiry is worth a colour. */
const SOON_DAYS = 14;

export const plain = (text: string, style: Style = 'plain'): Cell => ({ text, style });

/** A text from outside. */
export const foreign = (text: string | null | undefined, style: Style = 'plain'): Cell =>
  plain(text === null || text === undefined || text === '' ? '-' : printable(text), style);

export const day = (date: Date | null): string => date?.toISOString().slice(0, 10) ?? '-';

/** To the minute: what people plan by. */
export const minute = (date: Date | null): string =>
  date === null ? '-' : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** An expiry, and how far it is. */
export function expiry(expiresAt: Date | null, now: number): Cell {
  if (expiresAt === null) return plain('not told', 'warning');
  const days = Math.floor((expiresAt.getTime() - now) / DAY_MS);
  if (expiresAt.getTime() <= now) return plain(`${day(expiresAt)} (ran out)`, 'bad');
  return plain(`${day(expiresAt)} (${days} d)`, days < SOON_DAYS ? 'warning' : 'plain');
}

/** An account's maximum in words. */
export const maximumText = (maximum: MaximumExpiration): string =>
  typeof maximum === 'object' ? `${maximum.days} days` : maximum;

/** The table of keys. */
export const KEY_COLUMNS: readonly string[] = ['ID', 'NAME', 'CREATED', 'EXPIRES', 'LAST USED'];

export const keyRow = (key: ApiKey, now: number, inUse: string | undefined): Cell[] => [
  plain(shownId(key.id), expiry(key.expiresAt, now).style),
  foreign(key.id === inUse ? `${printable(key.name)} (this key)` : key.name),
  plain(day(key.createdAt)),
  expiry(key.expiresAt, now),
  plain(day(key.lastUsedAt)),
];

/** The fields of a key. */
export const keyFields = (key: ApiKey, now: number): [string, Cell][] => [
  ['Key', plain(shownId(key.id))],
  ['Name', foreign(key.name)],
  ['Expires', expiry(key.expiresAt, now)],
];

/** What programs get of a key. */
export const keyData = ({ id, name, userId, createdAt, updatedAt, expiresAt, lastUsedAt }: ApiKey) => ({
  id,
  name,
  userId,
  createdAt,
  updatedAt,
  expiresAt,
  lastUsedAt,
});

/** A word for a POSIX shell. */
export const shellWord = (word: string): string =>
  /^[\w./:=@%+,-]+$/.test(word) ? word : `'${printable(word, 1_000).replaceAll("'", String.raw`'\''`)}'`;
