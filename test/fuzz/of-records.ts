// Parsers of what a rotation keeps: the record, its sealed text, and the responses of the stores that hold it.
import assert from 'node:assert/strict';
import {
  type CredentialStore,
  kubernetesStore,
  type RotationRecord,
  readRecord,
  redisStore,
  revealRecord,
  sealing,
  vaultStore,
} from 'blazemeter-client/rotation';
import type { Fuzzed } from './fuzz.ts';
import { SECRETS } from './oracle.ts';
import type { Random } from './random.ts';
import type { Json } from './spoil.ts';
import { parsed, spoilt, spoiltJson, taken, takenLater } from './trial.ts';

const secrets = Object.values(SECRETS);
const ID = '7e57ed0123456789abcdef01';
const NEXT = '7e57ed0123456789abcdef02';
const AT = '2026-11-23T04:15:45.000Z';

const held = {
  id: ID,
  secret: SECRETS.credentials,
  name: 'ci.k3v9m2xq7a.e3.abcdefghijkmnpqr',
  createdAt: AT,
  expiresAt: AT,
};
const idle = {
  version: 1,
  id: 'k3v9m2xq7a',
  name: 'ci',
  epoch: 3,
  stamp: 'abcdefghijkmnpqr',
  phase: 'idle',
  current: held,
  previous: null,
  pending: null,
  promotion: null,
  sinks: [],
  retire: [],
  lease: null,
};
const pending = {
  strategy: 'create',
  signer: 'current',
  reason: 'expiry',
  nonce: 'abcdefghijkmnpqr',
  name: 'ci.k3v9m2xq7a.e4.abcdefghijkmnpqr',
  epoch: 4,
  preparedAt: AT,
  days: 90,
  drainMs: 86_400_000,
  leakedSince: null,
  key: { id: NEXT, secret: SECRETS.made, name: null, createdAt: null, expiresAt: null },
};
const promotion = { reason: 'leak', promotedAt: AT, drainMs: 0, drainUntil: AT, leakedSince: AT };
const records: readonly Json[] = [
  idle,
  { ...idle, phase: 'testing', pending, lease: { owner: 'github acme 1 rotate', until: AT } },
  { ...idle, phase: 'creating', pending: { ...pending, key: null } },
  {
    ...idle,
    phase: 'draining',
    previous: { ...held, secret: SECRETS.awkward },
    promotion,
    sinks: [{ name: 'file', keyId: ID, epoch: 3 }],
    retire: [
      { id: NEXT, name: null, secret: SECRETS.made },
      { id: NEXT, name: 'x', secret: null },
    ],
  },
];
const texts = records.map((record) => JSON.stringify(record));

/** A record that was read is written and read again as the same. */
function checkRecord(record: RotationRecord): void {
  const text = revealRecord(record);
  assert.equal(revealRecord(readRecord(text)), text);
  assert.ok(Number.isSafeInteger(record.epoch) && record.epoch >= 0);
  assert.ok(record.current.id !== '' && record.current.secret.reveal() !== '');
}

const record: Fuzzed = {
  name: 'records',
  make(random) {
    const { text, whole } = spoiltJson(random, records, { secrets });
    return {
      shown: text,
      check: () => {
        const read = taken(() => readRecord(text));
        assert.ok(read !== undefined || !whole);
        if (read !== undefined) checkRecord(read);
        return read !== undefined;
      },
    };
  },
};

const key = new Uint8Array(32).map((_, at) => at * 7 + 1);
const seal = sealing({ key });
// The same nonce each time, so that an input can be had again.
Object.defineProperty(crypto, 'getRandomValues', {
  configurable: true,
  value: (bytes: Uint8Array) => bytes.fill(7),
});
const sealed = await Promise.all(texts.map((text) => seal.seal(readRecord(text), 'file:/ci.json')));
Reflect.deleteProperty(crypto, 'getRandomValues');
const originals = texts.map((text) => revealRecord(readRecord(text)));

const seals: Fuzzed = {
  name: 'sealed records',
  make(random) {
    const { text, whole } = spoilt(random, sealed, [
      ...secrets,
      ...texts,
      'blazemeter-sealed-',
      '1.',
      '=',
      '-',
    ]);
    const place = random.chance(0.95) ? 'file:/ci.json' : 'file:/other.json';
    return {
      shown: text,
      check: async () => {
        const read = await takenLater(() => seal.open(text, place));
        if (whole) assert.equal(read !== undefined, place === 'file:/ci.json');
        // What opens is what was sealed, to the letter.
        if (read !== undefined)
          assert.ok(originals.includes(revealRecord(read)), 'a changed record was opened');
        return read !== undefined;
      },
    };
  },
};

/** Stores whose next response is put there by hand. */
let response: { readonly status: number; readonly body: unknown } = { status: 200, body: null };
const fetch = async () => new Response(String(response.body), { status: response.status });
const vault = vaultStore({
  address: 'https://vault.example.com',
  token: SECRETS.awkward.replace(/[^\x21-\x7e]/g, ''),
  path: 'ci',
  fetch,
});
const kubernetes = kubernetesStore({ server: 'https://k8s.example.com', token: 'token', name: 'ci', fetch });
const redis = redisStore(async () => response.body, { key: 'ci', plaintext: true });

/** Not those that may go away by themselves: they are waited for. */
const STATUSES = [200, 200, 200, 200, 201, 400, 403, 404, 405, 413, 422, 472];

const version = { version: 3, created_time: AT, deletion_time: '', destroyed: false };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const ofVault: readonly Json[] = [
  ...texts.map((text) => ({ data: { data: { record: text, other: 'kept' }, metadata: version } })),
  { errors: ['no handler for route', SECRETS.credentials] },
  { data: { data: null, metadata: version } },
];
const ofKubernetes: readonly Json[] = [
  ...texts.map((text) => ({
    kind: 'Secret',
    metadata: { resourceVersion: '17' },
    data: { record: base64(text), x: 'eA==' },
  })),
  { kind: 'Status', details: { kind: 'secrets' }, message: SECRETS.credentials },
  { kind: 'Secret', metadata: { resourceVersion: '17' } },
];

function storeAnswer(random: Random): { store: CredentialStore; status: number; body: unknown } {
  const status = random.pick(STATUSES);
  const kind = random.int(3);
  if (kind === 0) return { store: vault, status, body: spoiltJson(random, ofVault, { secrets }).text };
  if (kind === 1)
    return { store: kubernetes, status, body: spoiltJson(random, ofKubernetes, { secrets }).text };
  const { text } = spoiltJson(random, records, { secrets });
  const forms: readonly (() => unknown)[] = [
    () => text,
    () => text,
    () => new TextEncoder().encode(text),
    () => parsed(text)?.value,
    () => null,
    () => 1,
  ];
  return { store: redis, status, body: random.pick(forms)() };
}

const stores: Fuzzed = {
  name: 'responses of stores',
  make(random) {
    const { store, status, body } = storeAnswer(random);
    return {
      shown: { status, body },
      check: async () => {
        response = { status, body };
        const read = await takenLater(() => store.read());
        if (read === undefined) return false;
        assert.ok(typeof read.etag === 'string' && read.etag !== '');
        checkRecord(read.record);
        return true;
      },
    };
  },
};

export const ofRecords: readonly Fuzzed[] = [record, seals, stores];
