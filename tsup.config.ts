// How the package is built: every door as ESM and as CommonJS, with types for both.
import { rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defineConfig, type Options } from 'tsup';
import ts from 'typescript';
import { licencesOf } from './scripts/built-in.mjs';

const entry = {
  index: 'src/index.ts',
  node: 'src/node/index.ts',
  rotation: 'src/rotation/index.ts',
  audit: 'src/audit/index.ts',
  testing: 'src/reference/index.ts',
  'testing/msw': 'src/reference/msw.ts',
};

/** Commands are started, never imported: one build is enough, and they need no types. They alone take packages in. */
const commands = {
  'cli/keys': 'src/cli/keys/main.ts',
  'cli/reference': 'src/cli/reference.ts',
};

const common: Options = {
  entry,
  target: 'es2022',
  platform: 'neutral',
  // One copy of the errors and of Secret per module system, whichever doors are opened.
  splitting: true,
  treeshake: true,
  // Two builds of everything have to stay small on disk; whoever wants to read the code has the repository.
  minify: true,
  sourcemap: false,
  removeNodeProtocol: false,
  external: ['msw', /^node:/],
};

/**
 * The declarations are made once, for CommonJS; those of the ES modules point there. An ES module may import the types of a
 * CommonJS one, not the other way round. So both builds have the very same types, and half of the text is saved.
 */
async function declareModules(outDir: string): Promise<void> {
  for (const [door, source] of Object.entries(entry)) {
    const file = join(outDir, `${door}.d.ts`);
    await mkdir(dirname(file), { recursive: true });
    const pointer = `export * from './${door.split('/').at(-1)}.cjs';\n`;
    await writeFile(file, door === 'testing/msw' ? await declaredWithMsw(source) : pointer);
  }
}

/** msw has one set of types for ES modules and another for CommonJS, and takes no handler of the other. So does this door. */
async function declaredWithMsw(source: string): Promise<string> {
  const { outputText } = ts.transpileDeclaration(await readFile(source, 'utf8'), { fileName: source });
  const declared = outputText.replace("'./reference.ts'", "'../testing.cjs'");
  if (declared.includes(".ts'")) throw new Error(`${source}: a type comes from a file that is not a door`);
  return declared;
}

/** What the commands have taken in is named, with its licence. */
const licences = (outDir: string): NonNullable<Options['esbuildPlugins']>[number] => ({
  name: 'licences',
  setup(build) {
    build.onEnd(async ({ metafile }) => {
      if (metafile === undefined) throw new Error('There is no metafile to read the packages from.');
      await mkdir(join(outDir, 'cli'), { recursive: true });
      await writeFile(join(outDir, 'cli', 'licenses.txt'), await licencesOf(metafile, import.meta.dirname));
    });
  },
});

export default defineConfig(({ outDir = 'dist' }) => {
  // Once, before both builds: neither may remove what the other has just written.
  rmSync(outDir, { recursive: true, force: true });
  return [
    {
      ...common,
      outDir,
      entry: { ...entry, ...commands },
      format: 'esm',
      outExtension: () => ({ js: '.js' }),
      esbuildPlugins: [licences(outDir)],
      onSuccess: () => declareModules(outDir),
    },
    {
      ...common,
      outDir,
      format: 'cjs',
      dts: {
        // A web page has no types of Node, which would bring Symbol.asyncDispose along.
        banner: '/// <reference lib="esnext.disposable" />',
        // TypeScript 6 calls an option deprecated that tsup sets.
        compilerOptions: { ignoreDeprecations: '6.0' },
      },
      outExtension: () => ({ js: '.cjs', dts: '.d.cts' }),
    },
  ];
});
