// Type-checking and running examples: as a reader would have them, with the doors of the package by their names.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transform } from 'esbuild';
import ts from 'typescript';
import { type Example, root } from './examples.ts';

/** The doors of the package, by name, as the type checker knows them. */
function doors(options: ts.CompilerOptions): ReadonlyMap<string, string> {
  return new Map(Object.entries(options.paths ?? {}).map(([door, [file = '']]) => [door, join(root, file)]));
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options;
}

/** What became of a program. */
export interface Outcome {
  readonly exitCode: number | string | null;
  readonly printed: string;
  readonly complaints: string;
}

/** Examples as files in a folder of their own, from which the packages of this repository are found. */
export interface Workshop {
  /** What the type checker has against them, each with the place that it stands at. */
  check(): string[];
  /** Makes the package ready for them. */
  build(): Promise<void>;
  run(example: Example): Promise<Outcome>;
  close(): void;
}

/** Lets programs reach this machine and nothing else. */
const OFFLINE = `data:text/javascript,${encodeURIComponent(`
const real = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const { hostname } = new URL(input instanceof Request ? input.url : input);
  if (hostname !== '127.0.0.1' && hostname !== 'localhost') throw new Error('An example wants to reach ' + hostname);
  return real(input, init);
};`)}`;

/** Puts the package, built from the sources, where programs in the folder find it by its name. */
async function install(folder: string): Promise<void> {
  const home = join(folder, 'node_modules', 'blazemeter-client');
  const known = doors(compilerOptions());
  const entry = (door: string): string => door.replace(/^blazemeter-client\/?/, '') || 'index';
  await build({
    entryPoints: Object.fromEntries([...known].map(([door, file]) => [entry(door), file])),
    outdir: home,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    tsconfigRaw: {},
    packages: 'external',
    logLevel: 'silent',
  });
  const exports = Object.fromEntries(
    [...known.keys()].map((door) => [door.replace('blazemeter-client', '.'), `./${entry(door)}.js`]),
  );
  writeFileSync(join(home, 'package.json'), JSON.stringify({ type: 'module', exports }));
}

/** Puts examples into files. */
export function openWorkshop(examples: readonly Example[]): Workshop {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'examples-'));
  const named = new Map(
    examples.map((example, at) => {
      const name = `${at}-${example.where.replace(/\W+/g, '-')}`;
      const file = join(folder, `${name}.${example.language}`);
      writeFileSync(file, example.code);
      return [example, { name, file }];
    }),
  );
  const place = (example: Example) => {
    const found = named.get(example);
    if (found === undefined) throw new Error(`${example.where} is not in this workshop.`);
    return found;
  };
  return {
    check() {
      const program = ts.createProgram(
        examples.map((example) => place(example).file),
        // An example may name what it does not use. It is a module, imports or not.
        {
          ...compilerOptions(),
          allowJs: true,
          checkJs: true,
          noUnusedLocals: false,
          noUnusedParameters: false,
          moduleDetection: ts.ModuleDetectionKind.Force,
        },
      );
      return examples.flatMap((example) => {
        const source = program.getSourceFile(place(example).file);
        if (source === undefined) return [`${example.where}: was not checked`];
        const problems = [
          ...program.getSyntacticDiagnostics(source),
          ...program.getSemanticDiagnostics(source),
        ];
        return problems.map(({ start = 0, messageText }) => {
          const line = source.getLineAndCharacterOfPosition(start).line + 1;
          return `${example.where} (line ${line} of the block): ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
        });
      });
    },

    build: () => install(folder),

    async run(example) {
      // Its own home and working directory: nothing of this machine is read, and what it writes goes with the folder.
      const home = mkdtempSync(join(folder, 'home-'));
      const program = join(folder, `${place(example).name}.mjs`);
      const { code } = await transform(example.code, { loader: example.language, target: 'node20' });
      writeFileSync(program, code);
      const options = { cwd: home, env: { HOME: home, USERPROFILE: home, NO_COLOR: '1' }, timeout: 60_000 };
      return new Promise((resolve) => {
        execFile(process.execPath, ['--import', OFFLINE, program], options, (error, printed, complaints) => {
          resolve({ exitCode: error === null ? 0 : (error.code ?? null), printed, complaints });
        });
      });
    },

    close() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
