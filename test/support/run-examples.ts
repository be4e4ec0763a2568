// Type-checking and running examples as a reader would: with the package, packed and installed, by its name.

import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import ts from 'typescript';
import { installed, packed } from '../package/packed.ts';
import { folderInRepository } from './built.ts';
import { type Example, root } from './examples.ts';

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  // Without the paths to the sources: the types are those of the installed package.
  const { paths: _, ...options } = ts.parseJsonConfigFileContent(config, ts.sys, root).options;
  return options;
}

/** What became of a program. */
export interface Outcome {
  readonly exitCode: number;
  readonly printed: string;
  readonly complaints: string;
}

/** Examples as files in a folder of their own, from which the packages of this repository are found. */
export interface Workshop {
  /** Installs the packed package for them. */
  install(): Promise<void>;
  /** What the type checker has against them, each with the place that it stands at. */
  check(): string[];
  run(example: Example): Promise<Outcome>;
  close(): void;
}

const isOutcome = (value: unknown): value is Outcome =>
  typeof value === 'object' && value !== null && 'exitCode' in value && 'printed' in value;

/** Puts examples into files. */
export function openWorkshop(examples: readonly Example[]): Workshop {
  const folder = folderInRepository('examples-');
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
  let child: ChildProcess | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const outcomeOf = (program: string): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      child ??= fork(join(root, 'test/docs/example-child.mjs'), { cwd: folder, execArgv: [], silent: true });
      const ended = (code: number | null) => {
        child = undefined;
        reject(new Error(`${program} has ended the process, with ${code}.`));
      };
      child.once('exit', ended);
      child.once('message', (outcome) => {
        child?.off('exit', ended);
        if (isOutcome(outcome)) resolve(outcome);
        else reject(new Error(`${program} has no outcome.`));
      });
      child.send(program);
    });
  return {
    check() {
      // Of packages that are not installed here, examples may use anything.
      const modules = join(folder, 'modules.d.ts');
      writeFileSync(modules, "declare module '@opentelemetry/*';");
      const program = ts.createProgram(
        [modules, ...examples.map((example) => place(example).file)],
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

    async install() {
      mkdirSync(join(folder, 'node_modules'));
      const app = installed((await packed()).app);
      symlinkSync(app, join(folder, 'node_modules', 'blazemeter-client'), 'junction');
    },

    async run(example) {
      const program = join(folder, `${place(example).name}.mjs`);
      const { code } = await transform(example.code, { loader: example.language, target: 'node20' });
      writeFileSync(program, code);
      // One after the other: they share a process, which is what takes time.
      const outcome = last.then(() => outcomeOf(program));
      last = outcome.catch(() => {});
      return outcome;
    },

    close() {
      child?.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
