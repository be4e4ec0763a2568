// Credentials from the environment: each name and form, their order, and every way in which they are set wrongly.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromEnvironment } from 'blazemeter-client/node';
import { describe, expect, it, vi } from 'vitest';
import { expectHidden, fileWith, keyFile, madeUp, refusal, temporaryFolder } from '../support/credentials.ts';

type Env = Record<string, string | undefined>;

const long = madeUp('long credentials');
const token = madeUp('token');
const file = madeUp('key file');
const second = madeUp('second key file');
const generic = madeUp('generic credentials');
const every = [long, token, file, second, generic].map(({ secret }) => secret);

const settings = (): readonly [name: string, id: string, Env][] => [
  [
    'BLAZEMETER_API_KEY_ID',
    long.id,
    { BLAZEMETER_API_KEY_ID: long.id, BLAZEMETER_API_KEY_SECRET: long.secret },
  ],
  ['BZ_TOKEN', token.id, { BZ_TOKEN: token.token }],
  ['BLAZEMETER_API_KEY', file.id, { BLAZEMETER_API_KEY: keyFile(file) }],
  ['API_KEY_PATH', second.id, { API_KEY_PATH: keyFile(second) }],
  ['API_KEY_ID', generic.id, { API_KEY_ID: generic.id, API_KEY_SECRET: generic.secret }],
];

describe('what is found', () => {
  for (const [index, name] of settings().map(([name], index) => [index, name] as const))
    it(`${name} alone`, async () => {
      const [, id, env] = settings()[index] ?? ['', '', {}];
      const provider = fromEnvironment({ env });
      const credentials = await provider();
      expect(credentials.id).toBe(id);
      expect(typeof credentials.secret === 'string' ? '' : credentials.secret.reveal()).toHaveLength(72);
      for (const secret of every) expectHidden(credentials, secret);
      const description = provider.describe?.() ?? '';
      expect(description.startsWith(name)).toBe(true);
      expect(description).toContain(`, key ${id}`);
      for (const secret of every) expectHidden(description, secret);
    });

  it('with all of them set, the first decides; with that one gone, the next', async () => {
    let left = settings();
    while (left.length > 0) {
      const env = Object.assign({}, ...left.map(([, , variables]) => variables));
      expect((await fromEnvironment({ env })()).id).toBe(left[0]?.[1]);
      left = left.slice(1);
    }
  });

  it('it is read anew at every call', async () => {
    const env: Env = { BZ_TOKEN: token.token };
    const provider = fromEnvironment({ env });
    expect((await provider()).id).toBe(token.id);
    env.BZ_TOKEN = long.token;
    expect((await provider()).id).toBe(long.id);
    expect(provider.describe?.()).toContain(long.id);
  });

  it('without `env` it is that of the process, at the time of the call', async () => {
    const provider = fromEnvironment();
    vi.stubEnv('BLAZEMETER_API_KEY_ID', long.id);
    vi.stubEnv('BLAZEMETER_API_KEY_SECRET', long.secret);
    expect((await provider()).id).toBe(long.id);
  });

  it('blanks and line ends around a value do not count', async () => {
    const env = { BLAZEMETER_API_KEY_ID: `${long.id}\n`, BLAZEMETER_API_KEY_SECRET: ` ${long.secret}\r\n` };
    const { secret } = await fromEnvironment({ env })();
    expect(typeof secret === 'string' ? '' : secret.reveal()).toBe(long.secret);
    expect((await fromEnvironment({ env: { BZ_TOKEN: ` ${token.token}\n` } })()).id).toBe(token.id);
    expect((await fromEnvironment({ env: { API_KEY_PATH: `${keyFile(file)}\n` } })()).id).toBe(file.id);
  });

  it('a secret may hold any printable character, even what looks like part of a variable', async () => {
    for (const odd of ['a:b', `x\${Y}z`, '100%AB%cd', 'p$(q)r', '~x', 'ключ']) {
      const { secret } = await fromEnvironment({ env: { BZ_TOKEN: `my-key:${odd}` } })();
      expect(typeof secret === 'string' ? '' : secret.reveal()).toBe(odd);
    }
  });

  it('a key file may begin with a byte-order mark and be reached through a link', async () => {
    const path = fileWith(`\ufeff${JSON.stringify({ id: file.id, secret: file.secret })}`);
    const link = join(temporaryFolder(), 'link.json');
    symlinkSync(path, link);
    expect((await fromEnvironment({ env: { BLAZEMETER_API_KEY: link } })()).id).toBe(file.id);
  });
});

describe('what does not count', () => {
  it('nothing set: one error that lists every place', async () => {
    const error = await refusal(fromEnvironment({ env: {} })());
    for (const [name] of settings()) expect(error.message).toContain(name);
    expect(error.code).toBe('credentials');
    expect(error.source).toBeUndefined();
  });

  it('an empty variable, as CI systems set one for a missing secret', async () => {
    const env = {
      BLAZEMETER_API_KEY_ID: '',
      BLAZEMETER_API_KEY_SECRET: '',
      BZ_TOKEN: '  ',
      BLAZEMETER_API_KEY: '',
      API_KEY_PATH: '\n',
    };
    expect((await fromEnvironment({ env: { ...env, ...settings()[4]?.[2] } })()).id).toBe(generic.id);
  });

  it('half of the generic credentials, since other tools use these names', async () => {
    for (const env of [{ API_KEY_ID: generic.id }, { API_KEY_SECRET: generic.secret }]) {
      const error = await refusal(fromEnvironment({ env })(), generic.secret);
      expect(error.message).toContain('API_KEY_ID + API_KEY_SECRET: half set');
    }
  });
});

describe('what is configured and broken stops the search, though good credentials stand behind it', () => {
  const good = { API_KEY_ID: generic.id, API_KEY_SECRET: generic.secret };
  const { id, secret } = madeUp('planted');

  const cases: readonly [what: string, Env, source: string, hint?: RegExp][] = [
    ['an id without a secret', { BLAZEMETER_API_KEY_ID: id }, 'BLAZEMETER_API_KEY_ID', /secret is missing/],
    [
      'an id with an empty secret',
      { BLAZEMETER_API_KEY_ID: id, BLAZEMETER_API_KEY_SECRET: '' },
      'BLAZEMETER_API_KEY_ID',
      /secret is missing/,
    ],
    [
      'a secret without an id',
      { BLAZEMETER_API_KEY_SECRET: secret },
      'BLAZEMETER_API_KEY_ID',
      /id is missing/,
    ],
    [
      'an id with a colon',
      { BLAZEMETER_API_KEY_ID: `${id}:${secret}`, BLAZEMETER_API_KEY_SECRET: secret },
      'BLAZEMETER_API_KEY_ID',
      /colon/,
    ],
    [
      'a secret with a line break',
      { BLAZEMETER_API_KEY_ID: id, BLAZEMETER_API_KEY_SECRET: `${secret}\n${secret}` },
      'BLAZEMETER_API_KEY_ID',
      /control character/,
    ],
    ['a token without a colon', { BZ_TOKEN: secret }, 'BZ_TOKEN', /id:secret/],
    ['a token without an id', { BZ_TOKEN: `:${secret}` }, 'BZ_TOKEN'],
    ['a token without a secret', { BZ_TOKEN: `${id}:` }, 'BZ_TOKEN'],
    ['a path that is not there', { BLAZEMETER_API_KEY: '/no/such/folder/k.json' }, 'BLAZEMETER_API_KEY'],
    ['a file taken for a folder', { API_KEY_PATH: '/dev/null/k.json' }, 'API_KEY_PATH'],
    [
      'id:secret instead of a path',
      { BLAZEMETER_API_KEY: `${id}:${secret}` },
      'BLAZEMETER_API_KEY',
      /BZ_TOKEN/,
    ],
    ['the same in the other variable', { API_KEY_PATH: `${id}:${secret}` }, 'API_KEY_PATH', /BZ_TOKEN/],
    ['a short id:secret', { API_KEY_PATH: `a:${secret}` }, 'API_KEY_PATH', /BZ_TOKEN/],
    ['id:secret with a slash', { API_KEY_PATH: `me:${secret}/x` }, 'API_KEY_PATH', /BZ_TOKEN/],
    ['JSON', { API_KEY_PATH: `{"id":"${id}","secret":"${secret}"}` }, 'API_KEY_PATH', /JSON/],
    ['an address', { API_KEY_PATH: `https://${id}:${secret}@a.blazemeter.com/` }, 'API_KEY_PATH', /BZ_TOKEN/],
    ['the bare secret', { API_KEY_PATH: secret }, 'API_KEY_PATH'],
    ['half of the secret', { API_KEY_PATH: secret.slice(0, 20) }, 'API_KEY_PATH'],
    ['a folder', { API_KEY_PATH: '/' }, 'API_KEY_PATH', /regular file/],
    ['a device', { API_KEY_PATH: '/dev/null' }, 'API_KEY_PATH', /regular file/],
    ['a path with a zero byte', { API_KEY_PATH: '/tmp/a\0b' }, 'API_KEY_PATH'],
  ];
  for (const [what, env, source, hint = /./] of cases)
    it(what, async () => {
      const error = await refusal(fromEnvironment({ env: { ...good, ...env } })(), secret, generic.secret);
      expect(error.source?.startsWith(source)).toBe(true);
      expect(error.message).toContain(source);
      expect(error.message).toMatch(hint);
    });

  for (const variable of [
    `\${MY_SECRET}`,
    '$(MY_SECRET)',
    '%MY_SECRET%',
    `\${MY_SECRET:-}`,
    `\${{ secrets.MY_SECRET }}`,
    '$env:MY_SECRET',
  ])
    it(`an unreplaced ${variable}`, async () => {
      for (const env of [
        { BLAZEMETER_API_KEY_ID: id, BLAZEMETER_API_KEY_SECRET: variable },
        { BLAZEMETER_API_KEY_ID: variable, BLAZEMETER_API_KEY_SECRET: secret },
        { BZ_TOKEN: variable },
        { BZ_TOKEN: `${id}:${variable}` },
        { BZ_TOKEN: `${variable}:${secret}` },
        { BZ_TOKEN: `${variable}:${variable}` },
        { BLAZEMETER_API_KEY: variable },
        { BLAZEMETER_API_KEY: `${variable}/api-key.json` },
        { API_KEY_PATH: `/home/${variable}/api-key.json` },
        { API_KEY_ID: variable, API_KEY_SECRET: variable },
      ]) {
        const error = await refusal(fromEnvironment({ env: { ...good, ...env } })(), secret, generic.secret);
        expect(error.source).toContain(Object.keys(env)[0]);
        expect(error.message).toContain('variable');
      }
    });

  it.each(['~/api-key.json', '$HOME/api-key.json', '$KEY_FILE'])(
    '%s, which nothing replaced',
    async (path) => {
      const error = await refusal(fromEnvironment({ env: { API_KEY_PATH: path } })());
      expect(error.source).toContain('API_KEY_PATH');
      expect(error.message).toContain('variable');
    },
  );

  it.each([
    'op://vault/item/secret',
    'file:///run/secrets/api-key.json',
    'vault:secret/data/bz#secret',
    'arn:aws:secretsmanager:eu-west-1:123456789012:secret:bz',
    '@Microsoft.KeyVault(SecretUri=https://bz.vault.azure.net/secrets/bz)',
  ])('%s in the place of a path', async (address) => {
    const error = await refusal(fromEnvironment({ env: { API_KEY_PATH: address } })());
    expect(error.message).toContain('an address');
    expect(error.message).not.toContain(address);
  });

  it('a path that looks like the name of a stored secret is one', async () => {
    const folder = join(temporaryFolder(), 'projects', 'p', 'secrets');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'bz'), JSON.stringify(file), { mode: 0o600 });
    expect((await fromEnvironment({ env: { API_KEY_PATH: join(folder, 'bz') } })()).id).toBe(file.id);
  });

  it('a path cannot drive the terminal or the CI system that the error is printed on', async () => {
    const path = '/tmp/\u001b[2J\u202e\n##vso[task.setvariable variable=x]y.json';
    const error = await refusal(fromEnvironment({ env: { API_KEY_PATH: path } })());
    for (const acting of ['\u001b', '\u202e', '\n', '##vso[']) expect(error.message).not.toContain(acting);
    expect(error.message).toContain('\\u001b');
  });
});
