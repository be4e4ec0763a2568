// How much of a deep test is played: one in so many of its cases. `node scripts/deep.mjs` sets it, so that all parts together
// take half an hour; a test that is started by itself plays everything.

export const ONE_IN = Number(process.env.DEEP_ONE_IN ?? 1);

/** One in so many, spread over all of them. */
export const someOf = <T>(cases: readonly T[]): T[] => cases.filter((_, at) => at % ONE_IN === 0);
