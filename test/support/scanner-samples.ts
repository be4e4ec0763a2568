// Texts for the rules of secret scanners. All pairs are made up here, so that no file of the repository holds one.

import { createHash } from 'node:crypto';

/** A pair as a text may hold it. */
export interface Pair {
  readonly id: string;
  readonly secret: string;
}

/** So many hex digits, always the same for the same number. */
function hex(digits: number, number: number): string {
  const hash = (part: number): string =>
    createHash('sha256').update(`made up ${number}/${part}`).digest('hex');
  return Array.from({ length: Math.ceil(digits / 64) }, (_, part) => hash(part))
    .join('')
    .slice(0, digits);
}

export const madeUp = (number: number): Pair => ({
  id: hex(24, 2 * number),
  secret: hex(72, 2 * number + 1),
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const key = ({ id, secret }: Pair, more: object = {}): object => ({ id, ...more, secret });

/** How people and programs write a pair down, and the rules that find it there. */
export const forms: Readonly<
  Record<string, { readonly write: (pair: Pair) => string; readonly rules: readonly string[] }>
> = {
  'a pair': { write: ({ id, secret }) => `${id}:${secret}`, rules: ['pair'] },
  'a pair in a sentence': {
    write: ({ id, secret }) => `The key (${id}:${secret}) is Ana's.\n`,
    rules: ['pair'],
  },
  'two pairs with one character between them': {
    write: ({ id, secret }) => `${id}:${secret},${id}:${secret}`,
    rules: ['pair', 'pair'],
  },
  BZ_TOKEN: { write: ({ id, secret }) => `export BZ_TOKEN=${id}:${secret}\n`, rules: ['pair'] },
  'the settings of Taurus': {
    write: ({ id, secret }) => `modules:\n  blazemeter:\n    token: "${id}:${secret}"\n`,
    rules: ['pair'],
  },
  'the settings of Taurus as a text of JSON': {
    write: ({ id, secret }) => JSON.stringify({ rc: `modules:\n  cloud:\n    token: ${id}:${secret}\n` }),
    rules: ['pair'],
  },
  'a pair behind an escaped end of line': {
    write: ({ id, secret }) => JSON.stringify({ note: `key\n${id}:${secret}\n` }),
    rules: ['pair'],
  },
  'a URL': { write: ({ id, secret }) => `https://${id}:${secret}@example.com/user\n`, rules: ['pair'] },
  'a percent-encoded pair': {
    write: ({ id, secret }) => `?q=${encodeURIComponent(`token=${id}:${secret}`)}`,
    rules: ['pair'],
  },
  'an option of curl': { write: ({ id, secret }) => `curl -u ${id}:${secret} -s $URL\n`, rules: ['pair'] },
  'a Basic header': {
    write: ({ id, secret }) => `Authorization: Basic ${base64(`${id}:${secret}`)}\r\n`,
    rules: ['basic'],
  },
  'a Basic header without its padding': {
    write: ({ id, secret }) => `auth=${base64(`${id}:${secret}`).replaceAll('=', '')}`,
    rules: ['basic'],
  },
  'a secret of Kubernetes, with an end of line': {
    write: ({ id, secret }) => `data:\n  token: ${base64(`${id}:${secret}\n`)}\n`,
    rules: ['basic'],
  },
  'a key file': { write: (pair) => JSON.stringify(key(pair)), rules: ['key-file'] },
  'a key file with a byte-order mark and indents': {
    write: (pair) => `\uFEFF${JSON.stringify(key(pair), null, 4)}\n`,
    rules: ['key-file'],
  },
  'a key file, secret first': {
    write: ({ id, secret }) => JSON.stringify({ secret, id }, null, '\t'),
    rules: ['key-file-secret-first'],
  },
  'a key file as a text of JSON': {
    write: (pair) => JSON.stringify({ file: JSON.stringify(key(pair), null, 2) }),
    rules: ['key-file'],
  },
  'a key file as a text of JSON, secret first': {
    write: ({ id, secret }) => JSON.stringify({ file: JSON.stringify({ secret, id }) }),
    rules: ['key-file-secret-first'],
  },
  'a response of the service': {
    write: (pair) =>
      JSON.stringify({ result: key(pair, { name: 'ci', userId: 7, expiration: 1_900_000_000 }) }, null, 4),
    rules: ['key-file'],
  },
  'source code': {
    write: ({ id, secret }) =>
      `new BlazeMeterClient({ credentials: { id: '${id}', secret: '${secret}' } });\n`,
    rules: ['key-file'],
  },
  'options of a command': {
    write: ({ id, secret }) => `tool --id ${id} --secret ${secret}\n`,
    rules: ['key-file'],
  },
  'a variable of the environment': {
    write: ({ secret }) => `BLAZEMETER_API_KEY_SECRET=${secret}\n`,
    rules: ['variable'],
  },
  'the general pair of variables': {
    write: ({ id, secret }) => `API_KEY_ID=${id}\nAPI_KEY_SECRET="${secret}"\n`,
    rules: ['key-file', 'variable'],
  },
  'the environment in YAML': {
    write: ({ secret }) => `env:\n  - name: API_KEY_SECRET\n    value: ${secret}\n`,
    rules: ['variable'],
  },
  'a Dockerfile': { write: ({ secret }) => `ENV BLAZEMETER_API_KEY_SECRET ${secret}\n`, rules: ['variable'] },
  'a file of properties': {
    write: ({ secret }) => `blazemeter.api.key.secret = ${secret}\n`,
    rules: ['variable'],
  },
  'an option of a script': {
    write: ({ id, secret }) => `./run.ps1 -apikey ${id} -apisecret ${secret}\n`,
    rules: ['variable'],
  },
  'a field in camel case': {
    write: ({ secret }) => `const apiKeySecret = '${secret}';\n`,
    rules: ['variable'],
  },
};

const some = madeUp(900);
const digest = (bits: number): string => hex(bits / 4, bits);

/** Texts that hold no pair, however much they look like it. */
export const harmless: Readonly<Record<string, string>> = {
  nothing: '',
  'an id alone': some.id,
  'a secret alone': some.secret,
  'an id of 23 digits': `${hex(23, 1)}:${some.secret}`,
  'an id of 25 digits': `${hex(25, 1)}:${some.secret}`,
  'a secret of 71 digits': `${some.id}:${hex(71, 1)}`,
  'a secret of 73 digits': `${some.id}:${hex(73, 1)}`,
  'an id and a digest': `${some.id}:${digest(256)}`,
  'a pair in capital letters': `${some.id}:${some.secret}`.toUpperCase(),
  'a pair with a blank behind the colon': `${some.id}: ${some.secret}`,
  'a pair with a letter too high': `${some.id}:${some.secret.slice(0, 71)}g`,
  'a commit': `commit ${digest(160)}\n`,
  'a range of commits': `${digest(160)}..${digest(160)}`,
  'a digest of an image': `image: node@sha256:${digest(256)}\n`,
  'a line of sha512sum': `${digest(512)}  file.tgz\n`,
  'an integrity of npm': `"integrity": "sha512-${Buffer.from(digest(512), 'hex').toString('base64')}",\n`,
  'ids of a database': `["${hex(24, 11)}", "${hex(24, 12)}", "${hex(24, 13)}"]`,
  'a map of ids': `{ "${hex(24, 11)}": "${hex(24, 12)}" }`,
  'a UUID': '123e4567-e89b-12d3-a456-426614174000',
  'a fingerprint': (digest(256).match(/../g) ?? []).join(':'),
  'an IPv6 address': '2001:0db8:85a3:0000:0000:8a2e:0370:7334',
  'a Basic header of a name and a password': `Authorization: Basic ${base64('ana@example.com:correct horse')}`,
  'a Basic header of an id and a digest': `Basic ${base64(`${some.id}:${digest(256)}`)}`,
  'a Basic header of an id of 23 digits': `Basic ${base64(`${hex(23, 1)}:${some.secret}`)}`,
  'a Basic header of a secret of 73 digits': `Basic ${base64(`${some.id}:${hex(73, 1)}`)}`,
  'a Basic header in capital letters': `Basic ${base64(`${some.id}:${some.secret}`.toUpperCase())}`,
  'hex digits in base64': base64(hex(97, 1)),
  'random bytes in base64': Buffer.from(hex(4_000, 3), 'hex').toString('base64'),
  'a token of JWT': `${base64('{"alg":"HS256"}')}.${base64('{"sub":"ana"}')}.${base64(digest(256))}`,
  'a key without its secret': JSON.stringify({ id: some.id, name: 'ci', expiration: 1_900_000_000 }),
  'a secret that is a digest': JSON.stringify({ id: some.id, secret: digest(256) }),
  'a secret that is hidden': JSON.stringify({ id: some.id, secret: '[secret]' }),
  'id and secret of two objects': JSON.stringify([{ id: some.id }, { secret: some.secret }]),
  'id and secret far apart': `id: ${some.id}\n${'# a comment\n'.repeat(40)}secret: ${some.secret}\n`,
  'a secret of another program': `SESSION_SECRET=${some.secret}\n`,
  'a variable that is filled in later': 'API_KEY_SECRET=$API_KEY_SECRET\n',
  'a variable of another length': `API_KEY_SECRET=${digest(256)}\n`,
  'a variable that is empty': `API_KEY_SECRET=\nOTHER=${some.secret}\n`,
  'a placeholder': 'BZ_TOKEN=<id>:<secret>\n',
};
