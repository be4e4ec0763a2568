// The process that is killed. It runs one rotation against a reference on a real port, with its record in a real file,
// and kills itself at the point that it was told, as `kill -9` would: nothing is cleaned up.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { fileStore } from 'blazemeter-client/rotation';
import { type Kill, Points } from './crash-points.ts';
import { type Orders, perform } from './crash-run.ts';

interface Told extends Orders {
  readonly url: string;
  readonly folder: string;
  readonly kill?: Kill;
}

const told: Told = JSON.parse(process.argv[2] ?? '');
const { url, folder, kill } = told;

const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
};
const points = new Points(kill, die);

// In the middle of a write: the new text is on the disk under another name, and the lock is in hand.
const { rename } = fs;
fs.rename = async (from, to) => {
  if (points.dies('in') && !String(to).includes('.lock')) await die();
  return rename(from, to);
};

const report = await perform(
  told,
  {
    baseUrl: url,
    fetch: (target, init) => fetch(target, init),
    store: fileStore(join(folder, 'record.json')),
    sink: {
      name: 'sink',
      put: async ({ id, secret, epoch }) => {
        writeFileSync(join(folder, 'sink.new'), JSON.stringify({ id, secret: secret.reveal(), epoch }));
        renameSync(join(folder, 'sink.new'), join(folder, 'sink.json'));
      },
    },
    recovery: JSON.parse(readFileSync(join(folder, 'recovery.json'), 'utf8')),
  },
  points,
);
console.log(JSON.stringify({ phase: report.phase, epoch: report.epoch, points: points.names }));
