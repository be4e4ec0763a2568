// The command line of blazemeter-reference: what it may say, and what it means.

import { parseArgs } from 'node:util';
import type { ClockOptions } from '../../reference/clock.ts';
import { InvalidInputError } from '../../reference/read.ts';
import { documented, parseSemantics, type Semantics, semanticsSwitches } from '../../reference/semantics.ts';
import { printable } from '../../util/printable.ts';

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'UsageError';
  }
}

/** What the command was told to do. */
export interface CommandOptions {
  readonly port: number;
  readonly host: string;
  readonly seed: string | undefined;
  readonly semantics: Semantics;
  readonly faults: string | undefined;
  readonly clock: ClockOptions;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly control: boolean;
  readonly controlTokenFile: string | undefined;
  readonly controlHosts: readonly string[];
  readonly show: 'run' | 'explain' | 'help' | 'version';
  readonly printCredentials: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** Fixed, so that a recipe can name it. */
const DEFAULT_PORT = 4010;

const flag = { type: 'boolean' } as const;
const value = { type: 'string' } as const;
const values = { type: 'string', multiple: true } as const;

const OPTIONS = {
  port: value,
  host: value,
  seed: value,
  semantics: values,
  faults: value,
  clock: value,
  'tls-cert': value,
  'tls-key': value,
  'no-control': flag,
  'control-token-file': value,
  'control-host': values,
  explain: flag,
  'print-credentials': flag,
  quiet: flag,
  json: flag,
  help: { type: 'boolean', short: 'h' },
  version: flag,
} as const;

const switches = semanticsSwitches
  .map(({ id, name, values: known, default: standard }) => {
    const others = typeof standard === 'number' || name === 'keyLimit' ? 'a number' : known.join(', ');
    return `  ${`${name} (${id})`.padEnd(24)} ${others}; default ${String(standard)}`;
  })
  .join('\n');

/** What `--help` prints. */
export const HELP = `Usage: npx --package=blazemeter-client blazemeter-reference [options]

A stand-in for BlazeMeter's API v4 on a port of this machine, for tests in any language. It is not BlazeMeter, and not
made by BlazeMeter; --explain says which of its behaviours are documented, observed or assumed.

Where it listens
  --port <number>              default ${DEFAULT_PORT}; 0 picks a free one
  --host <address>             default 127.0.0.1; another address lets other machines in
  --tls-cert <file>            certificate and private key, PEM: https instead of http
  --tls-key <file>

What it is
  --seed <file>                users, accounts, keys and the rest, as JSON (16 MiB at most); default: one account with
                               an owner, an admin and a member
  --semantics <name=value>     how it behaves where BlazeMeter is silent; can be repeated
  --faults <file>              a JSON list of fault rules, in force from the start
  --clock <time>               2026-01-31T12:00:00Z: starts there and runs; frozen: stands still from now;
                               frozen@2026-01-31T12:00:00Z: stands still there

The control API, below /__reference/
  --no-control                 there is none
  --control-token-file <file>  asks for "Authorization: Bearer <content of the file>", and then answers other machines
                               too; without it, this machine only
  --control-host <name>        a further name that it may be called by, such as that of a Compose service; repeatable

What it prints
  --print-credentials          the secrets of the keys it made, too
  --json                       one line of JSON when it listens
  --quiet                      nothing but errors and warnings (with --json: the line of JSON)
  --explain                    what it does under these switches, and how each of it is known; does not listen
  --version, -h, --help

Switches of --semantics
${switches}

It ends on SIGINT and SIGTERM with exit code 0. Exit code 1: a file or the port cannot be used; 2: the command line is
wrong.
`;

/** Reads the arguments that follow the command's name. */
export function readCommandLine(args: readonly string[]): CommandOptions {
  const given = parsed(args);
  const cert = given['tls-cert'];
  const key = given['tls-key'];
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError('--tls-cert and --tls-key are needed together.');
  const control = given['no-control'] !== true;
  const controlTokenFile = given['control-token-file'];
  const controlHosts = (given['control-host'] ?? []).map(readName);
  if (!control && (controlTokenFile !== undefined || controlHosts.length > 0))
    throw new UsageError('--no-control leaves nothing for the other options of the control API to do.');
  const quiet = given.quiet === true;
  const json = given.json === true;
  const printCredentials = given['print-credentials'] === true;
  if (quiet && printCredentials && !json)
    throw new UsageError('--quiet and --print-credentials contradict each other.');
  return {
    port: readPort(given.port),
    host: readHost(given.host),
    seed: given.seed,
    semantics: readSwitches(given.semantics ?? []),
    faults: given.faults,
    clock: readClock(given.clock),
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
    control,
    controlTokenFile,
    controlHosts,
    show: given.help ? 'help' : given.version ? 'version' : given.explain ? 'explain' : 'run',
    printCredentials,
    quiet,
    json,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // Node's own words end with advice for positional arguments, of which there are none.
    const [problem = ''] = (error instanceof Error ? error.message : '').split(/\. |\n/, 1);
    throw new UsageError(`${printable(problem).replace(/\.$/, '')}.`);
  }
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new UsageError('--port must be a number from 0 to 65535.');
  return Number(text);
}

/** A name or address as a `Host` header has it, but for the brackets of IPv6. */
const NAME = /^(?:[\w.-]+|[0-9a-f:.]*:[0-9a-f:.]*)$/i;

function readHost(text: string | undefined): string {
  const host = (text ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1');
  if (!NAME.test(host)) throw new UsageError('--host must be a host name or an IP address, without a port.');
  return host;
}

function readName(text: string): string {
  if (!/^[\w.-]+$/.test(text)) throw new UsageError('--control-host must be a host name, without a port.');
  return text.toLowerCase();
}

function readSwitches(assignments: readonly string[]): Semantics {
  let semantics = documented;
  for (const assignment of assignments) {
    try {
      semantics = parseSemantics(assignment, semantics);
    } catch (error) {
      if (error instanceof InvalidInputError) throw new UsageError(`--semantics: ${error.message}`);
      throw error;
    }
  }
  return semantics;
}

/** With a zone, or a date alone: what depends on the machine's own zone would not be the same everywhere. */
const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

function readClock(text: string | undefined): ClockOptions {
  if (text === undefined) return {};
  if (text === 'frozen') return { frozen: true };
  const frozen = text.startsWith('frozen@');
  const at = frozen ? text.slice('frozen@'.length) : text;
  const ms = TIME.test(at) ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(ms) || ms < 0)
    throw new UsageError(
      '--clock must be a time such as 2026-01-31T12:00:00Z, frozen, or frozen@ and a time.',
    );
  return { at, frozen };
}
