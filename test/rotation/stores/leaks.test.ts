// Tokens, keys and the record's secrets are in no error of a store, nor in the store itself, however they are looked at,
// whatever goes wrong: a response that quotes the request, a client's error that quotes its arguments, a spoilt record.
import { inspect } from 'node:util';
import {
  type CredentialStore,
  kubernetesStore,
  redisStore,
  revealRecord,
  sealing,
  vaultStore,
} from 'blazemeter-client/rotation';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDetector } from '../../leak/detector.ts';
import { modes } from '../../leak/looking.ts';
import { everythingIn } from '../../leak/walk.ts';
import { MADE_UP_SECRET, madeUpRecord } from '../support/records.ts';
import type { HttpFake, Trouble } from './http-fake.ts';
import { httpFake } from './http-fake.ts';

// The wait before another try is random: none here.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

const TOKEN = 'made-up.b1x7Qw9Zk3Vn5Lr8Tf2Ys6';
const KEY = Buffer.from(Uint8Array.from({ length: 32 }, (_, at) => (at * 73 + 41) % 256));
const detect = createDetector({
  token: TOKEN,
  secret: MADE_UP_SECRET,
  'sealing key': KEY.toString('base64'),
  'sealing key in hex': KEY.toString('hex'),
});

/** Every way of looking at a value, in one text. */
function looked(value: unknown): string {
  const views = Object.values(modes).map((mode) => inspect(value, mode));
  const error =
    value instanceof Error ? [value.message, value.stack, String(value), String(value.cause)] : [];
  return [...views, ...error, JSON.stringify(value), everythingIn(value)].join('\n');
}

/** A service that repeats everything it was sent, headers and body, in every response. */
let echo: HttpFake;
let status = 500;
beforeAll(async () => {
  echo = await httpFake((asked) => ({
    status,
    body: { errors: [JSON.stringify(asked)], message: JSON.stringify(asked), kind: 'Secret', data: asked },
  }));
});
afterAll(() => echo.close());

/** The outcomes of reading and writing, and the store itself. */
async function outcomesOf(store: CredentialStore): Promise<unknown[]> {
  const caught = (error: unknown) => error;
  const outcomes = [
    await store.read().catch(caught),
    await store.write(madeUpRecord(), { ifMatch: null }).catch(caught),
    await store.write(madeUpRecord({ epoch: 0 }), { ifMatch: 'x' }).catch(caught),
  ];
  return [...outcomes, store];
}

const stores: Record<string, () => CredentialStore> = {
  vaultStore: () =>
    vaultStore({ address: echo.url, token: TOKEN, path: 'ci', credentialFields: { id: 'i', secret: 's' } }),
  'vaultStore, sealed': () =>
    vaultStore({ address: echo.url, token: () => TOKEN, path: 'ci', seal: sealing({ key: KEY }) }),
  kubernetesStore: () => kubernetesStore({ server: echo.url, token: TOKEN, name: 'ci' }),
};

describe.each(Object.entries(stores))('%s', (_, make) => {
  it.each([200, 201, 204, 302, 400, 401, 403, 404, 409, 422])(
    'shows nothing after a %i that repeats the request',
    async (code) => {
      status = code;
      for (const outcome of await outcomesOf(make())) expect(detect(looked(outcome))).toEqual([]);
    },
  );

  it.each(['reset', 'reply'] as const)('shows nothing after a failed transfer (%s)', async (kind) => {
    status = 404;
    const reply = { status: 418, body: 'short' };
    const trouble: Trouble = kind === 'reply' ? { kind, reply } : { kind };
    for (let at = 0; at < 3; at++) echo.troubles.push(trouble);
    const store = make();
    const error: unknown = await store.read().catch((reason: unknown) => reason);
    echo.troubles.length = 0;
    expect(error).toBeInstanceOf(Error);
    expect(detect(looked([error, store]))).toEqual([]);
  });
});

describe('a fetch that quotes the request in its error', () => {
  it('is not quoted', async () => {
    const quoting = (url: string, init: object) =>
      Promise.reject(Object.assign(new TypeError(`${url} ${JSON.stringify(init)}`), { init, code: TOKEN }));
    const store = vaultStore({ address: echo.url, token: TOKEN, path: 'ci', fetch: quoting });
    for (const outcome of await outcomesOf(store)) expect(detect(looked(outcome))).toEqual([]);
  });
});

describe('redisStore', () => {
  it.each(['plaintext', 'sealed'])(
    'shows nothing of a client that quotes its arguments in its error (%s)',
    async (how) => {
      const quoting = (script: string, keys: string[], args: string[]) =>
        Promise.reject(
          Object.assign(new Error(`ERR ${args.join(' ')} ${TOKEN}`), {
            command: { name: 'eval', args, keys, script },
          }),
        );
      const rest = how === 'sealed' ? { seal: sealing({ key: KEY }) } : { plaintext: true as const };
      const store = redisStore(quoting, { key: 'ci', ...rest });
      for (const outcome of await outcomesOf(store)) expect(detect(looked(outcome))).toEqual([]);
      const empty = redisStore(
        (script, keys, args) => (args.length === 0 ? Promise.resolve(null) : quoting(script, keys, args)),
        {
          key: 'ci',
          ...rest,
        },
      );
      for (const outcome of await outcomesOf(empty)) expect(detect(looked(outcome))).toEqual([]);
    },
  );
});

describe('sealing', () => {
  it('shows neither its key nor the record', async () => {
    const seal = sealing({ key: KEY, previous: [Buffer.from(KEY).reverse()] });
    const text = await seal.seal(madeUpRecord(), 'here');
    const moved: unknown = await seal.open(text, 'there').catch((error: unknown) => error);
    const plain: unknown = await seal
      .open(revealRecord(madeUpRecord()), 'here')
      .catch((error: unknown) => error);
    expect(detect(looked([seal, text, moved, plain, await seal.open(text, 'here')]))).toEqual([]);
  });

  it('would be found out by this very detector', () => {
    expect(detect(looked(new Error(`no: ${TOKEN}`)))).not.toEqual([]);
    expect(detect(looked({ hidden: Buffer.from(MADE_UP_SECRET).toString('base64') }))).not.toEqual([]);
  });
});
