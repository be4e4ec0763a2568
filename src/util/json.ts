// Reading JSON from outside.

/**
 * The value of a JSON text, its objects without a prototype, so that a field which is missing is never found in a polluted
 * `Object.prototype`. `undefined` for what is not JSON: the parser's own error quotes the text.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.assign(Object.create(null), value)
        : value,
    );
  } catch {
    return undefined;
  }
}
