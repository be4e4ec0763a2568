// Builds the URL of a call so that no value escapes its segment and no path leaves the base.

/** Fills `{name}` placeholders, each value one encoded segment. Throws a `TypeError` for one that cannot be. */
export function fillPath(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return segment(name, value);
  });
}

function segment(name: string, value: unknown): string {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value > 0) return String(value);
    throw new TypeError(`${name} must be a whole number above 0.`);
  }
  if (typeof value !== 'string' || value === '' || value === '.' || value === '..' || !value.isWellFormed()) {
    throw new TypeError(`${name} must be an id: not empty, not "." or "..".`);
  }
  return encodeURIComponent(value);
}

/** Values of a query: `undefined` and `null` are left out, a list repeats its name. */
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
/** One value of a query. */
export type QueryValue = string | number | boolean | null | undefined;

function queryString(query: Query | undefined): string {
  if (query === undefined) return '';
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) search.append(name, String(one));
    }
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/**
 * The URL of a path relative to the base. Refuses, with a `TypeError`, what could lead elsewhere: no leading `/`, `//`,
 * `\`, dot segments (encoded ones too), a fragment, control characters.
 */
export function resolveUrl(base: URL, path: string, query?: Query): string {
  const [pathOnly = ''] = path.split('?', 1);
  const bad =
    !path.startsWith('/') ||
    /[\\#\p{Cc}\s]/u.test(path) ||
    pathOnly.includes('//') ||
    // Encoded slashes count: a gateway that decodes them first would see the dots.
    /(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:\/|%2f|%5c|$)/i.test(pathOnly);
  if (bad)
    throw new TypeError(
      'The path must start with "/", stay below baseUrl and hold no "//", "\\", "." or ".." segment.',
    );
  const extra = queryString(query);
  const url = new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}${path}`);
  if (extra !== '') url.search = url.search === '' ? extra : `${url.search}&${extra.slice(1)}`;
  return url.href;
}
