// What is in the tarball, and what the checkers of the ecosystem say of it.

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { publint } from 'publint';
import { beforeAll, expect, it } from 'vitest';
import { fields, json, node, output, repository, tool } from './commands.ts';
import { installed, type Packed, packed } from './packed.ts';

const PAPERS = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs/openapi.yaml'];

/** The licences of what is built in: ky in CommonJS, and what the commands use. */
const LICENCES = /^dist\/(cli\/)?licenses\.txt$/;

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

it('publint finds nothing', async () => {
  const bytes = await readFile(parts.tarball);
  const tarball = new Uint8Array(bytes).buffer;
  const { messages } = await publint({ pack: { tarball }, strict: true });
  expect(messages).toEqual([]);
});

it('arethetypeswrong finds nothing for Node 16 and later, and for bundlers', {
  timeout: 120_000,
}, async () => {
  const args = [parts.tarball, '--profile', 'node16', '--format', 'json'];
  const { code, stdout } = await tool('@arethetypeswrong/cli', 'attw', args, parts.app);
  const { analysis, problems } = fields(JSON.parse(stdout));
  const found = Object.values(fields(problems)).flat().map(fields);
  // TypeScript's resolution of before 2022 knows no entry points but the main one.
  expect(found.filter(({ resolutionKind }) => resolutionKind !== 'node10')).toEqual([]);
  const opened = Object.keys(fields(fields(analysis).entrypoints));
  expect(opened).toEqual(
    expect.arrayContaining(['.', './schemas', './rotation', './audit', './testing/msw']),
  );
  expect(code).toBe(0);
});

it('it holds the build and the papers, and nothing else', async () => {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(root, file))).size));
  console.log(`package: ${sizes.reduce((sum, size) => sum + size, 0)} bytes unpacked, ${files.length} files`);
  const strangers = files.filter(
    (file) =>
      !/^dist\/[\w/-]+\.(js|cjs|js\.map|cjs\.map|d\.ts|d\.cts)$/.test(file) &&
      !LICENCES.test(file) &&
      !/^docs\/([\w-]+\.md|images\/[\w-]+\.svg|scanners\/[\w.-]+)$/.test(file) &&
      !PAPERS.includes(file),
  );
  expect(strangers).toEqual([]);
  for (const paper of PAPERS) expect(files).toContain(paper);
});

it('the guides that the README names are in it, and every link in them leads to a file of it', async () => {
  const named = (await readFile(join(root, 'README.md'), 'utf8')).match(/docs\/[\w.-]+/g) ?? [];
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((file) => !files.includes(file))).toEqual([]);
  const guides = files.filter((file) => /\.md$/.test(file) && file !== 'CHANGELOG.md');
  const broken = await Promise.all(
    guides.map(async (guide) => {
      const text = await readFile(join(root, guide), 'utf8');
      const links = [...text.matchAll(/\]\(([^)\s#]+)/g)].map(([, link = '']) => link);
      return links
        .filter((link) => !link.startsWith('https://'))
        .filter((link) => guide === 'README.md' || !files.includes(posix.join(posix.dirname(guide), link)))
        .map((link) => `${guide}: ${link}`);
    }),
  );
  // On npm's page a link of the README must be absolute.
  expect(broken.flat()).toEqual([]);
});

it('npm refuses to publish it while the manifest names no repository', async () => {
  const script = join(repository, 'scripts', 'check-publishable.mjs');
  const folder = await mkdtemp(join(tmpdir(), 'publish-'));
  const publish = async (manifest: object) => {
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    return node([script], folder);
  };
  const { code, stderr } = await publish({ name: 'blazemeter-client' });
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('`repository`') });
  expect((await publish({ repository: { url: 'git+https://example.com/client.git' } })).code).toBe(0);
  expect(fields((await json(join(repository, 'package.json'))).scripts).prepublishOnly).toBe(
    'node scripts/check-publishable.mjs',
  );
  await rm(folder, { recursive: true });
});

it('every file of the build is reached from an entry point or a command', async () => {
  const { exports, bin } = await json(join(root, 'package.json'));
  const built = files.filter((file) => /^dist\/.*\.(js|cjs|ts|cts)$/.test(file));
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

it('the licences of the packages that are built in are included, and of no other', async () => {
  for (const folder of ['dist', 'dist/cli']) {
    const text = await readFile(join(root, folder, 'licenses.txt'), 'utf8').catch(() => '');
    const titles = [...text.matchAll(/^(\S+) [\d.]+ \(.+\)$/gm)].map(([, name]) => name);
    const builtIn = new Set<string>();
    for (const file of files.filter((each) => posix.dirname(each) === folder && /\.c?js$/.test(each))) {
      // Each module that a bundle holds is named in it, and in its source map.
      const code = await readFile(join(root, file), 'utf8');
      const map = await readFile(join(root, `${file}.map`), 'utf8').catch(() => '');
      for (const [, name = ''] of `${code}${map}`.matchAll(
        /node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\/[\w./-]+\.[cm]?js\b/g,
      ))
        builtIn.add(name);
    }
    expect(titles, folder).toEqual([...builtIn].sort());
  }
});

it('the library is not minified, and its source maps hold the sources', async () => {
  const library = files.filter((file) => /^dist\/(testing\/)?[\w-]+\.c?js$/.test(file));
  expect(library.length).toBeGreaterThanOrEqual(14);
  for (const file of library) {
    const { sources, sourcesContent } = await json(join(root, `${file}.map`));
    expect(
      Array.isArray(sources) && Array.isArray(sourcesContent) && sourcesContent.length === sources.length,
      file,
    ).toBe(true);
    const longest = Math.max(
      ...(await readFile(join(root, file), 'utf8')).split('\n').map((line) => line.length),
    );
    expect(longest, file).toBeLessThan(1_000);
  }
});

it('every way into the package leads to a file, for the code and for its types', async () => {
  const { exports, main, module, types } = await json(join(root, 'package.json'));
  const paths = targets([exports, main, module, types]);
  const entryPoints = Object.keys(fields(exports)).filter((entryPoint) => entryPoint !== './package.json');
  expect(entryPoints).toEqual(
    expect.arrayContaining([
      '.',
      './schemas',
      './node',
      './rotation',
      './audit',
      './testing',
      './testing/msw',
    ]),
  );
  expect(paths).toHaveLength(entryPoints.length * 4 + 1 + 3);
  expect(paths.map((path) => path.replace('./', '')).filter((path) => !files.includes(path))).toEqual([]);
});

it('its version is the one that the client names', async () => {
  const { version } = await json(join(root, 'package.json'));
  const script = (entryPoint: string): string => `
    import { VERSION, BlazeMeterClient } from ${JSON.stringify(entryPoint)};
    let agent;
    const fetch = async (url, init) => { agent = init.headers['user-agent']; throw new TypeError('stop'); };
    const client = new BlazeMeterClient({ credentials: 'an-id:a-secret', fetch, maxRetries: 0 });
    await client.user.get().catch(() => undefined);
    console.log(VERSION, agent);`;
  for (const file of ['index.js', 'index.cjs']) {
    const entryPoint = pathToFileURL(join(root, 'dist', file)).href;
    const told = output(await node(['--input-type=module', '-e', script(entryPoint)], parts.second));
    expect(told.trim()).toBe(`${version} blazemeter-client/${version}`);
  }
});

it('its manifest promises what it should', async () => {
  const manifest = await json(join(root, 'package.json'));
  expect(manifest).toMatchObject({
    name: 'blazemeter-client',
    license: 'MIT',
    sideEffects: false,
    engines: { node: '>=20.19' },
    peerDependenciesMeta: { msw: { optional: true } },
  });
  expect(Object.keys(fields(manifest.peerDependencies))).toEqual(['msw']);
  // A script that runs at installation would be refused by many, with reason.
  const scripts = Object.keys(fields((await json(join(repository, 'package.json'))).scripts));
  expect(scripts.filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
});

it('it installs ky, yaml and zod, and nothing else', async () => {
  const { dependencies } = await json(join(root, 'package.json'));
  expect(Object.keys(fields(dependencies)).sort()).toEqual(['ky', 'yaml', 'zod']);
  for (const name of ['ky', 'yaml', 'zod']) {
    const theirs = await json(join(repository, 'node_modules', name, 'package.json'));
    expect(Object.keys({ ...fields(theirs.dependencies), ...fields(theirs.peerDependencies) }), name).toEqual(
      [],
    );
  }
});
