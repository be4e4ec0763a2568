// Registering a secret with a CI system, so that its log shows *** instead. The commands go to standard output, where only
// the system's own agent consumes them: anywhere else they would print the secret, so nothing is written there.

import { type CredentialsInput, parseCredentials } from '../auth/credentials.ts';
import type { NewSecretEvent, OnNewSecret } from '../auth/new-secret.ts';
import { builtin } from './builtin.ts';
import { broken, errorCode } from './source.ts';

/** Masks secrets in the log of a CI system. Pass it to the client as `onNewSecret`: it then masks every new secret. */
export interface SecretMasker extends OnNewSecret {
  /** Throws a `CredentialsError` where masking would print the secret. */
  check(): void;
  /** Masks credentials that the program already has, such as the key in use: once, before anything else is printed. */
  credentials(credentials: string | CredentialsInput): void;
}

/** How a secret is registered with a CI system. */
interface MaskingSystem {
  readonly name: string;
  readonly variable: string;
  readonly value: string;
  readonly command: string;
  /** What the agent decodes, in the order of encoding: the escape character itself comes first. */
  readonly escapes: readonly (readonly [RegExp, string])[];
}

const LINES = [
  [/\r/g, '%0D'],
  [/\n/g, '%0A'],
] as const;

const GITHUB: MaskingSystem = {
  name: 'githubActions',
  variable: 'GITHUB_ACTIONS',
  value: 'true',
  command: '::add-mask::',
  escapes: [[/%/g, '%25'], ...LINES],
};

const AZURE: MaskingSystem = {
  name: 'azurePipelines',
  variable: 'TF_BUILD',
  value: 'True',
  command: '##vso[task.setsecret]',
  escapes: [[/%/g, '%AZP25'], ...LINES, [/;/g, '%3B'], [/\]/g, '%5D']],
};

const SYSTEMS = [GITHUB, AZURE];

const isHere = ({ variable, value }: MaskingSystem): boolean => process.env[variable] === value;

/**
 * Masks secrets in the log of the CI system that runs this program: GitHub Actions (`GITHUB_ACTIONS` is `true`) or Azure
 * Pipelines (`TF_BUILD` is `True`). Anywhere else it does nothing and prints nothing, so that a program can use it always.
 * Other CI systems mask only what they store themselves. In one of the two it works, and refuses, as {@link githubActions} does.
 *
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { ciMasking } from 'blazemeter-client/node';
 *
 * const credentials = { id: 'my-key-id', secret: 'my-key-secret' };
 * const masking = ciMasking();
 * masking.credentials(credentials); // the key in use
 * const client = new BlazeMeterClient({ credentials, onNewSecret: masking }); // every new one
 * ```
 */
export function ciMasking(): SecretMasker {
  return emitter(() => SYSTEMS.find(isHere));
}

/**
 * Masks every new secret in the log of GitHub Actions: the secret itself, `id:secret`, and the base64 of that, as in an
 * `Authorization` header. Pass it to the client as `onNewSecret`.
 *
 * It writes to standard output at once, and only where `GITHUB_ACTIONS` is `true` and standard output is not a file;
 * elsewhere it throws a `CredentialsError` before a key is created or regenerated. The runner must see the output:
 * do not capture it (`$(…)`, a pipe into another program), and do not run inside `::stop-commands::`.
 *
 * @example
 * ```ts
 * import { githubActions } from 'blazemeter-client/node';
 *
 * const onNewSecret = githubActions(); // new BlazeMeterClient({ onNewSecret })
 * try {
 *   onNewSecret.check?.();
 * } catch {
 *   console.log('This is not GitHub Actions.');
 * }
 * ```
 */
export function githubActions(): SecretMasker {
  return emitter(() => GITHUB);
}

/**
 * Masks every new secret in the log of Azure Pipelines, as {@link githubActions} does in GitHub's. If `TF_BUILD` is not `True`, or
 * standard output is a file, it throws a `CredentialsError` before anything is sent.
 *
 * @example
 * ```ts
 * import { azurePipelines } from 'blazemeter-client/node';
 *
 * const onNewSecret = azurePipelines(); // new BlazeMeterClient({ onNewSecret })
 * try {
 *   onNewSecret.check?.();
 * } catch {
 *   console.log('This is not Azure Pipelines.');
 * }
 * ```
 */
export function azurePipelines(): SecretMasker {
  return emitter(() => AZURE);
}

function emitter(find: () => MaskingSystem | undefined): SecretMasker {
  const mask = ({ keyId, secret }: Pick<NewSecretEvent, 'keyId' | 'secret'>): void => {
    const system = find();
    if (system === undefined) return;
    check(system);
    writeNow(masks(keyId, secret.reveal(), system), system.name);
  };
  return Object.assign(mask, {
    check() {
      const system = find();
      if (system !== undefined) check(system);
    },
    credentials(credentials: string | CredentialsInput) {
      const { id, secret } = parseCredentials(credentials);
      mask({ keyId: id, secret });
    },
  });
}

function check({ name, variable, value }: MaskingSystem): void {
  const { fstatSync } = builtin('node:fs');
  const fix = 'The secret would be printed here in plain text: do not use this hook.';
  const other = SYSTEMS.find((system) => system.name !== name && isHere(system));
  if (other !== undefined)
    throw broken(
      name,
      `cannot tell which CI system reads this output: ${other.variable} is ${other.value} too. ${fix}`,
    );
  if (process.env[variable] !== value) throw broken(name, `needs ${variable} to be ${value}. ${fix}`);
  if (fstatSync(1).isFile()) throw broken(name, `does not work while standard output goes to a file. ${fix}`);
}

/** The commands, each on a line of its own. */
function masks(keyId: string, text: string, { command, escapes }: MaskingSystem): string {
  const token = `${keyId}:${text}`;
  const base64 = builtin('node:buffer').Buffer.from(token).toString('base64');
  // Logs are masked line by line: a mask of several lines would never match.
  const values = [text, token, base64]
    .flatMap((value) => value.split(/[\r\n]+/))
    .filter((value) => value.trim() !== '');
  const lines = values.map((value) => escapes.reduce((part, [what, by]) => part.replace(what, by), value));
  // Text without a line end may have been printed before: after it the agent would not see a command.
  return `\n${lines.map((line) => `${command}${line}\n`).join('')}`;
}

/** Writes to standard output before it returns, not through the stream, which may buffer. */
function writeNow(text: string, name: string): void {
  const { writeSync } = builtin('node:fs');
  const bytes = builtin('node:buffer').Buffer.from(text);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let waits = 0;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      const code = errorCode(error);
      // A full non-blocking pipe: its reader needs a moment. After 5 s it counts as gone.
      if (code !== 'EAGAIN' || ++waits > 500)
        throw broken(name, `could not write to standard output (${code}), so the secret is not masked.`);
      Atomics.wait(pause, 0, 0, 10);
    }
  }
}
