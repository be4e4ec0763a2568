// A Secret is used and never seen: every way of looking but reveal() and equals() shows [secret], or nothing.
import { spawnSync } from 'node:child_process';
import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import { Secret } from 'blazemeter-client';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createDetector } from '../leak/detector.ts';
import { consoled, fromAllSides } from '../leak/looking.ts';
import { secretsOf } from '../leak/stage.ts';
import { everythingIn } from '../leak/walk.ts';
import { builtPackage } from '../support/built.ts';

const { credentials: text, made: other } = secretsOf('awkward');
const secret = Secret.from(text);
const detect = createDetector({ text });

describe('using a secret', () => {
  it('reveal() gives the text, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (any) => Secret.from(any).reveal() === any));
  });

  it('equals() compares with another secret, and with text', () => {
    expect(secret.equals(Secret.from(text))).toBe(true);
    expect(secret.equals(text)).toBe(true);
    expect(secret.equals(other)).toBe(false);
    expect(secret.equals(Secret.from(`${text} `))).toBe(false);
    expect(secret.equals(text.slice(0, -1))).toBe(false);
    expect(Secret.from('').equals('')).toBe(true);
    expect(Secret.from('').equals('\0')).toBe(false);
  });

  it('equals() agrees with === on any two texts', () => {
    const any = fc.string({ maxLength: 3, unit: 'binary' });
    fc.assert(fc.property(any, any, (a, b) => Secret.from(a).equals(b) === (a === b)));
  });

  it('a secret from a secret is the same, and one of another copy of the package is taken', () => {
    expect(Secret.from(secret)).toBe(secret);
    const foreign = { reveal: () => text };
    expect(Secret.from(foreign).reveal()).toBe(text);
    expect(Secret.from(foreign)).not.toBe(foreign);
  });

  const revealing = Object.assign(() => text, { reveal: () => text });
  it.each([undefined, null, 1, {}, [], { reveal: 'no' }, { reveal: () => 1 }, revealing])(
    'nothing else is taken for one (%#)',
    (value) => {
      const make = () => Reflect.apply(Secret.from, Secret, [value]);
      expect(make).toThrow(TypeError);
    },
  );

  it('instanceof and isSecret tell a secret from what is none', () => {
    expect(secret instanceof Secret).toBe(true);
    expect(Secret.isSecret(secret)).toBe(true);
    for (const value of [text, null, undefined, {}, { reveal: () => text }])
      expect(Secret.isSecret(value)).toBe(false);
  });

  it('what only looks like a secret has nothing to reveal', () => {
    const imitation: unknown = Object.create(Object.getPrototypeOf(secret));
    expect(Secret.isSecret(imitation)).toBe(true);
    expect(() => (Secret.isSecret(imitation) ? imitation.reveal() : '')).toThrow(TypeError);
    expect(() => new Proxy(secret, {}).reveal()).toThrow(TypeError);
  });

  it('a secret cannot be changed, nor given another text', () => {
    expect(Object.isFrozen(secret)).toBe(true);
    expect(() => Object.assign(secret, { reveal: () => 'x' })).toThrow(TypeError);
  });
});

describe('looking at a secret', () => {
  it('as a string, in a template, in a sum, in a list, in JSON', () => {
    expect(String(secret)).toBe('[secret]');
    expect(`${secret}`).toBe('[secret]');
    expect(`a${secret.toString()}`).toBe('a[secret]');
    expect([secret, 1].join()).toBe('[secret],1');
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
    expect(Number(secret)).toBeNaN();
    expect(Object.prototype.toString.call(secret)).toBe('[object Object]');
  });

  it('with util.inspect, in every mode', () => {
    expect(inspect(secret)).toBe('[secret]');
    expect(inspect({ a: { b: { c: { secret } } } }, { depth: null })).toContain('[secret]');
    for (const showHidden of [false, true])
      for (const getters of [false, true])
        expect(inspect(secret, { showHidden, getters, customInspect: false, depth: null })).toMatch(
          /^Secret \{(?: \[Symbol\(blazemeter-client\/secret\)\]: true )?\}$/,
        );
  });

  it('with the formats of a console', () => {
    expect(format('%s|%o|%O|%j', secret, secret, secret, secret)).toMatch(/^\[secret\]\|.*\|"\[secret\]"$/);
    expect(format('%d %i %f', secret, secret, secret)).toBe('NaN NaN NaN');
    expect(consoled(secret)).toContain('[secret]');
    expect(detect(consoled([{ secret }]))).toEqual([]);
  });

  it('by its properties: there are none', () => {
    expect({ ...secret }).toEqual({});
    expect(Object.assign({}, secret)).toEqual({});
    expect(Object.entries(secret)).toEqual([]);
    expect(Reflect.ownKeys(secret)).toEqual([]);
    const seen: string[] = [];
    for (const key in secret) seen.push(key);
    expect(seen).toEqual([]);
    expect(detect(everythingIn(secret))).toEqual([]);
  });

  it('by cloning: the clone is empty', () => {
    expect(structuredClone(secret)).toEqual({});
    expect(Reflect.ownKeys(structuredClone(secret))).toEqual([]);
    expect(detect(serialize({ secret }).toString('latin1'))).toEqual([]);
  });

  it('from all sides, alone and inside of others', () => {
    const around = [new Map([[secret, secret]]), new Set([secret]), Promise.resolve(secret), () => secret];
    for (const value of [secret, { secret }, ...around, Object.create(secret)])
      expect(detect(fromAllSides(value))).toEqual([]);
  });

  it('as the cause of an error, and as what is thrown', () => {
    const error = new Error('failed', { cause: secret });
    expect(inspect(error)).toContain('[secret]');
    expect(detect(fromAllSides(error) + consoled(error))).toEqual([]);
    try {
      throw secret;
    } catch (thrown) {
      expect(`${thrown}`).toBe('[secret]');
    }
  });

  it('on a console that a program has replaced', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    console.log(secret, { secret });
    expect(detect(fromAllSides(log.mock.calls))).toEqual([]);
  });

  it('what makes the text visible again is only reveal()', () => {
    expect(detect(everythingIn(() => secret.reveal()))).toEqual([]);
    expect(detect(secret.reveal()).length).toBeGreaterThan(0);
  });

  it('the text that it shows differs from a secret of the same text', () => {
    expect(Secret.from('[secret]').reveal()).toBe('[secret]');
    expect(secret.equals(`${secret}`)).toBe(false);
  });
});

describe('in a process of its own', () => {
  const built = builtPackage();
  const statements = [
    'Promise.reject(secret)',
    'Promise.reject(new Error("a", { cause: secret }))',
    'throw secret',
  ];
  it.each(statements)('an unhandled %s prints nothing of it', (statement) => {
    const program = `import { Secret } from 'blazemeter-client';
      const secret = Secret.from(process.env.TEXT); setTimeout(() => { ${statement}; });`;
    const { stderr, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: built.folder(),
      env: { ...process.env, TEXT: text },
      encoding: 'utf8',
    });
    expect(stderr).toContain('Node.js v');
    expect(detect(stdout + stderr)).toEqual([]);
  });
});
