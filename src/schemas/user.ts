// The user that a key belongs to: `GET /user` (documented; its fields are observed).

import * as z from 'zod/mini';
import { type Extra, numericId, optional, optionalTime, person, withExtra } from './read.ts';

/** The project, workspace and account that a user works in by default. */
export interface DefaultProject {
  /** The id of the project. */
  readonly id: number;
  /** The name of the project. */
  readonly name: string | null;
  /** The account that the project is in. */
  readonly accountId: number | null;
  /** The name of that account. */
  readonly accountName: string | null;
  /** The workspace that the project is in. */
  readonly workspaceId: number | null;
}

/** A user (`GET /user` is documented; its fields are observed). A field that the service leaves out is `null`. */
export interface User {
  /** The id of the user. */
  readonly id: number;
  /** The e-mail address. */
  readonly email: string | null;
  /** The name to show. */
  readonly displayName: string | null;
  /** The first name. */
  readonly firstName: string | null;
  /** The last name. */
  readonly lastName: string | null;
  /** Whether the user is enabled. */
  readonly enabled: boolean | null;
  /** When the user was created. */
  readonly createdAt: Date | null;
  /** When the user was last changed. */
  readonly updatedAt: Date | null;
  /** Where the user works by default; `null`: nowhere yet. */
  readonly defaultProject: DefaultProject | null;
  /** Fields that this version does not know. */
  readonly extra: Extra;
}

const defaultProject: z.ZodMiniType<DefaultProject> = z.object({
  id: numericId,
  name: optional('defaultProject.name', z.string()),
  accountId: optional('defaultProject.accountId', numericId),
  accountName: optional('defaultProject.accountName', z.string()),
  workspaceId: optional('defaultProject.workspaceId', numericId),
});

const fields = {
  id: numericId,
  ...person(),
  firstName: optional('firstName', z.string()),
  lastName: optional('lastName', z.string()),
  enabled: optional('enabled', z.boolean()),
  created: optionalTime('created'),
  updated: optionalTime('updated'),
  defaultProject: optional('defaultProject', defaultProject),
};

/** The user whose key signs the call. */
export const user: z.ZodMiniType<User> = z.pipe(
  z.looseObject(fields),
  z.transform((found) => {
    const { id, email, displayName, firstName, lastName, enabled, created, updated } = found;
    const dates = { createdAt: created, updatedAt: updated };
    const names = { email, displayName, firstName, lastName };
    const model = { id, ...names, enabled, ...dates, defaultProject: found.defaultProject };
    return withExtra(model, found, fields);
  }),
);
