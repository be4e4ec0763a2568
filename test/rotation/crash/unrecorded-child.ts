// The process that is killed: one run without a record, against a reference on a real port, with sinks that are files. At
// the step that it was told it kills itself, as `kill -9` would: nothing is cleaned up.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { perform, type Way } from './unrecorded-world.ts';

interface Told {
  readonly url: string;
  readonly folder: string;
  readonly way: Way;
  readonly sinks: number;
  readonly kill: { readonly step: number; readonly side: 'before' | 'during' | 'after' };
}

const { url, folder, way, sinks, kill }: Told = JSON.parse(process.argv[2] ?? '');
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
let steps = 0;

const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
};

async function pass<T>(work: () => Promise<T>): Promise<T> {
  const here = ++steps === kill.step;
  if (here && kill.side === 'before') return die();
  const working = work();
  if (here && kill.side === 'during') {
    working.catch(() => {});
    // Long enough for the request to leave, mostly: whether it arrives makes two cases, and both are to be survived.
    await new Promise((done) => setTimeout(done, 2));
    return die();
  }
  const result = await working;
  return here ? die() : result;
}

await perform(way, {
  baseUrl: url,
  fetch: (target, init) => pass(() => fetch(target, init)),
  given: read('sink 0'),
  recovery: read('recovery'),
  replaces: read('replaces').id,
  sinks: Array.from({ length: sinks }, (_, at) => ({
    name: `sink ${at}`,
    put: ({ id, secret, epoch }) =>
      pass(async () => {
        writeFileSync(join(folder, 'new'), JSON.stringify({ id, secret: secret.reveal(), epoch }));
        renameSync(join(folder, 'new'), join(folder, `sink ${at}`));
      }),
  })),
});
console.log('{}');
