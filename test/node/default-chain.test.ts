// The default chain: the environment, then Taurus; what passes over a source, what stops the search, and what a newcomer reads.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { defaultCredentials, fromKeyFile } from 'blazemeter-client/node';
import { describe, expect, it, vi } from 'vitest';
import { builtPackage } from '../support/built.ts';
import { expectHidden, fileWith, keyFile, madeUp, refusal, temporaryFolder } from '../support/credentials.ts';

const built = builtPackage();
const taurus = madeUp('taurus');
const generic = madeUp('generic');
const planted = madeUp('planted');

const rc = (token: string): string =>
  fileWith(`modules:\n  blazemeter:\n    token: ${token}\n    address: https://b.example\n`, {
    name: '.bzt-rc',
  });

describe('the default chain', () => {
  it('nothing anywhere: every place is listed, and what to do', async () => {
    vi.stubEnv('HOME', temporaryFolder());
    const provider = defaultCredentials({ env: {} });
    const error = await refusal(provider());
    for (const place of [
      'BLAZEMETER_API_KEY_ID',
      'BZ_TOKEN',
      'BLAZEMETER_API_KEY:',
      'API_KEY_PATH',
      'API_KEY_SECRET',
      '~/.bzt-rc',
      '`credentials`',
    ])
      expect(error.message).toContain(place);
    expect(error.source).toBeUndefined();
  });

  it('the reasons in the list are those of the places', async () => {
    const taurusPath = fileWith('settings:\n  x: 1\n', { name: '.bzt-rc' });
    const env = { API_KEY_SECRET: planted.secret, BZ_TOKEN: '' };
    const { message } = await refusal(defaultCredentials({ env, taurusPath })(), planted.secret);
    expect(message).toContain('API_KEY_ID + API_KEY_SECRET: half set');
    expect(message).toContain(`${taurusPath}: has no modules.blazemeter.token`);
  });

  it('Taurus’s settings come last, and bring their origin', async () => {
    const taurusPath = rc(taurus.token);
    const env: Record<string, string> = { API_KEY_ID: generic.id, API_KEY_SECRET: generic.secret };
    const provider = defaultCredentials({ env, taurusPath });
    expect(await provider()).toMatchObject({ id: generic.id });
    expect((await provider()).origin).toBeUndefined();
    delete env.API_KEY_ID;
    expect(await provider()).toMatchObject({ id: taurus.id, origin: 'https://b.example' });
    expect(provider.describe?.()).toContain(taurus.id);
    expectHidden(await provider(), taurus.secret);
  });

  it('a file in the working directory is never looked for', async () => {
    const cwd = join(keyFile(planted), '..');
    vi.stubEnv('HOME', temporaryFolder());
    vi.spyOn(process, 'cwd').mockReturnValue(cwd);
    expect((await refusal(defaultCredentials({ env: {} })())).source).toBeUndefined();
  });

  it.each([
    ['half of the long credentials', { BLAZEMETER_API_KEY_SECRET: planted.secret }],
    ['a token without a colon', { BZ_TOKEN: planted.secret }],
    ['credentials for a path', { BLAZEMETER_API_KEY: planted.token }],
    ['a file that is not there', { API_KEY_PATH: '/no/such/file.json' }],
    [
      'a generic credentials with a colon in its id',
      { API_KEY_ID: planted.token, API_KEY_SECRET: planted.secret },
    ],
  ])('%s stops it, though Taurus has credentials', async (_what, env) => {
    const error = await refusal(defaultCredentials({ env, taurusPath: rc(taurus.token) })(), planted.secret);
    expect(error.source).toBeDefined();
  });

  it('the options reach the files', async () => {
    const onWarning = vi.fn();
    const env = { BLAZEMETER_API_KEY: keyFile(planted, { mode: 0o666 }) };
    await refusal(defaultCredentials({ env })(), planted.secret);
    expect((await defaultCredentials({ env, allowInsecureFile: true })()).id).toBe(planted.id);
    await defaultCredentials({ env: { API_KEY_PATH: keyFile(planted, { mode: 0o644 }) }, onWarning })();
    expect(onWarning).toHaveBeenCalledOnce();
  });

  it('what a provider shows of itself never holds the secret, not even an id that is one', async () => {
    const provider = defaultCredentials({ env: { BZ_TOKEN: `${planted.secret}:${taurus.secret}` } });
    await provider();
    expectHidden(provider, taurus.secret);
    expectHidden(provider.describe?.(), planted.secret);
  });
});

describe('where there is no Node', () => {
  it.each([
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
          code: 'credentials',
          message: expect.stringContaining('Node'),
        },
      });
  });

  it('importing it does nothing: no file, no environment, no timer', async () => {
    const script = `
      const seen = [];
      const real = process;
      globalThis.process = new Proxy(real, { get: (of, key) => (seen.push(String(key)), of[key]) });
      for (const name of ['setTimeout', 'setInterval', 'fetch']) {
        const original = globalThis[name];
        globalThis[name] = (...args) => (seen.push(name), original(...args));
      }
      const before = seen.length;
      import('blazemeter-client/node').then((all) => {
        console.log(JSON.stringify([Object.keys(all).sort(), seen.slice(before)]));
      });`;
    const [names, seen] = JSON.parse(
      execFileSync(process.execPath, ['-e', script], { cwd: built.folder(), encoding: 'utf8' }),
    );
    expect(names).toEqual([
      'azurePipelines',
      'ciMasking',
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
