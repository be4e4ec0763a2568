// What the API server of Kubernetes may answer, and what is said of it: never its own words.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { kubernetesStore } from '../../src/rotation/stores/kubernetes-store.ts';
import { madeUpRecord } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';
import { answers, MEND, type Prepared } from '../support/store-answers.ts';

vi.setConfig({ testTimeout: 2_000 });
// The wait before another try is random: none here.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));

function inCluster(...prepared: Prepared[]) {
  const service = answers(...prepared);
  const store = kubernetesStore({
    server: 'https://10.0.0.1',
    token: 'made-up-token',
    namespace: 'ci',
    name: 'blazemeter',
    fetch: service.fetch,
  });
  return { service, store };
}

const status = (code: number, kind?: string): Prepared => ({
  status: code,
  body: { kind: 'Status', message: 'made-up nonsense', details: { kind } },
});
const missing = status(404, 'secrets');
const there = { status: 200, body: { kind: 'Secret', metadata: { resourceVersion: '5' } } };
const failed = (problem: string) => `kubernetesStore (ci/blazemeter) ${problem}${MEND}`;
const role = (verb: string) =>
  `refused to ${verb} the Secret (403): its token's account needs a Role with the verbs get and update on this Secret (resourceNames), and create on secrets where it does not exist yet.`;
const NO_SERVER = 'was not found (404), nor was Kubernetes: check server.';

/** What is said of each status, and how often it is asked. */
const statuses: [number, string, number][] = [
  [201, 'answered with status 201.', 1],
  [
    401,
    'refused the token (401): it has run out, or is of another cluster. Tokens of a pod are renewed in their file: give a function that reads it.',
    1,
  ],
  [403, role('get'), 1],
  [404, NO_SERVER, 1],
  [413, 'is larger than the server takes (413).', 1],
  [422, 'did not accept the Secret (422): it is immutable, or a policy of the cluster forbids it.', 1],
  [428, 'answered with status 428.', 1],
  [429, 'answered with status 429: too many requests.', 3],
  [499, 'answered with status 499.', 1],
  [500, 'answered with status 500.', 3],
  [503, 'answered with status 503.', 3],
];

describe('kubernetesStore', () => {
  it.each(statuses)('after a %i says that it %s', async (code, problem, times) => {
    const { service, store } = inCluster(status(code), status(code), status(code));
    expect(await failure(store.read())).toMatchObject({ code: 'rotation_store', message: failed(problem) });
    expect(service.asked).toHaveLength(times);
  });

  it('names the verb that the role lacks', async () => {
    const writing = (before: Prepared) =>
      failure(inCluster(before, status(403)).store.write(madeUpRecord(), { ifMatch: null }));
    expect((await writing(missing)).message).toBe(failed(role('create')));
    expect((await writing(there)).message).toBe(failed(role('update')));
  });

  it('tells a missing namespace from a missing Secret', async () => {
    const { store } = inCluster(missing, status(404, 'namespaces'));
    expect((await failure(store.write(madeUpRecord(), { ifMatch: null }))).message).toBe(
      failed('has no such namespace (404).'),
    );
  });

  it.each([
    ['another status', status(418, 'secrets'), 'answered with status 418.'],
    ['another kind', { status: 404, body: { kind: 'Other', details: { kind: 'secrets' } } }, NO_SERVER],
    ['a Status of something else', status(404, 'pods'), NO_SERVER],
    ['no JSON', { status: 404 }, NO_SERVER],
  ])('takes %s for no missing Secret', async (_, answer, problem) => {
    expect((await failure(inCluster(answer).store.read())).message).toBe(failed(problem));
  });

  it('takes a Secret that is missing where it was to be made for no conflict', async () => {
    const { store } = inCluster(missing, missing);
    expect((await failure(store.write(madeUpRecord(), { ifMatch: null }))).message).toBe(failed(NO_SERVER));
  });

  it.each([
    { kind: 'Pod', metadata: { resourceVersion: '5' } },
    { kind: 'Secret', metadata: { resourceVersion: '' } },
    { kind: 'Secret', metadata: { resourceVersion: 5 } },
    { kind: 'Secret', resourceVersion: '5' },
    { metadata: { resourceVersion: '5' } },
    'nothing like that',
  ])('takes %j for no Secret', async (body) => {
    expect((await failure(inCluster({ status: 200, body }).store.read())).message).toBe(
      failed('answered with something that is no Secret: check server.'),
    );
  });

  it.each(['%', '/w==', 7, { a: 1 }])('takes %j for no text of its own', async (record) => {
    const body = { ...there.body, data: { record } };
    expect((await failure(inCluster({ status: 200, body }).store.read())).message).toBe(
      failed("has a key record that is no text: it is not this store's."),
    );
  });
});
