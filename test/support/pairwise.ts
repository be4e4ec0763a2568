// All pairs: a small set of combinations in which every value of every switch meets every value of every other.

export type Choice = string | number | null;

export interface Factor {
  readonly name: string;
  readonly values: readonly Choice[];
}

export type Combination = Readonly<Record<string, Choice>>;

const pairKey = (a: string, x: Choice, b: string, y: Choice) => `${a}=${x} ${b}=${y}`;

/** Every pair of values of two different factors. */
export function allPairs(factors: readonly Factor[]): Set<string> {
  const pairs = new Set<string>();
  for (const [at, first] of factors.entries())
    for (const second of factors.slice(at + 1))
      for (const x of first.values)
        for (const y of second.values) pairs.add(pairKey(first.name, x, second.name, y));
  return pairs;
}

/** The pairs that a combination has in it. */
export function pairsOf(factors: readonly Factor[], combination: Combination): string[] {
  return factors.flatMap((first, at) =>
    factors.slice(at + 1).flatMap((second) => {
      const [x, y] = [combination[first.name], combination[second.name]];
      return x === undefined || y === undefined ? [] : [pairKey(first.name, x, second.name, y)];
    }),
  );
}

/** As few combinations as have every value in them: as many as the switch with most values has. */
export const eachValue = (factors: readonly Factor[]): Combination[] =>
  Array.from({ length: Math.max(...factors.map(({ values }) => values.length)) }, (_, at) =>
    Object.fromEntries(factors.map(({ name, values }) => [name, values[at % values.length] ?? null])),
  );

/** Combinations that have every pair in them: greedy, and the same ones every time. */
export function pairwise(factors: readonly Factor[]): Combination[] {
  const open = allPairs(factors);
  const rows: Combination[] = [];
  while (open.size > 0) {
    let row: Combination = {};
    // Those with most values first: their pairs are the hardest to place.
    const order = [...factors].sort((a, b) => b.values.length - a.values.length);
    for (const { name, values } of order) {
      const gain = (value: Choice) =>
        pairsOf(factors, { ...row, [name]: value }).filter((pair) => open.has(pair)).length;
      const best = values.reduce<{ value: Choice; gain: number } | undefined>((found, value) => {
        const gained = gain(value) + (hopeful(open, name, value) ? 0.5 : 0);
        return found === undefined || gained > found.gain ? { value, gain: gained } : found;
      }, undefined);
      if (best !== undefined) row = { ...row, [name]: best.value };
    }
    for (const pair of pairsOf(factors, row)) open.delete(pair);
    rows.push(row);
  }
  return rows;
}

/** Whether a value still has a pair to be placed. */
function hopeful(open: ReadonlySet<string>, name: string, value: Choice): boolean {
  for (const pair of open) if (` ${pair} `.includes(` ${name}=${value} `)) return true;
  return false;
}
