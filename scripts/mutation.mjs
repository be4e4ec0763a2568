// Mutation testing with Stryker: node scripts/mutation.mjs [--only signer,redaction] [--stryker <folder>] [--concurrency 1].
// Works on a copy of the repository in a temporary folder, where Stryker is installed for the run: it would be by far the
// largest development dependency. Ends with 1 where a room is below its goal. test/mutation/ says what is mutated, and which
// mutants cannot be told apart by any test, each with its reason.

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { equivalents } from '../test/mutation/equivalents.mjs';
import { rooms } from '../test/mutation/rooms.mjs';

/** The last line of Stryker that runs on Node 20. */
const VERSION = '9.6.1';
const say = (line) => process.stdout.write(`${line}\n`);
const root = fileURLToPath(new URL('../', import.meta.url));
const kept = join(root, 'coverage', 'mutation');

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    stryker: { type: 'string' },
    concurrency: { type: 'string', default: '1' },
    incremental: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const wanted = values.only?.split(',').map((name) => name.trim());
const chosen = rooms.filter(({ name }) => wanted === undefined || wanted.includes(name));
if (chosen.length === 0) {
  process.stderr.write(`There is no such room. There are: ${rooms.map(({ name }) => name).join(', ')}.\n`);
  process.exit(1);
}

/** Stryker and its runner, without their peers. */
function install(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${VERSION}`);
  const npm = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', '--legacy-peer-deps', ...packages],
    { cwd: folder, stdio: 'inherit' },
  );
  if (npm.status !== 0) throw new Error(`Stryker ${VERSION} could not be installed.`);
}

/** The peers that it needs are the repository's own. */
function link(folder) {
  for (const name of ['typescript', 'vitest']) {
    const there = join(folder, 'node_modules', name);
    if (!existsSync(there)) symlinkSync(join(root, 'node_modules', name), there, 'junction');
  }
}

/** Not the folders that are made, nor the ones of other tools. */
const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage', '.git', 'site']);

function copyRepository(to) {
  cpSync(root, to, {
    recursive: true,
    filter: (from) =>
      !relative(root, from)
        .split(sep)
        .some((part) => LEFT_OUT.has(part)),
  });
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'), 'junction');
}

/** Stryker's runner works in threads, which take no arguments of node: it gets them itself. */
const vitestConfig = (tests) => `import config from './vitest.config.ts';

config.test = { ...config.test, include: ${JSON.stringify(tests)}, globalSetup: [], execArgv: [], pool: 'threads' };
export default config;
`;

/**
 * What was noticed and has not changed is not asked again; what was not noticed always is. Stryker itself does not see that
 * a new test may reach a mutant that is made when its file is loaded.
 */
function forgetSurvivors(file) {
  if (!existsSync(file)) return;
  const report = JSON.parse(readFileSync(file, 'utf8'));
  for (const one of Object.values(report.files))
    one.mutants = one.mutants.filter(({ status }) => status === 'Killed');
  writeFileSync(file, JSON.stringify(report));
}

function run(room, copy, stryker) {
  writeFileSync(join(copy, 'mutation.vitest.config.ts'), vitestConfig(room.tests));
  const file = room.name.replaceAll(' ', '-');
  const report = join(copy, `${file}.report.json`);
  const incrementalFile = join(kept, `${file}.incremental.json`);
  forgetSurvivors(incrementalFile);
  const config = {
    mutate: room.mutate,
    plugins: [join(stryker, 'node_modules/@stryker-mutator/vitest-runner/dist/src/index.js')],
    testRunner: 'vitest',
    testRunnerNodeArgs: ['--expose-gc'],
    vitest: { configFile: 'mutation.vitest.config.ts', related: true },
    coverageAnalysis: 'perTest',
    concurrency: Number(values.concurrency),
    // A machine that is busy with something else must not make a mutant look killed.
    timeoutMS: 30_000,
    dryRunTimeoutMinutes: 30,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: report },
    allowConsoleColors: false,
    incremental: values.incremental,
    incrementalFile,
    tempDirName: '.stryker',
    checkers: [],
  };
  writeFileSync(join(copy, 'stryker.config.json'), JSON.stringify(config, null, 2));
  const bin = join(stryker, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const ran = spawnSync(process.execPath, [bin, 'run', 'stryker.config.json'], {
    cwd: copy,
    stdio: 'inherit',
  });
  if (!existsSync(report)) throw new Error(`Stryker ended with ${ran.status} and without a report.`);
  return JSON.parse(readFileSync(report, 'utf8'));
}

/** The mutants of a report, with the text that each replaces. */
function mutantsOf(report) {
  return Object.entries(report.files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n');
    return mutants.map(({ mutatorName, replacement, status, location: { start, end } }) => {
      const on = lines[start.line - 1];
      const part = lines.slice(start.line - 1, end.line);
      part[part.length - 1] = part.at(-1).slice(0, end.column - 1);
      part[0] = part[0].slice(start.column - 1);
      return {
        file,
        on,
        line: start.line,
        mutator: mutatorName,
        original: part.join('\n'),
        replacement,
        status,
      };
    });
  });
}

const same = (mutant) => (listed) =>
  listed.file === mutant.file &&
  listed.original === mutant.original &&
  listed.replacement === mutant.replacement &&
  (listed.mutator === undefined || listed.mutator === mutant.mutator) &&
  (listed.on === undefined || mutant.on.includes(listed.on));

function judge(room, report, seconds) {
  const mutants = mutantsOf(report).filter(({ status }) => !['Ignored', 'CompileError'].includes(status));
  const alive = mutants.filter(({ status }) => !['Killed', 'Timeout'].includes(status));
  const unlisted = alive.filter((mutant) => !equivalents.some(same(mutant)));
  const known = alive.length - unlisted.length;
  const outdated = equivalents.filter(
    (listed) =>
      mutants.some((mutant) => same(mutant)(listed)) && !alive.some((mutant) => same(mutant)(listed)),
  );
  const score = (100 * (mutants.length - alive.length)) / Math.max(1, mutants.length - known);
  const timeouts = mutants.filter(({ status }) => status === 'Timeout').length;
  return {
    room,
    mutants: mutants.length,
    killed: mutants.length - alive.length,
    timeouts,
    known,
    unlisted,
    outdated,
    score,
    seconds,
  };
}

/** What nobody noticed, and what is listed as such although it is noticed by now. */
function tell({ room, unlisted, outdated }) {
  if (unlisted.length > 0) say(`\nNot noticed in ${room.name}:`);
  for (const { file, line, mutator, original, replacement, status } of unlisted)
    say(
      `  ${file}:${line} ${mutator} ${status}\n    - ${original.slice(0, 200)}\n    + ${replacement.slice(0, 200)}`,
    );
  for (const { file, original } of outdated)
    say(`  Listed as equivalent, and noticed: ${file}: ${original.slice(0, 100)}`);
}

const temporary = mkdtempSync(join(tmpdir(), 'mutation-'));
const results = [];
try {
  mkdirSync(kept, { recursive: true });
  const stryker = values.stryker === undefined ? join(temporary, 'stryker') : resolve(values.stryker);
  if (values.stryker === undefined) install(stryker);
  link(stryker);
  const copy = join(temporary, 'repository');
  copyRepository(copy);
  for (const room of chosen) {
    const started = performance.now();
    const report = run(room, copy, stryker);
    const result = judge(room, report, (performance.now() - started) / 1000);
    results.push(result);
    tell(result);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

say('\nroom           mutants  killed  (by time)  equivalent  score   goal   seconds');
for (const { room, mutants, killed, timeouts, known, score, seconds } of results)
  say(
    `${room.name.padEnd(14)} ${String(mutants).padStart(7)} ${String(killed).padStart(7)} ${String(timeouts).padStart(10)} ${String(known).padStart(11)} ${score.toFixed(1).padStart(6)} % ${String(room.goal).padStart(3)} % ${seconds.toFixed(0).padStart(7)}`,
  );
if (results.some(({ score, room, outdated }) => score < room.goal || outdated.length > 0))
  process.exitCode = 1;
