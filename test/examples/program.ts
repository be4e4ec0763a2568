// Starts an example as a program of its own. It is bundled from its file, with the entry points of this package in it as the sources
// have them now, so that no test depends on a build; other packages it takes from the installed ones.
import { type ChildProcess, spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/credentials.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const example = (path: string): string => join(root, 'examples', path);

/** A folder with axios, got and express: `test/examples/peers.mjs` makes one, and names it. */
export const peers: string | undefined = process.env.EXAMPLE_PEERS;

let folder: string | undefined;

const made = new Map<string, Promise<string>>();

/** Makes one file of a program, once, and says where it is. */
export function bundled(path: string): Promise<string> {
  const known = made.get(path) ?? bundle(path);
  made.set(path, known);
  return known;
}

async function bundle(path: string): Promise<string> {
  if (folder === undefined) {
    folder = temporaryFolder();
    symlinkSync(join(peers ?? root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  }
  const outfile = join(folder, `${basename(path).replace(/\.\w+$/, '')}.mjs`);
  await build({
    entryPoints: [path],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // For packages in CommonJS that are built in.
    banner: {
      js: "import { createRequire as requirer } from 'node:module';\nconst require = requirer(import.meta.url);",
    },
    external: ['axios', 'blakejs', 'express', 'got', 'tweetnacl', 'undici'],
    nodePaths: [join(root, 'node_modules')],
    logLevel: 'error',
    // Its paths name the sources of the package.
    tsconfig: join(root, 'tsconfig.json'),
  });
  return outfile;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The first line that it prints. */
  readonly line: Promise<string>;
}

/** Starts a program with this environment, and nothing else in it. */
export function start(
  program: string,
  env: Readonly<Record<string, string>>,
  { args = [], cwd = tmpdir() }: { args?: readonly string[]; cwd?: string } = {},
): Started {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let out = '';
  let err = '';
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<Ended>((done) => child.on('close', (code) => done({ code, out, err })));
  const line = new Promise<string>((found, not) => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
      const end = out.indexOf('\n');
      if (end >= 0) found(out.slice(0, end));
    });
    void ended.then(() => not(new Error(`It ended and printed no line: ${err}`)));
  });
  line.catch(() => undefined);
  return { process: child, ended, line };
}

/** Runs a program to its end. */
export const run = (...args: Parameters<typeof start>): Promise<Ended> => start(...args).ended;
