// A report as JSON text. A log prints it like any other text, so what is in it passes the same function.

import { printable } from '../../util/printable.ts';
import type { Report } from './content.ts';

/** Fields that hold text from outside by itself. All other text is ours, and may be long. */
const FOREIGN: readonly string[] = ['id', 'name', 'owner', 'reason'];
const LONGEST = 100_000;

/**
 * A report as JSON: the fields of the report, dates in ISO 8601, text from outside made printable. A name in it is for
 * reading, then; the report itself has it as the service does.
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
