// Runs blazemeter-reference as people do: as a process of its own. It is bundled from the sources into a folder of its
// own, so that no test depends on a build.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll } from 'vitest';

export interface Pair {
  readonly id: string;
  readonly secret: string;
}

/** What a command that has ended left behind. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that listens. */
export interface Running {
  readonly process: ChildProcess;
  /** The line of `--json`. */
  readonly started: Readonly<Record<string, unknown>>;
  /** Base URL of the API. */
  readonly url: string;
  /** Base URL of the control API; empty where there is none. */
  readonly control: string;
  /** The keys that were made, by name; without `--print-credentials` their secrets are empty. */
  readonly keys: Readonly<Record<string, Pair>>;
  /** Sends a signal, SIGTERM if not said, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** The command of a test file: built once, and everything that was started is ended after each test. */
export function referenceCommand() {
  let folder = '';
  const running = new Set<ChildProcess>();
  const script = (): string => join(folder, 'blazemeter-reference.mjs');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reference-command-'));
    await build({
      entryPoints: [fileURLToPath(new URL('../../src/cli/reference.ts', import.meta.url))],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: script(),
      logLevel: 'error',
    });
  });
  afterEach(async () => {
    await Promise.all([...running].map(kill));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const launch = (args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } => {
    const child = spawn(process.execPath, [script(), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const ended = collect(child);
    void ended.then(() => running.delete(child));
    return { child, ended };
  };

  return {
    /** The built script, for who starts it otherwise. */
    script,
    /** A file in a folder of its own, gone after the tests. */
    file(name: string, content: string | Uint8Array): string {
      const path = join(mkdtempSync(join(folder, 'file-')), name);
      writeFileSync(path, content);
      return path;
    },
    /** Starts it, and gives back the process and its end. */
    launch,
    /** Runs it to its end. */
    run: (...args: string[]): Promise<Ended> => launch(args).ended,
    /** Starts it, on a free port unless told otherwise, and waits until it listens. */
    async start(...args: string[]): Promise<Running> {
      const port = args.includes('--port') ? [] : ['--port', '0'];
      const { child, ended } = launch(['--json', ...port, ...args]);
      const line = await Promise.race([firstLine(child), ended]);
      if (typeof line !== 'string') throw new Error(`It ended with ${line.code}: ${line.stderr}`);
      const started: unknown = JSON.parse(line);
      if (!isRecord(started)) throw new Error('It printed no object.');
      return {
        process: child,
        started,
        url: String(started.url),
        control: typeof started.control === 'string' ? started.control : '',
        keys: keysIn(started.made),
        stop(signal = 'SIGTERM') {
          child.kill(signal);
          return ended;
        },
      };
    },
  };
}

/** The pairs among what was made. */
export function keysIn(made: unknown): Record<string, Pair> {
  const keys = isRecord(made) && isRecord(made.keys) ? made.keys : {};
  const pairs = Object.entries(keys).map(([name, key]): [string, Pair] => [
    name,
    isRecord(key) ? { id: String(key.id), secret: String(key.secret ?? '') } : { id: '', secret: '' },
  ]);
  return Object.fromEntries(pairs);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, 'exit');
  child.kill('SIGKILL');
  await end;
}

async function collect(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode, stdout, stderr };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
  });
}

/** The header that signs with a pair. */
export const basic = ({ id, secret }: Pair): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
