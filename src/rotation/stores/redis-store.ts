// A record in Redis (or Valkey): one string under one key, and one script that compares and sets it. The client is
// injected as a single function, since the clients agree on nothing more.

import { scrubbed, summary } from '../../auth/cause.ts';
import { RotationError, StoreConflictError } from '../../errors.ts';
import { LONGEST_TIMER, withAbort } from '../../http/abort.ts';
import { printable } from '../../util/printable.ts';
import { storeFailure } from './http-store.ts';
import type { Sealing } from './sealing.ts';
import type { CredentialStore } from './store.ts';
import { type Held, textStore } from './text-store.ts';

/**
 * Runs a Lua script with `EVAL`. With ioredis: `(script, keys, args) => redis.eval(script, keys.length, ...keys, ...args)`;
 * with node-redis: `(script, keys, args) => client.eval(script, { keys, arguments: args })`.
 */
export type RedisEval = (script: string, keys: string[], args: string[]) => Promise<unknown>;

/** Where a record is in Redis, and whether it is sealed. */
export type RedisStoreOptions = {
  /** The key. Each record has one of its own. */
  readonly key: string;
  /** Bound of one call, in milliseconds: clients queue without end while they have no connection. Default: 10 000. */
  readonly timeout?: number | undefined;
} & (
  | {
      /** Seals the record: Redis keeps what it is given as it is, in memory, in its files and on its way to replicas. */
      readonly seal: Sealing;
      readonly plaintext?: undefined;
    }
  | {
      readonly seal?: undefined;
      /** Keep the record as it is, secrets included. */
      readonly plaintext: true;
    }
);

/** Reads by a script too: a script goes to the primary, where a plain GET may be sent to a replica that is behind. */
const READ = "return redis.call('GET', KEYS[1])";

/**
 * KEYS: the key. ARGV: the SHA-1 of the text that is to be written over (empty: there must be none), and the new text.
 * Gives 1 where the new text is there afterwards. A command that a client sends again after a lost connection finds its
 * own text. Nothing but GET and SET, and SET takes away an expiry that somebody has put on the key.
 */
const COMPARE_AND_SET = `
local held = redis.call('GET', KEYS[1])
if held == ARGV[2] then return 1 end
local version = ''
if held then version = redis.sha1hex(held) end
if version ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
`.trim();

const DEFAULT_TIMEOUT = 10_000;

/**
 * A record in Redis 6 or later, under one key, changed by one script. A write is as durable as the server makes it: see
 * `docs/stores.md` for `appendfsync` and `WAITAOF`.
 *
 * @throws `TypeError` where neither `seal` nor `plaintext: true` is given.
 * @example
 * ```ts
 * import { redisStore, sealing } from 'blazemeter-client/rotation';
 *
 * // const redis = new Redis(); (ioredis)
 * // const evaluate = (script, keys, args) => redis.eval(script, keys.length, ...keys, ...args);
 * const evaluate = async () => null; // an empty Redis
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const store = redisStore(evaluate, { key: 'blazemeter:ci', seal: sealing({ key }) });
 * console.log(await store.read()); // undefined
 * ```
 */
export function redisStore(evaluate: RedisEval, options: RedisStoreOptions): CredentialStore {
  const { key, seal, plaintext, timeout = DEFAULT_TIMEOUT } = options;
  if (typeof evaluate !== 'function')
    throw new TypeError(
      'redisStore takes a function (script, keys, args) that runs a script: with ioredis redis.eval(script, keys.length, ...keys, ...args), with node-redis client.eval(script, { keys, arguments: args }).',
    );
  if (typeof key !== 'string' || key === '') throw new TypeError('key is a text that is not empty.');
  if ((seal === undefined) === (plaintext !== true))
    throw new TypeError(
      'Redis keeps what it is given as it is: give seal (see sealing), or say plaintext: true and mean it.',
    );
  if (typeof timeout !== 'number' || !(timeout > 0))
    throw new TypeError('timeout must be a number of milliseconds above 0.');
  const source = `redisStore (${printable(key)})`;

  const run = async (script: string, args: string[]): Promise<unknown> => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), Math.min(timeout, LONGEST_TIMER));
    try {
      return await withAbort(
        Promise.resolve().then(() => evaluate(script, [key], args)),
        controller.signal,
      );
    } catch (error) {
      if (controller.signal.aborted)
        throw storeFailure(source, `did not answer within ${timeout} ms: it is down, or not reachable.`);
      throw error instanceof RotationError ? error : redisError(source, error);
    } finally {
      clearTimeout(timer);
    }
  };
  const held = async (text: string): Promise<Held<undefined>> => ({
    text,
    version: await sha1(text),
    beside: undefined,
  });

  return textStore<undefined>(
    {
      source,
      name: `redis:${key}`,
      async look() {
        const text = textOf(await run(READ, []), source);
        return text === undefined ? { version: '', text, beside: undefined } : held(text);
      },
      async put(text, over) {
        // A number, a bigint, or a text where the client is set so: nothing else is taken for a 0.
        const answer = String(await run(COMPARE_AND_SET, [over.version, text]));
        if (answer === '0') throw new StoreConflictError(source);
        if (answer !== '1') throw unexpected(source);
        return held(text);
      },
    },
    seal,
  );
}

/** Text, bytes (clients can be set to give those), or nothing. */
function textOf(value: unknown, source: string): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  throw unexpected(source);
}

const unexpected = (source: string) =>
  storeFailure(
    source,
    'gave an answer that this script never gives: check the function that runs it (script, keys, args).',
  );

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What Redis's errors begin with, or hold where a script had them, and what to do. */
const REPLIES: Readonly<Record<string, string>> = {
  WRONGTYPE: 'holds something that is no text: the key belongs to something else',
  READONLY: 'is a replica, which cannot be written: connect to the primary',
  NOAUTH: 'wants a password',
  WRONGPASS: 'refused the user or the password',
  NOPERM: 'refused the user: it needs +eval, +get and +set on this key',
  OOM: 'has no memory left',
  MISCONF: 'cannot write its files to the disk, and so refuses to write',
  NOREPLICAS: 'has not as many replicas as it must write to',
  CLUSTERDOWN: 'is a cluster that is down',
  LOADING: 'is still reading its data from the disk',
  BUSY: 'is busy with another script',
  MASTERDOWN: 'has lost its primary',
};

/** The reply's text may quote arguments, so only its first word, one of those above, is taken. */
function redisError(source: string, error: unknown): RotationError {
  const message = error instanceof Error ? error.message : '';
  const reply = /\b(?:[A-Z]{3,11})\b/g;
  const known = [...message.slice(0, 300).matchAll(reply)].find(([word]) => Object.hasOwn(REPLIES, word));
  if (known !== undefined) return storeFailure(source, `${REPLIES[known[0]]} (${known[0]}).`, summary(error));
  const { name, message: said } = summary(error);
  return storeFailure(source, `failed (${printable(`${name}: ${said}`)}).`, scrubbed(error));
}
