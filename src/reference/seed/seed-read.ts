// Checks a seed before anything is created from it: fields, values, and the names that entries refer to each other by.

import * as z from 'zod/mini';
import { offsetMs, textMs, timeParts } from '../clock.ts';
import { fail, read, strictObject } from '../read.ts';
import { KINDS, type Kind, type State } from '../state.ts';
import type { Moment } from './seed.ts';

const optional = z.optional;
const text = optional(z.string());
const flag = optional(z.boolean());

const MOMENT =
  'must be a Date, text such as 2026-01-31T12:00:00Z, or a distance from now such as { "days": 30 } or "30 days".';
const moment = optional(z.union([z.date(), z.string(), timeParts], MOMENT));

const DAYS = 'must be a number of days, or -1 for no limit.';

const user = strictObject({
  email: text,
  firstName: text,
  lastName: text,
  displayName: text,
  enabled: flag,
  defaultProject: text,
});
const account = strictObject({
  owner: z.string(),
  members: optional(z.record(z.string(), z.array(z.string()))),
  name: text,
  apiKeyExpiration: optional(
    z.int().check(
      z.gte(-1, DAYS),
      z.refine((days) => days !== 0, DAYS),
    ),
  ),
  legacyApiKeysDisabled: optional(z.nullable(z.boolean())),
  description: text,
  aiConsent: flag,
});
const key = strictObject(
  {
    user: z.string(),
    name: optional(z.string().check(z.refine((name) => name.trim() !== '', 'must not be empty.'))),
    expires: moment,
    created: moment,
    lastUsed: moment,
  },
  { secret: 'secrets are created by the reference, so that no real one ends up in a seed.' },
);
const workspace = strictObject({ account: z.string(), name: text, enabled: flag });
const project = strictObject({ workspace: z.string(), name: text, description: text });
const test = strictObject({ project: z.string(), name: text, type: text });

const named = <Schema extends z.ZodMiniType>(schema: Schema) => z._default(z.record(z.string(), schema), {});
const seed = strictObject({
  users: named(user),
  accounts: named(account),
  keys: named(key),
  workspaces: named(workspace),
  projects: named(project),
  tests: named(test),
  multiTests: named(test),
});

/** A seed whose fields are checked and whose references exist. */
export type CheckedSeed = z.output<typeof seed>;

/** Reads a seed for a reference that has a state already, or is empty. */
export function readSeed(value: unknown, state: State, nowMs: number): CheckedSeed {
  const checked = read(seed, value, 'seed');
  const refer = (kind: Kind, name: string | undefined, path: string): void => {
    if (name !== undefined && !state.names[kind].has(name) && !Object.hasOwn(checked[kind], name))
      fail(path, `there is no such name among the ${kind}.`);
  };
  const each = <Entry>(
    kind: Kind,
    part: Readonly<Record<string, Entry>>,
    check: (entry: Entry, path: string) => void,
  ) => {
    for (const [name, entry] of Object.entries(part)) check(entry, `seed.${kind}.${name}`);
  };

  for (const kind of KINDS)
    each<unknown>(kind, checked[kind], (_, path) => {
      const name = path.slice(`seed.${kind}.`.length);
      if (name === '') fail(path, 'a name must not be empty.');
      if (state.names[kind].has(name)) fail(path, 'an earlier seed created something of this name.');
    });
  each('users', checked.users, ({ defaultProject }, path) =>
    refer('projects', defaultProject, `${path}.defaultProject`),
  );
  each('accounts', checked.accounts, ({ owner, members = {} }, path) => {
    refer('users', owner, `${path}.owner`);
    for (const member of Object.keys(members)) {
      refer('users', member, `${path}.members.${member}`);
      if (member === owner)
        fail(`${path}.members.${member}`, 'the owner is in the account without being listed.');
    }
  });
  each('keys', checked.keys, (entry, path) => {
    refer('users', entry.user, `${path}.user`);
    for (const name of ['expires', 'created', 'lastUsed'] as const)
      if (entry[name] !== undefined && !isTime(secondsOf(entry[name], nowMs)))
        fail(`${path}.${name}`, MOMENT);
  });
  each('workspaces', checked.workspaces, (entry, path) =>
    refer('accounts', entry.account, `${path}.account`),
  );
  each('projects', checked.projects, (entry, path) =>
    refer('workspaces', entry.workspace, `${path}.workspace`),
  );
  each('tests', checked.tests, (entry, path) => refer('projects', entry.project, `${path}.project`));
  each('multiTests', checked.multiTests, (entry, path) =>
    refer('projects', entry.project, `${path}.project`),
  );
  return checked;
}

/** The last second of the year 9999. */
const LATEST = 253_402_300_799;

const isTime = (seconds: number): boolean => seconds >= 0 && seconds <= LATEST;

/** A moment as whole Unix seconds; `NaN` for text that is no time. */
export function secondsOf(moment: Moment, nowMs: number): number {
  const absolute = moment instanceof Date || (typeof moment === 'string' && textMs(moment) === undefined);
  const ms = absolute ? new Date(moment).getTime() : nowMs + offsetMs(moment);
  return Math.floor(ms / 1000);
}
