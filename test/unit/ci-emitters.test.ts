// The CI emitters: what each agent understands of them, and that anywhere else they refuse before there is a secret to print.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OnNewSecret } from '../../src/auth/new-secret.ts';
import { Secret } from '../../src/auth/secret.ts';
import { CredentialsError } from '../../src/errors.ts';
import { azurePipelines, githubActions } from '../../src/node/index.ts';
import { expectHidden, madeUp, temporaryFolder } from '../support/credentials.ts';

const { id, secret } = madeUp('new secret');
const fs = process.getBuiltinModule('node:fs');

const event = (text: string, keyId = id) => ({
  operation: 'apiKeys.create',
  keyId,
  secret: Secret.from(text),
});
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** What the hook writes to standard output. */
function written(work: () => unknown): string {
  let output = '';
  const spy = vi.spyOn(fs, 'writeSync').mockImplementation((fd, bytes, at) => {
    expect(fd).toBe(1);
    const piece = Buffer.from(bytes).subarray(Number(at));
    output += piece.toString();
    return piece.length;
  });
  try {
    work();
  } finally {
    spy.mockRestore();
  }
  return output;
}

function thrown(work: () => unknown): CredentialsError {
  try {
    work();
  } catch (error) {
    if (error instanceof CredentialsError) return error;
  }
  throw new Error('It did not refuse.');
}

/** Reads a log as GitHub's runner does: a command begins a line, and `%25` is decoded last. */
function githubMasks(log: string): string[] {
  const masks: string[] = [];
  for (const line of log.split(/\r\n|\r|\n/)) {
    const data = /^\s*::add-mask(?:\s[^:]*)?::(.*)$/.exec(line)?.[1];
    if (data !== undefined)
      masks.push(data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%'));
    else expect(line).toBe('');
  }
  return masks;
}

/** Reads a log as Azure's agent does: a command may stand anywhere in a line, and all of it is decoded. */
function azureMasks(log: string): string[] {
  const masks: string[] = [];
  for (const line of log.split(/\r\n|\r|\n/)) {
    const data = /^##vso\[task\.setsecret\](.*)$/.exec(line)?.[1];
    if (data !== undefined)
      masks.push(
        [';', '\r', '\n', ']']
          .reduce(
            (text, character) =>
              text.replaceAll(
                `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
                character,
              ),
            data,
          )
          .replaceAll('%AZP25', '%'),
      );
    else expect(line).toBe('');
  }
  return masks;
}

const dialects: readonly [
  name: string,
  make: () => OnNewSecret,
  variable: string,
  value: string,
  read: (log: string) => string[],
][] = [
  ['githubActions', githubActions, 'GITHUB_ACTIONS', 'true', githubMasks],
  ['azurePipelines', azurePipelines, 'TF_BUILD', 'True', azureMasks],
];

beforeEach(() => {
  vi.stubEnv('GITHUB_ACTIONS', undefined);
  vi.stubEnv('TF_BUILD', undefined);
  vi.spyOn(fs, 'fstatSync').mockImplementation(() => fs.statSync('/'));
});
afterEach(() => vi.restoreAllMocks());

describe.each(dialects)('%s', (name, make, variable, value, read) => {
  test('masks the secret, the pair, and the pair as it stands in a header', () => {
    vi.stubEnv(variable, value);
    const hook = make();
    hook.check?.();
    const log = written(() => hook(event(secret)));
    expect(read(log)).toEqual([secret, `${id}:${secret}`, base64(`${id}:${secret}`)]);
    expect(Buffer.from(read(log)[2] ?? '', 'base64').toString()).toBe(`${id}:${secret}`);
  });

  test('begins a new line, and ends the last one', () => {
    vi.stubEnv(variable, value);
    const log = written(() => make()(event(secret)));
    expect(log.startsWith('\n')).toBe(true);
    expect(log.endsWith('\n')).toBe(true);
    expect(log.split('\n')).toHaveLength(5);
  });

  test('is understood, whatever the secret holds', () => {
    vi.stubEnv(variable, value);
    const text = fc.string({
      minLength: 1,
      unit: fc.constantFrom('%', '2', '5', '0', 'A', 'D', 'Z', 'P', ';', ']', ':', '#', 'é', ' ', 'x'),
    });
    fc.assert(
      fc.property(text, (odd) => {
        const masks = read(written(() => make()(event(odd))));
        const pair = `${id}:${odd}`;
        expect(masks).toEqual([...(odd.trim() === '' ? [] : [odd]), pair, base64(pair)]);
      }),
    );
  });

  test('masks a secret of several lines line by line, since logs are masked so', () => {
    vi.stubEnv(variable, value);
    const masks = read(written(() => make()(event(`first-${secret}\r\n\nsecond-${secret}\n`))));
    expect(masks.slice(0, 4)).toEqual([
      `first-${secret}`,
      `second-${secret}`,
      `${id}:first-${secret}`,
      `second-${secret}`,
    ]);
  });

  test.each([undefined, '', 'false', '1', value === 'true' ? 'True' : 'true'])(
    `refuses where ${variable} is %s, and writes nothing`,
    (other) => {
      vi.stubEnv(variable, other);
      const hook = make();
      const log = written(() => {
        for (const work of [() => hook.check?.(), () => hook(event(secret))]) {
          const error = thrown(work);
          expect(error.message).toBe(
            `${name} needs ${variable} to be ${value}. Here the secret would be printed in the clear. Leave this hook out.`,
          );
          expect(error.source).toBe(name);
          expectHidden(error, secret);
        }
      });
      expect(log).toBe('');
    },
  );

  test('refuses where standard output is a file, and writes nothing', () => {
    vi.stubEnv(variable, value);
    vi.spyOn(fs, 'fstatSync').mockImplementation(() => fs.statSync(process.execPath));
    const hook = make();
    const log = written(() => {
      for (const work of [() => hook.check?.(), () => hook(event(secret))])
        expect(thrown(work).message).toContain('cannot work while standard output goes to a file');
    });
    expect(log).toBe('');
  });

  test('making the hook looks at nothing', () => {
    const look = vi.spyOn(fs, 'fstatSync');
    expect(Object.keys(make())).toEqual(['check']);
    expect(look).not.toHaveBeenCalled();
  });

  test('goes on after a pipe that is full, and after a part', () => {
    vi.stubEnv(variable, value);
    let output = '';
    let calls = 0;
    vi.spyOn(fs, 'writeSync').mockImplementation((_fd, bytes, at) => {
      if (++calls % 3 === 1) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      const piece = Buffer.from(bytes).subarray(Number(at), Number(at) + 50);
      output += piece.toString();
      return piece.length;
    });
    make()(event(secret));
    expect(read(output)).toEqual([secret, `${id}:${secret}`, base64(`${id}:${secret}`)]);
  });

  test('fails where nobody reads the output any more, with the code alone', () => {
    vi.stubEnv(variable, value);
    vi.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error(`EPIPE: ${secret}`), { code: 'EPIPE' });
    });
    const error = thrown(() => make()(event(secret)));
    expect(error.message).toBe(`${name} could not write to standard output (EPIPE).`);
    expectHidden(error, secret);
  });
});

describe('in a process of its own', () => {
  test('the masks are out before the hook returns, even if the process ends there, and never into a file', async () => {
    const folder = temporaryFolder();
    await build({
      entryPoints: ['test/support/ci-emitters-child.ts'],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: join(folder, 'child.mjs'),
      logLevel: 'silent',
    });
    const env = { ...process.env, GITHUB_ACTIONS: 'true', KEY_ID: id, KEY_SECRET: secret };
    const log = execFileSync(process.execPath, [join(folder, 'child.mjs')], { env, encoding: 'utf8' });
    const [first, ...rest] = log.split('\n');
    expect(first).toBe('half a line');
    expect(githubMasks(rest.join('\n'))).toEqual([secret, `${id}:${secret}`, base64(`${id}:${secret}`)]);

    const file = openSync(join(folder, 'out.txt'), 'w');
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'child.mjs')], {
      env,
      stdio: ['ignore', file, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(file);
    expect(status).not.toBe(0);
    expect(stderr).toContain('cannot work while standard output goes to a file');
    expect(readFileSync(join(folder, 'out.txt'), 'utf8') + stderr).not.toContain(secret.slice(0, 8));
  });
});
