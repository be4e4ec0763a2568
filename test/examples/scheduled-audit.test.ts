// The scheduled audit: the step of its workflow, run as it is written, against the reference implementation.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReference, listen, type SeededKey } from 'blazemeter-client/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createDetector } from '../leak/detector.ts';
import { temporaryFolder } from '../support/credentials.ts';
import { bundled, example } from './program.ts';

const workflow = parse(readFileSync(example('scheduled-audit/audit.yml'), 'utf8'));
const job = workflow.jobs.audit;
const steps: { name?: string; uses?: string; run?: string; shell?: string; env?: Record<string, string> }[] =
  job.steps;
const audit = steps.find(({ name }) => name === 'Audit');

const reference = createReference();
let blazemeter: Awaited<ReturnType<typeof listen>>;
let folder = '';
beforeEach(async () => {
  reference.reset();
  blazemeter = await listen(reference);
  folder = temporaryFolder();
  // `npx` stands for npm's, and the address leads to this machine.
  const command = await bundled(fileURLToPath(new URL('../../src/cli/keys/main.ts', import.meta.url)));
  mkdirSync(join(folder, 'bin'));
  const npx = join(folder, 'bin/npx');
  writeFileSync(
    npx,
    `#!/bin/sh\n[ "$1 $2" = "--no-install blazemeter-keys" ] || exit 99\nshift 2\nexec "${process.execPath}" "${command}" "$@" --base-url "${blazemeter.url}"\n`,
  );
  chmodSync(npx, 0o755);
});
afterEach(() => blazemeter.close());

const seeded = (more: object): SeededKey =>
  reference.seed({ users: { ben: {} }, keys: { search: { user: 'ben', ...more } } }).keys.search;

/** Runs the step as a runner runs one with `shell: bash`. */
async function play({ id, secret }: { id: string; secret: string }) {
  const summary = join(folder, 'summary.md');
  writeFileSync(summary, '');
  const [code, out, err] = await new Promise<[number, string, string]>((done) => {
    const child = execFile(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', '-c', audit?.run ?? 'exit 98'],
      {
        cwd: folder,
        env: {
          PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
          HOME: folder,
          GITHUB_STEP_SUMMARY: summary,
          BZ_TOKEN: `${id}:${secret}`,
        },
      },
      (_, stdout, stderr) => done([child.exitCode ?? -1, stdout, stderr]),
    );
  });
  const report = readFileSync(summary, 'utf8');
  expect(createDetector({ search: secret })(out + err + report)).toEqual([]);
  return { code, report, err };
}

describe('the audit', () => {
  it('succeeds, and writes a report, where no key needs attention', async () => {
    const { code, report } = await play(seeded({}));
    expect(report).toMatch(/^## API keys: no findings\n[\s\S]*1 key/);
    expect(code).toBe(0);
  });

  it('fails, and names the key, where one expires soon', async () => {
    const { code, report } = await play(seeded({ created: { days: -362 }, expires: { days: 3 } }));
    expect(code).toBe(1);
    expect(report).toMatch(/\| error \| expires-soon \|.*<code>search<\/code>/);
  });

  it('fails with the exit code of the audit where the key is refused', async () => {
    const { code, err } = await play(seeded({ created: { days: -400 }, expires: { days: -1 } }));
    expect(code).toBe(3);
    expect(err).toContain('401');
  });
});

describe('the workflow', () => {
  it('starts by the clock and by hand, not in a fork, and once at a time', () => {
    expect(Object.keys(workflow.on)).toEqual(['schedule', 'workflow_dispatch']);
    expect(job.if).toMatch(/^github\.repository == '/);
    expect(workflow.concurrency).toEqual({ group: 'audit-blazemeter-keys', 'cancel-in-progress': false });
  });

  it('may only read the repository, runs the audit that the lockfile names, pins every action by a full SHA, and puts no value into the script', () => {
    expect([workflow.permissions, job.permissions]).toEqual([{}, { contents: 'read' }]);
    expect(steps.map(({ run }) => run ?? '').filter((run) => run.startsWith('npm'))).toEqual([
      'npm ci --ignore-scripts',
    ]);
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/@[0-9a-f]{40}$/);
    expect(audit?.shell).toBe('bash');
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
    expect(Object.keys(audit?.env ?? {})).toEqual(['BZ_TOKEN']);
  });
});
