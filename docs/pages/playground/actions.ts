// What a reader can do here, as data: an action with its parameters, and the text that stands for a list of them in the
// address. Only choices travel in an address, never a secret: a pair is the number of its copy in the key ring.

/** Of everything that can be chosen, the values and the words for them. */
export const choices = {
  period: {
    '1-month': '1 month',
    '3-months': '3 months',
    '6-months': '6 months',
    '1-year': '1 year',
    '10-years': '10 years',
    max: 'as long as allowed',
  },
  account: { main: 'Main account', second: 'Second account' },
  maximum: {
    '1-month': '1 month',
    '3-months': '3 months',
    '6-months': '6 months',
    '1-year': '1 year',
    '10-years': '10 years',
  },
  by: {
    '1-second': '1 second',
    '1-hour': '1 hour',
    '1-day': '1 day',
    '30-days': '30 days',
    '90-days': '90 days',
    '1-year': '1 year',
    'next-end': 'to the end of the next key',
  },
  row: {
    shrink: 'S1',
    twoAccounts: 'S2',
    regenerateExpired: 'S3',
    regenerateExpiry: 'S4',
    overMaximum: 'S7',
    grace: 'S11',
    unauthorized: 'S12',
    names: 'S13',
    keyLimit: 'S14',
    propagation: 'S15',
  },
  fault: {
    'lost-create': 'The answer to the next new key is lost, after it was made',
    'lost-regenerate': 'The answer to the next new secret is lost, after it was made',
    'broken-create': 'The answer to the next new key is broken JSON',
    busy: 'Too many requests: 429, come back in a second',
    outage: 'The service is down for one request: 503',
    proxy: 'A proxy answers the next request with a page of its own',
    stall: 'The next request is never answered',
  },
  reason: { schedule: 'on schedule', expiry: 'before it runs out', leak: 'it leaked' },
  crash: {
    none: 'not at all',
    lease: 'taking the record (lease)',
    creating: 'writing “creating”',
    create: 'making the key',
    testing: 'writing “testing” with the pair',
    delivering: 'writing “delivering”: the promotion',
    put: 'putting the pair to the sink',
    acknowledged: 'writing the acknowledgement',
    draining: 'writing “draining”',
    retiring: 'writing “retiring”',
    delete: 'deleting the old key',
    deleted: 'writing that it is gone',
    idle: 'writing “idle”',
    release: 'giving the record back',
  },
  side: { before: 'just before', after: 'just after' },
} as const;

/** The values of one choice. */
export type Choice<Name extends keyof typeof choices> = Extract<keyof (typeof choices)[Name], string>;

/** Where a process dies in a rotation. */
export interface Crash {
  readonly crash: Choice<'crash'>;
  readonly side: Choice<'side'>;
}

/** What a reader did. `pair` is a copy in the key ring and `key` a key, both by number; a pair of 0 is a wrong one. */
export type Action =
  | {
      readonly do: 'generate';
      readonly pair: number;
      readonly name: string;
      readonly period: Choice<'period'>;
      readonly first: boolean;
    }
  | { readonly do: 'list'; readonly pair: number }
  | { readonly do: 'sign'; readonly pair: number }
  | { readonly do: 'regenerate'; readonly pair: number; readonly key: number; readonly self: boolean }
  | { readonly do: 'delete'; readonly pair: number; readonly key: number; readonly self: boolean }
  | {
      readonly do: 'maximum';
      readonly pair: number;
      readonly account: Choice<'account'>;
      readonly to: Choice<'maximum'>;
    }
  | { readonly do: 'policy'; readonly pair: number; readonly account: Choice<'account'> }
  | { readonly do: 'clock'; readonly by: Choice<'by'> }
  | { readonly do: 'switch'; readonly row: Choice<'row'>; readonly to: string }
  | { readonly do: 'fault'; readonly fault: Choice<'fault'> }
  | { readonly do: 'mend' }
  | { readonly do: 'resolve' }
  | ({ readonly do: 'rotate'; readonly pair: number; readonly reason: Choice<'reason'> } & Crash)
  | ({ readonly do: 'resume' } & Crash);

/** The address says something that is no list of actions. */
export class UnreadableLink extends Error {
  override readonly name = 'UnreadableLink';
}

/** The longest list that an address may hold. */
export const MOST_STEPS = 40;
/** The highest number of a pair or a key. */
const MOST = 99;

/** A name that is fine in an address: short, plain, and nothing that could be a part of a key. */
export const isName = (text: string): boolean =>
  /^[A-Za-z][A-Za-z0-9 ._-]{0,29}$/.test(text) && !/[0-9a-f]{12}/i.test(text);

/** Whether a text is one of the values of a choice. */
export const isChoice = <Name extends keyof typeof choices>(
  name: Name,
  value: string,
): value is Choice<Name> => Object.hasOwn(choices[name], value);

/** The parameters of one action, as they stand in an address. */
class Parameters {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  text(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined) throw new UnreadableLink(`“${name}” is missing.`);
    return value;
  }

  number(name: string): number {
    const value = this.text(name);
    if (!/^\d{1,2}$/.test(value)) throw new UnreadableLink(`“${name}” is a number up to ${MOST}.`);
    return Number(value);
  }

  flag(name: string): boolean {
    return this.#values.get(name) === 'yes';
  }

  one<Name extends keyof typeof choices>(choice: Name, name: string = choice): Choice<Name> {
    const value = this.text(name);
    if (!isChoice(choice, value)) throw new UnreadableLink(`“${name}” has no such value.`);
    return value;
  }

  named(name: string): string {
    const value = this.text(name);
    if (!isName(value)) throw new UnreadableLink('A name is plain, and 30 characters at most.');
    return value;
  }

  /** A value of a switch: a word or a number. */
  word(name: string): string {
    const value = this.text(name);
    if (!/^[a-z0-9-]{1,24}$/.test(value)) throw new UnreadableLink(`“${name}” is a word.`);
    return value;
  }

  crash(): Crash {
    return this.#values.has('crash')
      ? { crash: this.one('crash'), side: this.one('side') }
      : { crash: 'none', side: 'before' };
  }
}

function readAction(verb: string, from: Parameters): Action {
  switch (verb) {
    case 'generate':
      return {
        do: verb,
        pair: from.number('pair'),
        name: from.named('name'),
        period: from.one('period'),
        first: from.flag('first'),
      };
    case 'list':
    case 'sign':
      return { do: verb, pair: from.number('pair') };
    case 'regenerate':
    case 'delete':
      return { do: verb, pair: from.number('pair'), key: from.number('key'), self: from.flag('self') };
    case 'maximum':
      return {
        do: verb,
        pair: from.number('pair'),
        account: from.one('account'),
        to: from.one('maximum', 'to'),
      };
    case 'policy':
      return { do: verb, pair: from.number('pair'), account: from.one('account') };
    case 'clock':
      return { do: verb, by: from.one('by') };
    case 'switch':
      return { do: verb, row: from.one('row'), to: from.word('to') };
    case 'fault':
      return { do: verb, fault: from.one('fault') };
    case 'mend':
    case 'resolve':
      return { do: verb };
    case 'rotate':
      return { do: verb, pair: from.number('pair'), reason: from.one('reason'), ...from.crash() };
    case 'resume':
      return { do: verb, ...from.crash() };
    default:
      throw new UnreadableLink('It names something that nobody can do here.');
  }
}

/** Actions from the text in an address. @throws UnreadableLink */
export function readActions(text: string): Action[] {
  if (text === '') return [];
  const parts = text.split(';');
  if (parts.length > MOST_STEPS) throw new UnreadableLink(`It has more than ${MOST_STEPS} steps.`);
  return parts.map((part) => {
    const [verb = '', ...pairs] = part.split(',');
    const values = new Map<string, string>();
    for (const pair of pairs) {
      const at = pair.indexOf('=');
      if (at < 1) throw new UnreadableLink('A parameter is written name=value.');
      try {
        values.set(pair.slice(0, at), decodeURIComponent(pair.slice(at + 1)));
      } catch {
        throw new UnreadableLink('A value is not readable.');
      }
    }
    return readAction(verb, new Parameters(values));
  });
}

/** The text that stands for actions in an address. */
export function writeActions(actions: readonly Action[]): string {
  return actions
    .map(({ do: verb, ...rest }) => {
      const crashless = 'crash' in rest && rest.crash === 'none';
      const values = Object.entries(rest)
        .filter(([name, value]) => value !== false && !(crashless && ['crash', 'side'].includes(name)))
        .map(([name, value]) => `${name}=${value === true ? 'yes' : encodeURIComponent(value)}`);
      return [verb, ...values].join(',');
    })
    .join(';');
}
