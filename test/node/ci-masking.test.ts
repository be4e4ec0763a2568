// The CI emitters: what each agent understands of them, and that anywhere else they refuse before there is a secret to print.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CredentialsError, Secret } from 'blazemeter-client';
import { azurePipelines, ciMasking, githubActions, type SecretMasker } from 'blazemeter-client/node';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { builtPackage } from '../support/built.ts';
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
  make: () => SecretMasker,
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

describe.each(dialects)('%s', (name, make, variable, value, read) => {
  it('masks the secret, the credentials, and the credentials as a header has them', () => {
    vi.stubEnv(variable, value);
    const hook = make();
    hook.check();
    const log = written(() => hook(event(secret)));
    expect(read(log)).toEqual([secret, `${id}:${secret}`, base64(`${id}:${secret}`)]);
    expect(Buffer.from(read(log)[2] ?? '', 'base64').toString()).toBe(`${id}:${secret}`);
  });

  it('masks the credentials in use by one call, as id and secret or as one text', () => {
    vi.stubEnv(variable, value);
    for (const given of [{ id, secret }, { id, secret: Secret.from(secret) }, `${id}:${secret}`])
      expect(read(written(() => make().credentials(given)))).toEqual([
        secret,
        `${id}:${secret}`,
        base64(`${id}:${secret}`),
      ]);
  });

  it('prints nothing where both systems seem to run the program: one of them would print the secret', () => {
    vi.stubEnv('GITHUB_ACTIONS', 'true');
    vi.stubEnv('TF_BUILD', 'True');
    for (const hook of [make(), ciMasking()]) {
      expect(thrown(() => hook.check()).message).toMatch(/GITHUB_ACTIONS|TF_BUILD/);
      expect(written(() => expect(() => hook(event(secret))).toThrow())).toBe('');
    }
  });

  it('is what ciMasking picks there', () => {
    vi.stubEnv(variable, value);
    const masking = ciMasking();
    const expected = [secret, `${id}:${secret}`, base64(`${id}:${secret}`)];
    expect(read(written(() => masking(event(secret))))).toEqual(expected);
    expect(read(written(() => masking.credentials({ id, secret })))).toEqual(expected);
    vi.spyOn(fs, 'fstatSync').mockImplementation(() => fs.statSync(process.execPath));
    expect(thrown(() => masking.check()).message).toContain('file');
  });

  it('begins a new line, and ends the last one', () => {
    vi.stubEnv(variable, value);
    const log = written(() => make()(event(secret)));
    expect(log.startsWith('\n')).toBe(true);
    expect(log.endsWith('\n')).toBe(true);
    expect(log.split('\n')).toHaveLength(5);
  });

  it('is understood, whatever the secret holds', () => {
    vi.stubEnv(variable, value);
    const text = fc.string({
      minLength: 1,
      unit: fc.constantFrom('%', '2', '5', '0', 'A', 'D', 'Z', 'P', ';', ']', ':', '#', 'é', ' ', 'x'),
    });
    fc.assert(
      fc.property(text, (odd) => {
        const masks = read(written(() => make()(event(odd))));
        const credentials = `${id}:${odd}`;
        expect(masks).toEqual([...(odd.trim() === '' ? [] : [odd]), credentials, base64(credentials)]);
      }),
    );
  });

  it('masks a secret of several lines line by line, since logs are masked so', () => {
    vi.stubEnv(variable, value);
    const masks = read(written(() => make()(event(`first-${secret}\r\n\nsecond-${secret}\n`))));
    expect(masks.slice(0, 4)).toEqual([
      `first-${secret}`,
      `second-${secret}`,
      `${id}:first-${secret}`,
      `second-${secret}`,
    ]);
  });

  it.each([undefined, '', 'false', '1', value === 'true' ? 'True' : 'true'])(
    `refuses where ${variable} is %s, and writes nothing`,
    (other) => {
      vi.stubEnv(variable, other);
      const hook = make();
      const log = written(() => {
        for (const work of [() => hook.check(), () => hook(event(secret))]) {
          const error = thrown(work);
          expect(error.message).toContain(`${variable} to be ${value}`);
          expect(error.source).toBe(name);
          expectHidden(error, secret);
        }
      });
      expect(log).toBe('');
    },
  );

  it('refuses where standard output is a file, and writes nothing', () => {
    vi.stubEnv(variable, value);
    vi.spyOn(fs, 'fstatSync').mockImplementation(() => fs.statSync(process.execPath));
    const hook = make();
    const log = written(() => {
      for (const work of [() => hook.check(), () => hook(event(secret))])
        expect(thrown(work).message).toContain('file');
    });
    expect(log).toBe('');
  });

  it('making the hook looks at nothing', () => {
    const look = vi.spyOn(fs, 'fstatSync');
    expect(Object.keys(make())).toEqual(['check', 'credentials']);
    expect(look).not.toHaveBeenCalled();
  });

  it('goes on after a pipe that is full, and after a part', () => {
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

  it('fails where the output has no reader any more, with the code alone', () => {
    vi.stubEnv(variable, value);
    vi.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error(`EPIPE: ${secret}`), { code: 'EPIPE' });
    });
    const error = thrown(() => make()(event(secret)));
    expect(error.message).toContain('EPIPE');
    expectHidden(error, secret);
  });
});

describe('ciMasking outside of a CI system that masks', () => {
  it.each([
    ['nowhere', {}],
    ['in GitLab', { CI: 'true', GITLAB_CI: 'true' }],
    ['in Jenkins, with another value of a variable', { JENKINS_URL: 'x', GITHUB_ACTIONS: '1', TF_BUILD: '' }],
  ])('writes nothing and refuses nothing %s, also into a file', (_, env) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    vi.spyOn(fs, 'fstatSync').mockImplementation(() => fs.statSync(process.execPath));
    const masking = ciMasking();
    const log = written(() => {
      masking.check();
      masking.credentials({ id, secret });
      masking(event(secret));
    });
    expect(log).toBe('');
  });
});

describe('in a process of its own', () => {
  const built = builtPackage();
  // Prints half a line, gets a new secret, and ends before anything that is buffered could be written.
  const program = `
    import { Secret } from 'blazemeter-client';
    import { githubActions } from 'blazemeter-client/node';
    const { KEY_ID: keyId, KEY_SECRET: secret } = process.env;
    process.stdout.write('half a line');
    await githubActions()({ operation: 'apiKeys.create', keyId, secret: Secret.from(secret) });
    process.exit(0);`;
  const run = (stdout: 'pipe' | number) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: built.folder(),
      env: { ...process.env, GITHUB_ACTIONS: 'true', KEY_ID: id, KEY_SECRET: secret },
      stdio: ['ignore', stdout, 'pipe'],
      encoding: 'utf8',
    });

  it('the masks are out before the hook returns, even if the process ends there', () => {
    const [first, ...rest] = run('pipe').stdout.split('\n');
    expect(first).toBe('half a line');
    expect(githubMasks(rest.join('\n'))).toEqual([secret, `${id}:${secret}`, base64(`${id}:${secret}`)]);
  });

  it('nothing goes into a file', () => {
    const path = join(temporaryFolder(), 'out.txt');
    const file = openSync(path, 'w');
    const { status, stderr } = run(file);
    closeSync(file);
    expect(status).not.toBe(0);
    expect(readFileSync(path, 'utf8') + stderr).not.toContain(secret.slice(0, 8));
  });
});
