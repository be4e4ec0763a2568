// The declarations compile where people compile them, with every check on and nothing but the
// dependencies in reach, and name no other package.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
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

/** The declarations of the platforms, which every program reads. */
const platforms = new Map<string, ts.SourceFile | undefined>();
const ofPlatform = (file: string) => /\/node_modules\/(?:typescript|@types|undici-types)\//.test(file);

/** What the compiler finds wrong with programs in the folder, and with the declarations that they use. */
function problems(files: string[], compilerOptions: object): string[] {
  const { options, errors } = ts.convertCompilerOptionsFromJson(compilerOptions, folder);
  const host = ts.createCompilerHost(options);
  const program = ts.createProgram({
    rootNames: files.map((file) => join(folder, file)),
    options,
    configFileParsingDiagnostics: errors,
    host: {
      ...host,
      getCurrentDirectory: () => folder,
      getSourceFile(file, ...rest) {
        if (!ofPlatform(file)) return host.getSourceFile(file, ...rest);
        if (!platforms.has(file)) platforms.set(file, host.getSourceFile(file, ...rest));
        return platforms.get(file);
      },
    },
  });
  const checked = program.getSourceFiles().filter(({ fileName }) => !ofPlatform(fileName));
  const found = [
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...checked.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ];
  return found.map(
    ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  );
}

describe('a program compiles', () => {
  it.each([
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
  ])('$as', { timeout: 90_000 }, ({ files, compilerOptions }) => {
    expect(problems(files, compilerOptions)).toEqual([]);
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
