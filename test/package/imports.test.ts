// Nothing happens on import: no file, no network, no environment, no timer, no output. And no entry point imports a module
// of Node's, so that they load in browsers and survive bundlers.

import { appendFile, cp, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { fields, node, output } from './commands.ts';
import { consumer, entryPoints, installed, type Packed, packed } from './packed.ts';

let parts: Packed;

beforeAll(async () => {
  parts = await packed();
});

describe('importing and requiring the entry points', () => {
  async function opened(project: string): Promise<{ touched: unknown[]; globals: unknown[] }> {
    const folder = await consumer('imports', project);
    const program = [
      '--import',
      './traps.mjs',
      'entry-points.mjs',
      JSON.stringify(await entryPoints(project)),
    ];
    const { touched, globals } = fields(JSON.parse(output(await node(program, folder))));
    if (!Array.isArray(touched) || !Array.isArray(globals)) throw new TypeError('The traps said nothing.');
    return { touched, globals };
  }

  it('touches nothing', async () => {
    const { touched, globals } = await opened(parts.app);
    // The reference keeps hold of the real timers, before a test fakes them. It starts none, and the module does nothing.
    const timers = /^process\.getBuiltinModule node:timers, by testing\.c?js:/;
    expect(touched.filter((line) => !timers.test(String(line)))).toEqual([]);
    // zod keeps its settings and its registry in one place for all its copies.
    const zods: unknown[] = ['__zod_globalConfig', '__zod_globalRegistry'];
    expect(globals.filter((name) => !zods.includes(name))).toEqual([]);
  });

  it('would be caught if it did', async () => {
    const rigged = join(dirname(parts.app), 'rigged');
    await cp(parts.app, rigged, { recursive: true, verbatimSymlinks: true });
    const deeds = `
      void process.env.BZ_TOKEN;
      Object.keys(process.env);
      process.getBuiltinModule('node:fs').existsSync('somewhere');
      setTimeout(() => {}, 1);
      fetch('http://127.0.0.1:9').catch(() => {});
      globalThis.left = true;`;
    for (const build of ['index.js', 'index.cjs'])
      await appendFile(join(installed(rigged), 'dist', build), deeds);
    const { touched, globals } = await opened(rigged);
    const deedsOf = (build: string): string[] =>
      touched
        .map(String)
        .filter((line) => line.includes(`by ${build}:`))
        .map((line) => line.slice(0, line.indexOf(', by')));
    for (const build of ['index.js', 'index.cjs']) {
      expect(deedsOf(build)).toEqual([
        'process.env, get BZ_TOKEN',
        'process.env, ownKeys',
        'process.getBuiltinModule node:fs',
        'fs.existsSync',
        'setTimeout',
        'fetch',
      ]);
    }
    expect(globals).toContain('left');
  });
});

describe('the modules behind an entry point', () => {
  /** What a built file and all that it reaches import from other packages, or from Node. */
  async function outside(file: string): Promise<string[]> {
    return externals(`import ${JSON.stringify(`./dist/${file}`)}`);
  }

  async function externals(contents: string): Promise<string[]> {
    const { metafile } = await build({
      stdin: { contents, resolveDir: installed(parts.app) },
      bundle: true,
      write: false,
      metafile: true,
      packages: 'external',
      platform: 'neutral',
      logLevel: 'silent',
    });
    const all = Object.values(metafile.inputs).flatMap(({ imports }) => imports);
    return [...new Set(all.filter(({ external }) => external).map(({ path }) => path))].sort();
  }

  it.each([
    ['index.js', ['ky', 'yaml', 'zod/mini']],
    ['index.cjs', ['yaml', 'zod/mini']],
    ['schemas.js', ['zod/mini']],
    ['schemas.cjs', ['zod/mini']],
    ['node.js', ['ky', 'yaml', 'zod/mini']],
    ['node.cjs', ['yaml', 'zod/mini']],
    ['rotation.js', ['ky', 'yaml', 'zod/mini']],
    ['rotation.cjs', ['yaml', 'zod/mini']],
    ['audit.js', ['ky', 'yaml', 'zod/mini']],
    ['audit.cjs', ['yaml', 'zod/mini']],
    ['testing.js', ['zod/mini']],
    ['testing.cjs', ['zod/mini']],
    ['testing/msw.js', ['msw', 'zod/mini']],
    ['testing/msw.cjs', ['msw', 'zod/mini']],
  ])('of %s import no more than %j from outside, and nothing of Node', async (file, allowed) => {
    expect(allowed).toEqual(expect.arrayContaining(await outside(file)));
  });

  it('would be found however they were asked for', async () => {
    const ways = `import './dist/testing.js'; require('fs'); import('node:os'); export * from 'node:path';`;
    expect(await externals(ways)).toEqual(['fs', 'node:os', 'node:path', 'zod/mini']);
  });

  /** Ways to load code whose name or text no bundler can see. The code is parsed: texts and comments may speak of them. */
  function hiddenLoads(code: string): string[] {
    const found: string[] = [];
    const called = (expression: ts.Expression): string => {
      if (expression.kind === ts.SyntaxKind.ImportKeyword) return 'import()';
      return ts.isIdentifier(expression) ? expression.text : '';
    };
    const visit = (node: ts.Node): void => {
      const name = ts.isCallExpression(node) || ts.isNewExpression(node) ? called(node.expression) : '';
      const [first] = ts.isCallExpression(node) ? node.arguments : [];
      const literal = first !== undefined && ts.isStringLiteral(first) ? first.text : undefined;
      // The parser of a Taurus file is loaded by the few programs that have one.
      const isPlain = name === 'require' ? literal !== undefined : name === 'import()' && literal === 'yaml';
      if (['import()', 'require', 'eval', 'Function'].includes(name) && !isPlain) found.push(name);
      if (ts.isIdentifier(node) && node.text === 'createRequire') found.push(node.text);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile('code.js', code, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS));
    return found;
  }

  it('load nothing at run time under a name that only they know', async () => {
    const dist = join(installed(parts.app), 'dist');
    // The commands are programs for Node, with a `require` for what is built in.
    const files = (await readdir(dist, { recursive: true })).filter((file) => /^(?!cli).*\.c?js$/.test(file));
    expect(files.length).toBeGreaterThanOrEqual(8);
    for (const file of files) expect(hiddenLoads(await readFile(join(dist, file), 'utf8')), file).toEqual([]);
  });

  it.each([
    ['import(name)', ['import()']],
    ["import('./plain.js')", ['import()']],
    ["import('yaml')", []],
    ['import(`yaml`)', ['import()']],
    ["import('yaml/util')", ['import()']],
    ['require(name)', ['require']],
    ['require(`./any.cjs`)', ['require']],
    ["require('./plain.cjs')", []],
    ["import { createRequire as make } from 'node:module'; make(import.meta.url)", ['createRequire']],
    ["import m from 'node:module'; m.createRequire(import.meta.url)", ['createRequire']],
    ["eval('1')", ['eval']],
    ["new Function('return 1')", ['Function']],
    ["client.eval('a script'); const text = 'with redis.eval(script)'; // or eval(script)", []],
  ])('would be seen to do so: %s', (code, seen) => {
    expect(hiddenLoads(code)).toEqual(seen);
  });
});
