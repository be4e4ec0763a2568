// One identity: an error or a secret is known for what it is by every build and every copy of the package in the same
// program, and a provider or a store of one serves a client of another.

import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { node, output } from './commands.ts';
import { consumer, packed } from './packed.ts';

interface Fact {
  readonly pair: string;
  readonly apart: boolean;
  readonly errorsDiffer: readonly string[];
  readonly refusal: boolean;
  readonly secret: boolean;
  readonly provider: boolean;
  readonly rotation: boolean;
}

const COPIES = ['app import', 'app require', 'second import', 'second require'];
const PAIRS = COPIES.flatMap((maker) => COPIES.map((judge) => `${maker} -> ${judge}`));

let told: { readonly errorNames: readonly string[]; readonly facts: readonly Fact[] };

beforeAll(async () => {
  const folder = await consumer('identity', (await packed()).app);
  told = JSON.parse(output(await node([join(folder, 'identity.mjs')], folder)));
});

it('the four are really four: no class of one is that of another', () => {
  expect(told.facts.map(({ pair }) => pair)).toEqual(PAIRS);
  for (const { pair, apart } of told.facts) {
    const [maker, judge] = pair.split(' -> ');
    expect({ pair, apart }).toEqual({ pair, apart: maker !== judge });
  }
  expect(told.errorNames).toContain('AmbiguousOutcomeError');
  expect(told.errorNames.length).toBeGreaterThanOrEqual(19);
});

it.each(PAIRS)('%s: every error has its class, its parents and no other', (pair) => {
  expect(told.facts.find((fact) => fact.pair === pair)?.errorsDiffer).toEqual([]);
});

it.each(PAIRS)('%s: a refusal, a secret, a provider and a rotation cross over', (pair) => {
  expect(told.facts.find((fact) => fact.pair === pair)).toMatchObject({
    refusal: true,
    secret: true,
    provider: true,
    rotation: true,
  });
});
