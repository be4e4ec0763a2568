#!/usr/bin/env node
// blazemeter-reference: the reference implementation on a port, for tests in any language.

import { pathToFileURL } from 'node:url';
import { CommanderError } from 'commander';
import * as z from 'zod/mini';
import { createControl } from '../../reference/control/control.ts';
import { isLoopback, isUnspecified } from '../../reference/control/control-guard.ts';
import { readFaultRule } from '../../reference/faults/fault-read.ts';
import { type Listening, listenBehind } from '../../reference/listen.ts';
import { InvalidInputError, read, readObject } from '../../reference/read.ts';
import { createReference, type ReferenceOptions } from '../../reference/reference.ts';
import type { Seed, Seeded } from '../../reference/seed/seed.ts';
import { harmless, printable, safeJson } from '../../util/printable.ts';
import { FileProblem, MIB, readBytes, readJson, readText, shownPath } from '../files.ts';
import { explained, startedAsJson, startedAsText } from './output.ts';
import { type CommandOptions, createProgram } from './program.ts';

/** The command cannot do what was asked for: exit code 1. */
class CannotStart extends Error {}

const say = (lines: readonly string[]): boolean =>
  process.stdout.write(lines.map((line) => `${harmless(line)}\n`).join(''));
const complain = (text: string): boolean => process.stderr.write(`blazemeter-reference: ${harmless(text)}\n`);

async function run(options: CommandOptions): Promise<void> {
  const { host, port, json, printCredentials = false } = options;
  const reference = createReference(await referenceOptions(options));
  if (options.explain) {
    say(json ? safeJson(reference.explain(), 2).split('\n') : explained(reference.explain()));
    return;
  }
  const world = options.seed === undefined ? undefined : readSeedFile(options.seed);
  const seedAgain = (): Seeded => (world === undefined ? reference.seed() : reference.seed(world));
  const made = named('--seed', options.seed, seedAgain);
  const token = options.controlTokenFile === undefined ? undefined : readToken(options.controlTokenFile);
  const control = options.control
    ? createControl({ reference, seedAgain, host, names: options.controlHost, token })
    : undefined;
  const server = await open(options, () =>
    listenBehind(control, reference, { port, host, tls: readTls(options), cors: options.cors }),
  );

  // Before anything is printed: a program that waits for the first line may send a signal right after it.
  const end = (): void => void server.close();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  if (options.exitWithParent) watchParent(end);

  const url = reachable(server, host);
  const started = {
    ...{ url, host, port: server.port, frozen: options.clock.frozen === true, reference, made },
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
  const rules = named('--faults', faults, () =>
    faults === undefined
      ? []
      : read(z.array(z.unknown()), readJson('--faults', faults, MIB), 'faults').map((rule, index) =>
          // What a file says may lead no client off this machine.
          readFaultRule(rule, `faults[${index}]`, { anyRedirect: false }),
        ),
  );
  const common = { semantics, clock, faults: rules, warn: complain };
  return routes === undefined ? common : { ...common, routes: await readRoutes(routes) };
}

async function readRoutes(path: string): Promise<NonNullable<ReferenceOptions['routes']>> {
  try {
    const { default: routes }: { default: unknown } = await import(pathToFileURL(path).href);
    return readObject<NonNullable<ReferenceOptions['routes']>>(routes, 'its default export');
  } catch (error) {
    if (error instanceof InvalidInputError) throw new FileProblem('--routes', path, error.message);
    const name = error instanceof Error ? error.name : 'failed';
    throw new FileProblem('--routes', path, `it cannot be imported (${name}).`);
  }
}

function readSeedFile(path: string): Seed {
  const world = readJson('--seed', path, 16 * MIB);
  return named('--seed', path, () => readObject<Seed>(world, 'seed'));
}

/** Does something with the content of a file, and names the file where that is wrong. */
function named<Result>(option: string, path: string | undefined, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (path === undefined || !(error instanceof InvalidInputError)) throw error;
    throw new FileProblem(option, path, error.message);
  }
}

function readToken(path: string): string {
  const token = readText('--control-token-file', path, 4_096).trim();
  if (/^[\x21-\x7e]{16,}$/.test(token)) return token;
  throw new FileProblem(
    '--control-token-file',
    path,
    'it must hold one line of at least 16 printable characters without a blank.',
  );
}

function readTls({ tlsCert, tlsKey }: CommandOptions) {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return { cert: readBytes('--tls-cert', tlsCert, MIB), key: readBytes('--tls-key', tlsKey, MIB) };
}

const PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'the port may not be used by this user',
  EADDRNOTAVAIL: 'this machine does not have the address',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name cannot be looked up',
};

/** Listens, or says in a sentence why that cannot be. */
async function open(options: CommandOptions, act: () => Promise<Listening>): Promise<Listening> {
  const { host, port, tlsCert = '', tlsKey } = options;
  try {
    return await act();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (tlsKey !== undefined && /^ERR_(?:OSSL|SSL|CRYPTO|TLS)/.test(code))
      throw new FileProblem(
        '--tls-key',
        tlsKey,
        `it is not the private key, in PEM, of ${shownPath(tlsCert)}.`,
      );
    const problem = PROBLEMS[code];
    if (problem === undefined) throw error;
    throw new CannotStart(`--host ${host} --port ${port}: ${problem}.`);
  }
}

/** How often the parent is looked for, in milliseconds. */
const PARENT_MS = 500;

/** Calls `end` once the process that started this one has ended. */
function watchParent(end: () => void): void {
  const { ppid } = process;
  const timer = setInterval(() => {
    try {
      process.kill(ppid, 0);
      // On POSIX an orphan gets another parent; the number of the old one may be in use again.
      if (process.ppid === ppid) return;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EPERM' && process.ppid === ppid)
        return;
    }
    clearInterval(timer);
    end();
  }, PARENT_MS);
  timer.unref();
}

/** The base URL as this machine reaches it: an address that stands for all of them is none to connect to. */
function reachable({ url }: Listening, host: string): string {
  if (!isUnspecified(host)) return url;
  return url.replace(/\/\/[^/]*:(?=\d+\/)/, host === '::' ? '//[::1]:' : '//127.0.0.1:');
}

// A reader of the output that goes away is no reason to end.
process.stdout.on('error', () => undefined);

try {
  await createProgram((text) => void say(text.trimEnd().split('\n')), run).parseAsync();
} catch (error) {
  const usage = error instanceof CommanderError;
  // Commander ends with these once the help or the version is printed.
  if (!usage || error.exitCode !== 0) {
    const known = error instanceof FileProblem || error instanceof CannotStart;
    const message = error instanceof Error ? error.message : '';
    if (usage) complain(`${printable(message.replace(/^error: /, ''), 400)} --help lists the options.`);
    else complain(known ? message : `it failed: ${printable(message)}`);
    process.exitCode = usage ? 2 : 1;
  }
}
