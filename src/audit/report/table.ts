// A report as plain text, for a terminal or a log of a width.

import type { Severity } from '../rules.ts';
import { type ContentRow, contentOf, type Report, type Section } from './content.ts';
import { type Column, layOut, type Row } from './layout.ts';
import { widthOf, wrapped } from './width.ts';

/** Options of `toTable`. */
export interface TableOptions {
  /** Cells in a line; `process.stdout.columns` in a terminal. Default: 80; never less than 20. */
  readonly width?: number | undefined;
  /** Whether severities are coloured, with ANSI sequences. Default: no. */
  readonly color?: boolean | undefined;
}

const NARROWEST = 20;
const COLORS: Readonly<Record<Severity, number>> = { error: 31, warning: 33, note: 36 };

const paint = (severity: Severity) => (text: string) => `\u001b[${COLORS[severity]}m${text}\u001b[0m`;

/** Columns that stand below their row where there is not the room for all. */
const BELOW = ['Id', 'Owner', 'What', 'To do'];

function rowsOf(
  columns: readonly Column[],
  rows: readonly ContentRow[],
  wide: boolean,
  color: boolean,
): Row[] {
  const titled = (at: number): string => columns[at]?.title ?? '';
  return rows.map(({ cells, severity }) => {
    const below = wide ? [] : cells.filter((_, at) => BELOW.includes(titled(at)));
    const [id, owner, ...sentences] = below.map(({ lines }) => lines.join(' '));
    return {
      cells: cells.filter((cell) => !below.includes(cell)).map(({ lines }) => lines),
      below: [
        [id, owner].filter((part) => part !== undefined && part !== '').join(', '),
        ...sentences,
      ].filter((line) => line !== ''),
      ...(color && severity !== undefined ? { paint: paint(severity) } : {}),
    };
  });
}

/** Lines of sentences; those of a list hang behind their mark. */
function sentences(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) => {
    const mark = /^ *(?:-|\d+\.) /.exec(line)?.[0] ?? '';
    const indent = ' '.repeat(widthOf(mark));
    return wrapped(line.slice(mark.length), width - indent.length).map(
      (part, at) => `${at === 0 ? mark : indent}${part}`,
    );
  });
}

const sectionLines = ({ title, ordered = false, items }: Section): string[] =>
  items.length === 0
    ? []
    : ['', `${title}:`, ...items.map((item, at) => `${ordered ? `${at + 1}.` : '-'} ${item}`)];

/**
 * A report as plain text. No line is wider than `width` terminal cells, wide characters counted as two. Text from outside
 * cannot drive a terminal or a CI system.
 *
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { expiring, toTable } from 'blazemeter-client/audit';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * const report = await expiring(client, { within: '1 month' });
 * process.stdout.write(toTable(report, { width: process.stdout.columns }));
 * ```
 */
export function toTable(report: Report, options: TableOptions = {}): string {
  const { color = false } = options;
  const asked = options.width ?? 80;
  if (typeof asked !== 'number' || Number.isNaN(asked))
    throw new TypeError('width is a number of characters.');
  const width = Math.max(NARROWEST, Math.floor(asked));
  const { title, head, columns, wideFrom, rows, sections } = contentOf(report);
  const wide = width >= wideFrom;
  const shown = columns.filter((column) => wide || !BELOW.includes(column.title));
  const table = rows.length === 0 ? [] : ['', ...layOut(shown, rowsOf(columns, rows, wide, color), width)];
  const lines = [
    ...sentences([title, ...head], width),
    ...table,
    ...sentences(sections.flatMap(sectionLines), width),
  ];
  return `${lines.join('\n')}\n`;
}
