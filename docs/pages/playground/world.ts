// The world that a reader plays in: a reference with a clock that stands still until it is moved, the pairs that were
// handed out, and a look at everything that leaves no trace in it.

import { type AmbiguousOutcomeError, BlazeMeterClient, type SecretLike } from 'blazemeter-client';
import { type CredentialStore, memoryStore } from 'blazemeter-client/rotation';
import { createReference, REFERENCE_MARKER, type Reference } from 'blazemeter-client/testing';

/** When it begins. A fixed moment and a fixed seed: the same steps give the same ids and secrets. */
export const START = '2026-01-05T09:00:00Z';

const decade = { days: 3650 };

/** Whose keys there are from the beginning. They live for ten years, so that there is always one to sign with. */
export const SEED = {
  users: {
    olive: { displayName: 'Olive' },
    adam: { displayName: 'Adam' },
    mira: { displayName: 'Mira' },
  },
  accounts: {
    main: { name: 'Main account', owner: 'olive', members: { adam: ['admin'], mira: ['standard'] } },
    second: { name: 'Second account', owner: 'olive', members: { mira: ['standard'] } },
  },
  workspaces: { main: { account: 'main' } },
  projects: { main: { workspace: 'main' } },
  keys: {
    olive: { user: 'olive', name: 'olive-by-hand', expires: decade },
    adam: { user: 'adam', name: 'adam-by-hand', expires: decade },
    mira: { user: 'mira', name: 'mira-by-hand', expires: decade },
  },
} as const;

type Person = keyof typeof SEED.users;
const PEOPLE = ['olive', 'adam', 'mira'] as const satisfies readonly Person[];

/** Who somebody is in the main account. */
export const roles: Readonly<Record<Person, string>> = {
  olive: 'Olive, the owner',
  adam: 'Adam, an admin',
  mira: 'Mira, a member',
};

/** A pair that was handed out, as the reader kept it. */
export interface Copy {
  readonly id: string;
  readonly secret: string;
  /** How it is called in the code beside. */
  readonly code: string;
}

/** A key, as the timeline shows it. */
export interface SeenKey {
  readonly id: string;
  readonly name: string;
  readonly person: Person;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly gone: boolean;
}

/** A copy in the ring, and whether it would be let in now. */
export interface SeenCopy extends Copy {
  readonly number: number;
  readonly person: Person | null;
  readonly keyName: string;
  /** Which of the key's secrets it holds, counted from 1. */
  readonly nth: number;
  readonly works: boolean;
}

/** Everything, as it is now. */
export interface View {
  readonly now: Date;
  readonly keys: readonly SeenKey[];
  readonly copies: readonly SeenCopy[];
  readonly maxima: readonly { readonly name: string; readonly days: number | null }[];
}

/** A pair with the marks of the reference that it never made. */
const WRONG: Copy = {
  id: `${REFERENCE_MARKER}1d0000000000000000`,
  secret: `${REFERENCE_MARKER}5e${'0'.repeat(64)}`,
  code: 'wrong',
};

const client = (credentials: Pick<Copy, 'id' | 'secret'>, reference: Reference): BlazeMeterClient =>
  new BlazeMeterClient({
    credentials: { id: credentials.id, secret: credentials.secret },
    fetch: reference.fetch,
    dangerouslyAllowBrowser: true,
    logLevel: 'off',
  });

export class World {
  readonly reference = createReference({ clock: { at: START, frozen: true }, randomSeed: 'playground' });
  /** Where the rotation keeps its record. */
  readonly store: CredentialStore = memoryStore();
  /** What the rotation's one sink holds. */
  sink: string | null = null;
  adopted = false;
  /** The last outcome that is not known. */
  ambiguous: { readonly error: AmbiguousOutcomeError; readonly code: string } | undefined;
  view: View = { now: new Date(START), keys: [], copies: [], maxima: [] };
  readonly accounts: Readonly<Record<'main' | 'second', number>>;
  /** The number of a copy is its place here; the first is the wrong one. */
  readonly #ring: Copy[] = [WRONG];
  #keys: SeenKey[] = [];

  constructor() {
    const { keys, accounts } = this.reference.seed(SEED);
    this.accounts = { main: accounts.main.id, second: accounts.second.id };
    for (const name of PEOPLE) this.keep(keys[name].id, keys[name].secret, `keys.${name}`);
  }

  /** Keeps a copy of a pair, unless there is one; gives its number. */
  keep(id: string, secret: string | SecretLike, code: string): number {
    const text = typeof secret === 'string' ? secret : secret.reveal();
    const known = this.#ring.findIndex((copy) => copy.id === id && copy.secret === text);
    if (known >= 0) return known;
    return this.#ring.push({ id, secret: text, code }) - 1;
  }

  /** How the next copy is called in the code. */
  get nextCopy(): string {
    return `pair${this.#ring.length}`;
  }

  /** The copy of a number; the wrong one, where there is none. */
  copy(number: number): Copy {
    return this.#ring[number] ?? WRONG;
  }

  /** The number of the copy that holds this very pair. */
  find(id: string, secret: string): number | undefined {
    const at = this.#ring.findIndex((copy) => copy.id === id && copy.secret === secret);
    return at > 0 ? at : undefined;
  }

  /** The key of a number, counted from 1 in the order in which they were first seen. */
  key(number: number): SeenKey | undefined {
    return this.view.keys[number - 1];
  }

  /** Looks at everything in a copy of the world, with keys made for that: no journal, no fault, no last use is touched. */
  async look(): Promise<void> {
    const mirror = createReference({ randomSeed: 'onlooker', warn: () => {} });
    mirror.restore(this.reference.snapshot());
    const expires = { days: 1 };
    const seen = mirror.seed({
      keys: {
        eyeOfOlive: { user: 'olive', expires },
        eyeOfAdam: { user: 'adam', expires },
        eyeOfMira: { user: 'mira', expires },
      },
    }).keys;
    const eyes = { olive: seen.eyeOfOlive, adam: seen.eyeOfAdam, mira: seen.eyeOfMira };
    const found = new Map<string, SeenKey>();
    for (const person of PEOPLE) {
      const eye = eyes[person];
      for await (const key of client(eye, mirror).apiKeys.list())
        if (key.id !== eye.id) found.set(key.id, { ...key, person, gone: false });
    }
    const before = this.#keys.map((key) => found.get(key.id) ?? { ...key, gone: true });
    const known = new Set(before.map(({ id }) => id));
    this.#keys = [...before, ...[...found.values()].filter(({ id }) => !known.has(id))].map(
      ({ id, name, person, createdAt, expiresAt, lastUsedAt, gone }) => ({
        id,
        name,
        person,
        createdAt,
        expiresAt,
        lastUsedAt,
        gone,
      }),
    );
    const maxima = [];
    for (const name of ['main', 'second'] as const) {
      const { maximumDays } = await client(eyes.olive, mirror).accounts.apiKeyPolicy.get(this.accounts[name]);
      maxima.push({ name: SEED.accounts[name].name, days: maximumDays });
    }
    mirror.setSemantics(this.reference.semantics);
    const copies: SeenCopy[] = [];
    for (const [number, copy] of this.#ring.entries()) {
      const key = this.#keys.find(({ id }) => id === copy.id);
      copies.push({
        ...copy,
        number,
        person: key?.person ?? null,
        keyName: key?.name ?? 'a pair that was never made',
        nth: this.#ring.slice(0, number + 1).filter(({ id }) => id === copy.id).length,
        works: await client(copy, mirror)
          .user.get()
          .then(
            () => true,
            () => false,
          ),
      });
    }
    this.view = { now: this.reference.clock.now(), keys: this.#keys, copies, maxima };
  }

  /** The next end of a key, if one is to come. */
  nextEnd(): Date | undefined {
    const now = this.reference.clock.now();
    return this.view.keys
      .filter(({ gone }) => !gone)
      .flatMap(({ expiresAt }) => (expiresAt !== null && expiresAt > now ? [expiresAt] : []))
      .sort((a, b) => a.getTime() - b.getTime())[0];
  }
}

/** A pair typed or pasted by the reader: taken only if both halves bear the reference's marker. */
export function readPair(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = /^\s*([0-9a-f]{24}):([0-9a-f]{72})\s*$/.exec(text) ?? [];
  const ours = id?.startsWith(REFERENCE_MARKER) === true && secret?.startsWith(REFERENCE_MARKER) === true;
  return ours ? { id, secret } : undefined;
}
