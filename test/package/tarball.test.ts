// What is in the tarball, and what the checkers of the ecosystem say of it.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { publint } from 'publint';
import { beforeAll, expect, test } from 'vitest';
import { fields, json, node, output, repository, tool } from './commands.ts';
import { installed, type Packed, packed } from './packed.ts';

/** The most that the package may take on disk, unpacked: bytes. The aim is 400,000. */
const UNPACKED = 820_000;

/** What is in the commands that others wrote. */
const LICENCES = 'dist/cli/licenses.txt';
const PAPERS = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', LICENCES];

let parts: Packed;
let root: string;
let files: string[];

beforeAll(async () => {
  parts = await packed();
  root = installed(parts.second);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  files = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    );
});

/** Every path that a part of the manifest names. */
const targets = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Object.values(fields(value)).flatMap(targets);

test('publint finds nothing', async () => {
  const bytes = await readFile(parts.tarball);
  const tarball = new Uint8Array(bytes).buffer;
  const { messages } = await publint({ pack: { tarball }, strict: true });
  expect(messages).toEqual([]);
});

test('arethetypeswrong finds nothing for Node 16 and later, and for bundlers', async () => {
  const args = [parts.tarball, '--profile', 'node16', '--format', 'json'];
  const { code, stdout } = await tool('@arethetypeswrong/cli', 'attw', args, parts.app);
  const { analysis, problems } = fields(JSON.parse(stdout));
  const found = Object.values(fields(problems)).flat().map(fields);
  // TypeScript's resolution of before 2022 knows no doors but the main one.
  expect(found.filter(({ resolutionKind }) => resolutionKind !== 'node10')).toEqual([]);
  const opened = Object.keys(fields(fields(analysis).entrypoints));
  expect(opened).toEqual(expect.arrayContaining(['.', './rotation', './audit', './testing/msw']));
  expect(code).toBe(0);
});

test('it holds the build and the papers, and nothing else', () => {
  const strangers = files.filter(
    (file) => !/^dist\/[\w/-]+\.(js|cjs|d\.ts|d\.cts)$/.test(file) && !PAPERS.includes(file),
  );
  expect(strangers).toEqual([]);
  for (const paper of PAPERS) expect(files).toContain(paper);
});

test('every file of the build is reached from a door or a command', async () => {
  const { exports, bin } = await json(join(root, 'package.json'));
  const built = files.filter((file) => file.startsWith('dist/') && !PAPERS.includes(file));
  const reached = new Set<string>();
  const follow = async (file: string): Promise<void> => {
    if (reached.has(file)) return;
    reached.add(file);
    const text = await readFile(join(root, file), 'utf8');
    for (const [, path = ''] of text.matchAll(/['"](\.\.?\/[\w./-]+)['"]/g)) {
      const target = posix.join(posix.dirname(file), path);
      const declared = target.replace(/\.(c?)js$/, '.d.$1ts');
      for (const each of /\.d\.c?ts$/.test(file) ? [declared] : [target])
        if (built.includes(each)) await follow(each);
    }
  };
  for (const path of targets([exports, bin])) if (path.includes('dist/')) await follow(posix.normalize(path));
  expect(built.filter((file) => !reached.has(file))).toEqual([]);
});

test('the licence of what the commands have taken in goes along, and it is zod alone', async () => {
  const titles = (await readFile(join(root, LICENCES), 'utf8')).matchAll(/^(\S+) [\d.]+ \(.+\)$/gm);
  expect([...titles].map(([, name]) => name)).toEqual(['zod']);
});

test('it is small on disk', async () => {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(root, file))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`package: ${bytes} bytes unpacked (limit ${UNPACKED}), ${files.length} files`);
  expect(bytes).toBeLessThanOrEqual(UNPACKED);
});

test('every way into the package leads to a file, for the code and for its types', async () => {
  const { exports, main, module, types } = await json(join(root, 'package.json'));
  const paths = targets([exports, main, module, types]);
  const doors = Object.keys(fields(exports)).filter((door) => door !== './package.json');
  expect(doors).toEqual(
    expect.arrayContaining(['.', './node', './rotation', './audit', './testing', './testing/msw']),
  );
  expect(paths).toHaveLength(doors.length * 4 + 1 + 3);
  expect(paths.map((path) => path.replace('./', '')).filter((path) => !files.includes(path))).toEqual([]);
});

test('its version is the one that the client names', async () => {
  const { version } = await json(join(root, 'package.json'));
  const script = (door: string): string => `
    import { VERSION, BlazeMeterClient } from ${JSON.stringify(door)};
    let agent;
    const fetch = async (url, init) => { agent = init.headers['user-agent']; throw new TypeError('stop'); };
    const client = new BlazeMeterClient({ credentials: 'an-id:a-secret', fetch, maxRetries: 0 });
    await client.user.get().catch(() => undefined);
    console.log(VERSION, agent);`;
  for (const file of ['index.js', 'index.cjs']) {
    const door = pathToFileURL(join(root, 'dist', file)).href;
    const told = output(await node(['--input-type=module', '-e', script(door)], parts.second));
    expect(told.trim()).toBe(`${version} blazemeter-client/${version}`);
  }
});

test('its manifest promises what it should', async () => {
  const manifest = await json(join(root, 'package.json'));
  expect(manifest).toMatchObject({
    name: 'blazemeter-client',
    license: 'MIT',
    sideEffects: false,
    engines: { node: '>=20.19' },
    peerDependenciesMeta: { msw: { optional: true } },
  });
  expect(manifest.dependencies).toBeUndefined();
  expect(Object.keys(fields(manifest.peerDependencies))).toEqual(['msw']);
  // A script that runs at installation would be refused by many, with reason.
  const scripts = Object.keys(fields((await json(join(repository, 'package.json'))).scripts));
  expect(scripts.filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
});
