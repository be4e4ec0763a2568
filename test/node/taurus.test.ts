// Taurus's settings: what is read of them, to which origin that binds the credentials, and that nothing is read from them
// otherwise than YAML has it.

import { fromTaurus } from 'blazemeter-client/node';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { expectHidden, fileWith, madeUp, refusal, temporaryFolder } from '../support/credentials.ts';

const { id, secret, token } = madeUp('taurus');
const other = madeUp('other');

const settings = (text: string, mode = 0o600): string => fileWith(text, { name: '.bzt-rc', mode });
const read = (text: string) => fromTaurus({ path: settings(text) })();

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
    it(what, async () => {
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
    it(what, async () => {
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
    ['a list', '- modules:\n    blazemeter:\n      token: x:y\n'],
    ['an empty object of JSON', '{}'],
    ['modules that are null in JSON', '{"modules": null}'],
  ])('%s holds no pair', async (_what, text) => {
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
    ['a number in JSON', '{"modules": {"blazemeter": {"token": 5}}}'],
    ['a text in JSON', `{"modules": "${token}"}`],
  ];
  it.each(broken)('%s is refused, and BZ_TOKEN offered', async (_what, text) => {
    const error = await refusal(fromTaurus({ path: settings(text) })(), secret);
    expect(error.source).toContain('.bzt-rc');
    expect(error.message).toContain('BZ_TOKEN');
  });

  const involved: readonly [what: string, text: string][] = [
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
  ];
  it.each(involved)('%s is read as YAML has it, or refused', async (_what, text) => {
    expect(await agreed(text)).not.toBe('is no YAML');
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

const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

const memberOf = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? Reflect.get(at, name) : undefined,
    value,
  );

/** What is read of the text: refused, or the credentials that a YAML library finds there. Anything else is a failure. */
async function agreed(text: string): Promise<'read' | 'refused' | 'is no YAML'> {
  let found: Awaited<ReturnType<typeof read>>;
  try {
    found = await read(text);
  } catch (error) {
    expect(error).toMatchObject({ code: 'credentials' });
    expectHidden(error, secret);
    return 'refused';
  }
  const tree: unknown = attempt(() => parse(text, { merge: true, logLevel: 'error' }));
  // Taurus does not read that file either.
  if (tree === undefined) return 'is no YAML';
  const tokens = ['blazemeter', 'cloud'].map((module) => memberOf(tree, 'modules', module, 'token'));
  const revealed = typeof found.secret === 'string' ? found.secret : found.secret.reveal();
  expect(tokens.map((one) => String(one).trim())).toContain(`${found.id}:${revealed}`);
  return 'read';
}

describe('compared with a whole YAML library', () => {
  const key = fc.constantFrom('modules', 'blazemeter', 'cloud', 'token', 'address', 'x', 'a-b');
  const odd = [
    '',
    null,
    true,
    5,
    'a: b',
    'a # b',
    "it's",
    '"q"',
    '- x',
    'two\nlines',
    ' padded ',
    '{a}',
    '*c',
    '&d',
    '!e',
    '|',
    '>',
    '%f',
    '#i',
    '~',
  ] as const;
  const leaf = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(token, other.token, 'https://b.example') },
    { weight: 2, arbitrary: fc.constantFrom(...odd) },
    { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
  );
  const tree = fc.letrec((tie) => ({
    node: fc.oneof({ maxDepth: 4 }, leaf, tie('mapping'), fc.array(tie('node'), { maxLength: 3 })),
    mapping: fc.dictionary(key, tie('node'), { maxKeys: 4, noNullPrototype: true }),
  })).mapping;
  const module = fc.oneof(tree, fc.record({ x: leaf, token: leaf }, { requiredKeys: ['token'] }));
  const root = fc.record({
    x: fc.option(tree, { nil: undefined }),
    modules: fc.record({ blazemeter: module, jmeter: tree, cloud: module }, { requiredKeys: [] }),
    y: fc.option(tree, { nil: undefined }),
  });
  const style = fc.record({
    indent: fc.integer({ min: 1, max: 5 }),
    indentSeq: fc.boolean(),
    lineWidth: fc.constantFrom(0, 20, 80),
    singleQuote: fc.constantFrom(true, false, null),
    defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_FOLDED'),
    collectionStyle: fc.constantFrom('any', 'flow'),
  } as const);

  it('what is read is what the library reads', async () => {
    let reads = 0;
    await fc.assert(
      fc.asyncProperty(root, style, async (value, options) => {
        if ((await agreed(stringify(value, options))) === 'read') reads += 1;
      }),
      { numRuns: 300 },
    );
    expect(reads).toBeGreaterThan(10);
  });

  it('so it is when lines are lost, doubled or moved', async () => {
    const change = fc.record({
      from: fc.nat(30),
      to: fc.nat(30),
      how: fc.constantFrom('lose', 'double', 'move', 'indent'),
    });
    await fc.assert(
      fc.asyncProperty(root, style, change, async (value, options, { from, to, how }) => {
        const lines = stringify(value, options).split('\n');
        const line = lines[from % lines.length] ?? '';
        if (how !== 'double') lines.splice(from % lines.length, 1);
        if (how !== 'lose') lines.splice(to % (lines.length + 1), 0, how === 'indent' ? `  ${line}` : line);
        await agreed(lines.join('\n'));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['blanks', ' '.repeat(65_000)],
    ['a long value', `a:${' '.repeat(65_000)}x`],
    ['quotes', '"'.repeat(65_000)],
    ['nested keys', 'a: '.repeat(20_000)],
    ['number signs', '#'.repeat(65_000)],
    ['a comment far away', `x: a${' '.repeat(64_000)}#`],
    ['braces', '{'.repeat(65_000)],
  ])('a file of %s ends in a refusal', { timeout: 10_000 }, async (_what, text) => {
    expect(await agreed(text)).toBe('refused');
  });
});
