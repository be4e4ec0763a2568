// Who must not use the control API of blazemeter-reference: web pages, other machines, and callers without the token.

import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Running, referenceCommand } from '../support/reference-command.ts';

const command = referenceCommand();
const JSON_TYPE = 'Content-Type: application/json';
const TOKEN = 'made-up-token-of-a-test';

/** What a browser would send is sent by hand: `fetch` would not let these headers through. */
async function send(
  { started }: Running,
  line: string,
  headers: readonly string[],
  body = '',
): Promise<{ status: number; head: string; text: string }> {
  const socket = connect(Number(started.port), '127.0.0.1');
  await once(socket, 'connect');
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  socket.write(
    `${[`${line} HTTP/1.1`, ...headers, length, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`,
  );
  let whole = '';
  socket.on('data', (chunk: Buffer) => {
    whole += chunk.toString();
  });
  await once(socket, 'close');
  const [head = '', text = ''] = whole.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head, text };
}

const now = async (running: Running): Promise<unknown> => (await fetch(`${running.control}clock`)).json();
let frozen: Running;
beforeAll(async () => {
  frozen = await command.start('--clock', 'frozen');
});

const advance = ['POST /__reference/clock/advance', '{"days":1}'] as const;

describe('a web page in a browser', () => {
  const HOST = 'Host: localhost:4010';

  it.each<[string, readonly string[]]>([
    ['a request of another site', [HOST, 'Origin: https://evil.example', JSON_TYPE]],
    ['of a sandboxed frame', [HOST, 'Origin: null', JSON_TYPE]],
    ['of a page that has our own origin', [HOST, 'Origin: http://localhost:4010', JSON_TYPE]],
    ['a link from another site', [HOST, 'Sec-Fetch-Site: cross-site', JSON_TYPE]],
    ['a link from another port', [HOST, 'Sec-Fetch-Site: same-site', JSON_TYPE]],
    ['a name of its own that leads here', ['Host: evil.example', JSON_TYPE]],
    ['a name that begins like ours', ['Host: localhost.evil.example', JSON_TYPE]],
    ['an address that looks like ours', ['Host: 127.0.0.1.evil.example', JSON_TYPE]],
    ['a name with a user before it', ['Host: localhost@evil.example', JSON_TYPE]],
    ['two names', [HOST, 'Host: evil.example', JSON_TYPE]],
    ['an address that stands for all', ['Host: 0.0.0.0:4010', JSON_TYPE]],
  ])('changes and reads nothing: %s', async (_, headers) => {
    const running = frozen;
    const before = await now(running);
    const [line, body] = advance;
    const refused = await send(running, line, headers, body);
    expect([400, 403]).toContain(refused.status);
    expect(await now(running)).toEqual(before);
    for (const path of ['clock', 'journal', 'state/snapshot']) {
      const read = await send(running, `GET /__reference/${path}`, headers);
      expect([400, 403]).toContain(read.status);
      expect(read.text).not.toMatch(/"now"|"entries"|"users"/);
      expect(read.head).not.toMatch(/access-control/i);
    }
  });

  it.each([
    ['a form', 'application/x-www-form-urlencoded'],
    ['a form with files', 'multipart/form-data; boundary=x'],
    ['text', 'text/plain'],
    ['JSON by a false name', 'text/plain; application/json'],
    ['JSON of another kind', 'application/json-patch+json'],
  ])('cannot send %s: only JSON changes anything', async (_, type) => {
    const running = frozen;
    const before = await now(running);
    const [line, body] = advance;
    expect((await send(running, line, [HOST, `Content-Type: ${type}`], body)).status).toBe(415);
    expect((await send(running, line, [HOST], body)).status).toBe(415);
    expect((await send(running, 'DELETE /__reference/journal', [HOST])).status).toBe(415);
    expect(await now(running)).toEqual(before);
  });

  it('gets no permission from a preflight', async () => {
    const running = frozen;
    const asking = [HOST, 'Origin: https://evil.example', 'Access-Control-Request-Method: POST'];
    const { status, head } = await send(running, 'OPTIONS /__reference/clock/advance', asking);
    expect(status).toBe(403);
    expect(head).not.toMatch(/access-control/i);
  });

  it('but a person who types the address, and a program, are let in', async () => {
    const running = frozen;
    for (const headers of [
      [HOST, 'Sec-Fetch-Site: none'],
      ['Host: 127.0.0.1'],
      ['Host: [::1]:4010'],
      [HOST],
    ]) {
      const { status, head } = await send(running, 'GET /__reference/clock', headers);
      expect(status).toBe(200);
      expect(head).not.toMatch(/access-control/i);
    }
    const [line, body] = advance;
    expect((await send(running, line, [HOST, `${JSON_TYPE};charset=utf-8`], body)).status).toBe(200);
  });
});

describe('the token', () => {
  it('is required of every caller, and never shown', async () => {
    const file = command.file('token', `${TOKEN}\n`);
    const running = await command.start('--control-token-file', file);
    const ask = (headers: Record<string, string>) => fetch(`${running.control}clock`, { headers });
    for (const authorization of [
      '',
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(1)}`,
      `Basic ${TOKEN}`,
      TOKEN,
    ]) {
      const response = await ask(authorization === '' ? {} : { authorization });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.text()).not.toContain(TOKEN);
    }
    expect((await ask({ authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    const { stdout, stderr } = await running.stop();
    expect(stdout + stderr).not.toContain(TOKEN);
  });

  it('does not let a web page in, whatever it is called by', async () => {
    const file = command.file('token', TOKEN);
    const running = await command.start('--control-token-file', file, '--control-host', 'blazemeter');
    const bearer = `Authorization: Bearer ${TOKEN}`;
    const ask = async (...headers: string[]) =>
      (await send(running, 'GET /__reference/clock', [...headers, bearer])).status;
    expect(await ask('Host: blazemeter:4010')).toBe(200);
    expect(await ask('Host: evil.example')).toBe(403);
    expect(await ask('Host: blazemeter:4010', 'Origin: http://blazemeter:4010')).toBe(403);
  });
});

describe('another machine', () => {
  // An address of this machine that is none of the loopback stands for another machine.
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;

  it.skipIf(address === undefined)('is refused without a token, and let in with it', async () => {
    const clock = (running: Running, headers: Record<string, string> = {}) =>
      fetch(`http://${address}:${String(running.started.port)}/__reference/clock`, { headers });
    const open = await command.start('--host', '0.0.0.0', '--control-host', String(address));
    expect((await clock(open)).status).toBe(403);
    const file = command.file('token', TOKEN);
    const guarded = await command.start(
      '--host',
      '0.0.0.0',
      '--control-host',
      String(address),
      '--control-token-file',
      file,
    );
    expect((await clock(guarded)).status).toBe(401);
    expect((await clock(guarded, { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    expect((await fetch(`${open.control}clock`)).status).toBe(200);
  });
});

describe('a body', () => {
  it('of more than 16 MiB is not taken', async () => {
    const running = frozen;
    const response = await fetch(`${running.control}state/seed`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array(16 * 1_048_576 + 1).fill(0x20),
    }).catch(() => undefined);
    // The rest is not read, so the connection may break before the response is seen.
    expect([undefined, 413]).toContain(response?.status);
    expect((await fetch(`${running.control}clock`)).status).toBe(200);
  });

  it('that is not UTF-8, or nested without end, ends nothing', async () => {
    const running = frozen;
    for (const body of [
      new Uint8Array([0x22, 0xff, 0x22]),
      '['.repeat(1_000_000),
      `${'{"a":'.repeat(50_000)}1`,
    ]) {
      const response = await fetch(`${running.control}state/seed`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(response.status).toBe(400);
    }
  });
});

it('--no-control leaves none: its paths are as unknown as any other', async () => {
  const running = await command.start('--no-control');
  expect(running.started.control).toBeNull();
  const response = await fetch(`${new URL(running.url).origin}/__reference/clock`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { code: 404 }, api_version: 4 });
});

it('the API below /api/v4 is reached with any Host and from any page, as the service itself', async () => {
  const running = frozen;
  const headers = ['Host: a.blazemeter.com', 'Origin: https://evil.example'];
  expect((await send(running, 'GET /api/v4/web/version', headers)).status).toBe(200);
  expect((await send(running, 'GET /api/v4/__reference/clock', headers)).status).toBe(404);
});
