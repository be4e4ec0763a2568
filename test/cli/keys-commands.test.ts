// Each command as a pipeline uses it: results on standard output, everything else on standard error, an exit code.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { FetchLike } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { isObject } from '../support/reference.ts';
import { keysWorld, parsed, shows } from './support/keys.ts';

const DAY = 86_400;

/** How many cells of a terminal a text takes: wide characters take two. */
const cells = (text: string) =>
  [...text].length + [...text.replace(/[^\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}、한🚀]/gu, '')].length;

describe('whoami', () => {
  it('shows whose key signs and when it expires', async () => {
    const world = keysWorld();
    const left = await world.run(['whoami']);
    expect(left.code).toBe(0);
    expect(left.err).toBe('');
    expect(left.out).toMatch(
      /^User +1000001, Olive Owner\nE-mail +owner@example\.com\nAccount +2000001, Main account\n/,
    );
    expect(left.out).toMatch(/Key +[0-9a-f]{24}\nName +owner\nExpires +\d{4}-\d\d-\d\d \(\d+ d\)\n$/);
  });

  it('works although the service does not have the assumed path of a key', async () => {
    const world = keysWorld();
    world.reference.faults.add({ operation: 'apiKeys.get', effect: 'status', status: 404 });
    const left = await world.run(['whoami', '--json']);
    expect(left.code).toBe(0);
    expect(left.json().key).toEqual({ id: world.keys.owner.id });
  });

  it('takes the credentials from a key file', async () => {
    const world = keysWorld();
    const { id, secret } = world.keys.member;
    const left = await world.run([
      'whoami',
      '--json',
      '--key-file',
      world.file('k.json', JSON.stringify({ id, secret })),
    ]);
    expect(left.json().user).toMatchObject({ id: world.users.member.id });
  });

  it('warns once of a key file that others can read', async () => {
    const world = keysWorld();
    const { id } = world.keys.member;
    // It is read again after a 401.
    const file = world.file('k.json', JSON.stringify({ id, secret: 'a-made-up-secret' }));
    chmodSync(file, 0o644);
    const left = await world.run(['whoami', '--key-file', file]);
    expect(left.code).toBe(3);
    expect(left.err.match(/can be read by other users/g)).toHaveLength(1);
  });
});

describe('list', () => {
  it('lists the keys, the one that expires first at the top, and marks the one in use', async () => {
    const world = keysWorld();
    world.reference.seed({ keys: { old: { user: 'owner', name: 'old', expires: { days: 3 } } } });
    const left = await world.run(['list']);
    const rows = left.out.trimEnd().split('\n').slice(1);
    expect(rows.map((row) => row.replace(/^[0-9a-f]{24} +/, '').replace(/ {2}.*/, ''))).toEqual([
      'old',
      'owner (this key)',
    ]);
  });

  it.each([80, 99])(
    'fits into a terminal of %i columns, and still marks the key in use',
    async (terminal) => {
      const world = keysWorld();
      const user = 'owner';
      const names = ['blazemeter-nightly-regression-suite-eu', '日本語のとても長い名前のキーです、本当に'];
      world.reference.seed({
        keys: Object.fromEntries(names.map((name) => [name, { user, name, expires: { days: 3000 } }])),
      });
      const { out } = await world.run(['list'], { terminal });
      const lines = out.trimEnd().split('\n');
      expect(lines).toHaveLength(4);
      for (const line of lines) expect(cells(line)).toBeLessThanOrEqual(terminal);
      expect(out).toContain('owner (this key)');
      expect(out).toContain('blazemeter');
    },
  );

  it.each([
    ['on a wide terminal', { terminal: 160 }],
    ['into a pipe', {}],
  ])('has every column and whole names %s', async (_, how) => {
    const world = keysWorld();
    const name = 'blazemeter-nightly-regression-suite-eu';
    world.reference.seed({ keys: { long: { user: 'owner', name } } });
    const { out } = await world.run(['list'], how);
    expect(out).toMatch(/^ID +NAME +CREATED +EXPIRES +LAST USED\n/);
    expect(out).toContain(name);
  });

  it('gives programs all of it', async () => {
    const world = keysWorld();
    const { keys } = (await world.run(['list', '--json'])).json();
    expect(keys).toEqual([expect.objectContaining({ id: world.keys.owner.id, name: 'owner', inUse: true })]);
  });

  it('says on standard error alone that there are none', async () => {
    const world = keysWorld();
    const empty = { api_version: 4, error: null, result: [], limit: 10, skip: 0, total: 0 };
    const left = await world.run(['list'], { fetch: async () => Response.json(empty) });
    expect(left).toMatchObject({ code: 0, out: '' });
    expect(left.err).toContain('no keys');
  });
});

describe('a table', () => {
  it('has its columns in line behind wide characters, and no blank at the end of a line', async () => {
    const world = keysWorld();
    const names = ['日本한', 'abc', '🚀🚀🚀'];
    world.reference.seed({ keys: Object.fromEntries(names.map((name) => [name, { user: 'owner', name }])) });
    const { out } = await world.run(['list']);
    const lines = out.split('\n').filter((line) => /[0-9a-f]{24}/.test(line));
    expect(lines).toHaveLength(4);
    const dates = lines.map((line) => cells(line.slice(0, line.search(/\d{4}-\d\d-\d\d/))));
    expect(new Set(dates).size).toBe(1);
    for (const line of out.split('\n')) expect(line).toBe(line.trimEnd());
  });
});

describe('create', () => {
  it('writes the credentials to a file of mode 0600 and prints no secret', async () => {
    const world = keysWorld();
    const left = await world.run([
      'create',
      '--name',
      'ci',
      '--expires-in',
      '3 months',
      '--out',
      'api-key.json',
    ]);
    expect(left.code).toBe(0);
    const file = world.path('api-key.json');
    const credentials = parsed(readFileSync(file, 'utf8'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(String(credentials.secret)).toMatch(/^[0-9a-f]{72}$/);
    expect(shows(left.out + left.err, String(credentials.secret))).toBe(false);
    expect(left.out).toContain(`Written to  ${file}`);
    const mine = await world.run(['whoami', '--json', '--key-file', file]);
    expect(mine.json().key).toMatchObject({ id: credentials.id, name: 'ci' });
  });

  it('asks for the given lifetime', async () => {
    const world = keysWorld({ clock: { frozen: true } });
    for (const [said, days] of [
      ['1 month', 30],
      ['2 weeks', 14],
      ['45 days', 45],
      ['max', 3650],
    ] as const) {
      const { key } = (
        await world.run(['create', '--json', '--name', 'a', '--expires-in', said, '--print-secret'])
      ).json();
      const lifetime = isObject(key)
        ? (Date.parse(String(key.expiresAt)) - Date.parse(String(key.createdAt))) / 1000
        : 0;
      expect(Math.abs(lifetime - days * DAY)).toBeLessThanOrEqual(61);
    }
  });

  it('prints the secret where that was asked for, on standard output alone', async () => {
    const world = keysWorld();
    const left = await world.run(['create', '--name', 'ci', '--expires-in', '1 month', '--print-secret']);
    const secret = /^Secret +([0-9a-f]{72})$/m.exec(left.out)?.[1] ?? '';
    expect(secret).not.toBe('');
    expect(shows(left.err, secret)).toBe(false);
  });

  it('says when the service has shortened the lifetime, and exits with 1', async () => {
    const world = keysWorld({ semantics: { overMaximum: 'clamp' } });
    await world.run(['policy', 'set', '--maximum', '1 month', '--yes']);
    const left = await world.run(['create', '--name', 'ci', '--expires-in', '1 year', '--out', 'k.json']);
    expect(left.code).toBe(1);
    expect(left.err).toContain('expires earlier than was asked for');
    expect(existsSync(world.path('k.json'))).toBe(true);
  });
});

describe('regenerate', () => {
  it('gives a key a new secret and replaces its file', async () => {
    const world = keysWorld();
    const make = ['create', '--name', 'ci', '--expires-in', '1 month', '--out', 'k.json'];
    await world.run(make);
    const before = parsed(readFileSync(world.path('k.json'), 'utf8'));
    const left = await world.run(['regenerate', String(before.id), '--out', 'k.json', '--yes']);
    expect(left.code).toBe(0);
    const after = parsed(readFileSync(world.path('k.json'), 'utf8'));
    expect(after.id).toBe(before.id);
    expect(after.secret).not.toBe(before.secret);
    expect((await world.run(['whoami', '--key-file', 'k.json'])).code).toBe(0);
  });

  it('takes its own key only if that is said', async () => {
    const world = keysWorld();
    const { id } = world.keys.owner;
    const refused = await world.run(['regenerate', id, '--out', 'k.json', '--yes']);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('--allow-self');
    expect(world.reference.journal.count('apiKeys.regenerateSecret')).toBe(0);
    const done = await world.run(['regenerate', id, '--out', 'k.json', '--yes', '--allow-self']);
    expect(done.code).toBe(0);
    expect((await world.run(['whoami', '--key-file', 'k.json'])).code).toBe(0);
  });
});

describe('delete', () => {
  it('deletes a key', async () => {
    const world = keysWorld();
    const { keys } = world.reference.seed({ keys: { old: { user: 'owner', name: 'old' } } });
    const left = await world.run(['delete', keys.old.id, '--yes']);
    expect(left).toMatchObject({ code: 0, err: '', out: `Deleted the key ${keys.old.id} (old).\n` });
    expect((await world.run(['delete', keys.old.id, '--yes'])).code).toBe(10);
  });

  it('keeps a key that was used within seven days, by the clock of the service', async () => {
    const world = keysWorld({ clock: { at: '2031-05-01T00:00:00Z' } });
    const { keys } = world.reference.seed({
      keys: {
        busy: { user: 'owner', name: 'busy', created: { days: -60 }, lastUsed: { days: -6 } },
        quiet: { user: 'owner', name: 'quiet', created: { days: -60 }, lastUsed: { days: -8 } },
      },
    });
    const kept = await world.run(['delete', keys.busy.id, '--yes']);
    expect(kept.code).toBe(2);
    expect(kept.err).toContain('--even-if-used');
    expect(world.reference.journal.count('apiKeys.delete')).toBe(0);
    expect((await world.run(['delete', keys.quiet.id, '--yes'])).code).toBe(0);
    expect((await world.run(['delete', keys.busy.id, '--yes', '--even-if-used'])).code).toBe(0);
  });
});

describe('policy', () => {
  it('is read of the default account, or of one that is named', async () => {
    const world = keysWorld();
    expect((await world.run(['policy', 'get'])).out).toBe(
      "Account  2000001 (the user's default)\nMaximum  10 years (3650 days)\n",
    );
    const left = await world.run(['policy', 'get', '--json', '--account', String(world.accounts.main.id)]);
    expect(left.json()).toMatchObject({ maximum: '10 years', accountSource: 'given' });
  });

  it('that is lowered is not set without a yes', async () => {
    const world = keysWorld();
    const refused = await world.run(['policy', 'set', '--maximum', '1 month']);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toMatch(/account 2000001 from .* to 1 month.*--yes/);
    expect(refused.err).toContain('not documented');
    expect(world.reference.journal.count('apiKeyPolicy.set')).toBe(0);
    const done = await world.run(['policy', 'set', '--maximum', '1 month', '--yes']);
    expect(done).toMatchObject({ code: 0, out: 'Account  2000001\nMaximum  1 month (30 days)\n', err: '' });
  });

  it('that widens asks for no confirmation', async () => {
    const world = keysWorld();
    await world.run(['policy', 'set', '--maximum', '1 month', '--yes']);
    expect(await world.run(['policy', 'set', '--maximum', 'unlimited'])).toMatchObject({ code: 0, err: '' });
  });
});

describe('audit', () => {
  it('ends with 0 where nothing is wrong, and with 1 where something is', async () => {
    const world = keysWorld();
    expect((await world.run(['audit'])).code).toBe(0);
    world.reference.seed({ keys: { old: { user: 'owner', name: 'old', expires: { days: 3 } } } });
    const left = await world.run(['audit']);
    expect(left.code).toBe(1);
    expect(left.out).toContain('expires-soon');
    expect(left.out).not.toContain('client.');
    expect((await world.run(['audit', '--ignore', 'expires-soon'])).code).toBe(0);
    expect((await world.run(['audit', '--expires-within', '1 day'])).code).toBe(0);
  });

  it('prints commands that run as they are, and keep the lifetime of the key', async () => {
    const world = keysWorld();
    const { keys } = world.reference.seed({
      keys: { old: { user: 'owner', name: "it's $(old)", created: { days: -87 }, expires: { days: 3 } } },
    });
    const { out } = await world.run(['audit', '--ignore', 'never-used']);
    const line = out.split('\n').find((one) => one.includes('Create the next key: ')) ?? '';
    const [, creation = '', deletion = ''] =
      /(blazemeter-keys create .*?) ; .*(blazemeter-keys delete .*)$/.exec(line) ?? [];
    /** The words that a shell gives to the command. */
    const words = (command: string): string[] =>
      spawnSync('sh', ['-c', `for word in ${command}; do printf '%s\\0' "$word"; done`], { encoding: 'utf8' })
        .stdout.split('\0')
        .slice(1, -1);
    expect(await world.run(words(creation))).toMatchObject({ code: 0 });
    const listed = (await world.run(['list'])).out;
    expect(listed).toMatch(/it's \$\(old\).*\(90 d\)/);
    expect(await world.run([...words(deletion), '--yes'])).toMatchObject({ code: 0 });
    expect((await world.run(['get', keys.old.id])).code).not.toBe(0);
  });

  it('does not say that nothing was found where something could not be read', async () => {
    const world = keysWorld();
    world.reference.faults.add({ operation: 'accounts.list', effect: 'status', status: 403 });
    const { out } = await world.run(['audit', '--ignore', 'never-used', '--ignore', 'not-used-for-long']);
    expect(out).toContain('nothing found in what could be read');
    expect(out).toMatch(/Unknown:\n- beyond-policy/);
  });

  it('warns where a record that was named does not exist', async () => {
    const left = await keysWorld().run(['audit', '--store', 'missing.json']);
    expect(left).toMatchObject({
      code: 0,
      err: expect.stringContaining('--store missing.json: there is no'),
    });
  });

  it('counts what is as grave as was said', async () => {
    const world = keysWorld();
    await world.run(['policy', 'set', '--maximum', '1 month', '--yes']);
    expect((await world.run(['audit'])).code).toBe(1);
    expect((await world.run(['audit', '--fail-on', 'error'])).code).toBe(0);
  });

  it('speaks JSON and Markdown', async () => {
    const world = keysWorld();
    world.reference.seed({ keys: { old: { user: 'owner', name: 'old', expires: { days: 3 } } } });
    expect((await world.run(['audit', '--json'])).json()).toMatchObject({ kind: 'audit' });
    expect((await world.run(['audit', '--format', 'markdown'])).out).toMatch(/^#/);
  });
});

describe('diagnose', () => {
  it('says in sentences what it found', async () => {
    const world = keysWorld();
    const left = await world.run(['diagnose']);
    expect(left.code).toBe(0);
    expect(left.out).toContain('It works, as user 1000001');
  });

  it('advises in words of the command line', async () => {
    const { run } = keysWorld();
    const none = await run(['diagnose'], { env: { BZ_TOKEN: '' } });
    expect(none).toMatchObject({ code: 3, err: '' });
    expect(none.out).toContain('or give --key-file <file>.');
    const elsewhere = await run(['diagnose', '--base-url', 'http://127.0.0.1:1234']);
    expect(elsewhere.out).toContain('Check --base-url');
    expect(none.out + elsewhere.out).not.toMatch(/baseUrl|`credentials`/);
  });

  it('exits with 3 for credentials that are refused, and still says so as a result', async () => {
    const world = keysWorld();
    const left = await world.run(['diagnose', '--json'], { env: { BZ_TOKEN: 'no-such:credentials' } });
    expect(left.code).toBe(3);
    expect(left.json()).toMatchObject({ ok: false, problem: 'unauthorized' });
  });
});

describe('adopt and rotate', () => {
  it('advise to run adopt again where the record could not be written, and that works', async () => {
    const world = keysWorld();
    const adopt = ['adopt', '--store', 'new/rec.json', '--name', 'ci'];
    const left = await world.run(adopt);
    expect(left.code).not.toBe(0);
    expect(left.err).toContain('run blazemeter-keys adopt again.');
    expect(left.err).not.toContain('--resume');
    mkdirSync(world.path('new'));
    expect((await world.run(adopt)).code).toBe(0);
  });

  it('begin a record and rotate by it, sinks included', async () => {
    const world = keysWorld();
    expect((await world.run(['adopt', '--store', 'rec.json', '--name', 'ci'])).code).toBe(0);
    const early = await world.run(['rotate', '--store', 'rec.json']);
    expect(early).toMatchObject({ code: 0 });
    expect(early.out).toMatch(/^Outcome +nothing to do\n/);
    const left = await world.run([
      'rotate',
      '--store',
      'rec.json',
      '--reason',
      'schedule',
      '--sink-file',
      'k.json',
      '--json',
    ]);
    expect(left.code).toBe(0);
    expect(left.json()).toMatchObject({ phase: 'draining', rotated: true, epoch: 1 });
    expect(left.json().keyId).toBe(parsed(readFileSync(world.path('k.json'), 'utf8')).id);
    world.reference.clock.advance({ days: 2 });
    const end = await world.run([
      'rotate',
      '--store',
      'rec.json',
      '--resume',
      '--sink-file',
      'k.json',
      '--quiet-for',
      '0',
    ]);
    expect(end.code).toBe(0);
    expect(end.out).toContain(`deleted the key ${world.keys.owner.id}`);
  });

  it('say what would be done, and do nothing', async () => {
    const world = keysWorld();
    await world.run(['adopt', '--store', 'rec.json', '--name', 'ci']);
    const before = readFileSync(world.path('rec.json'), 'utf8');
    const left = await world.run(['rotate', '--store', 'rec.json', '--reason', 'schedule', '--dry-run']);
    expect(left.out).toMatch(/^Outcome +would take 4 steps\n/);
    expect(readFileSync(world.path('rec.json'), 'utf8')).toBe(before);
    expect(world.reference.journal.count('apiKeys.create')).toBe(0);
  });

  it('work without a record where the file that the credentials come from is a sink', async () => {
    const world = keysWorld();
    const { id, secret } = world.keys.owner;
    const file = world.file('k.json', JSON.stringify({ id, secret }));
    const command = [
      'rotate',
      '--name',
      'ci',
      '--key-file',
      file,
      '--sink-file',
      file,
      '--reason',
      'schedule',
      '--json',
    ];
    const left = await world.run(command);
    expect(left.code).toBe(0);
    expect(left.json()).toMatchObject({ rotated: true, givenKeyId: id });
    expect(parsed(readFileSync(file, 'utf8')).id).toBe(left.json().keyId);
  });

  it('rotate on a schedule, and refuse one that cannot work with the numbers', async () => {
    const world = keysWorld();
    await world.run(['adopt', '--store', 'rec.json', '--name', 'ci']);
    const rotate = ['rotate', '--store', 'rec.json', '--json', '--every'];
    const wrong = await world.run([...rotate, '30 days', '--expires-in', '30 days']);
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.err).toMatch(/60 days.*30 days.*--every/);
    expect((await world.run([...rotate, '1 day'])).json()).toMatchObject({ phase: 'idle', rotated: false });
    const left = await world.run([...rotate, '200 days', '--reason', 'schedule']);
    expect(left.json()).toMatchObject({ phase: 'draining', rotated: true });
  });

  it('name a sink on record that was not given, and end with 1 until it is dropped', async () => {
    const world = keysWorld();
    await world.run(['adopt', '--store', 'rec.json', '--name', 'ci']);
    const rotate = ['rotate', '--store', 'rec.json', '--json', '--drain', '0'];
    const first = await world.run([...rotate, '--reason', 'schedule', '--sink-file', 'k.json']);
    expect(first).toMatchObject({ code: 0 });
    const leak = await world.run([...rotate, '--reason', 'leak']);
    expect(leak).toMatchObject({ code: 1 });
    const { phase, sinks } = leak.json();
    expect(phase).toBe('delivering');
    expect(leak.json().notes).toEqual(expect.arrayContaining([expect.stringMatching(/leak cannot wait/)]));
    const [{ name }] = Object(sinks);
    const dropped = await world.run([...rotate, '--resume', '--drop-sink', name]);
    expect(dropped.json()).toMatchObject({ phase: 'idle', sinks: [] });
  });

  it('exit with 0 where nothing is due, and say in commands what is left to do', async () => {
    const world = keysWorld();
    await world.run(['create', '--name', 'ci', '--expires-in', '90d', '--out', 'k.json']);
    const { id } = parsed(readFileSync(world.path('k.json'), 'utf8'));
    const command = ['rotate', '--name', 'ci', '--key-file', 'k.json', '--sink-file', 'k.json'];
    const early = await world.run(command);
    expect(early).toMatchObject({ code: 0, err: '' });
    expect(early.out).toMatch(/^Outcome +nothing to do\n.*\nExpires .* \(90 d\)\n/);
    const rotated = await world.run([...command, '--reason', 'schedule']);
    expect(rotated.out).toMatch(new RegExp(`Note .*${String(id)} .*replaces`));
  });

  it('name a sink that has not taken the credentials, and exit with 1', async () => {
    const world = keysWorld();
    mkdirSync(world.path('sinks'));
    await world.run(['adopt', '--store', 'rec.json', '--name', 'ci']);
    const command = ['rotate', '--store', 'rec.json', '--reason', 'schedule', '--sink-file', 'sinks/k.json'];
    const fetch: FetchLike = (url, init) => {
      // The folder was there when the sink was asked whether it would work.
      if (init.method === 'POST') rmSync(world.path('sinks'), { recursive: true });
      return world.reference.fetch(url, init);
    };
    const left = await world.run(command, { fetch });
    expect(left.code).toBe(1);
    expect(left.out).toContain('a sink has not taken the new credentials');
    mkdirSync(world.path('sinks'));
    expect((await world.run(command)).code).toBe(0);
  });
});
