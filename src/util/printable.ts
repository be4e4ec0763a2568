// Strings from outside (the service, a file, an environment) pass through here before they reach a message,
// a log line, a table or a report, so that they can neither drive a terminal or a CI system nor carry a token.

/** Longest piece of foreign text that is shown, in characters. */
const MAX_LENGTH = 200;

/**
 * Characters that act instead of showing: control characters, everything that is invisible (zero-width and bidirectional
 * marks, tags, fillers, variation selectors), line and paragraph separators, lone surrogates, and what is no character at
 * all, which no XML file may hold.
 */
const ACTING =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/** Longer runs than any id, date or word: an encoded credential looks like this, and nothing worth reading does. */
const TOKEN = /[A-Za-z0-9=%]{32,}/g;

const escaped = (character: string): string => {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
};

/** A key's id, where it looks like one: people put the secret in its place. */
export const shownId = (id: string): string => (/^[\w.@-]{1,31}$/.test(id) ? id : '[redacted]');

/**
 * Makes foreign text safe to show: escapes characters that act, breaks the command prefixes of CI systems
 * (`##vso[`, `##[`, a leading `::`), hides long token-like runs and cuts at 200 characters.
 */
export function printable(text: unknown, maxLength: number = MAX_LENGTH): string {
  const raw = text === undefined || text === null ? '' : String(text);
  // Bounded before the work, so that a hostile megabyte costs no more than a line.
  const shown = raw
    .slice(0, maxLength * 8)
    .replace(TOKEN, '[redacted]')
    .replace(/#(?=#(?:vso)?\[)/gi, '# ')
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replace(ACTING, escaped);
  return shown.length <= maxLength ? shown : `${[...shown].slice(0, maxLength - 1).join('')}…`;
}
