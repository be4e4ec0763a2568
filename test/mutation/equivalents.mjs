// Mutants that no test can tell from the code, each with its reason. A mutant is named by the text that it replaces, and where
// that is not enough by a part of its line (`on`), so that lines may move.

/** @typedef {{ file: string, on?: string, mutator?: string, original: string, replacement: string, reason: string }} Equivalent */

/** The form of a date in src/http/retry-policy.ts. */
const DATE = String.raw`/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/`;

/** @type {Equivalent[]} */
export const equivalents = [
  {
    file: 'src/auth/basic.ts',
    original: 'before !== undefined',
    replacement: 'false',
    reason: 'The header is made anew each time: slower, and the same.',
  },
  {
    file: 'src/auth/secret.ts',
    original: 'at < mine.length',
    replacement: 'at <= mine.length',
    reason: 'Behind the end of both is NaN, which counts as no difference; other lengths differ already.',
  },
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
    file: 'src/http/body.ts',
    original: 'rest.length === 0',
    replacement: 'false',
    reason: 'A single piece goes the way of several: slower, and the same.',
  },
  ...["typeof current === 'object'", 'current !== null'].map((original) => ({
    file: 'src/http/failure.ts',
    original,
    replacement: 'true',
    reason: 'What is no object has no code, no message and no cause; the depth alone ends the chain then.',
  })),
  {
    file: 'src/http/failure.ts',
    on: "typeof message === 'string'",
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'No message that something is known of holds these words.',
  },
  {
    file: 'src/http/pagination.ts',
    original: 'raw.limit !== undefined',
    replacement: 'true',
    reason: 'No number is below undefined; the compiler does not allow that comparison.',
  },
  {
    file: 'src/http/path.ts',
    on: "path.split('?', 1)",
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'A text that is split has at least one part; the compiler does not know that.',
  },
  ...[
    DATE.slice(0, 1) + DATE.slice(2), // Without its beginning,
    DATE.slice(0, -2) + DATE.slice(-1), // and without its end.
  ].map((replacement) => ({
    file: 'src/http/retry-policy.ts',
    original: DATE,
    replacement,
    reason:
      'The text is compared with the date as it is written, so there can be nothing before and behind it.',
  })),
  {
    file: 'src/http/retry-policy.ts',
    on: "value?.trim() ?? ''",
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'Neither a number of seconds nor a date, as the empty text is.',
  },
  {
    file: 'src/http/server-clock.ts',
    original: 'dateHeader !== this.#lastHeader',
    replacement: 'true',
    reason: 'The same header is read again each time: slower, and the same.',
  },
  {
    file: 'src/http/server-clock.ts',
    on: "dateHeader ?? ''",
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'No date, as the empty text is.',
  },
  {
    file: 'src/http/call.ts',
    original: 'request.json === undefined',
    replacement: 'false',
    reason: 'JSON.stringify gives undefined for it too.',
  },
  {
    file: 'src/api/envelope.ts',
    on: '401: [AuthenticationError',
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'The hint of a 401 is the one that the client gives.',
  },
  {
    file: 'src/api/envelope.ts',
    original: "{\n    return undefined; // The parser's message quotes the text, so it goes no further.\n  }",
    replacement: '{}',
    reason: 'A function that ends without a return gives undefined.',
  },
  {
    file: 'src/api/envelope.ts',
    original: '{ value: undefined }',
    replacement: '{}',
    reason: 'The field is undefined either way.',
  },
  ...['code === 429 && retryAfterMs !== undefined', 'code === 429', 'retryAfterMs !== undefined'].map(
    (original) => ({
      file: 'src/api/envelope.ts',
      on: 'retryAfterMs',
      original,
      replacement: 'true',
      reason: 'Of all classes RateLimitError alone reads it, and it leaves out what is undefined.',
    }),
  ),
  {
    file: 'src/api/envelope.ts',
    original: 'code === 429 && retryAfterMs !== undefined',
    replacement: 'code === 429 || retryAfterMs !== undefined',
    reason: 'Of all classes RateLimitError alone reads it, and it leaves out what is undefined.',
  },
  {
    file: 'src/api/operations.ts',
    original: '(path.match(/\\{\\w+\\}/g) ?? []).sort()',
    replacement: 'path.match(/\\{\\w+\\}/g) ?? []',
    reason: 'No row has two placeholders, so there is no order yet in which they could be.',
  },
  {
    file: 'src/api/operations.ts',
    on: 'path.match(',
    original: '[]',
    replacement: '["Stryker was here"]',
    reason: 'A path without placeholders is compared with others by the same words, which no placeholder is.',
  },
  {
    file: 'src/schemas/index.ts',
    on: '#asked',
    original: '[]',
    replacement: '["Stryker was here"]',
    reason: 'A field of that name would be left out of extra, and no answer has one.',
  },
  {
    file: 'src/schemas/index.ts',
    original: "typeof value === 'number'",
    replacement: 'true',
    reason: 'What is finite by Number.isFinite is a number; the compiler does not know that.',
  },
  {
    file: 'src/schemas/index.ts',
    original: 'json === undefined',
    replacement: 'false',
    reason: 'A match always has its group; the compiler does not know that.',
  },
  {
    file: 'src/schemas/index.ts',
    original: '{\n    return undefined;\n  }',
    replacement: '{}',
    reason: 'A function that ends without a return gives undefined.',
  },
  {
    file: 'src/api/expiration.ts',
    original: "typeof days === 'number'",
    replacement: 'true',
    reason: 'What is a whole number by Number.isInteger is a number; the compiler does not know that.',
  },
  {
    file: 'src/rotation/base64.ts',
    original: 'at < bytes.length',
    replacement: 'at <= bytes.length',
    reason: 'One round more, over no bytes, adds nothing.',
  },
  {
    file: 'src/rotation/base64.ts',
    original: '{\n    return undefined;\n  }',
    replacement: '{}',
    reason: 'A function that ends without a return gives undefined.',
  },
  {
    file: 'src/util/key-name.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    reason: 'The first part, which is the whole match, is not read.',
  },
  ...[
    ['recordId === undefined || nonce === undefined', 'recordId === undefined && nonce === undefined'],
    ['recordId === undefined', 'false'],
    ['nonce === undefined', 'false'],
  ].map(([original, replacement]) => ({
    file: 'src/util/key-name.ts',
    original,
    replacement,
    reason: 'The form has both parts or does not match; the compiler does not know that.',
  })),
  {
    file: 'src/rotation/record-text.ts',
    original: 'version > 1',
    replacement: 'version >= 1',
    reason: 'What is 1 does not come here.',
  },
  {
    file: 'src/rotation/record-text.ts',
    original: 'pending?.key',
    replacement: 'pending.key',
    reason:
      'In the phase testing the line before has refused a record without it; in the others it is not read.',
  },
  {
    file: 'src/rotation/record-text.ts',
    original: "typeof found === 'number'",
    replacement: 'true',
    reason: 'What is a whole number by Number.isSafeInteger is a number; the compiler does not know that.',
  },
  {
    file: 'src/util/duration.ts',
    original: "typeof amount !== 'number'",
    replacement: 'false',
    reason: 'What is finite by Number.isFinite is a number; the compiler does not know that.',
  },
  {
    file: 'src/rotation/ledger.ts',
    original: 'async () => held',
    replacement: '() => undefined',
    reason:
      'A record that lives with its run is read to see who wrote over it: nobody does, whether it is found or not.',
  },
  {
    file: 'src/rotation/options.ts',
    original: "typeof ms !== 'number'",
    replacement: 'false',
    reason: 'What is finite by Number.isFinite is a number; the compiler does not know that.',
  },
  {
    file: 'src/rotation/report.ts',
    original: 'busyUntil !== null',
    replacement: 'true',
    reason: 'Compared with a date, null is 0, which is not later; the compiler does not allow it.',
  },
  {
    file: 'src/rotation/service.ts',
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'Neither is a date.',
  },
  {
    file: 'src/rotation/service.ts',
    original: 'days !== null',
    replacement: 'true',
    reason: 'Compared with a number, null is 0, which is not above 0; the compiler does not allow it.',
  },
  {
    file: 'src/rotation/service.ts',
    original: 'made === undefined',
    replacement: 'false',
    reason:
      'The names of own keys can be read: that is how they were chosen. The compiler does not know that.',
  },
  ...['service', 'sink'].map((name) => ({
    file: `src/rotation/${name}.ts`,
    original: 'signal?.reason',
    replacement: 'signal.reason',
    reason: 'Called by the signal, so there is one.',
  })),
  {
    file: 'src/rotation/http-store.ts',
    original: 'cause === undefined',
    replacement: 'false',
    reason: 'An error leaves out a cause that is undefined.',
  },
  {
    file: 'src/rotation/http-store.ts',
    original: "{\n    // The parser's own message quotes the text.\n    return undefined;\n  }",
    replacement: '{}',
    reason: 'A function that ends without a return gives undefined.',
  },
  ...[
    ["'code' in link && typeof link.code === 'string'", "'code' in link || typeof link.code === 'string'"],
    ["typeof link.code === 'string'", 'true'],
  ].map(([original, replacement]) => ({
    file: 'src/rotation/http-store.ts',
    original,
    replacement,
    reason: 'Of the errors in a summary, each that has a code has a text; the compiler does not know that.',
  })),
  {
    file: 'src/rotation/http-store.ts',
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'Words with blanks between them are no token, as the empty text is none.',
  },
  {
    file: 'src/rotation/redis-store.ts',
    on: 'error.message',
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'No reply of Redis is called by one of these words.',
  },
  {
    file: 'src/rotation/vault-store.ts',
    original: 'namespace !== undefined',
    replacement: 'true',
    reason: 'The form takes undefined for the word, which a namespace may be called.',
  },
  {
    file: 'src/rotation/vault-store.ts',
    original: "typeof version === 'number'",
    replacement: 'true',
    reason: 'What is a whole number by Number.isSafeInteger is a number; the compiler does not know that.',
  },
  ...[
    ['text === undefined || etag === null', 'text === undefined && etag === null'],
    ['text === undefined', 'false'],
    ['etag === null', 'false'],
  ].map(([original, replacement]) => ({
    file: 'src/rotation/file-store.ts',
    on: 'etag === null',
    original,
    replacement,
    reason: 'There is no mark exactly where there is no text; the compiler does not know that.',
  })),
  {
    file: 'src/rotation/file-store.ts',
    on: "etagOf(text) ?? ''",
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'A text that was written has a mark; the compiler does not know that.',
  },
  ...[
    ["() => ''", '() => undefined'],
    ["''", '"Stryker was here!"'],
  ].map(([original, replacement]) => ({
    file: 'src/rotation/file-lock.ts',
    on: ".catch(() => '')",
    original,
    replacement,
    reason: 'It is compared with the text of our lock, which is none of these.',
  })),
  ...[
    ["{ reason: 'first' }", '{}'],
    ["'first'", '""'],
  ].map(([original, replacement]) => ({
    file: 'src/rotation/from-store.ts',
    original,
    replacement,
    reason: 'Of the reasons only one is asked for, that a pair was refused.',
  })),
  {
    file: 'src/rotation/sealing.ts',
    on: 'FORM.exec(text)',
    original: '[]',
    replacement: '["Stryker was here"]',
    reason: 'The first part, which is the whole match, is not read.',
  },
  ...[
    ['id === undefined || base64 === undefined', 'id === undefined && base64 === undefined'],
    ['id === undefined', 'false'],
    ['base64 === undefined', 'false'],
  ].map(([original, replacement]) => ({
    file: 'src/rotation/sealing.ts',
    original,
    replacement,
    reason: 'The form has both parts or does not match; the compiler does not know that.',
  })),
  ...[
    ['left !== undefined && name !== undefined', 'left !== undefined || name !== undefined'],
    ['left !== undefined', 'true'],
    ['name !== undefined', 'true'],
  ].map(([original, replacement]) => ({
    file: 'src/rotation/unrecorded-replace.ts',
    on: 'leftOver(left',
    original,
    replacement,
    reason: 'A newer key is one of ours, so there are both or neither; the compiler does not know that.',
  })),
  {
    file: 'src/rotation/unrecorded-replace.ts',
    on: 'let all',
    original: 'false',
    replacement: 'true',
    reason: 'It is set by the first round, before it is read.',
  },
  {
    file: 'src/rotation/unrecorded-replace.ts',
    original: 'pending.key !== null',
    replacement: 'true',
    reason: 'A pending key that is not being made any more is there; the compiler does not know that.',
  },
  ...[
    ["error.code === 'rotation_unknown'", 'true'],
    [
      "error instanceof RotationError && error.code === 'rotation_unknown'",
      "error instanceof RotationError || error.code === 'rotation_unknown'",
    ],
  ].map(([original, replacement]) => ({
    file: 'src/rotation/unrecorded-replace.ts',
    original,
    replacement,
    reason:
      'Who signs was accepted before, so of getting a key the only RotationError left is that of a key which is not known.',
  })),
  ...[
    ['a.id < b.id', 'a.id <= b.id'],
    ['a.id > b.id', 'a.id >= b.id'],
    ['a.id > b.id', 'true'],
    ['inOrder(key, seen) > 0', 'inOrder(key, seen) >= 0'],
  ].map(([original, replacement]) => ({
    file: 'src/rotation/unrecorded-survey.ts',
    original,
    replacement,
    reason: 'No two keys of a list have the same id.',
  })),
  {
    file: 'src/rotation/unrecorded-survey.ts',
    on: 'all.includes(seen)',
    original: 'seen !== undefined',
    replacement: 'true',
    reason: 'No list includes a key that is not there; the compiler does not know that.',
  },
  {
    file: 'src/rotation/unrecorded-survey.ts',
    on: 'isNewer(key)',
    original: 'key !== seen',
    replacement: 'true',
    reason: 'No key is newer than itself, and where the given key is not ours it is not among ours.',
  },
  {
    file: 'src/rotation/unrecorded-survey.ts',
    original: 'replaced !== seen',
    replacement: 'true',
    reason: 'Only a key of ours has replaced one, and it is among ours itself.',
  },
  {
    file: 'src/rotation/unrecorded.ts',
    on: "!accepted || wishes.reason === 'leak'",
    original: 'true',
    replacement: 'false',
    reason: 'Neither waits to be due: what counts here is that nothing is said.',
  },
  {
    file: 'src/rotation/unrecorded.ts',
    on: 'epoch === 0',
    original: 'seen === undefined',
    replacement: 'false',
    reason: 'A key that has an epoch was seen in the list; the compiler does not know that.',
  },
  {
    file: 'src/rotation/unrecorded.ts',
    on: "phase: 'idle',",
    original: "'idle'",
    replacement: '""',
    reason: 'The phase of a record is read once there is a pending key, and written with it.',
  },
  {
    file: 'src/rotation/unrecorded.ts',
    on: 'dropSinks: []',
    original: '[]',
    replacement: '["Stryker was here"]',
    reason: 'No sink of the run has that name.',
  },
  {
    file: 'src/rotation/begin.ts',
    original: 'recovery?.id',
    replacement: 'recovery.id',
    reason: 'Read only where the recovery credential signs; the compiler does not know that.',
  },
  {
    file: 'src/rotation/machine.ts',
    on: 'previous === null',
    original: 'promotion === null',
    replacement: 'false',
    reason:
      'The phase delivering is left before this where there is no promotion; the compiler does not know that.',
  },
  {
    file: 'src/rotation/machine.ts',
    on: 'which is in use in its place',
    original: 'previous?.id',
    replacement: 'previous.id',
    reason: 'A drain without a key before the current one has ended before; the compiler does not know that.',
  },
  {
    file: 'src/rotation/machine.ts',
    original: 'made === undefined',
    replacement: 'false',
    reason:
      'The names of own keys can be read: that is how they were chosen. The compiler does not know that.',
  },
  ...['key.lastUsedAt === null', 'since === null'].map((original) => ({
    file: 'src/rotation/machine.ts',
    original,
    replacement: 'false',
    reason: 'Compared with a date, null is 0, which is earlier than any; the compiler does not allow it.',
  })),
  {
    file: 'src/rotation/obtain.ts',
    on: 'lastUsedAt > createdAt',
    original: 'lastUsedAt !== null',
    replacement: 'true',
    reason: 'Compared with a date, null is 0, which is not later; the compiler does not allow it.',
  },
  {
    file: 'src/rotation/obtain.ts',
    original:
      '{\n        // The name is taken: by the key that this very step made before.\n        continue;\n      }',
    replacement: '{}',
    reason: 'What follows ends the loop at the last try alone, and this is not the last.',
  },
  ...[
    ["''", '"Stryker was here!"'],
    ['made.apiKey.expiresAt?.toISOString', 'made.apiKey.expiresAt.toISOString'],
  ].map(([original, replacement]) => ({
    file: 'src/rotation/obtain.ts',
    on: 'const until = made.apiKey.expiresAt',
    original,
    replacement,
    reason: 'A key counts as clamped by its end, so it has one.',
  })),
  ...[
    ["run.record.phase === 'idle'", 'false'],
    ["'idle'", '""'],
  ].map(([original, replacement]) => ({
    file: 'src/rotation/rotate.ts',
    on: "run.record.phase === 'idle'",
    original,
    replacement,
    reason:
      'Where nothing is under way, the machine does nothing and stops at idle, and a plan has no steps.',
  })),
  {
    file: 'src/rotation/rotate.ts',
    original: "'never'",
    replacement: '""',
    reason: 'It is told from a date by its type alone.',
  },
];
