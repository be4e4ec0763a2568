// The operations on API keys: the only module of the reference, besides the seed, that generates secrets.

import type { Context } from './context.ts';
import { one, type Reply, refuse } from './envelope.ts';
import { type ListSpec, page } from './lists.ts';
import { bindingMaximum, DAY, TEN_YEARS, TOLERANCE } from './policy.ts';
import { storedName } from './rewrites.ts';
import { sha256 } from './sha256.ts';
import { addKey, type KeyRecord, removeKey } from './state.ts';
import { keyView } from './views.ts';

const KEYS: ListSpec<KeyRecord> = {
  view: (key) => keyView(key),
  sort: {
    id: (key) => key.id,
    name: (key) => key.name,
    created: (key) => key.created,
    updated: (key) => key.updated,
    expiration: (key) => key.expiration,
    lastUsed: (key) => key.lastUsed,
  },
  texts: (key) => [key.name, key.id],
};

export function listKeys(context: Context): Reply {
  const { state, caller } = context;
  const keys = (context.staleKeys ?? state.keysOf).get(caller.user.id) ?? [];
  return page(context, keys, KEYS);
}

/** A key of the caller: another user's key is a 404, as one that does not exist. */
function ownKey(context: Context): KeyRecord {
  const key = context.state.keys.get(context.id);
  return key === undefined || key.userId !== context.caller.user.id ? refuse(404, 'API key not found') : key;
}

export const getKey = (context: Context): Reply => one(keyView(ownKey(context)));

/** When a new secret is accepted (S15). Without a delay, at any time: also after the clock was moved back. */
const liveFrom = ({ semantics, ms }: Context): number =>
  semantics.propagation === 0 ? 0 : ms + semantics.propagation;

/** The last second of the year 9999: later ones are milliseconds by mistake. */
const LATEST = 253_402_300_799;

export function createKey(context: Context): Reply {
  const { state, semantics, caller, now } = context;
  const body = context.body();
  const given = Object.hasOwn(body, 'name') ? body.name : undefined;
  const wanted = Object.hasOwn(body, 'expiration') ? body.expiration : undefined;
  if (typeof given !== 'string' || given.trim() === '') refuse(400, 'name must be a string and not empty');
  const name = storedName(given, semantics.storedNames);
  if (typeof wanted !== 'number' || !Number.isSafeInteger(wanted) || wanted > LATEST)
    refuse(400, 'expiration must be a time in Unix seconds');
  if (wanted <= now) refuse(400, 'expiration must be in the future');
  const maximum = bindingMaximum(state, semantics, caller.user.id);
  let expiration = wanted;
  if (maximum !== null && wanted > now + maximum * DAY + TOLERANCE) {
    if (semantics.overMaximum === 'refuse')
      refuse(400, `expiration exceeds the maximum of ${maximum} days that the account allows`);
    expiration = now + maximum * DAY;
  }
  const mine = state.keysOf.get(caller.user.id) ?? [];
  if (semantics.names === 'unique' && mine.some((key) => key.name === name))
    refuse(409, 'An API key with this name exists');
  if (semantics.keyLimit !== null && mine.length >= semantics.keyLimit)
    refuse(402, `A user may have ${semantics.keyLimit} API keys`);

  const secret = context.ids.secret(++state.counters.secrets);
  const key: KeyRecord = {
    id: context.ids.key(++state.counters.keys),
    name,
    userId: caller.user.id,
    created: now,
    updated: now,
    expiration,
    lastUsed: null,
    issued: now,
    hash: sha256(secret),
    liveFrom: liveFrom(context),
    previous: null,
  };
  addKey(state, key);
  return { kind: 'one', status: 201, result: keyView(key, secret) };
}

/** A new secret for the same id. That the key may be the one that signs the call changes nothing (S5). */
export function regenerateSecret(context: Context): Reply {
  const { state, semantics, now, ms } = context;
  const key = ownKey(context);
  // Nothing in the body is needed, but what is there must be JSON.
  context.body();
  if (now >= key.expiration && semantics.regenerateExpired === 'refuse')
    refuse(402, 'The API key is past its expiration date; create a new one');
  const secret = context.ids.secret(++state.counters.secrets);
  key.previous = semantics.grace > 0 ? { hash: key.hash, until: ms + semantics.grace } : null;
  key.hash = sha256(secret);
  key.liveFrom = liveFrom(context);
  key.updated = now;
  if (semantics.regenerateExpiry !== 'keep') {
    const maximum = bindingMaximum(state, semantics, key.userId);
    const longest = (maximum ?? TEN_YEARS) * DAY;
    const period = key.expiration - key.issued;
    const renewed = semantics.regenerateExpiry === 'renew-maximum' ? longest : period;
    key.expiration = now + (maximum === null ? renewed : Math.min(renewed, longest));
    key.issued = now;
  }
  state.version++;
  return one(keyView(key, secret));
}

/** That the key may be the one that signs the call changes nothing (S6). */
export function deleteKey(context: Context): Reply {
  removeKey(context.state, ownKey(context));
  return { kind: 'none' };
}
