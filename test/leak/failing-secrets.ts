// Failures around a secret that is made: lost, not delivered, not readable. And what success shows.

import { join } from 'node:path';
import {
  AmbiguousOutcomeError,
  CredentialsError,
  type NewSecretEvent,
  RequestSigner,
} from 'blazemeter-client';
import { fromEnvironment, fromKeyFile, writeKeyFile } from 'blazemeter-client/node';
import type { Failure } from './failures.ts';
import type { Stage } from './stage.ts';

const CREATE = { name: 'ci', expiresIn: '3 months' } as const;

/** A response to a create, whole or with something wrong in it. */
const response = ({ made }: Stage, change: object = {}): string =>
  JSON.stringify({
    api_version: 4,
    error: null,
    result: { id: '7e57ed1d0123456789abcdef', name: 'ci', created: 1_900_000_000, secret: made, ...change },
    request_id: '6a1b2c3d4e5f6',
  });

/** A create that is answered so; all else goes to the reference. */
const createdWith = (stage: Stage, respond: () => Response) =>
  stage
    .client({
      fetch: async (url, init) => (init.method === 'POST' ? respond() : stage.fetch(url, init)),
    })
    .apiKeys.create(CREATE);

const hooked = (
  name: string,
  hook: (event: NewSecretEvent, stage: Stage) => void | Promise<void>,
): Failure => ({
  name: `a hook that ${name}`,
  ends: 'UndeliveredSecretError',
  run: (stage) =>
    stage
      .client({ onNewSecret: (event) => hook(stage.show(event), stage), totalTimeout: 500 })
      .apiKeys.create(CREATE),
});

const lost: Failure[] = [
  {
    name: 'a create whose response is lost',
    ends: 'AmbiguousOutcomeError',
    run: ({ reference, client }) => {
      reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit' });
      return client().apiKeys.create(CREATE);
    },
  },
  {
    name: 'a create that is aborted after it was sent',
    ends: 'AmbiguousOutcomeError',
    run: ({ reference, client }) => {
      reference.faults.add({ operation: 'apiKeys.create', effect: 'stall', when: 'after-commit' });
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 60);
      return client().apiKeys.create(CREATE, { signal: controller.signal });
    },
  },
  {
    name: 'a create answered with 500 and the secret in its body',
    ends: 'UndeliveredSecretError',
    run: (stage) => createdWith(stage, () => new Response(response(stage), { status: 500 })),
  },
  {
    name: 'a regenerate of the key itself whose response is lost',
    ends: 'SecretLostError',
    run: ({ reference, client, credentials }) => {
      reference.faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'reset', when: 'after-commit' });
      return client().apiKeys.regenerateSecret(credentials.id, { allowSelf: true });
    },
  },
  {
    name: 'a secret in a response of another shape',
    ends: 'UndeliveredSecretError',
    run: (stage) =>
      createdWith(stage, () => new Response(response(stage, { created: stage.made, [stage.made]: 1 }))),
  },
  {
    name: 'a secret under another name',
    ends: 'AmbiguousOutcomeError',
    run: (stage) =>
      createdWith(stage, () => new Response(JSON.stringify({ result: { apiKeySecret: stage.made } }))),
  },
  {
    name: 'a secret as bare text',
    ends: 'AmbiguousOutcomeError',
    run: (stage) => createdWith(stage, () => new Response(stage.made)),
  },
  {
    name: 'a secret whose response breaks off behind it',
    ends: 'UndeliveredSecretError',
    run: (stage) =>
      createdWith(stage, () => {
        let sent = false;
        const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
          if (sent) throw new Error(stage.made);
          sent = true;
          controller.enqueue(new TextEncoder().encode(response(stage).slice(0, -20)));
        };
        return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
      }),
  },
  hooked('throws an error that quotes the secret', ({ secret }) => {
    throw Object.assign(new Error(secret.reveal()), { secret: secret.reveal(), name: secret.reveal() });
  }),
  hooked('throws the secret', async ({ secret }) => {
    throw secret.reveal();
  }),
  hooked('throws an error of ours that quotes the secret', async ({ secret }) => {
    throw new CredentialsError(`Could not mask ${secret.reveal()}.`);
  }),
  hooked('throws an error of ours with a cause that quotes the secret', async ({ secret }) => {
    throw new CredentialsError('Could not mask it.', { cause: new Error(secret.reveal()) });
  }),
  hooked('never ends', () => new Promise(() => {})),
  {
    name: 'an error of ours that is printed by hand',
    ends: 'AmbiguousOutcomeError',
    run: async (stage) => {
      const error = await createdWith(stage, () => new Response(stage.made)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof AmbiguousOutcomeError)) throw new Error('It did not fail.');
      stage.show([{ ...error }, Object.entries(error), error.newSecret, error.toJSON()]);
      throw error;
    },
  },
];

/** What ends well must show nothing either. */
const successes: Failure[] = [
  { name: 'a user', run: ({ client }) => client().user.get() },
  { name: 'a page', run: ({ client }) => client().apiKeys.list() },
  { name: 'a new key', run: ({ client }) => client().apiKeys.create(CREATE) },
  {
    name: 'a new secret of the key that signs',
    run: async ({ client, credentials }) => {
      const own = client();
      const issued = await own.apiKeys.regenerateSecret(credentials.id, { allowSelf: true });
      await own.user.get();
      return issued;
    },
  },
  {
    name: 'a new key with fields that nobody knows',
    run: (stage) =>
      createdWith(stage, () => new Response(response(stage, { copy: stage.made, more: [stage.made] }))),
  },
  { name: 'a diagnosis', run: ({ client }) => client().diagnose({ full: true }) },
  {
    name: 'a diagnosis of a key file that is wrong',
    run: async ({ client, show, folder, credentials }) => {
      const path = join(folder(), 'api-key.json');
      await writeKeyFile(path, { ...credentials, secret: `${credentials.secret}x` });
      const provider = show(fromKeyFile(path));
      const diagnosis = await client({ credentials: provider }).diagnose({ full: true });
      return [diagnosis, provider.describe?.()];
    },
  },
  {
    name: 'a diagnosis of id and secret in the wrong order',
    run: ({ client, show, credentials }) => {
      const env = {
        BLAZEMETER_API_KEY_ID: credentials.secret.replaceAll(':', ''),
        BLAZEMETER_API_KEY_SECRET: credentials.id,
      };
      return client({ credentials: show(fromEnvironment({ env })) }).diagnose();
    },
  },
  {
    name: 'a lost create that is resolved',
    run: async ({ reference, client, show }) => {
      reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit', times: 1 });
      const error: unknown = await client()
        .apiKeys.create(CREATE)
        .then(undefined, (reason: unknown) => reason);
      const resolve: unknown = Reflect.get(Object(show(error)), 'resolve');
      if (typeof resolve !== 'function') throw new Error('It did not fail.');
      return resolve.call(error, { regenerate: true });
    },
  },
  {
    name: 'a response to a signer',
    run: async (stage) => {
      const real = globalThis.fetch;
      stage.afterwards(() => {
        globalThis.fetch = real;
      });
      globalThis.fetch = async (input, init) => stage.reference.fetch(new Request(input, init));
      return stage
        .show(new RequestSigner(stage.credentials))
        .fetch('https://a.blazemeter.com/api/v4/web/version');
    },
  },
];

export const failingSecrets: readonly Failure[] = [...lost, ...successes];
