// Options that every command has, keys by their name, and reports to paste.

import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { type FetchLike, VERSION } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { invoke, keysWorld, shows } from './support/keys.ts';

describe('help', () => {
  it('is what the bare command and a group print', async () => {
    const bare = await invoke([]);
    expect(bare).toMatchObject({ code: 0, err: '' });
    expect(bare.out).toBe((await invoke(['--help'])).out);
    expect((await invoke(['policy'])).out).toMatch(/^Usage: blazemeter-keys policy/);
  });

  it('has two examples in each command, and says why no variable sets the address', async () => {
    const overview = (await invoke(['--help'])).out;
    expect(overview).toContain('No variable sets the address');
    const commands = [...overview.matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name = '']) => [name]);
    expect(commands.length).toBeGreaterThan(11);
    for (const command of [...commands, ['policy', 'get'], ['policy', 'set']].filter(
      ([name]) => name !== 'help',
    )) {
      const { code, out } = await invoke([...command, '--help']);
      expect(code).toBe(0);
      expect(out.match(/^ {2}\$ blazemeter-keys .*/gm)).toHaveLength(2);
      expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    }
  });
});

describe('a command that is missing or unknown', () => {
  it.each(['help nope', 'help nope --json', 'policy --json', 'policy -q', 'policy gte', 'nope', '--quiet'])(
    'is a wrong command line: %s',
    async (line) => {
      const argv = line.split(' ');
      const left = await invoke(argv);
      expect(left).toMatchObject({ code: 2, out: '' });
      if (argv.includes('--json')) expect(JSON.parse(left.err)).toMatchObject({ code: 'usage', exitCode: 2 });
    },
  );

  it('is none where its help is asked for', async () => {
    const asked = [
      ['policy'],
      ['help'],
      ['help', 'list'],
      ['help', 'policy'],
      ['policy', '--help', '--json'],
    ];
    for (const argv of asked) {
      const left = await invoke(argv);
      expect(left).toMatchObject({ code: 0, err: '' });
      expect(left.out).toMatch(/^Usage: blazemeter-keys/);
    }
  });
});

describe('messages', () => {
  const adopted = async () => {
    const world = keysWorld();
    await world.run(['adopt', '--store', 'ci.json', '--name', 'ci']);
    return world;
  };
  const linked = async () => {
    const world = await adopted();
    world.file('target.json', '{}');
    symlinkSync(world.path('target.json'), world.path('link.json'));
    return world;
  };
  const edited = async () => {
    const world = await adopted();
    world.file('ci.json', '{"format": "unknown"}');
    return world;
  };
  const restored = async () => {
    const world = await adopted();
    const old = readFileSync(world.path('ci.json'));
    expect((await world.run([...rotate, '--reason', 'schedule'])).code).toBe(0);
    writeFileSync(world.path('ci.json'), old);
    return world;
  };
  const withoutAccount = async () => {
    const world = keysWorld();
    const { id } = world.users.owner;
    const fetch: FetchLike = async () => Response.json({ result: { id } });
    return { run: (argv: readonly string[]) => world.run(argv, { fetch }) };
  };
  const slow = async () => {
    const world = keysWorld();
    world.file('config.mjs', 'export const timeout = 20;\nexport const maxRetries = 0;\n');
    return { run: (argv: readonly string[]) => world.run(argv, { fetch: () => new Promise(() => {}) }) };
  };
  const unclear = async () => {
    const world = keysWorld();
    const result = { id: 'k1', name: ['ci'], secret: '7e57ed5e'.repeat(9) };
    const fetch: FetchLike = async (url, init) =>
      init?.method === 'POST' ? Response.json({ result }, { status: 201 }) : world.reference.fetch(url, init);
    return { run: (argv: readonly string[]) => world.run(argv, { fetch }) };
  };
  const withToken = (BZ_TOKEN: string) => async () => {
    const world = keysWorld();
    return { run: (argv: readonly string[]) => world.run(argv, { env: { BZ_TOKEN } }) };
  };
  const plain = async () => keysWorld();
  const rotate = ['rotate', '--store', 'ci.json'];
  type World = { readonly run: (argv: readonly string[]) => ReturnType<typeof invoke> };

  /** Functions, options and advice of the library. */
  const LIBRARY =
    /\b(?!apiKeys\.)[a-z]+[A-Z]\w*|\w\(|\b[Pp]ass\b|\brun resume\b|(?<!-)\b(?:every|within|name) must/;

  const said: readonly [
    what: string,
    world: () => Promise<World>,
    argv: readonly string[],
    option: string,
  ][] = [
    ['an interval of nothing', adopted, [...rotate, '--every', '0'], '--every must be longer than 0'],
    ['two ways to be due', adopted, [...rotate, '--every', '7d', '--within', '3d'], '--within'],
    ['a schedule for a leak', adopted, [...rotate, '--every', '7d', '--reason', 'leak'], '--reason leak'],
    [
      'a lifetime too short for its schedule',
      adopted,
      [...rotate, '--every', '60d', '--expires-in', '90d'],
      '(--every), or let keys live longer (--expires-in',
    ],
    [
      'a file for two sinks',
      plain,
      ['rotate', '--name', 'ci', '--sink-file', 'k.json', '--sink-file', './k.json'],
      '--sink-file',
    ],
    ['a long name', plain, ['adopt', '--store', 's.json', '--name', 'x'.repeat(200)], '--name must be'],
    [
      'a blank name',
      plain,
      ['create', '--name', ' ', '--expires-in', '9d', '--print-secret'],
      '--name must be',
    ],
    ['a user without an account', withoutAccount, ['policy', 'get'], '--account <id>'],
    [
      'a user without an account whose maximum is set',
      withoutAccount,
      ['policy', 'set', '--maximum', '90d', '--yes'],
      '--account <id>',
    ],
    [
      'a sink behind a link',
      linked,
      [...rotate, '--reason', 'schedule', '--sink-file', 'link.json'],
      'give the file that it points to',
    ],
    ['a path that a variable is left in', plain, ['whoami', '--key-file', '%HOME%/k.json'], 'variable'],
    ['a slow service', slow, ['whoami', '--config', 'config.mjs'], 'raise --timeout'],
    [
      'a path to write that a variable is left in',
      plain,
      ['create', '--name', 'ci', '--expires-in', '9d', '--out', '%HOME%/k.json'],
      'variable',
    ],
    ['a path as credentials', withToken('/run/secrets/bz'), ['whoami'], 'BLAZEMETER_API_KEY'],
    ['JSON as credentials', withToken('{"id": "k"}'), ['whoami'], 'BLAZEMETER_API_KEY'],
    ['a record that was edited', edited, rotate, 'rotate --resume'],
    ['an older record that was put back', restored, rotate, 'Put the newer record back.'],
    ['a second record in one store', adopted, ['adopt', '--store', 'ci.json', '--name', 'ci'], '--store'],
    [
      'a new key whose response is unclear',
      unclear,
      ['create', '--name', 'ci', '--expires-in', '9d', '--out', 'k.json'],
      'is an assumption',
    ],
    [
      'a date in the past',
      plain,
      ['create', '--name', 'ci', '--expires-at', '2001-01-01', '--print-secret'],
      'is in the past',
    ],
  ];
  it.each(said)('about %s speak of options of the command', async (_, world, argv, option) => {
    const { code, err } = await (await world()).run(argv);
    expect(code).not.toBe(0);
    expect(err).toContain(option);
    // Not in the name of a folder, which is made up.
    expect(err.replace(/\S*[\\/]\S*/g, '')).not.toMatch(LIBRARY);
  });
});

describe('options of every command', () => {
  it('stand before the command or after it', async () => {
    const world = keysWorld();
    const before = await world.run(['--json', '-q', 'whoami']);
    expect(before.json()).toEqual((await world.run(['whoami', '--json', '-q'])).json());
  });

  it('-v prints the version, and -q leaves out every note', async () => {
    expect((await invoke(['-v'])).out).toBe(`${VERSION}\n`);
    const { run } = keysWorld();
    const command = ['list', '--name', 'no such name'];
    expect((await run(command)).err).toContain('No such keys.');
    expect(await run([...command, '-q'])).toMatchObject({ code: 0, out: '', err: '' });
  });

  it('--key-file - reads standard input, as JSON or as id:secret', async () => {
    const world = keysWorld();
    const { id, secret } = world.keys.member;
    for (const text of [JSON.stringify({ id, secret }), `${id}:${secret}\n`]) {
      const left = await world.run(['whoami', '--json', '--key-file', '-'], { input: text });
      expect(left.json().user).toMatchObject({ id: world.users.member.id });
    }
    const broken = await world.run(['whoami', '--key-file', '-'], { input: `{"secret": ${secret}` });
    expect(broken).toMatchObject({ code: 3, out: '' });
    expect(shows(broken.err, secret)).toBe(false);
  });

  it('--config corrects an assumed operation, and errors about one point there', async () => {
    const world = keysWorld();
    const moved = '/user/my-keys';
    const fetch: FetchLike = (url, init) =>
      world.reference.fetch(
        url.includes('/api-keys') ? 'https://a.test/api/v4/nothing' : url.replace(moved, '/api-keys'),
        init,
      );
    const lost = await world.run(['list'], { fetch });
    expect(lost.code).toBe(5);
    expect(lost.err).toContain('--config');
    world.file(
      'blazemeter.config.mjs',
      `export default { operations: { 'apiKeys.list': { path: '${moved}' } } };`,
    );
    expect((await world.run(['list', '--config', 'blazemeter.config.mjs'], { fetch })).code).toBe(0);
    const missing = await world.run(['list', '--config', 'missing.mjs']);
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('no such file') });
  });

  it.each([
    ['operatons: {}', 'operations'],
    ["operations: { 'apiKeys.list': { pth: '/x' } }", 'path'],
  ])('--config with %s is refused, and the right name suggested', async (options, right) => {
    const world = keysWorld();
    world.file('blazemeter.config.mjs', `export default { ${options} };`);
    const left = await world.run(['list', '--config', 'blazemeter.config.mjs']);
    expect(left.code).toBe(2);
    expect(left.err).toMatch(new RegExp(`--config: .*Did you mean "${right}"`));
  });
});

describe('a key', () => {
  it('is named by its id or by a name that only one key has', async () => {
    const world = keysWorld();
    const { keys } = world.reference.seed({
      keys: {
        old: { user: 'owner', name: 'old' },
        one: { user: 'owner', name: 'twin' },
        two: { user: 'owner', name: 'twin' },
      },
    });
    expect((await world.run(['get', 'old', '--json'])).json()).toMatchObject({ id: keys.old.id });
    expect((await world.run(['get', keys.old.id, '--json'])).json()).toMatchObject({ name: 'old' });
    const twins = await world.run(['delete', 'twin', '--yes']);
    expect(twins.code).toBe(2);
    expect(twins.err).toContain(keys.one.id);
    expect(twins.err).toContain(keys.two.id);
    expect((await world.run(['regenerate', 'old', '--out', 'k.json', '--yes'])).code).toBe(0);
    expect((await world.run(['delete', 'old', '--yes'])).code).toBe(0);
    const near = await world.run(['delete', 'twinn', '--yes']);
    expect(near.code).toBe(10);
    expect(near.err).toContain('Did you mean twin?');
    expect(world.reference.journal.count('apiKeys.delete')).toBe(1);
  });

  it.each([['delete'], ['regenerate']])('%s sends nothing without a confirmation', async (command) => {
    const world = keysWorld();
    const argv = [command, 'owner', ...(command === 'delete' ? [] : ['--out', 'k.json'])];
    expect((await world.run(argv)).code).toBe(2);
    expect(world.reference.journal.entries).toHaveLength(0);
  });

  it('is found in a list by a part of its name, and by its expiry on the clock of the service', async () => {
    const world = keysWorld({ clock: { at: '2031-05-01T00:00:00Z' } });
    const days = { soon: 3, later: 40, latest: 90 };
    world.reference.seed({
      keys: Object.fromEntries(
        Object.entries(days).map(([name, left]) => [name, { user: 'owner', name, expires: { days: left } }]),
      ),
    });
    const names = async (...options: string[]) => {
      const { keys } = (await world.run(['list', '--json', ...options])).json();
      return Array.isArray(keys) ? keys.map(({ name }) => String(name)) : [];
    };
    expect(await names('--expiring-within', '30d')).toEqual(['soon']);
    expect(await names('--name', 'late', '--sort', 'name')).toEqual(['later', 'latest']);
    expect((await world.run(['list'])).out).toMatch(/2031-05-0[34] \([23] d\)/);
  });

  it('expires on the date that was given', async () => {
    const world = keysWorld({ clock: { at: '2031-05-01T00:00:00Z' } });
    const argv = ['create', '--name', 'a', '--expires-at', '2031-06-30', '--print-secret', '--json'];
    expect((await world.run(argv)).json().key).toMatchObject({ expiresAt: '2031-06-30T00:00:00.000Z' });
  });
});

it('a path with 64 hex digits, as of a Docker volume, is no secret', async () => {
  const world = keysWorld();
  const volume = '3f1c9a5be2d4478b8c6f0e7d1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';
  const left = await world.run(['rotate', '--store', `/var/lib/docker/volumes/${volume}/_data/ci.json`]);
  expect(left.err).not.toContain('secret');
  const file = await world.run(['whoami', '--key-file', `${volume}.json`]);
  expect(file.code).toBe(3);
  expect(file.err).toMatch(/: error: The key file \S+ does not exist\. Check the path\.$/m);
});

describe('conformance', () => {
  it('is a report to paste, which names no person, account or key', async () => {
    const world = keysWorld();
    const left = await world.run(['conformance']);
    expect([0, 1]).toContain(left.code);
    expect(left.out).toMatch(/^blazemeter-client \d/);
    expect(left.out).toMatch(/^\| user\\?\.get \|/m);
    for (const hidden of [world.keys.owner.id, 'owner@example', 'Olive', String(world.accounts.main.id)])
      expect(left.out).not.toContain(hidden);
    const { lines } = (await world.run(['conformance', '--json'])).json();
    expect(Array.isArray(lines) && lines.length).toBeGreaterThan(10);
  });

  it.each([
    [401, 3],
    [403, 4],
  ])('that could compare nothing because of a %i to every call ends with %i', async (status, code) => {
    const world = keysWorld();
    world.reference.faults.add({ effect: 'status', status });
    const { code: ended, err } = await world.run(['conformance']);
    expect([ended, err]).toEqual([code, expect.stringContaining(String(status))]);
  });
});
