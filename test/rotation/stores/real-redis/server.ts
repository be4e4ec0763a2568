// A redis-server of our own: on a free port of this machine, with a password, its files in a folder of its own, and every
// write flushed before it is acknowledged. It can be killed and started again on what it has kept.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

export interface RedisAccess {
  readonly port: number;
  readonly password: string;
}

export interface RedisServer {
  readonly access: RedisAccess;
  readonly version: string;
  /** Kills it with SIGKILL, and starts it again. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** A client. What it says of a lost connection is expected here, and not printed. */
export function connect({ port, password }: RedisAccess): Redis {
  const redis = new Redis({ host: '127.0.0.1', port, password, retryStrategy: () => 50 });
  redis.on('error', () => undefined);
  return redis;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) done();
    else child.once('exit', () => done());
  });

export async function startRedis(binary: string): Promise<RedisServer> {
  const access = { port: await freePort(), password: randomBytes(24).toString('hex') };
  const folder = mkdtempSync(join(tmpdir(), 'real-redis-'));
  const settings = [
    `port ${access.port}`,
    'bind 127.0.0.1',
    `requirepass ${access.password}`,
    `dir ${folder}`,
    'appendonly yes',
    'appendfsync always',
    'save ""',
    'daemonize no',
  ];

  const start = async (): Promise<ChildProcess> => {
    // By its standard input: a password has no place among the arguments.
    const child = spawn(binary, ['-'], { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin?.end(`${settings.join('\n')}\n`);
    const redis = connect(access);
    try {
      // The client waits for the connection, and asks again while the server reads its files.
      const pong = await redis.ping();
      if (pong !== 'PONG') throw new Error('redis-server does not response.');
    } finally {
      redis.disconnect();
    }
    return child;
  };

  let child = await start();
  const redis = connect(access);
  const version = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
  redis.disconnect();
  const kill = async (signal: 'SIGKILL' | 'SIGTERM') => {
    const gone = ended(child);
    child.kill(signal);
    await gone;
  };
  return {
    access,
    version,
    async crash() {
      await kill('SIGKILL');
      child = await start();
    },
    async stop() {
      await kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
