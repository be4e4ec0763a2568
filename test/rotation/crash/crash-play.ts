// A crash played through: a rotation that dies at one point, is looked at, and is resumed until nothing is left to do;
// with what must hold at every moment and at the end.
import type { RotationRecord } from 'blazemeter-client/rotation';
import { acceptance, accepts, keyIds, type World } from '../support/world.ts';
import type { Kill } from './crash-points.ts';
import { type Orders, WAYS, type Way } from './crash-run.ts';

/** How a run ended: it was killed, or it reports. */
export type Ended =
  | { readonly killed: true }
  | { readonly killed: false; readonly phase: string; readonly points: readonly string[] };

/** Where a crash is played: in child processes, or simulated. */
export interface Stage {
  readonly world: World;
  run(orders: Orders, kill?: Kill): Promise<Ended>;
  /** The same work by another process than the one that died. */
  runElsewhere(orders: Orders): Promise<Ended>;
  record(): Promise<RotationRecord>;
  /** The credentials that the sink has. */
  sink(): { readonly id: string; readonly secret: string } | undefined;
}

export interface Crash {
  readonly way: Way;
  readonly kill: Kill;
  /** `same`: a new process of the same owner, as when a CI job is run again. `other`: somebody else takes over. */
  readonly resumedBy: 'same' | 'other';
}

const OWNER = 'pipeline 7';

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Violated: ${what}`);
}

/** What holds at any moment, also just after a kill. */
export function checkAlways(world: World, record: RotationRecord, way: Way): void {
  const { reference, keys } = world;
  const { current, pending, previous, phase, epoch } = record;
  const inRecord = [current, pending?.key, previous].filter((credentials) => credentials != null);
  const works = acceptance(reference);
  if (way === 'leak with recovery')
    must(works(keys.spare), 'the recovery credential is valid while the leaked key changes');
  else must(inRecord.some(works), 'at least one valid key is in the record');
  if (way === 'expiry') {
    must(works(current), 'a reader of the record is never refused');
    if (phase !== 'retiring' && !(phase === 'idle' && epoch > 0))
      must(works(keys.ci), 'a reader who has not moved yet is not refused before the drain is over');
  }
  must(works(keys.theirs) && works(keys.spare), 'no other key is touched');
  must(epoch === 0 || epoch === 1, 'the epoch rises by one');
}

function checkEnd(stage: Stage, record: RotationRecord, way: Way): void {
  const { world } = stage;
  const { reference, keys } = world;
  const { current } = record;
  must(record.phase === 'idle' && record.epoch === 1, `all is done once (${record.phase}, ${record.epoch})`);
  must(
    record.pending === null && record.previous === null && record.retire.length === 0,
    'nothing is left over',
  );
  must(record.lease === null, 'the lease was given back');
  must(accepts(reference, current), 'the credentials in the record works');
  const expected = [current.id, keys.spare.id, keys.theirs.id].sort().join();
  must(keyIds(reference).join() === expected, `no stray key, and none is missing (${keyIds(reference)})`);
  must((current.id === keys.ci.id) === (way === 'leak with recovery'), 'the way was the one of the reason');
  const creates = reference.journal.of('apiKeys.create').filter(({ committed }) => committed);
  must(creates.length === (way === 'leak with recovery' ? 0 : 1), 'no second key was made');
  const [made] = creates;
  const gone = reference.journal.of('apiKeys.delete').find(({ committed }) => committed);
  if (way === 'expiry' && made !== undefined && gone !== undefined)
    must(gone.time.getTime() - made.time.getTime() >= 3_600_000, 'readers got the whole drain');
  reference.clock.advance({ minutes: 1 }); // Where old secrets live on for a while, that while is over.
  must(!accepts(reference, keys.ci), 'the old credentials are worthless');
  const held = stage.sink();
  must(
    held !== undefined && held.id === current.id && current.secret.equals(held.secret),
    'the sink has the credentials',
  );
}

/** Runs until a run is killed or all is done. Whether one was killed. */
async function until(
  stage: Stage,
  orders: Orders,
  kill: Kill | undefined,
  elsewhere = false,
): Promise<boolean> {
  let { call } = orders;
  let passed = 0;
  for (let runs = 1; runs <= 6; runs++) {
    const now = { ...orders, call };
    const left = kill === undefined ? undefined : { ...kill, at: kill.at - passed };
    const ended = elsewhere ? await stage.runElsewhere(now) : await stage.run(now, left);
    if (ended.killed) return true;
    passed += ended.points.length;
    const { phase, epoch } = await stage.record();
    if (phase === 'draining') stage.world.reference.clock.advance({ hours: 1, minutes: 1 });
    // Killed before the plan was on record: nothing had begun, so whoever wants a rotation asks for it again.
    else if (phase === 'idle' && epoch === 0) call = 'rotate';
    else if (phase === 'idle') return false;
    if (phase === 'draining') call = 'resume';
  }
  throw new Error('Violated: it comes to an end');
}

export async function play(stage: Stage, { way, kill, resumedBy }: Crash): Promise<void> {
  const orders: Orders = { way, call: 'rotate', owner: OWNER, takeOver: false };
  const killed = await until(stage, orders, kill);
  must(killed, 'the point to die at was reached');
  checkAlways(stage.world, await stage.record(), way);
  const other = resumedBy === 'other';
  await until(
    stage,
    { ...orders, call: 'resume', ...(other ? { owner: 'somebody else', takeOver: true } : {}) },
    undefined,
    other,
  );
  checkEnd(stage, await stage.record(), way);
}

/** The points of each way, as an uninterrupted rotation passes them. */
export async function pointsOf(makeStage: () => Promise<Stage>): Promise<Map<Way, string[]>> {
  const found = new Map<Way, string[]>();
  for (const way of WAYS) {
    const stage = await makeStage();
    const names: string[] = [];
    const counting: Stage = {
      ...stage,
      run: async (orders) => {
        const ended = await stage.run(orders);
        if (!ended.killed) names.push(...ended.points);
        return ended;
      },
    };
    await until(counting, { way, call: 'rotate', owner: OWNER, takeOver: false }, undefined);
    checkEnd(stage, await stage.record(), way);
    found.set(way, names);
  }
  return found;
}
