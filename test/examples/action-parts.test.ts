// The parts of the action that need no process: inputs, what is written for the runner, the workflow of its README, and
// that its one file is what its sources make.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { UnrecordedReport } from 'blazemeter-client/rotation';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { readInputs } from '../../examples/github-action/src/inputs.ts';
import { tell } from '../../examples/github-action/src/report.ts';
import { Runner } from '../../examples/github-action/src/runner.ts';
import { createDetector } from '../leak/detector.ts';
import { madeUp, temporaryFolder } from '../support/credentials.ts';

const home = fileURLToPath(new URL('../../examples/github-action/', import.meta.url));
const read = (file: string): string => readFileSync(join(home, file), 'utf8');
const given = madeUp('given');

function inputsOf(inputs: Record<string, string>) {
  const all = { name: 'ci', token: given.token, 'github-token': 'ghs_x', repository: 'acme/shop', ...inputs };
  return readInputs(
    new Runner(
      Object.fromEntries(Object.entries(all).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
    ),
  );
}

/** What the work writes to the log. */
function printed(work: () => void): string {
  let out = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += String(chunk);
    return true;
  });
  try {
    work();
  } finally {
    spy.mockRestore();
  }
  return out;
}

afterEach(() => {
  process.exitCode = 0;
});

describe('the inputs', () => {
  it('are read with their defaults', () => {
    const { credentials, ...rest } = inputsOf({});
    expect(credentials.id).toBe(given.id);
    expect(credentials.secret.reveal()).toBe(given.secret);
    expect(rest).toEqual({
      name: 'ci',
      githubToken: 'ghs_x',
      scope: 'repos/acme/shop/actions',
      secretNames: ['BZ_TOKEN'],
      reason: 'expiry',
      apiUrl: 'https://api.github.com',
      dryRun: false,
    });
  });

  it('are lengths of time as people write them', () => {
    const { within, expiresIn, drain } = inputsOf({
      within: '14 days',
      'expires-in': '3 months',
      drain: '12 Hours',
    });
    expect([within, expiresIn, drain]).toEqual([{ days: 14 }, '3 months', { hours: 12 }]);
    expect(inputsOf({ within: '1 month', 'expires-in': 'max', drain: '90 minutes' })).toMatchObject({
      within: '1 month',
      expiresIn: 'max',
      drain: { minutes: 90 },
    });
    expect(inputsOf({ 'expires-in': '45 days' }).expiresIn).toEqual({ days: 45 });
  });

  it('may name several secrets, and an environment', () => {
    const { secretNames, scope } = inputsOf({ 'secret-name': 'A\n  B\n', environment: 'production' });
    expect([secretNames, scope]).toEqual([['A', 'B'], 'repos/acme/shop/environments/production']);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no pair', { token: '' }, /Give the pair in use/],
    ['half a pair', { token: '', 'api-key-id': given.id }, /Give the pair in use/],
    ['a pair without a secret', { token: given.secret }, /input token/],
    ['no name', { name: ' ' }, /input name is missing/],
    ['no token of GitHub', { 'github-token': '' }, /github-token is missing/],
    ['a length of time that is none', { drain: 'soon' }, /drain is a length of time/],
    ['a life of nothing', { 'expires-in': '0 days' }, /expires-in is such as/],
    ['an unknown reason', { reason: 'boredom' }, /reason is one of expiry, schedule, leak/],
    ['a word that is neither true nor false', { 'dry-run': 'yes' }, /dry-run is one of false, true/],
    ['a repository that leads elsewhere', { repository: '../x' }, /repository is owner\/name/],
    ['an environment that leads elsewhere', { environment: '..' }, /environment is a name/],
    ['a secret twice', { 'secret-name': 'A,a' }, /names a secret twice/],
  ])('are refused with %s, and nothing of the pair is shown', (_, inputs, why) => {
    let message = '';
    try {
      inputsOf(inputs);
    } catch (error) {
      message = error instanceof Error ? error.message : '';
    }
    expect(message).toMatch(why);
    expect(createDetector({ secret: given.secret })(message)).toEqual([]);
  });
});

describe('what is written for the runner', () => {
  const report = (change: Partial<UnrecordedReport>): UnrecordedReport => ({
    phase: 'idle',
    rotated: false,
    dryRun: false,
    recordId: 'abcdefghij',
    epoch: 1,
    keyId: 'key1',
    givenKeyId: 'key1',
    expiresAt: null,
    resumeAfter: null,
    steps: [],
    notes: [],
    sinks: [],
    retire: [],
    ...change,
  });
  function told(change: Partial<UnrecordedReport>) {
    const folder = temporaryFolder();
    const files = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') };
    const out = printed(() => tell(new Runner(files), report(change)));
    return {
      out,
      output: readFileSync(files.GITHUB_OUTPUT, 'utf8'),
      summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
    };
  }

  it('is no command where foreign text looks like one', () => {
    const evil = '::error::x\n::stop-commands::y\r##[group]z%0A::add-mask::a';
    const { out } = told({
      steps: [evil],
      notes: [evil],
      sinks: [{ name: evil, keyId: null, acknowledged: false, problem: evil }],
    });
    const commands = out.split(/\r\n|\r|\n/).filter((line) => /^\s*(?:::|##\[)/.test(line));
    expect(commands.map((line) => line.slice(0, 12))).toEqual(['::notice::::', '::warning:::']);
    expect(commands.join()).toContain('%250A');
    expect(printed(() => new Runner({}).say('::error::x'))).toBe(': :error::x\n');
  });

  it('ends an output where nobody can know it', () => {
    const { output } = told({ keyId: 'a\nrotated<<x\ntrue\nx' });
    const [, end] = /^key-id<<(end_[0-9a-f-]{36})$/m.exec(output) ?? [];
    expect(output).toContain(`key-id<<${end}\na\nrotated<<x\ntrue\nx\n${end}\n`);
  });

  it('is plain text in the summary', () => {
    const { summary } = told({ notes: ['[a](https://x) <img src=x> | `b`\n# c'] });
    expect(summary).toContain('- \\[a\\](https://x) \\<img src=x\\> \\| \\`b\\` \\# c\n');
  });

  it('fails the run while a secret has not got the new pair', () => {
    const sinks = [{ name: 'secret A', keyId: null, acknowledged: false, problem: 'it did not acknowledge' }];
    const { out } = told({ rotated: true, phase: 'delivering', sinks });
    expect(out).toMatch(/::warning::secret A: it did not acknowledge\n[\s\S]*::error::Not every secret/);
    expect(process.exitCode).toBe(1);
  });

  it('warns of a key that could not be deleted', () => {
    const { out } = told({ phase: 'retiring', retire: [{ id: 'old', problem: 'Forbidden' }] });
    expect(out).toContain('::warning::The key old is still there: Forbidden\n');
    expect(process.exitCode).toBe(0);
  });
});

describe('action.yml', () => {
  const action = parse(read('action.yml'));
  const sources = readdirSync(join(home, 'src')).map((name) => read(`src/${name}`));
  const inReadme = (heading: string) =>
    (read('README.md').split(`\n## ${heading}\n`)[1] ?? '').split('\n## ')[0] ?? '';

  it('names every input that is read, and the README describes each', () => {
    const used = sources.join().matchAll(/(?:input|needed|one|span)\((?:runner, )?'([\w-]+)'/g);
    expect([...new Set([...used].map(([, name]) => name))].sort()).toEqual(Object.keys(action.inputs).sort());
    const rows = inReadme('Inputs')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const described = rows.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([\w-]+)`/g)]);
    expect(described.map(([, name]) => name)).toEqual(Object.keys(action.inputs));
  });

  it('names every output that is written, and the README describes each', () => {
    const written = [...sources.join().matchAll(/output\('([\w-]+)'/g)].map(([, name]) => name);
    expect(written).toEqual(expect.arrayContaining(Object.keys(action.outputs)));
    expect(written).toHaveLength(Object.keys(action.outputs).length);
    for (const name of Object.keys(action.outputs)) expect(inReadme('Outputs')).toContain(`\`${name}\``);
  });

  it('starts the file that is there', () => {
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js' });
  });
});

describe('the workflow in the README', () => {
  const workflow = parse(/```yaml\n([\s\S]*?)```/.exec(read('README.md'))?.[1] ?? '');
  const steps: { uses: string; with: Record<string, unknown> }[] = workflow.jobs.rotate.steps;

  it('starts by the clock and by hand, and by nothing that a stranger can cause', () => {
    expect(Object.keys(workflow.on)).toEqual(['schedule', 'workflow_dispatch']);
  });

  it('runs once at a time, to the end, with no permission of its own', () => {
    expect(workflow.concurrency).toMatchObject({ 'cancel-in-progress': false });
    expect(workflow.permissions).toEqual({});
  });

  it('pins every action by a full SHA, and says that it has to be looked up', () => {
    for (const { uses } of steps) expect(uses).toMatch(/@[0-9a-f]{40}$/);
    expect(read('README.md')).toMatch(/look both up/);
  });

  it('gives only inputs that there are', () => {
    const { inputs } = parse(read('action.yml'));
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(steps.at(-1)?.with ?? {})));
  });
});

describe('dist/', () => {
  it('is what build.mjs makes of the sources, byte for byte, and small', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'action-build-'));
    try {
      await promisify(execFile)(process.execPath, [join(home, 'build.mjs'), folder]);
      const names = readdirSync(folder).sort();
      expect(readdirSync(join(home, 'dist')).sort()).toEqual(names);
      for (const name of names) {
        const same = readFileSync(join(folder, name)).equals(readFileSync(join(home, 'dist', name)));
        expect(same, `${name}: run npm run build, then node examples/github-action/build.mjs`).toBe(true);
      }
      expect(statSync(join(folder, 'index.js')).size).toBeLessThan(400_000);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('holds the licence of every package in it, and no path of the machine that made it', () => {
    const titles = [...read('dist/licenses.txt').matchAll(/^([a-z]+) [\d.]+ \(.+\)$/gm)].map(
      ([, name]) => name,
    );
    expect(titles).toEqual(['blakejs', 'tweetnacl']);
    expect(read('dist/index.js')).not.toMatch(/node_modules|\/work\/|\/home\/|\/tmp\//);
  });
});
