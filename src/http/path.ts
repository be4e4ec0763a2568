// Guards the path of a call, so that no value escapes its segment and no path leaves the base.

/** The placeholder for the id of the user whose key signs, which only a sent request can know. */
export const USER_ID = '{userId}';

/**
 * Fills `{name}` placeholders, each value one encoded segment; {@link USER_ID} stays where its value is not given. Throws a
 * `TypeError` for one that cannot be.
 */
export function fillPath(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    placeholder === USER_ID && !Object.hasOwn(values, name)
      ? placeholder
      : pathSegment(name, Object.hasOwn(values, name) ? values[name] : undefined),
  );
}

/** An id as one segment of a path. Throws a `TypeError` that names the argument for what is no id. */
export function pathSegment(name: string, value: unknown): string {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value > 0) return String(value);
    throw new TypeError(`${name} must be a whole number above 0.`);
  }
  if (typeof value !== 'string' || value === '' || !value.isWellFormed() || climbs(value)) {
    const whole = typeof value === 'object' && value !== null ? ' Pass the id alone, not an object.' : '';
    throw new TypeError(`${name} must be an id: a non-empty string other than "." and "..".${whole}`);
  }
  return encodeURIComponent(value);
}

/** More layers of encoding than any gateway takes off. */
const LAYERS = 5;

/**
 * Whether a segment of the path is "." or "..", also for a gateway that decodes it first, more than once, or takes off
 * parameters (`..;a=b`).
 */
function climbs(path: string): boolean {
  let text = path;
  for (let layer = 0; layer < LAYERS; layer++) {
    if (text.split(/[/\\]/).some((segment) => /^\.{1,2}(?:;|$)/.test(segment))) return true;
    const decoded = text
      // Overlong forms of "." and "/", which some decoders take.
      .replace(/%c0%ae/gi, '.')
      .replace(/%c0%af/gi, '/')
      .replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
    if (decoded === text) return false;
    text = decoded;
  }
  return true;
}

/** Values of a query: `undefined` and `null` are left out, a list repeats its name. */
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
/** One value of a query. */
export type QueryValue = string | number | boolean | null | undefined;

/** A path relative to the base, and its query. */
export interface Target {
  /** Without a leading slash. */
  readonly path: string;
  readonly query: URLSearchParams | undefined;
}

/**
 * Checks a path and joins its own query with the one given. Refuses, with a `TypeError`, what could lead elsewhere: no
 * leading `/`, `//`, `\`, dot segments (encoded ones too), a fragment, control characters.
 */
export function resolveTarget(given: string, query: Query = {}): Target {
  const [path = '', ...own] = given.split('?');
  const bad = !path.startsWith('/') || /[\\#\p{Cc}\s]/u.test(given) || path.includes('//') || climbs(path);
  if (bad)
    throw new TypeError(
      'The path must start with "/", stay below baseUrl and hold no "//", "\\", "." or ".." segment.',
    );
  const search = new URLSearchParams(own.join('?'));
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) search.append(name, String(one));
    }
  }
  return { path: path.slice(1), query: search.size === 0 ? undefined : search };
}
