// Writing key files: what stands there afterwards, after every failure, after a crash, and between two writers.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Secret } from 'blazemeter-client';
import { fromKeyFile, keyFileSink, writeKeyFile } from 'blazemeter-client/node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { builtPackage } from '../support/built.ts';
import { expectHidden, keyFile, madeUp, refusal, temporaryFolder } from '../support/credentials.ts';

const windows = process.platform === 'win32';
const root = process.geteuid?.() === 0;
const old = madeUp('old');
const next = madeUp('next');
const { promises } = process.getBuiltinModule('node:fs');

const idIn = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8')).id;
const failing = (code: string) => Object.assign(new Error(`${code}: ${next.secret}`), { code });

describe('a key file that is written', () => {
  it('holds the credentials, for its owner only, and is read back', async () => {
    const path = join(temporaryFolder(), 'api-key.json');
    await writeKeyFile(path, next);
    expect(readFileSync(path, 'utf8')).toBe(`{\n  "id": "${next.id}",\n  "secret": "${next.secret}"\n}\n`);
    if (!windows) expect(statSync(path).mode & 0o777).toBe(0o600);
    const onWarning = vi.fn();
    expect(await fromKeyFile(path, { onWarning })()).toMatchObject({ id: next.id });
    expect(onWarning).not.toHaveBeenCalled();
    expect(readdirSync(dirname(path))).toEqual(['api-key.json']);
  });

  it('takes the secret as a Secret, and writes nothing of what else the credentials carry', async () => {
    const path = join(temporaryFolder(), 'api-key.json');
    await writeKeyFile(path, {
      ...next,
      secret: Secret.from('a"b\\c'),
      expiresAt: new Date(),
      origin: 'https://x',
    });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ id: next.id, secret: 'a"b\\c' });
  });

  it('replaces the old one, and its open permissions', async () => {
    const path = keyFile(old, { mode: 0o666 });
    await writeKeyFile(path, next);
    expect(idIn(path)).toBe(next.id);
    if (!windows) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is another file than the old one: a program that has that open still reads the old credentials', async () => {
    const path = keyFile(old);
    linkSync(path, `${path}.kept`);
    await writeKeyFile(path, next);
    expect(idIn(`${path}.kept`)).toBe(old.id);
  });

  it('may be named relative to the working directory', async () => {
    const folder = temporaryFolder();
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    await writeKeyFile('my-key.json', next);
    expect(idIn(join(folder, 'my-key.json'))).toBe(next.id);
  });

  it.runIf(root)('is never given to another user: a file of one is not replaced', async () => {
    const path = keyFile(old);
    chownSync(path, 12_345, 12_346);
    expect((await refusal(writeKeyFile(path, next), next.secret)).message).toContain('another user');
    expect(idIn(path)).toBe(old.id);
    await writeKeyFile(path, next, { allowInsecureFile: true });
    expect(statSync(path)).toMatchObject({ uid: 0, gid: 0 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.runIf(root).each([0o777, 0o1777, 0o770, 0o722])(
    'is not written to a folder of mode %o, where others can put a file first',
    async (mode) => {
      const path = keyFile(old);
      chownSync(dirname(path), 0, 12_345);
      chmodSync(dirname(path), mode);
      expect((await refusal(writeKeyFile(path, next), next.secret)).message).toMatch(
        /folder.*allowInsecureFile/,
      );
      expect(idIn(path)).toBe(old.id);
      expect(readdirSync(dirname(path))).toEqual(['api-key.json']);
    },
  );

  it.runIf(root)('is not written where a link of another user leads, be it to a folder of ours', async () => {
    const [shared, target] = [temporaryFolder(), temporaryFolder()];
    chmodSync(shared, 0o1777);
    const link = join(shared, 'keys');
    symlinkSync(target, link);
    lchownSync(link, 12_345, 12_346);
    mkdirSync(join(target, 'ci'), { mode: 0o700 });
    for (const folder of [link, join(link, 'ci')]) {
      const path = join(folder, 'api-key.json');
      expect((await refusal(writeKeyFile(path, next), next.secret)).message).toContain('another user');
      await expect(keyFileSink(path).probe()).rejects.toThrow('another user');
    }
    expect(readdirSync(target)).toEqual(['ci']);
    // A link of ours is followed.
    lchownSync(link, 0, 0);
    await writeKeyFile(join(link, 'api-key.json'), next);
    expect(idIn(join(target, 'api-key.json'))).toBe(next.id);
  });

  it('is written beside, flushed, renamed and its folder flushed, in this order', async () => {
    const path = keyFile(old);
    const steps: string[] = [];
    const { open, rename } = promises;
    vi.spyOn(promises, 'open').mockImplementation(async (name, flags, mode) => {
      const handle = await open(name, flags, mode);
      const what =
        String(name) === dirname(path)
          ? 'folder'
          : basename(String(name)).replace(/(json)\..*\.tmp$/, '$1.….tmp');
      steps.push(`open ${what} ${flags} ${mode?.toString(8) ?? ''}`.trim());
      const sync = handle.sync.bind(handle);
      return Object.assign(handle, {
        sync: () => {
          steps.push(`sync ${what}`);
          return sync();
        },
      });
    });
    vi.spyOn(promises, 'rename').mockImplementation((from, to) => {
      expect(dirname(String(from))).toBe(dirname(path));
      steps.push(`rename to ${basename(String(to))}`);
      return rename(from, to);
    });
    await writeKeyFile(path, next);
    const folder = windows ? [] : ['open folder r', 'sync folder'];
    expect(steps).toEqual([
      'open api-key.json.….tmp wx 600',
      'sync api-key.json.….tmp',
      'rename to api-key.json',
      ...folder,
    ]);
  });
});

describe('what is refused before anything is written', () => {
  it('a symbolic link, unless it is asked for', async () => {
    const path = keyFile(old);
    const link = join(temporaryFolder(), 'link.json');
    symlinkSync(path, link);
    const error = await refusal(writeKeyFile(link, next), next.secret);
    expect(error.message).toMatch(/symbolic link.*followSymlink/);
    expect(idIn(path)).toBe(old.id);

    await writeKeyFile(link, next, { followSymlink: true });
    expect(idIn(path)).toBe(next.id);
    expect(readlinkSync(link)).toBe(path);
    expect(readdirSync(dirname(link))).toEqual(['link.json']);
    expect(readdirSync(dirname(path))).toEqual(['api-key.json']);
  });

  it('a link that leads nowhere, even when asked for', async () => {
    const link = join(temporaryFolder(), 'link.json');
    symlinkSync('nothing.json', link);
    const error = await refusal(writeKeyFile(link, next, { followSymlink: true }), next.secret);
    expect(error.message).toContain('ENOENT');
    expect(readdirSync(dirname(link))).toEqual(['link.json']);
  });

  it('a folder, and anything else that is no regular file', async () => {
    const folder = temporaryFolder();
    for (const path of [folder, '/dev/null'])
      expect((await refusal(writeKeyFile(path, next), next.secret)).message).toContain('regular file');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('a folder that is not there', async () => {
    const path = join(temporaryFolder(), 'no', 'api-key.json');
    const error = await refusal(writeKeyFile(path, next), next.secret);
    expect(error.message).toContain(path);
    expect(error.message).toContain('ENOENT');
  });

  it.each([next.token, '', '~/api-key.json', `\${HOME}/api-key.json`])(
    'what is not a path (%#)',
    async (path) => {
      expect((await refusal(writeKeyFile(path, next), next.secret, next.id)).source).toContain(
        'the path given for the key file',
      );
    },
  );

  it.each([
    ['without an id', { id: '', secret: next.secret }],
    ['with a colon in its id', { id: next.token, secret: next.secret }],
    ['with a line break in its secret', { id: next.id, secret: `${next.secret}\n` }],
  ])('credentials %s', async (_what, credentials) => {
    const path = keyFile(old);
    await refusal(writeKeyFile(path, credentials), next.secret);
    expect(idIn(path)).toBe(old.id);
  });
});

describe('when something fails', () => {
  const failures: readonly [what: string, code: string, inject: () => void][] = [
    [
      'the new file cannot be made',
      'EROFS',
      () => vi.spyOn(promises, 'open').mockRejectedValue(failing('EROFS')),
    ],
    ['the disk is full', 'ENOSPC', () => handleFailing('writeFile', 'ENOSPC')],
    ['it cannot be flushed', 'EIO', () => handleFailing('sync', 'EIO')],
    ['it cannot be renamed', 'EXDEV', () => vi.spyOn(promises, 'rename').mockRejectedValue(failing('EXDEV'))],
  ];
  it.each(failures)('%s: the old file stands, and nothing is left beside it', async (_what, code, inject) => {
    const path = keyFile(old);
    inject();
    const error = await refusal(writeKeyFile(path, next), next.secret);
    expect(error.source).toContain(path);
    expect(error.message).toContain(`(${code})`);
    expect(error.message).toContain('unchanged');
    vi.restoreAllMocks();
    expect(idIn(path)).toBe(old.id);
    expect(readdirSync(dirname(path))).toEqual(['api-key.json']);
  });

  function handleFailing(method: 'writeFile' | 'sync', code: string): void {
    const { open } = promises;
    vi.spyOn(promises, 'open').mockImplementation(async (...args) => {
      const handle = await open(...args);
      return Object.assign(handle, { [method]: () => Promise.reject(failing(code)) });
    });
  }

  it.skipIf(windows)('a disk that is full for real', async () => {
    const path = keyFile(old);
    const { open } = promises;
    vi.spyOn(promises, 'open').mockImplementation(async (name, flags, mode) => {
      const handle = await open(name, flags, mode);
      const full = await open('/dev/full', 'w');
      return Object.assign(handle, {
        writeFile: (text: string) => full.writeFile(text).finally(() => full.close()),
      });
    });
    const error = await refusal(writeKeyFile(path, next), next.secret);
    expect(error.message).toContain('(ENOSPC)');
    expect(idIn(path)).toBe(old.id);
    expect(readdirSync(dirname(path))).toEqual(['api-key.json']);
  });

  it('a file with the name of the temporary one is not written through', async () => {
    const path = keyFile(old);
    const victim = join(temporaryFolder(), 'victim');
    writeFileSync(victim, 'precious');
    const { open } = promises;
    vi.spyOn(promises, 'open').mockImplementation(async (name, flags, mode) => {
      if (flags === 'wx') symlinkSync(victim, String(name));
      return open(name, flags, mode);
    });
    expect((await refusal(writeKeyFile(path, next), next.secret)).message).toContain('(EEXIST)');
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(idIn(path)).toBe(old.id);
  });

  it.skipIf(windows)(
    'a folder that cannot be flushed by its nature does not matter; a broken disk does',
    async () => {
      const path = keyFile(old);
      const flushing = (code: string) => {
        const { open } = promises;
        vi.spyOn(promises, 'open').mockImplementation(async (name, ...rest) => {
          if (String(name) === dirname(path)) throw failing(code);
          return open(name, ...rest);
        });
      };
      flushing('EINVAL');
      await writeKeyFile(path, next);
      expect(idIn(path)).toBe(next.id);
      vi.restoreAllMocks();
      flushing('EIO');
      const error = await refusal(writeKeyFile(path, old), old.secret);
      expect(error.message).toContain('EIO');
      expect(idIn(path)).toBe(old.id);
    },
  );

  it('on Windows a busy file is tried again, for a while', async () => {
    const path = keyFile(old);
    vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
    const rename = vi.spyOn(promises, 'rename');
    rename.mockRejectedValueOnce(failing('EBUSY')).mockRejectedValueOnce(failing('EPERM'));
    await writeKeyFile(path, next);
    expect(rename).toHaveBeenCalledTimes(3);
    expect(idIn(path)).toBe(next.id);

    rename.mockReset().mockRejectedValue(failing('EBUSY'));
    const error = await refusal(writeKeyFile(path, old), old.secret, next.secret);
    expect(error.message).toContain('(EBUSY)');
    expect(rename).toHaveBeenCalledTimes(8);
    expect(readdirSync(dirname(path))).toEqual(['api-key.json']);
  });

  it('elsewhere it is not', async () => {
    const path = keyFile(old);
    const rename = vi.spyOn(promises, 'rename').mockRejectedValue(failing('EBUSY'));
    await refusal(writeKeyFile(path, next), next.secret);
    expect(rename).toHaveBeenCalledTimes(windows ? 8 : 1);
  });
});

describe('left-overs', () => {
  const ago = (path: string, ms: number): void => {
    const time = new Date(Date.now() - ms);
    utimesSync(path, time, time);
  };
  /** The name of the file that is written beside a key file of this name. */
  async function temporaryName(name: string): Promise<string> {
    const names: string[] = [];
    const { rename } = promises;
    const spy = vi.spyOn(promises, 'rename').mockImplementation((from, to) => {
      names.push(basename(String(from)));
      return rename(from, to);
    });
    await writeKeyFile(join(temporaryFolder(), name), old);
    spy.mockRestore();
    return names[0] ?? '';
  }

  /** A left-over of the process, as old as that. */
  const leftOver = async (path: string, pid: number, ms: number, where?: string): Promise<string> => {
    const parts = (await temporaryName(basename(path))).split('.');
    parts.splice(-3, 1, String(pid));
    if (where !== undefined) parts.splice(-4, 1, where);
    const name = join(dirname(path), parts.join('.'));
    writeFileSync(name, JSON.stringify(old));
    ago(name, ms);
    return name;
  };
  /** A number that no process has: Linux and macOS give none that is so high. */
  const noProcess = 2 ** 22 + 1;

  it('their names begin with that of the file, so what ignores that ignores them', async () => {
    const name = await temporaryName('api-key.json');
    expect(name).toMatch(/^api-key\.json\..+\.tmp$/);
    expect(await temporaryName('api-key.json')).not.toBe(name);
  });

  it('of dead processes, and old ones, are removed by the next write', async () => {
    const path = keyFile(old);
    await leftOver(path, noProcess, 0);
    await leftOver(path, noProcess, 1e9);
    await leftOver(path, process.ppid, 11 * 60_000);
    await leftOver(path, process.pid, process.uptime() * 1000 + 60_000);
    await leftOver(path, 1, 11 * 60_000, '00000000');
    await writeKeyFile(path, next);
    expect(readdirSync(dirname(path))).toEqual(['api-key.json']);
  });

  it('of the living, of other machines, and of other files stay', async () => {
    const path = keyFile(old);
    const kept = [
      await leftOver(path, process.ppid, 60_000),
      await leftOver(path, process.pid, 0),
      await leftOver(path, noProcess, 60_000, '00000000'),
      await leftOver(join(dirname(path), 'api-key.jso'), noProcess, 1e9),
      await leftOver(join(dirname(path), 'other.json'), noProcess, 1e9),
    ];
    for (const name of ['api-key.json.bak', 'api-key.json.tmp', 'api-key.json.1.2.3.tmp']) {
      kept.push(join(dirname(path), name));
      writeFileSync(join(dirname(path), name), 'mine');
      ago(join(dirname(path), name), 1e9);
    }
    await writeKeyFile(path, next);
    expect(readdirSync(dirname(path)).sort()).toEqual([path, ...kept].map((name) => basename(name)).sort());
  });

  it('that cannot be removed do not stop the write', async () => {
    const path = keyFile(old);
    const left = await leftOver(path, noProcess, 0);
    mkdirSync(left.replace(/\w{12}\.tmp$/, '0123456789ab.tmp'));
    await writeKeyFile(path, next);
    expect(idIn(path)).toBe(next.id);
    vi.spyOn(promises, 'readdir').mockRejectedValue(failing('EACCES'));
    await writeKeyFile(path, old);
    expect(idIn(path)).toBe(old.id);
  });
});

describe('processes', () => {
  const built = builtPackage();
  const children: ChildProcess[] = [];
  /** Runs a program with all of `blazemeter-client/node` as `node`. */
  const start = (...lines: string[]): ChildProcess => {
    const program = `import * as node from 'blazemeter-client/node';\n${lines.join('\n')}`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: built.folder(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    return child;
  };

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('one that is killed before the rename leaves the old credentials, and a file that the next write removes', async () => {
    const path = keyFile(old);
    const child = start(
      'const { promises } = process.getBuiltinModule("node:fs");',
      'promises.rename = () => new Promise(() => setInterval(() => {}, 1000));',
      `await node.writeKeyFile(${JSON.stringify(path)}, ${JSON.stringify(next)});`,
    );
    const complete = () =>
      readdirSync(dirname(path)).some(
        (name) => name !== 'api-key.json' && statSync(join(dirname(path), name)).size > 100,
      );
    await vi.waitUntil(complete, 15_000);

    // While it lives, another write leaves its file alone.
    await writeKeyFile(path, old);
    expect(readdirSync(dirname(path))).toHaveLength(2);

    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(idIn(path)).toBe(old.id);
    expect(readdirSync(dirname(path))).toHaveLength(2);
    await writeKeyFile(path, next);
    expect(idIn(path)).toBe(next.id);
    expect(readdirSync(dirname(path))).toEqual(['api-key.json']);
  });

  it('two that write at once never fail, and a reader finds one set of credentials or the other, whole', async () => {
    const path = keyFile(old);
    const pairs = ['one', 'two'].map((name) => madeUp(name));
    const exits = pairs.map(async (credentials) => {
      const child = start(
        `for (let i = 0; i < 60; i++) await node.writeKeyFile(${JSON.stringify(path)}, ${JSON.stringify(credentials)});`,
      );
      let problems = '';
      child.stderr?.on('data', (chunk) => {
        problems += chunk;
      });
      const [code] = await once(child, 'close');
      return `${code}${problems}`;
    });
    let running = true;
    const over = Promise.all(exits).finally(() => {
      running = false;
    });
    const known = new Map([old, ...pairs].map(({ id, secret }) => [id, secret]));
    const seen = new Set<string>();
    const provider = fromKeyFile(path);
    while (running) {
      const { id, secret } = await provider();
      expect(typeof secret === 'string' ? '' : secret.reveal()).toBe(known.get(id));
      seen.add(id);
      await new Promise((done) => setTimeout(done, 2));
    }
    expect(await over).toEqual(['0', '0']);
    expect(seen.size).toBeGreaterThan(1);
    expect(readdirSync(dirname(path))).toEqual(['api-key.json']);
  });

  it('so can one, with itself', async () => {
    const path = join(temporaryFolder(), 'api-key.json');
    const pairs = Array.from({ length: 20 }, (_, index) => madeUp(`credentials ${index}`));
    await Promise.all(pairs.map((credentials) => writeKeyFile(path, credentials)));
    expect(pairs.map(({ id }) => id)).toContain(idIn(path));
    expect(readdirSync(dirname(path))).toEqual(['api-key.json']);
    expect(existsSync(path)).toBe(true);
    expectHidden(await fromKeyFile(path)(), pairs[0]?.secret ?? '');
  });
});
