// What came of a step: how a call that went well, an error and a secret are told.

import {
  AmbiguousOutcomeError,
  BlazeMeterClient,
  type ClientOptions,
  isBlazeMeterError,
  type SecretLike,
  UndeliveredSecretError,
} from 'blazemeter-client';
import type { Action } from './actions.ts';
import { type Copy, roles, type World } from './world.ts';

/** What came of an action. */
export interface Outcome {
  readonly tone: 'good' | 'bad' | 'neutral';
  /** One sentence. */
  readonly headline: string;
  readonly lines: readonly string[];
  /** A secret that came: shown this one time. */
  readonly secret?: { readonly id: string; readonly text: string };
  /** A header to be taken apart. */
  readonly header?: { readonly authorization: string; readonly id: string; readonly secret: string };
  /** Whether the outcome is not known, and can be resolved. */
  readonly ambiguous?: boolean;
}

export interface Step {
  readonly action: Action;
  readonly title: string;
  readonly code: string;
  readonly outcome: Outcome;
}

/** What came of a step, with the code that does it. */
export interface Told {
  readonly title: string;
  readonly code: string;
  readonly outcome: Outcome;
}

export const day = (date: Date | null): string =>
  date === null ? 'never' : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/**
 * A client for one step. A web page must say that it means to hold a credential: here every pair is made up, and made in
 * the page itself.
 */
export const clientAs = (credentials: Copy, world: World, more: ClientOptions = {}): BlazeMeterClient =>
  new BlazeMeterClient({
    credentials: { id: credentials.id, secret: credentials.secret },
    fetch: world.reference.fetch,
    dangerouslyAllowBrowser: true,
    timeout: 2_000,
    logLevel: 'off',
    ...more,
  });

export const good = (headline: string, lines: readonly string[] = []): Outcome => ({
  tone: 'good',
  headline,
  lines,
});
export const neutral = (headline: string, lines: readonly string[] = []): Outcome => ({
  tone: 'neutral',
  headline,
  lines,
});

/** An error as the client gives it. */
export function failed(error: unknown): Outcome {
  const name = error instanceof Error ? error.name : 'Error';
  const message = error instanceof Error ? error.message : 'Something that is no error was thrown.';
  const facts = isBlazeMeterError(error)
    ? [
        `code: ${error.code}`,
        `attempts: ${error.attempts}`,
        `retryable: ${error.retryable}`,
        ...(error.requestId === undefined ? [] : [`requestId: ${error.requestId}`]),
      ]
    : [];
  return { tone: 'bad', headline: name, lines: [message, ...(facts.length > 0 ? [facts.join(', ')] : [])] };
}

/** A secret that came, kept in the ring and shown. */
export function issued(
  world: World,
  { id, secret }: { readonly id: string; readonly secret: SecretLike },
  outcome: Outcome,
): Outcome {
  world.keep(id, secret, world.nextCopy);
  return { ...outcome, secret: { id, text: secret.reveal() } };
}

/** Who signs, in words. */
export const who = (world: World, number: number): string => {
  const copy = world.view.copies[number];
  return copy?.person == null ? 'With a wrong pair' : roles[copy.person];
};

/** The last statement of a piece of code, with what happens to its error. */
const caught = (code: string, name?: string): string => {
  const at = code.lastIndexOf('await ');
  const call = code.slice(at).replace(/;$/, '.catch(told);');
  return `${code.slice(0, at)}${name === undefined ? '' : `const ${name} = `}${call}`;
};

/** Runs a call; what it throws is an outcome too. `code` is asked for afterwards, with whether it went well. */
export async function tried(
  title: string,
  world: World,
  n: number,
  code: (went: boolean) => string,
  work: () => Promise<Outcome>,
): Promise<Told> {
  try {
    return { title, outcome: await work(), code: code(true) };
  } catch (error) {
    const outcome = failed(error);
    const name = `error${n}`;
    if (error instanceof AmbiguousOutcomeError) {
      world.ambiguous = { error, code: name };
      return { title, outcome: { ...outcome, ambiguous: true }, code: caught(code(false), name) };
    }
    if (error instanceof UndeliveredSecretError && error.holds === 'secret' && error.keyId !== undefined) {
      const pair = world.nextCopy;
      const taken = `const ${pair} = { id: ${name}.keyId, secret: ${name}.newSecret };`;
      return {
        title,
        outcome: issued(world, { id: error.keyId, secret: error.newSecret }, outcome),
        code: `${caught(code(false), name)}\n${taken}`,
      };
    }
    return { title, outcome, code: caught(code(false)) };
  }
}
