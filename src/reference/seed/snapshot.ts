// A world as JSON and back: secrets only as hashes.

import { type ClockPosition, LAST_MS } from '../clock.ts';
import { fail } from '../read.ts';
import {
  type AccountRecord,
  addAccount,
  addKey,
  type Counters,
  createState,
  type KeyRecord,
  KINDS,
  type Kind,
  type ProjectRecord,
  type State,
  type TestRecord,
  type UserRecord,
  type WorkspaceRecord,
} from '../state.ts';

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

/** A snapshot, with its records by their types. */
interface Saved extends Snapshot {
  readonly counters: Readonly<Counters> & Readonly<Record<string, number>>;
  readonly names: Readonly<Record<Kind, Readonly<Record<string, number | string>>>>;
  readonly users: readonly UserRecord[];
  readonly accounts: readonly AccountRecord[];
  readonly workspaces: readonly WorkspaceRecord[];
  readonly projects: readonly ProjectRecord[];
  readonly tests: readonly TestRecord[];
  readonly multiTests: readonly TestRecord[];
  readonly keys: readonly KeyRecord[];
}

export function takeSnapshot(state: State, clock: ClockPosition): Snapshot {
  return structuredClone({
    format: FORMAT,
    clock,
    counters: { ...state.counters },
    names: Object.fromEntries(
      Object.entries(state.names).map(([kind, names]) => [kind, Object.fromEntries(names)]),
    ),
    users: [...state.users.values()],
    accounts: [...state.accounts.values()],
    workspaces: [...state.workspaces.values()],
    projects: [...state.projects.values()],
    tests: [...state.tests.values()],
    multiTests: [...state.multiTests.values()],
    keys: [...state.keys.values()],
    deleted: [...state.deleted],
  });
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isTime = (ms: unknown): boolean => typeof ms === 'number' && Math.abs(ms) <= LAST_MS;

const LISTS = ['users', 'accounts', 'workspaces', 'projects', 'tests', 'multiTests', 'keys'];

const hasMembers = (accounts: unknown): boolean =>
  Array.isArray(accounts) && accounts.every(({ members }) => Array.isArray(members));

/** Whether a value has the format and the parts of a snapshot. Its records are taken as they are. */
function isSaved(value: unknown): value is Saved {
  if (!isObject(value)) return false;
  const part = (name: string): unknown => Reflect.get(value, name);
  const [clock, counters, names, deleted] = ['clock', 'counters', 'names', 'deleted'].map(part);
  return (
    part('format') === FORMAT &&
    LISTS.map(part).every((rows) => Array.isArray(rows) && rows.every(isObject)) &&
    hasMembers(part('accounts')) &&
    Array.isArray(deleted) &&
    isObject(clock) &&
    ['ms', 'skewMs'].every((name) => isTime(Reflect.get(clock, name))) &&
    isObject(counters) &&
    Object.keys(createState().counters).every((name) => Number.isSafeInteger(Reflect.get(counters, name))) &&
    isObject(names) &&
    KINDS.every((kind) => isObject(Reflect.get(names, kind)))
  );
}

/** Reads a snapshot into a state of its own. */
export function readSnapshot(value: unknown): { readonly state: State; readonly position: ClockPosition } {
  if (!isSaved(value)) fail('snapshot', `must be what snapshot() returned, of format ${FORMAT}.`);
  const saved = structuredClone(value);
  const state = createState();
  for (const row of saved.users) state.users.set(row.id, row);
  for (const row of saved.accounts) addAccount(state, row);
  for (const row of saved.workspaces) state.workspaces.set(row.id, row);
  for (const row of saved.projects) state.projects.set(row.id, row);
  for (const row of saved.tests) state.tests.set(row.id, row);
  for (const row of saved.multiTests) state.multiTests.set(row.id, row);
  for (const row of saved.keys) addKey(state, row);
  for (const id of saved.deleted) state.deleted.add(id);
  Object.assign(state.counters, saved.counters);
  for (const kind of KINDS)
    for (const [name, id] of Object.entries(saved.names[kind])) state.names[kind].set(name, id);
  return { state, position: saved.clock };
}
