// The small parts: lengths of time, proxies, tables, JSON, words of a shell.

import { memoryStore } from 'blazemeter-client/rotation';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nearest } from '../../src/cli/keys/command-line.ts';
import { inCommands } from '../../src/cli/keys/in-commands.ts';
import { Interrupt } from '../../src/cli/keys/interrupt.ts';
import { readDate, readLife, readMaximumOption, readPeriod, readSpan } from '../../src/cli/keys/periods.ts';
import { proxyFor } from '../../src/cli/keys/proxy.ts';
import { safeJson } from '../../src/cli/keys/safe-json.ts';
import { shellWord } from '../../src/cli/keys/shown.ts';
import { fields, table } from '../../src/cli/keys/table.ts';

describe('lengths of time', () => {
  it.each([
    ['3 months', '3 months'],
    [' 1  Year ', '1 year'],
    ['45 days', { days: 45 }],
    ['1day', { days: 1 }],
    ['2 weeks', { days: 14 }],
  ])('%j is a period', (text, period) => expect(readPeriod(text, '--x')).toEqual(period));

  it.each(['', '0 days', '2 months', '1.5 days', '-1 days', '12 hours', '999999 days', '3 months 1 day'])(
    '%j is none',
    (text) => expect(() => readPeriod(text, '--x')).toThrow(/^--x is '1 month'/),
  );

  it('max and unlimited are understood where they make sense', () => {
    expect(readLife('MAX', '--x')).toBe('max');
    expect(readMaximumOption('unlimited', '--x')).toBe('unlimited');
    expect(() => readMaximumOption('max', '--x')).toThrow();
  });

  it.each([
    ['0', 0],
    ['1 month', '1 month'],
    ['1 day 6 hours', { days: 1, hours: 6, minutes: 0, seconds: 0 }],
    ['90 minutes', { days: 0, hours: 0, minutes: 90, seconds: 0 }],
    ['1 week 30 seconds', { days: 7, hours: 0, minutes: 0, seconds: 30 }],
  ])('%j is a span', (text, span) => expect(readSpan(text, '--x')).toEqual(span));

  it.each(['', 'soon', '1', '1 day and 2 hours', '1 day -2 hours', '2 months', '1 d'])('%j is none', (text) =>
    expect(() => readSpan(text, '--x')).toThrow(/^--x is a length of time/),
  );

  it('a date has a zone, or is a date alone', () => {
    expect(readDate('2030-01-31', '--x').toISOString()).toBe('2030-01-31T00:00:00.000Z');
    expect(readDate('2030-01-31T12:00+02:00', '--x').toISOString()).toBe('2030-01-31T10:00:00.000Z');
    for (const text of ['2030-01-31T12:00', 'tomorrow', '2030-13-01', ''])
      expect(() => readDate(text, '--x')).toThrow(/^--x is a date/);
  });
});

describe('the proxy of an address', () => {
  const proxy = (address: string, env: Record<string, string>) => proxyFor(new URL(address), env)?.href;
  const HTTPS_PROXY = 'http://proxy.example:3128';

  it('is that of HTTPS_PROXY, the small letters first', () => {
    expect(proxy('https://a.example/', { HTTPS_PROXY })).toBe('http://proxy.example:3128/');
    expect(proxy('https://a.example/', { HTTPS_PROXY, https_proxy: 'http://other:1' })).toBe(
      'http://other:1/',
    );
    expect(proxy('https://a.example/', { HTTPS_PROXY: 'proxy.example:3128' })).toBe(
      'http://proxy.example:3128/',
    );
    expect(proxy('https://a.example/', {})).toBeUndefined();
    expect(proxy('https://a.example/', { HTTPS_PROXY: '' })).toBeUndefined();
  });

  it('is none for plain http, which goes to this machine alone', () => {
    expect(proxy('http://127.0.0.1:4010/', { HTTPS_PROXY, HTTP_PROXY: HTTPS_PROXY })).toBeUndefined();
  });

  it.each([
    ['*', 'https://a.example/', true],
    ['a.example', 'https://a.example/', true],
    ['A.Example', 'https://a.example/', true],
    ['.example', 'https://a.example/', true],
    ['*.example', 'https://a.example/', true],
    ['example', 'https://a.example/', true],
    ['xample', 'https://a.example/', false],
    ['b.example, a.example', 'https://a.example/', true],
    ['b.example c.example', 'https://a.example/', false],
    ['a.example:443', 'https://a.example/', true],
    ['a.example:8443', 'https://a.example/', false],
    ['a.example:8443', 'https://a.example:8443/', true],
    ['10.0.0.0/8', 'https://10.1.2.3/', true],
    ['10.0.0.0/8', 'https://11.1.2.3/', false],
    ['10.0.0.0/99', 'https://10.1.2.3/', false],
    ['10.1.2.3', 'https://10.1.2.3/', true],
    ['2.3', 'https://10.1.2.3/', false],
    ['::1', 'https://[::1]/', true],
    ['[::1]', 'https://[::1]/', true],
    ['[::1]:443', 'https://[::1]/', true],
    ['fd00::/8', 'https://[fd12::1]/', true],
    ['', 'https://a.example/', false],
  ])('with NO_PROXY=%s, %s goes around it: %s', (list, address, around) => {
    expect(proxy(address, { HTTPS_PROXY, NO_PROXY: list }) === undefined).toBe(around);
    expect(proxy(address, { HTTPS_PROXY, no_proxy: list, NO_PROXY: '*' }) === undefined).toBe(
      around || list === '',
    );
  });

  it.each(['socks5://p:1', 'http://', 'http://user:word@'])(
    '%s is refused without being repeated',
    (given) => {
      expect(() => proxy('https://a.example/', { HTTPS_PROXY: given })).toThrow(
        /^HTTPS_PROXY is not the address/,
      );
    },
  );
});

describe('a table', () => {
  it('has its columns in line behind wide characters, and no blank at the end of a line', () => {
    const cell = (text: string) => ({ text });
    expect(
      table(
        ['NAME', 'ID'],
        [
          [cell('日本'), cell('1')],
          [cell('abcdef'), cell('2')],
        ],
      ),
    ).toEqual(['NAME    ID', '日本    1', 'abcdef  2']);
  });

  it('keeps a long text in one line', () => {
    const text = 'one two '.repeat(30).trim();
    expect(fields([['Path', { text }]])).toEqual([`Path  ${text}`]);
  });

  it('is coloured cell by cell', () => {
    const lines = table(['A', 'B'], [[{ text: '1', style: 'bad' }, { text: '2' }]], (style, text) =>
      style === 'bad' ? `\u001b[31m${text}\u001b[39m` : text,
    );
    expect(lines).toEqual(['A  B', '\u001b[31m1\u001b[39m  2']);
  });
});

describe('JSON that is safe to print', () => {
  it('is the same value, and acts on nothing', () => {
    const value = { '##vso[a]': '##[x]###', b: 'a\u001b[31m\u202e\u2028::error::\u{e0041}', c: ['##'] };
    const text = safeJson(value, 2);
    expect(JSON.parse(text)).toEqual(value);
    for (const acting of ['##', '\u001b', '\u202e', '\u2028', '\u{e0041}'])
      expect(text).not.toContain(acting);
  });

  it('hides no line break in a text', () => {
    expect(safeJson({ a: 'b\n::error::' }).split('\n')).toHaveLength(1);
  });
});

it('a word of a shell is quoted where that is needed', () => {
  expect(['rotate', '--drain', '1 day', "it's", '$HOME', ''].map(shellWord)).toEqual([
    'rotate',
    '--drain',
    "'1 day'",
    String.raw`'it'\''s'`,
    "'$HOME'",
    "''",
  ]);
});

it('a word that is nearly right is found, one that is not is not', () => {
  const known = ['whoami', 'list', 'create'];
  expect(nearest('wohami', known)).toBe('whoami');
  expect(nearest('lst', known)).toBe('list');
  expect(nearest('destroy', known)).toBeUndefined();
  expect(nearest('x'.repeat(5_000), known)).toBeUndefined();
});

it('advice for programmers is said in commands', () => {
  expect(
    inCommands(
      "Make it (client.apiKeys.create, 30 days), then client.apiKeys.delete('abc'). Or say allowSelf: true.",
    ),
  ).toBe('Make it (blazemeter-keys create, 30 days), then blazemeter-keys delete abc. Or say --allow-self.');
  expect(inCommands("client.accounts.apiKeyPolicy.set(7, { maximum: '1 month' })")).toBe(
    "blazemeter-keys policy set --account 7 --maximum '1 month'",
  );
});

it.each([
  [
    "Make the next key (client.apiKeys.create, expiresIn: 'max').",
    /\(blazemeter-keys create --expires-in max\)/,
  ],
  ['Run resume with the store of its record.', /^Run blazemeter-keys rotate --resume with the store/],
  [
    'mend the store, then run resume with the recovery credential.',
    /run blazemeter-keys rotate --resume with another key as --recovery-file\.$/,
  ],
  ['if it is surely dead, say takeOver: true.', /say --take-over\.$/],
  ['fetch does not connect to this port: check baseUrl.', /check --base-url\.$/],
  [
    "if it differs, give the client operations: { 'apiKeys.get': { … } }.",
    /differs, the library's option `operations` corrects it\.$/,
  ],
  [
    'fromKeyFile (/a/b.json) can be read by other users (chmod 600).',
    /^The key file \/a\/b\.json can be read/,
  ],
  [
    'fromKeyFile (/a/b.json) names a file that does not exist.',
    /^The key file \/a\/b\.json does not exist\.$/,
  ],
  [
    'It succeeded. newSecret holds the whole answer: keep it, it is shown this one time. More.',
    /^It succeeded\. The whole answer is shown this one time\. More\.$/,
  ],
  [
    'keyFileSink (/a/b.json) lies in a folder that other users can write to.',
    /^The key file \/a\/b\.json lies in a folder/,
  ],
])('so is %j', (said, expected) => expect(inCommands(said)).toMatch(expected));

describe('a signal', () => {
  afterEach(() => void vi.useRealTimers());
  const interrupted = () => {
    vi.useFakeTimers();
    const exits: number[] = [];
    let send = (_: string): void => {};
    const interrupt = new Interrupt(
      {
        onSignal(listener) {
          send = listener;
          return () => {};
        },
        exit: (code) => void exits.push(code),
      },
      () => {},
    );
    return { interrupt, exits, send: (name: string) => send(name) };
  };

  it('ends what reads at once, the step in hand after four seconds, and the process after five', () => {
    const { interrupt, exits, send } = interrupted();
    send('SIGTERM');
    expect([interrupt.now.aborted, interrupt.later.aborted]).toEqual([true, false]);
    vi.advanceTimersByTime(3_999);
    expect(interrupt.later.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect([interrupt.later.aborted, exits]).toEqual([true, []]);
    vi.advanceTimersByTime(1_000);
    expect(exits).toEqual([8]);
  });

  it('that comes again waits for nothing', () => {
    const { interrupt, send } = interrupted();
    send('SIGINT');
    send('SIGINT');
    expect(interrupt.later.aborted).toBe(true);
    interrupt.end();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets the step end that a write is on its way for', async () => {
    const { interrupt, send } = interrupted();
    const store = interrupt.steps({ ...memoryStore(), write: async () => ({ etag: '1' }) });
    const record = JSON.parse('{}');
    await store.write(record, { ifMatch: null });
    expect(interrupt.later.aborted).toBe(false);
    send('SIGINT');
    await store.write(record, { ifMatch: '1' });
    expect(interrupt.later.aborted).toBe(true);
  });
});
