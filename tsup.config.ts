// How the package is built: the library, every entry point as ESM and as CommonJS, with types for both; and the commands.
import { rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { defineConfig, type Options } from 'tsup';
import ts from 'typescript';
import { licencesOf } from './scripts/built-in.mjs';

const entry = {
  index: 'src/index.ts',
  schemas: 'src/schemas/index.ts',
  node: 'src/node/index.ts',
  rotation: 'src/rotation/index.ts',
  audit: 'src/audit/index.ts',
  testing: 'src/reference/index.ts',
  'testing/msw': 'src/reference/msw.ts',
};

/** The modules that the commands import from the installed library. What is not here is private, and built into the commands. */
const shared: Readonly<Record<string, string>> = {
  'src/index.ts': 'blazemeter-client',
  'src/client.ts': 'blazemeter-client',
  'src/errors.ts': 'blazemeter-client',
  'src/auth/secret.ts': 'blazemeter-client',
  'src/schemas/index.ts': 'blazemeter-client/schemas',
  'src/node/index.ts': 'blazemeter-client/node',
  'src/rotation/index.ts': 'blazemeter-client/rotation',
  'src/audit/index.ts': 'blazemeter-client/audit',
  'src/reference/index.ts': 'blazemeter-client/testing',
};

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

const common: Options = {
  target: 'es2022',
  splitting: true,
  // Users read this code in stack traces and step through it.
  minify: false,
  removeNodeProtocol: false,
  external: ['msw', /^node:/],
};

const library: Options = {
  ...common,
  entry,
  platform: 'neutral',
  treeshake: true,
  sourcemap: true,
};

/**
 * The declarations are generated once, for CommonJS; those of ESM re-export them. An ES module may import the types of a
 * CommonJS one, not the other way round. So both builds have the very same types, and classes with `#private` fields of one
 * are assignable to those of the other.
 */
async function declareModules(outDir: string): Promise<void> {
  for (const [name, source] of Object.entries(entry)) {
    const file = join(outDir, `${name}.d.ts`);
    await mkdir(dirname(file), { recursive: true });
    const pointer = `export * from './${name.split('/').at(-1)}.cjs';\n`;
    await writeFile(file, name === 'testing/msw' ? await declaredWithMsw(source) : pointer);
  }
}

/** msw has one set of types for ESM and another for CommonJS, and takes no handler of the other. So does this entry point. */
async function declaredWithMsw(source: string): Promise<string> {
  const { outputText } = ts.transpileDeclaration(await readFile(source, 'utf8'), { fileName: source });
  const declared = outputText.replace("'./reference.ts'", "'../testing.cjs'");
  if (declared.includes(".ts'"))
    throw new Error(`${source}: a type comes from a file that is no entry point`);
  return declared;
}

/** Writes the licences of the packages that are built in beside the output. */
const licences = (folder: string): Plugin => ({
  name: 'licences',
  setup(build) {
    build.onEnd(async ({ metafile }) => {
      if (metafile === undefined) throw new Error('There is no metafile to read the packages from.');
      const text = await licencesOf(metafile, import.meta.dirname);
      if (text === '') return;
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'licenses.txt'), text);
    });
  },
});

/** The commands use the package by its name, as every program does: one copy of the client and its errors in a process. */
const selfReference: Plugin = {
  name: 'self-reference',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const module = relative(import.meta.dirname, resolve(resolveDir, path)).replaceAll('\\', '/');
      const name = shared[module];
      return name === undefined ? undefined : { path: name, external: true };
    });
  },
};

export default defineConfig(({ outDir = 'dist' }) => {
  // Once, before all builds: none may remove what another has just written.
  rmSync(outDir, { recursive: true, force: true });
  return [
    {
      ...library,
      outDir,
      format: 'esm',
      outExtension: () => ({ js: '.js' }),
      onSuccess: () => declareModules(outDir),
    },
    {
      ...library,
      outDir,
      format: 'cjs',
      // ky exists as ESM only, which Jest and older programs cannot `require`.
      noExternal: ['ky'],
      esbuildPlugins: [licences(outDir)],
      dts: {
        // A web page has no types of Node, which would bring Symbol.asyncDispose along.
        banner: '/// <reference lib="esnext.disposable" />',
        // TypeScript 6 calls an option deprecated that tsup sets.
        compilerOptions: { ignoreDeprecations: '6.0' },
      },
      outExtension: () => ({ js: '.cjs', dts: '.d.cts' }),
    },
    {
      ...common,
      outDir: join(outDir, 'cli'),
      entry: { keys: 'src/cli/keys/main.ts', reference: 'src/cli/reference/main.ts' },
      format: 'esm',
      platform: 'node',
      outExtension: () => ({ js: '.js' }),
      // For packages in CommonJS that are built in.
      banner: {
        js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
      },
      esbuildPlugins: [licences(join(outDir, 'cli')), selfReference],
    },
  ];
});
