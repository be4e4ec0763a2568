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
  /** Fields that change without the state's version changing: orders by these are not kept. */
  readonly volatile?: readonly string[];
}

/** The orders of long lists are kept, so that paging through 100,000 rows sorts them once. */
interface Kept<Row> {
  readonly version: number;
  readonly orders: Map<string, readonly Row[]>;
}

export interface ListOf<Row> extends ListSpec<Row> {
  readonly kept: WeakMap<readonly Row[], Kept<Row>>;
}

export const listOf = <Row>(spec: ListSpec<Row>): ListOf<Row> => ({ ...spec, kept: new WeakMap() });

/** Ways in which a fault bends a list. */
export interface ListBend {
  readonly capLimit?: number;
  readonly repeatPage?: boolean;
  /** What `total` says instead; `omit` leaves it out. */
  readonly total?: number | null | string;
}

const DEFAULT_LIMIT = 10;

/** One page of rows. `version` is the state's, for the rows that are long enough to keep their order. */
export function page<Row>(
  rows: readonly Row[],
  kind: ListOf<Row>,
  query: URLSearchParams | undefined,
  version: number,
  bend?: ListBend,
): Reply {
  const limit = whole(query?.get('limit'), DEFAULT_LIMIT);
  const skip = whole(query?.get('skip'), 0);
  const arranged = query === undefined ? rows : arrange(rows, kind, query, version);
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

/** Shorter lists are sorted faster than looked up. */
const LONG = 500;
const MOST_ORDERS = 8;

function arrange<Row>(
  rows: readonly Row[],
  kind: ListOf<Row>,
  query: URLSearchParams,
  version: number,
): readonly Row[] {
  const by = wanted(query);
  const plain = by.sort.length === 0 && by.name === '' && by.text === '' && by.enabled === undefined;
  if (plain && by.roles.length === 0 && by.excludeRoles.length === 0) return rows;
  const fleeting = by.sort.some((field) => kind.volatile?.includes(field.replace(/^-/, '')) === true);
  if (rows.length < LONG || fleeting) return ordered(filtered(rows, kind, by), kind, by.sort);

  let entry = kind.kept.get(rows);
  if (entry === undefined || entry.version !== version || entry.orders.size >= MOST_ORDERS) {
    entry = { version, orders: new Map() };
    kind.kept.set(rows, entry);
  }
  const key = JSON.stringify(by);
  const found = entry.orders.get(key) ?? ordered(filtered(rows, kind, by), kind, by.sort);
  entry.orders.set(key, found);
  return found;
}

function filtered<Row>(rows: readonly Row[], kind: ListOf<Row>, by: Wanted): Row[] {
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

function ordered<Row>(rows: Row[], kind: ListOf<Row>, sort: readonly string[]): Row[] {
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
