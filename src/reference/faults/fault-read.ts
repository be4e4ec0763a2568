// Reads fault rules, from code and from files: a misspelt field would make a rule that never strikes.

import { entries, type Fields, fail, fields, integer, maybe, number, oneOf, text } from '../read.ts';
import { type OperationName, operationNames } from '../routes.ts';
import type { CommitSide, FaultEffect, FaultMatch, FaultRule, FaultTime } from './fault-rules.ts';

/** The fields of each effect, beside those of the match. */
const EFFECTS: Readonly<Record<FaultEffect['effect'], readonly string[]>> = {
  reset: ['when'],
  stall: ['when'],
  drip: ['chunkBytes', 'everyMs'],
  truncate: ['keepBytes'],
  latency: ['ms'],
  status: ['status', 'message', 'retryAfter', 'retryAfterForm', 'when'],
  'rate-limit': ['requests', 'windowMs'],
  'wrong-json': ['when'],
  html: ['status', 'when'],
  empty: ['status', 'when'],
  'string-error': ['status', 'when'],
  'ok-with-error': ['code', 'when'],
  redirect: ['location', 'status', 'when'],
  answer: ['status', 'headers', 'body', 'when'],
  'stale-list': [],
  'repeat-page': [],
  'cap-limit': ['limit'],
  total: ['total'],
  skew: ['ms'],
};

const MATCH = ['operation', 'keyId', 'nth', 'every', 'probability', 'seed', 'times'];
const LONGEST_MS = 86_400_000;

/** What only code may do. */
export interface FaultTrust {
  /** Whether a redirect may lead off this machine. From a file it may not. */
  readonly anyRedirect: boolean;
}

/** Checks a rule and copies it; what is wrong is an error with its path. */
export function readFaultRule(value: unknown, path: string, trust: FaultTrust): FaultRule {
  const name = effectName(entries(value, path).get('effect'), `${path}.effect`);
  const from = fields(value, path, ['effect', ...EFFECTS[name], ...MATCH]);
  return { ...readMatch(from, path), ...readEffect(name, from, path, trust) };
}

function effectName(value: unknown, path: string): FaultEffect['effect'] {
  const known = (name: unknown): name is FaultEffect['effect'] =>
    typeof name === 'string' && Object.hasOwn(EFFECTS, name);
  return known(value) ? value : fail(path, `must be one of ${Object.keys(EFFECTS).join(', ')}.`);
}

const count = (value: unknown, path: string): number => integer(value, path, 1);
const status = (value: unknown, path: string): number => integer(value, path, 200, 599);
const errorStatus = (value: unknown, path: string): number => integer(value, path, 400, 599);
const milliseconds = (value: unknown, path: string): number => number(value, path, 0, LONGEST_MS);
const side = (value: unknown, path: string): CommitSide =>
  oneOf(value, path, ['before-commit', 'after-commit']);
const time = (value: unknown, path: string): FaultTime =>
  oneOf(value, path, ['before-commit', 'after-commit', 'mid-body']);
const operation = (value: unknown, path: string): OperationName => oneOf(value, path, operationNames);

function readMatch(from: Fields, path: string): FaultMatch {
  return {
    operation: maybe(from, 'operation', path, (value, at) =>
      Array.isArray(value)
        ? value.map((name: unknown, index) => operation(name, `${at}[${index}]`))
        : operation(value, at),
    ),
    keyId: maybe(from, 'keyId', path, text),
    nth: maybe(from, 'nth', path, count),
    every: maybe(from, 'every', path, count),
    probability: maybe(from, 'probability', path, (value, at) => number(value, at, 0, 1)),
    seed: maybe(from, 'seed', path, integer),
    times: maybe(from, 'times', path, count),
  };
}

function readEffect(
  effect: FaultEffect['effect'],
  from: Fields,
  path: string,
  trust: FaultTrust,
): FaultEffect {
  const at = (name: string): string => `${path}.${name}`;
  const when = (): CommitSide | undefined => maybe(from, 'when', path, side);
  const statusField = (): number | undefined => maybe(from, 'status', path, status);
  switch (effect) {
    case 'reset':
    case 'stall':
      return { effect, when: maybe(from, 'when', path, time) };
    case 'drip':
      return {
        effect,
        chunkBytes: maybe(from, 'chunkBytes', path, count),
        everyMs: maybe(from, 'everyMs', path, milliseconds),
      };
    case 'truncate':
      return {
        effect,
        keepBytes: maybe(from, 'keepBytes', path, (value, where) => integer(value, where, 0)),
      };
    case 'latency':
      return { effect, ms: readLatency(from.get('ms'), at('ms')) };
    case 'status':
      return {
        effect,
        status: errorStatus(from.get('status'), at('status')),
        message: maybe(from, 'message', path, text),
        retryAfter: maybe(from, 'retryAfter', path, (value, where) =>
          typeof value === 'string' ? headerText(value, where) : number(value, where, 0),
        ),
        retryAfterForm: maybe(from, 'retryAfterForm', path, (value, where) =>
          oneOf(value, where, ['seconds', 'date']),
        ),
        when: when(),
      };
    case 'rate-limit':
      return {
        effect,
        requests: count(from.get('requests'), at('requests')),
        windowMs: integer(from.get('windowMs'), at('windowMs'), 1, LONGEST_MS),
      };
    case 'wrong-json':
      return { effect, when: when() };
    case 'html':
    case 'empty':
    case 'string-error':
      return { effect, status: statusField(), when: when() };
    case 'ok-with-error':
      return { effect, code: maybe(from, 'code', path, integer), when: when() };
    case 'redirect':
      return {
        effect,
        location: readLocation(from.get('location'), at('location'), trust),
        status: maybe(from, 'status', path, (value, where) => oneOf(value, where, [301, 302, 303, 307, 308])),
        when: when(),
      };
    case 'answer':
      return {
        effect,
        status: statusField(),
        headers: maybe(from, 'headers', path, readHeaders),
        body: maybe(from, 'body', path, text),
        when: when(),
      };
    case 'stale-list':
    case 'repeat-page':
      return { effect };
    case 'cap-limit':
      return { effect, limit: count(from.get('limit'), at('limit')) };
    case 'total': {
      const total = from.get('total');
      return {
        effect,
        total: total === null || typeof total === 'string' ? total : number(total, at('total')),
      };
    }
    case 'skew':
      return { effect, ms: number(from.get('ms'), at('ms')) };
  }
}

function readLatency(value: unknown, path: string): number | { readonly min: number; readonly max: number } {
  if (typeof value === 'number') return milliseconds(value, path);
  const bounds = fields(value, path, ['min', 'max']);
  const min = milliseconds(bounds.get('min'), `${path}.min`);
  return { min, max: number(bounds.get('max'), `${path}.max`, min, LONGEST_MS) };
}

/** Text that a header can carry. */
function headerText(value: unknown, path: string): string {
  const found = text(value, path);
  return /^[\t\x20-\x7e]*$/.test(found) ? found : fail(path, 'must be printable ASCII.');
}

function readHeaders(value: unknown, path: string): Readonly<Record<string, string>> {
  const headers: [string, string][] = [];
  for (const [name, content] of entries(value, path)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) fail(path, 'holds a name that is no header name.');
    headers.push([name, headerText(content, `${path}.${name}`)]);
  }
  return Object.fromEntries(headers);
}

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

function readLocation(value: unknown, path: string, trust: FaultTrust): string {
  const location = headerText(value, path);
  if (trust.anyRedirect) return location;
  // A relative location resolves against the service itself, wherever it stands.
  const base = 'http://localhost';
  if (!URL.canParse(location, base) || !LOOPBACK.test(new URL(location, base).hostname))
    fail(path, 'must lead to this machine (localhost, 127.0.0.0/8, [::1]).');
  return location;
}
