// The calls of a soak: every operation, in every way that callers use it, ended well, badly, early or not at all.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlazeMeterClient, isBlazeMeterError, RequestSigner } from 'blazemeter-client';
import { fromKeyFile, writeKeyFile } from 'blazemeter-client/node';
import { adopt, fileStore, fromStore, memoryStore, resume, rotate } from 'blazemeter-client/rotation';

/** Short, so that what stalls is left behind soon. */
const TIMES = { timeout: 400, totalTimeout: 1_500, maxRetries: 2 };

/**
 * @param {{ url: string, accountId: number, keys: Record<string, { id: string, secret: string }> }} world
 * @param {AbortSignal} shared A signal that all calls share and that never aborts: what listens to it must go again.
 */
export async function createCalls(world, shared) {
  const { url: baseUrl, accountId, keys } = world;
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  const keyFile = join(folder, 'api-key.json');
  await writeKeyFile(keyFile, keys.boss);
  const options = { baseUrl, logLevel: 'off', ...TIMES };
  const boss = new BlazeMeterClient({ ...options, credentials: keys.boss });
  const runner = new BlazeMeterClient({ ...options, credentials: keys.runner });
  const fromFile = new BlazeMeterClient({ ...options, credentials: fromKeyFile(keyFile) });
  const signer = new RequestSigner(keys.boss, { origins: [baseUrl] });
  const each = { signal: shared };
  let made = 0;
  const name = () => {
    made += 1;
    return `soak-${made}`;
  };

  /** Makes a key, does something with it, and deletes it again if that can be done. */
  const withKey = async (use) => {
    const created = await runner.apiKeys.create({ name: name(), expiresIn: '1 month' }, each);
    await use(created);
    // A rotation has deleted it already.
    await runner.apiKeys.delete(created.apiKey.id, {}, each).catch((error) => {
      if (error?.code !== 'not_found') throw error;
    });
  };
  const rotated = async (store, run) => {
    await withKey(async ({ apiKey, secret }) => {
      await adopt(runner, { store, name: name(), credentials: { id: apiKey.id, secret }, signal: shared });
      await run(store);
    });
  };
  const timing = { drain: { minutes: 0 }, signal: shared };

  const calls = {
    'user.get': () => boss.user.get(each),
    'user.get, from a key file': () => fromFile.user.get(each),
    'user.get, with its response': () => boss.user.get(each).withResponse(),
    'accounts.list, all of it': async () => {
      for await (const account of boss.accounts.list({ limit: 1 }, each)) account.id;
    },
    'accounts.list, left in the middle': async () => {
      for await (const account of boss.accounts.list({ limit: 1 }, each)) {
        if (account.id > 0) break;
      }
    },
    'accounts.get': () => boss.accounts.get(accountId, each),
    'accounts.users': () => boss.accounts.users(accountId, {}, each),
    'apiKeyPolicy.get': () => boss.accounts.apiKeyPolicy.get(accountId, each),
    'apiKeyPolicy.set': () => boss.accounts.apiKeyPolicy.set(accountId, { maximum: '10 years' }, each),
    'apiKeys.list': () => runner.apiKeys.list({}, each),
    'apiKeys.get': () => runner.apiKeys.get(keys.runner.id, each),
    'apiKeys.create and delete': () => withKey(async () => {}),
    'apiKeys.regenerateSecret': () =>
      withKey(({ apiKey }) => runner.apiKeys.regenerateSecret(apiKey.id, {}, each)),
    'a create that is resolved': async () => {
      try {
        await runner.apiKeys.create({ name: name(), expiresIn: 'max' }, each);
      } catch (error) {
        if (error?.code !== 'ambiguous_outcome') throw error;
        await error.resolve({ signal: shared });
      }
    },
    request: () => boss.request({ path: '/web/version' }, each),
    'a path that is not there': () => boss.request({ path: '/nowhere' }, each),
    diagnose: () => boss.diagnose(each),
    'a client of its own': () => boss.withOptions({ maxRetries: 0 }).user.get(each),
    'a new client': () => new BlazeMeterClient({ ...options, credentials: keys.boss }).user.get(each),
    'the signer': async () => {
      // Not within AbortSignal.any: there Node 20 loses a timeout at the next collection.
      const signal = AbortSignal.timeout(400);
      const response = await signer.fetch(`${baseUrl}/user`, { signal });
      await response.text();
    },
    'aborted before': () => boss.user.get({ signal: AbortSignal.abort() }),
    'aborted soon': async () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), made % 7);
      made += 1;
      await boss.accounts.list({}, { signal: controller.signal });
    },
    'never looked at': async () => {
      boss.user.get(each).catch(() => {});
    },
    'wrong credentials': () => boss.withOptions({ credentials: 'nobody:nothing' }).user.get(each),
    'bad arguments': () => boss.accounts.get(Number.NaN, each),
    'a rotation in memory': () =>
      rotated(memoryStore(), (store) => rotate(runner, { store, reason: 'schedule', ...timing })),
    'a rotation in a file, resumed': () =>
      rotated(fileStore(join(folder, `${name()}.json`)), async (store) => {
        await rotate(runner, { store, reason: 'schedule', ...timing }).catch(() => {});
        await resume(runner, { store, signal: shared });
      }),
    'a reader of a rotation': () =>
      rotated(memoryStore(), (store) => boss.withOptions({ credentials: fromStore(store) }).user.get(each)),
  };
  return {
    calls: Object.entries(calls),
    /** Whether a call may end so: an error of ours, the reason of an abort, or a refusal of bad arguments. */
    mayEnd: (error) =>
      isBlazeMeterError(error) ||
      error instanceof TypeError ||
      ['AbortError', 'TimeoutError'].includes(error?.name),
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}
