// A manifest: which keys there are, where each pair comes from, where its record is, and who gets the new pair. It holds
// names and places, never a secret. `docs/keys-manifest.schema.json` is made from this very schema.

import * as z from 'zod/mini';
import { printable, shownId } from '../../text/printable.ts';
import { readText, shownPath } from '../files.ts';
import { refuseSecrets } from './command-line.ts';
import { usage } from './exit-codes.ts';

const described = <Kind extends z.ZodMiniType>(schema: Kind, description: string): Kind => {
  z.globalRegistry.add(schema, { description });
  return schema;
};

const text = (description: string) =>
  described(z.string().check(z.minLength(1), z.maxLength(1_000)), description);
const variable = (description: string) =>
  described(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/)), description);
const address = (description: string) =>
  described(z.string().check(z.regex(/^https?:\/\/[^@\s]+$/)), description);

const pairKeys = described(
  z.strictObject({ id: text('field of the id'), secret: text('field of the secret') }),
  'Also keep the current pair in fields of these names.',
);

const source = described(
  z.union([
    z.strictObject({
      idEnv: variable('Environment variable that holds the id.'),
      secretEnv: variable('Environment variable that holds the secret.'),
    }),
    z.strictObject({ tokenEnv: variable('Environment variable that holds id:secret.') }),
    z.strictObject({ keyFile: text('Key file with {"id", "secret"}; relative to the manifest.') }),
    z.strictObject({ taurus: text('Settings of Taurus (.bzt-rc); relative to the manifest.') }),
  ]),
  'Where the pair comes from with which the record begins. Not read any more once there is a record.',
);

const store = described(
  z.union([
    z.strictObject({ file: text('File of the record; relative to the manifest.') }),
    z.strictObject({
      vault: z.strictObject({
        address: address('Address of Vault.'),
        path: text('Path of the secret within the engine.'),
        mount: z.optional(text('Where the KV engine, version 2, is mounted. Default: secret.')),
        namespace: z.optional(text('Namespace, where Vault has them.')),
        tokenEnv: variable('Environment variable that holds the token.'),
        pairKeys: z.optional(pairKeys),
      }),
    }),
    z.strictObject({
      kubernetes: z.strictObject({
        server: z.optional(
          address('Address of the API server. Default: that of the cluster this pod runs in.'),
        ),
        namespace: z.optional(text("Default: the pod's own, or default.")),
        name: text('Name of the Secret.'),
        tokenEnv: z.optional(
          variable("Environment variable that holds the token. Default: the pod's service account."),
        ),
        pairKeys: z.optional(pairKeys),
      }),
    }),
  ]),
  'Where the record of the rotation is kept. Each key has one of its own.',
);

const sink = described(
  z.strictObject({
    keyFile: text('Key file that gets each new pair; relative to the manifest.'),
    name: z.optional(text('Name under which the record keeps what it holds. Default: the path.')),
  }),
  'Who gets each new pair.',
);

const timing = {
  drain: z.optional(text("How long readers get to leave the old key, such as '1 day'.")),
  within: z.optional(text("How long before its end a key is rotated, such as '30 days'.")),
  expiresIn: z.optional(text("How long the new key lives, such as '3 months', or 'max'.")),
};

const entry = described(
  z.strictObject({
    name: text('Of this entry, and the first part of the names of the keys that are made. Unique.'),
    owner: z.optional(text('Whom to ask about this key: the label of a team. The report is made by it.')),
    source,
    store,
    sinks: z.optional(z.array(sink)),
    ...timing,
  }),
  'One key that is rotated.',
);

/** The schema of a manifest. */
export const manifestSchema = described(
  z.strictObject({
    $schema: z.optional(described(z.string(), 'Where this schema is, for editors.')),
    defaults: z.optional(described(z.strictObject(timing), 'For entries that do not say otherwise.')),
    keys: z.array(entry).check(z.minLength(1)),
  }),
  'A manifest of blazemeter-keys. It names places, and never holds a secret.',
);

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestEntry = Manifest['keys'][number];
export type SourceEntry = ManifestEntry['source'];
export type StoreEntry = ManifestEntry['store'];
export type SinkEntry = NonNullable<ManifestEntry['sinks']>[number];

const MIB = 1_048_576;
const MOST_PROBLEMS = 10;

/** Reads a manifest, or says what is wrong with it: where, and never what stands there. */
export function readManifest(path: string): Manifest {
  const content = readText('--manifest', path, MIB);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw usage(`--manifest ${shownPath(path)}: it is not valid JSON.`);
  }
  try {
    refuseSecrets([content]);
  } catch {
    throw usage(
      `--manifest ${shownPath(path)}: it holds what looks like a secret. A manifest names where pairs are; give that key a new secret.`,
    );
  }
  const read = z.safeParse(manifestSchema, value);
  const problems = read.success ? repeats(read.data) : read.error.issues.map(problemOf);
  if (read.success && problems.length === 0) return read.data;
  const shown = problems.slice(0, MOST_PROBLEMS).map((problem) => `\n- ${problem}`);
  const more = problems.length > MOST_PROBLEMS ? `\n- and ${problems.length - MOST_PROBLEMS} more` : '';
  throw usage(`--manifest ${shownPath(path)}:${shown.join('')}${more}`);
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly keys?: readonly string[];
  readonly expected?: unknown;
}

function problemOf({ code, path, keys = [], expected }: Issue): string {
  const where = path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${printable(String(part), 40)}`))
    .join('')
    .replace(/^\./, '');
  const what =
    code === 'unrecognized_keys'
      ? `has fields that are not known: ${keys.map(shownId).join(', ')}`
      : code === 'invalid_type'
        ? `must be there, as ${/^[aeiou]/.test(String(expected)) ? 'an' : 'a'} ${expected}`
        : code === 'invalid_union'
          ? 'is missing, or has none of the forms that the schema allows'
          : code === 'too_small'
            ? 'is empty'
            : 'is not of the form that the schema asks for';
  return `${where || 'the whole'} ${what}`;
}

/** What must not stand in it twice: two entries with one record would rotate each other's key. */
function repeats({ keys }: Manifest): string[] {
  const places: readonly (readonly [string, (entry: ManifestEntry) => readonly string[]])[] = [
    ['name', ({ name }) => [name]],
    ['store', ({ store: place }) => [JSON.stringify(place)]],
    ['sinks', ({ sinks = [] }) => sinks.map(({ keyFile }) => keyFile)],
  ];
  return places.flatMap(([field, valuesOf]) => {
    const first = new Map<string, number>();
    return keys.flatMap((each, at) =>
      valuesOf(each).flatMap((value) => {
        const before = first.get(value);
        if (before === undefined) first.set(value, at);
        return before === undefined ? [] : [`keys[${at}].${field} is the same as that of keys[${before}]`];
      }),
    );
  });
}
