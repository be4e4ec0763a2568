// Failures of what callers bring: sources of credentials, hooks and fetches, each of which quotes the secret where it can.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CredentialProvider, CredentialsError, type FetchLike, RequestSigner } from 'blazemeter-client';
import {
  defaultCredentials,
  fromCommand,
  fromEnvironment,
  fromKeyFile,
  fromTaurus,
  writeKeyFile,
} from 'blazemeter-client/node';
import type { Failure } from './failures.ts';
import { basic, type Stage } from './stage.ts';

const token = ({ credentials }: Stage): string => `${credentials.id}:${credentials.secret}`;

/** A client whose credentials come from there. */
const asked = (stage: Stage, provider: CredentialProvider): PromiseLike<unknown> =>
  stage.client({ credentials: stage.show(provider) }).user.get();

/** Everything that a careless library hangs on its errors. */
function careless(text: string, headers: unknown): Error {
  const request = { url: 'https://a.example', headers };
  const inner = Object.assign(new Error(text), { config: request });
  return Object.assign(new Error(`failed: ${text}`, { cause: inner }), {
    name: text,
    code: text,
    request,
    [Symbol('request')]: request,
    response: { config: request },
  });
}

/** An error that throws when its causes are looked at, and quotes the secret in that. */
const trapped = (text: string): Error =>
  Object.defineProperty(new Error('no'), 'cause', {
    get() {
      throw new Error(text);
    },
  });

const thrown = (name: string, make: (stage: Stage) => unknown): Failure => ({
  name: `a provider that throws ${name}`,
  ends: 'CredentialsError',
  run: (stage) =>
    asked(stage, async () => {
      throw make(stage);
    }),
});

const providers: Failure[] = [
  thrown('an error that quotes the secret everywhere', (stage) => careless(token(stage), stage.credentials)),
  thrown('the secret itself', ({ credentials }) => credentials.secret),
  thrown('the credentials', ({ credentials }) => credentials),
  thrown('an error whose cause throws', (stage) => trapped(token(stage))),
  thrown('an error of ours with a cause that quotes the secret', (stage) => {
    const cause = careless(token(stage), stage.credentials);
    return new CredentialsError('The vault is sealed.', { cause });
  }),
  thrown(
    'many errors',
    (stage) => new AggregateError([careless(token(stage), stage.credentials)], token(stage)),
  ),
  {
    name: 'a provider that gives credentials with a line break',
    ends: 'CredentialsError',
    run: (stage) =>
      asked(stage, async () => ({ id: stage.credentials.id, secret: `${stage.credentials.secret}\n` })),
  },
  {
    name: 'a provider that gives half credentials',
    ends: 'CredentialsError',
    run: (stage) => asked(stage, async () => ({ id: '', secret: stage.credentials.secret })),
  },
  {
    name: 'a provider that binds its credentials to an address with the credentials in it',
    ends: 'CredentialsError',
    run: (stage) =>
      asked(stage, async () => ({
        ...stage.credentials,
        origin: `https://${stage.credentials.id}:${encodeURIComponent(stage.credentials.secret)}@elsewhere.example/`,
      })),
  },
  {
    name: 'credentials without a colon',
    ends: 'CredentialsError',
    run: async ({ client, credentials }) =>
      client({ credentials: credentials.secret.replaceAll(':', '') }).user.get(),
  },
  {
    name: 'a signer whose provider fails',
    ends: 'CredentialsError',
    run: (stage) => {
      const provider = async () => {
        throw careless(token(stage), stage.credentials);
      };
      return stage.show(new RequestSigner(provider)).headers('https://a.blazemeter.com/');
    },
  },
];

function fileIn(stage: Stage, name: string, content: string, mode = 0o600): string {
  const path = join(stage.folder(), name);
  writeFileSync(path, content, { mode });
  return path;
}

const broken = (name: string, provider: (stage: Stage) => CredentialProvider): Failure => ({
  name,
  ends: 'CredentialsError',
  run: (stage) => asked(stage, provider(stage)),
});

const printing = (script: string, { credentials }: Stage): CredentialProvider =>
  fromCommand([process.execPath, '-e', script], { env: { ...process.env, TEXT: credentials.secret } });

const sources: Failure[] = [
  broken('a broken key file', (stage) =>
    fromKeyFile(
      fileIn(
        stage,
        'api-key.json',
        `{"id": "${stage.credentials.id}", "secret": "${stage.credentials.secret}`,
      ),
    ),
  ),
  broken('a key file whose fields are called otherwise', (stage) =>
    fromKeyFile(fileIn(stage, 'api-key.json', JSON.stringify({ key: stage.credentials.secret }))),
  ),
  broken('a key file that is a folder', (stage) => {
    const path = join(stage.folder(), 'api-key.json');
    mkdirSync(path);
    return fromKeyFile(path);
  }),
  broken('a broken .bzt-rc', (stage) =>
    fromTaurus({ path: fileIn(stage, '.bzt-rc', `modules:\n  blazemeter: {token: "${token(stage)}\n`) }),
  ),
  broken('a .bzt-rc without a colon in its token', (stage) =>
    fromTaurus({
      path: fileIn(
        stage,
        '.bzt-rc',
        JSON.stringify({ modules: { blazemeter: { token: stage.credentials.secret } } }),
      ),
    }),
  ),
  broken('credentials where a path belongs', (stage) =>
    fromEnvironment({ env: { BLAZEMETER_API_KEY: token(stage) } }),
  ),
  broken('a secret where a path belongs', ({ credentials }) =>
    fromEnvironment({ env: { API_KEY_PATH: credentials.secret } }),
  ),
  broken('a secret where credentials belongs', ({ credentials }) =>
    fromEnvironment({ env: { BZ_TOKEN: credentials.secret } }),
  ),
  broken('half credentials in the environment', ({ credentials }) =>
    fromEnvironment({ env: { BLAZEMETER_API_KEY_SECRET: credentials.secret } }),
  ),
  broken('no credential at all, but half of credentials of another tool', (stage) =>
    defaultCredentials({
      env: { API_KEY_SECRET: stage.credentials.secret },
      taurusPath: join(stage.folder(), '.bzt-rc'),
    }),
  ),
  broken('a command that fails with the secret on its streams', (stage) =>
    printing('console.log(process.env.TEXT); console.error(process.env.TEXT); process.exitCode = 3', stage),
  ),
  broken('a command that prints the secret and no JSON', (stage) =>
    printing('console.log(process.env.TEXT); console.error(process.env.TEXT)', stage),
  ),
  broken('a command that is the credentials', (stage) => fromCommand([token(stage)])),
  {
    name: 'a key file that cannot be written',
    ends: 'CredentialsError',
    run: ({ folder, credentials }) => writeKeyFile(join(folder(), 'not', 'there.json'), credentials),
  },
];

const fetching = (
  name: string,
  fetch: (stage: Stage, init: RequestInit) => unknown,
  ends = 'ConnectionError',
) => ({
  name: `a fetch that ${name}`,
  ends,
  run: (stage: Stage) => {
    // What a caller's fetch gives is not for TypeScript to know.
    const given: FetchLike = async (_, init) => Object(await fetch(stage, init));
    return stage.client({ fetch: given }).user.get();
  },
});

const fetches: Failure[] = [
  fetching('throws an error with the request headers on it', ({ credentials }, { headers }) => {
    throw careless(basic(credentials), headers);
  }),
  fetching('throws the headers as text', (_, { headers }) => {
    throw JSON.stringify(headers);
  }),
  fetching('throws what it was given', (_, init) => {
    throw init;
  }),
  fetching('throws an error whose cause throws', ({ credentials }) => {
    throw trapped(basic(credentials));
  }),
  fetching('throws many errors', ({ credentials }, { headers }) => {
    throw new AggregateError([careless(basic(credentials), headers)], basic(credentials));
  }),
  fetching('gives back what it was given', (_, init) => init, 'InvalidResponseError'),
  fetching('gives a body that breaks with the headers in its error', (_, { headers }) => {
    const pull = () => {
      throw new Error(JSON.stringify(headers));
    };
    return new Response(new ReadableStream({ pull }));
  }),
  fetching('gives a response that throws the headers', (_, { headers }) => {
    return Object.defineProperty(new Response('{}'), 'headers', {
      get() {
        throw new Error(JSON.stringify(headers));
      },
    });
  }),
];

export const failingSources: readonly Failure[] = [...providers, ...sources, ...fetches];
