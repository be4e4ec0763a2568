// The records of a snapshot, one reader each: a field that is missing, unknown or of another kind is named.

import type { ClockPosition } from './clock.ts';
import { type Fields, fields, flag, integer, list, number, text } from './read.ts';
import type {
  AccountRecord,
  KeyRecord,
  Membership,
  ProjectRecord,
  TestRecord,
  UserRecord,
  WorkspaceRecord,
} from './state.ts';

type Read<Value> = (value: unknown, path: string) => Value;

/** Reads the fields of one record by name, each with a reader. */
function row(value: unknown, path: string, known: readonly string[]) {
  const from: Fields = fields(value, path, known);
  const read = <Value>(name: string, as: Read<Value>): Value => as(from.get(name), `${path}.${name}`);
  return {
    read,
    text: (name: string) => read(name, text),
    flag: (name: string) => read(name, flag),
    integer: (name: string) => read(name, integer),
  };
}

const orNull =
  <Value>(read: Read<Value>): Read<Value | null> =>
  (value, path) =>
    value === null ? null : read(value, path);

const texts: Read<string[]> = (value, path) =>
  list(value, path).map((item, index) => text(item, `${path}[${index}]`));

/** The year 9999, as for the clock itself. */
const LAST_MS = 253_402_300_799_000;

export const readClock: Read<ClockPosition> = (value, path) => {
  const clock = row(value, path, ['frozen', 'ms', 'skewMs']);
  const ms: Read<number> = (given, at) => number(given, at, -LAST_MS, LAST_MS);
  return { frozen: clock.flag('frozen'), ms: clock.read('ms', ms), skewMs: clock.read('skewMs', ms) };
};

const USER = [
  'id',
  'email',
  'firstName',
  'lastName',
  'displayName',
  'enabled',
  'roles',
  'created',
  'updated',
  'elevHash',
  'preferencesId',
  'defaultProjectId',
];

export const readUser: Read<UserRecord> = (value, path) => {
  const user = row(value, path, USER);
  return {
    id: user.integer('id'),
    email: user.text('email'),
    firstName: user.text('firstName'),
    lastName: user.text('lastName'),
    displayName: user.text('displayName'),
    enabled: user.flag('enabled'),
    roles: user.read('roles', texts),
    created: user.integer('created'),
    updated: user.integer('updated'),
    elevHash: user.text('elevHash'),
    preferencesId: user.text('preferencesId'),
    defaultProjectId: user.integer('defaultProjectId'),
  };
};

const readMember: Read<Membership> = (value, path) => {
  const member = row(value, path, ['userId', 'roles']);
  return { userId: member.integer('userId'), roles: member.read('roles', texts) };
};

const ACCOUNT = [
  'id',
  'name',
  'ownerId',
  'description',
  'aiConsent',
  'legacyApiKeysDisabled',
  'created',
  'members',
  'updated',
  'apiKeyExpiration',
];

export const readAccount: Read<AccountRecord> = (value, path) => {
  const account = row(value, path, ACCOUNT);
  return {
    id: account.integer('id'),
    name: account.text('name'),
    ownerId: account.integer('ownerId'),
    description: account.read('description', orNull(text)),
    aiConsent: account.flag('aiConsent'),
    legacyApiKeysDisabled: account.read('legacyApiKeysDisabled', orNull(flag)),
    created: account.integer('created'),
    members: account.read('members', (members, at) =>
      list(members, at).map((member, index) => readMember(member, `${at}[${index}]`)),
    ),
    updated: account.integer('updated'),
    apiKeyExpiration: account.integer('apiKeyExpiration'),
  };
};

const PLACE = ['id', 'name', 'userId', 'created', 'updated'];

const place = (from: ReturnType<typeof row>) => ({
  id: from.integer('id'),
  name: from.text('name'),
  userId: from.integer('userId'),
  created: from.integer('created'),
  updated: from.integer('updated'),
});

export const readWorkspace: Read<WorkspaceRecord> = (value, path) => {
  const from = row(value, path, [...PLACE, 'accountId', 'enabled']);
  return { ...place(from), accountId: from.integer('accountId'), enabled: from.flag('enabled') };
};

export const readProject: Read<ProjectRecord> = (value, path) => {
  const from = row(value, path, [...PLACE, 'workspaceId', 'description']);
  return { ...place(from), workspaceId: from.integer('workspaceId'), description: from.text('description') };
};

export const readTest: Read<TestRecord> = (value, path) => {
  const from = row(value, path, [...PLACE, 'projectId', 'type']);
  return { ...place(from), projectId: from.integer('projectId'), type: from.text('type') };
};

const KEY = [
  'id',
  'name',
  'userId',
  'created',
  'updated',
  'expiration',
  'lastUsed',
  'issued',
  'hash',
  'liveFrom',
  'previous',
];

export const readKey: Read<KeyRecord> = (value, path) => {
  const key = row(value, path, KEY);
  return {
    id: key.text('id'),
    name: key.text('name'),
    userId: key.integer('userId'),
    created: key.integer('created'),
    updated: key.integer('updated'),
    expiration: key.integer('expiration'),
    lastUsed: key.read('lastUsed', orNull(integer)),
    issued: key.integer('issued'),
    hash: key.text('hash'),
    liveFrom: key.read('liveFrom', number),
    previous: key.read('previous', orNull(readPrevious)),
  };
};

const readPrevious: Read<{ readonly hash: string; readonly until: number }> = (value, path) => {
  const previous = row(value, path, ['hash', 'until']);
  return { hash: previous.text('hash'), until: previous.read('until', number) };
};
