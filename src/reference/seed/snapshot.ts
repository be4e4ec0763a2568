// A state as JSON and back: secrets only as hashes.

import * as z from 'zod/mini';
import { type ClockPosition, clockPosition } from '../clock.ts';
import { fail, read } from '../read.ts';
import {
  type AccountRecord,
  addAccount,
  addKey,
  type Counters,
  createState,
  type KeyRecord,
  KINDS,
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
  readonly counters: Readonly<Counters>;
  readonly names: Readonly<Record<string, Readonly<Record<string, number | string>>>>;
  readonly users: readonly object[];
  readonly accounts: readonly object[];
  readonly workspaces: readonly object[];
  readonly projects: readonly object[];
  readonly tests: readonly object[];
  readonly multiTests: readonly object[];
  readonly keys: readonly object[];
  readonly deleted: readonly string[];
  /** What routes of your own keep in `state`. */
  readonly custom?: Readonly<Record<string, unknown>> | undefined;
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
    custom: read(custom, Object.fromEntries(state.custom), 'state'),
  });
}

const id = z.int();
const text = z.string();
const time = z.int();
const roles = z.array(text);
const common = { id, name: text, created: time, updated: time };

const user: z.ZodMiniType<UserRecord> = z.object({
  id,
  email: text,
  firstName: text,
  lastName: text,
  displayName: text,
  enabled: z.boolean(),
  roles,
  created: time,
  updated: time,
  elevHash: text,
  preferencesId: text,
  defaultProjectId: id,
});
const account: z.ZodMiniType<AccountRecord> = z.object({
  ...common,
  ownerId: id,
  description: z.nullable(text),
  aiConsent: z.boolean(),
  legacyApiKeysDisabled: z.nullable(z.boolean()),
  members: z.array(z.object({ userId: id, roles })),
  apiKeyExpiration: z.int(),
});
const workspace: z.ZodMiniType<WorkspaceRecord> = z.object({
  ...common,
  accountId: id,
  userId: id,
  enabled: z.boolean(),
});
const project: z.ZodMiniType<ProjectRecord> = z.object({
  ...common,
  workspaceId: id,
  userId: id,
  description: text,
});
const test: z.ZodMiniType<TestRecord> = z.object({ ...common, projectId: id, userId: id, type: text });
const key: z.ZodMiniType<KeyRecord> = z.object({
  id: text,
  name: text,
  userId: id,
  created: time,
  updated: time,
  expiration: time,
  lastUsed: z.nullable(time),
  issued: time,
  hash: text,
  liveFrom: z.number(),
  previous: z.nullable(z.object({ hash: text, until: z.number() })),
});

const counters: z.ZodMiniType<Counters> = z.object({
  users: id,
  accounts: id,
  workspaces: id,
  projects: id,
  tests: id,
  custom: id,
  keys: id,
  secrets: id,
});
/** Plain data, which `read` makes sure of. */
const custom = z.record(text, z.unknown());

const snapshot = z.object({
  format: z.literal(FORMAT),
  clock: clockPosition,
  counters,
  names: z.record(z.enum(KINDS), z.record(text, z.union([id, text]))),
  users: z.array(user),
  accounts: z.array(account),
  workspaces: z.array(workspace),
  projects: z.array(project),
  tests: z.array(test),
  multiTests: z.array(test),
  keys: z.array(key),
  deleted: z.array(text),
  custom: z.optional(custom),
});

/** Reads a snapshot into a state of its own. */
export function readSnapshot(value: unknown): { readonly state: State; readonly position: ClockPosition } {
  if (typeof value !== 'object' || value === null || Reflect.get(value, 'format') !== FORMAT)
    fail('snapshot', `must be what snapshot() returned, of format ${FORMAT}.`);
  const saved = read(snapshot, value, 'snapshot');
  const state = createState();
  for (const record of saved.users) state.users.set(record.id, record);
  for (const record of saved.accounts) addAccount(state, record);
  for (const record of saved.workspaces) state.workspaces.set(record.id, record);
  for (const record of saved.projects) state.projects.set(record.id, record);
  for (const record of saved.tests) state.tests.set(record.id, record);
  for (const record of saved.multiTests) state.multiTests.set(record.id, record);
  for (const record of saved.keys) addKey(state, record);
  for (const [name, value] of Object.entries(saved.custom ?? {}))
    state.custom.set(name, structuredClone(value));
  for (const deleted of saved.deleted) state.deleted.add(deleted);
  Object.assign(state.counters, saved.counters);
  for (const kind of KINDS)
    for (const [name, target] of Object.entries(saved.names[kind])) state.names[kind].set(name, target);
  return { state, position: saved.clock };
}
