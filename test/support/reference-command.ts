// Runs blazemeter-reference as people do: as a process of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach } from 'vitest';
import { builtPackage } from './built.ts';
import { isObject } from './reference.ts';

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

/** The command of a test file. What a test starts ends with it; what `beforeAll` starts ends with the file. */
export function referenceCommand() {
  const built = builtPackage();
  const script = (): string => built.command('reference');
  const running = new Set<ChildProcess>();
  let shared = new Set<ChildProcess>();

  beforeEach(() => {
    shared = new Set(running);
  });
  afterEach(async () => {
    await Promise.all([...running].filter((child) => !shared.has(child)).map(kill));
  });
  afterAll(async () => {
    await Promise.all([...running].map(kill));
  });

  const launch = (args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } => {
    const child = spawn(process.execPath, [script(), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const ended = collect(child);
    void ended.then(() => running.delete(child));
    return { child, ended };
  };

  return {
    /** The built script, for programs that start it themselves. */
    script,
    /** A file in a folder of its own, gone after the tests. */
    file(name: string, content: string | Uint8Array): string {
      const path = join(mkdtempSync(join(built.folder(), 'file-')), name);
      writeFileSync(path, content);
      return path;
    },
    /** Starts it, and gives back the process and its end. */
    launch,
    /** Runs it to its end. */
    run: (...args: string[]): Promise<Ended> => launch(args).ended,
    /** Starts it, on a free port by default, and waits until it listens. */
    async start(...args: string[]): Promise<Running> {
      const port = args.includes('--port') ? [] : ['--port', '0'];
      const { child, ended } = launch(['--json', ...port, ...args]);
      const line = await Promise.race([firstLine(child), ended]);
      if (typeof line !== 'string') throw new Error(`It ended with ${line.code}: ${line.stderr}`);
      const started: unknown = JSON.parse(line);
      if (!isObject(started)) throw new Error('It printed no object.');
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
  const keys = isObject(made) && isObject(made.keys) ? made.keys : {};
  const pairs = Object.entries(keys).map(([name, key]): [string, Pair] => [
    name,
    isObject(key) ? { id: String(key.id), secret: String(key.secret ?? '') } : { id: '', secret: '' },
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
