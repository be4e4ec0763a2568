// Mixed calls with faults over a real socket, for half an hour, and no leak of memory, sockets, timers, descriptors or
// listeners: node test/soak/soak.mjs [--minutes 30] [--every 60] [--at-once 8] [--seed 1]. Needs the built package. Ends
// with 1 where something stays behind.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createCalls } from './calls.mjs';
import { measure, trend } from './measure.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    every: { type: 'string', default: '60' },
    'at-once': { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
  },
});
const [minutes, every, atOnce, seed] = ['minutes', 'every', 'at-once', 'seed'].map((name) =>
  Number(values[name]),
);

/** A call that takes longer than this hangs: each has a bound of 1.5 s, and a rotation is made of some twenty. */
const LONGEST_MS = 120_000;
/** What may be lost of each call and still be noise: less than any object takes. */
const BYTES_A_CALL = 8;
/** A slope that is known no better than this says nothing: the run was too short. */
const VAGUE = 256;
/** The first part of the time, in which caches and compiled code find their size. */
const WARM_UP = 0.5;

let state = seed >>> 0;
/** 0 to just below 1; the same row for the same seed. */
const random = () => {
  state = (state + 0x9e3779b9) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
};

const problems = [];
process.on('unhandledRejection', (error) => problems.push(`unhandled: ${error?.name}`));
process.on('warning', (warning) => problems.push(`warning: ${warning.name}: ${warning.message}`));

const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)), { serialization: 'advanced' });
const [world] = await once(server, 'message');
const tell = async (word) => {
  server.send(word);
  await once(server, 'message');
};

const shared = new AbortController();
const { calls, mayEnd, end } = await createCalls(world, shared.signal);
const tally = new Map(calls.map(([name]) => [name, { well: 0, badly: 0, codes: new Map() }]));
let done = 0;

async function worker(until) {
  while (performance.now() < until) {
    const [name, call] = calls[Math.floor(random() * calls.length)];
    const counts = tally.get(name);
    let timer;
    try {
      const hang = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${name} hangs`)), LONGEST_MS);
      });
      await Promise.race([call(), hang]);
      counts.well += 1;
    } catch (error) {
      counts.badly += 1;
      const code = error?.code ?? error?.name;
      counts.codes.set(code, (counts.codes.get(code) ?? 0) + 1);
      if (!mayEnd(error)) problems.push(`${name}: ${error?.name}: ${error?.message}`);
    } finally {
      clearTimeout(timer);
      done += 1;
    }
  }
}

const beginning = await measure(shared.signal);
const rows = [];
const started = performance.now();
const MIB = 1024 * 1024;
const shown = ({ heap, outside, ...counts }) =>
  `heap ${(heap / MIB).toFixed(2)} MiB, outside ${(outside / MIB).toFixed(2)} MiB, ${Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')}`;
console.log(`Before the first call: ${shown(beginning)}`);
while (performance.now() - started < minutes * 60_000) {
  const until = Math.min(performance.now() + every * 1000, started + minutes * 60_000);
  await tell('stormy');
  await Promise.all(Array.from({ length: atOnce }, () => worker(until)));
  await tell('calm');
  // What nobody waited for ends within the bound of a call.
  await new Promise((settled) => setTimeout(settled, 2_000));
  const row = { calls: done, ...(await measure(shared.signal)) };
  rows.push(row);
  console.log(`${((performance.now() - started) / 60_000).toFixed(1)} min, ${shown(row)}`);
}
const seconds = (performance.now() - started) / 1000;

server.disconnect();
await once(server, 'exit');
end();
await new Promise((settled) => setTimeout(settled, 1_000));
const ending = await measure(shared.signal);
console.log(`After the server has gone: ${shown(ending)}`);

const warm = rows.slice(Math.ceil(rows.length * WARM_UP));
for (const what of ['heap', 'outside']) {
  const { slope, error } = trend(warm.map((row) => [row.calls, row[what]]));
  console.log(
    `${what}: ${slope.toFixed(2)} bytes a call, give or take ${error.toFixed(2)}, over ${warm.length} measurements`,
  );
  if (!(error <= VAGUE)) console.log('  That is too vague to judge by: let it run for longer.');
  // Only a slope that is surely there counts.
  if (slope - error > BYTES_A_CALL) problems.push(`${what} grows by ${slope.toFixed(1)} bytes a call`);
}
const most = (what) => Math.max(...rows.map((row) => row[what]));
if (most('listeners') > beginning.listeners) problems.push(`${most('listeners')} listeners stay on a signal`);
if (most('ofProcess') > beginning.ofProcess + 2) problems.push('listeners stay on the process');
// fetch keeps connections for the calls to come, each with a timer: no more than there were calls at once, and none once
// the server has gone.
const POOL = 3 * atOnce;
for (const what of ['timers', 'descriptors', 'sockets']) {
  if (most(what) > beginning[what] + POOL) problems.push(`${most(what)} ${what} stay`);
  if (ending[what] > beginning[what]) problems.push(`${ending[what]} ${what} outlive the server`);
}
for (const [name, { well, badly }] of tally)
  if (
    well === 0 &&
    badly > 100 &&
    !['aborted before', 'a path that is not there', 'wrong credentials', 'bad arguments'].includes(name)
  )
    problems.push(`${name} never ended well`);

const well = [...tally.values()].reduce((sum, one) => sum + one.well, 0);
console.log(
  `\n${done} calls of ${calls.length} kinds in ${seconds.toFixed(0)} s, ${well} ended well, ${done - well} in an error`,
);
for (const [name, counts] of tally)
  console.log(
    `  ${name.padEnd(36)} ${String(counts.well).padStart(7)} well ${String(counts.badly).padStart(7)} badly  ${[...counts.codes].map(([code, times]) => `${code} ${times}`).join(', ')}`,
  );
const counted = new Map();
for (const problem of problems) counted.set(problem, (counted.get(problem) ?? 0) + 1);
for (const [problem, times] of counted) console.log(`PROBLEM (${times}): ${problem}`);
console.log(problems.length === 0 ? 'Nothing stays behind.' : 'Something is wrong.');
process.exitCode = problems.length === 0 ? 0 : 1;
