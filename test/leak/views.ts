// The views of the leak table, as data: each way of looking at a failure, and where a leak is planted to prove that it
// would be seen there.
import { format, inspect } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { asserted, attempt, chain, consoled, fromAllSides, get, modes, walked } from './looking.ts';
import { everythingIn } from './walk.ts';

/** All that is there to be looked at once a failure has happened. */
export interface Scene {
  /** The error, or what the call gave. */
  readonly outcome: unknown;
  /** The promise of the call itself. */
  readonly promise: PromiseLike<unknown>;
  /** Clients, signers, providers, what hooks were given. */
  readonly shown: readonly unknown[];
  /** What the logger was given at its most talkative. */
  readonly logged: readonly (readonly unknown[])[];
  /** What reached the global console meanwhile. */
  readonly printed: readonly (readonly unknown[])[];
  /** The reference's journal, and its state. */
  readonly journal: readonly unknown[];
  readonly process: readonly unknown[];
}

const nothing: Scene = {
  outcome: undefined,
  promise: Promise.resolve(),
  shown: [],
  logged: [],
  printed: [],
  journal: [],
  process: [],
};

export interface View {
  readonly name: string;
  readonly look: (scene: Scene) => string | Promise<string>;
  /** A scene that leaks this text where the view looks. */
  readonly plant: (text: string) => Scene;
}

/** An error that shows its text by every way that errors have. */
function leaking(text: string): Error {
  const error = Object.assign(new Error(text, { cause: new Error(text) }), { request: { headers: [text] } });
  return Object.assign(error, { toJSON: () => ({ text }), text });
}

const ofOutcome = (name: string, look: (outcome: unknown) => string | Promise<string>): View => ({
  name,
  look: ({ outcome }) => look(outcome),
  plant: (text) => ({ ...nothing, outcome: leaking(text) }),
});

/** A leak of one kind only: the view must find this one. */
const planted = (view: View, outcome: (text: string) => unknown): View => ({
  ...view,
  plant: (text) => ({ ...nothing, outcome: outcome(text) }),
});

const hidden = (text: string): Error =>
  Object.defineProperty(new Error('no'), Symbol('hidden'), { value: { text }, enumerable: false });

const behindGetter = (text: string): Error =>
  Object.defineProperty(new Error('no'), 'extra', { get: () => text, enumerable: false });

const bytes = (text: string): string => {
  const data = Buffer.from(text, 'latin1');
  return [
    data.toString('latin1'),
    data.toString('utf8'),
    data.toString('utf16le'),
    data.subarray(1).toString('utf16le'),
  ].join('\n');
};

const ofError: View[] = [
  ofOutcome('message', (outcome) => String(get(outcome, 'message'))),
  ofOutcome('stack', (outcome) => String(get(outcome, 'stack'))),
  planted(
    ofOutcome('chain of causes', (outcome) =>
      chain(outcome)
        .map((one) => ['name', 'message', 'code', 'stack'].map((key) => String(get(one, key))).join('\n'))
        .join('\n'),
    ),
    (text) => new Error('no', { cause: new AggregateError([new Error(text)]) }),
  ),
  ofOutcome('toJSON()', (outcome) =>
    attempt(() => {
      const method = get(outcome, 'toJSON');
      return typeof method === 'function' ? method.call(outcome) : outcome;
    }),
  ),
  ofOutcome('JSON.stringify', (outcome) =>
    attempt(() => `${JSON.stringify(outcome)}\n${JSON.stringify({ in: [outcome] }, null, 2)}`),
  ),
  ofOutcome('string conversion', (outcome) =>
    attempt(
      () => `${outcome}\n${String(outcome)}\n${[outcome].join()}\n${Error.prototype.toString.call(outcome)}`,
    ),
  ),
  ...Object.entries(modes).map(([name, mode]) =>
    ofOutcome(`util.inspect, ${name}`, (outcome) => attempt(() => inspect(outcome, mode))),
  ),
  ofOutcome('util.inspect inside other values', (outcome) =>
    inspect([{ a: new Map([[outcome, new Set([outcome])]]) }, new Error('outer', { cause: outcome })], {
      depth: null,
    }),
  ),
  ofOutcome('util.format', (outcome) =>
    attempt(() => format('%s %o %O %j %d %i %f %%', ...Array(7).fill(outcome))),
  ),
  ofOutcome('console', consoled),
  ofOutcome('a failed assertion', asserted),
  planted(ofOutcome('hidden and symbol properties', walked), hidden),
  planted(ofOutcome('getters', walked), behindGetter),
  planted(ofOutcome('prototypes', walked), (text) => Object.create({ inherited: { text } })),
  ofOutcome('spread and entries', (outcome) =>
    inspect([{ ...Object(outcome) }, Object.entries(Object(outcome)), Object.assign({}, outcome)], {
      depth: null,
    }),
  ),
  ofOutcome('structuredClone', (outcome) =>
    attempt(() => {
      const copy: unknown = structuredClone(outcome);
      return `${inspect(copy, { depth: null, showHidden: true })}\n${everythingIn(copy)}`;
    }),
  ),
  ofOutcome('v8.serialize', (outcome) =>
    attempt(() => {
      const data = serialize(outcome);
      return `${bytes(data.toString('latin1'))}\n${inspect(deserialize(data), { depth: null })}`;
    }),
  ),
];

/** Structured clones take an error's own fields but for message, stack and cause away, and no functions. */
const CLONED = ['structuredClone', 'v8.serialize'];
const plantable = (view: View): View =>
  CLONED.includes(view.name)
    ? planted(view, (text) => new Error(text, { cause: new Error(text) }))
    : view.name === 'spread and entries'
      ? planted(view, (text) => Object.assign(new Error('no'), { text }))
      : view;

const ofThings: View[] = [
  {
    name: 'the promise of the call',
    look: async ({ promise }) => {
      await Promise.resolve(promise).catch(() => {});
      return fromAllSides(promise);
    },
    plant: (text) => ({ ...nothing, promise: Object.assign(Promise.resolve(), { credentials: { text } }) }),
  },
  {
    name: 'withResponse()',
    look: async ({ promise }) => {
      const method = get(promise, 'withResponse');
      if (typeof method !== 'function') return '';
      const full: unknown = await Promise.resolve(method.call(promise)).catch((error: unknown) => error);
      const headers = get(get(full, 'response'), 'headers');
      const listed = headers instanceof Headers ? inspect([...headers]) : '';
      // The model is data: what the service calls a key stays as it came.
      const seen = typeof full === 'object' && full !== null && 'data' in full ? { ...full, data: 0 } : full;
      return `${listed}\n${fromAllSides(seen)}`;
    },
    plant: (text) => ({
      ...nothing,
      promise: Object.assign(Promise.resolve(), { withResponse: async () => ({ data: 1, requestId: text }) }),
    }),
  },
  {
    name: 'clients, signers, providers and what hooks are given',
    look: ({ shown }) => shown.map(fromAllSides).join('\n'),
    plant: (text) => ({
      ...nothing,
      shown: [{}, Object.assign(() => {}, { credentials: { secret: text } })],
    }),
  },
  {
    name: 'their descriptions',
    look: ({ shown }) =>
      shown
        .map((thing) =>
          attempt(() => (typeof get(thing, 'describe') === 'function' ? Object(thing).describe() : '')),
        )
        .join('\n'),
    plant: (text) => ({ ...nothing, shown: [{ describe: () => text }] }),
  },
  {
    name: 'the logger at its most talkative',
    look: ({ logged }) => logged.map((line) => `${format(...line)}\n${fromAllSides(line)}`).join('\n'),
    plant: (text) => ({ ...nothing, logged: [['answered', { status: text }]] }),
  },
  {
    name: 'the console of the program',
    look: ({ printed }) => printed.map((line) => format(...line)).join('\n'),
    plant: (text) => ({ ...nothing, printed: [['%s', text]] }),
  },
  {
    name: "the reference's journal and snapshot",
    look: ({ journal }) =>
      journal
        .map((part) => `${JSON.stringify(part)}\n${inspect(part, modes['everything at once'])}`)
        .join('\n'),
    plant: (text) => ({ ...nothing, journal: [[{ number: 1, headers: { accept: text } }]] }),
  },
  {
    name: 'title, arguments and environment of the process',
    look: ({ process: seen }) => inspect(seen, { depth: null, maxStringLength: null, maxArrayLength: null }),
    plant: (text) => ({ ...nothing, process: ['node', ['node', text]] }),
  },
];

export const views: readonly View[] = [...ofError.map(plantable), ...ofThings];
