// What becomes of standard output. Node puts the null device in the place of one that is closed, as programs do that start a command
// and want no output: the two look the same, and every write succeeds.

import { fstatSync, statSync } from 'node:fs';
import { devNull } from 'node:os';

/** Whether what is written goes nowhere. */
export function isDiscarded(): boolean {
  try {
    const { rdev } = fstatSync(1);
    return rdev !== 0 && rdev === statSync(devNull).rdev;
  } catch {
    return false;
  }
}

/** In characters: of the terminal, or COLUMNS, or 80. */
export const widthOf = (
  { isTTY, columns }: { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined },
  { COLUMNS }: Readonly<Record<string, string | undefined>>,
): number => Number(isTTY ? columns : COLUMNS) || 80;
