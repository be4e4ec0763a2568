// What is done to the world around the keys: the maximum, the clock, the switches, faults, and what a lost answer leaves.

import { type FaultRule, semanticsSwitches } from 'blazemeter-client/testing';
import { type Action, type Choice, choices } from './actions.ts';
import { addFault, literal } from './code.ts';
import { clientAs, day, failed, good, issued, neutral, type Told, tried, who } from './outcome.ts';
import type { World } from './world.ts';

const DAY_MS = 86_400_000;

/** The rules of the faults that can be chosen: each strikes once. */
const RULES: Readonly<Record<Choice<'fault'>, FaultRule>> = {
  'lost-create': { operation: 'apiKeys.create', effect: 'reset', when: 'after-commit', times: 1 },
  'lost-regenerate': {
    operation: 'apiKeys.regenerateSecret',
    effect: 'reset',
    when: 'after-commit',
    times: 1,
  },
  'broken-create': { operation: 'apiKeys.create', effect: 'wrong-json', when: 'after-commit', times: 1 },
  busy: { effect: 'status', status: 429, retryAfter: 1, times: 1 },
  outage: { effect: 'status', status: 503, times: 1 },
  proxy: { effect: 'html', times: 1 },
  stall: { effect: 'stall', times: 1 },
};

export function setMaximum(
  world: World,
  action: Extract<Action, { do: 'maximum' }>,
  n: number,
): Promise<Told> {
  const copy = world.copy(action.pair);
  const maximum = choices.maximum[action.to];
  return tried(
    `${who(world, action.pair)}: set the maximum of the ${choices.account[action.account].toLowerCase()} to ${maximum}`,
    world,
    n,
    () =>
      `await as(${copy.code}).accounts.apiKeyPolicy.set(accounts.${action.account}.id, { maximum: ${literal(maximum)} });`,
    async () => {
      const policy = await clientAs(copy, world).accounts.apiKeyPolicy.set(world.accounts[action.account], {
        maximum,
      });
      return good(`The maximum is ${policy.maximumDays ?? 'no'} days now.`, [
        world.reference.semantics.shrink === 'new-only'
          ? 'Keys that are there already stay as they are (assumed; switch S1 says otherwise).'
          : `What becomes of longer keys is up to switch S1: ${world.reference.semantics.shrink}.`,
      ]);
    },
  );
}

export function readPolicy(
  world: World,
  action: Extract<Action, { do: 'policy' }>,
  n: number,
): Promise<Told> {
  const copy = world.copy(action.pair);
  return tried(
    `${who(world, action.pair)}: read the maximum of the ${choices.account[action.account].toLowerCase()}`,
    world,
    n,
    (went) => {
      const call = `await as(${copy.code}).accounts.apiKeyPolicy.get(accounts.${action.account}.id)`;
      return went ? `console.log((${call}).maximum);` : `${call};`;
    },
    async () => {
      const policy = await clientAs(copy, world).accounts.apiKeyPolicy.get(world.accounts[action.account]);
      return good(`The maximum is ${policy.maximumDays ?? 'no'} days.`);
    },
  );
}

const MOVES: Readonly<Record<Exclude<Choice<'by'>, 'next-end'>, Readonly<Record<string, number>>>> = {
  '1-second': { seconds: 1 },
  '1-hour': { hours: 1 },
  '1-day': { days: 1 },
  '30-days': { days: 30 },
  '90-days': { days: 90 },
  '1-year': { days: 365 },
};

export function moveClock(world: World, { by }: Extract<Action, { do: 'clock' }>): Told {
  const { clock } = world.reference;
  if (by !== 'next-end') {
    clock.advance(MOVES[by]);
    const code = `reference.clock.advance(${literal(MOVES[by])});`;
    return {
      title: `Move the clock by ${choices.by[by]}`,
      code,
      outcome: neutral(`It is ${day(clock.now())}.`),
    };
  }
  const title = 'Move the clock to the end of the next key';
  const end = world.nextEnd();
  if (end === undefined)
    return {
      title,
      code: '// No key is left that could run out.',
      outcome: neutral('No key is left that could run out.'),
    };
  const before = clock.now();
  clock.set(end);
  const days = Math.round(((end.getTime() - before.getTime()) / DAY_MS) * 10) / 10;
  return {
    title,
    code: `reference.clock.set('${end.toISOString()}');`,
    outcome: neutral(`It is ${day(end)}, ${days} days later: a key is refused from this second on.`),
  };
}

export function turn(world: World, { row, to }: Extract<Action, { do: 'switch' }>): Told {
  const known = semanticsSwitches.find(({ name }) => name === row);
  const title = `Switch ${choices.row[row]}, ${row}, to ${to}`;
  const value = known?.values.find((one) => String(one) === to);
  if (known === undefined || value === undefined)
    return {
      title,
      code: '// There is no such value.',
      outcome: failed(new RangeError('There is no such value.')),
    };
  world.reference.setSemantics({ [row]: value });
  return {
    title,
    code: `reference.setSemantics({ ${row}: ${literal(value)} });`,
    outcome: neutral(
      `${choices.row[row]} (${known.behaviour}) is “${to}” now${value === known.default ? ', the default' : ''}.`,
    ),
  };
}

export async function resolveLast(world: World, n: number): Promise<Told> {
  const title = 'Resolve the outcome that is not known';
  const { ambiguous } = world;
  if (ambiguous === undefined) {
    const nothing = 'No outcome is in doubt.';
    return { title, code: `// ${nothing}`, outcome: neutral(nothing) };
  }
  const { error, code } = ambiguous;
  const pair = world.nextCopy;
  return tried(
    title,
    world,
    n,
    (went) =>
      went
        ? `const found${n} = await ${code}.resolve({ regenerate: true });\nconsole.log(found${n}.outcome);${
            world.nextCopy === pair
              ? ''
              : `\nconst ${pair} = { id: found${n}.apiKey.id, secret: found${n}.secret };`
          }`
        : `await ${code}.resolve({ regenerate: true });`,
    async () => {
      const found = await error.resolve({ regenerate: true });
      world.ambiguous = undefined;
      if (found.outcome === 'not-committed') return good('It did not happen: it can be done again.');
      if (found.outcome === 'unknown')
        return { tone: 'bad', headline: 'It cannot be told.', lines: [found.reason] };
      const { apiKey, secret } = found;
      const said = good(`It happened: the key ${apiKey.id} is there.`, [
        ...(secret === undefined ? [] : ['It was given a new secret, which somebody has now.']),
      ]);
      return secret === undefined ? said : issued(world, { id: apiKey.id, secret }, said);
    },
  );
}

export function inject(world: World, { fault }: Extract<Action, { do: 'fault' }>): Told {
  const rule = RULES[fault];
  world.reference.faults.add(rule);
  return {
    title: `Inject a fault: ${choices.fault[fault]}`,
    code: addFault(rule),
    outcome: neutral('It is armed, and strikes once.'),
  };
}

export function mend(world: World): Told {
  world.reference.faults.clear();
  return {
    title: 'Take all faults away',
    code: 'reference.faults.clear();',
    outcome: neutral('Nothing is wrong any more.'),
  };
}
