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

const token = ({ pair }: Stage): string => `${pair.id}:${pair.secret}`;

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
  thrown('an error that quotes the secret everywhere', (stage) => careless(token(stage), stage.pair)),
  thrown('the secret itself', ({ pair }) => pair.secret),
  thrown('the pair', ({ pair }) => pair),
  thrown('an error whose cause throws', (stage) => trapped(token(stage))),
  thrown('an error of ours with a cause that quotes the secret', (stage) => {
    const cause = careless(token(stage), stage.pair);
    return new CredentialsError('The vault is sealed.', { cause });
  }),
  thrown('many errors', (stage) => new AggregateError([careless(token(stage), stage.pair)], token(stage))),
  {
    name: 'a provider that gives a pair with a line break',
    ends: 'CredentialsError',
    run: (stage) => asked(stage, async () => ({ id: stage.pair.id, secret: `${stage.pair.secret}\n` })),
  },
  {
    name: 'a provider that gives half a pair',
    ends: 'CredentialsError',
    run: (stage) => asked(stage, async () => ({ id: '', secret: stage.pair.secret })),
  },
  {
    name: 'a provider that binds its pair to an address with the pair in it',
    ends: 'CredentialsError',
    run: (stage) =>
      asked(stage, async () => ({
        ...stage.pair,
        origin: `https://${stage.pair.id}:${encodeURIComponent(stage.pair.secret)}@elsewhere.example/`,
      })),
  },
  {
    name: 'a pair without a colon',
    ends: 'CredentialsError',
    run: async ({ client, pair }) => client({ credentials: pair.secret.replaceAll(':', '') }).user.get(),
  },
  {
    name: 'a signer whose provider fails',
    ends: 'CredentialsError',
    run: (stage) => {
      const provider = async () => {
        throw careless(token(stage), stage.pair);
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

const printing = (script: string, { pair }: Stage): CredentialProvider =>
  fromCommand([process.execPath, '-e', script], { env: { ...process.env, TEXT: pair.secret } });

const sources: Failure[] = [
  broken('a broken key file', (stage) =>
    fromKeyFile(fileIn(stage, 'api-key.json', `{"id": "${stage.pair.id}", "secret": "${stage.pair.secret}`)),
  ),
  broken('a key file whose fields are called otherwise', (stage) =>
    fromKeyFile(fileIn(stage, 'api-key.json', JSON.stringify({ key: stage.pair.secret }))),
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
        JSON.stringify({ modules: { blazemeter: { token: stage.pair.secret } } }),
      ),
    }),
  ),
  broken('a pair where a path belongs', (stage) =>
    fromEnvironment({ env: { BLAZEMETER_API_KEY: token(stage) } }),
  ),
  broken('a secret where a path belongs', ({ pair }) =>
    fromEnvironment({ env: { API_KEY_PATH: pair.secret } }),
  ),
  broken('a secret where a pair belongs', ({ pair }) => fromEnvironment({ env: { BZ_TOKEN: pair.secret } })),
  broken('half a pair in the environment', ({ pair }) =>
    fromEnvironment({ env: { BLAZEMETER_API_KEY_SECRET: pair.secret } }),
  ),
  broken('no credential at all, but half of a pair of another tool', (stage) =>
    defaultCredentials({
      env: { API_KEY_SECRET: stage.pair.secret },
      taurusPath: join(stage.folder(), '.bzt-rc'),
    }),
  ),
  broken('a command that fails with the secret on its streams', (stage) =>
    printing('console.log(process.env.TEXT); console.error(process.env.TEXT); process.exitCode = 3', stage),
  ),
  broken('a command that prints the secret and no JSON', (stage) =>
    printing('console.log(process.env.TEXT); console.error(process.env.TEXT)', stage),
  ),
  broken('a command that is the pair', (stage) => fromCommand([token(stage)])),
  {
    name: 'a key file that cannot be written',
    ends: 'CredentialsError',
    run: ({ folder, pair }) => writeKeyFile(join(folder(), 'not', 'there.json'), pair),
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
  fetching('throws an error with the request headers on it', ({ pair }, { headers }) => {
    throw careless(basic(pair), headers);
  }),
  fetching('throws the headers as text', (_, { headers }) => {
    throw JSON.stringify(headers);
  }),
  fetching('throws what it was given', (_, init) => {
    throw init;
  }),
  fetching('throws an error whose cause throws', ({ pair }) => {
    throw trapped(basic(pair));
  }),
  fetching('throws many errors', ({ pair }, { headers }) => {
    throw new AggregateError([careless(basic(pair), headers)], basic(pair));
  }),
  fetching('gives back what it was given', (_, init) => init, 'InvalidResponseError'),
  fetching('gives a body that breaks with the headers in its error', (_, { headers }) => {
    const pull = () => {
      throw new Error(JSON.stringify(headers));
    };
    return new Response(new ReadableStream({ pull }));
  }),
  fetching('gives an answer that throws the headers', (_, { headers }) => {
    return Object.defineProperty(new Response('{}'), 'headers', {
      get() {
        throw new Error(JSON.stringify(headers));
      },
    });
  }),
];

export const failingSources: readonly Failure[] = [...providers, ...sources, ...fetches];
