// Options: own properties only, known names only, and an error that names what is wrong.

import { BlazeMeterClient, LockoutError, RequestSigner } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CREDENTIALS, clientOf, rejection, result, user } from '../support/client.ts';

/** Calls with what the types do not allow, as a program in JavaScript may. */
const construct = (kind: 'client' | 'signer' | 'reference' | 'withOptions', options: unknown): unknown => {
  switch (kind) {
    case 'client':
      return Reflect.construct(BlazeMeterClient, [options]);
    case 'signer':
      return Reflect.construct(RequestSigner, [CREDENTIALS, options]);
    case 'reference':
      return Reflect.apply(createReference, undefined, [options]);
    case 'withOptions': {
      const { client } = clientOf([user]);
      return Reflect.apply(client.withOptions, client, [options]);
    }
  }
};
const kinds = ['client', 'signer', 'reference', 'withOptions'] as const;
const OWNERS = {
  client: 'BlazeMeterClient',
  signer: 'RequestSigner',
  reference: 'createReference',
  withOptions: 'withOptions',
};

class Settings {
  readonly timeout = 5;
}

describe.each(kinds)('the options of a %s', (kind) => {
  it.each<[string, unknown]>([
    ['a string', 'id:secret'],
    ['a number', 7],
    ['null', null],
    ['an array', []],
    ['a function', () => {}],
    ['a Map', new Map()],
    ['an instance of a class', new Settings()],
  ])('are refused where they are %s', (_, given) => {
    expect(() => construct(kind, given)).toThrow(TypeError);
    expect(() => construct(kind, given)).toThrow(`${OWNERS[kind]}: the options must be a plain object.`);
  });

  it('may be absent, and may be an object without a prototype', () => {
    if (kind !== 'withOptions') expect(construct(kind, undefined)).toBeDefined();
    expect(construct(kind, Object.create(null))).toBeDefined();
  });
});

describe('an unknown option is refused with the nearest known name', () => {
  it.each([
    ['client', { baseURL: 'x' }, 'baseURL', 'baseUrl'],
    ['client', { credential: 'x' }, 'credential', 'credentials'],
    ['client', { maxRetry: 1 }, 'maxRetry', 'maxRetries'],
    ['withOptions', { timeOut: 1 }, 'timeOut', 'timeout'],
    ['signer', { origin: [] }, 'origin', 'origins'],
    ['reference', { semantic: {} }, 'semantic', 'semantics'],
    ['reference', { fault: [] }, 'fault', 'faults'],
    ['reference', { seed: 'x' }, 'seed', undefined],
    ['client', { apiKey: 'x', apiSecret: 'y' }, 'apiKey', undefined],
  ] as const)('of a %s: %j', (kind, options, unknown, nearest) => {
    const create = () => construct(kind, options);
    expect(create).toThrow(TypeError);
    expect(create).toThrow(`${OWNERS[kind]}: unknown option "${unknown}".`);
    expect(create).toThrow(nearest === undefined ? 'Known options: ' : `Did you mean "${nearest}"?`);
  });

  it('of a call, before anything is sent', async () => {
    const { client, sent } = clientOf([user]);
    const get = (options: unknown) => rejection(Reflect.apply(client.user.get, client.user, [options]));
    for (const options of [{ timeOut: 5 }, 'fast', new Settings(), { maxRetries: -1 }, { maxRetries: 1.5 }])
      expect(await get(options)).toBeInstanceOf(TypeError);
    expect(String(await get({ timeOut: 5 }))).toContain('Did you mean "timeout"?');
    expect(sent).toEqual([]);
  });

  it('never by its value, nor by a name that is no name', () => {
    const create = () => construct('client', { 'my-key:my-secret': 'hunter2' });
    expect(create).toThrow(TypeError);
    expect(create).not.toThrow(/my-secret|hunter2/);
  });
});

describe('an option that cannot be right is refused, and its value is not quoted', () => {
  it.each<[(typeof kinds)[number], string, unknown]>([
    ['client', 'timeout', 0],
    ['client', 'timeout', '30s'],
    ['client', 'timeout', Number.NaN],
    ['client', 'totalTimeout', -1],
    ['client', 'maxRetries', 1.5],
    ['client', 'maxRetries', -1],
    ['client', 'fetch', 'fetch'],
    ['client', 'fetchOptions', new Settings()],
    ['client', 'logger', {}],
    ['client', 'logLevel', 'hunter2'],
    ['client', 'baseUrl', 'hunter2'],
    ['client', 'baseUrl', 'http://blazemeter.example.com'],
    ['client', 'baseUrl', 'https://hunter2@blazemeter.example.com'],
    ['client', 'onNewSecret', 'print'],
    ['client', 'userAgent', 7],
    ['client', 'userAgent', 'hunter2\r\nx-admin: 1'],
    ['client', 'userAgent', 'hunter2日'],
    ['client', 'dangerouslyAllowBrowser', 'yes'],
    ['client', 'operations', []],
    ['signer', 'origins', 'https://a.blazemeter.com'],
    ['signer', 'origins', ['http://blazemeter.example.com']],
    ['reference', 'warn', 'loudly'],
    ['reference', 'faults', {}],
    ['reference', 'randomSeed', 7],
    ['reference', 'semantics', 'hunter2'],
    ['reference', 'journalLimit', -1],
  ])('of a %s: %s', (kind, name, value) => {
    const create = () => construct(kind, { [name]: value });
    expect(create).toThrow(TypeError);
    expect(create).toThrow(name);
    expect(create).not.toThrow('hunter2');
  });
});

describe('a polluted Object.prototype is never an option', () => {
  afterEach(() => {
    for (const name of polluted.splice(0)) Reflect.deleteProperty(Object.prototype, name);
  });
  const polluted: string[] = [];
  const pollute = (names: Readonly<Record<string, unknown>>) => {
    for (const [name, value] of Object.entries(names)) {
      polluted.push(name);
      // Not enumerable: libraries in between walk with for…in.
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    }
  };
  const elsewhere = 'https://elsewhere.example.com';

  it('of a client', async () => {
    const used = vi.fn(user);
    vi.stubGlobal('fetch', used);
    const stolen = vi.fn(user);
    pollute({
      baseUrl: elsewhere,
      fetch: stolen,
      credentials: 'their-id:their-secret',
      userAgent: 'theirs',
      maxRetries: 9,
      onNewSecret: stolen,
      operations: { 'user.get': { path: '/theirs' } },
    });
    await new BlazeMeterClient({ credentials: CREDENTIALS }).user.get();
    vi.unstubAllGlobals();
    const [url, init] = used.mock.calls[0] ?? [];
    expect(url).toBe('https://a.blazemeter.com/api/v4/user');
    expect(init?.headers.authorization).toBe(`Basic ${btoa(CREDENTIALS.token)}`);
    expect(init?.headers['user-agent']).not.toContain('theirs');
    expect(stolen).not.toHaveBeenCalled();
  });

  it('of a client that has no credentials', async () => {
    for (const name of ['API_KEY', 'BZM_API_KEY', 'BLAZEMETER_API_KEY']) vi.stubEnv(name, undefined);
    vi.stubEnv('HOME', '/nonexistent');
    pollute({ credentials: 'their-id:their-secret' });
    const fetch = vi.fn(user);
    const error = await rejection(new BlazeMeterClient({ fetch, logLevel: 'off' }).user.get());
    expect(error).toMatchObject({ code: 'credentials' });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('of withOptions that is undefined, which counts as absent', async () => {
    const { client, sent } = clientOf([user], { userAgent: 'mine' });
    await client.withOptions({ credentials: undefined, fetch: undefined, userAgent: undefined }).user.get();
    expect(sent[0]?.headers.authorization).toBe(`Basic ${btoa(CREDENTIALS.token)}`);
    expect(sent[0]?.headers['user-agent']).toMatch(/^mine /);
  });

  it('of a client from withOptions', async () => {
    const { client, sent } = clientOf([user]);
    pollute({ baseUrl: elsewhere, credentials: 'their-id:their-secret' });
    await client.withOptions({ timeout: 5_000 }).user.get();
    expect(sent[0]?.url).toBe('https://a.blazemeter.com/api/v4/user');
    expect(sent[0]?.headers.authorization).toBe(`Basic ${btoa(CREDENTIALS.token)}`);
  });

  it('of a call', async () => {
    const { client, sent } = clientOf([user]);
    pollute({ signal: AbortSignal.abort(), timeout: 1, totalTimeout: 1, headers: { 'x-theirs': '1' } });
    await client.user.get();
    await client.user.get({});
    await client.apiKeys.delete('another', {});
    await rejection(client.apiKeys.regenerateSecret('another'));
    expect(sent.length).toBeGreaterThanOrEqual(4);
    for (const { headers } of sent) expect(headers).not.toHaveProperty('x-theirs');
  });

  it('of a call that may lock the caller out', async () => {
    const { client, sent } = clientOf([user]);
    pollute({ allowSelf: true });
    expect(await rejection(client.apiKeys.delete(CREDENTIALS.id))).toBeInstanceOf(LockoutError);
    expect(await rejection(client.apiKeys.regenerateSecret(CREDENTIALS.id, {}))).toBeInstanceOf(LockoutError);
    expect(sent).toEqual([]);
  });

  it('of a request or a list', async () => {
    const { client, sent } = clientOf([result([])]);
    pollute({ method: 'DELETE', json: {}, replay: 'safe', query: { theirs: '1' }, name: 'theirs', limit: 1 });
    await client.request({ path: '/tests' });
    await client.accounts.list();
    expect(sent.map(({ method, body }) => [method, body])).toEqual([
      ['GET', undefined],
      ['GET', undefined],
    ]);
    expect(sent.map(({ url }) => url).join(' ')).not.toContain('theirs');
  });

  it('of a signer', async () => {
    pollute({ origins: [elsewhere], dangerouslyAllowBrowser: true });
    const signer = new RequestSigner(CREDENTIALS);
    await expect(signer.headers(`${elsewhere}/user`)).rejects.toThrow(TypeError);
    await expect(new RequestSigner(CREDENTIALS, {}).headers(`${elsewhere}/user`)).rejects.toThrow(TypeError);
    expect(await signer.headers('https://a.blazemeter.com/api/v4/user')).toHaveProperty('authorization');
  });

  it('of a reference', () => {
    const warn = vi.fn();
    const before = createReference().seed().keys.owner;
    pollute({
      randomSeed: 'theirs',
      warn,
      faults: [{ effect: 'reset' }],
      journalLimit: 0,
      clock: { frozen: true },
    });
    const reference = createReference({});
    expect(reference.seed().keys.owner).toMatchObject({ id: before.id });
    expect(reference.faults.active).toEqual([]);
  });
});
