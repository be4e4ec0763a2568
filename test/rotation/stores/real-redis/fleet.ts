// Many processes, one record in a real Redis, one reference on a port. Writers are killed with SIGKILL wherever they are,
// and Redis too; others go on. Somebody watches all the while.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { redisStore, rotate, sealing } from 'blazemeter-client/rotation';
import { listen } from 'blazemeter-client/testing';
import { accepts, adopted, keyIds, recordOf, rotationWorld } from '../../support/world.ts';
import { connect, type RedisServer } from './server.ts';
import type { Said, Told } from './writer.ts';

export interface Figures {
  readonly writers: number;
  readonly rotations: number;
  readonly kills: number;
  readonly redisKills: number;
  /** How runs ended that did not rotate, by code. */
  readonly failures: Readonly<Record<string, number>>;
  /** How often the record was looked at. */
  readonly looks: number;
  readonly violations: readonly string[];
  readonly seconds: number;
}

const LEASE = 4_000;
/** After so long without its rotations the fleet is stuck. */
const AT_MOST = 180_000;

export async function fleet(
  server: RedisServer,
  program: string,
  goal: {
    readonly writers: number;
    readonly rotations: number;
    readonly kills: number;
    readonly redisKills: number;
  },
): Promise<Figures> {
  const started = performance.now();
  const world = rotationWorld();
  const { reference, keys } = world;
  const others = keyIds(reference).filter((id) => id !== keys.ci.id);
  const listening = await listen(reference);
  const sealingKey = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
  const key = 'blazemeter:fleet';
  const redis = connect(server.access);
  const store = redisStore((script, names, args) => redis.eval(script, names.length, ...names, ...args), {
    key,
    seal: sealing({ key: sealingKey }),
  });
  await adopted(world, store);

  const violations: string[] = [];
  const failures: Record<string, number> = {};
  const promoted = new Set<number>();
  const living: { readonly child: ChildProcess; readonly owner: string }[] = [];
  let names = 0;
  let over = false;

  const hear = (line: string) => {
    const said: Said = JSON.parse(line);
    if (said.failed !== undefined) failures[said.failed] = (failures[said.failed] ?? 0) + 1;
    if (said.rotated === undefined) return;
    if (promoted.has(said.rotated)) violations.push(`epoch ${said.rotated} was promoted twice`);
    promoted.add(said.rotated);
  };
  const launch = (owner: string) => {
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
    const told: Told = {
      access: server.access,
      key,
      sealingKey,
      baseUrl: listening.url,
      owner,
      leaseMs: LEASE,
    };
    child.stdin.end(JSON.stringify(told));
    // A line that a kill has cut short does not end.
    createInterface({ input: child.stdout }).on('line', (line) => line.endsWith('}') && hear(line));
    child.once('exit', (code, signal) => {
      if (signal !== 'SIGKILL') violations.push(`a writer ended by itself (${code ?? signal})`);
    });
    living.push({ child, owner });
  };
  const kill = async () => {
    const [victim] = living.splice(Math.floor(Math.random() * living.length), 1);
    if (victim === undefined) return undefined;
    const gone = new Promise((done) => victim.child.once('exit', done));
    victim.child.kill('SIGKILL');
    await gone;
    return victim.owner;
  };

  let looks = 0;
  let highest = 0;
  const watch = async () => {
    while (!over) {
      // While Redis is killed and started again, a look may come too early: only what is seen counts.
      const record = await recordOf(store).catch(() => undefined);
      if (record === undefined) continue;
      const { current, epoch } = record;
      looks += 1;
      if (epoch < highest) violations.push(`the record went back from epoch ${highest} to ${epoch}`);
      highest = Math.max(highest, epoch);
      // Between the two looks it may have been retired: then the record says so by now.
      if (
        !accepts(reference, current) &&
        (await recordOf(store).catch(() => undefined))?.current.id === current.id
      )
        violations.push(`the current credentials of epoch ${epoch} is refused`);
      await sleep(15);
    }
  };

  for (let at = 0; at < goal.writers; at++) launch(`writer ${names++}`);
  const watching = watch();
  let kills = 0;
  let redisKills = 0;
  while (highest < goal.rotations || kills < goal.kills || redisKills < goal.redisKills) {
    if (performance.now() - started > AT_MOST) {
      violations.push(`stuck at epoch ${highest}`);
      break;
    }
    await sleep(50 + Math.random() * 400);
    if (kills < goal.kills) {
      const owner = await kill();
      kills += 1;
      // Half of the dead are followed by a process of the same owner, which goes on at once; the others leave a lease behind.
      launch(owner !== undefined && kills % 2 === 0 ? owner : `writer ${names++}`);
    }
    if (redisKills < goal.redisKills && highest * (goal.redisKills + 1) > goal.rotations * (redisKills + 1)) {
      redisKills += 1;
      await server.crash();
    }
  }
  while (living.length > 0) {
    await kill();
    kills += 1;
  }
  over = true;
  await watching;

  // The end: whatever the last dead one has left is ended, and one more rotation cleans up after all of them.
  const rest = {
    store,
    reason: 'schedule',
    drain: { minutes: 0 },
    quietFor: { minutes: 0 },
    takeOver: true,
  } as const;
  for (let times = 0; times < 2; times++)
    await rotate(world.client, rest).catch((error: unknown) => violations.push(`the end: ${String(error)}`));
  const record = await recordOf(store);
  if (record.phase !== 'idle' || record.retire.length > 0) violations.push(`the end is ${record.phase}`);
  const left = keyIds(reference).filter((id) => !others.includes(id));
  if (left.join() !== record.current.id) violations.push(`${left.length} keys are left where one should be`);
  if (others.some((id) => !keyIds(reference).includes(id))) violations.push('a foreign key is gone');
  redis.disconnect();
  await listening.close();
  return {
    writers: goal.writers,
    rotations: record.epoch,
    kills,
    redisKills,
    failures,
    looks,
    violations,
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}
