// The declarations compile where people compile them, with every check on and nothing but the
// dependencies in reach, and name no other package.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tool } from './commands.ts';
import { consumer, installed, type Packed, packed } from './packed.ts';

let parts: Packed;
let folder: string;

beforeAll(async () => {
  parts = await packed();
  folder = await consumer('types', parts.types);
});

/** What a careful consumer switches on. Libraries are checked, too. */
const STRICT = {
  target: 'es2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noUncheckedSideEffectImports: true,
  skipLibCheck: false,
  noEmit: true,
};
const ON_NODE = { ...STRICT, lib: ['es2022'], types: ['node'] };
const IN_PAGE = { ...STRICT, lib: ['es2022', 'dom'], types: [] };

describe('a program compiles', () => {
  it.concurrent.each([
    {
      as: 'nodenext, as an ES module and as CommonJS',
      files: ['program.mts', 'program.cts', 'both.mts', 'both.cts'],
      compilerOptions: { ...ON_NODE, module: 'nodenext' },
    },
    {
      as: 'bundler',
      files: ['program.mts'],
      compilerOptions: { ...ON_NODE, module: 'esnext', moduleResolution: 'bundler' },
    },
    {
      as: 'bundler, for a web page without the types of Node',
      files: ['page.ts'],
      compilerOptions: { ...IN_PAGE, module: 'esnext', moduleResolution: 'bundler' },
    },
    {
      // Alone: beside an ES module it would get from that what it needs.
      as: 'node16, for a web page in CommonJS without the types of Node',
      files: ['page.cts'],
      compilerOptions: { ...IN_PAGE, module: 'node16' },
    },
    {
      // The declarations of msw need those of the browser, and compile for Node's newer rules only.
      as: 'nodenext, with msw, as an ES module and as CommonJS',
      files: ['mocks.mts', 'mocks.cts'],
      compilerOptions: {
        ...ON_NODE,
        lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'],
        module: 'nodenext',
      },
    },
  ])('$as', { timeout: 90_000 }, async ({ as, files, compilerOptions }) => {
    const config = `tsconfig.${as.replaceAll(/\W+/g, '-')}.json`;
    await writeFile(join(folder, config), JSON.stringify({ compilerOptions, files }));
    const { code, stdout } = await tool('typescript', 'tsc', ['-p', config, '--pretty', 'false'], folder);
    expect(stdout).toBe('');
    expect(code).toBe(0);
  });
});

it('no declaration names a package but zod, and msw where it is asked for', async () => {
  const dist = join(installed(parts.types), 'dist');
  const files = (await readdir(dist, { recursive: true })).filter((file) => /\.d\.c?ts$/.test(file));
  expect(files.length).toBeGreaterThanOrEqual(8);
  for (const file of files) {
    const code = withoutComments(await readFile(join(dist, file), 'utf8'));
    const others = [...code.matchAll(/(?:from|import\(?|require\(|types=)\s*['"]([^.'"][^'"]*)['"]/g)].map(
      ([, name]) => name,
    );
    expect(/^testing.msw\./.test(file) ? ['msw'] : ['zod', 'zod/mini', 'zod/v4/core'], file).toEqual(
      expect.arrayContaining(others),
    );
  }
});

/** The examples in comments import what they like. */
function withoutComments(declarations: string): string {
  return declarations.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}
