// What became of a create whose response was lost. Nothing is claimed that is not known: names may be trimmed, cut or folded
// by the service, and clocks may be those of a cache or a proxy.

import { SLACK_MS } from '../api/expiration.ts';
import type { Resolution, ResolveOptions } from '../errors.ts';
import { runCall } from '../http/call.ts';
import type { Moment } from '../http/server-clock.ts';
import type { ApiKey } from '../schemas/api-key.ts';
import type { ClientContext } from './context.ts';
import { listKeys } from './list-keys.ts';
import { regenerateKey } from './regenerate-secret.ts';

/** A list may lag behind a write: it is read again, after this pause in milliseconds, before it is believed. */
const SECOND_LOOK = 500;

interface Attempted {
  readonly name: string;
  readonly sentAt: Moment | undefined;
}

export const resolveCreate = (
  context: ClientContext,
  { name, sentAt: moment }: Attempted,
  { regenerate = false, signal }: ResolveOptions,
): Promise<Resolution> =>
  runCall(context, 'apiKeys.list', { signal }, async (deadline) => {
    const options = { signal: deadline.signal };
    let keys = await listKeys(context, {}, options).toArray();
    const { clock } = context;
    const sentAt = moment === undefined ? undefined : clock.timeOf(moment);
    const unused = () => keys.filter((key) => key.lastUsedAt === null);
    // Keys carry whole seconds.
    const earliest = Math.floor((sentAt ?? Number.POSITIVE_INFINITY) / 1000) * 1000;
    const ours = () => keys.filter((key) => key.name === name && key.createdAt.getTime() >= earliest);
    if (ours().length === 0) {
      await deadline.sleep(SECOND_LOOK);
      keys = await listKeys(context, {}, options).toArray();
    }
    const unknown = (reason: string, candidates: readonly ApiKey[]): Resolution => ({
      outcome: 'unknown',
      reason,
      candidates,
    });
    if (sentAt === undefined) {
      return unknown(
        'The server time of the request is not known (no usable Date header), so keys created before it cannot be told from keys created by it.',
        unused(),
      );
    }
    // Since the request, an unused key of any name may be ours. Shortly before it, one of a name like ours: keys may be dated
    // by another clock than responses.
    const candidates = keys.filter(({ createdAt, lastUsedAt, name: other }) => {
      const alike = lastUsedAt === null ? mayBeSame(other, name) : other === name;
      const since = alike ? sentAt - SLACK_MS : earliest;
      return (alike || lastUsedAt === null) && createdAt.getTime() >= since;
    });
    if (!clock.consistent) {
      return unknown(
        'Responses were dated by different clocks (a cache or a proxy), so when a key was created cannot be compared with the time of the request.',
        candidates,
      );
    }
    const [apiKey, ...others] = ours();
    if (apiKey === undefined) {
      return candidates.length === 0
        ? { outcome: 'not-committed' }
        : unknown(
            'There is no unused key of exactly that name, but there are unused keys from about that time: the service may have changed the name, or date keys by another clock.',
            candidates,
          );
    }
    if (others.length > 0) {
      return unknown(
        'Several keys of that name were created since the request was sent: which of them this call created cannot be told.',
        candidates,
      );
    }
    if (apiKey.lastUsedAt !== null) {
      return unknown(
        'A key of that name was created since the request was sent, but it has been used, and this call returned no secret to use it with.',
        candidates,
      );
    }
    if (!regenerate) return { outcome: 'committed', apiKey };
    const { data } = await regenerateKey(context, apiKey.id, false, options, deadline);
    return { outcome: 'committed', ...data };
  });

/** Whether a service may have made one name of the other, by trimming, cutting, normalising or folding it. */
function mayBeSame(a: string, b: string): boolean {
  const [one = '', other = ''] = [a, b].map((name) =>
    name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim(),
  );
  return one.startsWith(other) || other.startsWith(one);
}
