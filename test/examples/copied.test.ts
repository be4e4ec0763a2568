// Each example as a reader takes it: its folder alone, copied out of the repository, with the packages that its package.json
// names. It has all that it imports, its own test runs, and no process is left behind.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../support/credentials.ts';
import { root } from '../support/examples.ts';
import { copied, manifestOf, packagesOf, referenceScript } from './copy.ts';

const examples = join(root, 'examples');
const folders = readdirSync(examples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(examples, entry.name, 'package.json')))
  .map(({ name }) => name);

/** Examples in other languages, which have no package.json. */
const OTHERS = {
  'reference-python': 'python3 -m unittest test_keys',
  'reference-shell': 'sh check-key.sh',
};

/** Files that several folders have. */
const SHARED = new Set([
  'azure-variable-group.ts',
  'github-actions-secret.ts',
  'github-api.ts',
  'jenkins-credential.ts',
  'plain.ts',
  'reference.py',
  'refusal.ts',
  'sealed-box.ts',
]);

/** What the programs of a folder import, with the file that does. */
function importsOf(folder: string): { file: string; from: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:[mc]?js|ts)$/.test(name) && !name.includes('node_modules'))
    .flatMap((name) => {
      const file = join(folder, name);
      const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'));
      return importedFiles.map(({ fileName }) => ({ file, from: fileName }));
    });
}

it('alike in every folder are the files that several have, because each folder is copied alone', () => {
  const texts = new Map<string, Set<string>>();
  for (const entry of readdirSync(examples, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !SHARED.has(entry.name)) continue;
    const known = texts.get(entry.name) ?? new Set();
    texts.set(entry.name, known.add(readFileSync(join(entry.parentPath, entry.name), 'utf8')));
  }
  expect(new Map([...texts].map(([name, { size }]) => [name, size]))).toEqual(
    new Map([...SHARED].map((name) => [name, 1])),
  );
});

describe.each(folders)('the example %s, copied out of the repository', (name) => {
  it('has everything that it imports', () => {
    const folder = copied(name);
    const named = packagesOf(manifestOf(name));
    const missing = importsOf(folder).filter(({ file, from }) => {
      if (from.startsWith('.')) return !existsSync(join(dirname(file), from));
      return !named.some((one) => from === one || from.startsWith(`${one}/`)) && !isBuiltin(from);
    });
    expect(importsOf(folder).length).toBeGreaterThan(0);
    expect(missing).toEqual([]);
  });
});

/** The processes of a group that have not ended. */
function running(group: number | undefined): string[] {
  const all = execFileSync('ps', ['-eo', 'pgid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => new RegExp(`^ *${group} +[^Z]`).test(line));
}

const scripts = [
  ...folders.map((name) => ({ name, script: manifestOf(name).scripts?.test })),
  ...Object.entries(OTHERS).map(([name, script]) => ({ name, script })),
].filter((one): one is { name: string; script: string } => one.script !== undefined);

it.each(scripts)(
  '$name runs where it was copied to, and leaves no process behind',
  {
    timeout: 120_000,
  },
  async ({ name, script }) => {
    const folder = copied(name);
    const child = spawn('sh', ['-c', script], {
      cwd: folder,
      // A process group of its own, by which all of it is found.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: [join(folder, 'node_modules/.bin'), process.env.PATH].join(delimiter),
        HOME: temporaryFolder(),
        TMPDIR: temporaryFolder(),
        BLAZEMETER_REFERENCE: `${process.execPath} ${referenceScript()}`,
        PYTHONDONTWRITEBYTECODE: '1',
      },
    });
    const group = -(child.pid ?? Number.NaN);
    onTestFinished(({ task }) => {
      if (task.result?.state === 'fail' && child.exitCode === null) process.kill(group, 'SIGKILL');
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk;
      });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    // What vitest started ends a moment after it.
    await vi.waitFor(() => expect(running(child.pid)).toEqual([]), { timeout: 10_000 });
  },
);
