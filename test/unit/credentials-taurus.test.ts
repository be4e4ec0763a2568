// Taurus's settings: what is read of them, where that binds a pair to, and that what is not surely understood is refused.
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { CredentialsError } from '../../src/errors.ts';
import { readSettings, setting } from '../../src/node/bzt-rc.ts';
import { fromTaurus } from '../../src/node/index.ts';
import { expectHidden, fileWith, madeUp, refusal, temporaryFolder } from '../support/credentials.ts';

const { id, secret, token } = madeUp('taurus');
const other = madeUp('other');

const settings = (text: string, mode = 0o600): string => fileWith(text, { name: '.bzt-rc', mode });
const read = (text: string) => fromTaurus({ path: settings(text) })();

afterEach(() => vi.restoreAllMocks());

describe('a pair is read from', () => {
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
    test(what, async () => {
      const pair = await read(text);
      expect(pair.id).toBe(id);
      expect(typeof pair.secret === 'string' ? '' : pair.secret.reveal()).toBe(secret);
      expect(pair.origin).toBeUndefined();
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

describe('an address binds the pair to its origin', () => {
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
    test(what, async () => {
      const tree = { modules: parse(modules.replace('token: t', `token: '${token}'`)) };
      for (const text of [stringify(tree), JSON.stringify(tree)]) {
        const pair = await read(text);
        expect(pair).toMatchObject({ id, origin });
      }
    });

  for (const address of [
    'a.blazemeter.com',
    'a.blazemeter.com:443',
    'file:///etc',
    'https://',
    '//b.example',
  ])
    test(`${address} is not one`, async () => {
      const text = `modules:\n  blazemeter:\n    token: ${token}\n    address: ${address}\n`;
      expect((await refusal(read(text), secret)).message).toContain('holds an address that is not a URL');
    });
});

describe('what does not count, and what is broken', () => {
  test.each([
    ['an empty file', ''],
    ['comments alone', '# nothing yet\n'],
    ['other settings', 'settings:\n  check-updates: false\n'],
    ['modules without a token', 'modules:\n  blazemeter:\n    browser-open: none\n'],
    ['a list', '- modules:\n    blazemeter:\n      token: x:y\n'],
    ['an empty object of JSON', '{}'],
    ['modules that are null in JSON', '{"modules": null}'],
  ])('%s holds no pair', async (_what, text) => {
    expect((await refusal(read(text))).message).toContain(
      'has no modules.blazemeter.token or modules.cloud.token',
    );
  });

  test('no file', async () => {
    const error = await refusal(fromTaurus({ path: '/no/such/.bzt-rc' })());
    expect(error.message).toBe(
      'No BlazeMeter credential was found. Looked at:\n- /no/such/.bzt-rc: no such file',
    );
  });

  const line = `token: ${token}`;
  const unreadable: readonly [what: string, text: string][] = [
    ['broken JSON', `{"modules": {"blazemeter": {"token": "${token}"`],
    ['a mapping in braces', `modules: {blazemeter: {${line}}}\n`],
    ['one over several lines', `modules:\n  blazemeter: {\n    ${line}\n  }\n`],
    ['braces for the whole', `{modules: {blazemeter: {${line}}}}`],
    [
      'braces elsewhere that go on in the next line',
      `x: {a: 1,\nmodules: 2}\nmodules:\n  blazemeter:\n    ${line}\n`,
    ],
    [
      'quotes elsewhere that go on in the next line',
      `x: "a\nmodules: b"\nmodules:\n  blazemeter:\n    ${line}\n`,
    ],
    ['an anchor', `modules:\n  blazemeter: &b\n    ${line}\n`],
    ['an anchored token', `modules:\n  blazemeter:\n    token: &t ${token}\n`],
    ['an alias', `x: &b\n  ${line}\nmodules:\n  blazemeter: *b\n`],
    ['a merge', `x: &b\n  ${line}\nmodules:\n  blazemeter:\n    <<: *b\n`],
    ['a tag', `modules:\n  blazemeter:\n    token: !!str ${token}\n`],
    ['a block', `modules:\n  blazemeter:\n    token: |\n      ${token}\n`],
    ['a folded block', `modules:\n  blazemeter:\n    token: >-\n      ${token}\n`],
    ['a token in the next line', `modules:\n  blazemeter:\n    token:\n      ${token}\n`],
    ['a token that goes on in the next line', `modules:\n  blazemeter:\n    ${line}\n      more\n`],
    ['escapes in quotes', `modules:\n  blazemeter:\n    token: "\\x61${token}"\n`],
    ['doubled quotes', `modules:\n  blazemeter:\n    token: 'it''s${token}'\n`],
    ['a list for a token', `modules:\n  blazemeter:\n    token: [${token}]\n`],
    ['a token that is a mapping', `modules:\n  blazemeter:\n    token:\n      id: ${id}\n`],
    ['a token twice', `modules:\n  blazemeter:\n    ${line}\n    ${line}\n`],
    ['modules twice', `modules:\n  blazemeter:\n    ${line}\nmodules:\n  x: 1\n`],
    ['tabs', `modules:\n\tblazemeter:\n\t\t${line}\n`],
    ['a question mark for a key', `? modules\n: blazemeter\n`],
    ['a text', `${token}\n`],
    ['a number in JSON', '{"modules": {"blazemeter": {"token": 5}}}'],
    ['a text in JSON', `{"modules": "${token}"}`],
  ];
  test.each(unreadable)('%s is refused, and BZ_TOKEN offered', async (_what, text) => {
    const path = settings(text);
    const error = await refusal(fromTaurus({ path })(), secret);
    expect(error.message).toBe(
      `${path} is neither JSON nor YAML of plain mappings. A pair belongs into BZ_TOKEN.`.replace(
        path,
        error.source ?? '',
      ),
    );
    expect(error.source).toContain('.bzt-rc');
  });

  test.each([
    ['without a colon', secret, 'form id:secret'],
    ['without an id', `":${secret}"`, 'lack the key id'],
    ['that is a variable', `\${BZ_TOKEN}`, 'nothing replaced'],
    ['of variables', `'$(ID):$(SECRET)'`, 'nothing replaced'],
  ])('a token %s', async (_what, text, message) => {
    const error = await refusal(read(`modules:\n  blazemeter:\n    token: ${text}\n`), secret);
    expect(error.message).toContain(message);
  });

  test('the file is judged like a key file', async () => {
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
  test('in the home folder, which is looked up at the call', async () => {
    const provider = fromTaurus();
    expect(provider.describe?.()).toBe("Taurus's settings");
    vi.stubEnv('HOME', settings(`modules:\n  blazemeter:\n    token: ${token}\n`).replace('/.bzt-rc', ''));
    expect((await provider()).id).toBe(id);
    expect(provider.describe?.()).toBe(`~/.bzt-rc, key ${id}`);
    vi.stubEnv('HOME', temporaryFolder());
    expect((await refusal(provider())).message).toContain('- ~/.bzt-rc: no such file');
  });

  test('never in the working directory, though the home folder be empty or relative', async () => {
    const folder = settings(`modules:\n  blazemeter:\n    token: ${token}\n`).replace('/.bzt-rc', '');
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    for (const home of ['', '.', './x']) {
      vi.spyOn(process.getBuiltinModule('node:os'), 'homedir').mockReturnValue(home);
      expect((await refusal(fromTaurus()())).message).toContain('- ~/.bzt-rc: no home folder is known');
    }
  });

  test('for a user without a home folder there is none', async () => {
    vi.spyOn(process.getBuiltinModule('node:os'), 'homedir').mockImplementation(() => {
      throw new Error('uv_os_homedir returned ENOENT');
    });
    expect((await refusal(fromTaurus()())).message).toContain('no home folder is known');
  });
});

describe('held against a whole YAML library', () => {
  const key = fc.constantFrom('modules', 'blazemeter', 'cloud', 'token', 'address', 'x', 'a-b');
  const leaf = fc.oneof(
    fc.constantFrom(
      token,
      other.token,
      'https://b.example',
      '',
      null,
      true,
      5,
      'a b',
      'a: b',
      'a # b',
      "it's",
      '"q"',
      '- x',
    ),
    fc.constantFrom(
      'two\nlines',
      ' padded ',
      '{a}',
      '[b]',
      '*c',
      '&d',
      '!e',
      '|',
      '>',
      '%f',
      '@g',
      '`h',
      '#i',
      'null',
      '~',
    ),
    fc.string({ maxLength: 8 }),
  );
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      tie('mapping'),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
    mapping: fc.dictionary(key, tie('node'), { maxKeys: 4, noNullPrototype: true }),
  })).mapping;
  const root = fc.record({
    x: fc.option(tree, { nil: undefined }),
    modules: fc.record({ blazemeter: tree, jmeter: tree, cloud: tree }, { requiredKeys: [] }),
    y: fc.option(tree, { nil: undefined }),
  });
  const options = fc.record({
    indent: fc.integer({ min: 1, max: 5 }),
    indentSeq: fc.boolean(),
    lineWidth: fc.constantFrom(0, 20, 80),
    singleQuote: fc.constantFrom(true, false, null),
    defaultStringType: fc.constantFrom(
      'PLAIN',
      'QUOTE_DOUBLE',
      'QUOTE_SINGLE',
      'BLOCK_LITERAL',
      'BLOCK_FOLDED',
    ),
    collectionStyle: fc.constantFrom('any', 'flow'),
  } as const);
  const unreadable = new CredentialsError('unreadable');
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch {
      return undefined;
    }
  };
  /** Numbers as texts: neither is a pair, and the library may not write them as they stood. */
  const textsOnly = (value: unknown): unknown => {
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, textsOnly(inner)]));
  };
  /** How many settings are read of the text; each must be what the library reads. */
  const agreed = (text: string): number => {
    const library = attempt(() => textsOnly(parse(text, { merge: true, logLevel: 'error' })));
    // What is not YAML at all, Taurus does not read either.
    if (library === undefined) return 0;
    const mine = readSettings(text);
    let count = 0;
    for (const module of ['blazemeter', 'cloud'])
      for (const name of ['token', 'address']) {
        const read = attempt(() => setting(mine, module, name, unreadable));
        if (read === undefined) continue;
        expect(read).toBe(attempt(() => setting(library, module, name, unreadable)));
        count++;
      }
    return count;
  };

  test('whatever is read is read as the library reads it', () => {
    let count = 0;
    const check = fc.property(root, options, (value, style) => {
      count += agreed(stringify(value, style));
    });
    fc.assert(check, { numRuns: 1500 });
    expect(count).toBeGreaterThan(50);
  });

  test('so it is when lines are lost, doubled or moved', () => {
    const change = fc.record({
      from: fc.nat(30),
      to: fc.nat(30),
      how: fc.constantFrom('lose', 'double', 'move', 'indent'),
    });
    const check = fc.property(root, options, change, (value, style, { from, to, how }) => {
      const lines = stringify(value, style).split('\n');
      const line = lines[from % lines.length] ?? '';
      if (how !== 'double') lines.splice(from % lines.length, 1);
      if (how !== 'lose') lines.splice(to % (lines.length + 1), 0, how === 'indent' ? `  ${line}` : line);
      agreed(lines.join('\n'));
    });
    fc.assert(check, { numRuns: 1500 });
  });

  test('no text makes it throw, hang or show itself', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
        readSettings(text);
      }),
    );
    const begun = performance.now();
    for (const hostile of [
      ' '.repeat(65_000),
      `a:${' '.repeat(65_000)}x`,
      '"'.repeat(65_000),
      'a: '.repeat(20_000),
      '#'.repeat(65_000),
      `x: a${' '.repeat(64_000)}#`,
      '{'.repeat(65_000),
    ])
      readSettings(hostile);
    expect(performance.now() - begun).toBeLessThan(2000);
    expectHidden(unreadable, secret);
  });
});
