// Rows and columns as plain text of a width: cells wrap, and where the columns do not fit, each row becomes a block.

import { padded, widthOf, wrapped } from './width.ts';

/** A column. */
export interface Column {
  readonly title: string;
  /** Never narrower than what stands in it. Default: it wraps. */
  readonly whole?: boolean;
}

/** A row: what stands in its cells, line by line, and below them. */
export interface Row {
  readonly cells: readonly (readonly string[])[];
  readonly below?: readonly string[];
  /** Puts the row's first cell into a colour, once its width is settled. */
  readonly paint?: (text: string) => string;
}

const GAP = '  ';
const INDENT = '  ';
/** A column that wraps is never narrower, in cells. */
const NARROWEST = 12;

/** The widths of the columns; `undefined` where they do not fit. The widest give way first. */
function columnWidths(columns: readonly Column[], rows: readonly Row[], width: number): number[] | undefined {
  const natural = columns.map(({ title }, at) =>
    Math.max(widthOf(title), ...rows.flatMap((row) => (row.cells[at] ?? []).map(widthOf))),
  );
  const room = width - GAP.length * (columns.length - 1);
  const at = (most: number): number[] =>
    natural.map((wide, index) => (columns[index]?.whole === true ? wide : Math.min(wide, most)));
  const sum = (widths: readonly number[]): number => widths.reduce((total, one) => total + one, 0);
  if (sum(natural) <= room) return natural;
  let [low, high] = [NARROWEST, Math.max(NARROWEST, room)];
  if (sum(at(low)) > room) return undefined;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (sum(at(middle)) <= room) low = middle;
    else high = middle - 1;
  }
  return at(low);
}

const indented = (lines: readonly string[], width: number): string[] =>
  lines.flatMap((line) => wrapped(line, width - INDENT.length).map((part) => `${INDENT}${part}`));

function inColumns(
  cells: readonly (readonly string[])[],
  widths: readonly number[],
  paint?: Row['paint'],
): string[] {
  const blocks = widths.map((width, at) => (cells[at] ?? []).flatMap((line) => wrapped(line, width)));
  const height = Math.max(...blocks.map((block) => block.length));
  return Array.from({ length: height }, (_, line) =>
    blocks
      .map((block, at) => {
        const text = block[line] ?? '';
        const cell = padded(text, widths[at] ?? 0);
        return paint !== undefined && at === 0 && text !== '' ? cell.replace(text, paint) : cell;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** The lines of a table. */
export function layOut(columns: readonly Column[], rows: readonly Row[], width: number): string[] {
  const widths = columnWidths(columns, rows, width);
  if (widths === undefined)
    return rows.flatMap(({ cells, below = [] }, index) => [
      ...(index === 0 ? [] : ['']),
      ...columns.flatMap(({ title }, at) => {
        const text = (cells[at] ?? []).filter((line) => line !== '').join(' ');
        return text === '' ? [] : wrapped(`${title}: ${text}`, width);
      }),
      ...indented(below, width),
    ]);
  const titles = columns.map(({ title }) => [title]);
  return [
    ...inColumns(titles, widths),
    ...inColumns(
      widths.map((one) => ['-'.repeat(one)]),
      widths,
    ),
    ...rows.flatMap(({ cells, below = [], paint }) => [
      ...inColumns(cells, widths, paint),
      ...indented(below, width),
    ]),
  ];
}
