#!/usr/bin/env node
// blazemeter-reference: the reference implementation on a port, for tests in any language.

import { CommanderError } from 'commander';
import * as z from 'zod/mini';
import { createControl } from '../../reference/control/control.ts';
import { isLoopback } from '../../reference/control/control-guard.ts';
import { readFaultRule } from '../../reference/faults/fault-read.ts';
import { type Listening, listenBehind } from '../../reference/listen.ts';
import { read, readObject } from '../../reference/read.ts';
import { createReference, type ReferenceOptions } from '../../reference/reference.ts';
import type { Seed, Seeded } from '../../reference/seed/seed.ts';
import { harmless, printable, safeJson } from '../../util/printable.ts';
import { sentence } from '../arguments.ts';
import { codeOf, FileProblem, importModule, readBytes, readJson, readText } from '../files.ts';
import { explained, startedAsJson, startedAsText } from './output.ts';
import { type CommandOptions, createProgram } from './program.ts';

/** The command cannot do what was asked for: exit code 1. */
class CannotStart extends Error {}

const complain = (text: string): boolean => process.stderr.write(`blazemeter-reference: ${harmless(text)}\n`);

const say = (lines: readonly string[]): boolean =>
  process.stdout.write(lines.map((line) => `${harmless(line)}\n`).join(''));

/** It goes on all the same: a reader of the output that goes away is no reason to end. */
function notWritten(code: string): void {
  complain(`standard output could not be written (${code}).`);
  process.exitCode = 1;
}

async function run(options: CommandOptions): Promise<void> {
  const { host, json, seed, cors, controlTokenFile, printCredentials = false } = options;
  const given = await referenceOptions(options);
  // All but the routes was checked before.
  const reference = naming('--routes', options.routes, () => createReference(given));
  if (options.explain) {
    say(json ? safeJson(reference.explain(), 2).split('\n') : explained(reference.explain()));
    return;
  }
  const world =
    seed === undefined
      ? undefined
      : naming('--seed', seed, () => readObject<Seed>(readJson('--seed', seed), 'seed'));
  const seedAgain = (): Seeded =>
    world === undefined ? reference.seed() : naming('--seed', seed, () => reference.seed(world));
  const made = seedAgain();
  const token = controlTokenFile === undefined ? undefined : readToken(controlTokenFile);
  const control = options.control
    ? createControl({ reference, seedAgain, host, names: options.controlHost, token })
    : undefined;
  const server = await open(options, (tls) =>
    listenBehind(control, reference, { port: options.port, host, tls, cors }),
  );

  // Before anything is printed: a program that waits for the first line may send a signal right after it.
  const end = (): void => void server.close();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  if (options.exitWithParent) watchParent(end);

  const { url, port } = server;
  const started = {
    ...{ url, host, port, frozen: options.clock.frozen === true, reference, made },
    control: options.control ? `${new URL(url).origin}/__reference/` : null,
  };
  if (json) say([startedAsJson(started, printCredentials)]);
  else if (!options.quiet) say(startedAsText(started, printCredentials));
  if (!isLoopback(host)) complain(`other machines can reach it, because it listens on ${host}.`);
}

async function referenceOptions({
  semantics,
  clock,
  faults,
  routes,
}: CommandOptions): Promise<ReferenceOptions> {
  const rules = naming('--faults', faults, () =>
    faults === undefined
      ? []
      : read(z.array(z.unknown()), readJson('--faults', faults), 'faults').map((rule, index) =>
          // What a file says may lead no client off this machine.
          readFaultRule(rule, `faults[${index}]`, { anyRedirect: false }),
        ),
  );
  const common = { semantics, clock, faults: rules, warn: complain };
  if (routes === undefined) return common;
  const { default: own } = await importModule('--routes', routes);
  type Routes = NonNullable<ReferenceOptions['routes']>;
  return {
    ...common,
    routes: naming('--routes', routes, () => readObject<Routes>(own, 'its default export')),
  };
}

/** Does something with the content of a file, and names the file where that is wrong. */
function naming<Result>(option: string, path: string | undefined, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (path === undefined || !(error instanceof TypeError)) throw error;
    throw new FileProblem(option, path, error.message);
  }
}

function readToken(path: string): string {
  const token = readText('--control-token-file', path).trim();
  if (/^[\x21-\x7e]{16,}$/.test(token)) return token;
  const problem = 'it must hold one line of at least 16 printable characters without a blank.';
  throw new FileProblem('--control-token-file', path, problem);
}

const PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'the port may not be used by this user',
  EADDRNOTAVAIL: 'this machine does not have the address',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name cannot be looked up',
};

/** Listens, or says in a sentence why that cannot be. */
async function open(
  { host, port, tlsCert, tlsKey }: CommandOptions,
  act: (tls: { cert: Buffer; key: Buffer } | undefined) => Promise<Listening>,
): Promise<Listening> {
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : { cert: readBytes('--tls-cert', tlsCert), key: readBytes('--tls-key', tlsKey) };
  try {
    return await act(tls);
  } catch (error) {
    const code = codeOf(error);
    if (tlsKey !== undefined && /^ERR_(?:OSSL|SSL|CRYPTO|TLS)/.test(code))
      throw new FileProblem('--tls-key', tlsKey, `it is not the private key, in PEM, of ${tlsCert}.`);
    const problem = PROBLEMS[code];
    throw problem === undefined ? error : new CannotStart(`--host ${host} --port ${port}: ${problem}.`);
  }
}

/** Calls `end` once the process that started this one has ended. */
function watchParent(end: () => void): void {
  const { ppid } = process;
  setInterval(() => {
    // On POSIX an orphan gets another parent. On Windows it keeps the number of the one that has ended.
    if (process.ppid !== ppid || (process.platform === 'win32' && !isRunning(ppid))) end();
  }, 500).unref();
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

process.stdout.on('error', (error) => notWritten(codeOf(error)));

try {
  await createProgram((text) => say(text.trimEnd().split('\n')), run).parseAsync();
} catch (error) {
  const usage = error instanceof CommanderError;
  // Commander ends with these once the help or the version is printed.
  if (!usage || error.exitCode !== 0) {
    const known = error instanceof FileProblem || error instanceof CannotStart;
    const message = error instanceof Error ? error.message : '';
    if (usage) complain(sentence(message));
    else complain(known ? message : `it failed: ${printable(message)}`);
    process.exitCode = usage ? 2 : 1;
  }
}
