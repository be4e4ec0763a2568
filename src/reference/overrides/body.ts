// Reading the bodies that a corrected client builds.

import {
  at,
  type BodyInput,
  DAY,
  DAYS,
  INPUT,
  type Json,
  KEY_ID,
  type Path,
  type RouteOverride,
  timeForm,
  unclear,
} from './override.ts';

/** Reads a body of the client's form as the fields of the reference. */
export type ReadBody = (body: Json, now: number) => Json;

/** Learns where the client's function puts what. Throws a `TypeError` where the reference could not read its bodies. */
export function bodyReader(
  operation: string,
  build: NonNullable<RouteOverride['body']>,
  needed: readonly string[],
): ReadBody {
  const built = (input: BodyInput): [Path, unknown][] => {
    try {
      return leaves(JSON.parse(JSON.stringify(build(input) ?? null)));
    } catch {
      throw unclear(operation, 'body', ['what it is given']);
    }
  };
  const places = built(INPUT);
  const unlimited = new Map(built({ ...INPUT, days: -1 }).map(([path, value]) => [path.join('\n'), value]));
  const readers: [field: string, path: Path, read: (value: unknown, now: number) => unknown][] = [];
  for (const [path, value] of places) {
    const time = timeForm(value);
    if (value === INPUT.name) readers.push(['name', path, (found) => found]);
    else if (value === KEY_ID || String(value) === String(INPUT.accountId))
      readers.push(['id', path, String]);
    else if (time !== undefined) readers.push(['expiration', path, time.read]);
    else if (Number(value) === DAYS && operation === 'apiKeyPolicy.set') {
      const none = unlimited.get(path.join('\n'));
      readers.push([
        'apiKeyExpiration',
        path,
        (found) => (found === none ? -1 : typeof value === 'string' ? Number(found) : found),
      ]);
    } else if (Number(value) === DAYS)
      readers.push(['expiration', path, (found, now) => now + Number(found) * DAY]);
  }
  const missing = needed.filter((name) => !readers.some(([field]) => field === name));
  if (missing.length > 0) throw unclear(operation, 'body', missing);
  return (body, now) =>
    Object.fromEntries(
      readers
        .map(([field, path, read]) => [field, at(body, path), read] as const)
        .flatMap(([field, found, read]) => (found === undefined ? [] : [[field, read(found, now)]])),
    );
}

/** The values in a JSON text, each with its path. */
function leaves(value: unknown, path: Path = []): [Path, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, member]) => leaves(member, [...path, name]));
}
