// Where BlazeMeter is silent there is a switch: its name, its values and its default stand in one table, from which
// the options are checked, explained and, in tests, combined.

import { fail, fields, integer, maybe, oneOf } from './read.ts';

/** How the reference behaves where nothing public says what the service does. */
export interface Semantics {
  /**
   * S1, the maximum shrinks: what becomes of existing keys whose period is longer. `new-only`: nothing;
   * `block-on-use`: they are refused (401) while they are too long; `clamp`: they end when the new maximum, counted
   * from now, ends; `revoke`: they are deleted. Default `new-only`.
   */
  readonly shrink: 'new-only' | 'block-on-use' | 'clamp' | 'revoke';
  /**
   * S2, a user in two accounts: which maximum binds. `strictest`: the smallest; `default-account`: that of the account
   * of the user's default project; `per-account-access`: the largest, but an account shows its users, workspaces and
   * all below only to keys (else 403) whose period is within its own. Default `strictest`.
   */
  readonly twoAccounts: 'strictest' | 'default-account' | 'per-account-access';
  /** S3, regenerating a key that has run out: `refuse` (402) or `allow`. Default `refuse`. */
  readonly regenerateExpired: 'refuse' | 'allow';
  /**
   * S4, what regenerating does to the expiry: `keep`, `renew-period` (the key's own period from now, within the
   * maximum) or `renew-maximum` (the maximum from now; without one, 10 years). Default `keep`.
   */
  readonly regenerateExpiry: 'keep' | 'renew-period' | 'renew-maximum';
  /** S7, creating past the maximum: `refuse` (400 with the maximum in the message) or `clamp` silently. Default `refuse`. */
  readonly overMaximum: 'refuse' | 'clamp';
  /** S11: milliseconds for which the old secret still works after a regeneration. Default 0. */
  readonly grace: number;
  /** S12: whether a 401 is the `same` for every cause, or its message `distinguish`es them. Default `same`. */
  readonly unauthorized: 'same' | 'distinguish';
  /** S13: whether two keys of a user may have one name (`free`), or the second is refused (`unique`, 409). Default `free`. */
  readonly names: 'free' | 'unique';
  /** S14: keys that a user may have; one more is refused (402). `null`: no limit. Default `null`. */
  readonly keyLimit: number | null;
  /** S15: milliseconds until a new secret is known everywhere; until then it is refused (401). Default 0. */
  readonly propagation: number;
}

/** A switch, as data. */
export interface SemanticsSwitch {
  /** The row of the semantics table, `S1` to `S15`. */
  readonly id: string;
  readonly name: keyof Semantics;
  /** What the switch decides, in words. */
  readonly behaviour: string;
  readonly default: string | number | null;
  /** All its values; for a switch that takes a number, two that differ. */
  readonly values: readonly (string | number | null)[];
}

const CHOICES = {
  shrink: ['new-only', 'block-on-use', 'clamp', 'revoke'],
  twoAccounts: ['strictest', 'default-account', 'per-account-access'],
  regenerateExpired: ['refuse', 'allow'],
  regenerateExpiry: ['keep', 'renew-period', 'renew-maximum'],
  overMaximum: ['refuse', 'clamp'],
  unauthorized: ['same', 'distinguish'],
  names: ['free', 'unique'],
} as const;

/**
 * The preset `documented`: what BlazeMeter's documentation says, and the plainest reading where it is silent.
 *
 * @example
 * ```ts
 * import { documented } from 'blazemeter-client/testing';
 *
 * console.log(documented.shrink); // new-only
 * ```
 */
export const documented: Semantics = Object.freeze({
  shrink: 'new-only',
  twoAccounts: 'strictest',
  regenerateExpired: 'refuse',
  regenerateExpiry: 'keep',
  overMaximum: 'refuse',
  grace: 0,
  unauthorized: 'same',
  names: 'free',
  keyLimit: null,
  propagation: 0,
});

const row = (
  id: string,
  name: keyof Semantics,
  values: readonly (string | number | null)[],
  behaviour: string,
): SemanticsSwitch => ({ id, name, behaviour, default: documented[name], values });

/**
 * Every switch, for a test that runs under all of them.
 *
 * @example
 * ```ts
 * import { createReference, semanticsSwitches } from 'blazemeter-client/testing';
 *
 * for (const { name, values } of semanticsSwitches)
 *   for (const value of values) createReference({ semantics: { [name]: value } });
 * ```
 */
export const semanticsSwitches: readonly SemanticsSwitch[] = [
  row('S1', 'shrink', CHOICES.shrink, 'the maximum shrinks: existing keys with a longer period'),
  row('S2', 'twoAccounts', CHOICES.twoAccounts, 'a user in two accounts: the maximum that binds'),
  row('S3', 'regenerateExpired', CHOICES.regenerateExpired, 'regenerating a key that has run out'),
  row('S4', 'regenerateExpiry', CHOICES.regenerateExpiry, 'the expiry after regenerating'),
  row('S7', 'overMaximum', CHOICES.overMaximum, 'creating a key past the maximum'),
  row('S11', 'grace', [0, 5_000], 'milliseconds for which the old secret still works after regenerating'),
  row(
    'S12',
    'unauthorized',
    CHOICES.unauthorized,
    'whether a 401 tells a wrong key from a deleted or expired one',
  ),
  row('S13', 'names', CHOICES.names, 'two keys of one user with the same name'),
  row('S14', 'keyLimit', [null, 5], 'keys that a user may have'),
  row('S15', 'propagation', [0, 500], 'milliseconds until a new secret is known everywhere'),
];

/** The longest that `grace` and `propagation` may be: a day. */
const DAY_MS = 86_400_000;

/**
 * What `semantics` may be in the options: the name of the preset, or the switches that differ from it.
 */
export type SemanticsOption = 'documented' | Partial<Semantics>;

/** Lays changes over a base; an unknown switch or value is an error that names it. */
export function readSemantics(change: unknown, base: Semantics = documented, path = 'semantics'): Semantics {
  if (change === undefined) return base;
  if (typeof change === 'string') {
    oneOf(change, path, ['documented']);
    return documented;
  }
  const given = fields(change, path, Object.keys(documented));
  const choice = <Name extends keyof typeof CHOICES>(
    name: Name,
  ): (typeof CHOICES)[Name][number] | undefined =>
    maybe(given, name, path, (value, at) => oneOf<(typeof CHOICES)[Name][number]>(value, at, CHOICES[name]));
  const wait = (value: unknown, at: string): number => integer(value, at, 0, DAY_MS);
  const limit = given.get('keyLimit');
  return Object.freeze({
    shrink: choice('shrink') ?? base.shrink,
    twoAccounts: choice('twoAccounts') ?? base.twoAccounts,
    regenerateExpired: choice('regenerateExpired') ?? base.regenerateExpired,
    regenerateExpiry: choice('regenerateExpiry') ?? base.regenerateExpiry,
    overMaximum: choice('overMaximum') ?? base.overMaximum,
    grace: maybe(given, 'grace', path, wait) ?? base.grace,
    unauthorized: choice('unauthorized') ?? base.unauthorized,
    names: choice('names') ?? base.names,
    keyLimit:
      limit === undefined ? base.keyLimit : limit === null ? null : integer(limit, `${path}.keyLimit`, 0),
    propagation: maybe(given, 'propagation', path, wait) ?? base.propagation,
  });
}

/**
 * Lays one switch, written as a command line has it (`shrink=clamp`, `grace=5000`, `keyLimit=null`), over a base.
 */
export function parseSemantics(assignment: string, base: Semantics = documented): Semantics {
  const at = assignment.indexOf('=');
  if (at < 0) fail('semantics', 'a switch is written name=value.');
  const raw = assignment.slice(at + 1);
  const value = raw === 'null' ? null : /^\d+$/.test(raw) ? Number(raw) : raw;
  return readSemantics({ [assignment.slice(0, at)]: value }, base);
}
