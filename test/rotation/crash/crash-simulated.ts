// Crashes without processes: a run that dies stops in the middle of a step for ever, and the next one begins from what is
// in the store. Fast enough for every point under every row of the switches.
import { type CredentialStore, readRecord, revealRecord } from 'blazemeter-client/rotation';
import type { Semantics } from 'blazemeter-client/testing';
import { adopted, recordOf, rotationWorld } from '../support/world.ts';
import { checkAlways, type Ended, type Stage } from './crash-play.ts';
import { type Kill, Points } from './crash-points.ts';
import { type Orders, perform } from './crash-run.ts';

export async function simulated(semantics: Partial<Semantics>): Promise<Stage> {
  const world = rotationWorld({ semantics });
  const inner = await adopted(world);
  let put: { id: string; secret: string } | undefined;

  const run = async (orders: Orders, kill?: Kill): Promise<Ended> => {
    let died: () => void = () => {};
    const death = new Promise<Ended>((resolve) => {
      died = () => resolve({ killed: true });
    });
    const points = new Points(kill, () => {
      died();
      return new Promise(() => {});
    });
    const store: CredentialStore = {
      read: () => inner.read(),
      async write(record, options) {
        // As a store on a disk would: what is not in the text is gone.
        const written = await inner.write(readRecord(revealRecord(record)), options);
        checkAlways(world, await recordOf(inner), orders.way);
        return written;
      },
    };
    const sink = {
      name: 'sink',
      put: async ({ id, secret }: { id: string; secret: { reveal(): string } }) => {
        put = { id, secret: secret.reveal() };
      },
    };
    const living = perform(
      orders,
      { fetch: world.reference.fetch, store, sink, recovery: world.keys.spare },
      points,
    ).then((report): Ended => ({ killed: false, phase: report.phase, points: points.names }));
    return Promise.race([living, death]);
  };
  return {
    world,
    run,
    runElsewhere: (orders) => run(orders),
    record: () => recordOf(inner),
    sink: () => put,
  };
}
