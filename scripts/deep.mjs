// A part of every deep test, within about half an hour, and one table of their figures at the end: node scripts/deep.mjs
// [--whole] [--only fuzz,soak] [--list] [--minutes 3]. The package must have been built. Each test that runs long is a
// part, named after its file (test/**/*.deep.ts); so is the soak. `--whole` plays all of each, for hours.
// Ends with 1 where a part failed; the others are done all the same.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../', import.meta.url));
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    whole: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    minutes: { type: 'string' },
  },
});
/** Of the cases of a test, one in so many; a prime, so that what alternates in a table comes up in all its forms. */
const ONE_IN = values.whole ? 1 : 19;
const minutes = values.minutes ?? (values.whole ? '30' : '3');
const temporary = mkdtempSync(join(tmpdir(), 'deep-'));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const say = (text) => process.stdout.write(text);

/** Runs a program in the repository; what it prints is shown, and given back. */
async function run(args) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, DEEP_ONE_IN: String(ONE_IN) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += String(chunk);
    say(String(chunk));
  });
  const code = await new Promise((done) => child.once('close', done));
  return { code, lines: printed.split('\n').filter((line) => line.trim() !== '') };
}

/** A file of deep tests. Its console is its figures: the reporter writes to a file. */
async function tests(file) {
  const report = join(temporary, `${basename(file)}.json`);
  const { code, lines } = await run([
    vitest,
    'run',
    '--config',
    'vitest.deep.config.ts',
    '--reporter=json',
    `--outputFile=${report}`,
    file,
  ]);
  const results = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [];
  const failed = results.flatMap(({ message, assertionResults }) => [
    ...(message ? [message] : []),
    ...assertionResults.flatMap(({ fullName, failureMessages }) =>
      failureMessages.map((text) => `${fullName}: ${text}`),
    ),
  ]);
  const figures = lines.filter((line) => !/^(?:JSON report written|npm warn)/.test(line));
  return { good: code === 0, figures: [...figures, ...failed.map((text) => text.slice(0, 1_500))] };
}

/** The lines of a program from the one on that begins like this. */
async function program(args, from) {
  const { code, lines } = await run(args);
  const at = lines.findIndex((line) => from.test(line));
  return { good: code === 0, figures: at < 0 ? lines.slice(-10) : lines.slice(at) };
}

const files = readdirSync(join(root, 'test'), { recursive: true })
  .map((file) => `test/${String(file).replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.deep.ts'))
  .sort();
const parts = [
  ...files.map((file) => ({ name: basename(file, '.deep.ts'), work: () => tests(file) })),
  {
    name: 'soak',
    work: () => program(['test/soak/soak.mjs', '--minutes', minutes], /^heap: /),
  },
  {
    name: 'hostile-server',
    work: () => program(['test/soak/hostile.mjs'], /"good":true/),
  },
];
const wanted = values.only?.split(',').map((name) => name.trim());
const unknown = wanted?.filter((name) => !parts.some((part) => part.name === name)) ?? [];
if (values.list || unknown.length > 0) {
  say(`${parts.map(({ name }) => name).join('\n')}\n`);
  process.exit(unknown.length > 0 ? 1 : 0);
}

const shownTime = (ms) => {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
};

const done = [];
try {
  for (const { name, work } of parts) {
    if (wanted !== undefined && !wanted.includes(name)) continue;
    say(`\n=== ${name}\n`);
    const started = performance.now();
    const outcome = await work().catch((error) => ({
      good: false,
      figures: [String(error?.stack ?? error)],
    }));
    done.push({ name, took: performance.now() - started, ...outcome });
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

say('\n=== All figures\n');
for (const { name, took, good, figures } of done) {
  say(`\n${name.padEnd(20)} ${good ? 'passed' : 'FAILED'}   ${shownTime(took).padStart(12)}\n`);
  for (const line of figures) say(`    ${line}\n`);
}
const failed = done.filter(({ good }) => !good);
const all = done.reduce((sum, { took }) => sum + took, 0);
say(`\n${done.length} parts in ${shownTime(all)}, ${failed.length} failed\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
