// One process of the fleet: it rotates one record in Redis again and again, as fast as the others let it, until it is killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { BlazeMeterClient, isBlazeMeterError } from 'blazemeter-client';
import { redisStore, rotate, sealing } from 'blazemeter-client/rotation';
import { connect, type RedisAccess } from './server.ts';

/** The orders of a writer, on its standard input: there is a password and a key in it. */
export interface Told {
  readonly access: RedisAccess;
  readonly key: string;
  readonly sealingKey: string;
  readonly baseUrl: string;
  readonly owner: string;
  readonly leaseMs: number;
}

/** What a writer says, a line for each run. */
export interface Said {
  readonly rotated?: number;
  readonly failed?: string;
}

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const told: Told = JSON.parse(Buffer.concat(chunks).toString());

const redis = connect(told.access);
const store = redisStore((script, keys, args) => redis.eval(script, keys.length, ...keys, ...args), {
  key: told.key,
  seal: sealing({ key: told.sealingKey }),
});
const client = new BlazeMeterClient({
  credentials: 'nobody:nothing',
  baseUrl: told.baseUrl,
  logLevel: 'off',
});
// Whoever started it is gone.
process.stdout.on('error', () => process.exit(1));
const say = (said: Said) => process.stdout.write(`${JSON.stringify(said)}\n`);

for (;;) {
  try {
    const { rotated, epoch } = await rotate(client, {
      store,
      reason: 'schedule',
      drain: { minutes: 0 },
      quietFor: { minutes: 0 },
      owner: told.owner,
      lease: { seconds: told.leaseMs / 1000 },
      timing: { lookAgainMs: 20 },
    });
    if (rotated) say({ rotated: epoch });
  } catch (error) {
    say({ failed: isBlazeMeterError(error) ? error.code : `foreign: ${String(error).slice(0, 100)}` });
  }
  await sleep(5 + Math.random() * 60);
}
