// JSON as the commands print it, and the only way they print it. What came from outside stays complete, and can neither
// drive a terminal nor a CI system: what acts is written as JSON's own escapes.

import { ACTING } from '../util/printable.ts';

const units = (text: string): string =>
  [...Array(text.length).keys()]
    .map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');

/** One document; with `indent` over several lines, which break between its parts only. */
export const safeJson = (value: unknown, indent = 0): string =>
  (JSON.stringify(value, null, indent) ?? 'null')
    .split('\n')
    .map((line) => line.replace(ACTING, units).replace(/#(?=#)/g, units('#')))
    .join('\n');
