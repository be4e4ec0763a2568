// What holds for stores behind an HTTP API whichever it is: bounds of time and size, a fetch of the caller's, and addresses.
import { createServer } from 'node:http';
import { vaultStore } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { madeUpRecord } from '../support/records.ts';
import { failure } from '../support/world.ts';
import { type VaultFake, vaultFake } from './vault-fake.ts';

// The wait before another try is random: none here.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

const open: VaultFake[] = [];
afterEach(async () => {
  for (const fake of open.splice(0)) await fake.close();
});

async function inVault(options: Partial<Parameters<typeof vaultStore>[0]> = {}) {
  const fake = await vaultFake();
  open.push(fake);
  return { fake, store: vaultStore({ address: fake.url, token: fake.token, path: 'ci', ...options }) };
}

describe('a store behind an HTTP API', () => {
  it('ends a request that gets no response, tries again, and says what it waited for', async () => {
    const { fake, store } = await inVault({ timeout: 500 });
    fake.troubles.push({ kind: 'hang' });
    expect(await store.read()).toBeUndefined();
    for (let at = 0; at < 3; at++) fake.troubles.push({ kind: 'hang' });
    expect((await failure(store.read())).message).toContain('did not respond within 500 ms');
  });

  it('takes a time without end, or longer than a timer holds, for a long one', async () => {
    for (const timeout of [Number.POSITIVE_INFINITY, 2 ** 31]) {
      const { store } = await inVault({ timeout });
      expect(await store.read()).toBeUndefined();
    }
  });

  it('gives the request up where no caller waits for it any more', async () => {
    const signals: AbortSignal[] = [];
    const never = (_: string, init: { readonly signal: AbortSignal }) => {
      signals.push(init.signal);
      return new Promise<never>(() => {});
    };
    const { store } = await inVault({ timeout: 20, fetch: never });
    await failure(store.read());
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  });

  it('reads no more than four megabytes', async () => {
    const { fake, store } = await inVault();
    fake.troubles.push({ kind: 'endless' });
    expect((await failure(store.read())).message).toContain('4 MiB');
  });

  it('is not held up by a token that never comes, and does not show what the source of tokens throws', async () => {
    const { store } = await inVault({ timeout: 20, token: () => new Promise(() => {}) });
    expect((await failure(store.read())).message).toContain('no token within 20 ms');
    const { store: broken } = await inVault({
      token: () => {
        throw Object.assign(new Error('made-up nonsense'), { code: 'EACCES' });
      },
    });
    const error = await failure(broken.read());
    expect(error.message).toContain('EACCES');
    expect(error.message).not.toContain('nonsense');
    const { store: empty, fake } = await inVault({ token: () => 'made-up\r\ntoken' });
    expect((await failure(empty.read())).message).toContain('a header cannot carry');
    expect(fake.asked).toEqual([]);
  });

  it('names why there was no connection, after three tries', async () => {
    const { fake, store } = await inVault();
    await fake.close();
    const error = await failure(store.read());
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('hints at a private CA where the certificate is not known', async () => {
    const refuse = () =>
      Promise.reject(
        new TypeError('fetch failed', {
          cause: Object.assign(new Error('made-up nonsense'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
        }),
      );
    const { store } = await inVault({ fetch: refuse });
    const error = await failure(store.read());
    expect(error.message).toContain('SELF_SIGNED_CERT_IN_CHAIN');
    expect(error.message).toContain('NODE_EXTRA_CA_CERTS');
  });

  it('calls the fetch it was given with a URL and plain values, and hands fetchOptions on', async () => {
    const calls: { url: string; init: object }[] = [];
    const dispatcher = { of: 'undici' };
    const { fake, store } = await inVault({
      fetch: (url, init) => {
        calls.push({ url, init });
        const { dispatcher: _, ...rest } = { dispatcher: undefined, ...init };
        return fetch(url, rest);
      },
      fetchOptions: { dispatcher, body: 'x', method: 'DELETE', redirect: 'follow', headers: { a: 'b' } },
    });
    await store.read();
    await store.write(madeUpRecord(), { ifMatch: null });
    expect(calls.map(({ url }) => url)).toEqual(Array(2).fill(`${fake.url}/v1/secret/data/ci`));
    for (const { init } of calls)
      expect(init).toMatchObject({ dispatcher, redirect: 'manual', credentials: 'omit' });
    expect(calls.map(({ init }) => Reflect.get(init, 'method'))).toEqual(['GET', 'POST']);
    expect(calls[0]?.init).not.toHaveProperty('body');
    const odd = await inVault({
      fetch: async () => Object.assign({ status: 200, headers: new Headers(), body: {} }),
    });
    expect((await failure(odd.store.read())).message).toContain('did not return a Response');
  });

  it('lets go of the connection of a redirect whose body does not end', async () => {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const server = createServer((_request, response) => {
      response.writeHead(307, { location: '/elsewhere' }).write('more to come');
      response.on('close', closed);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      const port = Reflect.get(Object(server.address()), 'port');
      const store = vaultStore({ address: `http://127.0.0.1:${port}`, token: 't', path: 'ci' });
      expect((await failure(store.read())).message).toContain('(307)');
      await gone;
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('follows no redirect: neither the token nor the record goes anywhere else', async () => {
    const { fake, store } = await inVault();
    const elsewhere = await vaultFake();
    open.push(elsewhere);
    const headers = { location: `${elsewhere.url}/v1/secret/data/ci` };
    fake.troubles.push({ kind: 'reply', reply: { status: 307, headers } });
    expect((await failure(store.read())).message).toContain('(307)');
    fake.troubles.push({ kind: 'reply', reply: { status: 308, headers }, only: 'writes' });
    expect((await failure(store.write(madeUpRecord(), { ifMatch: null }))).message).toContain('(308)');
    expect(elsewhere.asked).toEqual([]);
  });

  it('takes an address with a path before the API', async () => {
    const urls: string[] = [];
    const { store } = await inVault({
      address: 'https://gateway.example.com/vault/?x#y',
      fetch: async (url) => {
        urls.push(url);
        return new Response('{"errors":[]}', { status: 404 });
      },
    });
    expect(await store.read()).toBeUndefined();
    expect(urls).toEqual(['https://gateway.example.com/vault/v1/secret/data/ci']);
  });
});
