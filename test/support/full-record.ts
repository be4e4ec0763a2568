// The text of a record that has all that a record may have, and that text with one field changed.
import { madeUp } from './credentials.ts';

export const AT = '2026-11-23T04:15:45.000Z';
export const pair = madeUp('record current');
export const next = madeUp('record pending');
export const old = madeUp('record previous');

const key = ({ id, secret }: typeof pair, name: string | null = 'ci') => ({
  id,
  secret,
  name,
  createdAt: AT,
  expiresAt: AT,
});

/** A record with all that a record may have. */
export const full = {
  version: 1,
  id: 'k3v9m2xq7a',
  name: 'ci',
  epoch: 3,
  stamp: 'abcdefghijkmnpqr',
  phase: 'idle',
  current: key(pair),
  previous: key(old, null),
  pending: {
    way: 'create',
    signer: 'current',
    reason: 'expiry',
    nonce: 'abcdefghijkmnpqr',
    name: 'ci.k3v9m2xq7a.e4.abcdefghijkmnpqr',
    epoch: 4,
    preparedAt: AT,
    days: 90,
    drainMs: 86_400_000,
    leakedSince: AT,
    key: key(next, ''),
  },
  promotion: { reason: 'leak', promotedAt: AT, drainMs: 0, drainUntil: AT, leakedSince: AT },
  sinks: [
    { name: 'file', keyId: pair.id, epoch: 3 },
    { name: 'ci secret', keyId: null, epoch: null },
  ],
  retire: [
    { id: old.id, name: 'ci', secret: old.secret },
    { id: next.id, name: null, secret: null },
  ],
  lease: { owner: 'somebody', until: AT },
};
export const text = `${JSON.stringify(full, null, 2)}\n`;

/** The text with one field changed, or without it where the value is undefined. */
export function changed(path: string, value: unknown, from = text): string {
  const document: unknown = JSON.parse(from);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at: object = Object(document);
  for (const step of keys) at = Object(Reflect.get(at, step));
  if (value === undefined) Reflect.deleteProperty(at, last);
  else Reflect.set(at, last, value);
  return JSON.stringify(document);
}
