// Two runs at once, without a lease: one stops at a step, the other begins and stops too, then the first goes on to its
// end, and the second. Whatever they do to each other, later runs make it good.
import { ROWS } from './crash-cases.ts';
import { type At, must, type Pair, type Shape, Stage, type Way } from './unrecorded-world.ts';

/**
 * Who meets whom, and when: before any rotation; when the drain of one is over; or when two at once have made a key of the
 * same epoch each, the drain is over, and each of the two pairs is given to one run.
 */
export const MEETINGS: readonly Meeting[] = [
  { when: 'first', first: 'expiry', second: 'expiry' },
  { when: 'drained', first: 'expiry', second: 'schedule' },
  { when: 'drained', first: 'schedule', second: 'schedule' },
  { when: 'drained', first: 'expiry', second: 'schedule', queued: true },
  { when: 'twins', first: 'expiry', second: 'expiry' },
];

export interface Meeting {
  readonly when: 'first' | 'drained' | 'twins';
  readonly first: Way;
  readonly second: Way;
  /** Whether the second run was queued before the rotation, and is given the credentials of then. */
  readonly queued?: boolean;
}

export interface Collision {
  readonly meeting: Meeting;
  readonly shape: Shape;
  readonly row: number;
  /** The steps before which they stop; the second one's may be beyond its end. */
  readonly stops: readonly [number, number];
}

export const titleOfCollision = ({ meeting, shape, row, stops }: Collision): string =>
  `${meeting.first} and ${meeting.second}${meeting.queued ? ' queued before' : ''}, ${meeting.when}, ${shape.sinks} sinks${shape.telling ? ' that tell' : ''}, stopped before ${stops.join(' and ')}, row ${row}`;

/** A place to stop at, and how to go on from there. */
function stop(step: number): { at: At; reached: Promise<void>; goOn: () => void } {
  let reach: () => void = () => {};
  let goOn: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const released = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const at: At = async (now, side) => {
    if (now !== step || side !== 'before') return;
    reach();
    await released;
  };
  return { at, reached, goOn };
}

/** Whether the first run was stopped at all. */
export async function playCollision({ meeting, shape, row, stops }: Collision): Promise<boolean> {
  const stage = new Stage(ROWS[row] ?? {}, shape, 'expiry');
  const { reference, keys } = stage.world;
  if (meeting.when === 'drained') {
    const { report } = await stage.run({ way: 'expiry' });
    must(report?.phase === 'draining', 'the first rotation works');
    reference.clock.advance({ minutes: 1 });
    await stage.read();
    reference.clock.advance({ hours: 1, minutes: 1 });
  }
  let given: Pair = meeting.queued ? keys.ci : stage.given;
  if (meeting.when === 'twins') {
    // Both have read the list before either makes a key.
    const stops = [stop(4), stop(4)];
    const both = stops.map(({ at }) => stage.run({ way: 'schedule' }, at));
    await Promise.all(stops.map(({ reached }) => reached));
    for (const { goOn } of stops) goOn();
    await Promise.all(both);
    const twin = stage.puts.find(({ credentials }) => credentials.id !== stage.given.id);
    must(
      twin !== undefined && stage.puts.every(({ epoch }) => epoch === 1),
      'two keys of one epoch were made',
    );
    given = twin?.credentials ?? given;
    reference.clock.advance({ minutes: 40 });
    // A sink that tells nothing may hold either: its readers have to use what they took, to be heard of.
    await stage.read();
    reference.clock.advance({ minutes: 40 });
  }
  const [first, second] = [stop(stops[0]), stop(stops[1])];
  const one = stage.run({ way: meeting.first }, first.at);
  const stopped = await Promise.race([first.reached.then(() => true), one.then(() => false)]);
  const two = stage.run({ way: meeting.second, given }, second.at);
  await Promise.race([second.reached, two]);
  first.goOn();
  const ended = [await one];
  second.goOn();
  ended.push(await two);
  stage.check('after both');
  for (const { code } of ended)
    must(
      code === undefined ||
        ['unauthorized', 'undelivered_secret', 'rotation_signer', 'request_failed'].includes(code),
      `a run ends as it may (${code})`,
    );
  await stage.toTheEnd(7);
  return stopped;
}
