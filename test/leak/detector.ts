// Finds a secret in a text: every piece of eight characters of it, in every encoding that a program, a protocol or a
// dump may give it.

/** The shortest piece that counts, in characters of the secret. */
export const PIECE = 8;

const bytesOf = (text: string): number[] => [...new TextEncoder().encode(text)];

const binary = (bytes: readonly number[]): string => bytes.map((byte) => String.fromCharCode(byte)).join('');

/** Base64 of a text that stands `at` bytes after a multiple of three, without what its neighbours have a share in. */
function base64(text: string, at: 0 | 1 | 2): string {
  const encoded = btoa(' '.repeat(at) + binary(bytesOf(text)));
  return encoded.slice(at === 0 ? 0 : at + 1).replace(/.=+$/, '');
}

const urlSafe = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_');

const hex = (text: string, between = ''): string =>
  bytesOf(text)
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join(between);

/** An encoding: how a piece of the secret is written in it. Case counts only where it carries meaning. */
export interface Encoding {
  readonly write: (piece: string) => string;
  readonly caseMatters: boolean;
}

/** The encodings, by name. */
export const encodings = {
  raw: { write: (piece) => piece, caseMatters: false },
  'base64, first of three': { write: (piece) => base64(piece, 0), caseMatters: true },
  'base64, second of three': { write: (piece) => base64(piece, 1), caseMatters: true },
  'base64, third of three': { write: (piece) => base64(piece, 2), caseMatters: true },
  'base64url, first of three': { write: (piece) => urlSafe(base64(piece, 0)), caseMatters: true },
  'base64url, second of three': { write: (piece) => urlSafe(base64(piece, 1)), caseMatters: true },
  'base64url, third of three': { write: (piece) => urlSafe(base64(piece, 2)), caseMatters: true },
  'URL-encoded': { write: encodeURIComponent, caseMatters: false },
  'form-encoded': {
    write: (piece) => new URLSearchParams({ '': piece }).toString().slice(1),
    caseMatters: false,
  },
  hex: { write: (piece) => hex(piece), caseMatters: false },
  'hex of a Buffer as inspected': { write: (piece) => hex(piece, ' '), caseMatters: false },
  'bytes of an array as inspected': { write: (piece) => bytesOf(piece).join(', '), caseMatters: false },
  'bytes of an array as JSON': { write: (piece) => bytesOf(piece).join(','), caseMatters: false },
  'JSON-escaped': { write: (piece) => JSON.stringify(piece).slice(1, -1), caseMatters: false },
  'escaped to ASCII': {
    write: (piece) =>
      piece.replace(
        /[^\x20-\x7e]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    caseMatters: false,
  },
} as const satisfies Record<string, Encoding>;

export type EncodingName = keyof typeof encodings;

export const encodingNames = Object.keys(encodings).filter((name): name is EncodingName => name in encodings);

/** Where a secret was found. The piece itself is not told: a failing test must not print it either. */
export interface Hit {
  readonly secret: string;
  readonly encoding: EncodingName;
  /** Where in the secret the piece begins. */
  readonly from: number;
}

interface Needle extends Hit {
  readonly text: string;
  readonly caseMatters: boolean;
}

/** Without regard to case; the length stays. */
const folded = (text: string): string => text.replace(/[A-Z]+/g, (run) => run.toLowerCase());

/** A number for the three characters from there on: most places in a text are passed over by it alone. */
const trigram = (text: string, at: number): number =>
  (text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2)) & 0xffff;

/** A detector of these secrets, each under a name that reports may show. */
export function createDetector(secrets: Readonly<Record<string, string>>): (text: string) => Hit[] {
  // By their first eight characters, so that a text is walked once.
  const needles = new Map<string, Needle[]>();
  const begins = new Uint8Array(0x10000);

  const add = (needle: Needle): void => {
    const first = folded(needle.text.slice(0, PIECE));
    begins[trigram(first, 0)] = 1;
    const others = needles.get(first);
    if (others === undefined) needles.set(first, [needle]);
    else others.push(needle);
  };
  for (const [secret, text] of Object.entries(secrets)) {
    for (let from = 0; from + PIECE <= text.length; from++) {
      const piece = text.slice(from, from + PIECE);
      if (!piece.isWellFormed()) continue;
      for (const encoding of encodingNames) {
        const { write, caseMatters } = encodings[encoding];
        const written = write(piece);
        add({ secret, encoding, from, caseMatters, text: caseMatters ? written : folded(written) });
      }
    }
  }

  return (text) => {
    const caseless = folded(text);
    const hits: Hit[] = [];
    for (let at = 0; at + PIECE <= caseless.length; at++) {
      if (begins[trigram(caseless, at)] === 0) continue;
      for (const needle of needles.get(caseless.slice(at, at + PIECE)) ?? []) {
        const { secret, encoding, from } = needle;
        if ((needle.caseMatters ? text : caseless).startsWith(needle.text, at))
          hits.push({ secret, encoding, from });
      }
    }
    return hits;
  };
}
