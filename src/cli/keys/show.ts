// How things of the API are shown to people, and which of their fields programs get.

import type { ApiKey, MaximumExpiration } from '../../index.ts';
import { daysLeft } from '../../util/duration.ts';
import { printable } from '../../util/printable.ts';
import type { Cell, Field } from './output.ts';

/** The command as it was started, so that what help and hints show can be typed as it stands. */
export const NAME = /\bblazemeter-client$/.test(process.argv[1] ?? '')
  ? 'npx blazemeter-client'
  : 'blazemeter-keys';

/** Below this many days an expiry is worth a colour. */
const SOON_DAYS = 14;

/** Text of the service: without what looks like a token, and cut. */
export const foreign = (text: string | null | undefined): string => printable(text) || '-';

export const day = (date: Date | null): string => date?.toISOString().slice(0, 10) ?? '-';

/** To the minute: what people plan by. */
export const minute = (date: Date | null): string =>
  date === null ? '-' : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** An expiry, and how far it is from `now`. */
export function expiry(expiresAt: Date | null, now: number): Exclude<Cell, string> {
  if (expiresAt === null) return { text: 'unknown', style: 'yellow' };
  const left = expiresAt.getTime() - now;
  if (left <= 0) return { text: `${day(expiresAt)} (expired)`, style: 'red' };
  const days = daysLeft(left);
  return { text: `${day(expiresAt)} (${days} d)`, style: days < SOON_DAYS ? 'yellow' : undefined };
}

export const maximumText = (maximum: MaximumExpiration): string =>
  typeof maximum === 'object' ? `${maximum.days} days` : maximum;

/** A key in a sentence. */
export const keyText = ({ id, name }: Pick<ApiKey, 'id' | 'name'>): string =>
  `${printable(id)} (${printable(name)})`;

/** A key, one field a line. */
export const keyFields = (key: ApiKey, now: number): Field[] => [
  ['Key', foreign(key.id)],
  ['Name', foreign(key.name)],
  ['Expires', expiry(key.expiresAt, now)],
];

/** What programs get of a key. */
export const keyData = ({ extra, ...known }: ApiKey) => known;

/** A word for a POSIX shell. */
export const shellWord = (word: string): string =>
  /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
