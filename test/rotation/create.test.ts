// The key that must not be created twice: created, found again by its name, given up, or left alone, each as the service
// responds.
import { AmbiguousOutcomeError, BlazeMeterError, UndeliveredSecretError } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { keyName, madeUpPending, toDelete } from './support/records.ts';
import { type Between, NOW, type StageOptions, stage } from './support/stage.ts';
import { accepts, failure, keyIds, seen, stoppedBefore } from './support/world.ts';

const { name } = madeUpPending();

/** A rotation that a dead process has left with a key to be created. */
const creating = (options: StageOptions = {}) =>
  stage({ ...options, record: () => ({ phase: 'creating', pending: madeUpPending() }) });

const created = { name, created: { seconds: 0 } };

describe('a key that was created before', () => {
  it('is found by its name and given a new secret', async () => {
    const { resume, idOf, changes, record, reference } = await creating({ keys: { found: created } });
    const report = await resume();
    expect(report).toMatchObject({ phase: 'idle', keyId: idOf('found'), epoch: 4 });
    expect(report.notes.join()).toContain(idOf('found'));
    expect(changes().slice(0, 1)).toEqual(['apiKeys.regenerateSecret found']);
    expect(accepts(reference, (await record()).current)).toBe(true);
  });

  it('may be there twice: one is used, and the other is deleted with the clean-up', async () => {
    const { resume, idOf, changes, reference } = await creating({ keys: { one: created, two: created } });
    const { keyId } = await resume();
    expect([idOf('one'), idOf('two')]).toContain(keyId);
    expect(changes()).not.toContain('apiKeys.create');
    expect(keyIds(reference)).toEqual([keyId, idOf('spare'), idOf('theirs')].sort());
  });

  const early = { name, created: { seconds: -121 } };
  const used = { name, created: { seconds: -60 }, lastUsed: { seconds: -59 } };
  it.each([
    ['it was created before this rotation was begun', { one: early }],
    ['somebody has used it', { one: used }],
    ['somebody has used the first of two', { one: used, two: created }],
    ['somebody has used the second of two', { one: created, two: used }],
  ])('is left alone where %s', async (_, keys) => {
    const { resume, changes, record } = await creating({ keys });
    expect(await failure(resume())).toMatchObject({ code: 'rotation_unknown' });
    expect(changes()).toEqual([]);
    expect(await record()).toMatchObject({ phase: 'creating', lease: null });
  });

  it.each([{ created: { seconds: -120 } }, { created: { seconds: -60 }, lastUsed: { seconds: -60 } }])(
    'is taken for ours where its times allow that: %o',
    async (more) => {
      const { resume, idOf } = await creating({ keys: { found: { name, ...more } } });
      expect(await resume()).toMatchObject({ keyId: idOf('found') });
    },
  );

  it('is looked for twice by a run that resumes, since a list may lag behind', async () => {
    const { resume, reference, by } = await creating();
    reference.faults.add({ operation: 'apiKeys.list', effect: 'stale-list', times: 1 });
    const { apiKey } = await by('spare').apiKeys.create({ name, expiresIn: { days: 9 } });
    expect(await resume()).toMatchObject({ keyId: apiKey.id });
    expect(reference.journal.count('apiKeys.create')).toBe(1);
  });

  it('is found where the service refuses its name, because it is taken', async () => {
    const { resume, reference, by } = await creating({ semantics: { names: 'unique' } });
    reference.faults.add({ operation: 'apiKeys.list', effect: 'stale-list', times: 2 });
    const { apiKey } = await by('spare').apiKeys.create({ name, expiresIn: { days: 9 } });
    expect(await resume()).toMatchObject({ keyId: apiKey.id });
  });
});

describe('a create whose response is lost', () => {
  it.each(['reset', 'empty', 'html'] as const)(
    'after the key was created (%s) is found by the name, and not sent again',
    async (effect) => {
      const { rotate: run, reference, idOf } = await stage();
      reference.faults.add({ operation: 'apiKeys.create', effect, when: 'after-commit', times: 1 });
      const report = await run({ drain: { minutes: 0 } });
      expect(report).toMatchObject({ phase: 'idle', rotated: true });
      const { journal } = reference;
      expect([journal.count('apiKeys.create'), journal.count('apiKeys.regenerateSecret')]).toEqual([1, 1]);
      expect(keyIds(reference)).toEqual([report.keyId, idOf('spare'), idOf('theirs')].sort());
    },
  );

  it('together with those of its regeneration is asked for again', async () => {
    const { rotate: run, reference, record } = await stage();
    const { faults } = reference;
    faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit', times: 1 });
    faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'empty', when: 'after-commit', times: 2 });
    expect(await run({ drain: { minutes: 0 } })).toMatchObject({ phase: 'idle', rotated: true });
    expect(accepts(reference, (await record()).current)).toBe(true);
  });

  it('is given up after the third, and left on record for the next run', async () => {
    const { rotate: run, resume, reference, record } = await stage();
    const fault = reference.faults.add({
      operation: 'apiKeys.create',
      effect: 'reset',
      when: 'before-commit',
    });
    expect(await failure(run({ drain: { minutes: 0 } }))).toBeInstanceOf(AmbiguousOutcomeError);
    expect(fault.timesApplied).toBe(3);
    expect(await record()).toMatchObject({ phase: 'creating', epoch: 3, lease: null });
    fault.remove();
    expect(await resume()).toMatchObject({ phase: 'idle', rotated: true });
    expect(reference.journal.of('apiKeys.create').filter(({ committed }) => committed)).toHaveLength(1);
  });

  it('is not sent again after the caller’s abort', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let creates = 0;
    const between: Between = (inner) => async (url, init) => {
      if (init.method !== 'POST') return inner(url, init);
      creates += 1;
      controller.abort(reason);
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) });
    };
    const { rotate: run, record } = await stage({ between });
    expect(await failure(run({ signal: controller.signal }))).toBe(reason);
    expect([creates, (await record()).phase]).toEqual([1, 'creating']);
  });
});

describe('a create that the service refuses', () => {
  it.each([400, 401, 402, 403, 404, 409])('with %i leaves nothing to resume', async (status) => {
    const { rotate: run, reference, record, changes, keyOf } = await stage();
    reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status });
    expect(await failure(run())).toBeInstanceOf(BlazeMeterError);
    expect(await record()).toMatchObject({ phase: 'idle', pending: null, epoch: 3, lease: null });
    expect(changes()).toEqual([]);
    expect(accepts(reference, keyOf('ci'))).toBe(true);
  });

  it('for its limit of keys leaves the key in use alone', async () => {
    const { rotate: run, reference, record, keyOf } = await stage({ semantics: { keyLimit: 2 } });
    expect(await failure(run())).toMatchObject({ code: 'request_failed' });
    expect(await record()).toMatchObject({ phase: 'idle', pending: null, epoch: 3 });
    expect(accepts(reference, keyOf('ci'))).toBe(true);
  });

  it('for its limit of keys is avoided where a key of the record, which it does not know, takes up room', async () => {
    const { rotate: run, changes } = await stage({
      semantics: { keyLimit: 3 },
      keys: { stray: { name: keyName(3) } },
    });
    expect(await run()).toMatchObject({ rotated: true });
    expect(changes().slice(0, 2)).toEqual(['apiKeys.delete stray', 'apiKeys.create']);
  });

  it('goes back to the keys that were still to be deleted', async () => {
    const { resume, reference, record, idOf } = await stage({
      record: (keyOf) => ({
        phase: 'creating',
        pending: madeUpPending(),
        retire: [toDelete(keyOf('spare').id)],
      }),
    });
    reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status: 403 });
    expect(await failure(resume())).toMatchObject({ code: 'permission_denied' });
    expect(await record()).toMatchObject({
      phase: 'retiring',
      pending: null,
      retire: [{ id: idOf('spare') }],
    });
  });

  it('although the key is there all the same finds it', async () => {
    const between: Between = (inner) => async (url, init) => {
      const response = await inner(url, init);
      const create = init.method === 'POST' && new URL(url).pathname.endsWith('/api-keys');
      const forbidden = { error: { code: 403, message: 'Forbidden' }, api_version: 4, result: null };
      return create ? new Response(JSON.stringify(forbidden), { status: 403 }) : response;
    };
    const { rotate: run, reference, record } = await stage({ between });
    expect(await run({ drain: { minutes: 0 } })).toMatchObject({ phase: 'idle', rotated: true });
    expect(reference.journal.count('apiKeys.create')).toBe(1);
    expect(accepts(reference, (await record()).current)).toBe(true);
  });

  it('where that is not certain is left on record', async () => {
    const { rotate: run, reference, record } = await stage();
    reference.faults.add({ operation: 'apiKeys.list', effect: 'status', status: 403, nth: 2 });
    expect(await failure(run())).toMatchObject({ code: 'permission_denied' });
    expect(await record()).toMatchObject({ phase: 'creating', lease: null });
  });
});

describe('a secret that arrives is never dropped', () => {
  it('is kept although the hook of the client failed', async () => {
    const onNewSecret = () => Promise.reject(new Error('mask failed'));
    const { rotate: run, reference, record } = await stage({ client: { onNewSecret } });
    const report = await run({ drain: { minutes: 0 } });
    expect(report).toMatchObject({ phase: 'idle', rotated: true });
    expect(report.notes.join()).toContain(report.keyId);
    const { journal } = reference;
    expect([journal.count('apiKeys.create'), journal.count('apiKeys.regenerateSecret')]).toEqual([1, 0]);
    expect(accepts(reference, (await record()).current)).toBe(true);
  });

  it('is in the error where it could not be stored, and the next run finds its key by the name', async () => {
    const { rotate: run, resume, store, reference, record } = await stage();
    const error = await failure(run({ drain: { minutes: 0 }, store: stoppedBefore(store, 'testing') }));
    if (!(error instanceof UndeliveredSecretError)) throw error;
    const { keyId: id = '', newSecret: secret } = error;
    expect(accepts(reference, { id, secret })).toBe(true);
    expect(error.cause).toMatchObject({ code: 'rotation_store' });
    expect(seen(error)).not.toContain(secret.reveal().slice(0, 8));
    expect((await record()).phase).toBe('creating');
    expect(await resume()).toMatchObject({ phase: 'idle', rotated: true, keyId: id });
    expect(reference.journal.count('apiKeys.create')).toBe(1);
  });
});

it('is planned under a new name each time', async () => {
  const { rotate: run, writes } = await stage();
  for (const _ of [1, 2]) await run({ drain: { minutes: 0 } });
  const names = new Set(writes.flatMap(({ pending }) => (pending === null ? [] : [pending.name])));
  expect(names.size).toBe(2);
  expect(writes.every(({ pending }) => pending === null || pending.preparedAt >= NOW)).toBe(true);
});
