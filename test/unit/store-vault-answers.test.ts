// What Vault may answer, and what is said of it: never its own words.
import { revealRecord } from 'blazemeter-client/rotation';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { vaultStore } from '../../src/rotation/stores/vault-store.ts';
import { madeUpRecord } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';
import { answers, MEND, type Prepared } from '../support/store-answers.ts';

vi.setConfig({ testTimeout: 2_000 });
// The wait before another try is random: none here.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));

function inVault(...prepared: Prepared[]) {
  const service = answers(...prepared);
  const store = vaultStore({
    address: 'https://vault.example.com',
    token: 'made-up-token',
    path: 'ci/blazemeter',
    fetch: service.fetch,
  });
  return { service, store };
}

const says = (status: number, ...errors: unknown[]): Prepared => ({ status, body: { errors } });
const empty = says(404);
const holds = (data: unknown, metadata: object): Prepared => ({
  status: 200,
  body: { data: { data, metadata } },
});
const failed = (problem: string) => `vaultStore (secret/ci/blazemeter) ${problem}${MEND}`;
const VERSION_1 = failed(
  'is not in an engine of KV version 2: secret answered as version 1 does, which cannot compare and set. Use a mount of version 2, and delete what may have been written at data/ in this one.',
);

/** What is said of each status, and how often it is asked. */
const statuses: [number, string, number][] = [
  [400, 'did not accept the request (400).', 1],
  [
    403,
    'refused the token (403): it has run out, or its policy does not allow create, read and update on secret/data/ci/blazemeter.',
    1,
  ],
  [405, 'does not support this (405): the mount is not a KV engine of version 2.', 1],
  [412, 'has not caught up yet (412): a performance standby is behind.', 3],
  [418, 'answered with status 418.', 1],
  [429, 'is a standby, or a quota is used up (429).', 3],
  [472, 'is a disaster-recovery secondary (472): give the address of the primary.', 1],
  [473, 'is a performance standby (473), which did not pass the request on.', 3],
  [499, 'answered with status 499.', 1],
  [500, 'answered with status 500.', 3],
  [501, 'is not initialised (501).', 1],
  [502, 'answered with status 502.', 3],
  [503, 'is sealed or down for maintenance (503): it has to be unsealed.', 3],
];

describe('vaultStore', () => {
  it.each(statuses)('after a %i says that it %s', async (status, problem, times) => {
    const trouble = says(status, 'made-up nonsense');
    const { service, store } = inVault(trouble, trouble, trouble);
    expect(await failure(store.read())).toMatchObject({ code: 'rotation_store', message: failed(problem) });
    expect(service.asked).toHaveLength(times);
  });

  it.each([
    [says(400, 'made-up nonsense'), 'did not accept the request (400).'],
    [says(418, 'check-and-set parameter did not match'), 'answered with status 418.'],
    [{ status: 400, body: {} }, 'did not accept the request (400).'],
    [
      { status: 400, body: { errors: 'check-and-set parameter did not match' } },
      'did not accept the request (400).',
    ],
    [says(400, 7, null), 'did not accept the request (400).'],
    [says(404, 'no handler for route'), 'has no engine at secret: check mount and namespace.'],
    [says(404, 'x', 'no handler for route "y"'), 'has no engine at secret: check mount and namespace.'],
    [says(404), 'answered with status 404.'],
    [says(404, 'made-up nonsense'), 'answered with status 404.'],
    [
      says(405, 'no handler for route'),
      'does not support this (405): the mount is not a KV engine of version 2.',
    ],
  ])('does not take another refusal of a write for a conflict (%j)', async (answer, problem) => {
    const { store } = inVault(empty, answer);
    const error = await failure(store.write(madeUpRecord(), { ifMatch: null }));
    expect(error).toMatchObject({ code: 'rotation_store', message: failed(problem) });
  });

  it('says that nothing is mounted there, when it reads', async () => {
    const { store } = inVault(says(404, 'no handler for route'));
    expect((await failure(store.read())).message).toBe(
      failed('has no engine at secret: check mount and namespace.'),
    );
  });

  it('takes a 404 of Vault for an empty place, and of nobody else', async () => {
    for (const answer of [empty, says(404, 'made-up nonsense')])
      expect(await inVault(answer).store.read()).toBeUndefined();
    for (const body of [{ message: 'no Route matched' }, 'not found', undefined, { errors: 'none' }])
      expect((await failure(inVault({ status: 404, body }).store.read())).message).toBe(
        failed('answered with status 404.'),
      );
  });

  it('writes over a version that was deleted, by its number', async () => {
    const gone = { status: 404, body: { data: { data: null, metadata: { version: 7 } } } };
    const { service, store } = inVault(gone, { status: 200, body: { data: { version: 8 } } });
    expect(await store.write(madeUpRecord(), { ifMatch: null })).toEqual({ etag: '8 ' });
    expect(service.requests()[1]).toMatchObject(['POST', expect.any(String), { options: { cas: 7 } }]);
  });

  it.each([0, 5])('takes %i for the number of a version', async (version) => {
    const record = revealRecord(madeUpRecord());
    const { store } = inVault(holds({ record }, { version, created_time: 7 }));
    expect((await store.read())?.etag).toBe(`${version} `);
  });

  it.each([-1, 1.5, '5', null, undefined])(
    'does not take %j for the number of a version',
    async (version) => {
      const record = revealRecord(madeUpRecord());
      expect((await failure(inVault(holds({ record }, { version })).store.read())).message).toBe(VERSION_1);
      const { store } = inVault(empty, { status: 200, body: { data: { version } } });
      expect((await failure(store.write(madeUpRecord(), { ifMatch: null }))).message).toBe(VERSION_1);
    },
  );

  it('takes a write that is answered by nothing for one of version 1', async () => {
    const { store } = inVault(empty, { status: 204 });
    expect((await failure(store.write(madeUpRecord(), { ifMatch: null }))).message).toBe(VERSION_1);
  });

  it('reads nothing but a text under its field', async () => {
    expect(await inVault(holds({ other: 1 }, { version: 1 })).store.read()).toBeUndefined();
    for (const record of [{ version: 1 }, null, 7])
      expect((await failure(inVault(holds({ record }, { version: 1 })).store.read())).message).toBe(
        failed("has a field record that is no text: it is not this store's."),
      );
  });
});
