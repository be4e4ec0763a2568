// Hiding known secrets in text that somebody wrote who knows them too, such as a service that quotes the request in its
// error message: as they are, and in the encodings that a request or an answer carries them in.

/** The shortest piece of a secret that must never be seen, in characters. */
const PIECE = 8;

const HIDDEN = '[redacted]';

/** What is looked for, by the list of secrets: a client asks with the same list again and again. */
const known = new WeakMap<readonly string[], ReadonlySet<string>>();

/** Without regard to case, as far as hex and percent-encoding need it; the length stays. */
const folded = (text: string): string => text.replace(/[A-Z]+/g, (run) => run.toLowerCase());

/** The ways in which a secret is written. */
function forms(secret: string): string[] {
  const bytes = String.fromCharCode(...new TextEncoder().encode(secret.slice(0, 4096)));
  const hex = Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  // Where it stands in a longer text decides which of three base64 forms it has; the ends depend on its neighbours.
  const base64 = [0, 1, 2].map((at) =>
    btoa(' '.repeat(at) + bytes)
      .slice(at === 0 ? 0 : at + 1)
      .replace(/.=+$/, ''),
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

function piecesOf(secrets: readonly string[]): ReadonlySet<string> {
  const found = known.get(secrets);
  if (found !== undefined) return found;
  const pieces = new Set<string>();
  for (const form of new Set(secrets.flatMap(forms).map(folded))) {
    for (let at = 0; at + PIECE <= form.length; at++) pieces.add(form.slice(at, at + PIECE));
  }
  known.set(secrets, pieces);
  return pieces;
}

/**
 * Hides every piece, of eight characters or more, of the given secrets and of their encodings. A secret shorter than that
 * is hidden as a whole.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const pieces = piecesOf(secrets);
  const compared = folded(text);
  let result = '';
  for (let at = 0; at < text.length; ) {
    if (!pieces.has(compared.slice(at, at + PIECE))) {
      result += text[at++];
      continue;
    }
    at += PIECE;
    while (pieces.has(compared.slice(at - PIECE + 1, at + 1))) at++;
    result += HIDDEN;
  }
  for (const secret of secrets) {
    if (secret !== '' && secret.length < PIECE) result = result.replaceAll(secret, HIDDEN);
  }
  return result;
}
