// Text from outside, wherever it can come from, in every output of every command: it must arrive broken, or, in JSON,
// written so that it acts on nothing.

import { expect, it } from 'vitest';
import { keysWorld } from './keys.ts';

export const payloads: Readonly<Record<string, string>> = {
  'a line break before a command': 'a\n::error::b',
  'a carriage return': 'a\r::error::b',
  'a colour and a cursor that goes up': 'a\u001b[31mb\u001b[1A\u001b[2K',
  'a window title': 'a\u001b]0;b\u0007',
  'a one-byte control sequence': 'a\u009b31mb',
  'text turned around': 'a\u202ebc\u2066',
  'a line separator': 'a\u2028::error::b\u2029::error::c\u0085::error::d',
  'what is not seen': 'a\u200bb\u00adc\u3164d\u{e0041}e\ufe01f',
  'half a surrogate pair': 'a\ud800b',
  'an Azure command': '##vso[task.setvariable variable=a]b',
  'an Azure command in capitals': 'a ##VSO[task.complete]b ###[group]',
  'a GitHub command': '::add-mask::b',
  'a GitHub command behind blanks': '  \t::stop-commands::b',
  'a GitHub command where a line is broken': `${'long word '.repeat(3)}::error::b ${'x'.repeat(30)}::warning::c`,
};

/** What in the text would still be obeyed. */
function obeyed(text: string): string[] {
  const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
  return text
    .split('\n')
    .filter((line) => acting.test(line) || /##(?:vso)?\[/i.test(line) || /^\s*::/.test(line));
}

/** A service that says this wherever it can say anything. */
function saying(payload: string) {
  const world = keysWorld();
  const text = JSON.stringify(payload).slice(1, -1);
  const fetch: typeof world.reference.fetch = async (url, init) => {
    const answer = await world.reference.fetch(url, init);
    if (answer.status === 204) return answer;
    const body = (await answer.text())
      .replace(
        /("(?:name|email|displayName|firstName|lastName|accountName|request_id)": )"[^"]*"/g,
        `$1"${text}"`,
      )
      .replace(/("roles": \[\s*)"[^"]*"/g, `$1"${text}"`)
      .replace(/("message": "[^":]*)[^"]*"/g, `$1: ${text}"`);
    return new Response(body, { status: answer.status, headers: answer.headers });
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

/** The tests of one text from outside. */
export function injection(payload: string, extent: Extent): void {
  const few = <T>(list: readonly T[]): readonly T[] =>
    extent === 'all' ? list : list.filter((_, at) => at % 2 === 1);

  it('acts in no output of what works', async () => {
    const world = saying(payload);
    const { fetch } = world;
    const { keys } = world.reference.seed({
      keys: {
        old: { user: 'owner', name: payload, expires: { days: 3 } },
        same: { user: 'owner', name: payload },
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
