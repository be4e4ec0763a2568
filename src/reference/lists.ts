// Lists: filters, order and pages, by the parameters that real clients send. Unknown parameters are ignored, and invalid
// values fall back to the default: a list is never refused.

import type { Context } from './context.ts';
import type { Reply } from './envelope.ts';

/** What one kind of item can be sorted and filtered by, and its JSON. */
export interface ListSpec<Item> {
  readonly view: (item: Item) => object;
  readonly sort: Readonly<Record<string, (item: Item) => string | number | boolean | null>>;
  /** What `textFilter` searches. */
  readonly texts: (item: Item) => readonly string[];
  readonly enabled?: (item: Item) => boolean;
  readonly roles?: (item: Item) => readonly string[];
}

const DEFAULT_LIMIT = 10;

/** One page of a list. */
export function page<Item>(
  { query, listFault: fault }: Pick<Context, 'query' | 'listFault'>,
  items: readonly Item[],
  kind: ListSpec<Item>,
): Reply {
  // 0 and -1 both ask for everything.
  const asked = query?.get('limit');
  const limit = asked === '-1' ? -1 : whole(asked, DEFAULT_LIMIT);
  const skip = whole(query?.get('skip'), 0);
  const arranged = query === undefined ? items : arrange(items, kind, query);
  const stated = fault?.capLimit === undefined ? limit : capped(limit, fault.capLimit);
  const from = fault?.repeatPage === true ? 0 : skip;
  const part = arranged.slice(from, stated <= 0 ? undefined : from + stated);
  const total =
    fault?.total === undefined ? arranged.length : fault.total === 'omit' ? undefined : fault.total;
  return { kind: 'list', limit: stated, skip, total, result: part.map(kind.view) };
}

const capped = (limit: number, cap: number): number => (limit <= 0 ? cap : Math.min(limit, cap));

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

function arrange<Item>(
  items: readonly Item[],
  kind: ListSpec<Item>,
  query: URLSearchParams,
): readonly Item[] {
  const by = wanted(query);
  return ordered(filtered(items, kind, by), kind, by.sort);
}

function filtered<Item>(items: readonly Item[], kind: ListSpec<Item>, by: Wanted): readonly Item[] {
  const { enabled, roles } = kind;
  const tests: ((item: Item) => boolean)[] = [];
  if (by.name !== '')
    tests.push((item) =>
      String(kind.sort.name?.(item) ?? '')
        .toLowerCase()
        .includes(by.name),
    );
  if (by.text !== '')
    tests.push((item) => kind.texts(item).some((text) => text.toLowerCase().includes(by.text)));
  if (enabled !== undefined && by.enabled !== undefined) tests.push((item) => enabled(item) === by.enabled);
  if (roles !== undefined && by.roles.length + by.excludeRoles.length > 0)
    tests.push((item) => hasRoles(roles(item), by));
  return tests.length === 0 ? items : items.filter((item) => tests.every((test) => test(item)));
}

const hasRoles = (roles: readonly string[], by: Wanted): boolean =>
  (by.roles.length === 0 || by.roles.some((role) => roles.includes(role))) &&
  !by.excludeRoles.some((role) => roles.includes(role));

function ordered<Item>(
  items: readonly Item[],
  kind: ListSpec<Item>,
  sort: readonly string[],
): readonly Item[] {
  const orders = sort.flatMap((field) => {
    const down = field.startsWith('-');
    const name = down ? field.slice(1) : field;
    const read = Object.hasOwn(kind.sort, name) ? kind.sort[name] : undefined;
    return read === undefined ? [] : [{ read, sign: down ? -1 : 1 }];
  });
  if (orders.length === 0) return items;
  return [...items].sort((a, b) => {
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
