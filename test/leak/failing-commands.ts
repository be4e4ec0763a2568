// The command, at its most talkative: what it prints on both streams when it works and when it does not. What it writes to
// files that were named for it is not looked at.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { FetchLike } from 'blazemeter-client';
import { run } from '../../src/cli/keys/run.ts';
import type { Failure } from './failures.ts';
import type { Stage } from './stage.ts';

interface How {
  readonly fetch?: FetchLike;
  readonly env?: Readonly<Record<string, string>>;
  /** Nobody reads standard output. */
  readonly closed?: boolean;
}

/** Runs it in a folder, and gives what it printed. */
async function printed(stage: Stage, cwd: string, argv: readonly string[], how: How = {}) {
  const { credentials } = stage;
  const text = { out: '', err: '' };
  const output = (stream: 'out' | 'err') => ({
    write(chunk: string, done?: (error?: Error | null) => void) {
      const gone = stream === 'out' && how.closed === true;
      if (!gone) text[stream] += chunk;
      done?.(gone ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) : null);
      return true;
    },
  });
  const code = await run([...argv, '--log-level', 'debug'], {
    stdin: new PassThrough(),
    stdout: output('out'),
    stderr: output('err'),
    env: {
      HOME: cwd,
      TMPDIR: cwd,
      PATH: process.env.PATH,
      BZ_TOKEN: `${credentials.id}:${credentials.secret}`,
      ...how.env,
    },
    cwd,
    fetch: how.fetch ?? stage.fetch,
    onSignal: () => () => {},
    exit: () => {
      throw new Error('The process would have ended.');
    },
  });
  return { code, ...text };
}

const CREATE = ['create', '--name', 'ci', '--expires-in', '1 month'];
const DUE = ['--reason', 'schedule', '--sink-file', 'ci.json'];
/** Runs one after the other in one folder. */
const commands = (name: string, ...lines: readonly (readonly string[])[]): Failure => ({
  name: `the command: ${name}`,
  run: async (stage) => {
    const cwd = stage.folder();
    const { credentials } = stage;
    mkdirSync(join(cwd, 'folder.json'));
    writeFileSync(join(cwd, 'broken.json'), `{"id": "${credentials.id}", "secret": ${credentials.secret}`, {
      mode: 0o600,
    });
    const seen: unknown[] = [];
    for (const argv of lines) seen.push(argv, await printed(stage, cwd, argv));
    return seen;
  },
});

const echoing = (stage: Stage): FetchLike => {
  const { secret } = stage.credentials;
  const body = { error: { code: 400, message: `No: ${secret}` }, request_id: secret, result: { id: secret } };
  return async () => Response.json(body, { status: 400 });
};

export const failingCommands: readonly Failure[] = [
  commands('looks', ['whoami'], ['list', '--json'], ['diagnose', '--full'], ['policy', 'get'], ['audit']),
  commands(
    'secrets into files',
    [...CREATE, '--out', 'new.json'],
    [...CREATE, '--out', 'new.json'],
    [...CREATE, '--out', 'folder.json', '--json'],
    [...CREATE, '--out', 'missing/new.json'],
  ),
  commands(
    'a rotation',
    ['adopt', '--store', 'ci.record', '--name', 'ci'],
    ['rotate', '--store', 'ci.record', ...DUE, '--json'],
    ['rotate', '--store', 'ci.record', ...DUE],
    ['rotate', '--store', 'ci.json', ...DUE],
    ['rotate', '--store', 'broken.json', ...DUE],
  ),
  commands(
    'files that hold secrets, named for something else',
    ['whoami', '--key-file', 'broken.json'],
    ['rotate', '--store', 'broken.json'],
    ['list', '--ca-file', 'broken.json'],
  ),
  {
    name: 'the command: a service that quotes the secret',
    run: (stage) =>
      Promise.all(
        [['whoami'], ['list', '--json'], ['diagnose'], [...CREATE, '--print-secret']].map((argv) =>
          printed(stage, stage.folder(), argv, { fetch: echoing(stage) }),
        ),
      ),
  },
  {
    name: 'the command: a secret that nobody reads',
    run: (stage) => printed(stage, stage.folder(), [...CREATE, '--print-secret'], { closed: true }),
  },
  {
    name: 'the command: a secret whose response cannot be read',
    run: (stage) =>
      printed(stage, stage.folder(), [...CREATE, '--print-secret', '--json'], {
        fetch: async (url, init) =>
          init.method === 'POST'
            ? new Response(JSON.stringify({ result: { apiKeySecret: stage.made } }))
            : stage.fetch(url, init),
      }),
  },
];
