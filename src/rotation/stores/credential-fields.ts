// The fields of a secret in Vault or Kubernetes: the record, and where that is wanted the credentials in use beside it.

import * as z from 'zod/mini';
import type { RotationRecord } from '../record/record.ts';

/** The names under which a store also keeps the credentials in use, for programs that read them from there. */
export interface CredentialFields {
  readonly id: string;
  readonly secret: string;
}

/** The field that holds the record. */
export const RECORD_FIELD = 'record';

/** Checks the option; `form` is what names of fields look like. */
export const credentialFieldsSpec = (form: RegExp) => {
  const name = z.string().check(z.refine((text) => form.test(text) && text !== RECORD_FIELD));
  const fields = z.object({ id: name, secret: name }).check(z.refine(({ id, secret }) => id !== secret));
  return z.custom(
    (value) => z.safeParse(fields, value, { error: () => '' }).success,
    `{ id, secret }, two different names of letters, digits, "-", "_" and "."; neither may be "${RECORD_FIELD}"`,
  );
};

/** The record and the credentials in use: they change together or not at all. */
export const fieldsOf = (
  text: string,
  { current }: RotationRecord,
  names: CredentialFields | undefined,
): Record<string, string> => ({
  [RECORD_FIELD]: text,
  ...(names === undefined ? {} : { [names.id]: current.id, [names.secret]: current.secret.reveal() }),
});
