// The text of a record says everything that the record holds and comes back as it was; a text with something missing or
// wrong is refused by the name of the field, and by nothing that stands there.
import { inspect } from 'node:util';
import {
  RotationError,
  type RotationRecord,
  readRecord,
  revealRecord,
  Secret,
} from 'blazemeter-client/rotation';
import { describe, expect, it, test, vi } from 'vitest';
import { AT, changed, full, next, old, pair, text } from '../support/full-record.ts';

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
}

/** What is said to be wrong with a text; the sentences around it are always the same. */
function verdict(bad: string): string {
  const error = thrownBy(() => readRecord(bad));
  if (!(error instanceof RotationError)) throw error;
  expect(error.code).toBe('rotation_record');
  expect(error.cause).toBeUndefined();
  for (const { secret } of [pair, next, old])
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret.slice(0, 8));
  const [, what] =
    /^The record of the rotation cannot be used: (.*)\. No key was touched\. If it was changed by hand, undo that or put back the last good copy, then run resume\.$/.exec(
      error.message,
    ) ?? [];
  return what ?? `another message: ${error.message}`;
}

describe('the text of a record', () => {
  it('comes back as it was, field by field', () => {
    const record = readRecord(text);
    expect(revealRecord(record)).toBe(text);
    expect(record.current.secret.reveal()).toBe(pair.secret);
    expect(record.previous?.secret.reveal()).toBe(old.secret);
    expect(record.pending?.key?.secret.reveal()).toBe(next.secret);
    expect(record.retire.map(({ secret }) => secret?.reveal() ?? null)).toEqual([old.secret, null]);
    expect(record.lease?.until).toEqual(new Date(AT));
    expect(record.sinks).toEqual(full.sinks);
  });

  it('leaves out what is not known, and takes a field that is not there for none', () => {
    const bare = {
      ...full,
      current: { id: pair.id, secret: pair.secret },
      sinks: [{ name: 'file' }],
      retire: [],
    };
    const { previous, pending, promotion, lease, ...rest } = bare;
    const record = readRecord(JSON.stringify({ ...rest, colour: 'red' }));
    expect(JSON.parse(revealRecord(record))).toEqual({
      ...rest,
      current: { ...full.current, name: null, createdAt: null, expiresAt: null },
      previous: null,
      pending: null,
      promotion: null,
      sinks: [{ name: 'file', keyId: null, epoch: null }],
      lease: null,
    });
    expect([previous, pending, promotion, lease].every((field) => field !== undefined)).toBe(true);
  });

  it('keeps the name that is empty, and the one that is none', () => {
    const record = readRecord(text);
    expect([record.current.name, record.previous?.name, record.pending?.key?.name]).toEqual(['ci', null, '']);
    expect(record.retire.map(({ name }) => name)).toEqual(['ci', null]);
  });

  it.each(['idle', 'creating', 'regenerating', 'testing', 'delivering', 'draining', 'retiring'])(
    'may be of the phase %s',
    (phase) => expect(readRecord(changed('phase', phase)).phase).toBe(phase),
  );

  it.each([
    ['pending.way', ['create', 'regenerate']],
    ['pending.signer', ['current', 'recovery', 'self']],
    ['pending.reason', ['expiry', 'schedule', 'leak']],
    ['promotion.reason', ['expiry', 'schedule', 'leak']],
  ])('may have in %s each of its words', (path, words) => {
    for (const word of words) {
      const bad = changed(path, word);
      expect(JSON.parse(revealRecord(readRecord(bad)))).toEqual(JSON.parse(bad));
    }
    expect(verdict(changed(path, 'other'))).toBe(`${path} is not one of ${words.join(', ')}`);
  });

  it('does not read what all objects inherit', () => {
    const bad = changed('lease', undefined);
    Object.defineProperty(Object.prototype, 'lease', {
      value: { owner: 'x', until: AT },
      configurable: true,
    });
    try {
      expect(readRecord(bad).lease).toBeNull();
    } finally {
      Reflect.deleteProperty(Object.prototype, 'lease');
    }
  });
});

describe('a text that is refused', () => {
  test('is none at all', () => {
    expect(verdict(text.slice(0, -10))).toBe('it is not valid JSON');
    for (const bad of ['null', '[]', '7', '"idle"'])
      expect(verdict(bad)).toBe('the document is not an object');
  });

  test.each([
    [2, 'it was written by a later version of blazemeter-client; use that one'],
    [1.5, 'it was written by a later version of blazemeter-client; use that one'],
    [0, 'version is not 1'],
    ['2', 'version is not 1'],
    [undefined, 'version is not 1'],
  ])('has the version %s', (version, what) => expect(verdict(changed('version', version))).toBe(what));

  test.each([
    'id',
    'name',
    'stamp',
    'current.id',
    'current.secret',
    'pending.nonce',
    'pending.name',
    'pending.key.id',
    'sinks.1.name',
    'retire.0.id',
    'lease.owner',
  ])('has in %s no text', (path) => {
    for (const bad of ['', 7, null, undefined])
      expect(verdict(changed(path, bad))).toBe(`${path} is not a text`);
  });

  test.each(['current.name', 'retire.1.name', 'sinks.0.keyId', 'retire.0.secret'])(
    'has in %s neither a text nor nothing',
    (path) => expect(verdict(changed(path, 7))).toBe(`${path} is not a text`),
  );

  test('has an empty id of a sink’s key, which is neither a text nor nothing', () => {
    expect(verdict(changed('sinks.0.keyId', ''))).toBe('sinks.0.keyId is not a text');
  });

  test.each(['epoch', 'pending.epoch', 'pending.days', 'pending.drainMs', 'promotion.drainMs'])(
    'has in %s no whole number',
    (path) => {
      for (const bad of [-1, 0.5, 2 ** 53, '4', null, undefined])
        expect(verdict(changed(path, bad))).toBe(`${path} is not a whole number`);
    },
  );

  test('has an epoch of a sink that is neither a number nor nothing', () => {
    expect(verdict(changed('sinks.0.epoch', '3'))).toBe('sinks.0.epoch is not a whole number');
    expect(readRecord(changed('sinks.0.epoch', 0)).sinks[0]?.epoch).toBe(0);
  });

  test.each(['pending.preparedAt', 'promotion.promotedAt', 'lease.until'])('has in %s no date', (path) => {
    for (const bad of ['soon', 7, null, undefined])
      expect(verdict(changed(path, bad))).toBe(`${path} is not a date`);
  });

  test.each([
    'current.createdAt',
    'current.expiresAt',
    'pending.leakedSince',
    'promotion.drainUntil',
    'promotion.leakedSince',
  ])('has in %s neither a date nor nothing', (path) => {
    for (const bad of ['soon', 7]) expect(verdict(changed(path, bad))).toBe(`${path} is not a date`);
    const without = changed(path, null);
    expect(JSON.parse(revealRecord(readRecord(without)))).toEqual(JSON.parse(without));
  });

  test.each(['current', 'previous', 'pending', 'pending.key', 'promotion', 'lease', 'sinks.0', 'retire.1'])(
    'has in %s no object',
    (path) => {
      for (const bad of ['text', 7, [], false])
        expect(verdict(changed(path, bad))).toBe(`${path} is not an object`);
    },
  );

  test('has no pair in use', () => {
    for (const bad of [null, undefined])
      expect(verdict(changed('current', bad))).toBe('current is not an object');
  });

  test('has lists that are none', () => {
    for (const path of ['sinks', 'retire'])
      for (const bad of [{}, 'x', null, undefined])
        expect(verdict(changed(path, bad))).toBe(`${path} is not a list`);
  });

  test('has another phase', () => {
    for (const bad of ['done', 7, undefined])
      expect(verdict(changed('phase', bad))).toBe(
        'phase is not one of idle, creating, regenerating, testing, delivering, draining, retiring',
      );
  });
});

describe('what a phase promises', () => {
  const at = (phase: string, path: string, value: unknown) => changed(path, value, changed('phase', phase));

  test.each(['creating', 'regenerating', 'testing'])('%s has a pending key', (phase) => {
    expect(verdict(at(phase, 'pending', null))).toBe(`phase is ${phase}, but pending is missing`);
  });

  test('testing has the pair of it, and the others need none', () => {
    expect(verdict(at('testing', 'pending.key', null))).toBe('phase is testing, but pending.key is missing');
    for (const phase of ['creating', 'regenerating']) {
      const without = at(phase, 'pending.key', null);
      expect(JSON.parse(revealRecord(readRecord(without)))).toEqual(JSON.parse(without));
    }
  });

  test('draining has a previous pair and a promotion', () => {
    const what = 'phase is draining, but previous or promotion is missing';
    expect(verdict(at('draining', 'previous', null))).toBe(what);
    expect(verdict(at('draining', 'promotion', null))).toBe(what);
  });

  test('delivering has a promotion, and needs no previous pair', () => {
    expect(verdict(at('delivering', 'promotion', null))).toBe(
      'phase is delivering, but promotion is missing',
    );
    expect(readRecord(at('delivering', 'previous', null)).previous).toBeNull();
  });

  test('the others need none of it', () => {
    for (const phase of ['idle', 'retiring'])
      for (const path of ['previous', 'promotion', 'pending'])
        expect(readRecord(at(phase, path, null)).phase).toBe(phase);
  });

  test('a pending key has the epoch after the record’s, in any phase', () => {
    for (const epoch of [2, 3, 5])
      expect(verdict(changed('pending.epoch', epoch))).toBe('pending.epoch does not follow epoch');
  });
});

describe('a record that could not be read again', () => {
  it('is not turned into text', () => {
    const record: RotationRecord = { ...readRecord(text), stamp: '' };
    const error = thrownBy(() => revealRecord(record));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({
      code: 'rotation_record',
      message:
        'A record that nobody could read again was not written: stamp is not a text. What the store holds is as it was.',
    });
  });
});

test('a fault that is no verdict on the text is passed on as it is', () => {
  const record = readRecord(text);
  const fault = new TypeError('a fault');
  vi.spyOn(Secret, 'from').mockImplementation(() => {
    throw fault;
  });
  expect(thrownBy(() => readRecord(text))).toBe(fault);
  expect(thrownBy(() => revealRecord(record))).toBe(fault);
});
