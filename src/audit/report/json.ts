// A report as JSON text. Logs print it like any other text, so its strings are made printable too.

import { printable } from '../../util/printable.ts';
import type { Report } from './content.ts';

/** Fields that are text from outside. All other text is ours, and may be long. */
const FOREIGN: readonly string[] = ['id', 'name', 'owner', 'reason'];
const LONGEST = 100_000;

/**
 * A report as JSON: the fields of the report, dates in ISO 8601, text from outside made printable. Names are therefore for
 * reading only; the report itself has them unchanged.
 *
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { audit, toJson } from 'blazemeter-client/audit';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * console.log(JSON.parse(toJson(await audit(client))).keys); // 1
 * ```
 */
export function toJson(report: Report): string {
  const text = JSON.stringify(
    report,
    (field, value: unknown) =>
      typeof value === 'string' ? printable(value, FOREIGN.includes(field) ? undefined : LONGEST) : value,
    2,
  );
  return `${text}\n`;
}
