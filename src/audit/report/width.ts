// How wide text is in a terminal, and how it is broken into lines: by what is seen, not by code units.

/** Characters that take two cells: East Asian wide and fullwidth ones, and those that are shown as emoji. */
const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2fb}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
const ASCII = /^[\x20-\x7e]*$/;

/** A grapheme is as wide as its widest character: marks on it take no cell of their own. */
const cells = (grapheme: string): number =>
  WIDE.test(grapheme) ? 2 : /^[\p{Mn}\p{Me}]+$/u.test(grapheme) ? 0 : 1;

let segmenter: Intl.Segmenter | undefined;

/** What a reader takes for one character each. */
function graphemes(text: string): string[] {
  if (ASCII.test(text)) return [...text];
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** The cells that a text takes in a terminal. */
export const widthOf = (text: string): number =>
  ASCII.test(text) ? text.length : graphemes(text).reduce((sum, one) => sum + cells(one), 0);

/** Fills up with blanks. */
export const padded = (text: string, width: number): string =>
  `${text}${' '.repeat(Math.max(0, width - widthOf(text)))}`;

/** Takes from a text what fits into so many cells, and at least one grapheme. */
function split(text: string, width: number): [string, string] {
  let used = 0;
  let at = 0;
  for (const one of graphemes(text)) {
    used += cells(one);
    if (at > 0 && used > width) break;
    at += one.length;
  }
  return [text.slice(0, at), text.slice(at)];
}

/**
 * Breaks text into lines of a width, between words where that is possible. A line that would begin with `::` gets a blank
 * in between: a CI system obeys it there, though it did not where the text had it.
 */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text.trimEnd();
  do {
    if (rest.startsWith('::')) rest = `: ${rest.slice(1)}`;
    const [fits, more] = split(rest, width);
    const blank = more === '' || more.startsWith(' ') ? fits.length : fits.lastIndexOf(' ');
    // No blank, or only the indent of the line: the word itself is broken.
    const end = fits.slice(0, Math.max(0, blank)).trim() === '' ? fits.length : blank;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  } while (rest !== '');
  return lines;
}
