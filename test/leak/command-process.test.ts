// The command as a process, with Node's own debugging at its most talkative: what goes to a server or to a proxy is in none
// of its lines. SECURITY.md says to switch that off all the same.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createReference, type Listening, listen } from 'blazemeter-client/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keysProcess } from '../cli/support/process.ts';
import { makeAuthority } from '../fault/support/certificates.ts';
import { makeProxy, type TestProxy } from '../fault/support/proxy.ts';
import { createDetector } from './detector.ts';

const PASSWORD = 'Wq7xK2vLr9Tz4Bn8';
const command = keysProcess();
const reference = createReference();
const { owner } = reference.seed().keys;
const detect = createDetector({ secret: owner.secret.slice('7e57ed5e'.length), password: PASSWORD });
let server: Listening;
let proxy: TestProxy;
beforeAll(async () => {
  const authority = await makeAuthority();
  writeFileSync(join(command.folder(), 'ca.pem'), authority.ca);
  server = await listen(reference, { tls: await authority.issue() });
  proxy = await makeProxy(() => 'tunnel');
});
afterAll(async () => {
  await proxy.close();
  await server.close();
});

const ways: Readonly<Record<string, () => Record<string, string>>> = {
  'with a CA of its own': () => ({}),
  'through a proxy with a password': () => ({
    HTTPS_PROXY: proxy.url.replace('//', `//somebody:${PASSWORD}@`),
  }),
};

describe.each(Object.entries(ways))('%s', (_, way) => {
  it.each(['undici,fetch', 'http,https,net,tls,stream,undici,fetch'])(
    'NODE_DEBUG=%s shows nothing',
    async (areas) => {
      const argv = ['whoami', '--base-url', server.url, '--ca-file', 'ca.pem', '--log-level', 'debug'];
      const env = { ...way(), BZ_TOKEN: `${owner.id}:${owner.secret}`, NODE_DEBUG: areas };
      const { code, out, err } = await command.start(argv, env).ended;
      expect(code).toBe(0);
      expect(out).toContain(owner.id);
      // It did talk.
      expect(err).toMatch(/^[A-Z]+ \d+: /m);
      expect(detect(`${out}\n${err}`)).toEqual([]);
    },
  );
});
