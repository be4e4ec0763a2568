// blazemeter-keys in a world of its own: the reference implementation in place of the network, streams that remember, an
// environment and a home folder of its own.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { FetchLike } from 'blazemeter-client';
import { createReference, type ReferenceOptions } from 'blazemeter-client/testing';
import { inject } from 'vitest';
import type { Stream } from '../../../src/cli/keys/output.ts';
import { run } from '../../../src/cli/keys/run.ts';
import { isObject } from '../../support/reference.ts';

/** A folder of its own, gone after the run. */
export const freshFolder = (): string => mkdtempSync(join(inject('memoryFolder'), 'at-'));

/** What an invocation left behind. */
export interface Left {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as JSON. */
  json(): Record<string, unknown>;
}

export interface How {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Standard input, output and error are a terminal of this width. */
  readonly terminal?: number;
  /** What a person types. */
  readonly typed?: string;
  /** All that comes on standard input. */
  readonly input?: string;
  readonly fetch?: FetchLike;
  /** Standard output is closed: it has no reader. */
  readonly closed?: boolean;
  /** Is given what sends a signal. */
  readonly signals?: (send: (name: string) => void) => void;
}

/** The object in a text of JSON. */
export function parsed(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error('It is no object.');
  return value;
}

function sink(how: How, closed = false): { readonly output: Stream; text(): string } {
  let text = '';
  return {
    text: () => text,
    output: {
      isTTY: how.terminal !== undefined,
      columns: how.terminal,
      write(chunk, done) {
        if (closed) {
          done?.(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
          return false;
        }
        text += chunk;
        done?.();
        return true;
      },
    },
  };
}

/** Runs the command in this process. */
export async function invoke(argv: readonly string[], how: How = {}): Promise<Left> {
  const out = sink(how, how.closed);
  const err = sink(how);
  const stdin = Object.assign(new PassThrough(), { isTTY: how.terminal !== undefined });
  if (how.typed !== undefined) stdin.write(how.typed);
  if (how.input !== undefined) stdin.end(how.input);
  const home = freshFolder();
  const code = await run(argv, {
    stdout: out.output,
    stderr: err.output,
    stdin,
    env: { HOME: home, TMPDIR: home, PATH: process.env.PATH, ...how.env },
    cwd: how.cwd ?? home,
    fetch: how.fetch,
    onSignal(listener) {
      how.signals?.(listener);
      return () => {};
    },
    exit: () => {
      throw new Error('The process would have ended.');
    },
  });
  return { code, out: out.text(), err: err.text(), json: () => parsed(out.text()) };
}

/** A world with the default users, and the command in it, signing as one of them. */
export function keysWorld(options: ReferenceOptions = {}) {
  const reference = createReference(options);
  const made = reference.seed();
  const cwd = freshFolder();
  const token = ({ id, secret }: { readonly id: string; readonly secret: string }) => `${id}:${secret}`;
  return {
    reference,
    ...made,
    cwd,
    /** A path in the working directory. */
    path: (name: string) => join(cwd, name),
    file(name: string, content: string): string {
      writeFileSync(join(cwd, name), content, { mode: 0o600 });
      return join(cwd, name);
    },
    /** Runs the command as the owner of the account. */
    run: (argv: readonly string[], how: How = {}) =>
      invoke(argv, {
        cwd,
        fetch: reference.fetch,
        ...how,
        env: { BZ_TOKEN: token(made.keys.owner), ...how.env },
      }),
    token,
  };
}

/** Whether a piece of eight characters of the secret is in the text. */
export function shows(text: string, secret: string): boolean {
  for (let at = 0; at + 8 <= secret.length; at++) if (text.includes(secret.slice(at, at + 8))) return true;
  return false;
}
