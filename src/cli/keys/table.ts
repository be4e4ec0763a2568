// Tables and lists of fields of the command, without lines between the cells. Long lines are left to the terminal.

import Table from 'cli-table3';

/** How a piece of text may look. */
export type Style = 'plain' | 'dim' | 'bold' | 'good' | 'warning' | 'bad';

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

export type Paint = (style: Style, text: string) => string;

const BORDERS = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
] as const;
const chars = Object.fromEntries(BORDERS.map((border) => [border, '']));
const style = { 'padding-left': 0, 'padding-right': 2, head: [], border: [] };

/** The lines of a table. All text in it must be safe to print. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Paint = (_, text) => text,
): string[] {
  const laid = new Table({ chars, style, head: [...titles] });
  laid.push(...rows.map((row) => row.map(({ text, style: look = 'plain' }) => paint(look, text))));
  return laid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

/** Names and values, one a line. */
export const fields = (
  pairs: readonly (readonly [string, Cell])[],
  paint: Paint = (_, text) => text,
): string[] =>
  table(
    [],
    pairs.map(([name, value]) => [{ text: name, style: 'dim' }, value]),
    paint,
  );
