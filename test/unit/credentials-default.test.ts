// The default chain: environment, then Taurus; what passes over a place, what stops, and what a newcomer is told.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test, vi } from 'vitest';
import { defaultCredentials, fromKeyFile } from '../../src/node/index.ts';
import { expectHidden, fileWith, keyFile, madeUp, refusal, temporaryFolder } from '../support/credentials.ts';

const taurus = madeUp('taurus');
const generic = madeUp('generic');
const planted = madeUp('planted');

const rc = (token: string): string =>
  fileWith(`modules:\n  blazemeter:\n    token: ${token}\n    address: https://b.example\n`, {
    name: '.bzt-rc',
  });

describe('the default chain', () => {
  test('nothing anywhere: every place is listed, and what to do', async () => {
    vi.stubEnv('HOME', temporaryFolder());
    const provider = defaultCredentials({ env: {} });
    expect(provider.describe?.()).toBe('the default credentials');
    const error = await refusal(provider());
    expect(error.message).toBe(`No BlazeMeter credential was found. Looked at:
- BLAZEMETER_API_KEY_ID + BLAZEMETER_API_KEY_SECRET: not set
- BZ_TOKEN: not set
- BLAZEMETER_API_KEY: not set
- API_KEY_PATH: not set
- API_KEY_ID + API_KEY_SECRET: not set
- ~/.bzt-rc: no such file
Set BLAZEMETER_API_KEY_ID and BLAZEMETER_API_KEY_SECRET, or give \`credentials\`.`);
  });

  test('the reasons in the list are those of the places', async () => {
    const taurusPath = fileWith('settings:\n  x: 1\n', { name: '.bzt-rc' });
    const env = { API_KEY_SECRET: planted.secret, BZ_TOKEN: '' };
    const { message } = await refusal(defaultCredentials({ env, taurusPath })(), planted.secret);
    expect(message).toContain('API_KEY_ID + API_KEY_SECRET: half set, which may be meant for another tool');
    expect(message).toContain(`${taurusPath}: has no modules.blazemeter.token or modules.cloud.token`);
  });

  test('Taurus’s settings come last, and bring their origin', async () => {
    const taurusPath = rc(taurus.token);
    const env: Record<string, string> = { API_KEY_ID: generic.id, API_KEY_SECRET: generic.secret };
    const provider = defaultCredentials({ env, taurusPath });
    expect(await provider()).toMatchObject({ id: generic.id });
    expect((await provider()).origin).toBeUndefined();
    delete env.API_KEY_ID;
    expect(await provider()).toMatchObject({ id: taurus.id, origin: 'https://b.example' });
    expect(provider.describe?.()).toBe(`${taurusPath}, key ${taurus.id}`);
    expectHidden(await provider(), taurus.secret);
  });

  test('a file in the working directory is never looked for', async () => {
    const cwd = join(keyFile(planted), '..');
    vi.stubEnv('HOME', temporaryFolder());
    vi.spyOn(process, 'cwd').mockReturnValue(cwd);
    expect((await refusal(defaultCredentials({ env: {} })())).message).toContain('No BlazeMeter credential');
  });

  test.each([
    ['half of the long pair', { BLAZEMETER_API_KEY_SECRET: planted.secret }],
    ['a token without a colon', { BZ_TOKEN: planted.secret }],
    ['a pair for a path', { BLAZEMETER_API_KEY: planted.token }],
    ['a file that is not there', { API_KEY_PATH: '/no/such/file.json' }],
    ['a generic pair with a colon in its id', { API_KEY_ID: planted.token, API_KEY_SECRET: planted.secret }],
  ])('%s stops it, though Taurus has a pair', async (_what, env) => {
    const error = await refusal(defaultCredentials({ env, taurusPath: rc(taurus.token) })(), planted.secret);
    expect(error.message).not.toContain('Looked at');
    expect(error.source).toBeDefined();
  });

  test('the options reach the files', async () => {
    const onWarning = vi.fn();
    const env = { BLAZEMETER_API_KEY: keyFile(planted, { mode: 0o666 }) };
    await refusal(defaultCredentials({ env })(), planted.secret);
    expect((await defaultCredentials({ env, allowInsecureFile: true })()).id).toBe(planted.id);
    await defaultCredentials({ env: { API_KEY_PATH: keyFile(planted, { mode: 0o644 }) }, onWarning })();
    expect(onWarning).toHaveBeenCalledOnce();
  });

  test('what a provider shows of itself never holds the secret, not even an id that is one', async () => {
    const provider = defaultCredentials({ env: { BZ_TOKEN: `${planted.secret}:${taurus.secret}` } });
    await provider();
    expectHidden(provider, taurus.secret);
    expectHidden(provider.describe?.(), planted.secret);
    expect(provider.describe?.()).toBe('BZ_TOKEN, key [redacted]');
  });
});

describe('where there is no Node', () => {
  test.each([
    ['without a process', undefined],
    ['with a bundler’s stand-in', { env: {} }],
  ])('%s, the error says so', async (_what, stand) => {
    const path = keyFile(planted);
    const original = globalThis.process;
    let outcomes: PromiseSettledResult<unknown>[] = [];
    Object.assign(globalThis, { process: stand });
    try {
      outcomes = await Promise.allSettled([fromKeyFile(path)(), defaultCredentials()()]);
    } finally {
      Object.assign(globalThis, { process: original });
    }
    expect(outcomes).toHaveLength(2);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: {
          name: 'CredentialsError',
          message:
            'Only Node 20.16 or later, Bun and Deno can look for credentials. Elsewhere, give `credentials`.',
        },
      });
  });

  test('no file of this room imports a module of Node', () => {
    const folder = new URL('../../src/node/', import.meta.url);
    for (const name of readdirSync(folder))
      expect(readFileSync(new URL(name, folder), 'utf8')).not.toMatch(
        /^(?:import|export).*from 'node:|await import\(/m,
      );
  });

  test('importing it does nothing: no file, no environment, no timer', async () => {
    const outfile = join(temporaryFolder(), 'door.mjs');
    await build({
      entryPoints: ['src/node/index.ts'],
      bundle: true,
      format: 'esm',
      outfile,
      logLevel: 'silent',
    });
    const script = `
      const seen = [];
      const real = process;
      globalThis.process = new Proxy(real, { get: (of, key) => (seen.push(String(key)), of[key]) });
      for (const name of ['setTimeout', 'setInterval', 'fetch']) {
        const original = globalThis[name];
        globalThis[name] = (...args) => (seen.push(name), original(...args));
      }
      const before = seen.length;
      import(${JSON.stringify(outfile)}).then((door) => {
        console.log(JSON.stringify([Object.keys(door).sort(), seen.slice(before)]));
      });`;
    const [names, seen] = JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }));
    expect(names).toEqual([
      'azurePipelines',
      'ciRunOwner',
      'defaultCredentials',
      'fromCommand',
      'fromEnvironment',
      'fromKeyFile',
      'fromTaurus',
      'githubActions',
      'keyFileSink',
      'serviceAccount',
      'writeKeyFile',
    ]);
    expect(seen).toEqual([]);
  });
});
