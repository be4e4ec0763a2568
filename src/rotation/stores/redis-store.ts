// A record in Redis (or Valkey): one string under one key, and one script that compares and sets it. The client is
// passed as a single function, since the clients have nothing more in common.

import * as z from 'zod/mini';
import { scrubbed, summary } from '../../auth/cause.ts';
import { RotationError } from '../../errors.ts';
import { LONGEST_TIMER, withAbort } from '../../util/abort.ts';
import { type OptionSpecs, parseOptions } from '../../util/options.ts';
import { printable } from '../../util/printable.ts';
import { type Sealing, sealingSpec } from './sealing.ts';
import { type CredentialStore, storeFailure, storeTimeoutSpec } from './store.ts';
import { hexDigest, textStore } from './text-store.ts';

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
      /** Seals the record: Redis itself encrypts nothing, in memory, in its files or on the way to replicas. */
      readonly seal: Sealing;
      readonly plaintext?: undefined;
    }
  | {
      readonly seal?: undefined;
      /** Keep the record unencrypted, secrets included. */
      readonly plaintext: true;
    }
);

/** Reads by a script too: a script goes to the primary, where a plain GET may be sent to a replica that is behind. */
const READ = "return redis.call('GET', KEYS[1])";

/**
 * KEYS: the key. ARGV: the SHA-1 of the text that is to be written over (empty: there must be none), and the new text.
 * Returns 1 where the key holds the new text afterwards. A command that a client sends again after a lost connection finds its
 * own text. Nothing but GET and SET, and SET removes an expiry of the key.
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

const NOT_EMPTY = 'a non-empty string';
const specs: OptionSpecs = {
  key: z.string(NOT_EMPTY).check(z.minLength(1, NOT_EMPTY)),
  timeout: storeTimeoutSpec,
  seal: sealingSpec,
  plaintext: z.literal(true, 'true, or left out'),
};

/**
 * A record in Redis 6 or later, under one key, changed by one script. A write is as durable as the server makes it: see
 * `docs/stores-servers.md` for `appendfsync` and `WAITAOF`.
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
  if (typeof evaluate !== 'function')
    throw new TypeError(
      'redisStore takes a function (script, keys, args) that runs a script: with ioredis redis.eval(script, keys.length, ...keys, ...args), with node-redis client.eval(script, { keys, arguments: args }).',
    );
  const { key, seal, plaintext, timeout = DEFAULT_TIMEOUT } = parseOptions('redisStore', specs, options);
  if (key === undefined) throw new TypeError('redisStore: key is missing.');
  if ((seal === undefined) === (plaintext === undefined))
    throw new TypeError(
      'redisStore: Redis encrypts nothing. Pass either seal (see sealing) or plaintext: true.',
    );
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
        throw storeFailure(source, `did not respond within ${timeout} ms: it is down, or not reachable.`, {
          retryable: true,
          hint: { option: 'timeout', text: 'Raise timeout where that is expected.' },
        });
      throw error instanceof RotationError ? error : redisError(source, error);
    } finally {
      clearTimeout(timer);
    }
  };

  return textStore<undefined>(
    {
      source,
      name: `redis:${key}`,
      resends: false,
      async read() {
        return { text: textOf(await run(READ, []), source), version: undefined };
      },
      async replace(text, over) {
        const version = over.text === undefined ? '' : await hexDigest('SHA-1', over.text);
        // A number, a bigint, or a string where the client is set so.
        const reply = String(await run(COMPARE_AND_SET, [version, text]));
        if (reply === '0') return undefined;
        if (reply !== '1') throw unexpected(source);
        return { text, version: undefined };
      },
    },
    seal,
  );
}

/** Text, bytes (clients can be configured to return those), or nothing. */
function textOf(value: unknown, source: string): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  throw unexpected(source);
}

const unexpected = (source: string) =>
  storeFailure(
    source,
    'returned what this script never returns: check the function that runs it (script, keys, args).',
  );

const CLUSTER_CLIENT =
  'connect with a cluster client (ioredis: new Redis.Cluster, node-redis: createCluster)';

/** The codes that Redis's errors begin with, or hold where a script had them, and what they mean. */
const REPLIES: Readonly<Record<string, string>> = {
  WRONGTYPE: 'holds something that is not a string: the key belongs to another program',
  READONLY: 'is a replica, which cannot be written; connect to the primary',
  NOAUTH: 'requires a password',
  WRONGPASS: 'refused the user or the password',
  NOPERM: 'refused the user: it needs +eval, +get and +set on this key',
  DENIED: 'is in protected mode and refuses other machines; configure a user and a password',
  OOM: 'has no memory left',
  MISCONF: 'cannot write its files to the disk, and so refuses to write',
  NOREPLICAS: 'has fewer replicas than it must write to',
  MOVED: `is a cluster, in which another node holds the key; ${CLUSTER_CLIENT}`,
  ASK: `is a cluster, which is moving the key to another node; ${CLUSTER_CLIENT}`,
  TRYAGAIN: 'is a cluster, which is moving the key to another node; run it again in a moment',
  CROSSSLOT: 'got more keys than the one: check the function that runs the script (script, keys, args)',
  CLUSTERDOWN: 'is a cluster that is down',
  LOADING: 'is still loading its data from the disk',
  BUSY: 'is busy with another script',
  MASTERDOWN: 'has lost its primary',
  NOSCRIPT: 'does not hold the script: the function must send it with EVAL, and not its hash with EVALSHA',
};

/** Errors that are known by a phrase, and the word that they are reported by. */
const PHRASES: readonly (readonly [RegExp, string, string])[] = [
  [
    /\b(?:unknown|unsupported|disabled|forbidden|not (?:allowed|support(?:ed)?|available|permitted))\W+(?:\w+\W+){0,2}eval(?:sha)?\b|\beval(?:sha)?\W+(?:\w+\W+){0,2}(?:unknown|unsupported|disabled|forbidden|not (?:allowed|support(?:ed)?|available|permitted))\b/i,
    'runs no scripts: EVAL is disabled or renamed there, and without a script no write can be compared. Allow it, or use another store',
    'EVAL',
  ],
  [
    /\bsha1hex\b/,
    'runs scripts, but without redis.sha1hex, by which writes are compared. Connect to Redis or Valkey itself, or use another store',
    'sha1hex',
  ],
  [
    /ACL failure in script|can't (?:run this command|access at least one of the keys)/i,
    `${REPLIES.NOPERM}`,
    'NOPERM',
  ],
  [/\binvalid password\b/i, `${REPLIES.WRONGPASS}`, 'WRONGPASS'],
  [/AUTH <password> called without any password/, 'has no password, but the client sends one', 'AUTH'],
  [/max number of clients/i, 'accepts no further connections', 'maxclients'],
  [/requests? limit exceeded/i, 'has used up the requests that its plan allows', 'limit'],
  [/cluster support disabled/i, 'is not a cluster; connect with a client for one server', 'cluster'],
  [
    /\bnumber of keys\b|value is not an integer/i,
    'did not understand the call: check the function that runs the script (script, keys, args)',
    'ERR',
  ],
  [
    /connection is closed|stream isn't writeable|max retries per request|client is (?:closed|offline)|socket closed|refresh slots cache|startup nodes|root nodes/i,
    'could not be asked, because the client has no connection to it',
    'connection',
  ],
];

/** The text of a reply may quote arguments: it is compared, never shown. */
function redisError(source: string, error: unknown): RotationError {
  // Upstash's client appends the command, and with it our script.
  const [message = ''] = (error instanceof Error ? error.message : '')
    .slice(0, 300)
    .split(', command was:', 1);
  const phrase = PHRASES.find(([form]) => form.test(message));
  const word = [...message.matchAll(/\b[A-Z]{3,11}\b/g)]
    .map(([found]) => found)
    .find((found) => Object.hasOwn(REPLIES, found));
  const problem = phrase ?? (word === undefined ? undefined : [undefined, REPLIES[word], word]);
  if (problem !== undefined)
    return storeFailure(source, `${problem[1]} (${problem[2]}).`, { cause: summary(error) });
  const { name, message: said } = summary(error);
  return storeFailure(source, `failed (${printable(`${name}: ${said}`)}).`, { cause: scrubbed(error) });
}
