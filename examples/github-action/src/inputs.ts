// The inputs, checked. What is wrong with one is said with its name; its value is never shown.
import type { ExpirationPeriod } from 'blazemeter-client';
import { parseCredentials, type Secret } from 'blazemeter-client';
import type { Span } from 'blazemeter-client/rotation';
import type { Runner } from './runner.ts';

/** What a person can mend. */
export class InputError extends Error {
  override name = 'InputError';
}

export interface Pair {
  readonly id: string;
  readonly secret: Secret;
}

export interface Inputs {
  readonly name: string;
  readonly credentials: Pair;
  readonly recovery: Pair | undefined;
  readonly githubToken: string;
  readonly scope: string;
  readonly secretNames: readonly string[];
  readonly idVariable: string | undefined;
  readonly reason: 'expiry' | 'schedule' | 'leak';
  readonly within: Span | undefined;
  readonly expiresIn: ExpirationPeriod | 'max' | undefined;
  readonly drain: Span | undefined;
  readonly replaces: string | undefined;
  readonly baseUrl: string | undefined;
  readonly apiUrl: string;
  readonly dryRun: boolean;
}

const STEPS = { '1 month': 30, '3 months': 90, '6 months': 180, '1 year': 365, '10 years': 3650 } as const;
const UNITS = { day: 'days', hour: 'hours', minute: 'minutes' } as const;

const has = <Table extends object>(table: Table, key: string): key is Extract<keyof Table, string> =>
  Object.hasOwn(table, key);

function span(runner: Runner, name: string): Span | undefined {
  const text = runner.input(name)?.toLowerCase();
  if (text === undefined) return undefined;
  if (has(STEPS, text)) return text;
  const [, amount, unit = ''] = /^(\d{1,6})\s*(day|hour|minute)s?$/.exec(text) ?? [];
  if (amount === undefined || !has(UNITS, unit))
    throw new InputError(`${name} is a length of time, such as "14 days", "12 hours" or "1 month".`);
  return { [UNITS[unit]]: Number(amount) };
}

function expiresIn(runner: Runner): Inputs['expiresIn'] {
  const text = runner.input('expires-in')?.toLowerCase();
  if (text === undefined || text === 'max') return text;
  if (has(STEPS, text)) return text;
  const [, days] = /^(\d{1,5})\s*days?$/.exec(text) ?? [];
  if (days === undefined || Number(days) === 0)
    throw new InputError('expires-in is such as "90 days", "3 months" or max.');
  return { days: Number(days) };
}

function pair(text: string | { id: string; secret: string }, name: string): Pair {
  const { id, secret } = parseCredentials(text, `The input ${name}`);
  return { id, secret };
}

function credentials(runner: Runner): Pair {
  const [token, id, secret] = [
    runner.input('token'),
    runner.input('api-key-id'),
    runner.input('api-key-secret'),
  ];
  // Both may be given: the two halves then serve until the secret of the token exists.
  if (token !== undefined) return pair(token, 'token');
  if (id === undefined || secret === undefined)
    throw new InputError(
      'Give the pair in use: token (id:secret), or api-key-id and api-key-secret. A secret that does not exist, or that this event may not see, is empty.',
    );
  return pair({ id, secret }, 'api-key-id with api-key-secret');
}

export function readInputs(runner: Runner): Inputs {
  const needed = (name: string): string => {
    const value = runner.input(name);
    if (value === undefined) throw new InputError(`The input ${name} is missing.`);
    return value;
  };
  const one = <Value extends string>(name: string, values: readonly Value[]): Value => {
    const found =
      values.find((value) => value === runner.input(name)) ??
      (runner.input(name) === undefined ? values[0] : undefined);
    if (found === undefined) throw new InputError(`The input ${name} is one of ${values.join(', ')}.`);
    return found;
  };
  const repository = runner.input('repository') ?? runner.variable('GITHUB_REPOSITORY') ?? '';
  if (!/^[\w.-]*\w[\w.-]*\/[\w.-]*\w[\w.-]*$/.test(repository))
    throw new InputError('repository is owner/name.');
  const environment = runner.input('environment');
  if (environment !== undefined && !/^[\w.-]*\w[\w.-]*$/.test(environment))
    throw new InputError('environment is a name of letters, digits, "_", "-" and ".".');
  const recovery = runner.input('recovery-token');
  const secretNames = (runner.input('secret-name') ?? 'BZ_TOKEN').split(/[\s,]+/);
  if (new Set(secretNames.map((name) => name.toUpperCase())).size < secretNames.length)
    throw new InputError('secret-name names a secret twice.');
  return {
    name: needed('name'),
    credentials: credentials(runner),
    recovery: recovery === undefined ? undefined : pair(recovery, 'recovery-token'),
    githubToken: needed('github-token'),
    scope: `repos/${repository}/${environment === undefined ? 'actions' : `environments/${environment}`}`,
    secretNames,
    idVariable: runner.input('id-variable'),
    reason: one('reason', ['expiry', 'schedule', 'leak']),
    within: span(runner, 'within'),
    expiresIn: expiresIn(runner),
    drain: span(runner, 'drain'),
    replaces: runner.input('replaces'),
    baseUrl: runner.input('base-url'),
    apiUrl: runner.variable('GITHUB_API_URL') ?? 'https://api.github.com',
    dryRun: one('dry-run', ['false', 'true']) === 'true',
  };
}
