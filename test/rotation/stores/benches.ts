// The places that the behaviours are shown of. Vault, Kubernetes and Redis are fakes: ours, on real sockets or in Lua.
import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  fileStore,
  kubernetesStore,
  memoryStore,
  redisStore,
  type Sealing,
  sealing,
  vaultStore,
} from 'blazemeter-client/rotation';
import { temporaryFolder } from '../../support/credentials.ts';
import type { Bench } from './conformance.ts';
import { kubernetesFake } from './kubernetes-fake.ts';
import { redisFake } from './redis-fake.ts';
import { vaultFake } from './vault-fake.ts';

export interface BenchKind {
  readonly name: string;
  readonly make: () => Promise<Bench>;
}

const aSeal = (): Sealing => sealing({ key: crypto.getRandomValues(new Uint8Array(32)) });

async function memory(): Promise<Bench> {
  const store = memoryStore();
  return { open: () => store, elsewhere: memoryStore, sealed: false, close: async () => {} };
}

async function file(seal: Sealing | undefined): Promise<Bench> {
  const folder = temporaryFolder();
  const path = join(folder, 'record.json');
  return {
    open: () => fileStore(path, { seal }),
    elsewhere: () => fileStore(join(folder, 'other.json'), { seal }),
    behind: {
      text: () => readFile(path, 'utf8'),
      put: (text) => writeFile(path, text),
      remove: () => rm(path),
    },
    sealed: seal !== undefined,
    close: async () => {},
  };
}

async function vault(seal: Sealing | undefined): Promise<Bench> {
  const fake = await vaultFake();
  const open = (path: string) => vaultStore({ address: fake.url, token: fake.token, path, seal });
  const last = () => fake.paths.get('secret/ci/blazemeter')?.at(-1);
  return {
    open: () => open('ci/blazemeter'),
    elsewhere: () => open('ci/other'),
    behind: {
      text: async () => {
        const text = last()?.data?.record;
        return typeof text === 'string' ? text : undefined;
      },
      put: async (record) => fake.put('secret/ci/blazemeter', { record }),
      // With all its versions, as `vault kv metadata delete` does: the next one is number 1 again.
      remove: async () => void fake.paths.delete('secret/ci/blazemeter'),
      loseAnswer: () => void fake.troubles.push({ kind: 'lost', only: 'writes' }),
    },
    sealed: seal !== undefined,
    close: fake.close,
  };
}

async function kubernetes(seal: Sealing | undefined): Promise<Bench> {
  const fake = await kubernetesFake();
  const open = (name: string) =>
    kubernetesStore({ server: fake.url, token: fake.token, namespace: 'ci', name, seal });
  return {
    open: () => open('blazemeter'),
    elsewhere: () => open('other'),
    behind: {
      text: async () => {
        const data = fake.secrets.get('ci/blazemeter')?.data;
        const base64: unknown = Reflect.get(Object(data), 'record');
        return typeof base64 === 'string' ? Buffer.from(base64, 'base64').toString() : undefined;
      },
      put: async (text) =>
        fake.change('ci/blazemeter', (secret) => ({
          ...secret,
          data: { record: Buffer.from(text).toString('base64') },
        })),
      remove: async () => void fake.secrets.delete('ci/blazemeter'),
      loseAnswer: () => void fake.troubles.push({ kind: 'lost', only: 'writes' }),
    },
    sealed: seal !== undefined,
    close: fake.close,
  };
}

async function redis(seal: Sealing | undefined): Promise<Bench> {
  const fake = redisFake();
  const open = (key: string) =>
    redisStore(fake.eval, seal === undefined ? { key, plaintext: true } : { key, seal });
  const key = `record:${randomUUID()}`;
  return {
    open: () => open(key),
    elsewhere: () => open('other'),
    behind: {
      text: async () => {
        const text = fake.keys.get(key);
        return typeof text === 'string' ? text : undefined;
      },
      put: async (text) => void fake.keys.set(key, text),
      remove: async () => void fake.keys.delete(key),
      loseAnswer: () => void fake.lost.push(new Error('Connection is closed.')),
    },
    sealed: seal !== undefined,
    close: async () => {},
  };
}

export const benches: readonly BenchKind[] = [
  { name: 'memoryStore', make: memory },
  { name: 'fileStore', make: () => file(undefined) },
  { name: 'fileStore, sealed', make: () => file(aSeal()) },
  { name: 'vaultStore on a fake', make: () => vault(undefined) },
  { name: 'vaultStore on a fake, sealed', make: () => vault(aSeal()) },
  { name: 'kubernetesStore on a fake', make: () => kubernetes(undefined) },
  { name: 'kubernetesStore on a fake, sealed', make: () => kubernetes(aSeal()) },
  { name: 'redisStore on a fake, not sealed', make: () => redis(undefined) },
  { name: 'redisStore on a fake, sealed', make: () => redis(aSeal()) },
];
