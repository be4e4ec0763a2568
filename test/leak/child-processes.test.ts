// Two views of the leak table that need a process of their own: an unhandled rejection as Node prints it, and the default
// logger on standard error with BLAZEMETER_LOG=debug.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDetector, encodingNames, encodings } from './detector.ts';
import { echoFailures, failures } from './failures.ts';
import { kinds, secretsOf } from './stage.ts';

const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'leak-child-'));
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
      'blazemeter-client/audit': source('audit/index.ts'),
      'blazemeter-client/node': source('node/index.ts'),
      'blazemeter-client/rotation': source('rotation/index.ts'),
      'blazemeter-client/testing': source('reference/index.ts'),
      'blazemeter-client': source('index.ts'),
    },
  }),
);
let looks = 0;
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  const cells = looks * encodingNames.length;
  console.log(
    `leak table, child processes: ${looks} failures printed x ${encodingNames.length} encodings = ${cells} cells`,
  );
});

/** What the program prints on both streams, and how it ends. */
function printedBy(
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

describe.each(kinds)('with a secret that is %s', (kind) => {
  const secrets = secretsOf(kind);
  const detect = createDetector(secrets);

  it('no failure that a program leaves alone shows anything of it, nor does the log', async () => {
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
    expect(detect(output)).toEqual([]);
    looks += failures.length + echoFailures.length;
  });

  it('a leak in what is printed is found', async () => {
    const planted = encodingNames.map((name) => `<${name}>${encodings[name].write(secrets.pair)}</${name}>`);
    const env = { LEAK_RUN: 'leak', LEAK_TEXT: planted.join(' ') };
    for (const flag of ['throw', 'warn']) {
      const { output } = await printedBy(env, `--unhandled-rejections=${flag}`);
      for (const name of encodingNames) {
        const [, after = ''] = output.split(`<${name}>`);
        expect(detect(after.split(`</${name}>`)[0] ?? '').length, `${flag}, ${name}`).toBeGreaterThan(0);
      }
    }
  });
});

describe('a program that ends by an unhandled rejection', () => {
  const detect = createDetector(secretsOf('hex'));
  const ending = failures.filter(({ ends }) => ends !== undefined);

  it.concurrent.each(ending)('of $name prints nothing of the secret', async ({ name, ends }) => {
    const { output, code } = await printedBy({ LEAK_RUN: name, LEAK_KIND: 'hex' });
    expect(code).toBe(1);
    expect(output).toContain(ends);
    expect(detect(output)).toEqual([]);
    looks += 1;
  });
});
