// Who must not use the control API of blazemeter-reference: web pages, other machines, and whoever lacks the token.

import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createGuard, type GuardedRequest } from '../../src/cli/reference/control-guard.ts';
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
const advance = ['POST /__reference/clock/advance', '{"days":1}'] as const;

describe('a web page in a browser', () => {
  const HOST = 'Host: localhost:4010';

  test.each<[string, readonly string[]]>([
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
    const running = await command.start('--clock', 'frozen');
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

  test.each([
    ['a form', 'application/x-www-form-urlencoded'],
    ['a form with files', 'multipart/form-data; boundary=x'],
    ['text', 'text/plain'],
    ['JSON by a false name', 'text/plain; application/json'],
    ['JSON of another kind', 'application/json-patch+json'],
  ])('cannot send %s: only JSON changes anything', async (_, type) => {
    const running = await command.start('--clock', 'frozen');
    const before = await now(running);
    const [line, body] = advance;
    expect((await send(running, line, [HOST, `Content-Type: ${type}`], body)).status).toBe(415);
    expect((await send(running, line, [HOST], body)).status).toBe(415);
    expect((await send(running, 'DELETE /__reference/journal', [HOST])).status).toBe(415);
    expect(await now(running)).toEqual(before);
  });

  test('is told by no preflight that it may', async () => {
    const running = await command.start();
    const asking = [HOST, 'Origin: https://evil.example', 'Access-Control-Request-Method: POST'];
    const { status, head } = await send(running, 'OPTIONS /__reference/clock/advance', asking);
    expect(status).toBe(403);
    expect(head).not.toMatch(/access-control/i);
  });

  test('but a person who types the address, and a program, are let in', async () => {
    const running = await command.start();
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
  test('is asked for of everybody, and never told', async () => {
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

  test('does not let a web page in, whatever it is called by', async () => {
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
  const from = (remoteAddress: string | undefined, authorization?: string): GuardedRequest => ({
    method: 'GET',
    headersDistinct: { host: ['localhost:4010'], ...(authorization && { authorization: [authorization] }) },
    socket: { remoteAddress },
  });

  test.each(['192.0.2.7', '::ffff:192.0.2.7', '2001:db8::7', '::ffff:128.0.0.1', '1127.0.0.1', undefined])(
    'at %s is refused without a token, and let in with it',
    (address) => {
      const options = { host: '0.0.0.0', names: [] };
      expect(createGuard({ ...options, token: undefined })(from(address))).toMatchObject({ status: 403 });
      const guard = createGuard({ ...options, token: TOKEN });
      expect(guard(from(address))).toMatchObject({ status: 401 });
      expect(guard(from(address, `Bearer ${TOKEN}`))).toBeUndefined();
    },
  );

  test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('is not %s', (address) => {
    const guard = createGuard({ host: '0.0.0.0', names: [], token: undefined });
    expect(guard(from(address))).toBeUndefined();
  });
});

describe('a body', () => {
  test('of more than 16 MiB is not taken', async () => {
    const running = await command.start();
    const response = await fetch(`${running.control}state/seed`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array(16 * 1_048_576 + 1).fill(0x20),
    }).catch(() => undefined);
    // The rest is not read, so the connection may break before the answer is seen.
    expect([undefined, 413]).toContain(response?.status);
    expect((await fetch(`${running.control}clock`)).status).toBe(200);
  });

  test('that is not UTF-8, or nested without end, ends nothing', async () => {
    const running = await command.start();
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

test('--no-control leaves none: its paths are as unknown as any other', async () => {
  const running = await command.start('--no-control');
  expect(running.started.control).toBeNull();
  const response = await fetch(`${new URL(running.url).origin}/__reference/clock`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { code: 404 }, api_version: 4 });
});

test('the API below /api/v4 is reached with any Host and from any page, as the service itself', async () => {
  const running = await command.start();
  const headers = ['Host: a.blazemeter.com', 'Origin: https://evil.example'];
  expect((await send(running, 'GET /api/v4/web/version', headers)).status).toBe(200);
  expect((await send(running, 'GET /api/v4/__reference/clock', headers)).status).toBe(404);
});
