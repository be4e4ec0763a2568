// Mutants that no test can tell from the code, each with its reason. A mutant is named by the text that it replaces, and where
// that is not enough by a part of its line (`on`), so that lines may move.

/** @typedef {{ file: string, on?: string, mutator?: string, original: string, replacement: string, reason: string }} Equivalent */

/** @type {Equivalent[]} */
export const equivalents = [
  {
    file: 'src/text/cause.ts',
    original: 'value === null',
    replacement: 'false',
    reason: 'Reflect.get throws for null, and what it throws is caught: the field is undefined either way.',
  },
  {
    file: 'src/text/cause.ts',
    original: '{\n    return undefined;\n  }',
    replacement: '{}',
    reason: 'A function that ends without a return gives undefined.',
  },
  {
    file: 'src/text/hide.ts',
    original: '/[A-Z]+/g',
    replacement: '/[A-Z]/g',
    reason: 'Letter by letter or run by run: the same text. Runs are faster.',
  },
  {
    file: 'src/text/hide.ts',
    original: '/.=+$/',
    replacement: '/.=+/',
    reason: 'Base64 has its padding at the end and nowhere else.',
  },
  {
    file: 'src/text/hide.ts',
    on: '.replace(/.=+$/',
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'The forms to look for get a tail of words that no answer holds.',
  },
  {
    file: 'src/text/hide.ts',
    original: 'found !== undefined',
    replacement: 'false',
    reason: 'The pieces are made anew each time: slower, and the same.',
  },
  {
    file: 'src/wire/envelope.ts',
    on: '401: [AuthenticationError',
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'The hint of a 401 is the one that the client gives.',
  },
  {
    file: 'src/wire/envelope.ts',
    original: "{\n    return undefined; // The parser's message quotes the text, so it goes no further.\n  }",
    replacement: '{}',
    reason: 'A function that ends without a return gives undefined.',
  },
  {
    file: 'src/wire/envelope.ts',
    original: '{ value: undefined }',
    replacement: '{}',
    reason: 'The field is undefined either way.',
  },
  ...['code === 429 && retryAfterMs !== undefined', 'code === 429', 'retryAfterMs !== undefined'].map(
    (original) => ({
      file: 'src/wire/envelope.ts',
      on: 'retryAfterMs',
      original,
      replacement: 'true',
      reason: 'Of all classes RateLimitError alone reads it, and it leaves out what is undefined.',
    }),
  ),
  {
    file: 'src/wire/envelope.ts',
    original: 'code === 429 && retryAfterMs !== undefined',
    replacement: 'code === 429 || retryAfterMs !== undefined',
    reason: 'Of all classes RateLimitError alone reads it, and it leaves out what is undefined.',
  },
  {
    file: 'src/wire/expiration.ts',
    original: "typeof days === 'number'",
    replacement: 'true',
    reason: 'What is a whole number by Number.isInteger is a number; the compiler does not know that.',
  },
];
