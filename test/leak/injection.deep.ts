// Every place that text can come from, and every output, with all payloads and with random texts of their pieces. FUZZ_SEED and
// FUZZ_COUNT choose the texts. Prints its figures.
import { afterAll, expect, it } from 'vitest';
import { createRandom } from '../fuzz/random.ts';
import { hostileText, payloads } from '../support/acting.ts';
import { ONE_IN } from '../support/one-in.ts';
import { assertBroken, outputs } from './outputs.ts';
import { places } from './places.ts';

const { FUZZ_SEED, FUZZ_COUNT = String(Math.ceil(150 / ONE_IN)) } = process.env;
const seed = Number(FUZZ_SEED ?? Math.floor(Date.now() / 86_400_000));
const texts = [
  ...Object.values(payloads),
  ...Array.from({ length: Number(FUZZ_COUNT) }, (_, at) => hostileText(createRandom(seed, at))),
];
const plays = [
  ...Object.entries(places).map(([name, put]) => ({ name, play: async (text: string) => [await put(text)] })),
  ...Object.entries(outputs).map(([name, play]) => ({ name, play })),
];
let looked = 0;

it.each(plays)('nothing acts in $name', { timeout: 3_600_000 }, async ({ name, play }) => {
  for (const text of texts) {
    try {
      for (const printed of await play(text)) {
        assertBroken(printed);
        looked += printed.texts.length + (printed.error === undefined ? 0 : 6);
      }
    } catch (error) {
      throw new Error(`${name}, with ${JSON.stringify(text)}`, { cause: error });
    }
  }
  expect(texts.length).toBeGreaterThan(0);
});

afterAll(() =>
  console.log(
    `${plays.length} outputs x ${texts.length} texts from seed ${seed}: ${looked} printed texts looked at`,
  ),
);
