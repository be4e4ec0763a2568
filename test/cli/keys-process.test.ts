// The command as a process: in a pipeline, in a terminal where a person can be asked, and interrupted.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createReference, type Listening, listen, type Reference } from 'blazemeter-client/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsed } from './support/keys.ts';
import { keysProcess, seen } from './support/process.ts';

const command = keysProcess();
let reference: Reference;
let server: Listening;
let env: Record<string, string>;
let ownerId: string;
beforeAll(async () => {
  reference = createReference();
  const { keys } = reference.seed();
  ownerId = keys.owner.id;
  env = { BZ_TOKEN: `${keys.owner.id}:${keys.owner.secret}` };
  server = await listen(reference);
});
afterAll(() => server.close());

const at = (...argv: string[]) => [...argv, '--base-url', server.url];
const key = (name: string): string => {
  const { keys } = reference.seed({ keys: { [name]: { user: 'owner', name } } });
  return Object.values(keys)[0]?.id ?? '';
};

describe('in a pipeline', () => {
  it('prints its version and its help', async () => {
    expect(await command.start(['--version'], {}).ended).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect((await command.start(['create', '--help'], {}).ended).out).toMatch(
      /^Usage: blazemeter-keys create \[options\]/,
    );
  });

  it('calls itself in its help as it was started, so that npx users can type what they read', () => {
    const link = join(command.folder(), 'blazemeter-client');
    symlinkSync(command.script(), link);
    const { stdout } = spawnSync(process.execPath, [link, 'list', '--help'], { encoding: 'utf8' });
    expect(stdout).toMatch(/^Usage: npx blazemeter-client list/);
    expect(stdout).not.toContain('blazemeter-keys');
  });

  it('has results on standard output, without a colour, and nothing on standard error', async () => {
    const { code, out, err } = await command.start(at('list'), { ...env, COLUMNS: '120' }).ended;
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain('\u001b');
    expect(out.split('\n')[0]).toMatch(/^ID +NAME +CREATED +EXPIRES +LAST USED$/);
  });

  it('asks nothing and waits for nothing', async () => {
    const id = key('not to be deleted');
    const { code, err } = await command.start(at('delete', id), env).ended;
    expect(code).toBe(2);
    expect(err).toContain('needs --yes');
  });

  it('ends with 5 when its output has no reader, or its disk is full', async () => {
    expect((await command.start(at('list'), env, true).ended).code).toBe(5);
    const full = await command.start(at('list'), env, '/dev/full').ended;
    expect(full.code).toBe(5);
    expect(full.err).toContain('ENOSPC');
  });

  it.each(['/dev/null', '&-'])('ends with 0 where the output is discarded (>%s)', async (stdout) => {
    expect(await command.start(at('list'), env, stdout).ended).toMatchObject({ code: 0, err: '' });
  });

  it('keeps the exit code of what was found, and says that the report could not be written', async () => {
    reference.seed({ keys: { ends: { user: 'owner', name: 'ends', expires: { days: 3 } } } });
    const { code, err } = await command.start(at('audit'), env, '/dev/full').ended;
    expect(code).toBe(1);
    expect(err).toContain('ENOSPC');
  });

  it.each([
    ['has no reader', true],
    ['goes to standard output that is closed', '&-'],
    ['goes to the null device', '/dev/null'],
  ])('saves a secret that %s', async (_, stdout) => {
    const { code, err } = await command.start(
      at('create', '--name', 'unread', '--expires-in', '1 month', '--print-secret'),
      env,
      stdout,
    ).ended;
    expect(code).toBe(1);
    const file = /saved to (\S+api-key\.json)/.exec(err)?.[1] ?? '';
    expect(String(parsed(readFileSync(file, 'utf8')).secret)).toHaveLength(72);
  });
});

describe('in a terminal', () => {
  it('shows a table in colours, and takes its line of progress away', async () => {
    reference.seed({
      keys: {
        soon: {
          user: 'owner',
          name: 'expires soon, and has a name that is long',
          expires: { days: 3 },
        },
      },
    });
    const { code, out } = await command.terminal(at('list'), env).ended;
    expect(code).toBe(0);
    expect(out).toContain('\rReading keys …');
    expect(out.split('\u001b').some((part) => /^\[33m[0-9a-f]{24}/.test(part))).toBe(true);
    const lines = seen(out).split('\n');
    expect(lines[0]).toMatch(/^ID +NAME +EXPIRES +LAST USED$/);
  });

  it('uses no colour where none is wanted', async () => {
    const { out } = await command.terminal(at('list', '--no-color', '-q'), env, 200).ended;
    expect(out).not.toContain('\u001b');
    expect(out).not.toContain('Reading');
    expect(out).toContain('expires soon, and has a name that is long');
    expect(out.split('\r\n')[0]).toMatch(/^ID +NAME +CREATED +EXPIRES +LAST USED$/);
    const dull = await command.terminal(at('list', '-q'), { ...env, NO_COLOR: '1' }, 200).ended;
    expect(dull.out).toBe(out);
  });

  it('asks before it deletes, and takes anything but a yes for a no', async () => {
    const id = key('asked about');
    const first = command.terminal(at('delete', id), env);
    await first.until('Go on? [y/N]');
    first.type('\r');
    expect((await first.ended).code).toBe(2);
    expect(reference.journal.count('apiKeys.delete')).toBe(0);
    const second = command.terminal(at('delete', id), env);
    await second.until(`Deleting the key ${id} (asked about). Go on? [y/N]`);
    second.type('y\r');
    expect((await second.ended).code).toBe(0);
    expect(reference.journal.count('apiKeys.delete')).toBe(1);
  });

  it('asks whether the maximum may be lowered', async () => {
    const session = command.terminal(at('policy', 'set', '--maximum', '6 months'), env);
    await session.until('Go on? [y/N]');
    expect(seen(session.out)).toContain('Lowering the maximum of account');
    session.type('no\r');
    expect((await session.ended).code).toBe(2);
    expect(reference.journal.count('apiKeyPolicy.set')).toBe(0);
  });

  it('ends at Ctrl-C while it asks', async () => {
    const session = command.terminal(at('regenerate', ownerId, '--out', 'never.json', '--allow-self'), env);
    await session.until('Go on? [y/N]');
    session.type('\u0003');
    expect((await session.ended).code).toBe(8);
    expect(existsSync(join(command.folder(), 'never.json'))).toBe(false);
    expect(reference.journal.count('apiKeys.regenerateSecret')).toBe(0);
  });
});

describe('interrupted', () => {
  it('while it reads, it ends at once', async () => {
    const fault = reference.faults.add({ operation: 'apiKeys.list', effect: 'stall' });
    const session = command.start(at('list', '--log-level', 'debug'), env);
    await reached('apiKeys.list');
    session.signal('SIGTERM');
    const { code, out } = await session.ended;
    fault.remove();
    expect([code, out]).toEqual([8, '']);
  });

  it('while it rotates, it ends the step in hand, gives the lease back, and says how to resume', async () => {
    mkdirSync(join(command.folder(), 'rotated'));
    const store = join('rotated', 'record.json');
    await command.start(at('adopt', '--store', store, '--name', 'ci'), env).ended;
    const slow = reference.faults.add({
      operation: 'apiKeys.create',
      effect: 'latency',
      ms: 1_500,
      times: 1,
    });
    const rotate = at('rotate', '--store', store, '--reason', 'schedule');
    const session = command.start(rotate, env);
    await reached('apiKeys.create');
    session.signal('SIGINT');
    const { code, err } = await session.ended;
    slow.remove();
    expect(code).toBe(8);
    expect(err).toContain(`To resume: blazemeter-keys rotate --store ${store} --reason schedule`);
    const record = parsed(readFileSync(join(command.folder(), store), 'utf8'));
    // The key that was being made is on record with its secret.
    expect(record).toMatchObject({ phase: 'testing', lease: null });
    const again = await command.start([...rotate, '--json'], env).ended;
    expect(again.code).toBe(0);
    expect(parsed(again.out)).toMatchObject({ phase: 'draining', rotated: true, epoch: 1 });
    expect(readdirSync(join(command.folder(), 'rotated'))).toEqual(['record.json']);
  });

  it('while the service says nothing, it is over within five seconds', async () => {
    const fault = reference.faults.add({
      operation: 'apiKeys.create',
      effect: 'stall',
      when: 'after-commit',
      times: 1,
    });
    const session = command.start(
      at('create', '--name', 'stalled', '--expires-in', '1 month', '--out', 'stalled.json'),
      env,
    );
    await reached('apiKeys.create');
    session.signal('SIGINT');
    session.signal('SIGTERM');
    const { code, err } = await session.ended;
    fault.remove();
    expect(code).toBe(6);
    expect(err).toContain('Interrupted by');
  });

  /** Resolves once a further request of that operation has come. */
  async function reached(operation: 'apiKeys.list' | 'apiKeys.create'): Promise<void> {
    const { length } = reference.journal.entries;
    const came = () => reference.journal.entries.slice(length).some((entry) => entry.operation === operation);
    while (!came()) await new Promise((done) => setTimeout(done, 20));
  }
});
