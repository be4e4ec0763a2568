// Every regular expression of the sources with the worst texts for it, at two sizes: eight times the text may take about eight
// times as long. Judged by growth, not by the clock. Prints its figures.
import { afterAll, expect, it } from 'vitest';
import { BEGINNINGS, ENDS, literals, repeated } from './regexes.ts';

const SMALL = 4_000;
const FACTOR = 8;
/** A linear expression grows by 8, a quadratic one by 64. */
const MOST_GROWTH = 36;
/** Below this the clock says nothing, in milliseconds. */
const LEAST_MS = 10;

let texts = 0;
let slowest = { ms: 0, where: '' };

const all = literals();

/** The shortest of some tries: others use the machine, too. */
function time(regex: RegExp, text: string, tries: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let at = 0; at < tries; at++) {
    const from = performance.now();
    // As they are used: to the first match, or to all of them.
    regex.lastIndex = 0;
    if (regex.global) text.replace(regex, '');
    else regex.test(text);
    best = Math.min(best, performance.now() - from);
  }
  return best;
}

it.each(all)('grows with the text alone: $where', { timeout: 600_000 }, ({ where, regex }) => {
  for (const part of repeated(regex))
    for (const beginning of BEGINNINGS)
      for (const end of ENDS) {
        const textOf = (size: number) => beginning + part.repeat(Math.ceil(size / part.length)) + end;
        texts += 1;
        const large = time(regex, textOf(SMALL * FACTOR), 1);
        if (large > slowest.ms) slowest = { ms: large, where };
        if (large < LEAST_MS) continue;
        // A machine that is busy with others makes one measurement wrong, and not each of several.
        let growth = Number.POSITIVE_INFINITY;
        for (let at = 0; at < 4 && growth > MOST_GROWTH; at++)
          growth = Math.min(growth, time(regex, textOf(SMALL * FACTOR), 3) / time(regex, textOf(SMALL), 5));
        expect([part, beginning, end, growth > MOST_GROWTH ? Math.round(growth) : 'fine']).toEqual([
          part,
          beginning,
          end,
          'fine',
        ]);
      }
});

it('would notice a quadratic one', () => {
  const regex = /a+$/;
  const text = (size: number) => `${'a'.repeat(size)}!`;
  expect(time(regex, text(SMALL * FACTOR), 1) / time(regex, text(SMALL), 3)).toBeGreaterThan(MOST_GROWTH);
});

afterAll(() =>
  console.log(
    `${all.length} regular expressions, ${texts} texts; the slowest ${slowest.ms.toFixed(0)} ms for 32,000 characters: ${slowest.where}`,
  ),
);
