// Strings from outside (the service, a file, an environment) pass through here before they reach a message, a log line, a table
// or a report, so that they neither control a terminal or a CI system nor contain a token.

/** Longest piece of foreign text that is shown, in characters. */
const MAX_LENGTH = 200;

/**
 * Characters that act instead of being shown: control characters, everything invisible (zero-width and bidirectional marks,
 * tags, fillers, variation selectors), line and paragraph separators, lone surrogates, and noncharacters, which no XML file
 * may contain.
 */
const ACTING =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/** Runs longer than any id, date or word: encoded credentials look like this, and nothing worth reading does. */
const TOKEN = /[A-Za-z0-9=%]{32,}/g;

const escaped = (character: string): string => {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
};

/** A key's id, where it looks like one: people put the secret in its place by mistake. */
export const shownId = (id: string): string => (/^[\w.@-]{1,31}$/.test(id) ? id : '[redacted]');

/**
 * Escapes characters that act, and breaks the command prefixes of CI systems (`##vso[`, `##[`, `##teamcity[`, a leading
 * `::`). The last step before text is written: applied twice, it changes nothing more.
 */
export const harmless = (text: string): string =>
  text
    .replace(/#(?=#(?:vso|teamcity)?\[)/gi, '# ')
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replace(ACTING, escaped);

/** The same for text of several lines, which are kept. */
export const harmlessLines = (text: string): string => text.split('\n').map(harmless).join('\n');

/** Makes foreign text safe to show: {@link harmless}, without long token-like runs, and cut at 200 characters. */
export function printable(text: unknown, maxLength: number = MAX_LENGTH): string {
  const raw = text === undefined || text === null ? '' : String(text);
  // Bounded before the work, so that a hostile megabyte costs no more than a line.
  const shown = harmless(raw.slice(0, maxLength * 8).replace(TOKEN, '[redacted]'));
  return shown.length <= maxLength ? shown : `${[...shown].slice(0, maxLength - 1).join('')}…`;
}

/** As JSON writes it: what came from outside stays complete. */
const units = (text: string): string =>
  [...Array(text.length).keys()]
    .map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');

/**
 * JSON that can neither drive a terminal nor a CI system: what acts is written as JSON's own escapes. One document; with
 * `indent` over several lines, which break between its parts only.
 */
export const safeJson = (value: unknown, indent = 0): string =>
  (JSON.stringify(value, null, indent) ?? 'null')
    .split('\n')
    .map((line) => line.replace(ACTING, units).replace(/#(?=#)/g, units('#')))
    .join('\n');
