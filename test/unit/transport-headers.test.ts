// The headers that callers give: which ones HTTP can carry, which ones stay the signer's, and who wins.
import { describe, expect, test } from 'vitest';
import { checkHeader, headersOf } from '../../src/transport/headers.ts';

describe('a header that HTTP can carry', () => {
  test.each(['x', 'X-Trace', "a1!#$%&'*+.^`|~-_"])('may be called %s', (name) => {
    expect(() => checkHeader(name, 'value')).not.toThrow();
  });

  test.each(['', 'x', 'two words', 'a\ttab', ' ~', '\x80\xff'])('may hold %j', (value) => {
    expect(() => checkHeader('x-note', value)).not.toThrow();
  });
});

describe('a header that HTTP cannot carry', () => {
  test.each(['', 'two words', ' x', 'x ', 'x:', 'é', 'x\n', '(x)'])('is one called %j', (name) => {
    expect(() => checkHeader(name, 'value')).toThrow(TypeError);
  });

  test.each(['a\r\nx-admin: 1', '\nb', 'a\n', '\x7f', '\x00', '日本', 'a日', '日a'])(
    'is one that holds %j',
    (value) => {
      expect(() => checkHeader('x-note', value)).toThrow(
        new TypeError('headers: HTTP cannot carry the name or the value of x-note.'),
      );
    },
  );

  test('is named by the first forty characters of its name, and its value is not quoted', () => {
    const check = () => checkHeader('two words, '.repeat(10), 'a value');
    expect(check).toThrow(/of two words, two words, two words, two wo…\.$/);
    expect(check).not.toThrow(/a value/);
  });
});

describe('of the headers of the client and of a call', () => {
  test('all are sent, in lower case, and JSON is asked for', () => {
    expect(headersOf({ 'User-Agent': 'mine' }, { 'X-Trace': '1' })).toEqual({
      accept: 'application/json',
      'user-agent': 'mine',
      'x-trace': '1',
    });
    expect(headersOf({})).toEqual({ accept: 'application/json' });
  });

  test('those of the call win, whatever their case', () => {
    const ofClient = { Accept: 'text/plain', 'User-Agent': 'client' };
    expect(headersOf(ofClient)).toEqual({ accept: 'text/plain', 'user-agent': 'client' });
    expect(headersOf(ofClient, { 'USER-AGENT': 'call', accept: '*/*' })).toEqual({
      accept: '*/*',
      'user-agent': 'call',
    });
  });

  test.each(['Authorization', 'cookie', 'Proxy-Authorization', 'HOST', 'content-length'])(
    'the call may not set %s',
    (name) => {
      expect(() => headersOf({}, { [name]: 'x' })).toThrow(
        new TypeError(`The header ${name.toLowerCase()} cannot be set: the client signs the request itself.`),
      );
    },
  );

  test('those of the call are checked', () => {
    expect(() => headersOf({}, { 'x-note': 'a\nb' })).toThrow(/HTTP cannot carry/);
  });
});
