// What the command prints: for people, or as one line of JSON. Secrets only where they were asked for.

import type { ExplainedBehaviour } from '../../reference/behaviours.ts';
import type { Reference } from '../../reference/reference.ts';
import type { Seeded, SeededKey } from '../../reference/seed/seed.ts';
import { semanticsSwitches } from '../../reference/semantics.ts';
import { printable } from '../../util/printable.ts';
import { VERSION } from '../../version.ts';

/** What there is to say once it listens. */
export interface Started {
  /** Base URL of the API, as this machine reaches it. */
  readonly url: string;
  /** Base URL of the control API; `null`: there is none. */
  readonly control: string | null;
  readonly host: string;
  readonly port: number;
  readonly frozen: boolean;
  readonly reference: Reference;
  readonly made: Seeded;
}

const date = (seconds: number): string => new Date(seconds * 1000).toISOString();

const withoutSecret = ({ secret: _, ...key }: SeededKey) => key;

const keysOf = ({ keys }: Seeded): readonly [string, SeededKey][] => Object.entries(keys);

/** One line, for programs. */
export function startedAsJson(
  { reference, made, ...where }: Started,
  options: { readonly printCredentials: boolean },
): string {
  const show = options.printCredentials ? (key: SeededKey) => key : withoutSecret;
  const keys = Object.fromEntries(keysOf(made).map(([name, key]) => [name, show(key)]));
  const now = reference.clock.now();
  const { semantics } = reference;
  return `${JSON.stringify({ version: VERSION, ...where, pid: process.pid, now, semantics, made: { ...made, keys } })}\n`;
}

/** For people. */
export function startedAsText(
  { url, control, host, port, frozen, reference, made }: Started,
  options: { readonly printCredentials: boolean },
): string {
  const { clock, semantics, faults } = reference;
  const turned = semanticsSwitches
    .filter((each) => semantics[each.name] !== each.default)
    .map(({ name }) => `${name}=${String(semantics[name])}`);
  const keys = keysOf(made);
  const lines = [
    `blazemeter-reference ${VERSION}: a stand-in for the BlazeMeter API v4, not made by BlazeMeter. No key here is real.`,
    '',
    `API        ${url}`,
    `Control    ${control ?? 'none'}`,
    `Listens    on ${host}, port ${port}`,
    `Clock      ${clock.now().toISOString()}, ${frozen ? 'frozen' : 'running'}`,
    `Semantics  ${turned.length === 0 ? 'documented' : turned.join(', ')}`,
    `Faults     ${faults.active.length === 0 ? 'none' : `${faults.active.length} in force`}`,
    '',
    ...things('users', made.users),
    ...things('accounts', made.accounts),
    ...things('workspaces', made.workspaces),
    ...things('projects', made.projects),
    ...things('tests', made.tests),
    ...things('multiTests', made.multiTests),
    ...keys.flatMap(([name, key], index) => [
      `${label(index, 'keys')}${printable(name)}: ${key.id}, of user ${key.userId}, until ${date(key.expiration)}`,
      ...(options.printCredentials ? [`${label(1, '')}  secret ${key.secret}`] : []),
    ]),
    ...(keys.length === 0 || options.printCredentials
      ? []
      : [`${label(1, '')}(--print-credentials shows the secrets)`]),
  ];
  return `${lines.join('\n')}\n`;
}

const label = (index: number, name: string): string => (index === 0 ? name : '').padEnd(11);

/** The first few of a kind: a seed may have thousands. */
const MOST_SHOWN = 20;

function things(
  kind: string,
  made: Readonly<Record<string, { readonly id: number; readonly name: string }>>,
): string[] {
  const all = Object.entries(made);
  const lines = all
    .slice(0, MOST_SHOWN)
    .map(([ref, { id, name }], index) => `${label(index, kind)}${printable(ref)}: ${id}, ${printable(name)}`);
  return all.length > MOST_SHOWN ? [...lines, `${label(1, '')}and ${all.length - MOST_SHOWN} more`] : lines;
}

/** The table of `--explain`. */
export function explained(behaviours: readonly ExplainedBehaviour[], json: boolean): string {
  if (json) return `${JSON.stringify(behaviours, null, 2)}\n`;
  const width = Math.max(...behaviours.map(({ id }) => id.length));
  const lines = behaviours.map(
    ({ id, behaviour, value, mark }) => `${id.padEnd(width)}  ${mark.padEnd(10)}  ${behaviour}: ${value}`,
  );
  return `${lines.join('\n')}\n`;
}
