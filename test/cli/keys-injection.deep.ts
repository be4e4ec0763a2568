// Text from outside in every output of both commands, in all forms: every payload, and random texts of their pieces. FUZZ_SEED
// and FUZZ_COUNT choose the texts. Prints its figures.

import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../fuzz/random.ts';
import { hostileText, obeyed, payloads } from '../support/acting.ts';
import { ONE_IN } from '../support/one-in.ts';
import { referenceCommand } from '../support/reference-command.ts';
import { injection, referenceOutputs } from './support/injection.ts';

const { FUZZ_SEED, FUZZ_COUNT = String(Math.ceil(100 / ONE_IN)) } = process.env;
const seed = Number(FUZZ_SEED ?? Math.floor(Date.now() / 86_400_000));
const random = Array.from({ length: Number(FUZZ_COUNT) }, (_, at) => hostileText(createRandom(seed, at)));
const command = referenceCommand();
let printed = 0;

describe.each(Object.entries(payloads))('%s', (_, payload) => injection(payload, 'all'));
describe.each(random.map((text) => JSON.stringify(text)))('%s', (text) => injection(JSON.parse(text), 'all'));

it('acts in no output of blazemeter-reference', { timeout: 3_600_000 }, async () => {
  for (let at = 0; at < random.length; at += 10) {
    const outputs = await referenceOutputs(command, random.slice(at, at + 10));
    expect([random[at], ...outputs.flatMap(obeyed)]).toEqual([random[at]]);
    printed += outputs.length;
  }
});

afterAll(() =>
  console.log(
    `${Object.keys(payloads).length + random.length} texts from seed ${seed} in all commands; ${printed} outputs of blazemeter-reference`,
  ),
);
