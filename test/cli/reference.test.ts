// blazemeter-reference, from its command line to its end.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { BlazeMeterClient, VERSION } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { basic } from '../support/reference.ts';
import { referenceCommand } from '../support/reference-command.ts';

const command = referenceCommand();
const SECRET = /7e57ed5e[0-9a-f]+/;

describe('it listens', () => {
  it('and serves our client, which signs with a key that it printed', async () => {
    const { url, keys } = await command.start('--print-credentials');
    const client = new BlazeMeterClient({ baseUrl: url, credentials: keys.owner });
    expect((await client.user.get()).displayName).toBe('Olive Owner');
  });

  it('on the port and the address of its options, and says where', async () => {
    const { url, started } = await command.start('--host', 'localhost');
    expect(started).toMatchObject({ host: 'localhost', version: VERSION, control: expect.any(String) });
    expect(new URL(url)).toMatchObject({ hostname: 'localhost', port: String(started.port) });
    expect((await fetch(`${url}/web/version`)).status).toBe(200);
  });

  it('on all addresses, says how this machine reaches it, and that others do', async () => {
    const running = await command.start('--host', '0.0.0.0');
    expect(new URL(running.url).hostname).toBe('127.0.0.1');
    expect((await fetch(`${running.url}/web/version`)).status).toBe(200);
    expect((await running.stop()).stderr).toContain('other machines can reach it');
  });

  it('to pages of any origin with --cors, but not on the control API', async () => {
    const { url, control } = await command.start('--cors');
    const allowed = async (of: string) => (await fetch(of)).headers.get('access-control-allow-origin');
    expect(await allowed(`${url}/web/version`)).toBe('*');
    expect(await allowed(`${control}clock`)).toBeNull();
  });

  it('not on a port that is taken: exit code 1, and the port is named', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const { code, stderr, stdout } = await command.run('--port', port);
    taken.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`--port ${port}`);
  });
});

describe('it ends with exit code 0', () => {
  it('with --exit-with-parent, once the process that started it has ended', async () => {
    const script = `
      const child = require('node:child_process').spawn(process.execPath, process.argv.slice(1), {
        stdio: ['ignore', 'pipe', 'inherit'], detached: true });
      child.stdout.once('data', (line) => { process.stdout.write(line); process.exit(); });`;
    const options = ['--port', '0', '--json', '--exit-with-parent'];
    const { stdout } = spawnSync(process.execPath, ['-e', script, command.script(), ...options], {
      encoding: 'utf8',
    });
    const { url } = JSON.parse(stdout);
    await expect.poll(() => responds(`${url}/web/version`), { timeout: 10_000 }).toBe(false);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'on %s, even while a client holds a connection open',
    async (signal) => {
      const running = await command.start();
      await (await fetch(`${running.url}/web/version`)).text();
      expect(await running.stop(signal)).toMatchObject({ code: 0, signal: null, stderr: '' });
    },
  );

  it('on SIGTERM while a response is held back', async () => {
    const faults = command.file('faults.json', '[{ "effect": "stall" }]');
    const running = await command.start('--faults', faults);
    const asked = fetch(`${running.url}/user`).catch(() => 'broken');
    await expect
      .poll(async () => (await (await fetch(`${running.control}journal`)).json()).count, { timeout: 15_000 })
      .toBe(1);
    expect((await running.stop()).code).toBe(0);
    expect(await asked).toBe('broken');
  });
});

describe('what it prints', () => {
  it('holds no secret, as text and as JSON', async () => {
    const asJson = await (await command.start()).stop();
    expect(asJson.stdout).toContain('7e57ed1d');
    expect(asJson.stdout).not.toMatch(SECRET);
    const asText = await text();
    expect(asText).toContain('owner: 7e57ed1d');
    expect(asText).toMatch(/^API +http:\/\/127\.0\.0\.1:\d+\/api\/v4$/m);
    expect(asText).not.toMatch(SECRET);
  });

  it('holds the secrets with --print-credentials, as text and as JSON', async () => {
    const running = await command.start('--print-credentials');
    for (const { secret } of Object.values(running.keys)) expect(secret).toMatch(/^7e57ed5e[0-9a-f]{64}$/);
    const printed = await text('--print-credentials');
    expect(printed).toMatch(/secret 7e57ed5e[0-9a-f]{64}$/m);
    expect(printed).toMatch(/^ {2}\$ export BZ_TOKEN=7e57ed1d[0-9a-f]{16}:7e57ed5e[0-9a-f]{64}$/m);
    expect(printed).toMatch(/whoami --base-url http:\/\/127\.0\.0\.1:\d+\/api\/v4$/m);
  });

  it('is nothing with --quiet, and then the line of JSON where that is asked for', async () => {
    expect(await text('--quiet')).toBe('');
    const { code, stdout } = await (await command.start('--quiet')).stop();
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it('is one line of JSON with --json, in which every name of the seed leads to what was created', async () => {
    const { started } = await command.start('--semantics', 'shrink=clamp', '--semantics', 'grace=5000');
    expect(started).toMatchObject({
      semantics: { shrink: 'clamp', grace: 5000, names: 'free' },
      made: {
        users: { owner: { email: 'owner@example.com' } },
        accounts: { main: { id: expect.any(Number) } },
        keys: { member: { id: expect.any(String), expiration: expect.any(Number) } },
      },
    });
  });

  it('ends with 1 when the disk is full', async () => {
    const run = (...args: string[]) =>
      spawnSync(
        '/bin/sh',
        ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, command.script(), ...args],
        {
          encoding: 'utf8',
        },
      );
    for (const option of ['--help', '--version', '--explain']) {
      const { status, stderr } = run(option);
      expect(status).toBe(1);
      expect(stderr).toMatch(/standard output could not be written \(ENOSPC\)/);
    }
  });

  it('a reader that goes away does not end it', async () => {
    const running = await command.start();
    running.process.stdout?.destroy();
    await fetch(`${running.control}clock/advance`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"days":1}',
    });
    expect((await fetch(`${running.url}/web/version`)).status).toBe(200);
  });

  /** What it prints without --json until it is stopped. */
  async function text(...args: string[]): Promise<string> {
    const port = await freePort();
    const { child, ended } = command.launch(['--port', String(port), ...args]);
    await expect
      .poll(() => responds(`http://127.0.0.1:${port}/api/v4/web/version`), { timeout: 15_000 })
      .toBe(true);
    child.kill('SIGTERM');
    return (await ended).stdout;
  }
});

describe('what it stands in for', () => {
  it('a seed file makes the world, a byte-order mark before it or not', async () => {
    const seed = command.file(
      'world.json',
      `\ufeff${JSON.stringify({
        users: { ana: {} },
        accounts: { acme: { owner: 'ana', apiKeyExpiration: 90 } },
        keys: { ci: { user: 'ana', expires: { days: 30 } } },
      })}`,
    );
    const { url, keys } = await command.start('--seed', seed, '--print-credentials');
    expect(Object.keys(keys)).toEqual(['ci']);
    const client = new BlazeMeterClient({ baseUrl: url, credentials: keys.ci });
    expect((await client.accounts.apiKeyPolicy.get()).maximumDays).toBe(90);
  });

  it("endpoints of one's own are those of a module", async () => {
    const routes = command.file(
      'routes.mjs',
      "export default { 'GET /greeting': () => ({ text: 'hello' }) };",
    );
    const { url, keys, control } = await command.start('--routes', routes, '--print-credentials');
    const client = new BlazeMeterClient({ baseUrl: url, credentials: keys.owner });
    expect(await client.request({ method: 'GET', path: '/greeting' })).toEqual({ text: 'hello' });
    const journal = await fetch(`${control}journal?operation=GET%20/greeting`);
    expect(await journal.json()).toMatchObject({ count: 1 });
    const broken = ['export default 7;', "throw new Error('x');", "export default { 'get /x': () => 1 };"];
    for (const [number, text] of broken.entries()) {
      const file = command.file(`broken-${number}.mjs`, text);
      const refused = await command.run('--port', '0', '--routes', file);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain(`--routes ${file}`);
    }
  });

  it('a rule of a fault file faults', async () => {
    const faults = command.file(
      'faults.json',
      '[{ "operation": "user.get", "effect": "html", "status": 502 }]',
    );
    const { url } = await command.start('--faults', faults);
    expect((await fetch(`${url}/user`)).status).toBe(502);
    expect((await fetch(`${url}/accounts`)).status).toBe(401);
  });

  it.each([
    ['2031-05-01T10:00:00Z', false],
    ['frozen@2031-05-01T10:00:00Z', true],
  ])('its clock starts at %s', async (clock, frozen) => {
    const { url, started } = await command.start('--clock', clock);
    expect(started.frozen).toBe(frozen);
    const date = (await fetch(`${url}/web/version`)).headers.get('date') ?? '';
    expect(date).toMatch(frozen ? /^Thu, 01 May 2031 10:00:00 GMT$/ : /^Thu, 01 May 2031 10:0/);
  });

  it('a switch decides', async () => {
    const { url, keys } = await command.start('--semantics', 'keyLimit=1', '--print-credentials');
    const response = await fetch(`${url}/api-keys`, {
      method: 'POST',
      headers: { authorization: basic(keys.owner ?? { id: '', secret: '' }) },
      body: JSON.stringify({ name: 'one more', expiration: Math.floor(Date.now() / 1000) + 3_600 }),
    });
    expect(response.status).toBe(402);
  });

  it('credentials that look real cause one warning, and are never shown', async () => {
    const running = await command.start();
    const credentials = { id: 'ab'.repeat(12), secret: 'cd'.repeat(36) };
    for (const path of ['/user', '/accounts'])
      expect(
        (await fetch(`${running.url}${path}`, { headers: { authorization: basic(credentials) } })).status,
      ).toBe(401);
    const { stdout, stderr } = await running.stop();
    expect(stderr.match(/looks real/g)).toHaveLength(1);
    expect(stdout + stderr).not.toMatch(/(?:ab){6}|(?:cd){6}/);
  });
});

describe('what it says of itself', () => {
  it('--help names every option, and the form to start it in', async () => {
    const { code, stdout, stderr } = await command.run('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('npx --package=blazemeter-client blazemeter-reference');
    for (const option of OPTIONS) expect(stdout).toContain(option);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('--version', async () => {
    expect(await command.run('--version')).toMatchObject({ code: 0, stdout: `${VERSION}\n` });
  });

  it('--explain prints every behaviour with its value under these switches, and its mark', async () => {
    const { code, stdout } = await command.run('--explain', '--semantics', 'shrink=revoke');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^S1 +assumed +.*shrink: revoke$/m);
    expect(stdout).toMatch(/^user\.get +documented +GET \/user/m);
    const asJson = await command.run('--explain', '--json');
    expect(JSON.parse(asJson.stdout)).toContainEqual(
      expect.objectContaining({ id: 'S1', provenance: 'assumed', value: 'shrink: new-only' }),
    );
  });

  const OPTIONS = [
    ...['--port', '--host', '--seed', '--semantics', '--faults', '--clock', '--tls-cert', '--tls-key'],
    ...['--explain', '--print-credentials', '--quiet', '--json', '--control-token-file', '--no-control'],
    ...['--control-host', '--help', '--version', '--routes', '--exit-with-parent'],
  ];
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const responds = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
