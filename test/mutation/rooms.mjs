// What is mutated, which tests have to notice, and the score that is asked for. The tests are those of the room itself: fast
// ones, in one process. Crashes of real processes, sockets and speed are not asked here.

/** @typedef {{ name: string, goal: 95 | 100, mutate: string[], tests: string[] }} Room */

/** @type {Room[]} */
export const rooms = [
  {
    name: 'signer',
    goal: 100,
    mutate: ['src/auth/basic.ts', 'src/auth/signer.ts', 'src/auth/destination.ts'],
    tests: ['test/unit/signer*.test.ts', 'test/unit/properties-credentials.test.ts'],
  },
  {
    name: 'redaction',
    goal: 100,
    mutate: ['src/text/*.ts'],
    tests: ['test/unit/redaction*.test.ts'],
  },
  {
    name: 'policy dates',
    goal: 100,
    mutate: ['src/wire/expiration.ts'],
    tests: ['test/unit/properties-dates.test.ts', 'test/unit/expiration.test.ts'],
  },
  {
    name: 'envelope',
    goal: 95,
    mutate: ['src/wire/envelope.ts'],
    tests: ['test/unit/properties-errors.test.ts', 'test/unit/envelope.test.ts'],
  },
  {
    name: 'wire',
    goal: 95,
    mutate: ['src/wire/schemas.ts', 'src/wire/operations.ts'],
    tests: ['test/unit/*.test.ts', 'test/contract/contract.test.ts'],
  },
  {
    name: 'auth',
    goal: 95,
    mutate: ['src/auth/cache.ts', 'src/auth/credentials.ts', 'src/auth/secret.ts'],
    tests: [
      'test/unit/credential-cache.test.ts',
      'test/unit/properties-credentials.test.ts',
      'test/unit/secret.test.ts',
      'test/unit/signer.test.ts',
    ],
  },
  {
    name: 'transport',
    goal: 95,
    mutate: ['src/transport/*.ts'],
    tests: [
      'test/unit/{call-edges,diagnose,http-dates,issue,overrides,properties-paging,properties-paths,server-time}.test.ts',
      'test/fault/{bodies,sequences,abort}.test.ts',
    ],
  },
  {
    name: 'rotation',
    goal: 100,
    mutate: ['src/rotation/*.ts'],
    tests: [
      'test/unit/rotation-*.test.ts',
      'test/unit/plan-policy.test.ts',
      'test/fault/*-simulated.test.ts',
    ],
  },
];
