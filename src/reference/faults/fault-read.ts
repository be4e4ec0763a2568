// Reads fault rules, from code and from files: a misspelt field would make a rule that is never applied.

import * as z from 'zod/mini';
import { skewMs } from '../clock.ts';
import { fail, read, strictObject } from '../read.ts';
import { isOperationName, OPERATION_NAME, type OperationName } from '../routes.ts';
import type { FaultRule } from './fault-rules.ts';

const optional = z.optional;
const DAY_MS = 86_400_000;

const count = z.int().check(z.gte(1));
const milliseconds = z.number().check(z.gte(0), z.lte(DAY_MS));
const status = optional(z.int().check(z.gte(200), z.lte(599)));
const commitSide = z.enum(['before-commit', 'after-commit']);
const faultTime = z.enum(['before-commit', 'after-commit', 'mid-body']);
const when = optional(commitSide);

const operation = z.custom<OperationName>(isOperationName, OPERATION_NAME);

const headerText = z.string().check(z.regex(/^[\t\x20-\x7e]*$/, 'must be printable ASCII.'));
const headerName = z.string().check(z.regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of a header.'));

/** The fields that say which requests a rule is for. */
const match = {
  operation: optional(
    z.union([operation, z.array(operation).check(z.minLength(1, 'must name an operation.'))], OPERATION_NAME),
  ),
  keyId: optional(z.string()),
  nth: optional(count),
  every: optional(count),
  probability: optional(z.number().check(z.gte(0), z.lte(1))),
  seed: optional(z.int()),
  times: optional(count),
};

const effect = <const Name extends string, Shape extends z.core.$ZodShape>(name: Name, shape: Shape) =>
  strictObject({ effect: z.literal(name), ...shape, ...match });

const between = strictObject({ min: milliseconds, max: milliseconds }).check(
  z.refine(({ min, max }) => min <= max, { path: ['max'], error: 'must not be less than min.' }),
);

const EFFECTS = [
  effect('reset', { when: optional(faultTime) }),
  effect('stall', { when: optional(faultTime) }),
  effect('drip', { chunkBytes: optional(count), everyMs: optional(milliseconds) }),
  effect('truncate', { keepBytes: optional(z.int().check(z.gte(0))) }),
  effect('latency', { ms: z.union([milliseconds, between], 'must be milliseconds, or { min, max }.') }),
  effect('status', {
    status: z.int().check(z.gte(400), z.lte(599)),
    message: optional(z.string()),
    retryAfter: optional(
      z.union([headerText, z.number().check(z.gte(0))], 'must be seconds, or the text of the header.'),
    ),
    retryAfterForm: optional(z.enum(['seconds', 'date'])),
    when,
  }),
  effect('rate-limit', { requests: count, windowMs: z.int().check(z.gte(1), z.lte(DAY_MS)) }),
  effect('wrong-json', { when }),
  effect('html', { status, when }),
  effect('empty', { status, when }),
  effect('string-error', { status, when }),
  effect('ok-with-error', { code: optional(z.int()), when }),
  effect('redirect', { location: headerText, status: optional(z.literal([301, 302, 303, 307, 308])), when }),
  effect('response', {
    status,
    headers: optional(z.record(headerName, headerText)),
    body: optional(z.string()),
    when,
  }),
  effect('stale-list', {}),
  effect('repeat-page', {}),
  effect('cap-limit', { limit: count }),
  effect('total', {
    total: z.nullable(z.union([z.number(), z.string()], 'must be a number, a string or null.')),
  }),
  effect('skew', { ms: skewMs }),
] as const;

const NAMES = EFFECTS.map(({ shape }) => shape.effect.def.values[0]).join(', ');

const faultRule: z.ZodMiniType<FaultRule> = z.discriminatedUnion('effect', EFFECTS, {
  error: (issue) => (issue.code === 'invalid_union' ? `must be one of ${NAMES}.` : undefined),
});

/** What only code may do. */
export interface FaultTrust {
  /** Whether a redirect may lead off this machine. From a file it may not. */
  readonly anyRedirect: boolean;
}

/** Checks a rule and copies it. */
export function readFaultRule(value: unknown, path: string, trust: FaultTrust): FaultRule {
  const rule = read(faultRule, value, path);
  if (rule.effect === 'redirect' && !trust.anyRedirect && !staysHere(rule.location))
    fail(`${path}.location`, 'must lead to this machine (localhost, 127.0.0.0/8, [::1]).');
  return rule;
}

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

/** A relative location resolves against the service itself, wherever it is. */
function staysHere(location: string): boolean {
  const base = 'http://localhost';
  return URL.canParse(location, base) && LOOPBACK.test(new URL(location, base).hostname);
}
