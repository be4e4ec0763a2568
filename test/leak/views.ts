// The views of the leak table, as data: each way of looking at a failure, and where a leak is planted to prove that it
// would be seen there.
import { AssertionError, deepStrictEqual } from 'node:assert';
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, type InspectOptions, inspect } from 'node:util';
import { deserialize, serialize } from 'node:v8';
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

const get = (value: unknown, key: PropertyKey): unknown =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? Reflect.get(value, key)
    : undefined;

/** The outcome of looking, or what was thrown at that. */
function attempt(look: () => unknown): string {
  try {
    const seen = look();
    return typeof seen === 'string' ? seen : inspect(seen, { depth: null });
  } catch (error) {
    return inspect(error, { depth: null, customInspect: false });
  }
}

/** The error and its causes, and the errors inside. */
function chain(value: unknown, depth = 0): unknown[] {
  if (value === undefined || depth > 10) return [];
  const inside = get(value, 'errors');
  return [
    value,
    ...chain(get(value, 'cause'), depth + 1),
    ...(Array.isArray(inside) ? inside.flatMap((one) => chain(one, depth + 1)) : []),
  ];
}

const modes: Readonly<Record<string, InspectOptions>> = {
  'as it is': {},
  'to the bottom': { depth: null },
  'hidden properties shown': { depth: null, showHidden: true },
  'custom inspection off': { depth: null, customInspect: false },
  'custom inspection off, hidden properties shown': { depth: null, customInspect: false, showHidden: true },
  'getters read': { depth: null, showHidden: true, getters: true },
  'getters read, custom inspection off': {
    depth: null,
    showHidden: true,
    getters: true,
    customInspect: false,
  },
  'proxies shown': { depth: null, showProxy: true, showHidden: true },
  'everything at once': {
    depth: null,
    showHidden: true,
    showProxy: true,
    getters: true,
    customInspect: false,
    colors: true,
    compact: false,
    sorted: true,
    maxArrayLength: null,
    maxStringLength: null,
    numericSeparator: true,
  },
};

/** What a console prints of a value, by each of its methods. */
export function consoled(value: unknown): string {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  const out = new Console({ stdout: stream, stderr: stream });
  for (const method of [
    'log',
    'error',
    'warn',
    'info',
    'debug',
    'dir',
    'dirxml',
    'table',
    'trace',
    'group',
  ] as const)
    out[method](value);
  out.log('%s %o %O %j %d', value, value, value, value, value);
  out.table([value]);
  out.dir(value, { depth: null, showHidden: true, customInspect: false });
  out.assert(false, value);
  return text;
}

/** A value from all sides: one that is no error, and that a program holds on to. */
export function fromAllSides(value: unknown): string {
  return [
    ...['as it is', 'getters read', 'everything at once'].map((mode) =>
      attempt(() => inspect(value, modes[mode])),
    ),
    attempt(() => JSON.stringify(value)),
    attempt(() => String(value)),
    attempt(() => structuredClone(value)),
    attempt(() => walked(value)),
  ].join('\n');
}

const walks = new WeakMap<object, string>();

/** Walked through once: three views show it. */
function walked(value: unknown): string {
  if (typeof value !== 'object' || value === null) return everythingIn(value);
  const text = walks.get(value) ?? everythingIn(value);
  walks.set(value, text);
  return text;
}

function asserted(value: unknown): string {
  try {
    deepStrictEqual(value, null);
    return '';
  } catch (error) {
    return error instanceof AssertionError ? `${error.message}\n${inspect(error)}` : String(error);
  }
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
    plant: (text) => ({ ...nothing, promise: Object.assign(Promise.resolve(), { pair: { text } }) }),
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
    plant: (text) => ({ ...nothing, shown: [{}, Object.assign(() => {}, { pair: { secret: text } })] }),
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
