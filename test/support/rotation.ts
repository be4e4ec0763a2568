// What rotation tests stand on: a world with a key to rotate, a look at which pairs are accepted that leaves no trace,
// and a client whose own credential is nobody's, since a rotation signs with the pairs of its record.
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
  /** The key to rotate, another key of the same user, and one of somebody else. */
  readonly keys: { readonly ci: SeededKey; readonly spare: SeededKey; readonly theirs: SeededKey };
  readonly accountId: number;
}

export function rotationWorld(
  options: { semantics?: SemanticsOption; life?: number; maximum?: number } = {},
): World {
  const { life = 100, maximum = 3650 } = options;
  const reference = createReference({ semantics: options.semantics });
  const { keys, accounts } = reference.seed({
    users: { runner: {}, boss: {} },
    accounts: {
      main: { owner: 'boss', members: { runner: ['standard'] }, apiKeyExpiration: maximum },
      second: { owner: 'boss', members: { runner: ['standard'] }, apiKeyExpiration: -1 },
    },
    keys: {
      ci: { user: 'runner', expires: { days: life } },
      spare: { user: 'runner', expires: { days: life } },
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

export async function recordOf(store: CredentialStore): Promise<RotationRecord> {
  const held: Versioned | undefined = await store.read();
  if (held === undefined) throw new Error('There is no record.');
  return held.record;
}

interface Pair {
  readonly id: string;
  readonly secret: string | { reveal(): string };
}

const headersOf = ({ id, secret }: Pair) => ({
  authorization: `Basic ${btoa(`${id}:${typeof secret === 'string' ? secret : secret.reveal()}`)}`,
});

/** Tells which pairs are accepted: asked of a copy of the reference, so that no key counts as used. */
export function acceptance(reference: Reference): (pair: Pair) => boolean {
  const copy = createReference({ semantics: reference.semantics });
  copy.restore(reference.snapshot());
  return (pair) =>
    copy.handle({ method: 'GET', path: '/api/v4/user', headers: headersOf(pair) }).status === 200;
}

/** Whether one pair is accepted. */
export const accepts = (reference: Reference, pair: Pair): boolean => acceptance(reference)(pair);

/** The ids of all keys that there are. */
export function keyIds(reference: Reference): string[] {
  return reference
    .snapshot()
    .keys.map((key) => String(Reflect.get(key, 'id')))
    .sort();
}

/** Sends one call with a pair, so that its key counts as used. */
export async function use(reference: Reference, pair: Pair): Promise<number> {
  const { status } = await reference.fetch('https://a.blazemeter.com/api/v4/user', {
    headers: headersOf(pair),
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
