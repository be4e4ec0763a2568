#!/usr/bin/env node
// blazemeter-reference: the reference implementation on a port, for tests in any language.

import { readFaultRule } from '../../reference/faults/fault-read.ts';
import { type Listening, listenBehind } from '../../reference/listen.ts';
import { InvalidInputError, list } from '../../reference/read.ts';
import { createReference, type Reference } from '../../reference/reference.ts';
import type { Seed, Seeded } from '../../reference/seed/seed.ts';
import { printable } from '../../util/printable.ts';
import { VERSION } from '../../version.ts';
import { FileProblem, MIB, readBytes, readJson, readText } from '../files.ts';
import { isObject } from '../untyped.ts';
import { createControl } from './control.ts';
import { isLoopback, isUnspecified } from './control-guard.ts';
import { type CommandOptions, HELP, readCommandLine, UsageError } from './options.ts';
import { explained, startedAsJson, startedAsText } from './output.ts';

/** The command cannot do what it was told: exit code 1. */
class CannotStart extends Error {}

const say = (text: string): boolean => process.stdout.write(text);
const complain = (text: string): boolean => process.stderr.write(`blazemeter-reference: ${text}\n`);

async function main(args: readonly string[]): Promise<void> {
  const options = readCommandLine(args);
  if (options.show === 'help') say(HELP);
  else if (options.show === 'version') say(`${VERSION}\n`);
  else if (options.show === 'explain')
    say(explained(createReference({ semantics: options.semantics }).explain(), options.json));
  else await run(options);
}

async function run(options: CommandOptions): Promise<void> {
  const { host } = options;
  const reference = makeReference(options);
  const world = options.seed === undefined ? undefined : readSeedFile(options.seed);
  const seedAgain = (): Seeded => (world === undefined ? reference.seed() : reference.seed(world));
  const made = named('--seed', options.seed, seedAgain);
  const token = options.controlTokenFile === undefined ? undefined : readToken(options.controlTokenFile);
  const control = options.control
    ? createControl({ reference, seedAgain, host, names: options.controlHosts, token })
    : undefined;
  const server = await open(options, () =>
    listenBehind(control, reference, { port: options.port, host, tls: readTls(options.tls) }),
  );

  // Before anything is said: whoever waits for the first line may send a signal right after it.
  const end = (): void => void server.close();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);

  const url = reachable(server, host);
  const base = `${new URL(url).origin}/__reference/`;
  const started = {
    url,
    control: options.control ? base : null,
    host,
    port: server.port,
    frozen: options.clock.frozen === true,
    reference,
    made,
  };
  if (options.json) say(startedAsJson(started, options));
  else if (!options.quiet) say(startedAsText(started, options));
  if (!isLoopback(host)) complain(`other machines can reach it, because it listens on ${printable(host)}.`);
}

function makeReference({ semantics, clock, faults }: CommandOptions): Reference {
  const rules = named('--faults', faults, () =>
    faults === undefined
      ? []
      : list(readJson('--faults', faults, MIB), 'faults').map((rule, index) =>
          // What a file says may lead no client off this machine.
          readFaultRule(rule, `faults[${index}]`, { anyRedirect: false }),
        ),
  );
  return createReference({ semantics, clock, faults: rules, warn: complain });
}

function readSeedFile(path: string): Seed {
  const world = readJson('--seed', path, 16 * MIB);
  if (!isObject<Seed>(world)) throw new FileProblem('--seed', path, 'it must hold an object.');
  return world;
}

/** Does something with what a file says, and names the file where that is wrong. */
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
  if (!/^[\x21-\x7e]{16,}$/.test(token))
    throw new FileProblem(
      '--control-token-file',
      path,
      'it must hold one line of at least 16 printable characters without a blank.',
    );
  return token;
}

function readTls(tls: CommandOptions['tls']) {
  if (tls === undefined) return undefined;
  return { cert: readBytes('--tls-cert', tls.cert, MIB), key: readBytes('--tls-key', tls.key, MIB) };
}

const PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'the port may not be used by this user',
  EADDRNOTAVAIL: 'this machine does not have the address',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name cannot be looked up',
};

/** Listens, or says in a sentence why that cannot be. */
async function open({ host, port, tls }: CommandOptions, act: () => Promise<Listening>): Promise<Listening> {
  try {
    return await act();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (tls !== undefined && /^ERR_(?:OSSL|SSL|CRYPTO|TLS)/.test(code))
      throw new FileProblem('--tls-key', tls.key, `it is not the private key, in PEM, of ${tls.cert}.`);
    const problem = PROBLEMS[code];
    if (problem === undefined) throw error;
    throw new CannotStart(`--host ${printable(host)} --port ${port}: ${problem}.`);
  }
}

/** The base URL as this machine reaches it: an address that stands for all of them is none to connect to. */
function reachable({ url }: Listening, host: string): string {
  if (!isUnspecified(host)) return url;
  return url.replace(/\/\/[^/]*:(?=\d+\/)/, host === '::' ? '//[::1]:' : '//127.0.0.1:');
}

// Whoever reads the output may stop reading: that is no reason to end.
process.stdout.on('error', () => undefined);

main(process.argv.slice(2)).catch((error: unknown) => {
  const usage = error instanceof UsageError;
  const known = usage || error instanceof FileProblem || error instanceof CannotStart;
  complain(known ? error.message : `it failed: ${printable(error instanceof Error ? error.message : '')}`);
  if (usage) complain('--help lists what it understands.');
  process.exitCode = usage ? 2 : 1;
});
