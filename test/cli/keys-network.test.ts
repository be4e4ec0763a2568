// Networks with a proxy or a CA of their own: the command over real sockets, through a real proxy.

import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createReference, type Listening, listen, type Reference } from 'blazemeter-client/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Authority, makeAuthority } from '../fault/support/certificates.ts';
import { makeProxy, type TestProxy, withPassword } from '../fault/support/proxy.ts';
import { freshFolder, invoke } from './support/keys.ts';

let authority: Authority;
let reference: Reference;
let server: Listening;
let ca: string;
let token: string;
const open: TestProxy[] = [];
beforeAll(async () => {
  authority = await makeAuthority();
  ca = join(freshFolder(), 'ca.pem');
  writeFileSync(ca, authority.ca);
});
beforeEach(async () => {
  reference = createReference();
  const { owner } = reference.seed().keys;
  token = `${owner.id}:${owner.secret}`;
  server = await listen(reference, { tls: await authority.issue() });
});
afterEach(async () => {
  for (const proxy of open.splice(0)) await proxy.close();
  await server.close();
});

async function proxied(...args: Parameters<typeof makeProxy>): Promise<TestProxy> {
  const proxy = await makeProxy(...args);
  open.push(proxy);
  return proxy;
}

const whoami = (env: Record<string, string>, ...more: string[]) =>
  invoke(['whoami', '--base-url', server.url, ...more], { env: { BZ_TOKEN: token, ...env } });

describe('a private CA', () => {
  it('that is not known: 5, and what to do', async () => {
    const left = await whoami({});
    expect(left.code).toBe(5);
    expect(left.err).toContain('--ca-file');
  });

  it('in --ca-file is trusted, by every method and with a body', async () => {
    expect((await whoami({}, '--ca-file', ca)).code).toBe(0);
    const argv = ['create', '--name', 'ü', '--expires-in', '1 month', '--print-secret', '--json'];
    const left = await invoke([...argv, '--base-url', server.url, '--ca-file', ca], {
      env: { BZ_TOKEN: token },
    });
    expect(left.code).toBe(0);
    expect(left.json().key).toMatchObject({ name: 'ü' });
    const { id } = Object(left.json().key);
    const gone = await invoke(['delete', id, '--yes', '--base-url', server.url, '--ca-file', ca], {
      env: { BZ_TOKEN: token },
    });
    expect(gone.code).toBe(0);
  });

  it('does not help a certificate for another host', async () => {
    const other = await listen(reference, { tls: await authority.issue({ name: 'elsewhere.test' }) });
    const left = await invoke(['whoami', '--base-url', other.url, '--ca-file', ca], {
      env: { BZ_TOKEN: token },
    });
    await other.close();
    expect(left.code).toBe(5);
    expect(left.err).toContain('certificate');
  });

  it('in a file that holds none: 2, and nothing of the file', async () => {
    const other = join(freshFolder(), 'other.pem');
    writeFileSync(other, 'a made-up text of somebody');
    const left = await whoami({}, '--ca-file', other);
    expect(left.code).toBe(2);
    expect(left.err).toContain(`--ca-file ${other}: it holds no certificate in PEM form.`);
    expect(left.err).not.toContain('made-up');
  });

  it('in a file that is not there: 2, by its name', async () => {
    const left = await whoami({}, '--ca-file', '/no/such.pem');
    expect(left.code).toBe(2);
    expect(left.err).toContain('--ca-file /no/such.pem: there is no such file.');
  });

  it('in a pipe, a device or a sparse file of 3 GB: 2, and no wait', async () => {
    const folder = freshFolder();
    const [pipe, large] = [join(folder, 'pipe'), join(folder, 'large')];
    execFileSync('mkfifo', [pipe]);
    writeFileSync(large, '');
    truncateSync(large, 3 * 2 ** 30);
    for (const [file, problem] of [
      [pipe, 'not a regular file'],
      ['/dev/zero', 'not a regular file'],
      [large, 'larger than 16 MiB'],
    ] as const) {
      const left = await whoami({}, '--ca-file', file);
      expect([left.code, left.err]).toEqual([2, expect.stringContaining(problem)]);
    }
  });
});

describe('a proxy', () => {
  it('in HTTPS_PROXY gets a tunnel, and nothing in the clear', async () => {
    const proxy = await proxied(() => 'tunnel');
    const left = await whoami({ HTTPS_PROXY: proxy.url }, '--ca-file', ca);
    expect(left.code).toBe(0);
    expect(left.out).toContain('owner@example.com');
    expect([proxy.connects, proxy.plain]).toEqual([2, 0]);
    await proxy.assertNoConnections();
  });

  it('is gone around by NO_PROXY', async () => {
    const proxy = await proxied(() => 'tunnel');
    expect(
      (await whoami({ HTTPS_PROXY: proxy.url, NO_PROXY: 'elsewhere.test,127.0.0.1' }, '--ca-file', ca)).code,
    ).toBe(0);
    expect(proxy.connects).toBe(0);
  });

  it('whose password is not encoded differs from one that is refused, and nothing is sent', async () => {
    const left = await whoami({ HTTPS_PROXY: 'http://user:100%pass-word@127.0.0.1:1' }, '--ca-file', ca);
    expect(left.code).toBe(2);
    expect(left.err).toContain('in HTTPS_PROXY has a "%" that encodes nothing');
    expect(left.err).not.toContain('pass-word');
  });

  it('that asks for a password gets it from its address, and it is never shown', async () => {
    const accepted = `Basic ${Buffer.from('proxy user:pass:word').toString('base64')}`;
    const proxy = await proxied(withPassword(accepted));
    const address = proxy.url.replace('//', '//proxy%20user:pass%3Aword@');
    expect((await whoami({ HTTPS_PROXY: address }, '--ca-file', ca)).code).toBe(0);
    const wrong = proxy.url.replace('//', '//proxy%20user:wrong-password@');
    const left = await whoami({ HTTPS_PROXY: wrong }, '--ca-file', ca, '--log-level', 'debug');
    expect(left.code).toBe(5);
    expect(left.err).toContain('The proxy refused the tunnel');
    expect(left.err).not.toContain('wrong-password');
  });

  it('that speaks TLS itself is trusted by the same file', async () => {
    const proxy = await proxied(() => 'tunnel', await authority.issue());
    expect((await whoami({ HTTPS_PROXY: proxy.url }, '--ca-file', ca)).code).toBe(0);
    expect(proxy.connects).toBe(2);
  });

  it('that is down, or drops the connection, sent nothing: a create is no riddle', async () => {
    const argv = [
      'create',
      '--name',
      'a',
      '--expires-in',
      '1 month',
      '--print-secret',
      '--base-url',
      server.url,
      '--ca-file',
      ca,
    ];
    const down = await makeProxy(() => 'tunnel');
    await down.close();
    const left = await invoke(argv, { env: { BZ_TOKEN: token, HTTPS_PROXY: down.url } });
    expect(left.code).toBe(5);
    expect(left.err).toContain('HTTPS_PROXY');
    const refusing = await proxied(() => 403);
    expect((await invoke(argv, { env: { BZ_TOKEN: token, HTTPS_PROXY: refusing.url } })).code).toBe(5);
    expect(reference.journal.count('apiKeys.create')).toBe(0);
  });

  it('that says nothing is given up on after --timeout', async () => {
    const held = await proxied(() => 'reset');
    const left = await whoami({ HTTPS_PROXY: held.url }, '--ca-file', ca, '--timeout', '1');
    expect(left.code).toBe(5);
  });
});

describe('over a connection of ours', () => {
  it('a response that is cut off is one that was cut off', async () => {
    reference.faults.add({ operation: 'user.get', effect: 'truncate', keepBytes: 40 });
    const left = await whoami({}, '--ca-file', ca);
    expect(left.code).toBe(5);
  });

  it('a create whose response is lost is looked for, not sent again', async () => {
    reference.faults.add({ operation: 'apiKeys.create', effect: 'truncate', keepBytes: 20, times: 1 });
    const argv = ['create', '--name', 'once', '--expires-in', '1 month', '--print-secret', '--json'];
    const left = await invoke([...argv, '--base-url', server.url, '--ca-file', ca], {
      env: { BZ_TOKEN: token },
    });
    expect(left.code).toBe(0);
    expect(reference.journal.count('apiKeys.create')).toBe(1);
  });

  it('SIGINT ends a stalled body', async () => {
    reference.faults.add({ operation: 'user.get', effect: 'stall', when: 'mid-body' });
    const left = await invoke(['whoami', '--base-url', server.url, '--ca-file', ca], {
      env: { BZ_TOKEN: token },
      signals: (send) => {
        const timer = setInterval(() => {
          if (reference.journal.count('user.get') === 0) return;
          clearInterval(timer);
          send('SIGINT');
        }, 10);
      },
    });
    expect(left.code).toBe(8);
  });
});
