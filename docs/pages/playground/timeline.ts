// The keys over time: a drawing, and a table that says the same.

import { h, s, table } from './dom.ts';
import { day } from './outcome.ts';
import { roles, type SeenKey, type View } from './world.ts';

const DAY_MS = 86_400_000;

/** How a key stands, in words that the drawing, the table and the colours share. */
type State = 'in use' | 'refused here' | 'has run out' | 'deleted';

const CLASS: Readonly<Record<State, string>> = {
  'in use': 'good',
  'refused here': 'bad',
  'has run out': 'over',
  deleted: 'gone',
};

function stateOf(key: SeenKey, { now, copies }: View): State {
  if (key.gone) return 'deleted';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'has run out';
  return copies.some(({ id, works }) => id === key.id && works) ? 'in use' : 'refused here';
}

/** Names that a rotation makes are long. */
export const shortName = (name: string): string => (name.length <= 22 ? name : `${name.slice(0, 19)}…`);

const date = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The stretch of time that is drawn: what happens soon, and not the ten years that a key may live. */
function stretch({ now, keys }: View): { readonly from: number; readonly to: number } {
  const from = Math.min(now.getTime(), ...keys.map(({ createdAt }) => createdAt.getTime()));
  const soon = keys
    .map(({ expiresAt }) => expiresAt?.getTime() ?? 0)
    .filter((end) => end - from < 3 * 365 * DAY_MS);
  const last = Math.max(from + 100 * DAY_MS, now.getTime(), ...soon);
  const span = last - from;
  return { from: from - span * 0.03, to: last + span * 0.12 };
}

const ROW = 40;
const TOP = 30;

export function drawing(view: View, width: number): SVGSVGElement {
  const { now, keys } = view;
  const { from, to } = stretch(view);
  const left = 2;
  const right = width - 14;
  const x = (ms: number): number =>
    Math.round((left + ((ms - from) / (to - from)) * (right - left)) * 10) / 10;
  const height = TOP + keys.length * ROW + 26;
  const nowX = x(now.getTime());

  const rows = keys.map((key, index) => {
    const y = TOP + index * ROW;
    const state = stateOf(key, view);
    const end = key.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
    const [x1, x2] = [x(key.createdAt.getTime()), x(Math.min(end, to))];
    const beyond = end > to;
    const words = `${shortName(key.name)}: ${state}`;
    // A name that would not fit to the right of its beginning ends at the border.
    const fits = x1 + 6 + words.length * 7 < width;
    const tip = `${x2},${y + 18} ${x2 + 9},${y + 25} ${x2},${y + 32}`;
    return s(
      'g',
      { class: `key ${CLASS[state]}` },
      s('text', fits ? { x: x1 + 6, y: y + 13 } : { x: right, y: y + 13, 'text-anchor': 'end' }, words),
      s('rect', { x: x1, y: y + 18, width: Math.max(3, x2 - x1), height: 14, rx: beyond ? 0 : 3 }),
      ...(beyond ? [s('polygon', { points: tip })] : []),
    );
  });

  const ticks = [0.03, 0.27, 0.51, 0.75].map((part) => from + part * (to - from));
  const nearEnd = nowX > width - 110;
  return s(
    'svg',
    {
      class: 'pg-timeline',
      role: 'img',
      'aria-label': `Timeline of ${keys.length} keys on ${day(now)}. The table below says the same.`,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
    },
    ...(width < 500 ? ticks.filter((_, index) => index % 2 === 0) : ticks).map((ms) =>
      s('text', { class: 'tick', x: x(ms), y: height - 6 }, date(ms)),
    ),
    s('line', { class: 'axis', x1: left, x2: right, y1: height - 22, y2: height - 22 }),
    ...rows,
    s('line', { class: 'now', x1: nowX, x2: nowX, y1: 8, y2: height - 22 }),
    s(
      'text',
      { class: 'now', x: nearEnd ? nowX - 5 : nowX + 5, y: 14, 'text-anchor': nearEnd ? 'end' : 'start' },
      `now, ${date(now.getTime())}`,
    ),
  );
}

/** The same as a table, and which copies of the pairs are let in. */
export function keyTable(view: View): Element {
  return table(
    'The keys, and which of their secrets work',
    ['Key', 'Of', 'Id', 'Runs out', 'Last used', 'State', 'Secrets kept here'],
    view.keys.map((key) => [
      shortName(key.name),
      roles[key.person],
      h('code', {}, key.id),
      day(key.expiresAt),
      day(key.lastUsedAt),
      stateOf(key, view),
      view.copies
        .filter(({ id }) => id === key.id)
        .map(({ nth, works }) => `secret ${nth} ${works ? 'works' : 'is refused'}`)
        .join(', ') || 'none',
    ]),
  );
}
