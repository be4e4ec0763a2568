// Hides known secrets in text of a program that knows them too, such as a service that quotes the request in its error
// message: as they are, and in the encodings of requests and responses. Text that may quote one in another encoding is
// withheld as a whole.

/** The shortest piece of a secret that must never be shown, in characters. */
const PIECE = 8;
/** What is looked at of a text. Every caller shows less of it. */
const MAX_LENGTH = 2_048;

const HIDDEN = '[redacted]';
const WITHHELD = '[withheld, because it may quote a secret]';

interface Pieces {
  /** Of the secrets and of their usual encodings. */
  readonly exact: ReadonlySet<string>;
  /** The same, and those of byte-wise encodings, letters and digits only. */
  readonly bare: ReadonlySet<string>;
}

/** Pieces by the list of secrets: a client asks with the same list again and again. */
const known = new WeakMap<readonly string[], Pieces>();

/** Without case, as hex and percent-encoding require; the length stays. */
const folded = (text: string): string => text.replace(/[A-Z]+/g, (run) => run.toLowerCase());

/** Letters and digits only, in their plain forms, without tags and the prefixes of escaped characters: `\x61`, `0x61`, `&#x61;`, `\u0061`, `U+0061`, `=61`. */
const bared = (text: string): string =>
  folded(text.normalize('NFKC'))
    .replace(/<[^<>]*>/g, ' ')
    .replace(/&#x0*|\\x|\b0x|\\u\{?0*|u\+0*|%u0*|\\0*(?=\d)|&#0*/g, ' ')
    .replace(/[^\p{L}\p{N}]+/gu, '');

const bytesOf = (secret: string): number[] => [...new TextEncoder().encode(secret.slice(0, 4096))];

/** The usual ways in which a secret is written. */
function forms(secret: string): string[] {
  const bytes = String.fromCharCode(...bytesOf(secret));
  const hex = bytesOf(secret)
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  // Its place in a longer text decides which of three base64 forms it has; the ends depend on its neighbours.
  const base64 = [0, 1, 2].map((at) =>
    btoa(' '.repeat(at) + bytes)
      .slice(at === 0 ? 0 : at + 1)
      .replace(/.={1,2}$/, ''),
  );
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    json,
    json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    encodeURIComponent(secret.toWellFormed()),
    new URLSearchParams({ '': secret }).toString().slice(1),
    hex,
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** Further forms that are recognised, to withhold them: bytes as decimal and octal numbers, and the secret backwards. */
const bareForms = (secret: string): string[] => [
  ...forms(secret),
  bytesOf(secret).join(''),
  bytesOf(secret)
    .map((byte) => String(byte).padStart(3, '0'))
    .join(''),
  bytesOf(secret)
    .map((byte) => byte.toString(8))
    .join(''),
  [...secret.slice(0, 4096)].reverse().join(''),
];

function piecesIn(texts: Iterable<string>): Set<string> {
  const pieces = new Set<string>();
  for (const text of texts)
    for (let at = 0; at + PIECE <= text.length; at++) pieces.add(text.slice(at, at + PIECE));
  return pieces;
}

function piecesOf(secrets: readonly string[]): Pieces {
  const found = known.get(secrets);
  if (found !== undefined) return found;
  const pieces = {
    exact: piecesIn(new Set(secrets.flatMap(forms).map(folded))),
    bare: piecesIn(new Set(secrets.flatMap(bareForms).map(bared))),
  };
  known.set(secrets, pieces);
  return pieces;
}

/** Splits a text into runs that consist of pieces and runs that do not. */
function* runsOf(
  text: string,
  pieces: ReadonlySet<string>,
): Generator<{ from: number; to: number; hit: boolean }> {
  let from = 0;
  for (let at = 0; at < text.length; ) {
    if (!pieces.has(text.slice(at, at + PIECE))) {
      at += 1;
      continue;
    }
    if (at > from) yield { from, to: at, hit: false };
    from = at;
    at += PIECE;
    while (pieces.has(text.slice(at - PIECE + 1, at + 1))) at++;
    yield { from, to: at, hit: true };
    from = at;
  }
  if (text.length > from) yield { from, to: text.length, hit: false };
}

/** Bytes as groups of digits: eight or more of hex with a letter among them, or three of binary. */
const GROUPS = /(?:\b[0-9a-f]{2}\b[^0-9a-z]{1,3}){7}[0-9a-f]{2}\b/i;
const BINARY = /(?:[01]{8}[^0-9a-z]{0,3}){3}/i;
/** Sixteen small numbers in a row, or eight characters that are quoted one by one. */
const NUMBERS = /(?:\b\d{1,3}\b[^0-9a-z]{1,3}){15}\d{1,3}\b/i;
const QUOTED = /(?:["'][^"']["'][^"']{0,12}){8}/;
/** One escaped character. Four of them are more than an honest message has. */
const ESCAPED = /&#x?[0-9a-f]{1,6};?|\\x[0-9a-f]{2}|\\u\{?[0-9a-f]{1,6}|\\[0-7]{3}|%[0-9a-f]{2}/gi;
const MOST_ESCAPES = 3;

/** Whether what is left of a text may quote a secret in an encoding that is not decoded here. */
function maybeEncoded(text: string): boolean {
  const groups = GROUPS.exec(text)?.[0] ?? '';
  const series = [BINARY, NUMBERS, QUOTED].some((form) => form.test(text));
  return /[a-f]/i.test(groups) || series || (text.match(ESCAPED)?.length ?? 0) > MOST_ESCAPES;
}

/**
 * Hides every piece, of eight characters or more, of the given secrets and of their usual encodings; a secret shorter than
 * that as a whole. Only the beginning of a long text is returned. Text that seems to quote a secret in another form, such as
 * spaced hex, escaped or decimal bytes, or across lines, is withheld.
 */
export function withoutSecrets(whole: string, secrets: readonly string[]): string {
  // Cut before the work, so that a hostile megabyte costs no more than a line.
  const text = whole.slice(0, MAX_LENGTH);
  if (secrets.every((secret) => secret === '')) return text;
  const { exact, bare } = piecesOf(secrets);
  let result = '';
  let rest = '';
  let hidden = 0;
  for (const { from, to, hit } of runsOf(folded(text), exact)) {
    result += hit ? HIDDEN : text.slice(from, to);
    rest += hit ? '\n' : text.slice(from, to);
    if (hit) hidden += bared(text.slice(from, to)).length;
  }
  let recognised = 0;
  for (const { from, to, hit } of runsOf(bared(text), bare)) if (hit) recognised += to - from;
  if (recognised > hidden || maybeEncoded(rest)) return WITHHELD;
  for (const secret of secrets) {
    if (secret !== '' && secret.length < PIECE) result = result.replaceAll(secret, HIDDEN);
  }
  return result;
}
