// What the command prints: for people, or as one line of JSON. Secrets only where they were asked for.

import type { ExplainedBehaviour } from '../../reference/behaviours.ts';
import type { Reference } from '../../reference/reference.ts';
import type { Seeded, SeededKey } from '../../reference/seed/seed.ts';
import { semanticsSwitches } from '../../reference/semantics.ts';
import { safeJson } from '../../util/printable.ts';
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

/** One line, for programs. */
export function startedAsJson({ reference, made, ...where }: Started, printCredentials: boolean): string {
  const shown = (key: SeededKey) => (printCredentials ? key : { ...key, secret: undefined });
  const keys = Object.fromEntries(Object.entries(made.keys).map(([name, key]) => [name, shown(key)]));
  const { clock, semantics } = reference;
  return safeJson({
    ...{ version: VERSION, ...where, pid: process.pid, now: clock.now(), semantics },
    made: { ...made, keys },
  });
}

const date = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** For people. */
export function startedAsText(
  { url, control, host, port, frozen, reference, made }: Started,
  printCredentials: boolean,
): string[] {
  const { clock, semantics, faults } = reference;
  const set = semanticsSwitches
    .filter((each) => semantics[each.name] !== each.default)
    .map(({ name }) => `${name}=${String(semantics[name])}`);
  const keys = Object.entries(made.keys);
  const [[name, { id, secret }] = ['', { id: '', secret: '' }]] = keys;
  return [
    `blazemeter-reference ${VERSION}: a stand-in for the BlazeMeter API v4, not made by BlazeMeter. No key here is real.`,
    '',
    `API        ${url}`,
    `Control    ${control ?? 'none'}`,
    `Listens    on ${host}, port ${port}`,
    `Clock      ${clock.now().toISOString()}, ${frozen ? 'frozen' : 'running'}`,
    `Semantics  ${set.length === 0 ? 'documented' : set.join(', ')}`,
    `Faults     ${faults.active.length === 0 ? 'none' : `${faults.active.length} in force`}`,
    '',
    ...(['users', 'accounts', 'workspaces', 'projects', 'tests', 'multiTests'] as const).flatMap((kind) =>
      listed(
        kind,
        Object.entries(made[kind]).map(([ref, { id, name }]) => `${ref}: ${id}, ${name}`),
      ),
    ),
    ...listed(
      'keys',
      keys.flatMap(([name, { id, userId, expiration, secret }]) => [
        `${name}: ${id}, of user ${userId}, until ${date(expiration)}`,
        ...(printCredentials ? [`  secret ${secret}`] : []),
      ]),
      Number.POSITIVE_INFINITY,
    ),
    ...(keys.length === 0
      ? []
      : printCredentials
        ? [
            ...['', `To sign as ${name}, in another terminal:`, `  $ export BZ_TOKEN=${id}:${secret}`],
            `  $ npx blazemeter-client whoami --base-url ${url}`,
          ]
        : [`${' '.repeat(11)}(--print-credentials shows the secrets)`]),
  ];
}

/** The first few of a kind: a seed may have thousands. */
function listed(kind: string, lines: readonly string[], most = 20): string[] {
  const shown = lines.length > most ? [...lines.slice(0, most), `and ${lines.length - most} more`] : lines;
  return shown.map((line, at) => `${(at === 0 ? kind : '').padEnd(11)}${line}`);
}

/** The table of `--explain`. */
export function explained(behaviours: readonly ExplainedBehaviour[]): string[] {
  const width = Math.max(...behaviours.map(({ id }) => id.length));
  return behaviours.map(
    ({ id, behaviour, value, provenance }) =>
      `${id.padEnd(width)}  ${provenance.padEnd(10)}  ${behaviour}: ${value}`,
  );
}
