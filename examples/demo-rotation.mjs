// The second part of the demo: a rotation whose process is killed at the worst moment, and the run after it. The
// reference implementation listens on a port of this machine; the process is a real one, and really killed.
// Run it with `npm run demo`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlazeMeterClient } from 'blazemeter-client';
import { adopt, fileStore, resume } from 'blazemeter-client/rotation';
import { createReference, listen } from 'blazemeter-client/testing';
import { createTelling } from './demo/telling.mjs';

const tell = createTelling();
const minute = (date) => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Ends the demo where something is not as the story says. */
function check(holds, what) {
  if (!holds) throw new Error(`it does not hold that ${what}`);
}

async function story(reference, server, folder) {
  const { keys } = reference.seed({
    users: { robot: { firstName: 'Rob', lastName: 'Robot' } },
    accounts: { main: { owner: 'robot' } },
    keys: { ci: { user: 'robot', expires: { days: 90 } }, other: { user: 'robot', expires: { days: 90 } } },
  });
  const path = join(folder, 'ci.json');
  const store = fileStore(path);
  const clientOf = (credentials) =>
    new BlazeMeterClient({ credentials, baseUrl: server.url, logLevel: 'off' });
  const client = clientOf('not-used:rotation-signs-with-the-credentials-of-its-record');
  const works = (credentials) =>
    clientOf({ id: credentials.id, secret: credentials.secret })
      .user.get()
      .then(
        () => true,
        () => false,
      );
  const watcher = clientOf(keys.other);
  const listed = async () => {
    const names = [];
    for await (const key of watcher.apiKeys.list()) names.push(`${key.id} ${key.name}`);
    return names;
  };
  const show = async () => {
    for (const name of await listed()) tell.say(`key ${name}`, 7);
  };

  tell.title('Rotation that cannot lose a key');

  tell.step('Put the key of CI on record. "other" is another key of the same user.');
  const adopted = await adopt(client, { store, name: 'ci', credentials: keys.ci });
  check(adopted.epoch === 0 && adopted.current.id === keys.ci.id, 'the record holds the key');
  tell.result(`The record ${adopted.id} is in ${path}, at epoch 0, readable by its owner alone.`);
  await show();

  tell.step('A nightly job rotates it. It is killed (kill -9) just after the new key was created.');
  const program = fileURLToPath(new URL('demo/rotating-process.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, server.url, path], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [, signal] = await once(child, 'close');
  check(signal === 'SIGKILL', 'the process was killed');
  const { record: left } = await store.read();
  check(
    left.phase === 'creating' && left.pending.key === null,
    'the record names a key and has no secret for it',
  );
  tell.result(`The process died of ${signal}. BlazeMeter has a key whose secret is lost:`);
  await show();
  tell.result(`The record says "${left.phase}", and the name that the key was to get.`);
  check(await works(left.current), 'the old credentials still work');
  tell.result('No reader was refused: the record still gives them the old credentials, which work.');

  tell.step('The job runs again, and continues where the dead one stopped.');
  const options = { store, owner: 'nightly job' };
  const resumed = await resume(client, options);
  check(
    resumed.phase === 'draining' && resumed.epoch === 1,
    'the new credentials are in use and the old key is drained',
  );
  for (const note of resumed.notes) tell.say(`note: ${note}`, 4);
  for (const step of resumed.steps) tell.result(step);
  await show();
  const { record: draining } = await store.read();
  check(await works(draining.current), 'the new credentials work');
  // The old credentials are not tried: a key that was used after the promotion would not be deleted.
  check(
    (await listed()).some((key) => key.startsWith(draining.previous.id)),
    'the old key is there',
  );
  tell.result(
    `Both keys are there until all readers have moved; the run ends here, and says when to come back: ${minute(resumed.resumeAfter)}.`,
  );

  tell.step('A day later the next run deletes the old key.');
  reference.clock.advance({ days: 1, minutes: 1 });
  const done = await resume(client, options);
  check(done.phase === 'idle' && done.retire.length === 0, 'nothing is left to do');
  for (const step of done.steps) tell.result(step);
  await show();
  const { record } = await store.read();
  check(await works(record.current), 'the new credentials work');
  check(!(await works(keys.ci)), 'the old credentials are worthless');
  check((await listed()).length === 2, 'no key was left over and no other was touched');

  const secrets = [keys.ci.secret, keys.other.secret, record.current.secret.reveal()];
  check((await readFile(path, 'utf8')).includes(secrets[2]), 'the secret is in the record');
  check(!tell.hasTold(secrets), 'no secret was printed');
  tell.title('Done. One process killed, no key lost, none left over, no reader refused.');
}

const folder = await mkdtemp(join(tmpdir(), 'blazemeter-demo-'));
const reference = createReference();
const server = await listen(reference);
try {
  await story(reference, server, folder);
} catch (error) {
  tell.failure(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  await server.close();
  await rm(folder, { recursive: true, force: true });
}
