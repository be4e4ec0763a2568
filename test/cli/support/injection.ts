// Text from outside, wherever it can come from, in every output of every command: it must arrive broken, or, in JSON,
// written so that it acts on nothing.

import { expect, it } from 'vitest';
import { obeyed } from '../../support/acting.ts';
import { isObject } from '../../support/reference.ts';
import type { referenceCommand } from '../../support/reference-command.ts';
import { keysWorld } from './keys.ts';

/** A service that says this wherever it can say anything. */
function saying(payload: string) {
  const world = keysWorld();
  const text = JSON.stringify(payload).slice(1, -1);
  const fetch: typeof world.reference.fetch = async (url, init) => {
    const response = await world.reference.fetch(url, init);
    if (response.status === 204) return response;
    const body = (await response.text())
      .replace(
        /("(?:name|email|displayName|firstName|lastName|accountName|request_id)": )"[^"]*"/g,
        `$1"${text}"`,
      )
      .replace(/("roles": \[\s*)"[^"]*"/g, `$1"${text}"`)
      .replace(/("message": "[^":]*)[^"]*"/g, `$1: ${text}"`);
    return new Response(body, { status: response.status, headers: response.headers });
  };
  return { ...world, fetch };
}

/** How much is played: `some` is a sample of the commands, `all` is every command in every form. */
type Extent = 'some' | 'all';

const forms = {
  some: [
    [[], '30'],
    [['--json'], '80'],
  ],
  all: [
    [[], '80'],
    [[], '30'],
    [['--json'], '80'],
  ],
} as const;

/** What blazemeter-reference prints of a seed, of a file and of arguments that hold such texts. */
export async function referenceOutputs(
  command: ReturnType<typeof referenceCommand>,
  texts: readonly string[],
): Promise<string[]> {
  const each = (fields: (text: string) => object) =>
    Object.fromEntries(texts.map((text, at) => [`${at} ${text}`, fields(text)]));
  const seed = {
    users: { ana: {}, ...each((text) => ({ email: `${text}.`, displayName: `${text}.` })) },
    accounts: { main: { owner: 'ana' }, ...each((text) => ({ owner: 'ana', name: `${text}.` })) },
    keys: each((text) => ({ user: 'ana', name: `${text}.` })),
  };
  const file = command.file('seed.json', JSON.stringify(seed));
  const [first = ''] = texts;
  const bad = [
    JSON.stringify({ users: { [first]: 5 } }),
    JSON.stringify({ [first]: {} }),
    JSON.stringify({ keys: { a: { user: first } } }),
  ].map((content) => ['--seed', command.file('bad.json', content)]);
  const printed: string[] = [];
  for (const options of [['--json'], []]) {
    const { child, ended } = command.launch([
      '--port',
      '0',
      '--print-credentials',
      '--seed',
      file,
      ...options,
    ]);
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    const { stdout, stderr, code } = await ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('ana');
    printed.push(stdout);
  }
  const word = first.replaceAll('\0', '');
  const wrong = ['--seed', '--faults', '--host', '--port', '--semantics', '--tls-cert', '--clock'];
  for (const argv of [...bad, [word], [`--${word}`], ...wrong.map((option) => [option, `x${word}`])]) {
    const { child, ended } = command.launch(argv);
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    const { stdout, stderr } = await ended;
    printed.push(stdout, stderr);
  }
  return printed;
}

/** The tests of one text from outside. */
export function injection(payload: string, extent: Extent): void {
  const few = <T>(list: readonly T[]): readonly T[] =>
    extent === 'all' ? list : list.filter((_, at) => at % 2 === 1);

  it('acts in no output of what works', async () => {
    const world = saying(payload);
    const { fetch } = world;
    const { keys } = world.reference.seed({
      keys: {
        old: { user: 'owner', name: `${payload}.`, expires: { days: 3 } },
        same: { user: 'owner', name: `${payload}.` },
      },
    });
    await world.run(['adopt', '--store', 'rec.json', '--name', 'ci']);
    const commands = [
      ['whoami'],
      ['list'],
      ['diagnose', '--full'],
      ['audit'],
      ['policy', 'set', '--maximum', '1 month'],
      ['rotate', '--store', 'rec.json', '--dry-run', '--reason', 'schedule'],
      ['create', '--name', payload, '--expires-in', '1 month', '--out', 'k.json', '--overwrite'],
      ['delete', keys.old.id],
    ];
    for (const argv of few(commands))
      for (const [look, COLUMNS] of forms[extent]) {
        const left = await world.run([...argv, ...look], { fetch, env: { COLUMNS } });
        expect([argv.join(' '), ...obeyed(left.out), ...obeyed(left.err)]).toEqual([argv.join(' ')]);
        if (look.length > 0 && left.out !== '') left.json();
      }
  });

  it('acts in no output as a secret and as an id', async () => {
    const world = keysWorld();
    const fetch: typeof world.reference.fetch = async (url, init) => {
      const response = await world.reference.fetch(url, init);
      const body: unknown = await response.json();
      if (init?.method === 'POST' && isObject(body) && isObject(body.result))
        Object.assign(body.result, { id: payload, secret: `${payload} made-up` });
      return new Response(JSON.stringify(body), { status: response.status });
    };
    const create = ['create', '--name', 'ci', '--expires-in', '1 month'];
    const outs = [['--print-secret'], ['--print-secret', '--json'], ['--out', 'new.json', '--overwrite']];
    for (const out of extent === 'all' ? outs : outs.slice(0, 1)) {
      const left = await world.run([...create, ...out], { fetch });
      expect([...obeyed(left.out), ...obeyed(left.err)]).toEqual([]);
      if (out.includes('--json')) expect(left.json().secret).toBe(`${payload} made-up`);
    }
  });

  it('acts in no output of what fails', async () => {
    const world = saying(payload);
    const { fetch, reference } = world;
    for (const status of few([400, 401, 409])) {
      const fault = reference.faults.add({ effect: 'status', status, message: payload });
      for (const argv of [
        ['whoami'],
        ['delete', 'a'],
        ['create', '--name', payload, '--expires-in', '1 month', '--print-secret'],
      ]) {
        const left = await world.run([...argv, '--log-level', 'debug'], {
          fetch,
          env: { BLAZEMETER_LOG: payload },
        });
        expect(left.code).toBeGreaterThan(0);
        expect(obeyed(left.out + left.err)).toEqual([]);
      }
      fault.remove();
    }
  });

  it('acts in no output when it comes from the command line or a file', async () => {
    const world = keysWorld();
    const lines = [
      [payload],
      ['policy', payload],
      ['list', payload],
      ['list', `--${payload}`],
      ['list', '--log-level', payload],
      ['list', '--base-url', payload],
      ['list', '--base-url', `https://a.example/${payload}`, '--ca-file', payload],
      ['list', '--key-file', `./${payload}`],
      ['delete', payload, '--yes'],
      ['rotate', '--store', `./${payload}`, '--reason', 'schedule', '--drain', payload],
      ['rotate', '--store', `./${payload}.json`, '--lease-owner', payload],
      ['rotate', '--store', payload],
      ['rotate', '--store', 'a.json', '--reason', payload],
      ['create', '--name', payload, '--expires-in', payload, '--out', payload],
    ].map((argv) => argv.map((each) => each.replaceAll('\0', '')));
    for (const argv of few(lines)) {
      const left = await world.run(argv, { env: { HTTPS_PROXY: payload } });
      expect(left.code).toBeGreaterThan(0);
      expect([argv.join(' '), ...obeyed(left.out), ...obeyed(left.err)]).toEqual([argv.join(' ')]);
    }
  });
}
