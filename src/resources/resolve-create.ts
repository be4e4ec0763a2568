// What became of a create whose answer was lost. A key counts as ours only if its name is equal, it was made after the
// request was sent by the server's clock, and it was never used; in any doubt nothing is changed.

import type { Resolution, ResolveOptions } from '../errors.ts';
import type { ApiKey } from '../models.ts';
import type { CallScope } from '../transport/scope.ts';
import type { ClientContext } from './context.ts';
import { listKeys } from './list-keys.ts';
import { regenerateKey } from './regenerate-secret.ts';

/** A list may lag behind a write: it is read again, after this pause in milliseconds, before it is believed. */
const SECOND_LOOK = 500;

interface Attempted {
  readonly name: string;
  /** Milliseconds by the server's clock; `undefined` where no answer has told the time. */
  readonly sentAt: number | undefined;
}

async function named(context: ClientContext, name: string, scope: CallScope): Promise<ApiKey[]> {
  const found: ApiKey[] = [];
  const options = { signal: scope.signal };
  for await (const key of listKeys(context, {}, options)) if (key.name === name) found.push(key);
  return found;
}

export async function resolveCreate(
  context: ClientContext,
  { name, sentAt }: Attempted,
  { regenerate = false, signal }: ResolveOptions,
): Promise<Resolution> {
  const scope = context.transport.open('apiKeys.list', { signal });
  try {
    // Keys carry whole seconds.
    const earliest = sentAt === undefined ? Number.NEGATIVE_INFINITY : Math.floor(sentAt / 1000) * 1000;
    const since = (keys: ApiKey[]) => keys.filter((key) => key.createdAt.getTime() >= earliest);
    let candidates = since(await named(context, name, scope));
    if (candidates.length === 0) {
      await scope.sleep(SECOND_LOOK);
      candidates = since(await named(context, name, scope));
    }
    const [apiKey, ...others] = candidates;
    if (apiKey === undefined) return { outcome: 'not-committed' };
    if (sentAt === undefined) {
      const reason =
        'There is a key of that name, but the service does not tell its time (Date header): whether it was made before the request cannot be known.';
      return { outcome: 'unknown', reason, candidates };
    }
    if (others.length > 0) {
      const reason = `${candidates.length} keys of that name were made since the request was sent: ours cannot be told from the others.`;
      return { outcome: 'unknown', reason, candidates };
    }
    if (apiKey.lastUsedAt !== null) {
      const reason =
        'A key of that name was made since the request was sent, but somebody has used it: it is not ours.';
      return { outcome: 'unknown', reason, candidates };
    }
    if (!regenerate) return { outcome: 'committed', apiKey };
    const { data } = await regenerateKey(context, apiKey.id, {}, { signal: scope.signal }, scope);
    return { outcome: 'committed', ...data };
  } finally {
    scope.end();
  }
}
