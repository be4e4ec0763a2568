// A world as JSON and back: secrets only as hashes. What is read is checked, since it may come from a file.

import type { ClockPosition } from './clock.ts';
import { entries, fields, integer, list, oneOf, text } from './read.ts';
import {
  readAccount,
  readClock,
  readKey,
  readProject,
  readTest,
  readUser,
  readWorkspace,
} from './snapshot-read.ts';
import { addAccount, addKey, type Counters, createState, KINDS, type Kind, type State } from './state.ts';

const FORMAT = 'blazemeter-reference/1';

/** The state and the clock of a reference, as plain JSON. Treat it as opaque; it holds no secret in clear. */
export interface Snapshot {
  readonly format: 'blazemeter-reference/1';
  readonly clock: ClockPosition;
  readonly counters: Readonly<Record<string, number>>;
  readonly names: Readonly<Record<string, Readonly<Record<string, number | string>>>>;
  readonly users: readonly object[];
  readonly accounts: readonly object[];
  readonly workspaces: readonly object[];
  readonly projects: readonly object[];
  readonly tests: readonly object[];
  readonly multiTests: readonly object[];
  readonly keys: readonly object[];
  readonly deleted: readonly string[];
}

const copies = <Row extends object>(rows: Iterable<Row>): object[] => [...rows].map((row) => ({ ...row }));

export function takeSnapshot(state: State, clock: ClockPosition): Snapshot {
  return {
    format: FORMAT,
    clock,
    counters: { ...state.counters },
    names: Object.fromEntries(
      Object.entries(state.names).map(([kind, names]) => [kind, Object.fromEntries(names)]),
    ),
    users: copies(state.users.values()),
    accounts: copies(state.accounts.values()),
    workspaces: copies(state.workspaces.values()),
    projects: copies(state.projects.values()),
    tests: copies(state.tests.values()),
    multiTests: copies(state.multiTests.values()),
    keys: copies(state.keys.values()),
    deleted: [...state.deleted],
  };
}

const PARTS = [
  'format',
  'clock',
  'counters',
  'names',
  'users',
  'accounts',
  'workspaces',
  'projects',
  'tests',
  'multiTests',
  'keys',
  'deleted',
];

/** Reads a snapshot into a state of its own; the reference's is touched only when all of it was right. */
export function readSnapshot(value: unknown): { readonly state: State; readonly position: ClockPosition } {
  const from = fields(value, 'snapshot', PARTS);
  oneOf(from.get('format'), 'snapshot.format', [FORMAT]);
  const state = createState();
  const part = <Row>(name: string, read: (value: unknown, path: string) => Row): Row[] => {
    const path = `snapshot.${name}`;
    return list(from.get(name), path).map((row, index) => read(row, `${path}[${index}]`));
  };
  for (const row of part('users', readUser)) state.users.set(row.id, row);
  for (const row of part('accounts', readAccount)) addAccount(state, row);
  for (const row of part('workspaces', readWorkspace)) state.workspaces.set(row.id, row);
  for (const row of part('projects', readProject)) state.projects.set(row.id, row);
  for (const row of part('tests', readTest)) state.tests.set(row.id, row);
  for (const row of part('multiTests', readTest)) state.multiTests.set(row.id, row);
  for (const row of part('keys', readKey)) addKey(state, row);
  for (const id of part('deleted', text)) state.deleted.add(id);
  const counters = fields(from.get('counters'), 'snapshot.counters', Object.keys(state.counters));
  const counter = (name: keyof Counters): number =>
    integer(counters.get(name), `snapshot.counters.${name}`, state.counters[name]);
  Object.assign(state.counters, {
    users: counter('users'),
    accounts: counter('accounts'),
    workspaces: counter('workspaces'),
    projects: counter('projects'),
    tests: counter('tests'),
    keys: counter('keys'),
    secrets: counter('secrets'),
  } satisfies Counters);
  readNames(from.get('names'), state);
  return { state, position: readClock(from.get('clock'), 'snapshot.clock') };
}

function readNames(value: unknown, state: State): void {
  const kinds = fields(value, 'snapshot.names', Object.keys(state.names));
  const put = (kind: Kind): void => {
    for (const [name, id] of entries(kinds.get(kind), `snapshot.names.${kind}`)) {
      const path = `snapshot.names.${kind}.${name}`;
      state.names[kind].set(name, kind === 'keys' ? text(id, path) : integer(id, path));
    }
  };
  for (const kind of KINDS) put(kind);
}
