// The scheduled audit: the steps of its workflow, run as they are written, over its manifest, between the reference
// implementation and a fake of Vault.
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { BlazeMeterClient } from 'blazemeter-client';
import { adopt, rotate, vaultStore } from 'blazemeter-client/rotation';
import { createReference, listen, type SeededKey } from 'blazemeter-client/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createDetector } from '../leak/detector.ts';
import { type VaultFake, vaultFake } from '../stores/vault-fake.ts';
import { temporaryFolder } from '../support/credentials.ts';
import { bundled, example } from './program.ts';

const read = (name: string): string => readFileSync(example(`scheduled-audit/${name}`), 'utf8');
const workflow = parse(read('audit.yml'));
const job = workflow.jobs.audit;
const steps: {
  name?: string;
  uses?: string;
  run?: string;
  if?: string;
  env?: Record<string, string>;
}[] = job.steps;

const reference = createReference();
let vault: VaultFake;
let blazemeter: Awaited<ReturnType<typeof listen>>;
let folder = '';
let secrets: Readonly<Record<string, string>> = {};
beforeEach(async () => {
  reference.reset();
  vault = await vaultFake();
  blazemeter = await listen(reference);
  // A checkout with the dependencies installed: `npx` stands for npm's, and the address leads to this machine.
  folder = temporaryFolder();
  const command = await bundled(fileURLToPath(new URL('../../src/cli/keys/main.ts', import.meta.url)));
  copyFileSync(await bundled(example('scheduled-audit/report.mjs')), join(folder, 'report.mjs'));
  writeFileSync(
    join(folder, 'keys.json'),
    read('keys.json').replaceAll('https://vault.example.com:8200', vault.url),
  );
  mkdirSync(join(folder, 'bin'));
  const npx = join(folder, 'bin/npx');
  writeFileSync(
    npx,
    `#!/bin/sh\n[ "$1 $2" = "--package=blazemeter-client blazemeter-keys" ] || exit 99\nshift 2\nexec "${process.execPath}" "${command}" "$@" --base-url "${blazemeter.url}"\n`,
  );
  chmodSync(npx, 0o755);
});
afterEach(async () => {
  await vault.close();
  await blazemeter.close();
});

/** Two users with a key each: of the first there is a record in the vault, of the second only the pair. */
async function world(checkout: object, search: object) {
  const { keys } = reference.seed({
    users: { ana: {}, ben: {} },
    keys: { checkout: { user: 'ana', ...checkout }, search: { user: 'ben', ...search } },
  });
  secrets = Object.fromEntries(Object.values<SeededKey>(keys).map(({ name, secret }) => [name, secret]));
  const store = vaultStore({ address: vault.url, path: 'ci/checkout', token: () => vault.token });
  const client = new BlazeMeterClient({
    credentials: keys.checkout,
    fetch: reference.fetch,
    logLevel: 'off',
  });
  await adopt(client, { store, name: 'checkout-ci', credentials: keys.checkout });
  return { keys, store, client };
}

interface Played {
  /** Of each step that runs something, by its name. */
  readonly codes: Readonly<Record<string, number>>;
  readonly summary: string;
  readonly sarif: { readonly runs: readonly { readonly results: readonly { readonly ruleId: string }[] }[] };
}

/** Runs the steps as a runner does: one after another; after a failure only those that say so. */
async function play(given: Readonly<Record<string, string>>): Promise<Played> {
  const codes: Record<string, number> = {};
  const texts: string[] = [];
  for (const { name, run, if: condition, env = {} } of steps) {
    if (run === undefined || name === undefined) continue;
    if (Object.values(codes).some((code) => code !== 0) && !/!cancelled\(\)/.test(condition ?? '')) continue;
    const secret = (value: string) => given[/^\$\{\{ secrets\.(\w+) \}\}$/.exec(value)?.[1] ?? ''] ?? '';
    codes[name] = await new Promise((done) => {
      const child = execFile(
        'bash',
        ['-e', '-c', run],
        {
          cwd: folder,
          env: {
            PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
            HOME: folder,
            GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
            ...Object.fromEntries(Object.entries(env).map(([variable, value]) => [variable, secret(value)])),
          },
        },
        (_, out, err) => {
          texts.push(out, err);
          done(child.exitCode ?? -1);
        },
      );
    });
  }
  const summary = readFileSync(join(folder, 'summary.md'), 'utf8');
  const sarif = readFileSync(join(folder, 'audit.sarif'), 'utf8');
  const find = createDetector({ ...secrets, vault: vault.token });
  expect(
    find([...texts, summary, sarif, readFileSync(join(folder, 'audit.json'), 'utf8')].join('\n')),
  ).toEqual([]);
  return { codes, summary, sarif: JSON.parse(sarif) };
}

const given = (search: SeededKey) => ({
  VAULT_TOKEN: vault.token,
  SEARCH_BZ_TOKEN: `${search.id}:${search.secret}`,
});

describe('the audit', () => {
  it('is green, and writes a report, where nothing is the matter', async () => {
    const { keys } = await world({}, {});
    const { codes, summary, sarif } = await play(given(keys.search));
    expect(codes).toEqual({ Audit: 0, Report: 0 });
    expect(summary).toMatch(/^## API keys: no findings\n[\s\S]*2 keys/);
    expect(sarif.runs[0]?.results).toEqual([]);
  });

  it('is red, and says in both reports which key and whose, where a key ends soon', async () => {
    const { keys } = await world({}, { created: { days: -362 }, expires: { days: 3 } });
    const { codes, summary, sarif } = await play(given(keys.search));
    expect(codes).toEqual({ Audit: 1, Report: 0 });
    expect(summary).toContain('## API keys: 1 error');
    expect(summary).toMatch(/\| error \| expires-soon \|.*<code>search<\/code>.*\| team-search \|/);
    expect(sarif.runs[0]?.results.map(({ ruleId }) => ruleId)).toEqual(['expires-soon']);
  });

  it('is red where a key belongs to no entry', async () => {
    const { keys } = await world({}, {});
    const { forgotten } = reference.seed({ keys: { forgotten: { user: 'ben' } } }).keys;
    const { codes, summary } = await play(given(keys.search));
    expect(codes).toEqual({ Audit: 1, Report: 0 });
    expect(summary).toContain(forgotten.id);
  });

  it('takes the pair from the record, after a rotation too', async () => {
    const { keys, store, client } = await world({}, {});
    await rotate(client, { store, reason: 'leak' });
    const { codes } = await play(given(keys.search));
    expect(codes).toEqual({ Audit: 0, Report: 0 });
  });

  it('is red, and reports on the others, where an entry could not be looked at', async () => {
    const { keys } = await world({}, { created: { days: -400 }, expires: { days: -1 } });
    const { codes, summary } = await play(given(keys.search));
    expect(codes.Audit).toBe(3);
    expect(summary).toMatch(/search-ci could not be looked at/);
    expect(summary).toContain('1 key of');
  });

  it('is red, and the report says so, where the audit itself failed', async () => {
    const { keys } = await world({}, {});
    writeFileSync(join(folder, 'keys.json'), '{ "keys": [] }');
    const { codes, summary } = await play(given(keys.search));
    expect(codes).toEqual({ Audit: 2, Report: 0 });
    expect(summary).toContain('The audit itself failed');
  });
});

describe('the workflow', () => {
  it('starts by the clock and by hand, not in a fork, and once at a time', () => {
    expect(Object.keys(workflow.on)).toEqual(['schedule', 'workflow_dispatch']);
    expect(job.if).toMatch(/^github\.repository == '/);
    expect(workflow.concurrency).toEqual({ group: 'audit-blazemeter-keys', 'cancel-in-progress': false });
  });

  it('may read the repository and write findings, and nothing else', () => {
    expect(workflow.permissions).toEqual({});
    expect(job.permissions).toEqual({ contents: 'read', 'security-events': 'write' });
  });

  it('pins every action by a full SHA, and gives secrets to the one step that needs them', () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/@[0-9a-f]{40}$/);
    expect(steps.filter((step) => JSON.stringify(step).includes('secrets.')).map(({ name }) => name)).toEqual(
      ['Audit'],
    );
  });
});

it('the manifest is one of blazemeter-keys, and the workflow gives what it reads', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../docs/keys-manifest.schema.json', import.meta.url), 'utf8'),
  );
  const manifest = JSON.parse(read('keys.json'));
  const validate = new Ajv2020().compile(schema);
  expect(validate(manifest), JSON.stringify(validate.errors)).toBe(true);
  const variables = new Set([...read('keys.json').matchAll(/"\w+Env": "(\w+)"/g)].map(([, name]) => name));
  const audit = steps.find(({ name }) => name === 'Audit');
  expect(new Set(Object.keys(audit?.env ?? {}))).toEqual(variables);
});
