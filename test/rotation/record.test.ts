// The text of a record holds everything and comes back as it was; a text with something missing or wrong is refused by the
// name of the field, and by nothing that stands there.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  fileStore,
  fromStore,
  RotationError,
  type RotationRecord,
  readRecord,
  resume,
  revealRecord,
} from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { madeUp, temporaryFolder } from '../support/credentials.ts';
import { keyName, NONCE } from './support/records.ts';
import { stage } from './support/stage.ts';
import { failure, recordOf, seen } from './support/world.ts';

const AT = '2026-11-23T04:15:45.000Z';
const [current, next, old] = [madeUp('current'), madeUp('pending'), madeUp('previous')];
const key = ({ id, secret }: typeof current, name: string | null = 'ci') => ({
  id,
  secret,
  name,
  createdAt: AT,
  expiresAt: AT,
});

/** A record with all that a record may have. */
const full = {
  version: 1,
  id: 'k3v9m2xq7a',
  name: 'ci',
  epoch: 3,
  stamp: 'abcdefghijkmnpqr',
  phase: 'idle',
  current: key(current),
  previous: key(old, null),
  pending: {
    strategy: 'create',
    signer: 'current',
    reason: 'expiry',
    nonce: NONCE,
    name: keyName(4),
    epoch: 4,
    preparedAt: AT,
    days: 90,
    drainMs: 86_400_000,
    leakedSince: AT,
    key: key(next, ''),
  },
  promotion: { reason: 'leak', promotedAt: AT, drainMs: 0, drainUntil: AT, leakedSince: AT },
  sinks: [
    { name: 'file', keyId: current.id, epoch: 3 },
    { name: 'ci secret', keyId: null, epoch: null },
  ],
  retire: [
    { id: old.id, name: 'ci', secret: old.secret },
    { id: next.id, name: null, secret: null },
  ],
  lease: { owner: 'pod 1', until: AT },
};
const text = `${JSON.stringify(full, null, 2)}\n`;

/** The text with one field changed, or without it where the value is undefined. */
function changed(path: string, value: unknown, from = text): string {
  const document: unknown = JSON.parse(from);
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  let inner: object = Object(document);
  for (const step of steps) inner = Object(Reflect.get(inner, step));
  if (value === undefined) Reflect.deleteProperty(inner, last);
  else Reflect.set(inner, last, value);
  return JSON.stringify(document);
}

/** The error of a text that is refused, which shows nothing of what stands there. */
function refusal(bad: string): RotationError {
  let error: unknown;
  try {
    readRecord(bad);
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof RotationError)) throw new Error(`It was not refused: ${bad.slice(0, 80)}`);
  expect(error).toMatchObject({ code: 'rotation_record' });
  expect(error.cause).toBeUndefined();
  for (const { secret } of [current, next, old]) expect(seen(error)).not.toContain(secret.slice(0, 8));
  return error;
}

const again = (from: string) => JSON.parse(revealRecord(readRecord(from)));

describe('the text of a record', () => {
  it('comes back as it was, field by field, secrets included', () => {
    const record = readRecord(text);
    expect(JSON.parse(revealRecord(record))).toEqual(full);
    expect(record.current.secret.reveal()).toBe(current.secret);
    expect(record.pending?.key?.secret.reveal()).toBe(next.secret);
    expect(record.retire.map(({ secret }) => secret?.reveal() ?? null)).toEqual([old.secret, null]);
    expect(record.lease?.until).toEqual(new Date(AT));
  });

  it('leaves out what is not known, and takes a field that is not there for none', () => {
    const { previous, pending, promotion, lease, ...rest } = full;
    const bare = {
      ...rest,
      current: { id: current.id, secret: current.secret },
      sinks: [{ name: 'file' }],
      retire: [],
    };
    expect(again(JSON.stringify({ ...bare, colour: 'red' }))).toEqual({
      ...bare,
      current: { ...full.current, name: null, createdAt: null, expiresAt: null },
      previous: null,
      pending: null,
      promotion: null,
      sinks: [{ name: 'file', keyId: null, epoch: null }],
      lease: null,
    });
  });

  it('does not read what all objects inherit', () => {
    Object.defineProperty(Object.prototype, 'lease', {
      value: full.lease,
      configurable: true,
      writable: true,
    });
    try {
      expect(readRecord(changed('lease', undefined)).lease).toBeNull();
    } finally {
      Reflect.deleteProperty(Object.prototype, 'lease');
    }
  });

  it('is not written of a record that could not be read again', () => {
    const record: RotationRecord = { ...readRecord(text), stamp: '' };
    expect(() => revealRecord(record)).toThrow(expect.objectContaining({ code: 'rotation_record' }));
  });
});

describe('a text is refused that', () => {
  it('is no JSON, or no object', () => {
    for (const bad of [text.slice(0, -10), '', 'null', '[]', '7', '"idle"']) refusal(bad);
  });

  it.each([2, 1.5, 0, '2', undefined])('is of the version %s', (version) => {
    refusal(changed('version', version));
  });

  const anything = ['', 7, null, undefined];
  const cases: readonly (readonly [string, readonly unknown[], readonly string[]])[] = [
    [
      'no text',
      anything,
      [
        'id',
        'name',
        'current.id',
        'current.secret',
        'pending.name',
        'pending.key.id',
        'sinks.1.name',
        'retire.0.id',
        'lease.owner',
      ],
    ],
    [
      'neither a text nor nothing',
      [7],
      ['current.name', 'retire.1.name', 'sinks.0.keyId', 'retire.0.secret'],
    ],
    [
      'no whole number',
      [-1, 0.5, 2 ** 53, '4', null, undefined],
      ['epoch', 'pending.epoch', 'pending.days', 'pending.drainMs', 'promotion.drainMs'],
    ],
    ['neither a number nor nothing', ['3'], ['sinks.0.epoch']],
    ['no date', ['soon', 7, null, undefined], ['pending.preparedAt', 'promotion.promotedAt', 'lease.until']],
    [
      'neither a date nor nothing',
      ['soon', 7],
      [
        'current.createdAt',
        'current.expiresAt',
        'pending.leakedSince',
        'promotion.drainUntil',
        'promotion.leakedSince',
      ],
    ],
    [
      'no object',
      ['text', 7, [], false],
      ['current', 'previous', 'pending', 'pending.key', 'promotion', 'lease', 'sinks.0', 'retire.1'],
    ],
    ['no list', [{}, 'x', null, undefined], ['sinks', 'retire']],
    ['none of its words', ['other'], ['phase', 'pending.reason', 'promotion.reason']],
    ['no credentials in use', [null, undefined], ['current']],
  ];
  it.each(cases)('has %s in a field, which is named', (_, values, paths) => {
    for (const path of paths)
      for (const value of values) expect(refusal(changed(path, value)).message).toContain(path);
  });

  it('has not what its phase promises', () => {
    const at = (phase: string, path: string, value: unknown) => changed(path, value, changed('phase', phase));
    for (const phase of ['creating', 'regenerating', 'testing']) refusal(at(phase, 'pending', null));
    refusal(at('testing', 'pending.key', null));
    for (const path of ['previous', 'promotion']) refusal(at('draining', path, null));
    refusal(at('delivering', 'promotion', null));
    for (const epoch of [2, 3, 5]) refusal(changed('pending.epoch', epoch));
    const fine = [
      at('creating', 'pending.key', null),
      at('regenerating', 'pending.key', null),
      at('delivering', 'previous', null),
      ...['previous', 'promotion', 'pending'].flatMap((path) => [
        at('idle', path, null),
        at('retiring', path, null),
      ]),
    ];
    for (const good of fine) expect(again(good)).toEqual(JSON.parse(good));
  });
});

it('each phase, reason and optional field may be as it is', () => {
  for (const phase of ['idle', 'creating', 'regenerating', 'testing', 'delivering', 'draining', 'retiring'])
    expect(readRecord(changed('phase', phase)).phase).toBe(phase);
  for (const path of ['pending.reason', 'promotion.reason'])
    for (const reason of ['expiry', 'schedule', 'leak'])
      expect(again(changed(path, reason))).toEqual(JSON.parse(changed(path, reason)));
  for (const path of ['current.expiresAt', 'promotion.drainUntil', 'pending.leakedSince', 'retire.0.secret'])
    expect(again(changed(path, null))).toEqual(JSON.parse(changed(path, null)));
});

it('a broken record in a store stops a run and a reader before the service is asked, and stays as it is', async () => {
  const { client, store: inner, reference } = await stage();
  const path = join(temporaryFolder(), 'record.json');
  const store = fileStore(path);
  const record = await recordOf(inner);
  await store.write(record, { ifMatch: null });
  const secret = record.current.secret.reveal();
  for (const spoil of [
    (good: string) => good.slice(0, -20),
    (good: string) => good.replace('"epoch": 3', '"epoch": "three"'),
    (good: string) => good.replace('"idle"', '"testing"'),
  ]) {
    const good = revealRecord(record);
    await writeFile(path, spoil(good));
    await chmod(path, 0o600);
    const errors = [await failure(resume(client, { store })), (await failure(fromStore(store)())).cause];
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'rotation_record' });
      expect(seen(error)).not.toContain(secret.slice(0, 8));
    }
    expect(await readFile(path, 'utf8')).toBe(spoil(good));
  }
  expect(reference.journal.count()).toBe(0);
});
