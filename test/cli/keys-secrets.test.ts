// Where a new secret may go, and that it always goes somewhere: before anything is sent it is made sure that there is a
// way, and what cannot go it is saved.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { FetchLike } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { freshFolder, keysWorld, parsed, shows } from './support/keys.ts';

const create = (...more: string[]) => ['create', '--name', 'ci', '--expires-in', '1 month', ...more];

/** What the reference does, with something that happens just before the response to a POST. */
const afterwards =
  (world: ReturnType<typeof keysWorld>, happens: () => void): FetchLike =>
  async (url, init) => {
    const response = await world.reference.fetch(url, init);
    if (init.method === 'POST') happens();
    return response;
  };

describe('a file that git would track', () => {
  const repository = (): string => {
    const folder = freshFolder();
    execFileSync('git', ['init', '-q', folder]);
    mkdirSync(join(folder, 'sub'));
    execFileSync('sh', ['-c', 'printf "*.secret*\\nexact.json\\n" > .gitignore'], { cwd: folder });
    return folder;
  };

  it('is refused before anything is sent, unless it is ignored', async () => {
    const world = keysWorld();
    const cwd = repository();
    const refused = await world.run(create('--out', 'sub/k.json'), { cwd });
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('git would track it');
    expect(world.reference.journal.count('apiKeys.create')).toBe(0);
    expect((await world.run(create('--out', 'sub/k.secret'), { cwd })).code).toBe(0);
    expect((await world.run(create('--out', 'sub/k.json', '--allow-in-git'), { cwd })).code).toBe(0);
  });

  it('is refused as a record and as a sink, too', async () => {
    const world = keysWorld();
    const cwd = repository();
    expect((await world.run(['adopt', '--store', 'rec.json', '--name', 'ci'], { cwd })).code).toBe(2);
    await world.run(['adopt', '--store', 'rec.secret', '--name', 'ci'], { cwd });
    const rotate = ['rotate', '--store', 'rec.secret', '--sink-file'];
    expect((await world.run([...rotate, 'k.json'], { cwd })).code).toBe(2);
    expect((await world.run([...rotate, 'k.secret'], { cwd })).code).toBe(0);
  });

  it('is found behind a link, in .git itself, and where a variable speaks of another repository', async () => {
    const world = keysWorld();
    const folder = repository();
    const outside = freshFolder();
    symlinkSync(join(folder, 'sub'), join(outside, 'link'));
    const elsewhere = { GIT_DIR: '/nowhere', GIT_WORK_TREE: outside };
    for (const [file, env] of [
      [join(outside, 'link', 'k.json'), {}],
      [join(folder, '.git', 'k.json'), {}],
      [join(folder, 'k.json'), elsewhere],
    ] as const) {
      const left = await world.run(create('--out', file), { env });
      expect(left.code).toBe(2);
      expect(left.err).toContain('--allow-in-git');
    }
    expect(world.reference.journal.count('apiKeys.create')).toBe(0);
    expect((await world.run(create('--out', join(outside, 'k.json')))).code).toBe(0);
  });

  it('that is ignored, but tracked all the same, counts as tracked', async () => {
    const cwd = repository();
    execFileSync('sh', ['-c', 'echo {} > k.secret && git add -f k.secret'], { cwd });
    const left = await keysWorld().run(create('--out', 'k.secret', '--overwrite'), { cwd });
    expect(left.code).toBe(2);
    expect(left.err).toContain('--allow-in-git');
  });

  it('is refused where what a killed write leaves beside it would be tracked', async () => {
    const world = keysWorld();
    const cwd = repository();
    const left = await world.run(create('--out', 'exact.json'), { cwd });
    expect(left.code).toBe(2);
    expect(left.err).toContain('add exact.json* to .gitignore.');
    expect(world.reference.journal.count('apiKeys.create')).toBe(0);
    execFileSync('sh', ['-c', 'echo "exact.json*" > .gitignore'], { cwd });
    expect((await world.run(create('--out', 'exact.json'), { cwd })).code).toBe(0);
  });

  it('is refused in any case where there is no git to ask', async () => {
    const world = keysWorld();
    const cwd = repository();
    const left = await world.run(create('--out', 'k.secret'), { cwd, env: { PATH: freshFolder() } });
    expect(left.code).toBe(2);
    expect(left.err).toContain('git could not be asked');
    const outside = { cwd: freshFolder(), env: { PATH: freshFolder() } };
    expect((await world.run(create('--out', 'k.json'), outside)).code).toBe(0);
  });
});

describe('a file that is there already', () => {
  it('is not replaced by another key, for it may be the only copy of its credentials', async () => {
    const world = keysWorld();
    await world.run(create('--out', 'k.json'));
    const held = readFileSync(world.path('k.json'), 'utf8');
    const refused = await world.run(create('--out', 'k.json'));
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('--overwrite');
    expect(readFileSync(world.path('k.json'), 'utf8')).toBe(held);
    expect(world.reference.journal.count('apiKeys.create')).toBe(1);
    expect((await world.run(create('--out', 'k.json', '--overwrite'))).code).toBe(0);
  });
});

describe('a folder that cannot be written to', () => {
  it('is found before anything is sent', async () => {
    const world = keysWorld();
    const left = await world.run(create('--out', 'no/such/folder/k.json'));
    expect(left.code).toBe(5);
    expect(left.err).toContain(world.path('no/such/folder/k.json'));
    expect(left.err).toMatch(/the folder does not exist\..* Nothing was sent\./);
    expect(world.reference.journal.count('apiKeys.create')).toBe(0);
  });

  it('becomes one after the key is created: the credentials are saved in a folder that only this user can read', async () => {
    const world = keysWorld();
    mkdirSync(world.path('out'));
    const temporary = freshFolder();
    const left = await world.run(create('--out', 'out/k.json'), {
      env: { TMPDIR: temporary },
      fetch: afterwards(world, () => rmSync(world.path('out'), { recursive: true })),
    });
    expect(left.code).toBe(1);
    const [folder = ''] = readdirSync(temporary);
    const file = join(temporary, folder, 'api-key.json');
    expect(left.err).toContain(`saved to ${file}`);
    expect(statSync(join(temporary, folder)).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(shows(left.out + left.err, String(parsed(readFileSync(file, 'utf8')).secret))).toBe(false);
    expect((await world.run(['whoami', '--key-file', file])).code).toBe(0);
  });

  it('and nowhere else is any room: the secret is lost, and the code is 9', async () => {
    const world = keysWorld();
    const cwd = freshFolder();
    const left = await world.run(create('--out', 'k.json'), {
      cwd,
      env: { TMPDIR: '/no/such', HOME: '/no/such' },
      fetch: afterwards(world, () => rmSync(cwd, { recursive: true })),
    });
    expect(left.code).toBe(9);
    expect(left.err).toMatch(/blazemeter-keys regenerate [0-9a-f]{24} --out/);
  });
});

describe('a secret that came although something went wrong', () => {
  it('is kept where it belongs when the response lacks a date', async () => {
    const world = keysWorld();
    const fetch: FetchLike = async (url, init) => {
      const response = await world.reference.fetch(url, init);
      if (init.method !== 'POST') return response;
      return new Response((await response.text()).replace(/"created": \d+/, '"created": "soon"'), response);
    };
    const left = await world.run(create('--out', 'k.json'), { fetch });
    expect(left.code).toBe(1);
    expect((await world.run(['whoami', '--key-file', 'k.json'])).code).toBe(0);
  });

  it('is kept with the whole response when it cannot be found in it', async () => {
    const world = keysWorld();
    const temporary = freshFolder();
    const fetch: FetchLike = async (url, init) =>
      init.method === 'POST'
        ? new Response('a text that hides a secret', { status: 200 })
        : world.reference.fetch(url, init);
    const left = await world.run(create('--out', 'k.json'), { fetch, env: { TMPDIR: temporary } });
    expect(left.code).toBe(5);
    const [folder = ''] = readdirSync(temporary);
    expect(readFileSync(join(temporary, folder, 'response'), 'utf8')).toContain('hides a secret');
    expect(left.err).not.toContain('hides a secret');
    expect(left.err).toContain('What arrived, which may hold a secret, was saved to');
  });

  it('is not looked for in whole JSON that holds none: nothing is saved, and no folder is left behind', async () => {
    const world = keysWorld();
    const temporary = freshFolder();
    const fetch: FetchLike = async (url, init) =>
      init.method === 'POST' ? new Response('{"result":[]}') : world.reference.fetch(url, init);
    const left = await world.run(create('--out', 'k.json'), { fetch, env: { TMPDIR: temporary } });
    expect([left.code, readdirSync(temporary)]).toEqual([5, []]);
    expect(left.err).not.toContain('saved');
  });

  it('is saved when standard output, where it was to go, is closed', async () => {
    const world = keysWorld();
    const temporary = freshFolder();
    const left = await world.run(create('--print-secret'), { closed: true, env: { TMPDIR: temporary } });
    expect(left.code).toBe(1);
    const [folder = ''] = readdirSync(temporary);
    expect((await world.run(['whoami', '--key-file', join(temporary, folder, 'api-key.json')])).code).toBe(0);
  });
});

it('no output of any command holds a secret, at any log level', async () => {
  const world = keysWorld();
  const { keys } = world.reference.seed({ keys: { old: { user: 'owner', name: 'old' } } });
  await world.run(['adopt', '--store', 'rec.json', '--name', 'ci']);
  const secrets = [world.keys.owner.secret, keys.old.secret];
  for (const argv of [
    ['whoami'],
    ['list'],
    create('--out', 'k.json'),
    ['regenerate', keys.old.id, '--out', 'old.json', '--yes'],
    ['audit', '--store', 'rec.json'],
    ['policy', 'set', '--maximum', '1 month'],
    ['diagnose', '--full'],
    ['rotate', '--store', 'rec.json', '--reason', 'schedule', '--sink-file', 's.json'],
    ['delete', keys.old.id, '--yes'],
  ])
    for (const looks of [[], ['--json']]) {
      const left = await world.run([...argv, ...looks, '--log-level', 'debug']);
      for (const name of ['k.json', 'old.json', 's.json'])
        if (existsSync(world.path(name))) {
          secrets.push(String(parsed(readFileSync(world.path(name), 'utf8')).secret));
          if (name !== 's.json') rmSync(world.path(name));
        }
      for (const secret of secrets) {
        const token = Buffer.from(`:${secret}`).toString('base64').slice(4, 60);
        expect(shows(left.out + left.err, secret)).toBe(false);
        expect(shows(left.out + left.err, token)).toBe(false);
      }
    }
});
