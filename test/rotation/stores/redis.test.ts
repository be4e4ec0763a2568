// What is Redis' own about its store: the function that stands for a client, the script, and what Redis says when it
// refuses. Redis is a fake here that runs the script in Lua; scripts/real-redis.mjs shows the same of a real one.
import { type RedisEval, redisStore, revealRecord, sealing } from 'blazemeter-client/rotation';
import type { Redis } from 'ioredis';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { madeUpRecord } from '../support/records.ts';
import { failure } from '../support/world.ts';
import { redisFake } from './redis-fake.ts';

const KEY = 'blazemeter:ci';

/** The shape of node-redis' `eval`, versions 4 and 5, as its types have it. */
interface NodeRedis {
  eval(
    script: string | Buffer,
    options?: { keys?: Array<string | Buffer>; arguments?: Array<string | Buffer> },
  ): Promise<unknown>;
}

describe('redisStore', () => {
  it('takes both clients by one line each', () => {
    const forIoredis =
      (redis: Redis): RedisEval =>
      (script, keys, args) =>
        redis.eval(script, keys.length, ...keys, ...args);
    const forNodeRedis =
      (client: NodeRedis): RedisEval =>
      (script, keys, args) =>
        client.eval(script, { keys, arguments: args });
    expectTypeOf(forIoredis).returns.toEqualTypeOf<RedisEval>();
    expectTypeOf(forNodeRedis).returns.toEqualTypeOf<RedisEval>();
  });

  it('wants a seal, or the word that none is wanted', () => {
    const { eval: evaluate } = redisFake();
    const seal = sealing({ key: crypto.getRandomValues(new Uint8Array(32)) });
    const make = (options: object) => () => Reflect.apply(redisStore, undefined, [evaluate, options]);
    expect(make({ key: KEY })).toThrow('plaintext: true');
    expect(make({ key: KEY, plaintext: false })).toThrow(TypeError);
    expect(make({ key: KEY, plaintext: true, seal })).toThrow(TypeError);
    expect(make({ key: '', seal })).toThrow('key');
    expect(make({ key: KEY, seal, timeout: -1 })).toThrow('timeout');
    expect(() => Reflect.apply(redisStore, undefined, [{ eval: evaluate }, { key: KEY, seal }])).toThrow(
      'ioredis',
    );
  });

  it('takes no other result of the function for a conflict, and a time without end for a long one', async () => {
    for (const nothing of [null, undefined, '', false, []]) {
      const odd: RedisEval = async (_script, _keys, args) => (args.length === 0 ? null : nothing);
      const store = redisStore(odd, { key: KEY, plaintext: true });
      const error = await failure(store.write(madeUpRecord(), { ifMatch: null }));
      expect(error).toMatchObject({ name: 'RotationError', code: 'rotation_store' });
    }
    const fake = redisFake();
    const slow: RedisEval = async (...call) => {
      await new Promise((done) => setTimeout(done, 20));
      return fake.eval(...call);
    };
    const store = redisStore(slow, { key: KEY, plaintext: true, timeout: Number.POSITIVE_INFINITY });
    expect(await store.read()).toBeUndefined();
  });

  it('reads and writes by scripts on its one key, with GET and SET alone', async () => {
    const fake = redisFake();
    const used: string[][] = [];
    const watched: RedisEval = (script, keys, args) => {
      used.push(keys);
      return fake.eval(script, keys, args);
    };
    const store = redisStore(watched, { key: KEY, plaintext: true });
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    await store.write(madeUpRecord(), { ifMatch: etag });
    await store.read();
    expect(used.every((keys) => keys.length === 1 && keys[0] === KEY)).toBe(true);
    expect(Object.keys(fake.calls).sort()).toEqual(['GET', 'SET']);
  });

  it('takes a command that a client has sent twice for what it is: one write', async () => {
    const fake = redisFake();
    const twice: RedisEval = async (script, keys, args) => {
      await fake.eval(script, keys, args);
      return fake.eval(script, keys, args);
    };
    const store = redisStore(twice, { key: KEY, plaintext: true });
    const record = madeUpRecord();
    const { etag } = await store.write(record, { ifMatch: null });
    expect(fake.calls.SET).toBe(1);
    expect(await store.read()).toMatchObject({ etag });
    expect(fake.keys.get(KEY)).toBe(revealRecord(record));
  });

  it('reads clients that give bytes, and refuses what is neither text nor bytes', async () => {
    const fake = redisFake();
    const bytes: RedisEval = async (script, keys, args) => {
      const response = await fake.eval(script, keys, args);
      return typeof response === 'string' ? Buffer.from(response) : response;
    };
    const store = redisStore(bytes, { key: KEY, plaintext: true });
    await store.write(madeUpRecord({ name: 'ü' }), { ifMatch: null });
    expect((await store.read())?.record.name).toBe('ü');
    for (const response of [['OK'], 7, {}]) {
      const odd = redisStore(async () => response, { key: KEY, plaintext: true });
      expect((await failure(odd.read())).message).toContain('check the function');
    }
    const odd = redisStore(async (_, __, args) => (args.length === 0 ? null : 'OK'), {
      key: KEY,
      plaintext: true,
    });
    expect((await failure(odd.write(madeUpRecord(), { ifMatch: null }))).message).toContain(
      'check the function',
    );
  });

  it('says that the key holds something else', async () => {
    const fake = redisFake();
    fake.keys.set(KEY, ['a', 'list']);
    const store = redisStore(fake.eval, { key: KEY, plaintext: true });
    expect((await failure(store.read())).message).toContain('WRONGTYPE');
  });

  it.each([
    ["READONLY You can't write against a read only replica.", 'primary'],
    ['NOAUTH Authentication required.', 'password'],
    ["NOPERM this user has no permissions to run the 'eval' command", '+eval'],
    [
      "ERR Error running script (call to f_1): @user_script:1: OOM command not allowed, 'made-up nonsense'",
      'memory',
    ],
    ['NOREPLICAS Not enough good replicas to write.', 'replicas'],
  ])('says what to do about %s', async (message, fix) => {
    const store = redisStore(() => Promise.reject(new Error(message)), { key: KEY, plaintext: true });
    const error = await failure(store.read());
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain(fix);
    expect(error.message).not.toContain('nonsense');
  });

  it('shows no more of any other error than its name', async () => {
    const store = redisStore(() => Promise.reject(new TypeError('made-up nonsense')), {
      key: KEY,
      plaintext: true,
    });
    const error = await failure(store.read());
    expect(error.message).toContain('TypeError');
    expect(error.message).not.toContain('nonsense');
  });

  it('does not wait for ever for a client that has no connection', async () => {
    const store = redisStore(() => new Promise(() => {}), { key: KEY, plaintext: true, timeout: 20 });
    expect((await failure(store.read())).message).toContain('within 20 ms');
  });
});
