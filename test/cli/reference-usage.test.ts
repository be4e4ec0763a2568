// blazemeter-reference with options that cannot work: what is wrong is named, and what a file holds is not shown.

import { truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { generate } from 'selfsigned';
import { Agent, fetch as undiciFetch } from 'undici';
import { describe, expect, it } from 'vitest';
import { referenceCommand } from '../support/reference-command.ts';

const command = referenceCommand();

describe('a command line that is wrong ends with exit code 2 and names what is wrong', () => {
  it.each([
    [['--prot', '1'], '--prot'],
    [['4010'], 'arguments'],
    [['--port'], '--port'],
    [['--port', '65536'], '--port'],
    [['--host', 'http://localhost'], '--host'],
    [['--semantics', 'shrink'], '--semantics'],
    [['--semantics', 'shrnk=clamp'], 'shrnk'],
    [['--semantics', 'shrink=x'], 'block-on-use'],
    [['--clock', '2026-01-31T12:00:00'], '--clock'],
    [['--clock', '2026-02-31T25:00:00Z'], '--clock'],
    [['--tls-cert', 'cert.pem'], '--tls-key'],
    [['--control-host'], '--control-host'],
    [['--no-control', '--control-token-file', 'x'], '--no-control'],
    [['--control-host', 'a:1'], '--control-host'],
    [['--quiet', '--print-credentials'], '--print-credentials'],
  ])('%j', async (args, names) => {
    const { code, stdout, stderr } = await command.run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(names);
  });

  it('and suggests the option that was meant', async () => {
    const { stderr } = await command.run('--sed', 'world.json');
    expect(stderr).toBe("blazemeter-reference: Unknown option '--sed'. Did you mean --seed?\n");
  });

  it('and shows no credential that was given by mistake', async () => {
    const credentials = `${'7e57ed1d'.repeat(3)}:${'7e57ed5e'.repeat(9)}`;
    const { code, stderr } = await command.run(credentials);
    expect(code).toBe(2);
    expect(stderr).not.toContain('7e57ed5e7e57ed5e');
  });
});

describe('a file that cannot be used ends with exit code 1, by its path and never by its content', () => {
  /** Stands in every bad file, and must not be seen again. */
  const CONTENT = 'ContentThatMustNotBeShown';

  it.each([
    ['--seed', `{ "a": ${CONTENT} }`, 'JSON'],
    ['--seed', `["${CONTENT}"]`, 'seed'],
    ['--seed', `{ "users": { "__proto__": {} } }`, 'seed.users.__proto__'],
    ['--seed', `{ "user": { "ana": "${CONTENT}" } }`, 'seed.user'],
    ['--seed', `{ "users": { "ana": {} }, "keys": { "ci": { "user": "${CONTENT}" } } }`, 'seed.keys.ci.user'],
    [
      '--seed',
      `{ "users": { "ana": {} }, "keys": { "ci": { "user": "ana", "secret": "${CONTENT}" } } }`,
      'seed.keys.ci.secret',
    ],
    ['--faults', `[{ "effect": "${CONTENT}" }]`, 'faults[0].effect'],
    ['--faults', `{ "effect": "${CONTENT}" }`, 'faults'],
    [
      '--faults',
      `[{ "effect": "html" }, { "effect": "redirect", "location": "https://${CONTENT}.example" }]`,
      'faults[1].location',
    ],
    ['--control-token-file', `${CONTENT}\n${CONTENT}`, '16'],
  ])('%s with %s', async (option, content, names) => {
    const file = command.file('file.json', content);
    const { code, stdout, stderr } = await command.run('--port', '0', option, file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${option} ${file}`);
    expect(stderr.replace(file, '')).toContain(names);
    expect(stderr).not.toContain(CONTENT);
  });

  it('but --faults may redirect to this machine', async () => {
    const rules = ['/x', 'http://127.0.0.1:8080/x', 'https://localhost/', 'http://[::1]/'].map(
      (location) => ({
        effect: 'redirect',
        location,
      }),
    );
    await command.start('--faults', command.file('faults.json', JSON.stringify(rules)));
    const elsewhere = command.file(
      'faults.json',
      '[{ "effect": "redirect", "location": "//elsewhere.example/" }]',
    );
    expect((await command.run('--port', '0', '--faults', elsewhere)).code).toBe(1);
  });

  it.each([
    ['--seed', 'no such file', (file: string) => `${file}.gone`],
    ['--faults', 'folder', (file: string) => dirname(file)],
    ['--control-token-file', 'UTF-8', (file: string) => file],
  ])('%s: %s', async (option, why, of) => {
    const path = of(command.file('file.json', new Uint8Array([0x7b, 0xff, 0x7d])));
    const { code, stderr } = await command.run('--port', '0', option, path);
    expect(code).toBe(1);
    expect(stderr).toContain(`${option} ${path}`);
    expect(stderr).toContain(why);
  });

  it('--seed: more than 16 MiB', async () => {
    const file = command.file('large.json', '{}');
    truncateSync(file, 16 * 1_048_576 + 1);
    expect((await command.run('--seed', file)).stderr).toContain('16 MiB');
  });
});

describe('https', () => {
  it('is spoken with the certificate and the key of two files', async () => {
    const pem = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    const cert = command.file('cert.pem', pem.cert);
    const key = command.file('key.pem', pem.private);
    const { url, control } = await command.start('--tls-cert', cert, '--tls-key', key, '--host', 'localhost');
    expect(url).toMatch(/^https:\/\/localhost:\d+\/api\/v4$/);
    const dispatcher = new Agent({ connect: { ca: pem.cert } });
    expect((await undiciFetch(`${url}/web/version`, { dispatcher })).status).toBe(200);
    expect((await undiciFetch(`${control}clock`, { dispatcher })).status).toBe(200);
    await dispatcher.close();
  });

  it('cannot be spoken with files that do not belong together', async () => {
    const cert = command.file('cert.pem', 'ContentThatMustNotBeShown');
    const { code, stderr } = await command.run('--port', '0', '--tls-cert', cert, '--tls-key', cert);
    expect(code).toBe(1);
    expect(stderr).toContain(`--tls-key ${cert}`);
    expect(stderr).not.toContain('MustNotBeShown');
  });
});
