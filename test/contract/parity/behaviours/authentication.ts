// Who calls: HTTP Basic with the key's id and secret. Whatever is wrong with the credentials, the response is the same.
import assert from 'node:assert/strict';
import { AuthenticationError } from 'blazemeter-client';
import { calls } from '../../../support/calls.ts';
import type { Behaviour, Context } from '../behaviour.ts';
import { failure, secondKey, settle } from '../behaviour.ts';
import type { KeyCredentials } from '../world.ts';

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** Credentials that are refused, for each reason that there is. */
const refusedCredentials: Readonly<
  Record<string, (context: Context) => Promise<KeyCredentials> | KeyCredentials>
> = {
  'a wrong secret': ({ world }) => ({ id: world.keys.owner.id, secret: 'no such secret' }),
  'an unknown id': ({ world }) => ({ id: 'facadefacadefacade000001', secret: world.keys.owner.secret }),
  "another user's secret": ({ world }) => ({ id: world.keys.owner.id, secret: world.keys.admin.secret }),
  'an expired key': ({ world }) => world.keys.expired,
  'a key that was deleted': async (context) => {
    const key = secondKey(context);
    await context.client().apiKeys.delete(key.id);
    return key;
  },
  'a secret that was regenerated': async (context) => {
    const key = secondKey(context);
    await context.client().apiKeys.regenerateSecret(key.id);
    settle(context.reference);
    return key;
  },
  'the key of a disabled user': ({ reference }) =>
    reference.seed({
      users: { ghost: { enabled: false } },
      accounts: { haunted: { owner: 'ghost' } },
      keys: { ghost: { user: 'ghost' } },
    }).keys.ghost,
};

const byReason: readonly Behaviour[] = Object.entries(refusedCredentials).map(([reason, credentialsOf]) => ({
  name: `${reason} is refused, and the error shows nothing of the secret`,
  async run(context) {
    const credentials = await credentialsOf(context);
    const error = await failure(context.client(credentials).user.get(), AuthenticationError);
    assert.equal(error.status, 401);
    assert.equal(error.retryable, false);
    const shown = `${error.message} ${error.stack} ${JSON.stringify(error)}`;
    assert.equal(shown.includes(credentials.secret.slice(0, 8)), false);
    assert.equal(shown.includes(base64(`${credentials.id}:${credentials.secret}`).slice(-8)), false);
  },
}));

const headers: Readonly<Record<string, (credentials: KeyCredentials) => string>> = {
  'the scheme Bearer': ({ secret }) => `Bearer ${secret}`,
  'credentials that are not in Base64': ({ id, secret }) => `Basic ${id}:${secret}`,
  'credentials without a colon': ({ id, secret }) => `Basic ${base64(id + secret)}`,
  'an id alone': ({ id }) => `Basic ${base64(`${id}:`)}`,
  'no credentials at all': () => 'Basic',
};

const byHeader: readonly Behaviour[] = Object.entries(headers).map(([what, make]) => ({
  name: `${what} is refused`,
  async run({ send, world }) {
    const response = await send('GET /user', {
      as: null,
      headers: { authorization: make(world.keys.owner) },
    });
    assert.equal(response.status, 401);
    assert.match(response.message, /^Unauthorized/);
  },
}));

export const authentication: readonly Behaviour[] = [
  ...byReason,
  ...byHeader,
  {
    name: 'without a key nothing but the version is to be had',
    async run({ send, world }) {
      for (const path of [
        '/user',
        '/accounts',
        '/api-keys',
        '/workspaces',
        '/projects',
        '/tests',
        '/multi-tests',
      ])
        assert.equal((await send(`GET ${path}`, { as: null })).status, 401, path);
      const { status } = await send(`DELETE /api-keys/${world.keys.owner.id}`, { as: null });
      assert.equal(status, 401);
      assert.equal((await send('GET /web/version', { as: null })).status, 200);
    },
  },
  {
    name: 'wrong credentials are refused by every operation, and change nothing',
    async run({ client, world, send }) {
      const stranger = client({ id: world.keys.admin.id, secret: 'no such secret' });
      const subject = { account: world.accounts.main, key: world.keys.owner.id };
      for (const call of Object.values(calls)) await failure(call(stranger, subject), AuthenticationError);
      assert.equal((await send(`GET /api-keys/${world.keys.owner.id}`)).status, 200);
      const { result } = await send(`GET /accounts/${world.accounts.main}`);
      assert.equal(result.apiKeyExpiration, 3650);
    },
  },
  {
    name: 'every reason gets the same response, letter by letter',
    semantics: { unauthorized: 'same' },
    async run(context) {
      const texts = new Set<string>();
      const add = (text: string) => texts.add(text.replace(/"request_id": "\w+"/, ''));
      for (const credentialsOf of Object.values(refusedCredentials).filter(
        (each) => !each.toString().includes('secondKey'),
      ))
        add((await context.send('GET /user', { as: await credentialsOf(context) })).text);
      add((await context.send('GET /user', { as: null })).text);
      assert.equal(texts.size, 1);
    },
  },
  {
    name: 'a 401 says how to authenticate',
    async run({ send }) {
      const { headers: got, message } = await send('GET /user', { as: null });
      assert.equal(got.get('www-authenticate'), 'Basic realm=api');
      assert.match(message, /^Unauthorized/);
    },
  },
  {
    name: 'the name of the scheme may be written in any case',
    async run({ send, world }) {
      const coded = base64(`${world.keys.owner.id}:${world.keys.owner.secret}`);
      for (const scheme of ['basic', 'BASIC']) {
        const { status } = await send('GET /user', {
          as: null,
          headers: { authorization: `${scheme} ${coded}` },
        });
        assert.equal(status, 200);
      }
    },
  },
  {
    name: 'refused credentials are not sent again, if their source has no others',
    async run({ client, world, sent }) {
      const credentials = async () => ({ id: world.keys.owner.id, secret: 'no such secret' });
      await failure(client('owner', { credentials, maxRetries: 2 }).user.get(), AuthenticationError);
      assert.equal(sent().length, 1);
    },
  },
  {
    name: 'refused credentials are replaced once, if their source has others by now',
    async run({ client, world, sent }) {
      const reasons: (string | undefined)[] = [];
      const credentials = async (asked?: { readonly reason: string }) => {
        reasons.push(asked?.reason);
        return reasons.length === 1 ? { id: world.keys.owner.id, secret: 'an old secret' } : world.keys.owner;
      };
      const user = await client('owner', { credentials }).user.get();
      assert.equal(user.id, world.users.owner.id);
      assert.deepEqual(reasons, ['first', 'unauthorized']);
      assert.equal(sent().length, 2);
    },
  },
  {
    name: 'no cookie is kept, though every response brings one',
    async run({ client, sent }) {
      const owner = client();
      await owner.user.get();
      await owner.accounts.list();
      for (const { requestHeaders, responseHeaders } of sent()) {
        assert.equal(requestHeaders.has('cookie'), false);
        assert.match(responseHeaders?.get('set-cookie') ?? '', /^bzm_sess=/);
      }
    },
  },
];
