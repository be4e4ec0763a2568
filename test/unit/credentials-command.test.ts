// A pair from a program: what it may print, its bounds, and that nothing it prints is seen.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { fromCommand } from '../../src/node/index.ts';
import { expectHidden, madeUp, refusal, temporaryFolder } from '../support/credentials.ts';

const { id, secret, token } = madeUp('command');
const node = process.execPath;
/** A program of these lines. */
const script = (...lines: string[]): [string, ...string[]] => [node, '-e', lines.join('\n')];
const printing = (output: string) => script(`process.stdout.write(${JSON.stringify(output)})`);

describe('what a program prints', () => {
  test('is the pair, as JSON', async () => {
    const provider = fromCommand(printing(`\ufeff${JSON.stringify({ id, secret, Version: 1 })}\n`));
    expect(provider.describe?.()).toBe('a command');
    const pair = await provider();
    expect(pair.id).toBe(id);
    expect(typeof pair.secret === 'string' ? '' : pair.secret.reveal()).toBe(secret);
    expect(pair.expiresAt).toBeUndefined();
    expect(provider.describe?.()).toBe(`fromCommand (${node}), key ${id}`);
    expectHidden([provider, pair], secret);
  });

  test('may come in pieces, and is asked for anew at every call', async () => {
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

  test.each([
    ['2031-02-03T04:05:06Z', '2031-02-03T04:05:06.000Z'],
    ['2031-02-03T04:05:06.789+02:00', '2031-02-03T02:05:06.789Z'],
    [1_927_857_906, '2031-02-03T04:05:06.000Z'],
    [null, undefined],
  ])('may say that it expires at %s', async (expiresAt, expected) => {
    const pair = await fromCommand(printing(JSON.stringify({ id, secret, expiresAt })))();
    expect(pair.expiresAt?.toISOString()).toBe(expected);
  });

  test.each(['tomorrow', '2031-02-03', '2031-02-03T04:05:06', 1_927_857_906_000, 1.5, true, {}, secret])(
    'may not say that it expires at %s',
    async (expiresAt) => {
      const error = await refusal(fromCommand(printing(JSON.stringify({ id, secret, expiresAt })))(), secret);
      expect(error.message).toContain(
        'an expiresAt that is neither an ISO date with time and zone nor Unix seconds',
      );
    },
  );

  test.each([
    ['nothing', '', 'did not print JSON'],
    ['the pair as text', token, 'did not print JSON'],
    ['broken JSON', `{"id": "${id}", "secret": "${secret}`, 'did not print JSON'],
    ['two objects', `${JSON.stringify({ id, secret })}{}`, 'did not print JSON'],
    ['a text', JSON.stringify(secret), 'did not print JSON'],
    ['no id', JSON.stringify({ secret }), 'lack the key id'],
    ['no secret', JSON.stringify({ id }), 'lack the key secret'],
    ['a line break in the secret', JSON.stringify({ id, secret: `${secret}\n` }), 'a control character'],
    ['an unreplaced variable', JSON.stringify({ id: '%ID%', secret }), 'nothing replaced'],
    ['more than 64 KiB', JSON.stringify({ id, secret, x: 'y'.repeat(65_536) }), 'printed more than 64 KiB'],
  ])('may not be %s', async (_what, output, message) => {
    const error = await refusal(fromCommand(printing(output))(), secret);
    expect(error.message).toContain(message);
    expect(error.source).toBe(`fromCommand (${node})`);
  });

  test('must be UTF-8', async () => {
    const argv = script('process.stdout.write(Buffer.from([123, 34, 255, 254, 34, 125]))');
    expect((await refusal(fromCommand(argv)())).message).toContain('is not UTF-8 text');
  });

  test('is never shown, on whichever stream, and not on that of this process either', async () => {
    const written = vi.spyOn(process.stderr, 'write');
    const argv = script(`console.log("${token}"); console.error("${token}"); process.exitCode = 3;`);
    const error = await refusal(fromCommand(argv)(), secret, id);
    expect(error.message).toBe(`fromCommand (${node}) ended with exit code 3. Run it by hand.`);
    expect(written).not.toHaveBeenCalled();
  });
});

describe('how it is run', () => {
  test('without a shell: what would be commands there are arguments', async () => {
    const mark = join(temporaryFolder(), 'mark');
    const tricky = `$(touch ${mark}); \`touch ${mark}\` && touch ${mark} | "x" 'y' * ~ %PATH%`;
    const argv = [node, '-e', 'console.log(JSON.stringify({ id: "a", secret: process.argv[1] }))', tricky];
    const { secret: seen } = await fromCommand(argv)();
    expect(typeof seen === 'string' ? '' : seen.reveal()).toBe(tricky);
    expect(existsSync(mark)).toBe(false);
  });

  test('with nothing on its standard input', async () => {
    const argv = script(
      'let seen = "";',
      'process.stdin.on("data", (chunk) => { seen += chunk; });',
      'process.stdin.on("end", () => console.log(JSON.stringify({ id: "a", secret: "nothing" + seen })));',
    );
    const { secret: seen } = await fromCommand(argv)();
    expect(typeof seen === 'string' ? '' : seen.reveal()).toBe('nothing');
  });

  test('in the folder and with the environment given', async () => {
    const cwd = temporaryFolder();
    const argv = script('console.log(JSON.stringify({ id: process.env.KEY_NAME, secret: process.cwd() }))');
    const pair = await fromCommand(argv, { cwd, env: { KEY_NAME: 'mine' } })();
    expect(pair.id).toBe('mine');
    expect(typeof pair.secret === 'string' ? '' : pair.secret.reveal()).toContain(cwd);
  });

  test('no longer than its time', async () => {
    const begun = performance.now();
    const error = await refusal(fromCommand(script('setInterval(() => {}, 1000)'), { timeout: 300 })());
    expect(error.message).toBe(`fromCommand (${node}) did not end within 300 ms.`);
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  test.skipIf(process.platform === 'win32')(
    'nor than its time, though a program of its own holds the pipe',
    async () => {
      const begun = performance.now();
      const error = await refusal(fromCommand(['sh', '-c', 'sleep 8 & exit 0'], { timeout: 300 })());
      expect(error.message).toContain('did not end within 300 ms');
      expect(performance.now() - begun).toBeLessThan(5000);
    },
  );

  test('and no longer than the caller waits: the reason passes as it is, and the program is gone', async () => {
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
        // A dead child that nobody has waited for yet still has its number.
        process.kill(Number(process.getBuiltinModule('node:fs').readFileSync(file, 'utf8')), 0);
        return false;
      } catch {
        return true;
      }
    };
    await vi.waitUntil(gone, 10_000);
    await expect(fromCommand(argv)({ reason: 'first', signal: controller.signal })).rejects.toBe('enough');
  });

  test('endless output is cut off', async () => {
    const argv = script(`setInterval(() => process.stdout.write("${secret}".repeat(1000)), 1)`);
    expect((await refusal(fromCommand(argv)(), secret)).message).toContain('printed more than 64 KiB');
  });

  test.skipIf(process.platform === 'win32')('a program that a signal ends', async () => {
    const error = await refusal(fromCommand(['sh', '-c', 'kill -TERM $$'])());
    expect(error.message).toContain('was ended by SIGTERM');
  });
});

describe('what is not a program', () => {
  test('one that does not exist', async () => {
    const program = join(temporaryFolder(), 'no-such-program');
    const error = await refusal(fromCommand([program, token])(), secret);
    expect(error.message).toBe(
      `fromCommand (${program}) was not found. Give the program and each of its arguments as items of their own.`,
    );
  });

  test('a whole command line in one text, of which only the first word is shown', async () => {
    const error = await refusal(fromCommand([`./vault read --token ${secret.slice(0, 20)} key`])(), secret);
    expect(error.message).toContain('fromCommand (./vault …) was not found');
  });

  test.each([[[]], [['']], [['a\0b']], [[token]], [[secret]], [[`me:${secret.slice(0, 12)}`]]])(
    'neither is something else (%#)',
    async (argv) => {
      const error = await refusal(fromCommand(argv)(), secret, id);
      expect(error.message).toMatch(
        /^fromCommand \((?:not shown|\[redacted\])\) (?:was not found|cannot be started)/,
      );
    },
  );

  test('a folder', async () => {
    const error = await refusal(fromCommand([temporaryFolder()])());
    expect(error.message).toContain('cannot be started (EACCES)');
  });

  test.each(['op.cmd', 'C:\\tools\\op.BAT', 'op.bat.', 'op.cmd  '])(
    'on Windows, the batch file %s',
    async (program) => {
      vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
      const error = await refusal(fromCommand([program, 'read'])());
      expect(error.message).toContain('is a batch file. Windows runs those through a shell only');
    },
  );

  test('what is changed in the list afterwards does not count', async () => {
    const argv = printing(JSON.stringify({ id, secret }));
    const provider = fromCommand(argv);
    argv[0] = 'no-such-program';
    expect((await provider()).id).toBe(id);
  });
});
