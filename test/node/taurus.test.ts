// Taurus's settings: what is read of them, and to which origin that binds the credentials.

import { fromTaurus } from 'blazemeter-client/node';
import { describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { fileWith, madeUp, refusal, temporaryFolder } from '../support/credentials.ts';

const { id, secret, token } = madeUp('taurus');
const other = madeUp('other');

const settings = (text: string, mode = 0o600): string => fileWith(text, { name: '.bzt-rc', mode });
const read = (text: string) => fromTaurus({ path: settings(text) })();

describe('credentials are read from', () => {
  const written: readonly [what: string, text: string][] = [
    ['the blazemeter module', `modules:\n  blazemeter:\n    token: ${token}\n`],
    ['the cloud module', `modules:\n  cloud:\n    token: ${token}\n`],
    ['the blazemeter module before the other', twoModules('cloud', 'blazemeter')],
    ['whichever stands first in the file', twoModules('blazemeter', 'cloud')],
    [
      'the cloud module, where the other has no token',
      `modules:\n  blazemeter:\n    x: 1\n  cloud:\n    token: ${token}`,
    ],
    ['the cloud module, where the other’s is empty', both("''")],
    ['the cloud module, where the other’s is null', both('null')],
    ['the cloud module, where the other’s is ~', both('~   # none')],
    ['quotes', `modules:\n  blazemeter:\n    token: "${token}"\n`],
    ['single quotes', `'modules':\n  "blazemeter":\n    token: '${token}'  # mine\n`],
    ['one blank of indentation, and eight', `modules:\n blazemeter:\n         token:   ${token}   \n`],
    ['Windows line ends', `modules:\r\n  blazemeter:\r\n    token: ${token}\r\n`],
    ['a byte-order mark', `\ufeffmodules:\n  blazemeter:\n    token: ${token}\n`],
    [
      'comments, blank lines and a document start',
      `# mine\n---\n\nmodules: # all\n  # x\n  blazemeter:\n\n    token: ${token} # t`,
    ],
    ['JSON', JSON.stringify({ modules: { blazemeter: { token } } })],
    [
      'JSON of several lines',
      `\n${JSON.stringify({ settings: [1], modules: { x: [], cloud: { token } } }, null, 2)}`,
    ],
    [
      'among much else',
      [
        'settings:',
        '  check-updates: false',
        '  default-executor: jmeter',
        '  env: {A: 1, B: [2, 3]}',
        'reporting:',
        '- module: blazemeter',
        '  token: not-this:one',
        '- final-stats',
        'execution:',
        '  - scenario: simple',
        '    modules:',
        '      blazemeter:',
        '        token: not-this:one',
        'notes: |',
        '  modules:',
        '    blazemeter:',
        '      token: not-this:one',
        'folded: >-',
        '  text: of it',
        'somewhere: &somewhere {x: 1}',
        'aliased: *somewhere',
        'modules:',
        '  jmeter:',
        '    path: ~/.bzt/jmeter/5.5/bin/jmeter',
        '    properties:',
        '    - token: not-this:one',
        '    modules:',
        '      token: not-this:one',
        '  blazemeter:',
        '    browser-open: none',
        `    token: ${token}`,
        '    report-name: "a: b # c"',
        '  console: {disable: true}',
        'cli:',
        '  token: not-this:one',
      ].join('\n'),
    ],
  ];
  for (const [what, text] of written)
    it(what, async () => {
      const credentials = await read(text);
      expect(credentials.id).toBe(id);
      expect(typeof credentials.secret === 'string' ? '' : credentials.secret.reveal()).toBe(secret);
      expect(credentials.origin).toBeUndefined();
    });

  function twoModules(first: string, second: string): string {
    const of = (module: string) =>
      `  ${module}:\n    token: ${module === 'blazemeter' ? token : other.token}\n`;
    return `modules:\n${of(first)}${of(second)}`;
  }

  function both(none: string): string {
    return `modules:\n  blazemeter:\n    token: ${none}\n  cloud:\n    token: ${token}\n`;
  }
});

describe('an address binds the credentials to its origin', () => {
  const bound: readonly [what: string, text: string, origin: string][] = [
    [
      'beside the token',
      `blazemeter: {token: t, address: 'https://a.blazemeter.com'}`,
      'https://a.blazemeter.com',
    ],
    [
      'with a path and the usual port',
      `blazemeter: {token: t, address: 'https://B.example:443/api/'}`,
      'https://b.example',
    ],
    [
      'with another port',
      `blazemeter: {token: t, address: 'http://localhost:8080'}`,
      'http://localhost:8080',
    ],
    ['of the cloud module', `cloud: {token: t, address: 'https://c.example'}`, 'https://c.example'],
    [
      'of the blazemeter module, which the cloud module inherits',
      `{blazemeter: {address: 'https://b.example'}, cloud: {token: t}}`,
      'https://b.example',
    ],
    [
      'the cloud module’s own before that',
      `{blazemeter: {address: 'https://b.example'}, cloud: {token: t, address: 'https://c.example'}}`,
      'https://c.example',
    ],
    [
      'not the other way round',
      `{blazemeter: {token: t, address: 'https://b.example'}, cloud: {address: 'https://c.example'}}`,
      'https://b.example',
    ],
  ];
  for (const [what, modules, origin] of bound)
    it(what, async () => {
      const tree = { modules: parse(modules.replace('token: t', `token: '${token}'`)) };
      for (const text of [stringify(tree), JSON.stringify(tree)]) {
        const credentials = await read(text);
        expect(credentials).toMatchObject({ id, origin });
      }
    });

  for (const address of [
    'a.blazemeter.com',
    'a.blazemeter.com:443',
    'file:///etc',
    'https://',
    '//b.example',
  ])
    it(`${address} is not one`, async () => {
      const text = `modules:\n  blazemeter:\n    token: ${token}\n    address: ${address}\n`;
      expect((await refusal(read(text), secret)).message).toContain('address');
    });
});

describe('what does not count, and what is broken', () => {
  it.each([
    ['an empty file', ''],
    ['comments alone', '# nothing yet\n'],
    ['other settings', 'settings:\n  check-updates: false\n'],
    ['modules without a token', 'modules:\n  blazemeter:\n    browser-open: none\n'],
    ['an empty object of JSON', '{}'],
    ['modules that are null in JSON', '{"modules": null}'],
  ])('%s holds no credentials', async (_what, text) => {
    expect((await refusal(read(text))).message).toContain('modules.blazemeter.token');
  });

  it('no file', async () => {
    const error = await refusal(fromTaurus({ path: '/no/such/.bzt-rc' })());
    expect(error.message).toContain('/no/such/.bzt-rc');
  });

  const line = `token: ${token}`;
  const broken: readonly [what: string, text: string][] = [
    ['broken JSON', `{"modules": {"blazemeter": {"token": "${token}"`],
    ['a list for a token', `modules:\n  blazemeter:\n    token: [${token}]\n`],
    ['a token that is a mapping', `modules:\n  blazemeter:\n    token:\n      id: ${id}\n`],
    ['a token twice', `modules:\n  blazemeter:\n    ${line}\n    ${line}\n`],
    ['modules twice', `modules:\n  blazemeter:\n    ${line}\nmodules:\n  x: 1\n`],
    ['tabs', `modules:\n\tblazemeter:\n\t\t${line}\n`],
    ['a question mark for a key', `? modules\n: blazemeter\n`],
    ['a text', `${token}\n`],
    ['a list of settings', '- modules:\n    blazemeter:\n      token: x:y\n'],
    ['a list as one of several documents', `modules: {}\n---\n- x\n`],
    ['a broken document after a good one', `modules:\n  blazemeter:\n    ${line}\n---\n]\n`],
    ['a number in JSON', '{"modules": {"blazemeter": {"token": 5}}}'],
    ['a text in JSON', `{"modules": "${token}"}`],
  ];
  it.each(broken)('%s is refused, and BZ_TOKEN offered', async (_what, text) => {
    const error = await refusal(fromTaurus({ path: settings(text) })(), secret);
    expect(error.source).toContain('.bzt-rc');
    expect(error.message).toContain('BZ_TOKEN');
  });

  it.each([
    ['a mapping in braces', `modules: {blazemeter: {token: '${token}'}}\n`],
    ['one over several lines', `modules:\n  blazemeter: {\n    token: "${token}"\n  }\n`],
    ['an anchor', `modules:\n  blazemeter: &b\n    ${line}\n`],
    ['an alias', `x: &b\n  ${line}\nmodules:\n  blazemeter: *b\n`],
    ['a merge', `x: &b\n  ${line}\nmodules:\n  blazemeter:\n    <<: *b\n`],
    ['a tag', `modules:\n  blazemeter:\n    token: !!str ${token}\n`],
    ['a block', `modules:\n  blazemeter:\n    token: |\n      ${token}\n`],
    ['a folded block', `modules:\n  blazemeter:\n    token: >-\n      ${token}\n`],
    ['a token in the next line', `modules:\n  blazemeter:\n    token:\n      ${token}\n`],
    ['quotes that go on in the next line', `x: "a\n modules: b"\nmodules:\n  blazemeter:\n    ${line}\n`],
  ])('%s is read as YAML has it', async (_what, text) => {
    expect(await read(text)).toMatchObject({ id });
  });

  it.each([
    ['without a colon', secret, 'id:secret'],
    ['without an id', `":${secret}"`, 'key id'],
    ['that is a variable', `\${BZ_TOKEN}`, 'variable'],
    ['of variables', `'$(ID):$(SECRET)'`, 'variable'],
  ])('a token %s', async (_what, text, message) => {
    const error = await refusal(read(`modules:\n  blazemeter:\n    token: ${text}\n`), secret);
    expect(error.message).toContain(message);
  });

  it('the file is judged like a key file', async () => {
    const text = `modules:\n  blazemeter:\n    ${line}\n`;
    expect((await refusal(fromTaurus({ path: settings(text, 0o666) })(), secret)).message).toContain(
      'chmod 600',
    );
    const path = settings(text, 0o644);
    const onWarning = vi.fn();
    expect((await fromTaurus({ path, onWarning })()).id).toBe(id);
    expect(onWarning).toHaveBeenCalledOnce();
    expect((await fromTaurus({ path: settings(text, 0o666), allowInsecureFile: true })()).id).toBe(id);
  });
});

describe('where it is', () => {
  it('in the home folder, which is looked up at the call', async () => {
    const provider = fromTaurus();
    vi.stubEnv('HOME', settings(`modules:\n  blazemeter:\n    token: ${token}\n`).replace('/.bzt-rc', ''));
    expect((await provider()).id).toBe(id);
    expect(provider.describe?.()).toContain(id);
    vi.stubEnv('HOME', temporaryFolder());
    expect((await refusal(provider())).message).toContain('~/.bzt-rc: no such file');
  });

  it('never in the working directory, though the home folder be empty or relative', async () => {
    const folder = settings(`modules:\n  blazemeter:\n    token: ${token}\n`).replace('/.bzt-rc', '');
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    for (const home of ['', '.', './x']) {
      vi.spyOn(process.getBuiltinModule('node:os'), 'homedir').mockReturnValue(home);
      expect((await refusal(fromTaurus()())).message).toContain('home folder');
    }
  });

  it('for a user without a home folder there is none', async () => {
    vi.spyOn(process.getBuiltinModule('node:os'), 'homedir').mockImplementation(() => {
      throw new Error('uv_os_homedir returned ENOENT');
    });
    expect((await refusal(fromTaurus()())).message).toContain('home folder');
  });
});

describe('several documents, as Taurus has them in its own template', () => {
  const blazemeter = `# reporting\nmodules:\n  blazemeter:\n    token: ${token}  # id and secret\n`;
  const jmeter = 'modules:\n  jmeter:\n    plugins:\n    - jpgc-json=2.2\n';
  const nothing = '# Gatling\n#modules:\n#  gatling:\n';
  const file = (...documents: string[]) => documents.join('\n---\n\n');

  it.each([
    ['comments alone around it', file(nothing, blazemeter, nothing)],
    ['other modules before it', file(jmeter, nothing, blazemeter)],
    ['other modules after it', file(blazemeter, nothing, jmeter)],
    ['the cloud module in another', file('modules:\n  cloud:\n    timeout: 10s\n', blazemeter)],
    ['a document end', `${blazemeter}...\n---\n${jmeter}`],
  ])('are merged: %s', async (_what, text) => {
    expect(await read(text)).toMatchObject({ id });
  });

  it('a later one overrides what an earlier one says, and adds to its mappings', async () => {
    const bound = `modules:\n  blazemeter:\n    address: https://b.example\n    token: ${other.token}\n`;
    expect(await read(file(bound, blazemeter))).toMatchObject({ id, origin: 'https://b.example' });
    expect(await read(file(blazemeter, bound))).toMatchObject({ id: other.id });
  });

  it('a key with ~ replaces the mapping, and one with ^ removes it', async () => {
    const bound = `modules:\n  blazemeter:\n    address: https://b.example\n`;
    expect(await read(file(bound, blazemeter.replace('blazemeter:', '~blazemeter:')))).not.toHaveProperty(
      'origin',
    );
    const error = await refusal(read(file(blazemeter, 'modules:\n  ^blazemeter: {}\n')), secret);
    expect(error.message).toContain('modules.blazemeter.token');
  });

  it('without a token hold none', async () => {
    expect((await refusal(read(file(jmeter, nothing)))).message).toContain('has no modules');
  });
});

describe('what a parser might trip over', () => {
  it.each([
    ['blanks', ' '.repeat(65_000)],
    ['a long value', `a:${' '.repeat(65_000)}x`],
    ['quotes', '"'.repeat(65_000)],
    ['nested keys', 'a: '.repeat(20_000)],
    ['number signs', '#'.repeat(65_000)],
    ['a comment far away', `x: a${' '.repeat(64_000)}#`],
    ['braces', '{'.repeat(65_000)],
    [
      'aliases that multiply',
      `a: &a [x,x]\n${Array.from({ length: 30 }, (_, at) => `b${at}: &b${at} [${`*${at === 0 ? 'a' : `b${at - 1}`},`.repeat(9)}]`).join('\n')}`,
    ],
    ['many documents', '---\n'.repeat(16_000)],
  ])('a file of %s ends in a refusal', { timeout: 10_000 }, async (_what, text) => {
    await refusal(read(text));
  });

  it('a key __proto__ gives no settings', async () => {
    const text = `__proto__:\n  modules:\n    blazemeter:\n      token: ${token}\n`;
    await refusal(read(text), secret);
    const inner = `modules:\n  __proto__:\n    blazemeter:\n      token: ${token}\n`;
    await refusal(read(inner), secret);
  });
});
