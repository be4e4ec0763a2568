// Where BlazeMeter is silent there is a switch. Its name, values and default are in one table, from which the options are
// checked, explained and, in tests, combined.

import * as z from 'zod/mini';
import { fail, read, strictObject } from './read.ts';

/** How the reference behaves where no public source says what the service does. Every value is an assumption. */
export interface Semantics {
  /**
   * S1, the maximum shrinks: what happens to existing keys whose period is longer. `new-only`: nothing;
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
  /** S3, regenerating an expired key: `refuse` (402) or `allow`. Default `refuse`. */
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
  /** S14: how many keys a user may have; one more is refused (402). `null`: no limit. Default `null`. */
  readonly keyLimit: number | null;
  /** S15: milliseconds until a new secret is accepted; until then it is refused (401). Default 0. */
  readonly propagation: number;
  /**
   * S19: how the name of a new key is stored: `as-given`, `trimmed`, `cut` after 20 characters, in `lower-case`, or
   * `normalized` (Unicode NFC). Default `as-given`.
   */
  readonly storedNames: 'as-given' | 'trimmed' | 'cut' | 'lower-case' | 'normalized';
  /** S20: the times in responses, in Unix `seconds`, Unix `milliseconds`, or as `iso` texts. Default `seconds`. */
  readonly times: 'seconds' | 'milliseconds' | 'iso';
  /**
   * S21: the header `Date`. `current`: the time of the response; `cached`: that of a read is 10 minutes old, and no `Age`
   * says so. Default `current`.
   */
  readonly dates: 'current' | 'cached';
}

/** A switch, as data. */
export interface SemanticsSwitch {
  /** Its id in the table of semantics, `S1` to `S21`. */
  readonly id: string;
  readonly name: keyof Semantics;
  /** What the switch decides. */
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
  storedNames: ['as-given', 'trimmed', 'cut', 'lower-case', 'normalized'],
  times: ['seconds', 'milliseconds', 'iso'],
  dates: ['current', 'cached'],
} as const;

/**
 * The preset `documented`: the default of every switch. It contradicts nothing that BlazeMeter documents; each value itself is an
 * assumption, because the documentation is silent on these points.
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
  storedNames: 'as-given',
  times: 'seconds',
  dates: 'current',
});

const define = (
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
  define('S1', 'shrink', CHOICES.shrink, 'the maximum shrinks: existing keys with a longer period'),
  define('S2', 'twoAccounts', CHOICES.twoAccounts, 'a user in two accounts: the maximum that binds'),
  define('S3', 'regenerateExpired', CHOICES.regenerateExpired, 'regenerating an expired key'),
  define('S4', 'regenerateExpiry', CHOICES.regenerateExpiry, 'the expiry after regenerating'),
  define('S7', 'overMaximum', CHOICES.overMaximum, 'creating a key past the maximum'),
  define('S11', 'grace', [0, 5_000], 'milliseconds for which the old secret still works after regenerating'),
  define(
    'S12',
    'unauthorized',
    CHOICES.unauthorized,
    'whether the message of a 401 distinguishes wrong, deleted and expired keys',
  ),
  define('S13', 'names', CHOICES.names, 'two keys of one user with the same name'),
  define('S14', 'keyLimit', [null, 5], 'keys that a user may have'),
  define('S15', 'propagation', [0, 500], 'milliseconds until a new secret is accepted'),
  define('S19', 'storedNames', CHOICES.storedNames, 'how the name of a new key is stored'),
  define('S20', 'times', CHOICES.times, 'the unit of times in responses'),
  define('S21', 'dates', CHOICES.dates, 'the header Date of responses to reads'),
];

/** The longest that `grace` and `propagation` may be: a day. */
const DAY_MS = 86_400_000;

/**
 * What `semantics` may be in the options: the name of the preset, or the switches that differ from it.
 */
export type SemanticsOption = 'documented' | Partial<Semantics>;

const duration = z.int().check(z.gte(0), z.lte(DAY_MS));
const change = strictObject({
  shrink: z.optional(z.enum(CHOICES.shrink)),
  twoAccounts: z.optional(z.enum(CHOICES.twoAccounts)),
  regenerateExpired: z.optional(z.enum(CHOICES.regenerateExpired)),
  regenerateExpiry: z.optional(z.enum(CHOICES.regenerateExpiry)),
  overMaximum: z.optional(z.enum(CHOICES.overMaximum)),
  grace: z.optional(duration),
  unauthorized: z.optional(z.enum(CHOICES.unauthorized)),
  names: z.optional(z.enum(CHOICES.names)),
  keyLimit: z.optional(z.nullable(z.int().check(z.gte(0)))),
  propagation: z.optional(duration),
  storedNames: z.optional(z.enum(CHOICES.storedNames)),
  times: z.optional(z.enum(CHOICES.times)),
  dates: z.optional(z.enum(CHOICES.dates)),
});

/** Applies changes to a base; an unknown switch or value is an error that names it. */
export function readSemantics(given: unknown, base: Semantics = documented, path = 'semantics'): Semantics {
  if (given === undefined) return base;
  if (typeof given === 'string')
    return given === 'documented' ? documented : fail(path, 'must be one of documented.');
  const changes = Object.entries(read(change, given, path)).filter(([, value]) => value !== undefined);
  return Object.freeze({ ...base, ...Object.fromEntries(changes) });
}

/**
 * Applies one switch, written as on a command line (`shrink=clamp`, `grace=5000`, `keyLimit=null`), to a base.
 */
export function parseSemantics(assignment: string, base: Semantics = documented): Semantics {
  const at = typeof assignment === 'string' ? assignment.indexOf('=') : -1;
  if (at < 0) fail('semantics', 'a switch is written name=value.');
  const raw = assignment.slice(at + 1);
  const value = raw === 'null' ? null : /^\d+$/.test(raw) ? Number(raw) : raw;
  return readSemantics({ [assignment.slice(0, at)]: value }, base);
}
