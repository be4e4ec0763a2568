// Strings from outside (the service, a file, an environment) pass through here before they reach a message,
// a log line, a table or a report, so that they can neither drive a terminal or a CI system nor carry a token.

/** Longest piece of foreign text that is shown, in characters. */
const MAX_LENGTH = 200;

/**
 * Characters that act instead of showing: control characters, zero-width and bidirectional marks, line and
 * paragraph separators, tags, variation selectors of the supplementary plane and lone surrogates.
 */
const ACTING =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;

/** Longer runs than any id, date or word: an encoded credential looks like this, and nothing worth reading does. */
const TOKEN = /[A-Za-z0-9=%]{32,}/g;

const escaped = (character: string): string => {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
};

/**
 * Makes foreign text safe to show: escapes characters that act, breaks the command prefixes of CI systems
 * (`##vso[`, `##[`, a leading `::`), hides long token-like runs and cuts at 200 characters.
 */
export function printable(text: unknown, maxLength: number = MAX_LENGTH): string {
  const raw = typeof text === 'string' ? text : text === undefined || text === null ? '' : String(text);
  // Bounded before the work, so that a hostile megabyte costs no more than a line.
  const shown = raw
    .slice(0, maxLength * 8)
    .replace(TOKEN, '[redacted]')
    .replace(/#(?=#(?:vso)?\[)/gi, '# ')
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replace(ACTING, escaped);
  return shown.length <= maxLength ? shown : `${[...shown].slice(0, maxLength - 1).join('')}…`;
}

/** The shortest piece of a secret that must never be seen. */
const PIECE = 8;

/**
 * Hides every piece, of eight characters or more, of the given secrets: for text that somebody who knows them
 * wrote, such as a service that quotes the request in its error message.
 */
export function withoutSecrets(text: string, secrets: Iterable<string>): string {
  let result = text;
  for (const secret of secrets) {
    if (secret.length < PIECE) {
      if (secret !== '') result = result.replaceAll(secret, '[redacted]');
      continue;
    }
    const pieces = new Set<string>();
    for (let at = 0; at + PIECE <= secret.length; at++) pieces.add(secret.slice(at, at + PIECE));
    let cleaned = '';
    let at = 0;
    while (at < result.length) {
      if (!pieces.has(result.slice(at, at + PIECE))) {
        cleaned += result[at++];
        continue;
      }
      let end = at + PIECE;
      while (pieces.has(result.slice(end - PIECE + 1, end + 1))) end++;
      cleaned += '[redacted]';
      at = end;
    }
    result = cleaned;
  }
  return result;
}
