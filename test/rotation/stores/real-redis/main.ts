// The behaviours of every store, and the fleet, on a real Redis. Started by scripts/real-redis.mjs with the path of
// redis-server and that of the writer's program; prints its figures, and ends with 1 where something was violated.
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { redisStore, type Sealing, sealing } from 'blazemeter-client/rotation';
import type { Redis } from 'ioredis';
import { type Bench, behaviours } from '../conformance.ts';
import { fleet } from './fleet.ts';
import { connect, startRedis } from './server.ts';

const { values } = parseArgs({
  options: {
    binary: { type: 'string', default: 'redis-server' },
    writer: { type: 'string', default: '' },
    writers: { type: 'string', default: '6' },
    rotations: { type: 'string', default: '60' },
    kills: { type: 'string', default: '24' },
    'redis-kills': { type: 'string', default: '2' },
  },
});

function benchOn(redis: Redis, seal: Sealing | undefined): Bench {
  const key = `behaviours:${randomUUID()}`;
  const lost: Error[] = [];
  const open = (name: string) =>
    redisStore(
      async (script, keys, args) => {
        const response = await redis.eval(script, keys.length, ...keys, ...args);
        const error = script.includes("'SET'") ? lost.shift() : undefined;
        if (error !== undefined) throw error;
        return response;
      },
      seal === undefined ? { key: name, plaintext: true } : { key: name, seal },
    );
  return {
    open: () => open(key),
    elsewhere: () => open(`${key}:other`),
    behind: {
      text: async () => (await redis.get(key)) ?? undefined,
      put: async (text) => void (await redis.set(key, text)),
      remove: async () => void (await redis.del(key)),
      loseAnswer: () => void lost.push(new Error('Connection is closed.')),
    },
    sealed: seal !== undefined,
    close: async () => void (await redis.del(key)),
  };
}

let failed = 0;
const server = await startRedis(values.binary);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void server.stop().finally(() => process.exit(1)));
try {
  const redis = connect(server.access);
  const seal = sealing({ key: crypto.getRandomValues(new Uint8Array(32)) });
  let held = 0;
  for (const one of [undefined, seal]) {
    for (const { name, run } of behaviours) {
      const bench = benchOn(redis, one);
      try {
        await run(bench);
        held += 1;
      } catch (error) {
        failed += 1;
        console.log(`Violated: a store ${name}: ${String(error)}`);
      }
      await bench.close();
    }
  }
  redis.disconnect();
  console.log(`Redis ${server.version}: ${held} of ${behaviours.length * 2} behaviours hold`);
  const { violations, failures, ...figures } = await fleet(server, values.writer, {
    writers: Number(values.writers),
    rotations: Number(values.rotations),
    kills: Number(values.kills),
    redisKills: Number(values['redis-kills']),
  });
  failed += violations.length;
  for (const violation of violations) console.log(`Violated: ${violation}`);
  const ended = Object.entries(failures).map(([code, times]) => `${code} ${times}`);
  console.log(
    `${figures.writers} writers, ${figures.rotations} rotations, ${figures.kills} writers killed, Redis killed ${figures.redisKills} times, ${figures.looks} looks, in ${figures.seconds} s`,
  );
  console.log(`runs that stood back or failed: ${ended.join(', ') || 'none'}`);
  console.log(`${violations.length} violations`);
} finally {
  await server.stop();
}
process.exitCode = failed === 0 ? 0 : 1;
