// Every exit code, reached by what it stands for; and what a program finds on standard error.

import { rmSync, writeFileSync } from 'node:fs';
import type { FetchLike } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { keysWorld, parsed } from './support/keys.ts';

const CREATE = ['create', '--name', 'ci', '--expires-in', '1 month', '--out', 'k.json'];

describe('the exit codes', () => {
  it('are all in --help', async () => {
    const { out, code } = await keysWorld().run(['--help']);
    expect(code).toBe(0);
    const listed = [...out.matchAll(/^ {1,2}(\d+) {2}\w/gm)].map(([, number]) => Number(number));
    expect(listed).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('0: done', async () => {
    expect((await keysWorld().run(['list'])).code).toBe(0);
  });

  it('an address that is not the API is named as such, and an id that it does not know as that', async () => {
    const { run } = keysWorld();
    const elsewhere = await run(['list', '--base-url', 'http://127.0.0.1:1234']);
    expect(elsewhere.err).toContain('Check --base-url: the path of the API is /api/v4.');
    const unknown = await run(['delete', '7e57ed1d000000000000beef', '--yes']);
    expect(unknown.err).toContain('Check the id.');
    expect([elsewhere.code, unknown.code]).toEqual([5, 10]);
  });

  it('what is asked about is a whole sentence, at a terminal and without one', async () => {
    const { run, keys } = keysWorld();
    const command = ['regenerate', keys.owner.id, '--allow-self', '--print-secret'];
    const refused = await run(command);
    expect(refused.err).toContain('needs --yes, since there is no terminal to ask at. Nothing was changed.');
    const asked = await run(command, { terminal: 80, typed: 'no\n' });
    expect(asked.err).toContain(`${keys.owner.id}. The old one then works nowhere. Go on? [y/N] `);
    expect([refused.code, asked.code]).toEqual([2, 2]);
  });

  it('1: findings', async () => {
    const world = keysWorld();
    world.reference.seed({ keys: { old: { user: 'owner', name: 'old', expires: { days: 3 } } } });
    expect((await world.run(['audit'])).code).toBe(1);
  });

  it.each([
    [['lst'], /Did you mean list\?/],
    [['policy', 'st'], /Did you mean set\?/],
    [['list', '--jsn'], /--jsn.*Did you mean --json\?/],
    [['list', 'more'], /'list'.* 0 arguments/],
    [['delete'], /argument 'key'/],
    [['delete', 'a', 'b'], /'delete'.* 1 argument /],
    [['create', '--print-secret', '--expires-in', 'max'], /--name/],
    [['create', '--name', 'a', '--print-secret'], /--expires-in .* or --expires-at/],
    [
      ['create', '--name', 'a', '--expires-in', 'max', '--expires-at', '2030-01-01', '--print-secret'],
      /--expires-at .* cannot be used with option '--expires-in/,
    ],
    [
      ['create', '--name', 'a', '--name', 'b', '--expires-in', 'max', '--print-secret'],
      /--name.*given twice/,
    ],
    [['create', '--name', '', '--expires-in', 'max', '--print-secret'], /--name.*empty/],
    [['create', '--name', 'a', '--expires-in', '2 months', '--print-secret'], /--expires-in.*'1 month'/],
    [['create', '--name', 'a', '--expires-in', '1 month'], /--out <file>, or --print-secret/],
    [['list', '--log-level', 'loud'], /--log-level.*off, error/],
    [['list', '--base-url', 'http://example.com'], /--base-url must be https/],
    [['list', '--base-url', 'https://user:word@example.com'], /must not hold a user name/],
    [['list', '--timeout', '0'], /--timeout.*whole number/],
    [['rotate'], /needs either --store/],
    [['rotate', '--store', 'a.json', '--reason', 'fun'], /--reason.*expiry, schedule, leak/],
    [['rotate', '--store', 'a.json', '--drain', '1 fortnight'], /--drain.*a duration/],
    [['rotate', '--store', 'a.json'], /adopt/],
    [['rotate', '--name', 'a'], /needs --sink-file/],
    [['rotate', '--name', 'a', '--store', 'a.json'], /--name .* cannot be used with option '--store/],
    [['rotate', '--name', 'a', '--sink-file', 'k.json', '--resume'], /cannot be used with option '--resume/],
    [
      ['rotate', '--store', 'a.json', '--replaces', 'k1'],
      /--replaces .* cannot be used with option '--store/,
    ],
    [['audit', '--ignore', 'everything'], /--ignore.*expires-soon, expired/],
    [['audit', '--fail-on', 'all'], /--fail-on.*error, warning, note/],
    [['audit', '--format', 'xml'], /--format.*table, markdown/],
    [['policy', 'set', '--maximum', '1 month', '--account', 'x'], /--account.*whole number/],
  ])('2: usage, as with %j', async (argv, says) => {
    const world = keysWorld();
    const left = await world.run(argv);
    expect(left).toMatchObject({ code: 2, out: '' });
    expect(left.err.replace(/\n +/g, ' ')).toMatch(says);
    expect(world.reference.journal.count('apiKeys.create')).toBe(0);
  });

  it('2: a secret as an argument is not repeated', async () => {
    const world = keysWorld();
    const left = await world.run(['whoami', world.token(world.keys.owner)]);
    expect(left.code).toBe(2);
    expect(left.err).toContain('A secret was given as an argument');
    expect(left.err).not.toContain(world.keys.owner.id);
  });

  it('3: no credential, a broken one, a refused one', async () => {
    const world = keysWorld();
    const none = await world.run(['list'], { env: { BZ_TOKEN: '' } });
    expect(none.code).toBe(3);
    expect(none.err).toContain('- BLAZEMETER_API_KEY_ID');
    expect(none.err).toContain('--key-file');
    expect((await world.run(['list'], { env: { BZ_TOKEN: 'no-colon' } })).code).toBe(3);
    expect((await world.run(['list'], { env: { BZ_TOKEN: 'wrong:credentials' } })).code).toBe(3);
  });

  it('4: not permitted', async () => {
    const world = keysWorld();
    const env = { BZ_TOKEN: world.token(world.keys.member) };
    const left = await world.run(['policy', 'set', '--maximum', '1 month', '--yes'], { env });
    expect(left.code).toBe(4);
  });

  it('5: the service fails, or there is no network', async () => {
    const world = keysWorld();
    world.reference.faults.add({ operation: 'apiKeys.list', effect: 'status', status: 402 });
    expect((await world.run(['list'])).code).toBe(5);
    const fetch = async () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    const left = await world.run(['list'], { fetch });
    expect(left.code).toBe(5);
    expect(left.err).toContain('check --base-url');
  });

  it('6: a create whose response is lost and that cannot be resolved', async () => {
    const world = keysWorld();
    world.reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit' });
    // Another program has created a key of that name at the same time.
    const fetch: FetchLike = async (url, init) => {
      if (init.method === 'POST') world.reference.seed({ keys: { twin: { user: 'owner', name: 'ci' } } });
      return world.reference.fetch(url, init);
    };
    const left = await world.run(CREATE, { fetch });
    expect(left.code).toBe(6);
    expect(left.err).toMatch(/Keys to look at: [0-9a-f]{24} \(ci\), [0-9a-f]{24} \(ci\)/);
    expect(world.reference.journal.count('apiKeys.create')).toBe(1);
  });

  it('5 or 0 where it can be: nothing was created, or the key is ours', async () => {
    const world = keysWorld();
    world.reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', times: 1 });
    const left = await world.run(CREATE);
    expect(left.code).toBe(5);
    expect(left.err).toContain('The service lists no key that this call created. Run it again.');
    world.reference.faults.add({
      operation: 'apiKeys.create',
      effect: 'reset',
      when: 'after-commit',
      times: 1,
    });
    expect((await world.run(CREATE)).code).toBe(0);
    expect((await world.run(['whoami', '--key-file', 'k.json'])).code).toBe(0);
    expect(world.reference.journal.count('apiKeys.create')).toBe(2);
  });

  it('7: another run works on the record', async () => {
    const world = keysWorld();
    await world.run(['adopt', '--store', 'rec.json', '--name', 'ci']);
    const record = parsed(
      await import('node:fs').then(({ readFileSync }) => readFileSync(world.path('rec.json'), 'utf8')),
    );
    const lease = { owner: 'another run', until: new Date(Date.now() + 60_000).toISOString() };
    writeFileSync(world.path('rec.json'), JSON.stringify({ ...record, lease }), { mode: 0o600 });
    const command = ['rotate', '--store', 'rec.json', '--reason', 'schedule', '--drain', '1 hour'];
    const left = await world.run(command);
    expect(left.code).toBe(7);
    expect(left.err).toContain(
      "To resume: blazemeter-keys rotate --store rec.json --reason schedule --drain '1 hour'",
    );
    expect((await world.run([...command, '--lease-owner', 'another run'])).code).toBe(0);
  });

  it('6: the record was deleted during the run, after which nothing can be resumed', async () => {
    const world = keysWorld();
    await world.run(['adopt', '--store', 'rec.json', '--name', 'ci']);
    const left = await world.run(['rotate', '--store', 'rec.json', '--reason', 'schedule'], {
      fetch: async (url, init) => {
        if (init?.method === 'POST') rmSync(world.path('rec.json'));
        return world.reference.fetch(url, init);
      },
    });
    expect(left.code).toBe(6);
    expect(left.err).toContain('Create the record with blazemeter-keys adopt.');
    expect(left.err).not.toContain('resume');
    const [, saved = ''] = /saved to (\S+api-key\.json)/.exec(left.err) ?? [];
    const adopt = ['adopt', '--store', 'rec.json', '--name', 'ci', '--key-file', saved];
    expect((await world.run(adopt)).code).toBe(0);
  });

  it('8: interrupted', async () => {
    const world = keysWorld();
    const left = await world.run(['list'], { signals: (send) => send('SIGINT') });
    expect(left).toMatchObject({ code: 8, out: '' });
    expect(left.err).toContain('Interrupted by SIGINT');
  });

  it('10: a key or an account that does not exist', async () => {
    const world = keysWorld();
    expect((await world.run(['get', '7e57ed1d000000000000beef'])).code).toBe(10);
    const near = await world.run(['get', 'ownr']);
    expect(near).toMatchObject({ code: 10, out: '' });
    expect(near.err).toContain('Did you mean owner?');
    expect((await world.run(['policy', 'get', '--account', '7'])).code).toBe(10);
  });

  it('9: a key that regenerated itself, and whose response was lost', async () => {
    const world = keysWorld();
    world.reference.faults.add({
      operation: 'apiKeys.regenerateSecret',
      effect: 'reset',
      when: 'after-commit',
    });
    const left = await world.run([
      'regenerate',
      world.keys.owner.id,
      '--out',
      'k.json',
      '--yes',
      '--allow-self',
    ]);
    expect(left.code).toBe(9);
    expect(left.err).toContain('Regenerate it with another key');
  });
});

describe('with --json', () => {
  it('an error is one object on standard error, and standard output is empty', async () => {
    const world = keysWorld();
    const left = await world.run(['list', '--json'], { env: { BZ_TOKEN: 'wrong:credentials' } });
    expect(left).toMatchObject({ code: 3, out: '' });
    const lines = left.err.trimEnd().split('\n').map(parsed);
    expect(lines.at(-1)).toMatchObject({
      level: 'error',
      code: 'unauthorized',
      exitCode: 3,
      operation: 'apiKeys.list',
      requestId: expect.stringMatching(/^[0-9a-f]{13}$/),
    });
  });

  it('so is a command line that is wrong', async () => {
    const left = await keysWorld().run(['lst', '--json']);
    expect(parsed(left.err)).toMatchObject({ level: 'error', code: 'usage', exitCode: 2 });
  });
});

describe('the log level', () => {
  const lines = async (env: Record<string, string>, ...more: string[]) =>
    (await keysWorld().run(['whoami', ...more], { env })).err
      .split('\n')
      .filter((line) => line.includes(': debug: '));

  it('is raised where debugging is on in the CI system', async () => {
    expect(await lines({})).toEqual([]);
    expect((await lines({ RUNNER_DEBUG: '1' })).length).toBeGreaterThan(0);
    expect((await lines({ SYSTEM_DEBUG: 'true' })).length).toBeGreaterThan(0);
    expect((await lines({}, '--log-level', 'debug')).length).toBeGreaterThan(0);
    expect(await lines({ RUNNER_DEBUG: '1' }, '--log-level', 'warn')).toEqual([]);
  });
});
