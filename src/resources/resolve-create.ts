// What became of a create whose response was lost. Nothing is claimed that is not known: names may be trimmed, cut or folded
// by the service, clocks may be those of a cache or a proxy, and lists may lag behind or change while they are read.

import type { Resolution, ResolveOptions } from '../errors.ts';
import { runCall } from '../http/call.ts';
import type { Moment, TimeRange } from '../http/server-clock.ts';
import type { ApiKey } from '../schemas/api-key.ts';
import { SLACK_MS } from '../util/period.ts';
import type { ClientContext } from './context.ts';
import { listKeys } from './list-keys.ts';
import { regenerateKey } from './regenerate-secret.ts';

/** How often the list is read: it may lag behind a write, and each response narrows the server's time down. */
const READS = 4;
/** The pause between two reads, in milliseconds. */
const PAUSE = 200;
/** How long after the turn of a second a response is asked for that shows whether it has turned, in milliseconds. */
const AFTER_TURN = 3;

/** A key that is this much newer than the time of a response shows that the time is not the service's, in milliseconds. */
const BEHIND = 2_000;

interface Attempted {
  readonly name: string;
  readonly sentAt: Moment | undefined;
}

export const resolveCreate = (
  context: ClientContext,
  { name, sentAt }: Attempted,
  { regenerate = false, signal }: ResolveOptions,
): Promise<Resolution> =>
  runCall(context, 'apiKeys.list', { signal }, async (deadline) => {
    const { clock } = context;
    const options = { signal: deadline.signal };
    let before: string | undefined;
    for (let reads = 1; ; reads++) {
      const keys = await listKeys(context, {}, options).toArray();
      const ids = keys.map(({ id }) => id).join();
      const time = sentAt === undefined || !clock.consistent ? undefined : clock.timeOf(sentAt);
      const found = judge(keys, name, time, clock.timeOf(clock.moment()));
      if (found.outcome === 'committed') {
        if (!regenerate) return found;
        const { data } = await regenerateKey(context, found.apiKey.id, false, options, deadline);
        return { outcome: 'committed', ...data };
      }
      if (reads === READS) {
        return found.outcome === 'not-committed' && ids !== before
          ? unknown('The list of keys changed while it was read.', keys.filter(isUnused))
          : found;
      }
      before = ids;
      const narrowing = found.outcome === 'unknown' && sentAt !== undefined && time !== undefined;
      await deadline.sleep(narrowing ? Math.max(PAUSE, untilTurn(sentAt, time)) : PAUSE);
    }
  });

const unknown = (reason: string, candidates: readonly ApiKey[]): Resolution => ({
  outcome: 'unknown',
  reason,
  candidates,
});

const isUnused = ({ lastUsedAt }: ApiKey): boolean => lastUsedAt === null;

/** Keys carry whole seconds. */
const wholeSecond = (time: number): number => Math.floor(time / 1000) * 1000;

/**
 * The time until a response shows on which side of a turn of the server's second the request was sent: if it was sent after
 * the turn, another second turns then.
 */
function untilTurn({ monotonic }: Moment, { least, most }: TimeRange): number {
  const turn = wholeSecond(most);
  if (least >= turn) return 0;
  return 1000 - ((performance.now() - monotonic + turn) % 1000) + AFTER_TURN;
}

/** What the keys show of a request of that name that was sent at that time. */
function judge(
  keys: readonly ApiKey[],
  name: string,
  sentAt: TimeRange | undefined,
  now: TimeRange | undefined,
): Resolution {
  if (sentAt === undefined || now === undefined) {
    return unknown(
      'When the request was sent is not known by the clock of the service: no response was dated, or a cache or a proxy dated some of them. So keys created before it cannot be told from a key created by it.',
      keys.filter(isUnused),
    );
  }
  // Since the request, an unused key of any name may be ours. Shortly before it, one of a name like ours: keys may be dated by
  // another clock than responses.
  const candidates = keys.filter((key) => {
    const alike = isUnused(key) ? mayBeSameName(key.name, name) : key.name === name;
    const since = alike ? sentAt.least - SLACK_MS : wholeSecond(sentAt.least);
    return (alike || isUnused(key)) && (key.createdAt?.getTime() ?? since) >= since;
  });
  if (candidates.length === 0) return { outcome: 'not-committed' };
  if (candidates.some(({ createdAt }) => createdAt !== null && createdAt.getTime() > now.most + BEHIND)) {
    return unknown(
      'A key is newer than the time that responses show: a cache or a proxy dates them. So keys created before the request cannot be told from a key created by it.',
      candidates,
    );
  }
  const [apiKey, ...others] = candidates.filter((key) => key.name === name);
  if (apiKey === undefined) {
    return unknown(
      'There is no unused key of exactly that name, but there are unused keys from about that time: the service may have changed the name.',
      candidates,
    );
  }
  if (others.length > 0) {
    return unknown(
      'Several keys of that name are from about that time: which of them this call created cannot be told.',
      candidates,
    );
  }
  if (!isUnused(apiKey)) {
    return unknown(
      'The key of that name has been used, and this call returned no secret to use it with.',
      candidates,
    );
  }
  if (apiKey.createdAt === null || apiKey.createdAt.getTime() < wholeSecond(sentAt.most)) {
    return unknown(
      'The key of that name may have been created shortly before the request was sent.',
      candidates,
    );
  }
  return { outcome: 'committed', apiKey };
}

/** Whether a service may have made one name of the other, by trimming, cutting, normalising or folding it. */
export function mayBeSameName(a: string, b: string): boolean {
  const [one = '', other = ''] = [a, b].map((name) =>
    name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim(),
  );
  return one.startsWith(other) || other.startsWith(one);
}
