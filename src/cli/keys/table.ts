// Tables and lists of fields of the command. How text is measured and laid out is the audit's: see its reports.

import { layOut } from '../../audit/report/layout.ts';
import { padded, widthOf, wrapped } from '../../audit/report/width.ts';

/** How a piece of text may look. */
export type Style = 'plain' | 'dim' | 'bold' | 'good' | 'warning' | 'bad';

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

export interface Column {
  readonly title: string;
  /** Never broken: an id is there to be copied. */
  readonly whole?: boolean;
  /** Left out where a line has fewer characters. */
  readonly from?: number;
}

export type Paint = (style: Style, text: string) => string;

const GAP = 2;
const LEAST_ROOM = 10;

/** The lines of a table that fits. All text in it must be safe to print. A row is coloured by its first cell. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
  paint: Paint = (_, text) => text,
): string[] {
  const shown = <Item>(items: readonly Item[]): Item[] =>
    items.filter((_, at) => (columns[at]?.from ?? 0) <= width);
  const laid = rows.map((row) => {
    const style = row[0]?.style ?? 'plain';
    return {
      cells: shown(row).map(({ text }) => [text]),
      ...(style === 'plain' ? {} : { paint: (text: string) => paint(style, text) }),
    };
  });
  return layOut(shown(columns), laid, width);
}

/** Names and values, one a line; a long value goes on below itself. */
export function fields(
  pairs: readonly (readonly [string, Cell])[],
  width: number,
  paint: Paint = (_, text) => text,
): string[] {
  const label = Math.max(0, ...pairs.map(([name]) => widthOf(name)));
  const room = Math.max(LEAST_ROOM, width - label - GAP);
  return pairs.flatMap(([name, { text, style = 'plain' }]) =>
    // What has no blank in it is there to be copied whole: an id, a path, a secret.
    (text.includes(' ') ? wrapped(text, room) : [text]).map(
      (line, at) =>
        `${paint('dim', padded(at === 0 ? name : '', label))}${' '.repeat(GAP)}${paint(style, line)}`,
    ),
  );
}
