// Random numbers that can be had again: one stream for each input, from the seed of the run and the input's number, so that
// an input is made anew without those before it.

export interface Random {
  /** 0 to just below `below`. */
  int(below: number): number;
  /** True in this part of the cases. */
  chance(part: number): boolean;
  pick<T>(from: readonly T[]): T;
}

export function createRandom(seed: number, at: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(at + 1, 0x85ebca6b)) >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  return {
    int: (below) => Math.floor(next() * below),
    chance: (part) => next() < part,
    pick(from) {
      const found = from[Math.floor(next() * from.length)];
      if (found === undefined) throw new TypeError('There is nothing to pick from.');
      return found;
    },
  };
}
