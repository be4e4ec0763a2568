// Credentials from a program: what it may print, its limits, and that nothing it prints is shown.
import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromCommand } from 'blazemeter-client/node';
import { describe, expect, it, vi } from 'vitest';
import { expectHidden, fileWith, madeUp, refusal, temporaryFolder } from '../support/credentials.ts';

const { id, secret, token } = madeUp('command');
const node = process.execPath;
const windows = process.platform === 'win32';
/** A program of these lines. */
const script = (...lines: string[]): [string, ...string[]] => [node, '-e', lines.join('\n')];
/** A program that prints this, the quickest that there is. */
const printing = (output: string): [string, ...string[]] =>
  windows ? script(`process.stdout.write(${JSON.stringify(output)})`) : ['cat', fileWith(output)];

describe('what a program prints', () => {
  it('is the credentials, as JSON', async () => {
    const argv = printing(`\ufeff${JSON.stringify({ id, secret, Version: 1 })}\n`);
    const provider = fromCommand(argv);
    const credentials = await provider();
    expect(credentials.id).toBe(id);
    expect(typeof credentials.secret === 'string' ? '' : credentials.secret.reveal()).toBe(secret);
    expect(credentials.expiresAt).toBeUndefined();
    expect(provider.describe?.()).toContain(id);
    expectHidden([provider, credentials], secret);
  });

  it('may come in pieces, and is asked for anew at every call', async () => {
    const counter = join(temporaryFolder(), 'count');
    writeFileSync(counter, '');
    const provider = fromCommand(
      script(
        'const fs = require("node:fs");',
        `fs.appendFileSync(${JSON.stringify(counter)}, "x");`,
        `const count = fs.readFileSync(${JSON.stringify(counter)}).length;`,
        `process.stdout.write('{"id": "key-' + count);`,
        `setTimeout(() => process.stdout.write('", "secret": "s-' + count + '"}'), 50);`,
      ),
    );
    expect((await provider()).id).toBe('key-1');
    expect((await provider({ reason: 'unauthorized' })).id).toBe('key-2');
  });

  it.each([
    ['2031-02-03T04:05:06Z', '2031-02-03T04:05:06.000Z'],
    ['2031-02-03T04:05:06.789+02:00', '2031-02-03T02:05:06.789Z'],
    [1_927_857_906, '2031-02-03T04:05:06.000Z'],
    [null, undefined],
  ])('may say that it expires at %s', async (expiresAt, expected) => {
    const credentials = await fromCommand(printing(JSON.stringify({ id, secret, expiresAt })))();
    expect(credentials.expiresAt?.toISOString()).toBe(expected);
  });

  it.each(['tomorrow', '2031-02-03', '2031-02-03T04:05:06', 1_927_857_906_000, 1.5, true, {}, secret])(
    'may not say that it expires at %s',
    async (expiresAt) => {
      const error = await refusal(fromCommand(printing(JSON.stringify({ id, secret, expiresAt })))(), secret);
      expect(error.message).toContain('expiresAt');
    },
  );

  it.each([
    ['nothing', '', 'JSON'],
    ['the credentials as text', token, 'JSON'],
    ['broken JSON', `{"id": "${id}", "secret": "${secret}`, 'JSON'],
    ['two objects', `${JSON.stringify({ id, secret })}{}`, 'JSON'],
    ['a text', JSON.stringify(secret), 'JSON'],
    ['no id', JSON.stringify({ secret }), 'key id'],
    ['no secret', JSON.stringify({ id }), 'key secret'],
    ['a line break in the secret', JSON.stringify({ id, secret: `${secret}\n` }), 'control character'],
    ['an unreplaced variable', JSON.stringify({ id: '%ID%', secret }), 'variable'],
    ['more than 64 KiB', JSON.stringify({ id, secret, x: 'y'.repeat(65_536) }), '64 KiB'],
  ])('may not be %s', async (_what, output, message) => {
    const error = await refusal(fromCommand(printing(output))(), secret);
    expect(error.message).toContain(message);
    expect(error.source).toContain('fromCommand');
  });

  it('must be UTF-8', async () => {
    const argv = script('process.stdout.write(Buffer.from([123, 34, 255, 254, 34, 125]))');
    expect((await refusal(fromCommand(argv)())).message).toContain('UTF-8');
  });

  it('must not be UTF-16, which is named', async () => {
    const argv = script(
      `process.stdout.write(Buffer.from('{"id":"${id}","secret":"${secret}"}', 'utf16le'))`,
    );
    expect((await refusal(fromCommand(argv)(), secret)).message).toContain('printed UTF-16 text');
  });

  it('is never shown, on whichever stream, and not on that of this process either', async () => {
    const written = vi.spyOn(process.stderr, 'write');
    const argv = script(`console.log("${token}"); console.error("${token}"); process.exitCode = 3;`);
    const error = await refusal(fromCommand(argv)(), secret, id);
    expect(error.message).toContain('exit code 3');
    expect(written).not.toHaveBeenCalled();
  });
});

describe('how it is run', () => {
  it('without a shell: what would be commands there are arguments', async () => {
    const mark = join(temporaryFolder(), 'created');
    const tricky = `$(touch ${mark}); \`touch ${mark}\` && touch ${mark} | "x" 'y' * ~ %PATH%`;
    const argv = [node, '-e', 'console.log(JSON.stringify({ id: "a", secret: process.argv[1] }))', tricky];
    const { secret: seen } = await fromCommand(argv)();
    expect(typeof seen === 'string' ? '' : seen.reveal()).toBe(tricky);
    expect(existsSync(mark)).toBe(false);
  });

  it('with nothing on its standard input', async () => {
    const argv = script(
      'let seen = "";',
      'process.stdin.on("data", (chunk) => { seen += chunk; });',
      'process.stdin.on("end", () => console.log(JSON.stringify({ id: "a", secret: "nothing" + seen })));',
    );
    const { secret: seen } = await fromCommand(argv)();
    expect(typeof seen === 'string' ? '' : seen.reveal()).toBe('nothing');
  });

  it('in the folder and with the environment given', async () => {
    const cwd = temporaryFolder();
    const argv = script(
      'console.log(JSON.stringify({ id: process.env.KEY_NAME, secret: ["in", process.cwd()].join(" ") }))',
    );
    const credentials = await fromCommand(argv, { cwd, env: { KEY_NAME: 'mine' } })();
    expect(credentials.id).toBe('mine');
    expect(typeof credentials.secret === 'string' ? '' : credentials.secret.reveal()).toContain(cwd);
  });

  it('no longer than its time', async () => {
    const error = await refusal(fromCommand(script('setInterval(() => {}, 1000)'), { timeout: 300 })());
    expect(error.message).toContain('300 ms');
  });

  it.skipIf(windows)('nor than its time, though a program of its own holds the pipe', async () => {
    const error = await refusal(fromCommand(['sh', '-c', 'sleep 30 & exit 0'], { timeout: 300 })());
    expect(error.message).toContain('300 ms');
  });

  it.skipIf(windows)('and takes what it has started along', async () => {
    const file = join(temporaryFolder(), 'pid');
    const command = `sleep 60 & echo $! > '${file}'; wait`;
    await refusal(fromCommand(['sh', '-c', command], { timeout: 500 })());
    const pid = Number(process.getBuiltinModule('node:fs').readFileSync(file, 'utf8'));
    // A zombie still has its number until its new parent has waited for it.
    const state = () =>
      execFileSync('sh', ['-c', `ps -o stat= -p ${pid} || true`], { encoding: 'utf8' }).trim();
    await vi.waitUntil(() => /^(?:Z.*)?$/.test(state()), 10_000);
  });

  it('leaves no listener on a signal, and adds one for many calls', async () => {
    const { signal } = new AbortController();
    const calls = Array.from({ length: 12 }, () =>
      fromCommand(printing(JSON.stringify({ id, secret })))({ reason: 'first', signal }),
    );
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
    await Promise.all(calls);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('and no longer than the caller waits: the reason passes as it is, and the program is gone', async () => {
    const file = join(temporaryFolder(), 'pid');
    const argv = script(
      `require("node:fs").writeFileSync(${JSON.stringify(file)}, String(process.pid));`,
      'setInterval(() => {}, 1000);',
    );
    const controller = new AbortController();
    const work = fromCommand(argv)({ reason: 'first', signal: controller.signal });
    const outcome = expect(work).rejects.toBe('enough');
    await vi.waitUntil(() => existsSync(file), 10_000);
    controller.abort('enough');
    await outcome;
    const gone = () => {
      try {
        // A dead child still has its number until its parent has waited for it.
        process.kill(Number(process.getBuiltinModule('node:fs').readFileSync(file, 'utf8')), 0);
        return false;
      } catch {
        return true;
      }
    };
    await vi.waitUntil(gone, 10_000);
    await expect(fromCommand(argv)({ reason: 'first', signal: controller.signal })).rejects.toBe('enough');
  });

  it('endless output is cut off', async () => {
    const argv = script(`setInterval(() => process.stdout.write("${secret}".repeat(1000)), 1)`);
    expect((await refusal(fromCommand(argv)(), secret)).message).toContain('64 KiB');
  });

  it.skipIf(windows)('a program that a signal ends', async () => {
    const error = await refusal(fromCommand(['sh', '-c', 'kill -TERM $$'])());
    expect(error.message).toContain('SIGTERM');
  });
});

describe('what is not a program', () => {
  it('one that does not exist', async () => {
    const program = join(temporaryFolder(), 'no-such-program');
    const error = await refusal(fromCommand([program, token])(), secret);
    expect(error.message).toContain(program);
  });

  it('a whole command line in one text, of which only the first word is shown', async () => {
    const error = await refusal(fromCommand([`./vault read --token ${secret.slice(0, 20)} key`])(), secret);
    expect(error.message).toContain('./vault');
  });

  it.each([[['']], [['a\0b']], [[token]], [[secret]], [[`me:${secret.slice(0, 12)}`]]])(
    'neither is something else (%#)',
    async (argv) => {
      expect((await refusal(fromCommand(argv)(), secret, id)).source).toContain('fromCommand');
    },
  );

  it('a folder', async () => {
    const error = await refusal(fromCommand([temporaryFolder()])());
    expect(error.message).toContain('EACCES');
  });

  it.each(['op.cmd', 'C:\\tools\\op.BAT', 'op.bat.', 'op.cmd  '])(
    'on Windows, the batch file %s',
    async (program) => {
      vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
      const error = await refusal(fromCommand([program, 'read'])());
      expect(error.message).toContain('batch file');
    },
  );

  it('what is changed in the list afterwards does not count', async () => {
    const argv = printing(JSON.stringify({ id, secret }));
    const provider = fromCommand(argv);
    argv[0] = 'no-such-program';
    expect((await provider()).id).toBe(id);
  });
});
