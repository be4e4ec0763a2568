// The example sinks, each given to a real rotation, each against a fake that checks requests as the real service would.
import { type BlazeMeterClient, Secret } from 'blazemeter-client';
import {
  adopt,
  memoryStore,
  type RotationReport,
  resume,
  rotate,
  type SecretSink,
} from 'blazemeter-client/rotation';
import nacl from 'tweetnacl';
import { afterEach, describe, expect, it } from 'vitest';
import { plain, plainOutput } from '../../examples/github-action/plain.ts';
import { azureKeyVaultSecret } from '../../examples/sinks/azure-key-vault-secret.ts';
import { azureVariableGroup } from '../../examples/sinks/azure-variable-group.ts';
import { githubActionsSecret } from '../../examples/sinks/github-actions-secret.ts';
import { jenkinsCredential } from '../../examples/sinks/jenkins-credential.ts';
import { safeUrl } from '../../examples/sinks/refusal.ts';
import { seal } from '../../examples/sinks/sealed-box.ts';
import { createDetector } from '../leak/detector.ts';
import { failure, rotationWorld } from '../rotation/support/world.ts';
import { obeyed, payloads } from '../support/acting.ts';
import { madeUp } from '../support/credentials.ts';
import { type Group, keyVaultFake, type VaultSecret, variableGroupFake } from './fakes/azure.ts';
import { githubFake } from './fakes/github.ts';
import { elementOf, jenkinsFake } from './fakes/jenkins.ts';
import { type Heard, type Said, type Serving, serve } from './fakes/serve.ts';

const open: Serving[] = [];
afterEach(async () => {
  for (const serving of open.splice(0)) await serving.close();
});
async function listening(response: (heard: Heard) => Said): Promise<Serving> {
  const serving = await serve(response);
  open.push(serving);
  return serving;
}

interface Played {
  readonly report: RotationReport;
  readonly token: string;
  readonly client: BlazeMeterClient;
  again(): Promise<RotationReport>;
}

/** A rotation with these sinks: its report, and the new credentials. */
async function rotated(...sinks: SecretSink[]): Promise<Played> {
  const { client, keys } = rotationWorld();
  const store = memoryStore();
  await adopt(client, { store, name: 'ci', credentials: keys.ci });
  const report = await rotate(client, { store, reason: 'schedule', sinks });
  const current = (await store.read())?.record.current;
  const token = `${current?.id}:${current?.secret.reveal()}`;
  expect(createDetector({ secret: token.slice(25) })(JSON.stringify(report))).toEqual([]);
  return { report, token, client, again: () => resume(client, { store, sinks }) };
}

/** A rotation that its sinks do not let begin: why, and that nothing was made. */
async function notBegun(...sinks: SecretSink[]): Promise<string> {
  const { client, keys, reference } = rotationWorld();
  const store = memoryStore();
  await adopt(client, { store, name: 'ci', credentials: keys.ci });
  const before = reference.snapshot().keys.length;
  const { message } = await failure(rotate(client, { store, reason: 'schedule', sinks }));
  expect(reference.snapshot().keys).toHaveLength(before);
  return message;
}

const delivery = (name: string, epoch = 1) => {
  const { id, secret } = madeUp(name);
  return { id, secret: Secret.from(secret), expiresAt: null, recordId: 'abcdefghij', epoch };
};
const { signal } = new AbortController();

describe('a secret of GitHub Actions', () => {
  const scope = 'repos/acme/shop/actions';
  const at = `${scope}/secrets/BZ_TOKEN`;
  async function github(...scopes: string[]) {
    const fake = githubFake([scope, ...scopes]);
    fake.tokens.set('ghs_app', 'write').set('ghs_workflow', 'workflow').set('github_pat_read', 'read');
    const { url: apiUrl, heard } = await listening(fake.response);
    const sink = (token = 'ghs_app', more = {}) =>
      githubActionsSecret({ token, scope, name: 'BZ_TOKEN', apiUrl, ...more });
    return { fake, heard, apiUrl, sink };
  }

  it('holds id:secret after a rotation, closed for GitHub alone on the way', async () => {
    const { fake, sink, heard } = await github();
    const { report, token } = await rotated(sink());
    expect(report.sinks).toMatchObject([{ name: `secret BZ_TOKEN of ${scope}`, acknowledged: true }]);
    expect(fake.history).toEqual([token]);
    expect(fake.secrets.get(at)).toBe(token);
    expect(heard).toEqual([
      `GET /${scope}/secrets/public-key`,
      `GET /${scope}/secrets/BZ_TOKEN`,
      `GET /${scope}/secrets/public-key`,
      `PUT /${scope}/secrets/BZ_TOKEN`,
    ]);
  });

  it('is replaced as well as created', async () => {
    const { fake, sink } = await github();
    fake.secrets.set(at, 'old');
    await sink().put(delivery('new'), { signal });
    expect(fake.secrets.get(at)).toBe(madeUp('new').token);
  });

  it('shows nothing of the secret to a listener in between', async () => {
    const { apiUrl, sink } = await github();
    let seen = '';
    const listener: typeof fetch = (input, init) => {
      seen += `${String(input)} ${JSON.stringify(init)} ${Object.entries(init?.headers ?? {}).join()}`;
      return fetch(input, init);
    };
    await sink('ghs_app', { fetch: listener, apiUrl }).put(delivery('new'), { signal });
    expect(seen).toContain('encrypted_value');
    expect(createDetector({ secret: madeUp('new').secret })(seen)).toEqual([]);
  });

  it.each([
    [
      'ghs_workflow',
      /403.*GITHUB_TOKEN cannot: give a token of an App, or a fine-grained one, with Secrets: write/,
    ],
    ['ghs_unknown', /401.*not accepted/],
  ])('does not let a rotation begin with the token %s, and says why', async (token, why) => {
    const { fake, sink } = await github();
    expect(await notBegun(sink(token))).toMatch(why);
    expect(fake.history).toEqual([]);
  });

  it('does not let a rotation begin for a repository that the token cannot see', async () => {
    const { sink } = await github();
    expect(await notBegun(sink('ghs_app', { scope: 'repos/acme/other/actions' }))).toMatch(/404/);
  });

  it('is asked again by the next run where the token may read but not write, which only the write shows', async () => {
    const { fake, sink } = await github();
    const { report, again, token } = await rotated(sink('github_pat_read'));
    expect(report.phase).toBe('delivering');
    expect(report.sinks[0]?.problem).toMatch(/403.*Secrets: write/);
    fake.tokens.set('github_pat_read', 'write');
    expect((await again()).phase).toBe('draining');
    expect(fake.secrets.get(at)).toBe(token);
  });

  it('is asked again where GitHub changed its key between the two requests', async () => {
    const { fake, sink } = await github();
    let renewed = false;
    const renewing: typeof fetch = (input, init) => {
      if (init?.method === 'PUT' && !renewed) fake.renewKey();
      renewed ||= init?.method === 'PUT';
      return fetch(input, init);
    };
    const { report, again, token } = await rotated(sink('ghs_app', { fetch: renewing }));
    expect(report.sinks[0]?.problem).toMatch(/422/);
    await again();
    expect(fake.history).toEqual([token]);
  });

  it.each([
    ['an environment', 'repos/acme/shop/environments/production', {}],
    ['an organisation', 'orgs/acme/actions', { more: { visibility: 'private' } }],
  ])('may be one of %s', async (_, other, more) => {
    const { fake, sink } = await github(other);
    const { token } = await rotated(sink('ghs_app', { scope: other, ...more }));
    expect(fake.secrets.get(`${other}/secrets/BZ_TOKEN`)).toBe(token);
  });

  it.each(['customer/production', 'Production EU', 'a%2Fb ?#ü'])(
    'may be one of the environment %s, by the name that GitHub shows',
    async (environment) => {
      const encoded = `repos/acme/shop/environments/${encodeURIComponent(environment)}`;
      const { fake, sink } = await github(encoded);
      const { token } = await rotated(
        sink('ghs_app', { scope: `repos/acme/shop/environments/${environment}` }),
      );
      expect(fake.secrets.get(`${encoded}/secrets/BZ_TOKEN`)).toBe(token);
    },
  );

  const saying = (message: string, status = 403): Said => ({ status, body: JSON.stringify({ message }) });

  it.each([
    [
      'the rate limit is used up',
      { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1900000000' } },
      /403.*rate limit is used up.*after 2030-03-17T17:46:40/,
    ],
    [
      'a secondary rate limit is reached',
      saying('You have exceeded a secondary rate limit.'),
      /403.*rate limit.*in a few minutes/,
    ],
    ['it asks to wait', { status: 429, headers: { 'retry-after': '60' } }, /429.*rate limit/],
    ['it asks to wait without saying how long', { status: 429 }, /429.*rate limit.*in a few minutes/],
    [
      'the organisation asks for single sign-on',
      { status: 403, headers: { 'x-github-sso': 'required; url=https://github.com/x' } },
      /403.*SAML.*Configure SSO/,
    ],
    [
      'the organisation allows other addresses only',
      saying(
        'Although you appear to have the correct authorization credentials, the `was archived` organization has an IP allow list enabled',
      ),
      /403.*does not allow this IP/,
    ],
    ['the repository is archived', saying('Repository was archived so is read-only.'), /403.*unarchive it/],
    ['the App is suspended', saying('This installation has been suspended'), /403.*suspended: unsuspend/],
    [
      'the plan does not include it',
      saying('Upgrade to GitHub Pro or make this repository public to enable this feature.'),
      /403.*upgrade the plan/,
    ],
    [
      'the organisation forbids such tokens',
      saying('`acme` forbids access via a personal access token (classic). Please use a GitHub App'),
      /403.*forbids this kind of token/,
    ],
    ['the repository is blocked', saying('Repository access blocked', 451), /451.*blocked/],
    [
      'it wants a User-Agent',
      { status: 403, body: 'Request forbidden by administrative rules.' },
      /403.*User-Agent/,
    ],
    ['the repository was renamed', saying('Moved Permanently', 301), /301.*renamed or moved/],
    ['it has a problem of its own', { status: 503 }, /503.*again in a few minutes/],
  ] satisfies [string, Said, RegExp][])('does not blame the token where %s', async (_, said, why) => {
    const { url: apiUrl } = await listening(() => said);
    const message = await notBegun(
      githubActionsSecret({ token: 'ghs_app', scope, name: 'BZ_TOKEN', apiUrl }),
    );
    expect(message).toMatch(why);
    expect(message).not.toMatch(/GITHUB_TOKEN|: write/);
  });

  const environment = 'repos/acme/environments/environments/production';
  it.each([
    ['a secret of a repository', scope, 'secrets', 'Secrets: write'],
    ['a variable of a repository', scope, 'variables', 'Variables: write'],
    ['a repository of the name environments', 'repos/acme/environments/actions', 'secrets', 'Secrets: write'],
    ['a secret of an environment', environment, 'secrets', 'Environments: write'],
    ['a variable of an environment', environment, 'variables', 'Environments: write'],
    ['a secret of an organisation', 'orgs/acme/actions', 'secrets', 'Secrets: write of the organisation'],
    [
      'a variable of an organisation',
      'orgs/acme/actions',
      'variables',
      'Variables: write of the organisation',
    ],
  ])('names the permission that the token lacks for %s', async (_, of, kind, needs) => {
    for (const [status, text, why] of [
      [403, 'Resource not accessible by integration', 'GITHUB_TOKEN cannot'],
      [403, 'Resource not accessible by personal access token', 'lacks'],
      [403, 'Must have admin rights to Repository.', 'administrator'],
      [404, 'Not Found', 'not for this token'],
    ] as const) {
      const { url: apiUrl } = await listening(({ path }) =>
        path.includes(`/${kind}`)
          ? saying(text, status)
          : {
              status: 200,
              body: JSON.stringify({ key_id: '1', key: Buffer.alloc(32, 9).toString('base64') }),
            },
      );
      const sink = githubActionsSecret({
        token: 't',
        scope: of,
        name: 'BZ_TOKEN',
        idVariable: 'BZ_ID',
        apiUrl,
      });
      const { message } = await failure(sink.put(delivery('new'), { signal }));
      expect(message).toContain(why);
      expect(message).toMatch(new RegExp(`${needs}[.,]`));
      expect(`RotationError: ${message}`.length).toBeLessThan(200);
    }
  });

  it('does not blame the public key where a variable is not taken', async () => {
    const { sink } = await github();
    const refusing: typeof fetch = (input, init) =>
      String(input).includes('variables') && init?.method === 'PATCH'
        ? Promise.resolve(new Response('{"message":"Validation Failed"}', { status: 422 }))
        : fetch(input, init);
    const both = sink('ghs_app', { idVariable: 'BZ_ID', fetch: refusing });
    const { message } = await failure(both.put(delivery('new'), { signal }));
    expect(message).toMatch(/422.*variable/);
    expect(message).not.toContain('public key');
  });

  it('never shows what GitHub says', async () => {
    const { url: apiUrl } = await listening(() => saying(`Repository was archived: ${madeUp('new').token}`));
    const sink = githubActionsSecret({ token: 't', scope, name: 'BZ_TOKEN', apiUrl });
    const { message } = await failure(sink.put(delivery('new'), { signal }));
    expect(message).toContain('unarchive');
    expect(createDetector({ secret: madeUp('new').secret })(message)).toEqual([]);
  });

  it('says by its code why GitHub cannot be reached', async () => {
    const { url: apiUrl, close } = await serve(() => ({ status: 200 }));
    await close();
    expect(
      await notBegun(githubActionsSecret({ token: 'ghs_app', scope, name: 'BZ_TOKEN', apiUrl })),
    ).toContain('ECONNREFUSED');
  });

  it('goes to no address but https ones and this machine, and to no path but its own', async () => {
    const { sink } = await github();
    for (const apiUrl of [
      'http://api.github.com',
      'https://user:pass@api.github.com',
      'ftp://localhost',
      'http://127.0.0.1.example.com',
    ])
      await expect(sink('ghs_app', { apiUrl }).put(delivery('new'), { signal })).rejects.toThrow(
        /https address only/,
      );
    expect(safeUrl('https://github.example.com/api/v3/')).toBe('https://github.example.com/api/v3');
    for (const bad of [
      'repos/acme/../actions',
      'repos/acme?x',
      '/repos/a/b',
      '',
      'repos/a/b/environments/..',
    ])
      await expect(sink('ghs_app', { scope: bad }).put(delivery('new'), { signal })).rejects.toThrow(
        /scope is/,
      );
    for (const name of ['GITHUB_TOKEN', 'a-b', '1A', 'A/../B', ''])
      expect(() => sink('ghs_app', { name })).toThrow(/no name of a GitHub secret/);
  });

  it('can have the id beside it, in a variable that is written after it', async () => {
    const { fake, heard, sink } = await github();
    for (const round of [1, 2]) {
      const { report } = await rotated(sink('ghs_app', { idVariable: 'BZ_KEY_ID' }));
      expect(report.sinks[0]?.acknowledged, `round ${round}`).toBe(true);
      expect(fake.variables.get(`${scope}/variables/BZ_KEY_ID`)).toBe(report.keyId);
    }
    const writes = heard.filter((call) => !call.startsWith('GET')).map((call) => call.replace(scope, ''));
    const [secret, variable] = ['PUT //secrets/BZ_TOKEN', 'PATCH //variables/BZ_KEY_ID'];
    expect(writes).toEqual([secret, variable, 'POST //variables', secret, variable]);
  });

  it('shows a probe since when it exists, and which key the variable names', async () => {
    const { fake, sink } = await github();
    const both = sink('ghs_app', { idVariable: 'BZ_KEY_ID' });
    expect(await both.probe?.({ signal })).toEqual({ keyId: null });
    const before = Date.now();
    await both.put(delivery('new'), { signal });
    const state = await both.probe?.({ signal });
    expect(state).toEqual({ keyId: madeUp('new').id, since: expect.any(Date) });
    expect(state?.since?.getTime()).toBeGreaterThan(before - 2_000);
    expect(await sink().probe?.({ signal })).toEqual({ since: state?.since });
    expect(fake.history).toHaveLength(1);
  });
});

describe('a sealed box', () => {
  it('is another one each time, and is closed only for a whole key', () => {
    const { publicKey } = nacl.box.keyPair();
    const key = Buffer.from(publicKey).toString('base64');
    expect(seal('text', key)).not.toBe(seal('text', key));
    expect(() => seal('text', key.slice(4))).toThrow(/32 bytes/);
  });
});

describe('an Azure DevOps variable group', () => {
  const make = (type = 'Vsts'): Group => ({
    id: 7,
    type,
    name: 'blazemeter',
    description: 'Keys of the pipelines',
    variables: {
      REGION: { value: 'eu' },
      OTHER_SECRET: { value: 'kept', isSecret: true },
      API_KEY_ID: { value: 'old' },
      API_KEY_SECRET: { value: 'old', isSecret: true },
    },
    variableGroupProjectReferences: [
      { name: 'blazemeter', projectReference: { id: 'p1', name: 'My Project' } },
    ],
  });
  async function azure(group: Group, authorization = 'Bearer azure') {
    const { url, heard } = await listening(variableGroupFake(group, 'Bearer azure'));
    const sink = azureVariableGroup({
      organization: `${url}/fabrikam`,
      project: 'My Project',
      groupId: 7,
      idVariable: 'API_KEY_ID',
      secretVariable: 'API_KEY_SECRET',
      authorization: () => authorization,
    });
    return { sink, heard };
  }

  it('gets both halves in one request, the secret as a secret, and keeps all else', async () => {
    const group = make();
    const { sink, heard } = await azure(group);
    const { token } = await rotated(sink);
    const [id, secret] = token.split(':');
    expect(group.variables).toEqual({
      REGION: { value: 'eu' },
      OTHER_SECRET: { value: 'kept', isSecret: true },
      API_KEY_ID: { value: id },
      API_KEY_SECRET: { value: secret, isSecret: true },
    });
    expect(heard.filter((call) => call.startsWith('PUT'))).toHaveLength(1);
  });

  it.each([
    [
      'the token is not accepted, which Azure tells by a page to sign in',
      make(),
      'Bearer wrong',
      /203.*sign in/,
    ],
    [
      'the group takes its values from a key vault',
      make('AzureKeyVault'),
      'Bearer azure',
      /from a key vault/,
    ],
  ])('does not let a rotation begin where %s', async (_, group, authorization, why) => {
    const { sink } = await azure(group, authorization);
    expect(await notBegun(sink)).toMatch(why);
    expect(group).toEqual(make(group.type));
  });
});

describe('a secret of Azure Key Vault', () => {
  async function vault(token = 'entra') {
    const versions = new Map<string, VaultSecret[]>();
    const { url } = await listening(keyVaultFake('entra', versions));
    const sink = azureKeyVaultSecret({ vault: url, name: 'blazemeter-ci', token: () => token });
    return { sink, latest: () => versions.get('blazemeter-ci')?.at(-1), versions };
  }

  it('gets a new version with the credentials, their expiry, and where they come from', async () => {
    const { sink, latest } = await vault();
    const { report, token } = await rotated(sink);
    expect(latest()).toEqual({
      value: token,
      tags: { keyId: report.keyId, recordId: report.recordId, epoch: '1' },
      attributes: { exp: Math.floor((report.expiresAt?.getTime() ?? 0) / 1000) },
    });
  });

  it('is not set back by an older epoch of the same record, and is by another record', async () => {
    const { sink, latest } = await vault();
    await sink.put(delivery('newer', 5), { signal });
    await expect(sink.put(delivery('older', 4), { signal })).rejects.toThrow(/epoch 5 already/);
    expect(latest()?.value).toBe(madeUp('newer').token);
    await sink.put({ ...delivery('adopted', 1), recordId: 'klmnpqrstu' }, { signal });
    expect(latest()?.value).toBe(madeUp('adopted').token);
  });

  it('does not let a rotation begin where the token is not accepted', async () => {
    const { sink, versions } = await vault('expired');
    expect(await notBegun(sink)).toMatch(/401/);
    expect(versions.size).toBe(0);
  });
});

describe('a credential of Jenkins', () => {
  const userPassword = `<?xml version='1.1' encoding='UTF-8'?>
<com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl plugin="credentials@1319.v7eb_51b_3a_c97b_">
  <scope>GLOBAL</scope>
  <id>blazemeter</id>
  <description>Load tests &amp; &lt;username&gt; of ops</description>
  <username>old-id</username>
  <password>old-secret</password>
  <usernameSecret>false</usernameSecret>
</com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl>`;
  const secretText = `<org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl plugin="plain-credentials">
  <id>blazemeter</id>
  <description/>
  <secret>old</secret>
</org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl>`;
  async function jenkins(
    document: string,
    password = 'api-token',
    { crumbs = true, credentialId = 'blazemeter' } = {},
  ) {
    const fake = jenkinsFake(document, { crumbs });
    const { url } = await listening(fake.response);
    return { fake, sink: jenkinsCredential({ url, credentialId, user: 'robot', password }) };
  }

  it.each([
    ['an API token', 'api-token', true],
    ['a password, and the crumb of its session', 'password', true],
    ['a password, where Jenkins asks for no crumb', 'password', false],
  ])('takes id and secret as user name and password, with %s', async (_, password, crumbs) => {
    const { fake, sink } = await jenkins(userPassword, password, { crumbs });
    const { token } = await rotated(sink);
    const [id = '', secret = ''] = token.split(':');
    expect(fake.document).toBe(userPassword.replace('old-id', id).replace('old-secret', secret));
  });

  it('takes id:secret as a secret text', async () => {
    const { fake, sink } = await jenkins(secretText);
    const { token } = await rotated(sink);
    expect(fake.document).toBe(secretText.replace('old', token));
  });

  it('takes characters that XML and replacements would take for their own', async () => {
    const { fake, sink } = await jenkins(userPassword);
    const secret = `a<b>&c"d'e$&$1$\`]]>`;
    await sink.put({ ...delivery('x'), secret: Secret.from(secret) }, { signal });
    expect(elementOf(fake.document, 'password')).toBe(secret);
    await expect(sink.put({ ...delivery('x'), secret: Secret.from('a\u0001b') }, { signal })).rejects.toThrow(
      /XML cannot/,
    );
    expect(elementOf(fake.document, 'password')).toBe(secret);
  });

  it.each([
    ['the user is not accepted', 'wrong', 'blazemeter', /401/],
    ['there is no such credential', 'api-token', 'none', /404.*Make it once/],
  ])('does not let a rotation begin where %s', async (_, password, credentialId, why) => {
    const { fake, sink } = await jenkins(userPassword, password, { credentialId });
    expect(await notBegun(sink)).toMatch(why);
    expect(fake.document).toBe(userPassword);
  });

  it('leaves a credential of another kind alone', async () => {
    const document = userPassword.replaceAll('password>', 'privateKey>');
    const { fake, sink } = await jenkins(document);
    expect((await rotated(sink)).report.sinks[0]?.problem).toMatch(/not exactly one secret/);
    expect(fake.document).toBe(document);
  });
});

describe('the log of an example', () => {
  it.each(Object.entries(payloads))('%s is broken in a line and in an output', (_, payload) => {
    for (const line of [plain(payload), plain(`Key ${payload}.`)]) {
      expect(obeyed(line)).toEqual([]);
      expect(line).not.toMatch(/\n/);
    }
    expect(plainOutput(payload)).toMatch(/^[\w.:-]*$/);
  });
});

describe('the examples', () => {
  it('keep a secret out of addresses: every one of them sends it in a body', async () => {
    const calls: string[] = [];
    const spy: typeof fetch = async (input, init) => {
      calls.push(`${String(input)} ${JSON.stringify(init?.headers)}`);
      const text = '<a><id>x</id><secret>y</secret></a>';
      const group = {
        type: 'Vsts',
        variables: {},
        key_id: '1',
        key: Buffer.alloc(32, 9).toString('base64'),
        tags: {},
      };
      return String(input).endsWith('.xml') ? new Response(text) : Response.json(group);
    };
    const base = { token: () => 't', fetch: spy };
    const sinks = [
      githubActionsSecret({ token: 't', scope: 'repos/a/b/actions', name: 'X', fetch: spy }),
      azureVariableGroup({
        organization: 'https://dev.azure.com/f',
        project: 'p',
        groupId: 1,
        idVariable: 'i',
        secretVariable: 's',
        authorization: () => 't',
        fetch: spy,
      }),
      azureKeyVaultSecret({ vault: 'https://v.vault.azure.net', name: 'n', ...base }),
      jenkinsCredential({
        url: 'https://jenkins.example.com',
        credentialId: 'c',
        user: 'u',
        password: 'p',
        fetch: spy,
      }),
    ];
    for (const sink of sinks) await sink.put(delivery('new'), { signal });
    expect(calls.length).toBeGreaterThan(8);
    expect(createDetector({ secret: madeUp('new').secret })(calls.join('\n'))).toEqual([]);
  });
});
