// The service as a process of its own, under load from the first moment to the last, while its key is rotated, the old one is
// deleted although it is in use, and a leak is answered: not one request fails.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BlazeMeterClient } from 'blazemeter-client';
import { adopt, fileStore, resume, rotate, rotateIfExpiring } from 'blazemeter-client/rotation';
import { createReference, listen } from 'blazemeter-client/testing';
import { expect, it } from 'vitest';
import { createDetector } from '../leak/detector.ts';
import { accepts, recordOf } from '../rotation/support/world.ts';
import { temporaryFolder } from '../support/credentials.ts';
import { bundled, example, peers, start } from './program.ts';

const AT_ONCE = 6;

/** Requests without a pause. Keeps what was not a 200. */
function load(url: string) {
  const failed: string[] = [];
  let answered = 0;
  let on = true;
  const worker = async () => {
    while (on) {
      const said = await fetch(url).then(
        async (response) => `${response.status} ${await response.text()}`,
        (error: unknown) => String(error),
      );
      answered += 1;
      if (!said.startsWith('200 {"id":')) failed.push(said);
    }
  };
  const workers = Array.from({ length: AT_ONCE }, worker);
  return {
    failed,
    /** Until so many more were answered: those that are under way now are among them. */
    async more(count = 5 * AT_ONCE) {
      const enough = answered + count;
      while (answered < enough) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    async stop() {
      on = false;
      await Promise.all(workers);
    },
  };
}

it.each(peers === undefined ? ['server.mjs'] : ['server.mjs', 'express.mjs'])(
  'the service (%s) does not notice that its key is rotated',
  async (name) => {
    const reference = createReference();
    const { keys } = reference.seed({
      users: { ana: {} },
      keys: { first: { user: 'ana', expires: { days: 100 } } },
    });
    const blazemeter = await listen(reference);
    const record = join(temporaryFolder(), 'service.json');
    const store = fileStore(record);
    const rotator = new BlazeMeterClient({
      credentials: keys.first,
      baseUrl: blazemeter.url,
      logLevel: 'off',
    });
    await adopt(rotator, { store, name: 'service', credentials: keys.first });

    const env = { KEY_RECORD: record, BLAZEMETER_URL: blazemeter.url, PORT: '0' };
    const service = start(await bundled(example(`service/${name}`)), env);
    const requests = load(`${await service.line}/user`);
    /** The keys that the service has signed with since the last look, and was let in with. */
    const used = async () => {
      reference.journal.clear();
      await requests.more();
      const entries = reference.journal.of('user.get').filter(({ status }) => status === 200);
      return new Set(entries.map(({ keyId }) => keyId));
    };
    try {
      expect(await used()).toEqual(new Set([keys.first.id]));

      reference.clock.advance({ days: 90 });
      const { phase, keyId: second } = await rotateIfExpiring(rotator, { store });
      expect(phase).toBe('draining');
      // Both work: the service may stay with the first one for some minutes.
      await requests.more();
      reference.clock.advance({ days: 2 });
      // The hardest case: the old key is deleted while requests are signed with it.
      expect(await resume(rotator, { store, quietFor: { minutes: 0 } })).toMatchObject({
        phase: 'idle',
        keyId: second,
      });
      expect(accepts(reference, keys.first)).toBe(false);
      await requests.more();
      expect(reference.journal.of('user.get').some(({ status }) => status === 401)).toBe(true);
      expect(await used()).toEqual(new Set([second]));

      const leaked = (await recordOf(store)).current;
      const { keyId: third } = await rotate(rotator, { store, reason: 'leak' });
      expect(accepts(reference, leaked)).toBe(false);
      expect(await used()).toEqual(new Set([third]));
    } finally {
      await requests.stop();
    }
    expect(requests.failed).toEqual([]);

    service.process.kill('SIGTERM');
    const { code, out, err } = await service.ended;
    await blazemeter.close();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { current } = await recordOf(store);
    const secrets = { first: keys.first.secret, last: current.secret.reveal() };
    expect(readFileSync(record, 'utf8')).toContain(secrets.last);
    expect(createDetector(secrets)(out)).toEqual([]);
  },
);

it('the service responds with 502 and a code where there is no record, and goes on', async () => {
  const record = join(temporaryFolder(), 'none.json');
  const service = start(await bundled(example('service/server.mjs')), { KEY_RECORD: record, PORT: '0' });
  const url = await service.line;
  const said = await fetch(`${url}/user`);
  expect({ status: said.status, body: await said.json() }).toEqual({
    status: 502,
    body: { error: 'rotation_record' },
  });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/constructor`)).status).toBe(404);
  service.process.kill('SIGTERM');
  expect((await service.ended).code).toBe(0);
});
