// What the workflows promise: nothing that they run can change under them, and they test what is said to be supported.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../support/examples.ts';

const folder = join(root, '.github', 'workflows');
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const json = (...path: string[]): Record<string, unknown> => JSON.parse(read(...path));
const workflows = readdirSync(folder).map((name) => ({ name, text: read('.github', 'workflows', name) }));

/** Every value of a key, however deep. */
function valuesOf(key: string, within: unknown): unknown[] {
  if (typeof within !== 'object' || within === null) return [];
  return Object.entries(within).flatMap(([name, value]) => [
    ...(name === key ? [value] : []),
    ...valuesOf(key, value),
  ]);
}

describe.each(workflows)('the workflow $name', ({ text }) => {
  const workflow: unknown = parse(text);

  it('runs only actions that are pinned by commit, each with its version beside it', () => {
    const used = text.split('\n').filter((line) => line.includes('uses:'));
    expect(used.length).toBeGreaterThan(0);
    for (const line of used) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('has an end, and no more rights than it says', () => {
    const jobs = valuesOf('jobs', workflow).flatMap((all) => Object.values(Object(all)));
    for (const job of jobs) expect(job).toHaveProperty('timeout-minutes');
    expect(workflow).toHaveProperty('permissions');
    expect(text).not.toMatch(/write-all|pull_request_target/);
  });

  it('puts nothing that strangers write into a shell', () => {
    for (const script of valuesOf('run', workflow)) expect(script).not.toMatch(/\$\{\{/);
  });

  it('starts only scripts that there are', () => {
    const { scripts } = json('package.json');
    const started = [...text.matchAll(/npm run (?:--\S+ )*([\w:-]+)/g)].map(([, name]) => name);
    for (const name of started) expect(Object.keys(Object(scripts))).toContain(name);
    const files = [...text.matchAll(/run: node ([\w./-]+)/g)].map(([, file = '']) => file);
    for (const file of files) expect(() => read(...file.split('/'))).not.toThrow();
  });
});

it('no token of npm is used: a release goes out by OIDC, with provenance', () => {
  const release = read('.github', 'workflows', 'release.yml');
  expect(release).toContain('id-token: write');
  expect(release).toContain('npm publish --provenance');
  expect(workflows.map(({ text }) => text).join('')).not.toMatch(/NPM_TOKEN|NODE_AUTH_TOKEN|secrets\./);
});

it('what is supported is said once: the manifest and the page agree with the table', () => {
  const support = json('docs', 'support.json');
  const nodes = valuesOf('node', support).flat().map(String);
  const page = read('docs', 'releasing.md');
  for (const major of nodes) expect(page).toMatch(new RegExp(`\\| Node \\|.*\\b${major}\\b`));
  const [oldest = ''] = nodes;
  expect(json('package.json')).toHaveProperty('engines.node', expect.stringContaining(`>=${oldest}.`));
  expect(page).toContain(`TypeScript | ${String(valuesOf('oldest', support)[0])} or later`);
  expect(page).toContain(`every one up to ${String(valuesOf('newest', support)[0])} is tried`);
});
