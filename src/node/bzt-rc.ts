// What is read of Taurus's `~/.bzt-rc`: JSON, or the YAML that people write there, which is plain nested mappings. A YAML
// library would be larger than the whole client; what these lines cannot read for certain, they refuse.

import { isObject, jsonObject } from './source.ts';

/** Further to the right than any line begins. */
const NOTHING = 1e9;
/** A value that is there, and of a kind that is not read here. */
const OPAQUE = 0;

interface Mapping {
  [key: string]: Mapping | string | typeof OPAQUE | null;
}

/** The settings in the text, or undefined where it is written in another way than is read here. */
export function readSettings(text: string): unknown {
  if (/^\s*\{/.test(text)) return jsonObject(text);
  const root = mapping();
  // The mappings that the line at hand may belong to, and how far their own keys are indented.
  const open = [{ indent: -1, within: root }];
  let skipped = NOTHING;
  for (const line of text.split(/\r?\n/)) {
    if (/^(?:---)?\s*(?:#.*)?$/.test(line)) continue;
    const indent = line.search(/[^ ]/);
    // The dashes of a list may stand as far left as its key: it ends half a step further left than a mapping.
    const item = /^ *-(?: |$)/.test(line) ? 0.5 : 0;
    if (indent + item > skipped) continue;
    skipped = NOTHING;
    let parent = open.pop();
    while (parent !== undefined && parent.indent >= indent + item) parent = open.pop();
    if (parent === undefined) return undefined;
    open.push(parent);
    if (item) {
      // Behind a value that began on an earlier line, a dash is a part of that.
      if (Object.keys(parent.within).length > 0) return undefined;
      skipped = parent.indent;
      continue;
    }
    const [, , key, rest = ''] = /^ *(["']?)([\w./-]+)\1 *:(?:\s+(.*))?$/.exec(line) ?? [];
    if (key === undefined || key in parent.within) return undefined;
    const value = scalar(rest.trimEnd());
    if (value === undefined) return undefined;
    parent.within[key] = value;
    if (value === OPAQUE) skipped = indent;
    if (isObject(value)) open.push({ indent, within: value });
  }
  return root;
}

/** `modules.<module>.<name>`, where it is set. Throws the error given where what is there cannot be read. */
export function setting(
  settings: unknown,
  module: string,
  name: string,
  unreadable: Error,
): string | undefined {
  let value = settings;
  for (const key of ['modules', module, name]) {
    if (!isObject(value)) throw unreadable;
    value = value[key] ?? undefined;
    if (value === undefined) return undefined;
  }
  if (typeof value !== 'string') throw unreadable;
  return value || undefined;
}

/** No key of it is inherited. */
const mapping = (): Mapping => Object.create(null);

/** What stands on one line behind a key, or undefined where it may go on in the next. */
function scalar(rest: string): Mapping[string] | undefined {
  const quoted = /^(["'])([^"'\\]*)\1(?:\s+#.*)?$/.exec(rest);
  if (quoted !== null) return quoted[2];
  const text = rest.replace(/(?:^|\s)#.*/, '').trimEnd();
  if (text === '') return mapping();
  if (/^["'[{]/.test(text) && !/["'\]}]$/.test(text)) return undefined;
  if (/^["'[{&*!|>%@`]|:\s/.test(text)) return OPAQUE;
  return /^(?:null|~)$/.test(text) ? null : text;
}
