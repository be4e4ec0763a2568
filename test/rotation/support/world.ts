// A service with a key to rotate, a look at which credentials are accepted that leaves no trace, and a client whose own
// credentials are nobody's, since a rotation signs with those of its record.
import { inspect } from 'node:util';
import { BlazeMeterClient } from 'blazemeter-client';
import {
  adopt,
  type CredentialStore,
  memoryStore,
  type RotationRecord,
  type Versioned,
} from 'blazemeter-client/rotation';
import {
  createReference,
  type Reference,
  type SeededKey,
  type SemanticsOption,
} from 'blazemeter-client/testing';

export interface World {
  readonly reference: Reference;
  readonly client: BlazeMeterClient;
  /** The key to rotate, another key of the same user, and one of another user. */
  readonly keys: { readonly ci: SeededKey; readonly spare: SeededKey; readonly theirs: SeededKey };
  readonly accountId: number;
}

export function rotationWorld(
  options: { semantics?: SemanticsOption; lifetime?: number; maximum?: number } = {},
): World {
  const { lifetime = 100, maximum = 3650 } = options;
  const reference = createReference({ semantics: options.semantics });
  const { keys, accounts } = reference.seed({
    users: { runner: {}, boss: {} },
    accounts: {
      main: { owner: 'boss', members: { runner: ['standard'] }, apiKeyExpiration: maximum },
      second: { owner: 'boss', members: { runner: ['standard'] }, apiKeyExpiration: -1 },
    },
    keys: {
      ci: { user: 'runner', expires: { days: lifetime } },
      spare: { user: 'runner', expires: { days: lifetime } },
      theirs: { user: 'boss' },
    },
  });
  const client = new BlazeMeterClient({
    credentials: 'nobody:nothing',
    fetch: reference.fetch,
    logLevel: 'off',
  });
  return { reference, client, keys, accountId: accounts.main.id };
}

/** A store with an adopted record. */
export async function adopted(
  world: World,
  store: CredentialStore = memoryStore(),
): Promise<CredentialStore> {
  await adopt(world.client, { store, name: 'ci', credentials: world.keys.ci });
  return store;
}

/** What a store holds; it must hold something. */
export async function heldBy(store: Pick<CredentialStore, 'read'>): Promise<Versioned> {
  const held = await store.read();
  if (held === undefined) throw new Error('There is no record.');
  return held;
}

export const recordOf = async (store: Pick<CredentialStore, 'read'>): Promise<RotationRecord> =>
  (await heldBy(store)).record;

interface Credentials {
  readonly id: string;
  readonly secret: string | { reveal(): string };
}

const headersOf = ({ id, secret }: Credentials) => ({
  authorization: `Basic ${btoa(`${id}:${typeof secret === 'string' ? secret : secret.reveal()}`)}`,
});

/** Says which credentials are accepted: by a copy of the reference, so that no key counts as used. */
export function acceptance(reference: Reference): (credentials: Credentials) => boolean {
  const copy = createReference({ semantics: reference.semantics });
  copy.restore(reference.snapshot());
  return (credentials) =>
    copy.handle({ method: 'GET', path: '/api/v4/user', headers: headersOf(credentials) }).status === 200;
}

/** Whether these credentials are accepted. */
export const accepts = (reference: Reference, credentials: Credentials): boolean =>
  acceptance(reference)(credentials);

/** The ids of all keys that there are. */
export function keyIds(reference: Reference): string[] {
  return reference
    .snapshot()
    .keys.map((key) => String(Reflect.get(key, 'id')))
    .sort();
}

/** Sends one call with these credentials, so that their key counts as used. */
export async function use(reference: Reference, credentials: Credentials): Promise<number> {
  const { status } = await reference.fetch('https://a.blazemeter.com/api/v4/user', {
    headers: headersOf(credentials),
  });
  return status;
}

/** The error that the work ends with. */
export async function failure(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('It failed with something that is no error.');
  return error;
}

/** Everything that can be seen of a value, in one text. */
export const seen = (value: unknown): string =>
  [
    inspect(value, { depth: 12, showHidden: true }),
    inspect(value, { depth: 12, showHidden: true, customInspect: false }),
    JSON.stringify(value),
    String(value),
    value instanceof Error ? `${value.message} ${value.stack} ${String(value.cause)}` : '',
  ].join('\n');

/** A store that fails at some of its writes: before it has written, or after. */
export function failing(
  inner: CredentialStore,
  at: (write: number, record: RotationRecord) => boolean,
  { how = 'before', code = 'EIO' }: { how?: 'before' | 'after'; code?: string } = {},
): CredentialStore {
  let writes = 0;
  return {
    read: () => inner.read(),
    async write(record, options) {
      writes += 1;
      const fails = at(writes, record);
      if (fails && how === 'before') throw Object.assign(new Error('quotes the record'), { code });
      const written = await inner.write(record, options);
      if (fails) throw Object.assign(new Error('quotes the record'), { code });
      return written;
    },
  };
}

/** A store that cannot keep a record of this phase, so that a run ends just before it. */
export const stoppedBefore = (inner: CredentialStore, phase: RotationRecord['phase']): CredentialStore =>
  failing(inner, (_, record) => record.phase === phase);
