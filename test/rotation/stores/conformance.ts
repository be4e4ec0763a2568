// What every store must do, as data: the same behaviours are shown of the memory, of files, of the fakes on their sockets,
// and, by a script, of a real Redis.
import assert from 'node:assert/strict';
import { type CredentialStore, revealRecord, StoreConflictError } from 'blazemeter-client/rotation';
import { MADE_UP_SECRET, madeUpRecord } from '../support/records.ts';

/** A place to keep one record in, seen from the outside. */
export interface Bench {
  /** A store on that place: each call gives one as another process would have it. */
  open(): CredentialStore;
  /** Another place of the same kind. */
  elsewhere(): CredentialStore;
  /** Past the store, where that can be done. */
  readonly behind?: {
    text(): Promise<string | undefined>;
    put(text: string): Promise<void>;
    remove(): Promise<void>;
    /** The next write is done, and its response is lost. */
    loseAnswer?(): void;
  };
  readonly sealed: boolean;
  close(): Promise<void>;
}

export interface Behaviour {
  readonly name: string;
  /** Whether it can be shown on this bench. */
  readonly fits?: (bench: Bench) => boolean;
  readonly run: (bench: Bench) => Promise<void>;
}

const conflict = (error: unknown): boolean => error instanceof StoreConflictError;
const coded = (code: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === code;

async function begun(bench: Bench) {
  const store = bench.open();
  const record = madeUpRecord();
  const { etag } = await store.write(record, { ifMatch: null });
  return { store, record, etag };
}

async function textIn(store: CredentialStore): Promise<string> {
  const held = await store.read();
  assert(held !== undefined);
  return revealRecord(held.record);
}

const behindOf = ({ behind }: Bench) => {
  assert(behind !== undefined);
  return behind;
};

export const behaviours: readonly Behaviour[] = [
  {
    name: 'is empty at first',
    run: async (bench) => assert.equal(await bench.open().read(), undefined),
  },
  {
    name: 'gives back what was written, to every other store on the same place',
    async run(bench) {
      const { record, etag } = await begun(bench);
      const held = await bench.open().read();
      assert(held !== undefined);
      assert.equal(revealRecord(held.record), revealRecord(record));
      assert.equal(held.etag, etag);
      assert.equal(await bench.elsewhere().read(), undefined);
    },
  },
  {
    name: 'keeps a long record with letters of every kind',
    async run(bench) {
      const record = madeUpRecord({
        name: 'ci €ñ\u2028"\\ 🗝',
        retire: Array.from({ length: 200 }, (_, at) => ({
          id: `key-${at}`,
          name: 'ü'.repeat(60),
          secret: null,
        })),
      });
      await bench.open().write(record, { ifMatch: null });
      assert.equal(await textIn(bench.open()), revealRecord(record));
    },
  },
  {
    name: 'gives every version a mark of its own, and takes the mark that another store has read',
    async run(bench) {
      const { etag: first } = await begun(bench);
      const marks = new Set([first]);
      for (let at = 0; at < 4; at++) {
        const held = await bench.open().read();
        const { etag } = await bench.open().write(madeUpRecord(), { ifMatch: held?.etag ?? null });
        marks.add(etag);
      }
      assert.equal(marks.size, 5);
    },
  },
  {
    name: 'writes on and on over its own marks, without reading in between',
    async run(bench) {
      const { store, etag } = await begun(bench);
      let ifMatch = etag;
      let record = madeUpRecord();
      for (let at = 0; at < 4; at++) {
        record = madeUpRecord();
        ({ etag: ifMatch } = await store.write(record, { ifMatch }));
      }
      assert.equal(await textIn(bench.open()), revealRecord(record));
    },
  },
  {
    name: 'writes over the version of the mark, and over no other',
    async run(bench) {
      const { store, etag } = await begun(bench);
      const newer = madeUpRecord();
      await bench.open().write(newer, { ifMatch: etag });
      for (const each of [store, bench.open()]) {
        for (const ifMatch of [etag, null, 'made-up', ''])
          await assert.rejects(each.write(madeUpRecord(), { ifMatch }), conflict);
      }
      assert.equal(await textIn(bench.open()), revealRecord(newer));
    },
  },
  {
    name: 'writes nothing over a mark where there is no record',
    async run(bench) {
      await assert.rejects(bench.open().write(madeUpRecord(), { ifMatch: 'made-up' }), conflict);
      assert.equal(await bench.open().read(), undefined);
    },
  },
  {
    name: 'lets one of many writers win each version, the first one too',
    async run(bench) {
      const store = bench.open();
      for (let round = 0; round < 3; round++) {
        const over = (await store.read())?.etag ?? null;
        const writers = Array.from({ length: 8 }, () => madeUpRecord());
        const outcomes = await Promise.allSettled(
          writers.map((record) => bench.open().write(record, { ifMatch: over })),
        );
        const won = outcomes.flatMap((outcome, at) => (outcome.status === 'fulfilled' ? [at] : []));
        const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
        assert.equal(won.length, 1);
        assert(lost.every(conflict), String(lost.find((error) => !conflict(error))));
        const held = await bench.open().read();
        assert(held !== undefined);
        assert.equal(revealRecord(held.record), revealRecord(writers[won[0] ?? -1] ?? madeUpRecord()));
      }
    },
  },
  {
    name: 'never goes back to an earlier epoch, nor to another record',
    async run(bench) {
      const { store, record, etag } = await begun(bench);
      for (const each of [store, bench.open()]) {
        await assert.rejects(
          each.write(madeUpRecord({ epoch: 2 }), { ifMatch: etag }),
          coded('rotation_epoch'),
        );
        await assert.rejects(
          each.write(madeUpRecord({ id: 'aaaaaaaaaa' }), { ifMatch: etag }),
          coded('rotation_record'),
        );
      }
      assert.equal(await textIn(bench.open()), revealRecord(record));
      await store.write(madeUpRecord({ epoch: 4 }), { ifMatch: etag });
    },
  },
  {
    name: 'finds out that the record was taken away, and can begin anew',
    fits: ({ behind }) => behind !== undefined,
    async run(bench) {
      const { store, etag } = await begun(bench);
      await behindOf(bench).remove();
      await assert.rejects(store.write(madeUpRecord(), { ifMatch: etag }), conflict);
      assert.equal(await store.read(), undefined);
      const again = madeUpRecord({ id: 'bbbbbbbbbb', epoch: 0 });
      await store.write(again, { ifMatch: null });
      assert.equal(await textIn(bench.open()), revealRecord(again));
      await assert.rejects(bench.open().write(madeUpRecord(), { ifMatch: etag }), conflict);
    },
  },
  {
    name: 'finds out that somebody else has changed the text',
    fits: ({ behind }) => behind !== undefined,
    async run(bench) {
      const { store, etag } = await begun(bench);
      const text = await behindOf(bench).text();
      assert(text !== undefined);
      await behindOf(bench).put(`${text}\n`);
      await assert.rejects(store.write(madeUpRecord(), { ifMatch: etag }), conflict);
      const held = await store.read();
      assert(held !== undefined && held.etag !== etag);
    },
  },
  {
    name: 'refuses a text that is no record, and does not quote it',
    fits: ({ behind }) => behind !== undefined,
    async run(bench) {
      const { store } = await begun(bench);
      const text = await behindOf(bench).text();
      assert(text !== undefined);
      for (const spoilt of [
        '',
        'made-up nonsense',
        text.slice(0, -40),
        '{"version": 1, "id": "made-up nonsense"}',
      ]) {
        await behindOf(bench).put(spoilt);
        await assert.rejects(
          store.read(),
          (error) => coded('rotation_record')(error) && !String(error).includes('nonsense'),
        );
      }
    },
  },
  {
    name: 'holds the secret where it is not sealed, and no trace of it where it is',
    fits: ({ behind }) => behind !== undefined,
    async run(bench) {
      await begun(bench);
      const text = (await behindOf(bench).text()) ?? '';
      assert.equal(text.includes(JSON.stringify(MADE_UP_SECRET)), !bench.sealed);
      assert.equal(text.includes('0123456789abcdef'), !bench.sealed);
    },
  },
  {
    name: 'is of one mind about a write whose response was lost: it was done',
    fits: ({ behind }) => behind?.loseAnswer !== undefined,
    async run(bench) {
      const { store, etag } = await begun(bench);
      const record = madeUpRecord();
      behindOf(bench).loseAnswer?.();
      const written = await store.write(record, { ifMatch: etag }).catch(() => undefined);
      const held = await store.read();
      assert(held !== undefined);
      assert.equal(revealRecord(held.record), revealRecord(record));
      // Where the store has looked it up by itself, it gives the right mark.
      if (written !== undefined) assert.equal(written.etag, held.etag);
      await store.write(madeUpRecord(), { ifMatch: held.etag });
    },
  },
];
