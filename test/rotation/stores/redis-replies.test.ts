// A record in Redis: what the function is given that runs the scripts, what it may response, and what is said of its errors.
import { createHash } from 'node:crypto';
import {
  type RedisEval,
  RotationError,
  redisStore,
  revealRecord,
  StoreConflictError,
} from 'blazemeter-client/rotation';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { madeUpRecord } from '../support/records.ts';
import { failure } from '../support/world.ts';
import { openSeal } from './prepared.ts';
import { redisFake } from './redis-fake.ts';

vi.setConfig({ testTimeout: 2_000 });
beforeEach(() => void vi.useFakeTimers());

const KEY = 'blazemeter:ci';
const storeOf = (evaluate: RedisEval, timeout?: number) =>
  redisStore(evaluate, { key: KEY, plaintext: true, timeout });
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');

/** A store that is empty until its first write, which is answered so; another record is there afterwards. */
const writing = (response: unknown) => {
  let held: string | null = null;
  const store = storeOf(async (_, __, args) => {
    if (args.length === 0) return held;
    held = revealRecord(madeUpRecord());
    return response;
  });
  return failure(store.write(madeUpRecord(), { ifMatch: null }));
};

describe('redisStore', () => {
  it('compares by the SHA-1 of the text that it has read, by bare scripts on its one key', async () => {
    const fake = redisFake();
    const asked: { keys: string[]; args: string[] }[] = [];
    const scripts: string[] = [];
    const store = storeOf((script, keys, args) => {
      scripts.push(script);
      asked.push({ keys, args });
      return fake.eval(script, keys, args);
    });
    const [one, two] = [madeUpRecord({ name: 'ü' }), madeUpRecord()];
    const [first, second] = [revealRecord(one), revealRecord(two)];
    expect(await store.read()).toBeUndefined();
    const { etag } = await store.write(one, { ifMatch: null });
    const written = await store.write(two, { ifMatch: etag });
    expect(await store.read()).toMatchObject(written);
    expect(asked).toEqual([
      { keys: [KEY], args: [] },
      { keys: [KEY], args: ['', first] },
      { keys: [KEY], args: [sha1(first), second] },
      { keys: [KEY], args: [] },
    ]);
    for (const script of scripts) expect(script).toBe(script.trim());
    expect(fake.keys.get(KEY)).toBe(second);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not write over what another process has written meanwhile', async () => {
    const fake = redisFake();
    const store = storeOf(fake.eval);
    await store.read();
    fake.keys.set(KEY, 'of somebody else');
    await expect(store.write(madeUpRecord(), { ifMatch: null })).rejects.toThrow(StoreConflictError);
    expect(fake.keys.get(KEY)).toBe('of somebody else');
  });

  it('binds a sealed record to its key', async () => {
    const seal = openSeal();
    const store = redisStore(redisFake().eval, { key: KEY, seal });
    await store.write(madeUpRecord(), { ifMatch: null });
    expect(seal.places).toEqual([`seal redis:${KEY}`]);
  });

  it.each([1, 1n, '1'])(
    'takes %s for a write that was done, however a client gives numbers',
    async (done) => {
      const record = madeUpRecord();
      const store = storeOf(async (_, __, args) => (args.length === 0 ? undefined : done));
      expect(await store.write(record, { ifMatch: null })).toEqual({ etag: expect.any(String) });
    },
  );

  it.each([0, 0n, '0'])('takes %s for a conflict', async (other) => {
    expect(await writing(other)).toBeInstanceOf(StoreConflictError);
  });

  it.each([null, undefined, '', 'OK', 2])('takes %s for neither', async (response) => {
    expect(await writing(response)).toMatchObject({ code: 'rotation_store' });
  });

  it('reads a text or bytes, and nothing else', async () => {
    const text = revealRecord(madeUpRecord({ name: 'ü' }));
    for (const response of [text, new TextEncoder().encode(text), Buffer.from(text)])
      expect((await storeOf(async () => response).read())?.record.name).toBe('ü');
    for (const response of [7, ['OK'], {}, false])
      expect(await failure(storeOf(async () => response).read())).toMatchObject({ code: 'rotation_store' });
  });
});

describe('the time of a call', () => {
  it('is 10 seconds where nothing is said', async () => {
    let over = false;
    const read = failure(storeOf(() => new Promise(() => {})).read()).finally(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await read).toMatchObject({ code: 'rotation_store' });
  });

  it('is as long as a timer can be where it has no end', async () => {
    const timer = vi.spyOn(globalThis, 'setTimeout');
    await storeOf(async () => null, Number.POSITIVE_INFINITY).read();
    expect(timer.mock.calls.map(([, ms]) => ms)).toEqual([2 ** 31 - 1]);
  });
});

describe('the options of redisStore', () => {
  const fine = async () => null;

  it.each([
    ['no key', { key: '', plaintext: true }],
    ['a key that is no text', { key: ['a'], plaintext: true }],
    ['neither seal nor plaintext', { key: KEY }],
    ['a word for plaintext', { key: KEY, plaintext: 'yes' }],
    ['both', { key: KEY, plaintext: true, seal: openSeal() }],
    ['no time', { key: KEY, plaintext: true, timeout: 0 }],
    ['a word for a time', { key: KEY, plaintext: true, timeout: '5' }],
  ])('cannot be %s', (_, options) => {
    expect(() => Reflect.apply(redisStore, undefined, [fine, options])).toThrow(TypeError);
  });

  it('come with a function, and with no client', () => {
    const client = { eval: fine };
    expect(() => Reflect.apply(redisStore, undefined, [client, { key: KEY, plaintext: true }])).toThrow(
      TypeError,
    );
  });
});

describe('an error of Redis', () => {
  const said = async (error: unknown) => failure(storeOf(() => Promise.reject(error)).read());

  it.each([
    'WRONGTYPE',
    'READONLY',
    'NOAUTH',
    'WRONGPASS',
    'NOPERM',
    'OOM',
    'MISCONF',
    'NOREPLICAS',
    'CLUSTERDOWN',
    'LOADING',
    'BUSY',
    'MASTERDOWN',
    'DENIED',
    'MOVED',
    'ASK',
    'TRYAGAIN',
    'CROSSSLOT',
    'NOSCRIPT',
  ])('is known by its word (%s), and no other is shown', async (word) => {
    const error = await said(new TypeError(`ERR user_script:1: ${word} made-up nonsense`));
    expect(error).toMatchObject({ code: 'rotation_store', cause: { name: 'TypeError' } });
    expect(error.message).toContain(word);
    expect(error.message).not.toContain('nonsense');
  });

  it('is known by the first such word, a whole one, near the beginning', async () => {
    expect((await said(new Error('ERR OOM BUSY'))).message).toContain('(OOM)');
    for (const text of ['xOOM', 'OOMs', `${' '.repeat(298)}OOM`, 'toString', 'nothing'])
      expect((await said(new Error(text))).message).not.toMatch(/OOM|toString|nothing at/);
  });

  it.each([
    ['WRONGPASS invalid username-password pair or user is disabled.', 'WRONGPASS'],
    ["NOPERM this user has no permissions to run the 'eval' command", 'NOPERM'],
    ["READONLY You can't write against a read only replica.", 'READONLY'],
    ['ERR max requests limit exceeded. Limit: 500000', 'limit'],
  ])('is named by its own code, whatever command a client appends (%s)', async (text, word) => {
    const command = JSON.stringify(['eval', 'return redis.sha1hex(ARGV[1])', 1, KEY]);
    const error = await said(new Error(`${text}, command was: ${command}`));
    expect(error.message).toContain(`(${word})`);
  });

  it.each(['eval failed: getaddrinfo ENOTFOUND unknown host', 'Redis eval over TLS: certificate unknown'])(
    'is not taken for one that forbids scripts because it names them (%s)',
    async (text) => {
      expect((await said(new Error(text))).message).not.toContain('(EVAL)');
    },
  );

  it.each([
    "ERR unknown command 'EVAL', with args beginning with: 'return made-up nonsense'",
    'ERR unknown command `eval`, with args beginning with: `return BUSY`',
    'ReplyError: ERR command eval is not allowed',
    "ERR Command is not available: 'EVAL'. See nonsense",
    "ERR unsupported command 'eval'",
    'ERR command eval not support for your account',
    "ERR This command is forbidden: 'EVAL'",
  ])('that forbids scripts is named (%s)', async (text) => {
    const error = await said(new Error(text));
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain('(EVAL)');
    expect(error.message).not.toContain('nonsense');
  });

  it.each([
    'ERR ACL failure in script: User default has no permissions to run the get command',
    "ERR The user executing the script can't run this command or subcommand script: nonsense",
  ])('that denies the script a command is named (%s)', async (text) => {
    expect((await said(new Error(text))).message).toContain('(NOPERM)');
  });

  it.each([
    [
      '(NOPERM)',
      "ERR The user executing the script can't access at least one of the keys mentioned: nonsense",
    ],
    ['(NOPERM)', "NOPERM User OOM has no permissions to run the 'eval' command"],
    ['(MOVED)', 'MOVED 3999 nonsense:6381'],
    ['(sha1hex)', "ERR user_script:4: attempt to call field 'sha1hex' (a nil value) script: nonsense"],
    ['(WRONGPASS)', 'ERR invalid password'],
    ['(AUTH)', 'ERR AUTH <password> called without any password configured for the default user: nonsense'],
    ['(maxclients)', 'ERR max number of clients reached'],
    ['(ERR)', 'ERR value is not an integer or out of range'],
    ['(ERR)', "ERR Number of keys can't be greater than number of args"],
    ['(connection)', 'Connection is closed.'],
    ['(connection)', "Stream isn't writeable and enableOfflineQueue options is false"],
    ['(connection)', 'Reached the max retries per request limit (which is 20). Refer to nonsense'],
    ['(connection)', 'The client is closed'],
    ['(connection)', 'Failed to refresh slots cache.'],
    ['(cluster)', 'ERR This instance has cluster support disabled'],
    ['(limit)', 'ERR max daily request limit exceeded. Limit: nonsense'],
  ])('is explained under the word %s, and its text is withheld (%s)', async (word, text) => {
    const { message } = await said(new Error(text));
    expect(message).toContain(word);
    expect(message).not.toMatch(/nonsense|withheld/);
  });

  it('of any other kind is reported by its name and its code', async () => {
    const error = await said(Object.assign(new RangeError('nonsense'), { code: 'ECONNRESET' }));
    expect(error).toMatchObject({
      code: 'rotation_store',
      cause: { name: 'RangeError', code: 'ECONNRESET' },
    });
  });

  it('passes as it is where it is of this library', async () => {
    const own = new RotationError('No replica has it yet.', { code: 'rotation_store' });
    expect(await said(own)).toBe(own);
  });
});
