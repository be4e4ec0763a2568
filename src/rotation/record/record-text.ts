// The record as text, and back. Its secrets are revealed here and nowhere else. A record may have been changed by hand: what
// is wrong with it is named by the path of the field, never by the value.

import * as z from 'zod/mini';
import { Secret } from '../../auth/secret.ts';
import { RotationError } from '../../errors.ts';
import { parseJson } from '../../util/json.ts';
import type { HeldKey, RotationRecord } from './record.ts';

const text = z.string('is not a non-empty string').check(z.minLength(1, 'is not a non-empty string'));
const count = z.int('is not a whole number').check(z.gte(0, 'is not a whole number'));
const secret = z.pipe(
  text,
  z.transform((value) => Secret.from(value)),
);
const date = z.pipe(
  z.string('is not a date'),
  z.transform((value, context) => {
    const found = new Date(value);
    if (Number.isNaN(found.getTime()))
      context.issues.push({ code: 'custom', message: 'is not a date', input: undefined });
    return found;
  }),
);
/** A field that may be `null` or missing. */
const optional = <T>(schema: z.ZodMiniType<T>): z.ZodMiniType<T | null> =>
  z._default<z.ZodMiniType<T | null>>(z.nullable(schema), null);
const oneOf = <const T extends readonly string[]>(...words: T) =>
  z.enum(words, `is not one of ${words.join(', ')}`);
const object = <T extends z.core.$ZodShape>(shape: T) => z.object(shape, 'is not an object');
const list = <T extends z.ZodMiniType>(item: T) => z.array(item, 'is not a list');

/** The name of a key that was created by hand may be empty. */
const keyName = optional(z.string('is not a string'));
const reason = oneOf('expiry', 'schedule', 'leak');

const heldKey = object({
  id: text,
  secret,
  name: keyName,
  createdAt: optional(date),
  expiresAt: optional(date),
});

const pending = object({
  strategy: oneOf('create', 'regenerate'),
  signer: oneOf('current', 'recovery', 'self'),
  reason,
  nonce: text,
  name: text,
  epoch: count,
  preparedAt: date,
  days: count,
  drainMs: count,
  leakedSince: optional(date),
  key: optional(heldKey),
});

const promotion = object({
  reason,
  promotedAt: date,
  drainMs: count,
  drainUntil: optional(date),
  leakedSince: optional(date),
});

const record: z.ZodMiniType<RotationRecord> = object({
  version: z.literal(1, {
    error: ({ input }) =>
      typeof input === 'number' && input > 1
        ? 'is that of a later version of blazemeter-client; use that version'
        : 'is not 1',
  }),
  id: text,
  name: text,
  epoch: count,
  stamp: text,
  phase: oneOf('idle', 'creating', 'regenerating', 'testing', 'delivering', 'draining', 'retiring'),
  current: heldKey,
  previous: optional(heldKey),
  pending: optional(pending),
  promotion: optional(promotion),
  sinks: list(object({ name: text, keyId: optional(text), epoch: optional(count) })),
  retire: list(object({ id: text, name: keyName, secret: optional(secret) })),
  lease: optional(object({ owner: text, until: date })),
}).check(({ value, issues }) => {
  for (const [path, message] of missing(value))
    issues.push({ code: 'custom', path, message, input: undefined });
});

/** What the phase requires and the record does not have. */
function* missing({
  phase,
  pending,
  previous,
  promotion,
  epoch,
}: RotationRecord): Generator<[string[], string]> {
  const lacks = `is missing, although phase is ${phase}`;
  const needsPending = phase === 'creating' || phase === 'regenerating' || phase === 'testing';
  if (needsPending && pending === null) yield [['pending'], lacks];
  if (phase === 'testing' && pending?.key === null) yield [['pending', 'key'], lacks];
  if (phase === 'draining' && previous === null) yield [['previous'], lacks];
  if ((phase === 'draining' || phase === 'delivering') && promotion === null) yield [['promotion'], lacks];
  if (pending !== null && pending.epoch !== epoch + 1)
    yield [['pending', 'epoch'], 'is not the one that follows epoch'];
}

/** The record, or what is wrong with its text. */
function parse(given: string): RotationRecord | string {
  const value = parseJson(given);
  if (value === undefined) return 'it is not valid JSON';
  // With an error of its own for every issue, so that a program's `z.config({ customError })` never sees a record.
  const result = z.safeParse(record, value, { error: () => 'is not as expected' });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  return `${path === '' ? 'the document' : path} ${issue?.message ?? 'is not as expected'}`;
}

/**
 * The whole record as JSON text, **secrets included**: for stores, and for nothing else.
 *
 * @throws {@link RotationError} (`rotation_record`) for a record that {@link readRecord} would refuse: once written, it
 * would stop every run.
 * @example
 * ```ts
 * import { readRecord, revealRecord, type RotationRecord } from 'blazemeter-client/rotation';
 *
 * const copy = (record: RotationRecord) => readRecord(revealRecord(record));
 * ```
 */
export function revealRecord(record: RotationRecord): string {
  // First its form alone: in plain JSON each secret is [secret].
  refuseUnreadable(JSON.stringify(record) ?? 'null');
  const key = (held: HeldKey) => ({
    id: held.id,
    secret: Secret.from(held.secret).reveal(),
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
    retire: record.retire.map(({ id, name, secret }) => ({
      id,
      name,
      secret: secret ? Secret.from(secret).reveal() : null,
    })),
    lease: record.lease,
  };
  const revealed = `${JSON.stringify(document, null, 2)}\n`;
  refuseUnreadable(revealed);
  return revealed;
}

function refuseUnreadable(revealed: string): void {
  const parsed = parse(revealed);
  if (typeof parsed !== 'string') return;
  throw new RotationError(
    `The record was not written, because it could not be read again: ${parsed}. The store is unchanged.`,
    { code: 'rotation_record' },
  );
}

/**
 * Reads what {@link revealRecord} wrote. Unknown fields are left out.
 *
 * @throws {@link RotationError} (`rotation_record`) that names the field which is missing or wrong.
 */
export function readRecord(text: string): RotationRecord {
  const parsed = parse(text);
  if (typeof parsed !== 'string') return parsed;
  throw new RotationError(
    `The record of the rotation cannot be used: ${parsed}. No key was touched. If it was changed by hand, undo that or restore the last good copy.`,
    { code: 'rotation_record', hint: { method: 'resume', text: 'Then run resume.' } },
  );
}
