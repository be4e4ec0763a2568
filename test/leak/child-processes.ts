// Starts the program of the leak table's failures in a process of its own.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, expect } from 'vitest';
import { temporaryFolder } from '../support/credentials.ts';
import { createDetector } from './detector.ts';
import { echoFailures, failures } from './failures.ts';
import { type Kind, secretsOf } from './stage.ts';

const built = (path: string): string => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
const folder = temporaryFolder();
const program = join(folder, 'child.cjs');

beforeAll(() =>
  build({
    entryPoints: [fileURLToPath(new URL('./child.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
    alias: {
      'blazemeter-client/audit': built('audit.js'),
      'blazemeter-client/node': built('node.js'),
      'blazemeter-client/rotation': built('rotation.js'),
      'blazemeter-client/testing': built('testing.js'),
      'blazemeter-client': built('index.js'),
    },
  }),
);

/** What the program prints on both streams, and how it ends. */
export function printedBy(
  env: Record<string, string>,
  ...flags: string[]
): Promise<{ output: string; code: unknown }> {
  const options = {
    env: { PATH: process.env.PATH, LEAK_FOLDER: folder, BLAZEMETER_LOG: 'debug', ...env },
    maxBuffer: 1e9,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, program], options, (error, stdout, stderr) =>
      resolve({ output: `${stdout}\n${stderr}`, code: error === null ? 0 : error.code }),
    );
  });
}

/** The failures that end in an error. */
export const ending = failures.filter(({ ends }) => ends !== undefined);

const detect = createDetector(secretsOf('hex'));

/** A program that ends by the unhandled rejection prints the error and nothing of the secret. */
export async function endsWithoutSecret({ name, ends }: (typeof ending)[number]): Promise<void> {
  const { output, code } = await printedBy({ LEAK_RUN: name, LEAK_KIND: 'hex' });
  expect(code).toBe(1);
  expect(output).toContain(ends);
  expect(detect(output)).toEqual([]);
}

/** All failures in one program that leaves their rejections alone, with the log on: nothing that it prints shows the secret. */
export async function allShowNothing(kind: Kind): Promise<void> {
  const { output, code } = await printedBy(
    { LEAK_RUN: 'all', LEAK_KIND: kind },
    '--unhandled-rejections=warn',
  );
  expect(code).toBe(0);
  expect(output).toContain('[blazemeter] debug: response');
  const ended = failures.concat(echoFailures).filter(({ ends }) => ends !== undefined);
  expect(output.match(/UnhandledPromiseRejectionWarning: Unhandled promise rejection/g)?.length).toBe(
    ended.length,
  );
  expect(createDetector(secretsOf(kind))(output)).toEqual([]);
}
