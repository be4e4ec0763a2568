// Telling a CI system about a new secret, so that its log shows *** instead. Each speaks through standard output, in
// commands that only its own agent swallows: anywhere else they would print the secret, so they refuse.

import type { NewSecretEvent, OnNewSecret } from '../auth/new-secret.ts';
import { builtin } from './builtin.ts';
import { broken, errorCode } from './source.ts';

/** How a CI system is spoken to. */
interface Dialect {
  readonly name: string;
  readonly variable: string;
  readonly value: string;
  readonly command: string;
  /** What the agent decodes, in the order of encoding: the mark of the encoding itself comes first. */
  readonly escapes: readonly (readonly [RegExp, string])[];
}

const LINES = [
  [/\r/g, '%0D'],
  [/\n/g, '%0A'],
] as const;

const GITHUB: Dialect = {
  name: 'githubActions',
  variable: 'GITHUB_ACTIONS',
  value: 'true',
  command: '::add-mask::',
  escapes: [[/%/g, '%25'], ...LINES],
};

const AZURE: Dialect = {
  name: 'azurePipelines',
  variable: 'TF_BUILD',
  value: 'True',
  command: '##vso[task.setsecret]',
  escapes: [[/%/g, '%AZP25'], ...LINES, [/;/g, '%3B'], [/\]/g, '%5D']],
};

/**
 * Masks every new secret in the log of GitHub Actions: the secret itself, `id:secret`, and the base64 of that, as it
 * stands in an `Authorization` header. Give it to the client as `onNewSecret`.
 *
 * It writes to standard output at once, and only where `GITHUB_ACTIONS` is `true` and standard output is not a file;
 * elsewhere it throws a `CredentialsError` before a key is created or regenerated. The runner must see the output:
 * do not capture it (`$(…)`, a pipe into another program), nor run inside `::stop-commands::`.
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
export function githubActions(): OnNewSecret {
  return emitter(GITHUB);
}

/**
 * Masks every new secret in the log of Azure Pipelines, as {@link githubActions} does there: only where `TF_BUILD` is
 * `True` and standard output is not a file; elsewhere it throws a `CredentialsError` before anything is sent.
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
export function azurePipelines(): OnNewSecret {
  return emitter(AZURE);
}

function emitter(dialect: Dialect): OnNewSecret {
  const check = (): void => {
    const { name, variable, value } = dialect;
    const { fstatSync } = builtin('node:fs');
    const mend = 'Here the secret would be printed in the clear. Leave this hook out.';
    if (process.env[variable] !== value) throw broken(name, `needs ${variable} to be ${value}. ${mend}`);
    if (fstatSync(1).isFile())
      throw broken(name, `cannot work while standard output goes to a file. ${mend}`);
  };
  return Object.assign(
    (event: NewSecretEvent): void => {
      check();
      writeNow(masks(event, dialect), dialect.name);
    },
    { check },
  );
}

/** The commands, each on a line of its own. */
function masks({ keyId, secret }: NewSecretEvent, { command, escapes }: Dialect): string {
  const text = secret.reveal();
  const pair = `${keyId}:${text}`;
  const base64 = builtin('node:buffer').Buffer.from(pair).toString('base64');
  // Logs are masked line by line; a mask of several lines would never match.
  const values = [text, pair, base64]
    .flatMap((value) => value.split(/[\r\n]+/))
    .filter((value) => value.trim() !== '');
  const lines = values.map((value) => escapes.reduce((part, [what, by]) => part.replace(what, by), value));
  // Something may have been printed without a line end; behind it the agent would not see a command.
  return `\n${lines.map((line) => `${command}${line}\n`).join('')}`;
}

/** Writes to standard output before it returns, past the stream, which may keep what it is given for later. */
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
      // A full pipe that does not block: its reader needs a moment. After 5 s it is gone.
      if (code !== 'EAGAIN' || ++waits > 500)
        throw broken(name, `could not write to standard output (${code}).`);
      Atomics.wait(pause, 0, 0, 10);
    }
  }
}
