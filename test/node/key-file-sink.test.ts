// A key file as a sink: what the probe refuses and leaves behind, and which credentials stands in the file at the end.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Secret } from 'blazemeter-client';
import { fromKeyFile, keyFileSink } from 'blazemeter-client/node';
import { adopt, memoryStore, resume, rotate, type SecretSink } from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { rotationWorld } from '../rotation/support/world.ts';
import { madeUp, refusal, temporaryFolder } from '../support/credentials.ts';

const windows = process.platform === 'win32';
const root = process.geteuid?.() === 0;
/** Whether this process may mount: in many containers not even root may. */
function mountable(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'mount-'));
  try {
    execFileSync('mount', ['--bind', folder, folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}
/** Whether this process may make a file immutable: not every file system, and not every container, has that. */
function protectable(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'chattr-'));
  try {
    for (const flag of ['+i', '-i']) execFileSync('chattr', [flag, folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}
const { promises } = process.getBuiltinModule('node:fs');
const first = madeUp('first');
const second = madeUp('second');

const delivery = (
  { id, secret }: { id: string; secret: string },
  epoch: number,
  recordId = 'abcdefghij',
) => ({
  id,
  secret: Secret.from(secret),
  recordId,
  epoch,
});
const place = () => join(temporaryFolder(), 'api-key.json');
const idIn = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8')).id;

describe('a key file as a sink', () => {
  it('has a name of its own, also where its path is not shown whole', () => {
    const hash = 'ab'.repeat(20);
    const paths = ['keys/ci', 'keys/prod', `/keys/${hash}/key.json`, `/keys/${hash}a/key.json`, './ci.json'];
    const names = paths.map((path) => keyFileSink(path).name);
    expect(new Set(names).size).toBe(paths.length);
    expect(names.map((name) => name.includes(hash))).not.toContain(true);
    expect(paths.map((path) => keyFileSink(path).name)).toEqual(names);
  });

  it('gets the credentials of a rotation, for its owner only', async () => {
    const world = rotationWorld();
    const path = place();
    const store = memoryStore();
    const sink: SecretSink = keyFileSink(path);
    await adopt(world.client, { store, name: 'ci', credentials: world.keys.ci });
    const { keyId, sinks } = await rotate(world.client, {
      store,
      reason: 'schedule',
      sinks: [sink],
      drain: { minutes: 0 },
    });
    expect(idIn(path)).toBe(keyId);
    expect(sinks).toEqual([{ name: sink.name, keyId, acknowledged: true }]);
    if (!windows) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await fromKeyFile(path)()).id).toBe(keyId);
    expect((await resume(world.client, { store })).phase).toBe('idle');
  });

  it('is named after its path, or by its option', () => {
    expect(keyFileSink('./keys/api-key.json').name).toContain('./keys/api-key.json');
    expect(keyFileSink('./api-key.json', { name: 'agent' }).name).toBe('agent');
  });

  it('writes to where the path led when it was created', async () => {
    const path = place();
    const home = process.cwd();
    process.chdir(dirname(path));
    const sink = keyFileSink('api-key.json');
    process.chdir(home);
    await sink.put(delivery(first, 1));
    expect(idIn(path)).toBe(first.id);
  });

  it('refuses credentials in the place of a path', () => {
    expect(() => keyFileSink(first.token)).toThrow(/id:secret/);
  });
});

describe('its probe', () => {
  it('leaves nothing behind, and the file as it is', async () => {
    const path = place();
    await keyFileSink(path).probe();
    expect(readdirSync(dirname(path))).toEqual([]);
    await keyFileSink(path).put(delivery(first, 1));
    const before = readFileSync(path, 'utf8');
    await keyFileSink(path).probe();
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(dirname(path)).sort()).toEqual(['api-key.json', 'api-key.json.epoch']);
  });

  it.each([
    ['is not there', (path: string) => path.replace('api-key.json', 'none/api-key.json'), /ENOENT/],
    [
      'is a file',
      (path: string) => {
        writeFileSync(path, '');
        return join(path, 'api-key.json');
      },
      /ENOTDIR|ENOENT/,
    ],
  ])('refuses a folder that %s', async (_, make, why) => {
    expect((await refusal(keyFileSink(make(place())).probe())).message).toMatch(why);
  });

  it.runIf(!windows).each([0o777, 0o722])(
    'refuses a folder of mode %o, unless an option allows it',
    async (mode) => {
      const path = place();
      chmodSync(dirname(path), mode);
      expect((await refusal(keyFileSink(path).probe())).message).toMatch(/folder/);
      await keyFileSink(path, { allowInsecureFile: true }).probe();
      // Sticky or not: others could put a file of that name there first.
      chmodSync(dirname(path), 0o1777);
      expect((await refusal(keyFileSink(path).probe())).message).toMatch(/folder/);
      expect((await refusal(keyFileSink(path).put(delivery(first, 1)), first.secret)).message).toMatch(
        /folder/,
      );
      expect(existsSync(path)).toBe(false);
    },
  );

  it.runIf(root)('refuses a file of another user, and a folder of one', async () => {
    const [theirs, inTheirs] = [place(), place()];
    writeFileSync(theirs, '{}');
    chownSync(theirs, 12_345, 12_345);
    expect((await refusal(keyFileSink(theirs).probe())).message).toMatch(/another user/);
    chownSync(dirname(inTheirs), 12_345, 12_345);
    expect((await refusal(keyFileSink(inTheirs).probe())).message).toMatch(/folder of another user/);
    expect(readdirSync(dirname(inTheirs))).toEqual([]);
  });

  it.runIf(root)(
    "refuses another user's file in a sticky folder, where no rename can replace it",
    async () => {
      const path = place();
      writeFileSync(path, '{}');
      chmodSync(dirname(path), 0o1777);
      vi.spyOn(process, 'geteuid').mockReturnValue(12_345);
      const sink = keyFileSink(path, { allowInsecureFile: true });
      expect((await refusal(sink.probe())).message).toMatch(/sticky/);
    },
  );

  it.runIf(root && mountable())(
    'refuses a file that is a mount point, and leaves nothing beside it',
    async () => {
      const [path, host] = [place(), place()];
      writeFileSync(host, '{}', { mode: 0o600 });
      writeFileSync(path, '');
      execFileSync('mount', ['--bind', host, path]);
      try {
        expect((await refusal(keyFileSink(path).probe())).message).toMatch(/mount point/);
        expect(readdirSync(dirname(path))).toEqual(['api-key.json']);
      } finally {
        execFileSync('umount', [path]);
      }
    },
  );

  it.runIf(root && mountable())('refuses a file in a read-only mount, as its put does', async () => {
    const path = place();
    const folder = dirname(path);
    writeFileSync(path, '{}', { mode: 0o600 });
    execFileSync('mount', ['--bind', folder, folder]);
    try {
      execFileSync('mount', ['-o', 'remount,ro,bind', folder]);
      const sink = keyFileSink(path);
      for (const work of [sink.probe(), sink.put(delivery(first, 1))])
        expect((await refusal(work, first.secret)).message).toMatch(/read-only/);
    } finally {
      execFileSync('umount', [folder]);
    }
    expect(readdirSync(folder)).toEqual(['api-key.json']);
  });

  it.runIf(root && protectable()).each([
    ['an immutable file', '+i', (path: string) => path],
    ['an append-only file', '+a', (path: string) => path],
    ['an immutable file of its epoch', '+i', (path: string) => `${path}.epoch`],
    ['an immutable folder', '+i', dirname],
    ['an append-only folder', '+a', dirname],
  ])('refuses %s, as its put does, and changes no file', async (_, flag, where) => {
    const path = place();
    const sink = keyFileSink(path);
    await sink.put(delivery(first, 1));
    const before = statSync(path);
    execFileSync('chattr', [flag, where(path)]);
    try {
      for (const work of [() => sink.probe(), () => sink.put(delivery(second, 2))])
        expect((await refusal(work(), first.secret, second.secret)).message).toMatch(/EPERM.*immutable/);
      expect(idIn(path)).toBe(first.id);
    } finally {
      execFileSync('chattr', [flag.replace('+', '-'), where(path)]);
    }
    expect(statSync(path)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
    await sink.probe();
  });

  it.each([
    ['the file may not be written', (given: unknown[]) => given[1] === 'r+', 'open'],
    ['nothing may be removed from its folder', () => true, 'unlink'],
  ] as const)('refuses where %s (EPERM)', async (_, denied, call) => {
    const path = place();
    writeFileSync(path, '{}', { mode: 0o600 });
    const inner: (...given: never[]) => unknown = promises[call];
    vi.spyOn(promises, call).mockImplementation(async (...given: unknown[]) => {
      if (denied(given)) throw Object.assign(new Error(first.secret), { code: 'EPERM' });
      return Reflect.apply(inner, promises, given);
    });
    expect((await refusal(keyFileSink(path).probe(), first.secret)).message).toMatch(/EPERM.*immutable/);
    expect(readFileSync(path, 'utf8')).toBe('{}');
  });

  it.runIf(!windows)(
    'passes where only the mode forbids writing, since a rename replaces the file',
    async () => {
      const path = place();
      writeFileSync(path, '{}', { mode: 0o400 });
      await keyFileSink(path).probe();
      await keyFileSink(path).put(delivery(first, 1));
      expect(idIn(path)).toBe(first.id);
    },
  );

  it('refuses where the file of its epoch cannot be replaced', async () => {
    const path = place();
    mkdirSync(`${path}.epoch`);
    expect((await refusal(keyFileSink(path).probe())).message).toMatch(/not a regular file/);
  });

  it.runIf(!windows)('judges the folder of a link and the folder that it leads to', async () => {
    const [link, file] = [place(), place()];
    writeFileSync(file, '{}');
    symlinkSync(file, link);
    expect((await refusal(keyFileSink(link).probe())).message).toMatch(/symbolic link/);
    const sink = keyFileSink(link, { followSymlink: true });
    await sink.probe();
    chmodSync(dirname(file), 0o777);
    expect((await refusal(sink.probe())).message).toMatch(/folder/);
  });

  it('refuses a folder that stands where the file belongs', async () => {
    const path = place();
    mkdirSync(path);
    expect((await refusal(keyFileSink(path).probe())).message).toMatch(/not a regular file/);
  });

  it.each(['EROFS', 'ENOSPC', 'EACCES'])(
    'refuses where nothing can be written (%s), and removes what it made',
    async (code) => {
      const path = place();
      const open = promises.open;
      vi.spyOn(promises, 'open').mockImplementation(async (...told) => {
        const handle = await open(...told);
        vi.spyOn(handle, 'writeFile').mockRejectedValue(Object.assign(new Error(first.secret), { code }));
        return handle;
      });
      expect((await refusal(keyFileSink(path).probe(), first.secret)).message).toContain(code);
      expect(readdirSync(dirname(path))).toEqual([]);
    },
  );
});

describe('its put', () => {
  it('does not set the file back to an older epoch, whichever sink wrote the newer one', async () => {
    const path = place();
    await keyFileSink(path).put(delivery(second, 5));
    const { message } = await refusal(keyFileSink(path).put(delivery(first, 4)), first.secret, second.secret);
    expect(message).toMatch(/5.*4/);
    expect(idIn(path)).toBe(second.id);
  });

  it('puts the same epoch again, and the next one', async () => {
    const path = place();
    const sink = keyFileSink(path);
    for (const epoch of [1, 1, 2]) await sink.put(delivery(epoch === 1 ? first : second, epoch));
    expect(idIn(path)).toBe(second.id);
  });

  it('takes a new record from its beginning', async () => {
    const path = place();
    await keyFileSink(path).put(delivery(first, 9));
    await keyFileSink(path).put(delivery(second, 1, 'klmnpqrstu'));
    expect(idIn(path)).toBe(second.id);
  });

  it('refuses older credentials also where it died before the newer one was written', async () => {
    const path = place();
    await keyFileSink(path).put(delivery(first, 1));
    const rename = promises.rename;
    let renames = 0;
    vi.spyOn(promises, 'rename').mockImplementation(async (...told) => {
      renames += 1;
      if (renames === 2) throw Object.assign(new Error(second.secret), { code: 'EIO' });
      return rename(...told);
    });
    await refusal(keyFileSink(path).put(delivery(second, 2)), second.secret);
    expect(idIn(path)).toBe(first.id);
    await refusal(keyFileSink(path).put(delivery(first, 1)));
    await keyFileSink(path).put(delivery(second, 2));
    expect(idIn(path)).toBe(second.id);
  });

  it('writes no secret beside the file', async () => {
    const path = place();
    await keyFileSink(path).put(delivery(first, 3));
    expect(readFileSync(`${path}.epoch`, 'utf8')).toBe('abcdefghij 3\n');
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});
