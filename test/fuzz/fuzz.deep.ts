// Two hundred thousand spoilt inputs for each parser, from a seed of the day. `FUZZ_SEED` and `FUZZ_AT` play one input again,
// `FUZZ_COUNT` says how many, `FUZZ_ONLY` of which parser. Prints its figures.
import { afterAll, expect, it } from 'vitest';
import { ONE_IN } from '../support/one-in.ts';
import { type Figures, fuzz } from './fuzz.ts';
import { parsers } from './parsers.ts';

const { FUZZ_SEED, FUZZ_AT, FUZZ_COUNT = String(Math.ceil(200_000 / ONE_IN)), FUZZ_ONLY } = process.env;
const seed = Number(FUZZ_SEED ?? Math.floor(Date.now() / 86_400_000));
const sums: Figures[] = [];

it.each(parsers.filter(({ name }) => FUZZ_ONLY === undefined || name === FUZZ_ONLY))(
  '$name',
  {
    timeout: 4 * 3_600_000,
  },
  async (parser) => {
    const figures =
      FUZZ_AT === undefined
        ? await fuzz(parser, seed, Number(FUZZ_COUNT))
        : await fuzz(parser, seed, 1, Number(FUZZ_AT));
    sums.push(figures);
    const { inputs, taken, seconds, slowestMs, slowestAt } = figures;
    console.log(
      `${parser.name}: ${inputs} inputs, ${taken} taken, in ${seconds.toFixed(0)} s; the slowest ${slowestMs.toFixed(0)} ms (input ${slowestAt})`,
    );
    expect(inputs).toBeGreaterThan(0);
  },
);

afterAll(() => {
  const inputs = sums.reduce((sum, one) => sum + one.inputs, 0);
  console.log(
    `${inputs} inputs from seed ${seed}: no rule broken by ${sums.length} parsers of ${parsers.length}`,
  );
});
