// Runs examples one after the other, each in a working directory of its own, and reports over IPC what each has printed and
// how it ended. It may reach this machine and nothing else.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const realFetch = globalThis.fetch;
const offline = async (input, init) => {
  const { hostname } = new URL(input instanceof Request ? input.url : input);
  if (hostname !== '127.0.0.1' && hostname !== 'localhost')
    throw new Error(`An example wants to reach ${hostname}`);
  return realFetch(input, init);
};

const folder = process.cwd();
let printed = '';
let complaints = '';
const capture = (stream, take) => {
  stream.write = (chunk, encoding, done) => {
    take(String(chunk));
    (typeof encoding === 'function' ? encoding : done)?.();
    return true;
  };
};
capture(process.stdout, (text) => {
  printed += text;
});
capture(process.stderr, (text) => {
  complaints += text;
});

let failed = false;
const fail = (error) => {
  failed = true;
  complaints += `${error?.stack ?? error}\n`;
};
process.on('unhandledRejection', fail).on('uncaughtException', fail);

/** What keeps the process alive: without the channel to the parent, which is always there. */
const busy = () => process.getActiveResourcesInfo().length;

async function run(program) {
  printed = '';
  complaints = '';
  failed = false;
  const home = mkdtempSync(join(folder, 'home-'));
  process.chdir(home);
  process.env = { HOME: home, USERPROFILE: home, NO_COLOR: '1' };
  globalThis.fetch = offline;
  const before = busy();
  await import(pathToFileURL(program)).catch(fail);
  // A program ends when nothing is left to do.
  for (let waited = 0; busy() > before; waited += 5) {
    if (waited > 20_000) {
      fail('The example does not end.');
      break;
    }
    await sleep(5);
  }
  await sleep(0);
  return { program, exitCode: failed || process.exitCode ? 1 : 0, printed, complaints };
}

process.on('message', async (program) => {
  process.send(await run(program));
});
