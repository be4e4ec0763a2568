// blazemeter-reference, told what it cannot do: what is wrong is named, and what a file holds is not shown.

import { truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { generate } from 'selfsigned';
import { Agent, fetch as undiciFetch } from 'undici';
import { describe, expect, test } from 'vitest';
import { referenceCommand } from '../support/reference-command.ts';

const command = referenceCommand();

describe('a command line that is wrong ends with exit code 2 and says what is wrong', () => {
  test.each([
    [['--prot', '1'], "Unknown option '--prot'."],
    [['4010'], "Unexpected argument '4010'."],
    [['--port'], "Option '--port <value>' argument missing."],
    [['--port', 'x'], '--port must be a number from 0 to 65535.'],
    [['--port', '65536'], '--port must be a number from 0 to 65535.'],
    [['--host', 'http://localhost'], '--host must be a host name or an IP address, without a port.'],
    [['--semantics', 'shrink'], '--semantics: semantics: a switch is written name=value.'],
    [['--semantics', 'shrnk=clamp'], '--semantics: semantics.shrnk: unknown field; known are shrink,'],
    [['--semantics', 'shrink=x'], '--semantics: semantics.shrink: must be one of new-only, block-on-use,'],
    [['--clock', 'yesterday'], '--clock must be a time such as 2026-01-31T12:00:00Z, frozen, or frozen@'],
    [['--clock', '2026-01-31T12:00:00'], '--clock must be a time such as'],
    [['--clock', '2026-02-31T25:00:00Z'], '--clock must be a time such as'],
    [['--tls-cert', 'cert.pem'], '--tls-cert and --tls-key are needed together.'],
    [['--no-control', '--control-token-file', 'x'], '--no-control leaves nothing for the other options'],
    [['--control-host', 'a:1'], '--control-host must be a host name, without a port.'],
    [['--quiet', '--print-credentials'], '--quiet and --print-credentials contradict each other.'],
  ])('%j', async (args, problem) => {
    const { code, stdout, stderr } = await command.run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`blazemeter-reference: ${problem}`);
    expect(stderr).toContain('--help lists what it understands.');
  });

  test('and shows no credential that was given by mistake', async () => {
    const pair = `${'7e57ed1d'.repeat(3)}:${'7e57ed5e'.repeat(9)}`;
    const { code, stderr } = await command.run(pair);
    expect(code).toBe(2);
    expect(stderr).not.toContain('7e57ed5e7e57ed5e');
  });
});

describe('a file that cannot be used ends with exit code 1, by its path and never by its content', () => {
  /** Stands in every bad file, and must not be seen again. */
  const CONTENT = 'ContentThatIsNobodysBusiness';

  test.each([
    ['--seed', `{ "a": ${CONTENT} }`, 'it is not valid JSON.'],
    ['--seed', `"${CONTENT}"`, 'it must hold an object.'],
    ['--seed', `["${CONTENT}"]`, 'seed: must be an object.'],
    ['--seed', `{ "users": "${CONTENT}" }`, 'seed.users: must be an object.'],
    ['--seed', `{ "__proto__": { "a": "${CONTENT}" } }`, 'seed.__proto__: this name is refused.'],
    ['--seed', `{ "users": { "__proto__": {} } }`, 'seed.users.__proto__: this name is refused.'],
    ['--seed', `{ "user": { "ana": "${CONTENT}" } }`, 'seed.user: unknown field; known are users,'],
    [
      '--seed',
      `{ "users": { "ana": {} }, "keys": { "ci": { "user": "${CONTENT}" } } }`,
      'seed.keys.ci.user: there is no such name among the users.',
    ],
    [
      '--seed',
      `{ "users": { "ana": {} }, "keys": { "ci": { "user": "ana", "secret": "${CONTENT}" } } }`,
      'seed.keys.ci.secret: secrets are made by the reference',
    ],
    ['--faults', `[{ "effect": "${CONTENT}" }]`, 'faults[0].effect: must be one of reset, stall,'],
    ['--faults', `{ "effect": "${CONTENT}" }`, 'faults: must be a list.'],
    [
      '--faults',
      `[{ "effect": "html" }, { "effect": "redirect", "location": "https://${CONTENT}.example" }]`,
      'faults[1].location: must lead to this machine',
    ],
    ['--control-token-file', 'short', 'it must hold one line of at least 16 printable characters'],
    ['--control-token-file', `${CONTENT}\n${CONTENT}`, 'it must hold one line of at least 16'],
  ])('%s with %s', async (option, content, problem) => {
    const file = command.file('file.json', content);
    const { code, stdout, stderr } = await command.run('--port', '0', option, file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`blazemeter-reference: ${option} ${file}: ${problem}`);
    expect(stderr).not.toContain(CONTENT);
  });

  test.each(['--seed', '--faults', '--control-token-file'])(
    '%s: no such file, a folder, no text',
    async (option) => {
      const file = command.file('file.json', new Uint8Array([0x7b, 0xff, 0x7d]));
      for (const [path, problem] of [
        [`${file}.gone`, 'there is no such file.'],
        [`${file}/below`, 'there is no such file.'],
        [dirname(file), 'it is a folder.'],
        [file, 'it is not text in UTF-8.'],
      ] as const) {
        const { code, stderr } = await command.run('--port', '0', option, path);
        expect({ code, stderr }).toEqual({
          code: 1,
          stderr: `blazemeter-reference: ${option} ${path}: ${problem}\n`,
        });
      }
    },
  );

  test('--seed: more than 16 MiB', async () => {
    const file = command.file('large.json', '{}');
    truncateSync(file, 16 * 1_048_576 + 1);
    expect((await command.run('--seed', file)).stderr).toContain('it is larger than 16 MiB.');
  });
});

describe('https', () => {
  test('is spoken with the certificate and the key of two files', async () => {
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

  test('cannot be spoken with files that are no such pair', async () => {
    const cert = command.file('cert.pem', 'ContentThatIsNobodysBusiness');
    const { code, stderr } = await command.run('--port', '0', '--tls-cert', cert, '--tls-key', cert);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `blazemeter-reference: --tls-key ${cert}: it is not the private key, in PEM, of ${cert}.\n`,
    );
  });
});
