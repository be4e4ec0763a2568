// Attempts to get at a secret that the leak table does not make: from inside of the calls, and by what observes them.
import { channel } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BlazeMeterClient, RequestSigner } from 'blazemeter-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDetector } from './detector.ts';
import { fromAllSides } from './looking.ts';
import { createStage, kinds, secretsOf } from './stage.ts';
import { everythingIn } from './walk.ts';

/** Every request that is built for a call, which is signed only as it is sent. */
const unsigned: Request[] = [];
beforeEach(() => {
  const { Request: Real } = globalThis;
  vi.stubGlobal(
    'Request',
    class extends Real {
      constructor(...args: ConstructorParameters<typeof Request>) {
        super(...args);
        unsigned.push(this);
      }
    },
  );
});
afterEach(() => {
  unsigned.splice(0);
});

/** What can be seen of a request, and of its headers. */
const seen = (request: Request) => [request, [...request.headers]].map(fromAllSides);

describe.each(kinds)('with a secret that is %s', (kind) => {
  const secrets = secretsOf(kind);
  const detect = createDetector(secrets);

  it('nothing of a call but what goes to the wire shows the credential', async () => {
    const stage = createStage(kind);
    const client = stage.client({ logLevel: 'off', maxRetries: 1 });
    await client.user.get();
    stage.reference.faults.add({ effect: 'reset' });
    await expect(client.accounts.list()).rejects.toThrow();
    expect(unsigned.length).toBeGreaterThan(1);
    expect(detect(unsigned.flatMap(seen).join('\n'))).toEqual([]);
  });

  it('nothing of a call shows a new secret either, but the body, which is handed on unread', async () => {
    const stage = createStage(kind);
    await stage.client().apiKeys.create({ name: 'ci', expiresIn: '3 months' });
    expect(unsigned.length).toBeGreaterThan(0);
    expect(detect(unsigned.flatMap(seen).join('\n'))).toEqual([]);
  });

  it('the frames of a stack hold no object that shows it', async () => {
    const stage = createStage(kind);
    const client = stage.client({ logLevel: 'off' });
    const seen: unknown[] = [];
    const before = Error.prepareStackTrace;
    try {
      Error.prepareStackTrace = (error, sites) => {
        for (const site of sites)
          seen.push(
            site.getThis(),
            site.getFunction(),
            site.getTypeName(),
            site.getFunctionName(),
            site.getEvalOrigin(),
          );
        return String(error);
      };
      const fetch: typeof stage.fetch = async () => {
        throw new Error('from the innermost place');
      };
      const provider = async () => {
        throw new Error('from the provider');
      };
      for (const options of [{ fetch }, { credentials: provider }]) {
        const error: unknown = await client
          .withOptions(options)
          .user.get()
          .then(undefined, (reason: unknown) => reason);
        seen.push(error instanceof Error ? error.stack : '');
      }
      const inFetch = stage.client({
        logLevel: 'off',
        fetch: async (url, init) => {
          seen.push(new Error('while it is sent').stack);
          return stage.fetch(url, init);
        },
      });
      await inFetch.user.get();
    } finally {
      Error.prepareStackTrace = before;
    }
    expect(seen.length).toBeGreaterThan(20);
    expect(detect(seen.map(everythingIn).join('\n'))).toEqual([]);
  });

  it('methods that are called on something else give nothing away', async () => {
    const stage = createStage(kind);
    const client = stage.client();
    const signer = new RequestSigner(stage.credentials);
    const texts: string[] = [];
    for (const holder of [client, client.user, client.apiKeys, client.accounts, signer]) {
      for (
        let at: object | null = holder;
        at !== null && at !== Object.prototype;
        at = Reflect.getPrototypeOf(at)
      ) {
        for (const key of Reflect.ownKeys(at)) {
          const method: unknown = Reflect.get(at, key, holder);
          if (typeof method !== 'function' || key === 'constructor' || holder === signer) continue;
          for (const receiver of [undefined, {}, new Proxy(holder, {})]) {
            try {
              const given: unknown = await Reflect.apply(method, receiver, []);
              texts.push(fromAllSides(given));
            } catch (error) {
              texts.push(fromAllSides(error));
            }
          }
        }
      }
    }
    expect(texts.length).toBeGreaterThan(10);
    expect(detect(texts.join('\n'))).toEqual([]);
  });

  it('a replaced console receives nothing', async () => {
    const heard: unknown[] = [];
    for (const method of ['log', 'info', 'warn', 'error', 'debug', 'dir', 'trace'] as const)
      vi.spyOn(console, method).mockImplementation((...line: unknown[]) => void heard.push(line));
    const stage = createStage(kind);
    const client = new BlazeMeterClient({
      credentials: stage.credentials,
      fetch: stage.fetch,
      maxRetries: 1,
      logLevel: 'debug',
    });
    await client.apiKeys.create({ name: 'ci', expiresIn: '3 months' });
    stage.reference.faults.add({ effect: 'status', status: 503, message: stage.credentials.secret });
    await client.user.get().then(undefined, () => {});
    expect(heard.length).toBeGreaterThan(3);
    expect(detect(heard.map(fromAllSides).join('\n'))).toEqual([]);
  });

  it('a request that was signed stays as it was, and only its copy carries the header', async () => {
    const { credentials } = createStage(kind);
    const request = new Request('https://a.blazemeter.com/api/v4/user');
    const signed = await new RequestSigner(credentials).sign(request);
    expect(detect(fromAllSides([request, [...request.headers]]))).toEqual([]);
    expect(detect(String(signed.headers.get('authorization'))).length).toBeGreaterThan(0);
  });
});

describe('what cannot be promised, and SECURITY.md says so', () => {
  it('a subscriber to the diagnostics of fetch sees the header', async () => {
    const { credentials } = createStage('hex');
    const server = createServer((_, response) => response.end('{"result": {"id": 1}}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address: AddressInfo | string | null = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const heard: unknown[] = [];
    const listen = (message: unknown) => void heard.push(message);
    const requests = channel('undici:request:create');
    requests.subscribe(listen);
    try {
      await new BlazeMeterClient({ credentials, baseUrl: `http://127.0.0.1:${port}` }).user.get();
    } finally {
      requests.unsubscribe(listen);
      server.closeAllConnections();
      server.close();
    }
    expect(
      createDetector({ credentials: credentials.secret })(heard.map(everythingIn).join('\n')).length,
    ).toBeGreaterThan(0);
  });
});
