// Places where text from outside can come from: what a client, a provider or a signer prints of it.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import {
  BlazeMeterClient,
  type CredentialProvider,
  CredentialsError,
  RequestSigner,
} from 'blazemeter-client';
import {
  defaultCredentials,
  fromCommand,
  fromEnvironment,
  fromKeyFile,
  fromTaurus,
  writeKeyFile,
} from 'blazemeter-client/node';
import { createReference } from 'blazemeter-client/testing';
import { expect } from 'vitest';
import { temporaryFolder } from '../support/credentials.ts';

const folder = temporaryFolder();

export interface Printed {
  readonly error?: unknown;
  readonly texts: readonly string[];
}
export type Place = (payload: string) => Promise<Printed>;

export const caught = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  );

/** A client that notes its log lines, those of the default logger among them. */
function loggedClient(options: ConstructorParameters<typeof BlazeMeterClient>[0], lines: string[] = []) {
  const write = (message: string, fields?: object) => {
    const details = Object.entries(fields ?? {}).map(([key, value]) => ` ${key}=${String(value)}`);
    lines.push(`${message}${details.join('')}`, format(message, fields));
  };
  const logger = { error: write, warn: write, info: write, debug: write };
  return { client: new BlazeMeterClient({ maxRetries: 0, logger, logLevel: 'debug', ...options }), lines };
}

export const PAIR = { id: 'a-key', secret: 'a made-up secret' };

/** What a file system takes of it as a name. */
const asName = (payload: string): string => `a${payload.replace(/[\0/\p{Cs}]/gu, '').slice(0, 60)}`;

/** What no key id may have: characters that are not seen, and spaces at its ends. */
const impossible = /[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|^\s|\s$/u;

/**
 * A client whose key has that id. An id that no key can have is refused when the client is built: then the refusal, which
 * must not quote it, and a client of another key, for the calls that name the id.
 */
function signedBy(id: string, fetch: (url: string, init: RequestInit) => Promise<Response>) {
  const lines: string[] = [];
  let refusal: unknown;
  try {
    const built = loggedClient({ credentials: { ...PAIR, id }, fetch }, lines);
    expect(id).not.toMatch(impossible);
    return { ...built, refusal };
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(CredentialsError);
  // As Node prints an uncaught error. That may break characters by itself: the raw texts are looked at, too.
  for (const text of [inspect(refusal), String(refusal), String(Reflect.get(Object(refusal), 'stack'))]) {
    expect(text).not.toContain(id);
    lines.push(text);
  }
  return { ...loggedClient({ credentials: PAIR, fetch }, lines), refusal };
}

/** What a call says when the service answers so. */
const answered =
  (status: number, body: (payload: string) => unknown): Place =>
  async (payload) => {
    const text = JSON.stringify(body(payload));
    const { client, lines } = loggedClient({
      credentials: PAIR,
      fetch: async () => new Response(text, { status }),
    });
    return { error: await caught(client.user.get()), texts: lines };
  };

/** What a provider says, and what a client with it does. */
async function said(provider: CredentialProvider): Promise<Printed> {
  const reference = createReference();
  const { client, lines } = loggedClient({ credentials: provider, fetch: reference.fetch });
  const error = await caught(client.user.get());
  const diagnosis = await client.diagnose({ full: true }).then(
    ({ sentences }) => sentences,
    () => [],
  );
  return { error, texts: [...lines, provider.describe?.() ?? '', ...diagnosis] };
}

/** Header values hold Latin-1 without control characters; there is nothing to inject otherwise. */
const latin1 = (payload: string): string => payload.replace(/[^\t\x20-\x7e\x80-\xff]/g, '');

/** A key that a create or a regenerate is answered with. */
const issued = (change: object) => ({ result: { id: 'k', name: 'n', created: 1, secret: 's', ...change } });
const creating =
  (bodyOf: (payload: string) => unknown, onNewSecret?: () => void): Place =>
  async (payload) => {
    const fetch = async (_: string, init: RequestInit) =>
      new Response(JSON.stringify(init.method === 'POST' ? bodyOf(payload) : { result: { id: 1 } }));
    const { client, lines } = loggedClient({ credentials: PAIR, fetch, onNewSecret });
    const expiresIn = { days: 1 };
    return { error: await caught(client.apiKeys.create({ name: payload, expiresIn })), texts: lines };
  };

export const places: Readonly<Record<string, Place>> = {
  'an error message of the service': answered(400, (text) => ({ error: { code: 400, message: text } })),
  'an error message that begins so': answered(409, (message) => ({ error: { code: 409, message } })),
  'an error that is a text': answered(500, (error) => ({ error })),
  'a message beside the result': answered(403, (message) => ({ message })),
  'a request id': answered(404, (id) => ({ error: { code: 404, message: 'Not Found' }, request_id: id })),
  'a content type': async (payload) => {
    const headers = { 'content-type': latin1(payload) };
    const { client, lines } = loggedClient({
      credentials: PAIR,
      fetch: async () => new Response('<', { headers }),
    });
    return { error: await caught(client.user.get()), texts: lines };
  },
  'a field that a schema of the caller names': async (payload) => {
    const fetch = async () => new Response(JSON.stringify({ result: { [payload]: 1 } }));
    const { client, lines } = loggedClient({ credentials: PAIR, fetch });
    const validate = (value: unknown) => ({ issues: [{ path: Object.keys(Object(value)) }] });
    const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const;
    return { error: await caught(client.request({ path: '/user', schema })), texts: lines };
  },
  'a header of a good bodyOf': async (payload) => {
    const headers = { server: latin1(payload) };
    const fetch = async () =>
      new Response(JSON.stringify({ result: { id: 1 }, request_id: payload }), { headers });
    const { client, lines } = loggedClient({ credentials: PAIR, fetch });
    const { response, requestId = '' } = await client.user.get().withResponse();
    return { texts: [...lines, requestId, ...response.headers.values()] };
  },
  'the id of a new key whose hook fails': creating(
    (id) => issued({ id }),
    () => {
      throw new Error('no');
    },
  ),
  'the id of a new key that lacks a date': creating((id) => issued({ id, created: 'x' })),
  'the name of a key that exists already': creating((name) => ({
    error: { code: 409, message: `There is a key ${name}` },
  })),
  'the id of a key that has expired': async (payload) => {
    const fetch = async () => new Response(JSON.stringify({ ...issued({ id: payload, expiration: 5 }) }));
    const { client, lines } = loggedClient({ credentials: PAIR, fetch });
    return { error: await caught(client.apiKeys.regenerateSecret('b')), texts: lines };
  },
  'the id of the key that signs': async (payload) => {
    const id = `${payload.replace(/[:"'`\p{Cc}\p{Cs}]/gu, '')}-and-more`;
    const fetch = async () =>
      new Response('{"error":{"code":401,"message":"Unauthorized"}}', { status: 401 });
    const { client, lines, refusal } = signedBy(id, fetch);
    const errors = [
      await caught(client.user.get()),
      await caught(client.apiKeys.delete(id)),
      await caught(client.apiKeys.regenerateSecret(id)),
    ];
    const { sentences, source } = await client.diagnose({ full: true });
    return { error: refusal ?? errors[0], texts: [...lines, ...errors.map(String), ...sentences, source] };
  },
  'the id of the key that signs and lost its secret': async (payload) => {
    const id = `${payload.replace(/[:"'`\p{Cc}\p{Cs}]/gu, '')}.`;
    let sent = false;
    const fetch = async (_: string, init: RequestInit) => {
      if (init.method === 'POST') {
        sent = true;
        throw new Error('reset');
      }
      return sent
        ? new Response('{"error":{"code":401,"message":"Unauthorized"}}', { status: 401 })
        : new Response(JSON.stringify(issued({ id })));
    };
    const { client, lines, refusal } = signedBy(id, fetch);
    const error = await caught(client.apiKeys.regenerateSecret(id, { allowSelf: true }));
    return { error: refusal ?? error, texts: [...lines, String(error)] };
  },
  'the e-mail address and the roles in a diagnosis': async (payload) => {
    const fetch = async (url: string) => {
      const one = { id: 1, email: payload, roles: [payload], name: payload, apiKeyExpiration: 90 };
      return new Response(
        JSON.stringify({ result: /accounts/.test(url) && !/\/1$/.test(url) ? [one] : one }),
      );
    };
    const { client, lines } = loggedClient({ credentials: PAIR, fetch });
    const { sentences, user, roles } = await client.diagnose({ full: true });
    const masked = await client.diagnose();
    const texts = [user?.email ?? '', ...roles.flatMap((account) => account.roles), masked.user?.email ?? ''];
    return { texts: [...lines, ...sentences, ...masked.sentences, ...texts] };
  },
  'the origin that a provider binds its credentials to': (payload) =>
    said(async () => ({ ...PAIR, origin: `https://a.example/${payload}` })),
  'an origin that is none': (payload) => said(async () => ({ ...PAIR, origin: payload })),
  'credentials in the environment': (payload) =>
    said(fromEnvironment({ env: { BLAZEMETER_API_KEY_ID: payload, BLAZEMETER_API_KEY_SECRET: payload } })),
  'a token in the environment': (payload) => said(fromEnvironment({ env: { BZ_TOKEN: payload } })),
  'a path in the environment': (payload) =>
    said(fromEnvironment({ env: { API_KEY_PATH: `${payload}.json` } })),
  'another path in the environment': (payload) =>
    said(fromEnvironment({ env: { BLAZEMETER_API_KEY: `./${payload}` } })),
  'the path of a key file': (payload) => said(fromKeyFile(`/no/such/${payload}`)),
  'a path that begins so': (payload) => said(fromKeyFile(`${payload}.json`)),
  'the path of a key file that others can read': async (payload) => {
    // No file system takes these three.
    const path = join(folder, `${asName(payload)}.json`);
    writeFileSync(path, JSON.stringify(PAIR));
    chmodSync(path, 0o644);
    const { client, lines } = loggedClient({ fetch: createReference().fetch });
    const warnings: string[] = [];
    const provider = fromKeyFile(path, { onWarning: (text) => warnings.push(text) });
    const printed = await said(provider);
    await caught(client.withOptions({ credentials: provider }).user.get());
    // A path in which a variable was left is refused.
    expect(warnings.length > 0 || /variable/.test(String(printed.error))).toBe(true);
    return { ...printed, texts: [...printed.texts, ...lines, ...warnings] };
  },
  'a folder where a file belongs': (payload) => {
    const path = join(folder, asName(payload));
    mkdirSync(path, { recursive: true });
    return said(fromKeyFile(path));
  },
  'the path of a file to write': async (payload) => ({
    error: await caught(writeKeyFile(join(folder, 'none', `${payload}.json`), PAIR)),
    texts: [],
  }),
  "the path of Taurus's settings": (payload) => {
    const path = join(folder, `${asName(payload)}.bzt-rc`);
    writeFileSync(path, '{', { mode: 0o600 });
    return said(fromTaurus({ path }));
  },
  'the list of places where nothing was found': (payload) =>
    said(defaultCredentials({ env: {}, taurusPath: join(folder, 'none', `${payload}.yml`) })),
  'the name of a command': (payload) => said(fromCommand([`./${payload}`])),
  'what a command prints': (payload) => said(fromCommand([process.execPath, '-p', JSON.stringify(payload)])),
  'a URL to sign for': async (payload) => ({
    error: await caught(new RequestSigner(PAIR).headers(`https://elsewhere.example/${payload}`)),
    texts: [],
  }),
  'a header of the caller': async (payload) => {
    const { client, lines } = loggedClient({ credentials: PAIR, fetch: createReference().fetch });
    const errors = [
      await caught(client.user.get({ headers: { [payload]: 'a' } })),
      await caught(client.user.get({ headers: { 'x-a': payload } })),
    ];
    return { error: errors.find((error) => error !== undefined), texts: [...lines, ...errors.map(String)] };
  },
};
