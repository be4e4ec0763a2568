// The other side of a soak, in a process of its own, so that what is measured is the client alone: a reference on a port with
// faults that come and go. It is asked to be calm before each measurement, and then forgets all keys that were made.
import { createReference, listen } from 'blazemeter-client/testing';

const reference = createReference({ journalLimit: 100 });
const seeded = reference.seed({
  users: { boss: {}, runner: {} },
  accounts: { main: { owner: 'boss', members: { runner: ['standard'] } }, second: { owner: 'boss' } },
  keys: { boss: { user: 'boss' }, runner: { user: 'runner' }, ci: { user: 'runner', expires: { days: 90 } } },
});
const beginning = reference.snapshot();

/** What may happen to any request, and how often. */
const FAULTS = [
  { effect: 'status', status: 500, probability: 0.01 },
  { effect: 'status', status: 503, probability: 0.01, when: 'after-commit' },
  { effect: 'status', status: 429, retryAfter: 0, probability: 0.01 },
  { effect: 'status', status: 403, probability: 0.005 },
  { effect: 'reset', probability: 0.01 },
  { effect: 'reset', probability: 0.01, when: 'after-commit' },
  { effect: 'reset', probability: 0.01, when: 'mid-body' },
  { effect: 'truncate', probability: 0.01 },
  { effect: 'stall', probability: 0.004 },
  { effect: 'stall', probability: 0.004, when: 'mid-body' },
  { effect: 'drip', chunkBytes: 64, everyMs: 5, probability: 0.01 },
  { effect: 'wrong-json', probability: 0.01 },
  { effect: 'html', probability: 0.01 },
  { effect: 'empty', probability: 0.01 },
  { effect: 'ok-with-error', probability: 0.01 },
  { effect: 'redirect', location: 'https://login.example.com/', probability: 0.005 },
  { effect: 'latency', ms: { min: 1, max: 50 }, probability: 0.05 },
  { effect: 'repeat-page', probability: 0.02 },
];

const stormy = () => {
  for (const [at, rule] of FAULTS.entries()) reference.faults.add({ ...rule, seed: at + 1 });
};
const calm = () => {
  reference.faults.clear();
  reference.restore(beginning);
};

const server = await listen(reference);
process.on('message', (message) => {
  if (message === 'stormy') stormy();
  if (message === 'calm') calm();
  process.send?.(message);
});
process.on('disconnect', () => process.exit());
const { boss, runner, ci } = seeded.keys;
process.send?.({ url: server.url, accountId: seeded.accounts.main.id, keys: { boss, runner, ci } });
