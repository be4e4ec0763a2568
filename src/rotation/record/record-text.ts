// The record as text, and back. This is the one place where its secrets are revealed, and the one that judges a record
// which somebody may have changed by hand: it names the field that is wrong, never what stands there.

import { Secret } from '../../auth/secret.ts';
import { RotationError } from '../../errors.ts';
import type {
  HeldKey,
  PendingKey,
  Promotion,
  RetiringKey,
  RotationPhase,
  RotationReason,
  RotationRecord,
  SinkHolding,
} from './record.ts';

const PHASES: readonly RotationPhase[] = [
  'idle',
  'creating',
  'regenerating',
  'testing',
  'delivering',
  'draining',
  'retiring',
];
const REASONS: readonly RotationReason[] = ['expiry', 'schedule', 'leak'];

/**
 * The whole record as JSON text, **secrets included**: for stores, and for nothing else.
 *
 * @throws {@link RotationError} (`rotation_record`) for a record that {@link readRecord} would refuse: once written, it
 * would stand in the way of every run.
 * @example
 * ```ts
 * import { readRecord, revealRecord, type RotationRecord } from 'blazemeter-client/rotation';
 *
 * const copy = (record: RotationRecord) => readRecord(revealRecord(record));
 * ```
 */
export function revealRecord(record: RotationRecord): string {
  const key = (held: HeldKey) => ({
    id: held.id,
    secret: held.secret.reveal(),
    name: held.name,
    createdAt: held.createdAt,
    expiresAt: held.expiresAt,
  });
  const { pending } = record;
  const document = {
    version: record.version,
    id: record.id,
    name: record.name,
    epoch: record.epoch,
    stamp: record.stamp,
    phase: record.phase,
    current: key(record.current),
    previous: record.previous === null ? null : key(record.previous),
    pending: pending === null ? null : { ...pending, key: pending.key === null ? null : key(pending.key) },
    promotion: record.promotion,
    sinks: record.sinks,
    retire: record.retire.map(({ id, name, secret }) => ({ id, name, secret: secret?.reveal() ?? null })),
    lease: record.lease,
  };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  try {
    parsed(text);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new RotationError(
      `A record that nobody could read again was not written: ${error.what}. What the store holds is as it was.`,
      { code: 'rotation_record' },
    );
  }
  return text;
}

/**
 * Reads what {@link revealRecord} wrote. Fields that are not known are left out.
 *
 * @throws {@link RotationError} (`rotation_record`) that names the field which is missing or wrong.
 */
export function readRecord(text: string): RotationRecord {
  try {
    return parsed(text);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new RotationError(
      `The record of the rotation cannot be used: ${error.what}. No key was touched. If it was changed by hand, undo that or put back the last good copy, then run resume.`,
      { code: 'rotation_record' },
    );
  }
}

function parsed(text: string): RotationRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw wrong('it is not valid JSON');
  }
  const at = fields(value, 'the document');
  const version = at.get('version');
  if (version !== 1)
    throw wrong(
      typeof version === 'number' && version > 1
        ? 'it was written by a later version of blazemeter-client; use that one'
        : 'version is not 1',
    );
  const record: RotationRecord = {
    version: 1,
    id: at.text('id'),
    name: at.text('name'),
    epoch: at.count('epoch'),
    stamp: at.text('stamp'),
    phase: at.oneOf('phase', PHASES),
    current: readKey(at.get('current'), 'current'),
    previous: at.maybe('previous', readKey),
    pending: at.maybe('pending', readPending),
    promotion: at.maybe('promotion', readPromotion),
    sinks: at.list('sinks', readSink),
    retire: at.list('retire', readRetiring),
    lease: at.maybe('lease', (lease, path) => {
      const inner = fields(lease, path);
      return { owner: inner.text('owner'), until: inner.date('until') };
    }),
  };
  return coherent(record);
}

/** What the phase promises must be there. */
function coherent(record: RotationRecord): RotationRecord {
  const { phase, pending, previous, promotion, epoch } = record;
  if ((phase === 'creating' || phase === 'regenerating' || phase === 'testing') && pending === null)
    throw wrong(`phase is ${phase}, but pending is missing`);
  if (phase === 'testing' && pending?.key === null)
    throw wrong('phase is testing, but pending.key is missing');
  if (phase === 'draining' && (previous === null || promotion === null))
    throw wrong('phase is draining, but previous or promotion is missing');
  if (phase === 'delivering' && promotion === null)
    throw wrong('phase is delivering, but promotion is missing');
  if (pending !== null && pending.epoch !== epoch + 1) throw wrong('pending.epoch does not follow epoch');
  return record;
}

const readKey = (value: unknown, path: string): HeldKey => {
  const at = fields(value, path);
  return {
    id: at.text('id'),
    secret: Secret.from(at.text('secret')),
    name: at.maybeName('name'),
    createdAt: at.maybeDate('createdAt'),
    expiresAt: at.maybeDate('expiresAt'),
  };
};

const readPending = (value: unknown, path: string): PendingKey => {
  const at = fields(value, path);
  return {
    way: at.oneOf('way', ['create', 'regenerate']),
    signer: at.oneOf('signer', ['current', 'recovery', 'self']),
    reason: at.oneOf('reason', REASONS),
    nonce: at.text('nonce'),
    name: at.text('name'),
    epoch: at.count('epoch'),
    preparedAt: at.date('preparedAt'),
    days: at.count('days'),
    drainMs: at.count('drainMs'),
    leakedSince: at.maybeDate('leakedSince'),
    key: at.maybe('key', readKey),
  };
};

const readPromotion = (value: unknown, path: string): Promotion => {
  const at = fields(value, path);
  return {
    reason: at.oneOf('reason', REASONS),
    promotedAt: at.date('promotedAt'),
    drainMs: at.count('drainMs'),
    drainUntil: at.maybeDate('drainUntil'),
    leakedSince: at.maybeDate('leakedSince'),
  };
};

const readSink = (value: unknown, path: string): SinkHolding => {
  const at = fields(value, path);
  return { name: at.text('name'), keyId: at.maybeText('keyId'), epoch: at.maybeCount('epoch') };
};

const readRetiring = (value: unknown, path: string): RetiringKey => {
  const at = fields(value, path);
  const secret = at.maybeText('secret');
  return {
    id: at.text('id'),
    name: at.maybeName('name'),
    secret: secret === null ? null : Secret.from(secret),
  };
};

/** What is wrong with a text, in words: never what stands there. */
class Unreadable extends Error {
  readonly what: string;

  constructor(what: string) {
    super();
    this.what = what;
  }
}

const wrong = (what: string): Unreadable => new Unreadable(what);

/** The fields of an object of the document, each read as what it must be. */
function fields(value: unknown, path: string) {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(`${path} is not an object`);
  const name = (key: string) => (path === 'the document' ? key : `${path}.${key}`);
  const get = (key: string): unknown => (Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined);
  const fail = (key: string, expected: string): never => {
    throw wrong(`${name(key)} is not ${expected}`);
  };
  const text = (key: string): string => {
    const found = get(key);
    return typeof found === 'string' && found !== '' ? found : fail(key, 'a text');
  };
  const count = (key: string): number => {
    const found = get(key);
    return typeof found === 'number' && Number.isSafeInteger(found) && found >= 0
      ? found
      : fail(key, 'a whole number');
  };
  const date = (key: string): Date => {
    const found = get(key);
    const read = new Date(typeof found === 'string' ? found : Number.NaN);
    return Number.isNaN(read.getTime()) ? fail(key, 'a date') : read;
  };
  const absent = (key: string): boolean => get(key) === null || get(key) === undefined;
  return {
    get,
    text,
    count,
    date,
    maybeText: (key: string) => (absent(key) ? null : text(key)),
    /** A key made by hand may have an empty one. */
    maybeName: (key: string) => (get(key) === '' ? '' : absent(key) ? null : text(key)),
    maybeCount: (key: string) => (absent(key) ? null : count(key)),
    maybeDate: (key: string) => (absent(key) ? null : date(key)),
    oneOf: <const T extends string>(key: string, allowed: readonly T[]): T =>
      allowed.find((one) => one === get(key)) ?? fail(key, `one of ${allowed.join(', ')}`),
    maybe: <T>(key: string, read: (value: unknown, path: string) => T): T | null =>
      absent(key) ? null : read(get(key), name(key)),
    list: <T>(key: string, read: (value: unknown, path: string) => T): T[] => {
      const found = get(key);
      if (!Array.isArray(found)) return fail(key, 'a list');
      return found.map((item: unknown, index) => read(item, `${name(key)}.${index}`));
    },
  };
}
