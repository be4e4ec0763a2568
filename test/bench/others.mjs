// The others: undici's MockAgent and msw in process, and Prism on docs/openapi.yaml in a folder of its own.

import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { MockAgent, fetch as undiciFetch } from 'undici';
import { inSequence } from './measure.mjs';

const ORIGIN = 'https://a.blazemeter.com';

/** undici's MockAgent, which returns a constant. */
export async function mockAgent(path, headers, body) {
  const dispatcher = new MockAgent();
  dispatcher.disableNetConnect();
  dispatcher
    .get(ORIGIN)
    .intercept({ path, method: 'GET' })
    .reply(200, body, { headers: { 'content-type': 'application/json' } })
    .persist();
  const figures = await inSequence(async () => {
    const response = await undiciFetch(`${ORIGIN}${path}`, { headers, dispatcher });
    await response.text();
  });
  await dispatcher.close();
  return figures;
}

/** msw alone, which returns a constant. */
export async function mswAlone(path, headers, body) {
  const server = setupServer(
    http.get(
      `${ORIGIN}${path}`,
      () => new HttpResponse(body, { headers: { 'content-type': 'application/json' } }),
    ),
  );
  server.listen({ onUnhandledRequest: 'error' });
  try {
    return await inSequence(async () => {
      const response = await fetch(`${ORIGIN}${path}`, { headers });
      await response.text();
    });
  } finally {
    server.close();
  }
}

/** The last version that runs on Node 20. */
const PRISM = '@stoplight/prism-cli@5.14.2';

/** Prism on a port; or, where it cannot be installed or does not start, why. It is kept for the next run. */
export async function prism(...flags) {
  const folder = join(tmpdir(), 'blazemeter-client-bench-prism');
  const script = join(folder, 'node_modules', '@stoplight', 'prism-cli', 'dist', 'index.js');
  if (!existsSync(script)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const args = ['install', PRISM, '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    try {
      await promisify(execFile)('npm', args, {
        cwd: folder,
        timeout: 300_000,
        shell: process.platform === 'win32',
      });
    } catch (error) {
      return { problem: `${PRISM} could not be installed: ${error.message.split('\n')[1] ?? error.message}` };
    }
  }
  const port = await freePort();
  const document = fileURLToPath(new URL('../../docs/openapi.yaml', import.meta.url));
  const args = [script, 'mock', document, '--port', String(port), '--host', '127.0.0.1', ...flags];
  const child = spawn(process.execPath, args, {
    stdio: 'ignore',
    env: { ...process.env, LOG_LEVEL: 'silent' },
  });
  for (let tries = 0; tries < 300 && child.exitCode === null; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/user`).catch(() => undefined);
    if (up !== undefined) return { name: PRISM, port, stop: () => child.kill() };
    await sleep(100);
  }
  child.kill();
  return { problem: `${PRISM} did not start` };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
