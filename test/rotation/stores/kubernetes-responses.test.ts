// What the API server of Kubernetes may respond, what it is taken for, and how often it is asked: never its own words in an
// error.
import { kubernetesStore } from 'blazemeter-client/rotation';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { madeUpRecord } from '../support/records.ts';
import { failure } from '../support/world.ts';
import { type Prepared, responses } from './prepared.ts';

// The wait before another try is random: none here.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));

function inCluster(...prepared: Prepared[]) {
  const service = responses(...prepared);
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
const writing = (...prepared: Prepared[]) =>
  failure(inCluster(...prepared).store.write(madeUpRecord(), { ifMatch: null }));

describe('kubernetesStore', () => {
  it('refuses a field that is no base64 in time, however long it is', async () => {
    const body = {
      kind: 'Secret',
      metadata: { resourceVersion: '5' },
      data: { record: `${'='.repeat(2_000_000)}x` },
    };
    const error = await failure(inCluster({ status: 200, body }).store.read());
    expect(error).toMatchObject({ name: 'RotationError' });
    expect(error.message.length).toBeLessThan(1_000);
  });

  it.each([
    [201, 1],
    [401, 1],
    [403, 1],
    [404, 1],
    [413, 1],
    [422, 1],
    [428, 1],
    [429, 3],
    [499, 1],
    [500, 3],
    [503, 3],
  ])('after a %i is asked %i times in all', async (code, times) => {
    const { service, store } = inCluster(status(code), status(code), status(code));
    const error = await failure(store.read());
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain(String(code));
    expect(error.message).not.toContain('nonsense');
    expect(service.asked).toHaveLength(times);
  });

  it('names the verb that the role lacks', async () => {
    const verbs = await Promise.all([
      failure(inCluster(status(403)).store.read()),
      writing(missing, status(403)),
      writing(there, status(403)),
    ]);
    for (const [index, verb] of ['get', 'create', 'update'].entries())
      expect(verbs[index]?.message).toContain(`refused to ${verb}`);
  });

  it('takes a 404 of the Secret alone for an empty place', async () => {
    expect(await inCluster(missing).store.read()).toBeUndefined();
    const others: Prepared[] = [
      status(418, 'secrets'),
      status(404, 'pods'),
      status(404, 'namespaces'),
      { status: 404, body: { kind: 'Other', details: { kind: 'secrets' } } },
      { status: 404 },
    ];
    for (const other of others)
      expect(await failure(inCluster(other).store.read())).toMatchObject({ code: 'rotation_store' });
    expect(await writing(missing, status(404, 'namespaces'))).toMatchObject({ code: 'rotation_store' });
    expect(await writing(missing, missing)).toMatchObject({ code: 'rotation_store' });
  });

  it.each([
    { kind: 'Pod', metadata: { resourceVersion: '5' } },
    { kind: 'Secret', metadata: { resourceVersion: '' } },
    { kind: 'Secret', metadata: { resourceVersion: 5 } },
    { kind: 'Secret', resourceVersion: '5' },
    { metadata: { resourceVersion: '5' } },
    'nothing like that',
  ])('takes %j for no Secret', async (body) => {
    expect(await failure(inCluster({ status: 200, body }).store.read())).toMatchObject({
      code: 'rotation_store',
    });
  });

  it.each(['%', '/w==', 7, { a: 1 }])('takes %j for no text of its own', async (record) => {
    const body = { ...there.body, data: { record } };
    expect(await failure(inCluster({ status: 200, body }).store.read())).toMatchObject({
      code: 'rotation_store',
    });
  });
});
