// What is true of a fleet at any moment, kept apart from the code under test: which secrets the service accepts, what the
// record has said so far, and the rules that nobody may break.
import type { RotationRecord } from 'blazemeter-client/rotation';
import type { JournalEntry } from 'blazemeter-client/testing';

/** A rule was broken. */
export class Violation extends Error {}

interface Pair {
  readonly id: string;
  readonly secret: string | { reveal(): string };
}

interface Known {
  /** `undefined`: only the service knows it, since the response was lost. */
  secret: string | undefined;
  /** Milliseconds since 1970 when that secret was made. */
  since: number;
  readonly expires: number;
}

const textOf = ({ secret }: Pair): string => (typeof secret === 'string' ? secret : secret.reveal());

export class Model {
  readonly #keys = new Map<string, Known>();
  readonly #foreign: ReadonlySet<string>;
  /** The credentials of each epoch. */
  readonly #epochs = new Map<number, string>();
  readonly #names = new Map<string, string>();
  #record: RotationRecord | undefined;
  /** Keys made, secrets changed, keys deleted, promotions. */
  readonly counts = { created: 0, regenerated: 0, deleted: 0, promoted: 0, twins: 0 };
  readonly #created = new Map<string, number>();

  constructor(seeded: { readonly [name: string]: { readonly id: string; readonly secret: string } }) {
    for (const [name, { id, secret }] of Object.entries(seeded)) {
      this.#keys.set(id, { secret, since: 0, expires: Number.POSITIVE_INFINITY });
      this.#names.set(id, name);
    }
    this.#foreign = new Set(Object.entries(seeded).flatMap(([name, { id }]) => (name === 'ci' ? [] : [id])));
  }

  /** A short name for a key, as it stands in a history. */
  nameOf(id: string): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const name = `K${this.#names.size - 2}`;
    this.#names.set(id, name);
    return name;
  }

  get record(): RotationRecord | undefined {
    return this.#record;
  }

  valid(credentials: Pair): boolean {
    const known = this.#keys.get(credentials.id);
    return known !== undefined && known.secret === textOf(credentials) && Date.now() < known.expires;
  }

  /** For how long the service has known the secret of a key. */
  age(id: string): number {
    return Date.now() - (this.#keys.get(id)?.since ?? 0);
  }

  ids(): string[] {
    return [...this.#keys.keys()].sort();
  }

  /** What the service did. `result` is its response, where it can be read. */
  committed(entry: JournalEntry, result: Readonly<Record<string, unknown>>): void {
    if (!entry.committed) return;
    const { operation } = entry;
    const [, path = ''] = /\/api-keys\/([0-9a-f]+)/.exec(entry.path) ?? [];
    const secret = typeof result.secret === 'string' ? result.secret : undefined;
    const since = Date.now();
    const seconds = typeof result.expiration === 'number' ? result.expiration * 1000 : undefined;
    if (operation === 'apiKeys.create') {
      this.counts.created += 1;
      if (typeof result.id !== 'string' || typeof result.name !== 'string')
        throw new Error('a create without its response');
      this.#keys.set(result.id, { secret, since, expires: seconds ?? Number.POSITIVE_INFINITY });
      const times = (this.#created.get(result.name) ?? 0) + 1;
      this.#created.set(result.name, times);
      if (times > 1) this.counts.twins += 1;
    } else if (operation === 'apiKeys.regenerateSecret') {
      this.#mine(path, 'regenerated');
      this.counts.regenerated += 1;
      const expires = this.#keys.get(path)?.expires ?? Number.POSITIVE_INFINITY;
      this.#keys.set(path, { secret, since, expires: seconds ?? expires });
    } else if (operation === 'apiKeys.delete') {
      this.#mine(path, 'deleted');
      this.counts.deleted += 1;
      this.#drained(path);
      this.#keys.delete(path);
    } else return;
    this.check();
  }

  #mine(id: string, what: string): void {
    if (this.#foreign.has(id))
      throw new Violation(`the key ${this.nameOf(id)}, which is not this record's, was ${what}`);
  }

  #drained(id: string): void {
    const { previous, current, promotion } = this.#record ?? {};
    if (id === current?.id) throw new Violation(`the current key ${this.nameOf(id)} was deleted`);
    const until = promotion?.drainUntil?.getTime() ?? Number.POSITIVE_INFINITY;
    if (id === previous?.id && Date.now() < until)
      throw new Violation(`the key ${this.nameOf(id)} was deleted before the end of its drain`);
  }

  /** A write of the record that the store has accepted. */
  written(record: RotationRecord): void {
    const before = this.#record;
    const { epoch, current } = record;
    if (before !== undefined) {
      if (epoch < before.epoch) throw new Violation(`the epoch went back from ${before.epoch} to ${epoch}`);
      if (epoch > before.epoch + 1) throw new Violation(`the epoch jumped from ${before.epoch} to ${epoch}`);
      if (epoch > before.epoch) this.counts.promoted += 1;
    }
    const credentials = `${current.id}:${textOf(current)}`;
    const promoted = this.#epochs.get(epoch);
    if (promoted !== undefined && promoted !== credentials)
      throw new Violation(`epoch ${epoch} has two pairs: two promotions`);
    this.#epochs.set(epoch, credentials);
    this.#record = record;
    this.check();
  }

  /** What holds at any moment. */
  check(): void {
    if (this.#record === undefined) return;
    const { current, pending, previous, phase, epoch } = this.#record;
    const pairs = [current, pending?.key, previous].filter((credentials) => credentials != null);
    if (!pairs.some((credentials) => this.valid(credentials)))
      throw new Violation(`no credentials of the record is valid (epoch ${epoch}, ${phase})`);
  }
}
