// blazemeter-keys as a process of its own: in a pipeline, or in a terminal.

import { spawn as spawnChild } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { spawn as spawnTerminal } from '@lydell/node-pty';
import { builtPackage } from '../../support/built.ts';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  /** What was printed so far. */
  readonly out: string;
  /** Resolves once that text was printed. */
  until(text: string | RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Types into the terminal. */
  type(text: string): void;
  readonly ended: Promise<Ended>;
}

/** Longer than anything here takes, be the machine as slow as it may. */
const PATIENCE_MS = 15_000;

export function keysProcess() {
  const built = builtPackage();
  const script = () => built.command('keys');

  const environment = (env: Readonly<Record<string, string>>) => ({
    PATH: process.env.PATH ?? '',
    HOME: built.folder(),
    TMPDIR: built.folder(),
    TERM: 'xterm-256color',
    ...env,
  });

  return {
    folder: built.folder,
    script,
    /** Starts it with pipes. Standard output: `true`, it has no reader; `&-`, it is closed; a path, it is that file. */
    start(
      argv: readonly string[],
      env: Readonly<Record<string, string>>,
      stdout: boolean | string = false,
    ): Started {
      const closed = stdout === '&-';
      const file = typeof stdout === 'string' && !closed ? openSync(stdout, 'w') : undefined;
      const [program = '', ...prefix] = [
        ...(closed ? ['/bin/sh', '-c', 'exec "$@" >&-', 'sh'] : []),
        process.execPath,
      ];
      const child = spawnChild(program, [...prefix, script(), ...argv], {
        cwd: built.folder(),
        env: environment(env),
        stdio: ['ignore', file ?? 'pipe', 'pipe'],
      });
      let out = '';
      let err = '';
      const heard = new Set<() => void>();
      if (file !== undefined) closeSync(file);
      if (stdout === true) child.stdout?.destroy();
      else child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr?.on('data', (chunk: Buffer) => {
        err += chunk.toString();
        for (const hear of heard) hear();
      });
      const ended = once(child, 'close').then(() => ({ code: child.exitCode ?? -1, out, err }));
      return {
        get out() {
          return out + err;
        },
        until: (text) => waitFor(() => out + err, text, heard),
        signal: (name) => void child.kill(name),
        type: () => {},
        ended,
      };
    },
    /** Starts it in a terminal of its own. */
    terminal(argv: readonly string[], env: Readonly<Record<string, string>>, cols = 80): Started {
      const child = spawnTerminal(process.execPath, [script(), ...argv], {
        cols,
        rows: 40,
        cwd: built.folder(),
        env: environment(env),
      });
      let out = '';
      const heard = new Set<() => void>();
      child.onData((text) => {
        out += text;
        for (const hear of heard) hear();
      });
      const ended = new Promise<Ended>((resolve) =>
        child.onExit(({ exitCode }) => resolve({ code: exitCode, out, err: '' })),
      );
      return {
        get out() {
          return out;
        },
        until: (text) => waitFor(() => out, text, heard),
        signal: (name) => child.kill(name),
        type: (text) => child.write(text),
        ended,
      };
    },
  };
}

function waitFor(text: () => string, wanted: string | RegExp, heard: Set<() => void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      heard.delete(look);
      reject(new Error(`It did not print ${String(wanted)}, but:\n${text()}`));
    }, PATIENCE_MS);
    const look = () => {
      if (typeof wanted === 'string' ? !text().includes(wanted) : !wanted.test(text())) return;
      clearTimeout(timer);
      heard.delete(look);
      resolve();
    };
    heard.add(look);
    look();
  });
}

/** What a terminal would show of it in the end: without colours, and each line as it was last written. */
export const seen = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal is sent
    .replace(/\u001b\[[\d;]*[A-Za-z]/g, '')
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1))
    .join('\n');
