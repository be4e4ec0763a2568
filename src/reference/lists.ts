// Lists: filters, order and pages, by the parameters that real clients send. Parameters that a list does not know
// are ignored, and values that make no sense fall back to the default: no list is ever refused.

import type { Reply } from './envelope.ts';

/** What one kind of row can be sorted and filtered by, and how it looks. */
export interface ListSpec<Row> {
  readonly view: (row: Row) => object;
  readonly sort: Readonly<Record<string, (row: Row) => string | number | boolean | null>>;
  /** What `textFilter` looks at. */
  readonly texts: (row: Row) => readonly string[];
  readonly enabled?: (row: Row) => boolean;
  readonly roles?: (row: Row) => readonly string[];
}

/** Ways in which a fault bends a list. */
export interface ListBend {
  readonly capLimit?: number;
  readonly repeatPage?: boolean;
  /** What `total` says instead; `omit` leaves it out. */
  readonly total?: number | null | string;
}

const DEFAULT_LIMIT = 10;

/** One page of rows. */
export function page<Row>(
  rows: readonly Row[],
  kind: ListSpec<Row>,
  query: URLSearchParams | undefined,
  bend?: ListBend,
): Reply {
  const limit = whole(query?.get('limit'), DEFAULT_LIMIT);
  const skip = whole(query?.get('skip'), 0);
  const arranged = query === undefined ? rows : arrange(rows, kind, query);
  const stated = bend?.capLimit === undefined ? limit : capped(limit, bend.capLimit);
  const from = bend?.repeatPage === true ? 0 : skip;
  // 0 is "everything".
  const part = arranged.slice(from, stated === 0 ? undefined : from + stated);
  const total = bend?.total === undefined ? arranged.length : bend.total === 'omit' ? undefined : bend.total;
  return { kind: 'list', limit: stated, skip, total, result: part.map(kind.view) };
}

const capped = (limit: number, cap: number): number => (limit === 0 ? cap : Math.min(limit, cap));

const whole = (text: string | null | undefined, otherwise: number): number =>
  text !== null && text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : otherwise;

interface Wanted {
  readonly sort: readonly string[];
  readonly name: string;
  readonly text: string;
  readonly enabled: boolean | undefined;
  readonly roles: readonly string[];
  readonly excludeRoles: readonly string[];
}

/** `sort[]` and, as PHP also reads it, `sort[0]`. */
const values = (query: URLSearchParams, name: string): string[] => {
  const found: string[] = [];
  for (const [key, value] of query)
    if (key.startsWith(`${name}[`) && /^\[\d*\]$/.test(key.slice(name.length))) found.push(value);
  return found;
};

function wanted(query: URLSearchParams): Wanted {
  const enabled = query.get('enabled');
  return {
    sort: values(query, 'sort'),
    name: (query.get('name') ?? '').toLowerCase(),
    text: (query.get('textFilter') ?? '').toLowerCase(),
    enabled:
      enabled === 'true' || enabled === '1'
        ? true
        : enabled === 'false' || enabled === '0'
          ? false
          : undefined,
    roles: values(query, 'roles'),
    excludeRoles: values(query, 'excludeRoles'),
  };
}

function arrange<Row>(rows: readonly Row[], kind: ListSpec<Row>, query: URLSearchParams): readonly Row[] {
  const by = wanted(query);
  return ordered(filtered(rows, kind, by), kind, by.sort);
}

function filtered<Row>(rows: readonly Row[], kind: ListSpec<Row>, by: Wanted): Row[] {
  return rows.filter(
    (row) =>
      (by.name === '' ||
        String(kind.sort.name?.(row) ?? '')
          .toLowerCase()
          .includes(by.name)) &&
      (by.text === '' || kind.texts(row).some((text) => text.toLowerCase().includes(by.text))) &&
      (by.enabled === undefined || kind.enabled === undefined || kind.enabled(row) === by.enabled) &&
      (kind.roles === undefined || hasRoles(kind.roles(row), by)),
  );
}

const hasRoles = (roles: readonly string[], by: Wanted): boolean =>
  (by.roles.length === 0 || by.roles.some((role) => roles.includes(role))) &&
  !by.excludeRoles.some((role) => roles.includes(role));

function ordered<Row>(rows: Row[], kind: ListSpec<Row>, sort: readonly string[]): Row[] {
  const orders = sort.flatMap((field) => {
    const down = field.startsWith('-');
    const name = down ? field.slice(1) : field;
    const read = Object.hasOwn(kind.sort, name) ? kind.sort[name] : undefined;
    return read === undefined ? [] : [{ read, sign: down ? -1 : 1 }];
  });
  if (orders.length === 0) return rows;
  return rows.sort((a, b) => {
    for (const { read, sign } of orders) {
      const left = read(a);
      const right = read(b);
      if (left === right) continue;
      // What has no value comes first, as in a database's ascending order.
      if (left === null) return -sign;
      if (right === null) return sign;
      return left < right ? -sign : sign;
    }
    return 0;
  });
}
