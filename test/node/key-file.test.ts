// Key files as they are found: what they may hold, and what is asked of the file itself before it is read.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fromKeyFile } from 'blazemeter-client/node';
import { describe, expect, it, vi } from 'vitest';
import { fileWith, keyFile, madeUp, refusal, temporaryFolder } from '../support/credentials.ts';

const credentials = madeUp('key file');
const { id, secret } = credentials;
const json = JSON.stringify({ id, secret });
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
const sops = `ENC[AES256_GCM,data:${secret},iv:x,tag:y,type:str]`;
const windows = process.platform === 'win32';
const root = process.geteuid?.() === 0;

const revealed = async (path: string): Promise<string> => {
  const found = await fromKeyFile(path)();
  return typeof found.secret === 'string' ? '' : `${found.id}:${found.secret.reveal()}`;
};

describe('what a key file holds', () => {
  it('id and secret, and whatever else', async () => {
    const path = fileWith(JSON.stringify({ name: 'mine', id, secret, created: 1 }));
    expect(await revealed(path)).toBe(credentials.token);
  });

  it('a byte-order mark may stand in front', async () => {
    expect(await revealed(fileWith(`\ufeff{"id":"${id}","secret":"${secret}"}`))).toBe(credentials.token);
  });

  it('it is read anew at every call, so a replaced file is picked up', async () => {
    const path = keyFile(credentials);
    const provider = fromKeyFile(path);
    expect((await provider()).id).toBe(id);
    const next = madeUp('next');
    writeFileSync(`${path}.new`, JSON.stringify({ id: next.id, secret: next.secret }), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    expect((await provider({ reason: 'unauthorized' })).id).toBe(next.id);
    expect(provider.describe?.()).toContain(next.id);
  });

  it('nothing is read before the call', async () => {
    const provider = fromKeyFile('/no/such/api-key.json');
    const error = await refusal(provider());
    expect(error.source).toContain('/no/such/api-key.json');
    expect(error.message).toContain('/no/such/api-key.json');
  });

  const wrong: readonly [what: string, content: string | Uint8Array, message: RegExp][] = [
    ['an empty file', '', /JSON/],
    ['the credentials as text', credentials.token, /JSON/],
    ['broken JSON', `{"id": "${id}", "secret": "${secret}"`, /JSON/],
    ['a secret that is not in quotes', `{"id": "${id}", "secret": ${secret}}`, /JSON/],
    ['a text', JSON.stringify(secret), /JSON/],
    ['null', 'null', /JSON/],
    ['a list', JSON.stringify([id, secret]), /JSON of the form/],
    ['no id', JSON.stringify({ secret }), /key id/],
    ['no secret', JSON.stringify({ id }), /key secret/],
    ['an id that is a number', JSON.stringify({ id: 5, secret }), /key id/],
    ['a secret that is a list', JSON.stringify({ id, secret: [secret] }), /key secret/],
    ['an id with a colon', JSON.stringify({ id: credentials.token, secret }), /colon/],
    ['a line break in the secret', JSON.stringify({ id, secret: `${secret}\n` }), /control character/],
    ['a template', `{"id": "\${ID}", "secret": "${secret}"}`, /variable/],
    ['the inherited names', `{"__proto__": {"id": "${id}", "secret": "${secret}"}}`, /key id/],
    ['UTF-16, as PowerShell writes it', utf16(`\ufeff${json}`), /UTF-16.*UTF-8/],
    ['UTF-16 in the other order', utf16(`\ufeff${json}`).swap16(), /UTF-16/],
    ['UTF-16 without a byte-order mark', utf16(json), /UTF-16/],
    ['UTF-16 in the other order without one', utf16(json).swap16(), /UTF-16/],
    ['Latin-1', Buffer.from(JSON.stringify({ id, secret, note: 'é' }), 'latin1'), /Latin-1/],
    ['binary data', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), /binary/],
    ['binary data that begins with the text', Buffer.from(`${json}\0\u0001`), /binary/],
    ['a file of git-crypt', Buffer.from(`\0GITCRYPT\0${secret}`), /git-crypt unlock/],
    ['a file of age', `age-encryption.org/v1\n-> X25519 ${secret}\n`, /age --decrypt/],
    ['a file of age as text', `-----BEGIN AGE ENCRYPTED FILE-----\n${secret}\n`, /age --decrypt/],
    ['a file of PGP', `-----BEGIN PGP MESSAGE-----\n\n${secret}\n`, /gpg --decrypt/],
    ['a file of Ansible Vault', `$ANSIBLE_VAULT;1.1;AES256\n${secret}\n`, /ansible-vault decrypt/],
    ['a JSON file of sops', JSON.stringify({ id: sops, secret: sops, sops: {} }, null, 2), /sops --decrypt/],
    ['a YAML file of sops', `id: ${sops}\nsecret: ${sops}\n`, /sops --decrypt/],
    ['a whole file that sops encrypted', JSON.stringify({ data: sops, sops: {} }), /sops --decrypt/],
    ['a secret that sops encrypted', JSON.stringify({ id, secret: sops }), /encrypted/],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:ab\n', /git lfs pull/],
    ['more than 64 KiB', JSON.stringify({ id, secret, x: 'y'.repeat(65_536) }), /64 KiB/],
  ];
  for (const [what, content, message] of wrong)
    it(`not ${what}`, async () => {
      const path = fileWith(content);
      const error = await refusal(fromKeyFile(path)(), secret);
      expect(error.message).toMatch(message);
      expect(error.message).toContain(path);
      expect(error.source).toContain(path);
    });

  it('64 KiB to the byte are read', async () => {
    const frame = JSON.stringify({ id, secret, x: '' });
    expect(
      await revealed(fileWith(frame.replace('"x":""', `"x":"${'y'.repeat(65_536 - frame.length)}"`))),
    ).toBe(credentials.token);
  });
});

describe('what is not a path', () => {
  for (const path of [
    credentials.token,
    ` ${credentials.token}`,
    `${id}:`,
    `x:${secret}`,
    `${id}:${secret}/..`,
  ])
    it(JSON.stringify(path.replaceAll(secret, '…').replaceAll(id, 'id')), async () => {
      const error = await refusal(fromKeyFile(path)(), secret, id);
      expect(error.message).toContain('BZ_TOKEN');
    });

  it.each([
    ['JSON', `{"id":"${id}"}`, /JSON/],
    ['a path in quotes', '"/home/me/api-key.json"', /quote/],
    ['a key id', id, /_ID/],
    ['a secret', secret, /_SECRET/],
    ['an old key of 20 characters', id.slice(0, 20), /old/],
    ['a mask', '***', /mask/],
    ['a placeholder', '<path>', /placeholder/],
    ['an e-mail address', 'me@example.com', /e-mail/],
  ])('%s in its place is named', async (_what, path, hint) => {
    expect((await refusal(fromKeyFile(path)(), secret, id)).message).toMatch(hint);
  });

  it('a colon further back belongs to the path', async () => {
    const folder = join(temporaryFolder(), 'a:b');
    mkdirSync(folder);
    writeFileSync(join(folder, 'c:d.json'), JSON.stringify({ id, secret }), { mode: 0o600 });
    expect(await revealed(join(folder, 'c:d.json'))).toBe(credentials.token);
  });

  it('nor is nothing', async () => {
    await refusal(fromKeyFile('')());
  });
});

describe.skipIf(windows)('what is asked of the file', () => {
  const message = async (path: string): Promise<string> =>
    (await refusal(fromKeyFile(path)(), secret)).message;

  it('a folder is refused', async () => {
    expect(await message(temporaryFolder())).toContain('regular file');
  });

  it('a pipe without a writer is refused, and not waited for', async () => {
    const path = join(temporaryFolder(), 'pipe.json');
    execFileSync('mkfifo', ['-m', '600', path]);
    expect(await message(path)).toContain('regular file');
  });

  it('a socket is refused', async () => {
    const path = join(temporaryFolder(), 'socket');
    const server = createServer();
    await new Promise<void>((done) => server.listen(path, done));
    try {
      expect(await message(path)).toMatch(/ENXIO|EOPNOTSUPP|regular file/);
    } finally {
      server.close();
    }
  });

  it('a link to a link to a file is followed', async () => {
    const folder = temporaryFolder();
    symlinkSync(keyFile(credentials), join(folder, 'one.json'));
    symlinkSync('one.json', join(folder, 'two.json'));
    expect(await revealed(join(folder, 'two.json'))).toBe(credentials.token);
  });

  it('a link that leads nowhere, or in a circle', async () => {
    const folder = temporaryFolder();
    symlinkSync('nothing', join(folder, 'lost.json'));
    symlinkSync('circle.json', join(folder, 'circle.json'));
    expect(await message(join(folder, 'lost.json'))).toContain('does not exist');
    expect(await message(join(folder, 'circle.json'))).toContain('ELOOP');
  });

  for (const mode of [0o602, 0o666, 0o606, 0o777])
    it(`mode ${mode.toString(8)}: others may write, so it is refused`, async () => {
      const path = keyFile(credentials, { mode });
      expect(await message(path)).toMatch(/chmod 600.*allowInsecureFile/);
      expect((await fromKeyFile(path, { allowInsecureFile: true })()).id).toBe(id);
    });

  it('others may write, seen through a link', async () => {
    const link = join(temporaryFolder(), 'link.json');
    symlinkSync(keyFile(credentials, { mode: 0o666 }), link);
    expect(await message(link)).toContain('chmod 600');
  });

  for (const [mode, warned] of [
    [0o600, false],
    [0o400, false],
    [0o604, true],
    [0o644, true],
  ] as const)
    it(`mode ${mode.toString(8)}: ${warned ? 'others may read, which is a warning' : 'no warning'}`, async () => {
      const path = keyFile(credentials, { mode });
      const onWarning = vi.fn();
      expect((await fromKeyFile(path, { onWarning })()).id).toBe(id);
      expect(onWarning.mock.calls).toEqual(
        warned ? [[expect.stringMatching(/api-key\.json.*chmod 600/)]] : [],
      );
    });

  it('a folder that others may write to is refused, unless it is sticky', async () => {
    const path = keyFile(credentials);
    chmodSync(dirname(path), 0o777);
    expect(await message(path)).toContain('folder');
    expect((await fromKeyFile(path, { allowInsecureFile: true })()).id).toBe(id);
    chmodSync(dirname(path), 0o1777);
    expect(await revealed(path)).toBe(credentials.token);
  });

  it('with a link, both its own folder and that of the file count', async () => {
    const path = keyFile(credentials);
    const link = join(temporaryFolder(), 'link.json');
    symlinkSync(path, link);
    expect(await revealed(link)).toBe(credentials.token);
    chmodSync(dirname(link), 0o777);
    expect(await message(link)).toContain('folder');
    chmodSync(dirname(link), 0o700);
    chmodSync(dirname(path), 0o777);
    expect(await message(link)).toContain('folder');
  });

  it.runIf(root)('a group may write only where it is the owner’s own', async () => {
    const path = keyFile(credentials, { mode: 0o660 });
    expect(await revealed(path)).toBe(credentials.token);
    chownSync(path, 0, 12_345);
    expect(await message(path)).toContain('chmod 600');
    chmodSync(path, 0o640);
    const onWarning = vi.fn();
    await fromKeyFile(path, { onWarning })();
    expect(onWarning).toHaveBeenCalledOnce();
  });

  it.runIf(root)('a file of another user is refused; of root it is not', async () => {
    const path = keyFile(credentials);
    chownSync(path, 12_345, 12_345);
    expect(await message(path)).toContain('another user');
    expect((await fromKeyFile(path, { allowInsecureFile: true })()).id).toBe(id);
    vi.spyOn(process, 'geteuid').mockReturnValue(12_345);
    expect(await revealed(path)).toBe(credentials.token);
    chownSync(path, 0, 0);
    expect(await revealed(path)).toBe(credentials.token);
  });

  it('the layout of a secret that Kubernetes mounts', async () => {
    const mount = temporaryFolder();
    mkdirSync(join(mount, '..2030'));
    writeFileSync(join(mount, '..2030', 'api-key.json'), JSON.stringify({ id, secret }), { mode: 0o644 });
    symlinkSync('..2030', join(mount, '..data'));
    symlinkSync('..data/api-key.json', join(mount, 'api-key.json'));
    chmodSync(mount, 0o1777);
    expect(await revealed(join(mount, 'api-key.json'))).toBe(credentials.token);
  });

  it('a mounted secret whose link is swapped during the read is read again', async () => {
    const mount = temporaryFolder();
    const write = (version: string) => {
      mkdirSync(join(mount, version));
      writeFileSync(join(mount, version, 'api-key.json'), JSON.stringify({ id, secret }), { mode: 0o600 });
    };
    write('..1');
    symlinkSync('..1', join(mount, '..data'));
    symlinkSync('..data/api-key.json', join(mount, 'api-key.json'));
    const { promises } = process.getBuiltinModule('node:fs');
    const { open } = promises;
    vi.spyOn(promises, 'open').mockImplementationOnce(async (...args) => {
      // What it has resolved is removed before it is opened, and the new link is in place.
      rmSync(join(mount, '..1'), { recursive: true });
      return open(...args).finally(() => {
        write('..2');
        symlinkSync('..2', join(mount, '..data_tmp'));
        renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
      });
    });
    expect(await revealed(join(mount, 'api-key.json'))).toBe(credentials.token);
  });

  it.runIf(root)(
    'a link of another user in a sticky folder is refused, and so is a folder of another user',
    async () => {
      const path = keyFile(credentials);
      const folder = temporaryFolder();
      chmodSync(folder, 0o1777);
      const link = join(folder, 'api-key.json');
      symlinkSync(path, link);
      expect(await revealed(link)).toBe(credentials.token);
      lchownSync(link, 12_345, 12_345);
      expect(await message(link)).toContain('another user');
      chownSync(dirname(path), 12_345, 12_345);
      expect(await message(path)).toContain('folder of another user');
    },
  );

  it('where there are no users, as on Windows, modes are not judged', async () => {
    const path = keyFile(credentials, { mode: 0o666 });
    const { geteuid } = process;
    Object.assign(process, { geteuid: undefined });
    try {
      expect(await revealed(path)).toBe(credentials.token);
    } finally {
      Object.assign(process, { geteuid });
    }
  });

  it('what is judged is what is read, though the path be swapped in between', async () => {
    const path = keyFile(credentials);
    const swapped = madeUp('swapped in');
    const { promises } = process.getBuiltinModule('node:fs');
    const { open } = promises;
    vi.spyOn(promises, 'open').mockImplementation(async (...args) => {
      const handle = await open(...args);
      writeFileSync(`${path}.evil`, JSON.stringify({ id: swapped.id, secret: swapped.secret }), {
        mode: 0o666,
      });
      renameSync(`${path}.evil`, path);
      return handle;
    });
    expect(await revealed(path)).toBe(credentials.token);
    expect(JSON.parse(readFileSync(path, 'utf8')).id).toBe(swapped.id);
  });

  it('short reads are gone on with, and an error in between shows its code alone', async () => {
    const path = keyFile(credentials);
    const { promises } = process.getBuiltinModule('node:fs');
    const { open } = promises;
    const spy = vi.spyOn(promises, 'open').mockImplementation(async (...args) => {
      const handle = await open(...args);
      const read = handle.read.bind(handle);
      return Object.assign(handle, { read: (buffer: Uint8Array, offset: number) => read(buffer, offset, 7) });
    });
    expect(await revealed(path)).toBe(credentials.token);
    spy.mockImplementation(async (...args) => {
      const handle = await open(...args);
      vi.spyOn(handle, 'read').mockRejectedValue(Object.assign(new Error(`EIO: ${secret}`), { code: 'EIO' }));
      return handle;
    });
    expect(await message(path)).toContain('EIO');
  });
});
