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

/** Every pipeline that people may copy: those of the examples, and the blocks of YAML and Groovy in the guides. */
const copied = [
  ...filesIn('examples').map((name) => ({ name, text: read(name) })),
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) =>
      [...read('docs', name).matchAll(/^ *```(?:ya?ml|groovy)\n(.*?)^ *```/gms)].map(([, text = '']) => ({
        name: `docs/${name}`,
        text,
      })),
    ),
];

/** The workflows, pipelines and Jenkinsfiles below a folder. */
function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesIn(path);
    return /\.ya?ml$|^Jenkinsfile/.test(entry.name) ? [path] : [];
  });
}

/** The texts that a shell runs, of a workflow or a pipeline. */
const shells = (text: string): string[] =>
  ['run', 'script', 'bash', 'pwsh', 'powershell', 'inlineScript', 'command'].flatMap((key) =>
    valuesOf(key, parse(text)).flat().map(String),
  );

/** What a template or a Groovy string would replace in such a text before the shell reads it. */
function interpolated(name: string, text: string): string[] {
  if (/Jenkinsfile|agent [{]|withCredentials|docker\.image/.test(name + text))
    return [...text.matchAll(/\b(?:sh|bat|pwsh|powershell)\b[^'\n]*"[^\n]*/g)].map(([line]) => line);
  return shells(text).flatMap((script) =>
    [...script.matchAll(/\$\{\{.*?\}\}|\$\([\w.]+\)|\$\[.*?\]/g)].map(([value]) => value),
  );
}

describe('pipelines to copy', () => {
  it('are found', () => {
    const names = copied.map(({ name }) => name);
    for (const part of ['azure-pipelines.yml', 'rotate.yml', 'audit.yml', 'Jenkinsfile', 'docs/'])
      expect(names.some((name) => name.includes(part))).toBe(true);
  });

  it.each(copied)(
    '$name puts no value into the text of a shell: values come by the environment',
    ({ name, text }) => {
      expect(interpolated(name, text)).toEqual([]);
    },
  );

  const template = (value: string) => ['$', `{{ ${value} }}`].join('');
  const groovy = ['sh "echo $', '{params.NAME}"'].join('');
  it.each([
    ['a.yml', 'steps:\n  - script: echo "$(key.keyId)"', ['$(key.keyId)']],
    ['a.yml', `steps:\n  - bash: echo ${template('parameters.reason')}`, [template('parameters.reason')]],
    ['a.yml', `steps:\n  - run: |\n      echo ${template('github.ref')}`, [template('github.ref')]],
    ['Jenkinsfile', groovy, [groovy]],
    ['a.yml', 'steps:\n  - run: echo "$NAME" "$(git log -1)"', []],
  ])('an interpolated value is seen in %s: %s', (name, text, found) => {
    expect(interpolated(name, text)).toEqual(found);
  });
});

describe('a release', () => {
  const release = parse(read('.github', 'workflows', 'release.yml'));
  const jobs: Record<
    string,
    { permissions: object; steps: { run?: string; uses?: string; with?: object }[] }
  > = release.jobs;
  const scripts = (name: string): string => (jobs[name]?.steps ?? []).map(({ run }) => run ?? '').join('\n');

  it('uses no token of npm, but OIDC, with provenance', () => {
    expect(scripts('publish')).toMatch(/npm publish .*--provenance/);
    expect(workflows.map(({ text }) => text).join('')).not.toMatch(/NPM_TOKEN|NODE_AUTH_TOKEN|secrets\./);
  });

  it('is published by a job that has nothing but the right to publish, and runs no code of a package', () => {
    const able = Object.entries(jobs).filter(([, { permissions }]) => 'id-token' in permissions);
    expect(able.map(([name]) => name)).toEqual(['publish']);
    expect(release.permissions).toEqual({});
    expect(jobs.publish?.permissions).toEqual({ 'id-token': 'write' });
    expect(scripts('publish').trim()).toBe(
      'npm publish "./blazemeter-client-$VERSION.tgz" --provenance --access public --ignore-scripts',
    );
    const actions = jobs.publish?.steps.flatMap(({ uses }) => uses?.replace(/@.*/, '') ?? []);
    expect(actions).toEqual(['actions/setup-node', 'actions/download-artifact']);
  });

  it('is the tarball that a job without rights has built and tested', () => {
    expect(jobs.build?.permissions).toEqual({ contents: 'read' });
    expect(scripts('build')).toMatch(/bash \.ci\/run\n[\s\S]*npm audit signatures\n[\s\S]*npm pack/);
    expect(release.jobs.publish.needs).toBe('build');
  });

  it('lets no package that it installs reach the right to write', () => {
    for (const { steps } of Object.values(jobs))
      for (const step of steps)
        if (step.uses?.startsWith('actions/checkout'))
          expect(step.with).toMatchObject({ 'persist-credentials': false });
    const installs = /npm (?:ci|install)/;
    for (const { permissions, steps } of Object.values(jobs))
      if (Object.values(permissions).includes('write'))
        for (const step of steps)
          if (installs.test(step.run ?? '')) {
            for (const line of (step.run ?? '').split('\n'))
              if (installs.test(line)) expect(line).toContain('--ignore-scripts');
            expect(JSON.stringify(step)).not.toContain('token');
          }
  });
});

it('what npx starts is in the lockfile', () => {
  const packages: Record<string, { bin?: string | Record<string, string> }> = Object(
    json('package-lock.json').packages,
  );
  const bins = Object.entries(packages).flatMap(([path, { bin }]) =>
    typeof bin === 'object' ? Object.keys(bin) : bin === undefined ? [] : [path.replace(/^.*\//, '')],
  );
  const started = [...workflows, ...copied.filter(({ name }) => name.startsWith('examples/'))].flatMap(
    ({ text }) => [...text.matchAll(/(?<=run: .*|^ +)npx .*$/gm)].map(([line]) => line),
  );
  expect(started.length).toBeGreaterThan(1);
  for (const line of started) {
    expect(line).toMatch(/^npx --no-install /);
    expect(bins).toContain(line.split(' ')[2]);
  }
});

it('what is supported is said once: the manifest and the page agree with the table', () => {
  const support = json('docs', 'support.json');
  const nodes = valuesOf('node', support).flat().map(String);
  const page = read('docs', 'releasing.md');
  for (const major of nodes) expect(page).toMatch(new RegExp(`\\| Node \\|.*\\b${major}\\b`));
  const [oldest = ''] = nodes;
  expect(json('package.json')).toHaveProperty('engines.node', expect.stringContaining(`>=${oldest}.`));
  expect(page).toContain(
    `TypeScript | ${String(valuesOf('oldest', support)[0])} to ${String(valuesOf('newest', support)[0])}`,
  );
});
