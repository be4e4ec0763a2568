// JSON as the command prints it. What came from outside stays whole, and can neither drive a terminal nor a CI system: a
// character that acts, and the sign that opens a command of Azure Pipelines, are written as JSON's own escapes.

const ACTING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const units = (text: string): string =>
  [...Array(text.length).keys()]
    .map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');

/** One document. Line breaks are those between its parts, if it is indented; none is inside of a text. */
export function safeJson(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, null, indent) ?? 'null';
  return text
    .split('\n')
    .map((line) => line.replace(ACTING, units).replace(/#(?=#)/g, units('#')))
    .join('\n');
}
