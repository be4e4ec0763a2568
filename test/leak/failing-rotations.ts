// Failures of a rotation and of what keeps its record: stores, seals, sinks and readers that quote what they were given. And
// what a rotation, a plan and an audit show when all goes well.

import { join } from 'node:path';
import { audit, toJson, toMarkdown } from 'blazemeter-client/audit';
import {
  adopt,
  type CredentialStore,
  fileStore,
  fromStore,
  kubernetesStore,
  memoryStore,
  readRecord,
  redisStore,
  revealRecord,
  rotate,
  rotateWithoutRecord,
  type SecretSink,
  type SinkDelivery,
  sealing,
  vaultStore,
} from 'blazemeter-client/rotation';
import type { Failure } from './failures.ts';
import type { Stage } from './stage.ts';

/** An error that quotes a text wherever an error can. */
const quoting = (text: string): Error =>
  Object.assign(new Error(text, { cause: new Error(text) }), { name: text, code: text, body: { text } });

/** A store with a record of the credentials that signs. */
async function adopted(stage: Stage, store: CredentialStore = memoryStore()) {
  const client = stage.client();
  stage.show([store, await adopt(client, { store, name: 'ci', credentials: stage.credentials })]);
  return { client, store };
}

/** A store that fails, quoting the record, once it is asked to keep this text. */
function refusing(inner: CredentialStore, text: string): CredentialStore {
  return {
    read: () => inner.read(),
    write(record, options) {
      const kept = revealRecord(record);
      if (kept.includes(JSON.stringify(text).slice(1, -1))) throw quoting(kept);
      return inner.write(record, options);
    },
  };
}

const sink = (stage: Stage, put: (delivery: SinkDelivery) => unknown): SecretSink => ({
  name: 'somewhere',
  async put(delivery) {
    await put(stage.show(delivery));
  },
});

const sinks: Readonly<Record<string, (delivery: SinkDelivery) => unknown>> = {
  'takes it': () => {},
  'throws an error that quotes it': ({ secret }) => {
    throw quoting(secret.reveal());
  },
  'throws it': ({ secret }) => {
    throw secret.reveal();
  },
  'responds with it': ({ secret }) => ({ acknowledged: true, was: secret.reveal() }),
};

const rotations: Failure[] = Object.entries(sinks).map(([what, put]) => ({
  name: `a rotation with a sink that ${what}`,
  run: async (stage) => {
    const { client, store } = await adopted(stage);
    const report = await rotate(client, { store, reason: 'schedule', sinks: [sink(stage, put)] });
    const reader = stage.show(fromStore(store));
    await stage.client({ credentials: reader }).user.get();
    return [report, await store.read(), reader.describe?.()];
  },
}));

/** A response that repeats the whole request. */
const echo = async (url: string, init: object) =>
  Response.json({ url, init, errors: [init] }, { status: 403 });

const refusals: Failure[] = [
  {
    name: 'a sink that refuses before anything is changed, and quotes the credentials in use',
    ends: 'RotationError',
    run: async (stage) => {
      const { client, store } = await adopted(stage);
      const probe = () => Promise.reject(quoting(stage.credentials.secret));
      return rotate(client, {
        store,
        reason: 'schedule',
        sinks: [{ name: 'a', probe, put: async () => {} }],
      });
    },
  },
  {
    name: 'a store that refuses, and quotes the credentials in use',
    ends: 'RotationError',
    run: async (stage) => {
      const { client, store } = await adopted(stage);
      return rotate(client, { store: refusing(store, stage.credentials.secret), reason: 'schedule' });
    },
  },
  {
    name: 'a store that refuses the new secret, and quotes it',
    ends: 'UndeliveredSecretError',
    run: async (stage) => {
      const { client, store } = await adopted(stage);
      return rotate(client, { store: refusing(store, stage.made), reason: 'schedule' });
    },
  },
  {
    name: 'a rotation without a record whose sink quotes the secret',
    ends: 'UndeliveredSecretError',
    run: (stage) =>
      rotateWithoutRecord(stage.client(), {
        name: 'ci',
        credentials: stage.credentials,
        reason: 'schedule',
        sinks: [sink(stage, ({ secret }) => Promise.reject(quoting(secret.reveal())))],
      }),
  },
  {
    name: 'a reader whose store quotes the record',
    ends: 'CredentialsError',
    run: async (stage) => {
      const { store } = await adopted(stage);
      const text = revealRecord(Object(await store.read()).record);
      const read = () => Promise.reject(quoting(text));
      return stage.client({ credentials: stage.show(fromStore({ read })) }).user.get();
    },
  },
  {
    name: 'a record that was spoilt, and holds the secret where it should not be',
    ends: 'RotationError',
    run: async ({ credentials }) =>
      readRecord(JSON.stringify({ version: 1, id: 7, [credentials.secret]: credentials.secret })),
  },
  {
    name: 'a record that is no JSON',
    ends: 'RotationError',
    run: async ({ credentials }) => readRecord(`{"secret": "${credentials.secret}`),
  },
];

const stores: Readonly<Record<string, (stage: Stage) => CredentialStore>> = {
  'Vault, whose response repeats the request': ({ credentials }) =>
    vaultStore({
      address: 'http://127.0.0.1:1',
      token: Buffer.from(credentials.secret).toString('base64'),
      path: 'ci',
      fetch: echo,
    }),
  'Vault, whose token cannot be had': ({ credentials }) =>
    vaultStore({
      address: 'http://127.0.0.1:1',
      token: () => Promise.reject(quoting(credentials.secret)),
      path: 'ci',
      fetch: echo,
    }),
  'Kubernetes, whose response repeats the request': ({ credentials }) =>
    kubernetesStore({
      server: 'http://127.0.0.1:1',
      token: Buffer.from(credentials.secret).toString('hex'),
      name: 'ci',
      fetch: echo,
    }),
  'Redis, whose client quotes what it sent': ({ credentials }) =>
    redisStore(
      (_script, _keys, args) =>
        args.length === 0 ? Promise.resolve(null) : Promise.reject(quoting(args.join(credentials.secret))),
      { key: 'ci', plaintext: true },
    ),
  'a seal whose key cannot be had': ({ credentials, folder }) =>
    fileStore(join(folder(), 'ci'), {
      seal: sealing({ key: () => Promise.reject(quoting(credentials.secret)) }),
    }),
  'a seal whose key is the secret': ({ credentials, folder }) =>
    fileStore(join(folder(), 'ci'), { seal: sealing({ key: () => credentials.secret }) }),
};

const places: Failure[] = Object.entries(stores).map(([what, make]) => ({
  name: `a record in ${what}`,
  ends: 'RotationError',
  run: (stage) => adopted(stage, stage.show(make(stage))),
}));

const looks: Failure[] = [
  {
    name: 'a record that is sealed with a secret of its own',
    run: async (stage) => {
      const seal = stage.show(sealing({ key: Buffer.from(stage.made).subarray(0, 32) }));
      const path = join(stage.folder(), 'ci');
      const { store } = await adopted(stage, fileStore(path, { seal }));
      const other = fileStore(path, { seal: sealing({ key: Buffer.from(stage.made).subarray(1, 33) }) });
      return [store, await store.read(), await other.read().catch((error: unknown) => error)];
    },
  },
  {
    name: 'an audit, in all its forms',
    run: async (stage) => {
      const report = await audit(stage.client());
      return [report, toJson(report), toMarkdown(report)];
    },
  },
];

export const failingRotations: readonly Failure[] = [...rotations, ...refusals, ...places, ...looks];
