// Made-up pairs, files in a folder of their own, and a look at an error from all sides for what must not be in it.
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { CredentialsError } from 'blazemeter-client';
import { expect, inject } from 'vitest';

const hex = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Credentials of the usual lengths, the same for the same name. */
export function madeUp(name: string): { id: string; secret: string; token: string } {
  const id = hex(`id of ${name}`).slice(0, 24);
  const secret = (hex(`secret of ${name}`) + hex(`more of ${name}`)).slice(0, 72);
  return { id, secret, token: `${id}:${secret}` };
}

/** A folder that only this user can use, and that is gone after the run. */
export const temporaryFolder = (): string => mkdtempSync(join(inject('folder'), 'keys-'));

/** A file in a folder of its own. */
export function fileWith(content: string | Uint8Array, { name = 'api-key.json', mode = 0o600 } = {}): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** A key file with the credentials. */
export const keyFile = ({ id, secret }: { id: string; secret: string }, options = {}): string =>
  fileWith(JSON.stringify({ id, secret }), options);

/** The error that the work ends with: one of ours, which shows nothing of the secrets. */
export async function refusal(work: Promise<unknown>, ...secrets: string[]): Promise<CredentialsError> {
  const error: unknown = await work.then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CredentialsError);
  if (!(error instanceof CredentialsError)) throw error;
  expect(error.cause).toBeUndefined();
  for (const secret of secrets) expectHidden(error, secret);
  return error;
}

/** Looks for every piece of eight characters of the secret in whatever can be seen of the value. */
export function expectHidden(value: unknown, secret: string): void {
  const seen = [
    String(value),
    JSON.stringify(value),
    inspect(value, { showHidden: true, depth: 20, customInspect: false, getters: true }),
    value instanceof Error ? `${value.message}${value.stack}` : '',
  ].join('\n');
  for (let at = 0; at === 0 || at + 8 <= secret.length; at++)
    if (seen.includes(secret.slice(at, at + 8)))
      throw new Error(`A piece of the secret is seen, from ${at} on.`);
}
