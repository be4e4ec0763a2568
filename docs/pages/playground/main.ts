// The page: a list of actions and how far it was played. Everything shown follows from that; the address holds the list,
// so that a link shows the same again.

import { type Action, MOST_STEPS, readActions, UnreadableLink, writeActions } from './actions.ts';
import { makeControls } from './controls.ts';
import { button, h } from './dom.ts';
import { type Lesson, lessons } from './lessons.ts';
import type { Step } from './outcome.ts';
import { codePanel, journalPanel, outcomePanel, recordPanel } from './panels.ts';
import { perform } from './perform.ts';
import { drawing, keyTable } from './timeline.ts';
import { World } from './world.ts';

/** The pause between two steps of a replay, for those who like to see things move: milliseconds. */
const PAUSE = 900;

let world = new World();
let actions: readonly Action[] = [];
let steps: Step[] = [];
let lesson: Lesson | undefined;

const status = document.getElementById('status');
const say = (text: string): void => {
  if (status !== null) status.textContent = text;
};

/** Steps follow one another: what is clicked meanwhile waits its turn. */
let turn: Promise<void> = Promise.resolve();
let waiting = 0;
const inTurn = (work: () => Promise<void>): void => {
  waiting += 1;
  document.body.setAttribute('aria-busy', 'true');
  turn = turn
    .then(work)
    .catch((error: unknown) => say(error instanceof Error ? error.message : 'Something went wrong.'))
    .then(() => {
      waiting -= 1;
      if (waiting === 0) document.body.setAttribute('aria-busy', 'false');
    });
};

const copyText = (text: string, said: string): void => {
  navigator.clipboard.writeText(text).then(
    () => say(said),
    () => say('The browser does not let this page copy. Select the text by hand.'),
  );
};

const section = (id: string, title: string, ...more: readonly Node[]): [HTMLElement, HTMLElement] => {
  const body = h('div', { id });
  return [
    h('section', { 'aria-labelledby': `${id}-title` }, h('h2', { id: `${id}-title` }, title), ...more, body),
    body,
  ];
};

const lessonBody = h('div', { id: 'lesson-text' });
const stepsBody = h('ol', { class: 'pg-steps', id: 'steps' });
const player = h(
  'p',
  { class: 'pg-buttons' },
  button('back', 'Back', () => goTo(steps.length - 1)),
  button('forward', 'Forward', () => goTo(steps.length + 1)),
  button('replay', 'Replay', () => inTurn(replay)),
  button('start-over', 'Start over', () => open(undefined, [])),
  button('copy-link', 'Copy the link', () => copyText(location.href, 'The link is copied.')),
);
const controls = makeControls(
  (action) => inTurn(() => add(action)),
  () => world,
);
const drawn = h('div', { class: 'pg-drawn', id: 'timeline' });
const maxima = h('p', { id: 'maxima' });
const [timeSection] = section('time', 'Keys over time', drawn, maxima);
const [keysSection, keysBody] = section('keys', 'The keys');
const [outcomeSection, outcomeBody] = section('outcome', 'What came of it');
const [codeSection, codeBody] = section('code-of-it', 'The code that does it');
const [recordSection, recordBody] = section('record-of-it', 'The record of the rotation');
const [journalSection, journalBody] = section('journal', 'The journal');

function show(): void {
  const last = steps.at(-1);
  lessonBody.replaceChildren(
    ...(lesson === undefined
      ? [h('p', {}, 'Your own steps. The address of this page is a link to them.')]
      : [
          h('h2', { id: 'lesson-title' }, document.getElementById(`lesson=${lesson.id}`)?.textContent),
          ...lesson.text.map((text) => h('p', {}, text)),
          h('p', {}, h('a', { href: lesson.guide }, 'The guide tells more')),
        ]),
  );
  stepsBody.replaceChildren(
    ...actions.map((_, index) => {
      const step = known[index];
      const element = button(`step-${index + 1}`, step?.title ?? `Step ${index + 1}`, () => goTo(index + 1));
      if (index === steps.length - 1) element.setAttribute('aria-current', 'step');
      element.className = index < steps.length ? (step?.outcome.tone ?? '') : 'to-come';
      return h('li', {}, element);
    }),
  );
  for (const link of document.querySelectorAll('.pg-lessons a'))
    if (link.id === `lesson=${lesson?.id ?? ''}`) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  controls.update(world);
  draw();
  maxima.textContent = world.view.maxima
    .map(({ name, days }) => `${name}: keys live for ${days === null ? 'any time' : `${days} days at most`}`)
    .join('. ');
  keysBody.replaceChildren(keyTable(world.view));
  outcomeBody.replaceChildren(...outcomePanel(last, copyText).filter((part) => part !== null));
  codeBody.replaceChildren(...codePanel(steps, copyText));
  journalBody.replaceChildren(journalPanel(world));
  void world.store.read().then((held) => recordBody.replaceChildren(...recordPanel(held?.record, world)));
  if (last !== undefined) say(`${last.title}: ${last.outcome.headline}`);
}

/** The steps as they were last played, those after the present one too: for their titles. */
let known: Step[] = [];

function draw(): void {
  const width = Math.floor(drawn.clientWidth);
  if (width > 0) drawn.replaceChildren(drawing(world.view, width));
}

/** Plays on from where the world stands. */
async function play(action: Action): Promise<void> {
  const step = await perform(world, action, steps.length + 1);
  steps = [...steps, step];
  known = [...steps, ...known.slice(steps.length)];
}

async function restart(): Promise<void> {
  world = new World();
  steps = [];
  await world.look();
}

/** Something new: whatever was to come after the present step is forgotten. */
async function add(action: Action): Promise<void> {
  if (steps.length >= MOST_STEPS) {
    say(`This page plays ${MOST_STEPS} steps at most. Start over, or go back.`);
    return;
  }
  actions = [...actions.slice(0, steps.length), action];
  known = known.slice(0, steps.length);
  lesson = undefined;
  await play(action);
  remember();
  show();
  // On a phone what came of it is above the controls.
  const { top, bottom } = outcomeSection.getBoundingClientRect();
  if (bottom < 120 || top > innerHeight - 120) outcomeSection.scrollIntoView();
}

/** Goes to a step, by playing everything up to it again. */
function goTo(count: number): void {
  inTurn(async () => {
    const wanted = Math.max(0, Math.min(count, actions.length));
    if (wanted < steps.length) await restart();
    for (const action of actions.slice(steps.length, wanted)) await play(action);
    show();
  });
}

async function replay(): Promise<void> {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  await restart();
  show();
  for (const action of actions) {
    if (!still) await new Promise((resolve) => setTimeout(resolve, PAUSE));
    await play(action);
    show();
  }
}

/** Puts the list of actions into the address. */
function remember(): void {
  const text = writeActions(actions);
  const fragment = lesson !== undefined ? `lesson=${lesson.id}` : text === '' ? '' : `steps=${text}`;
  history.replaceState(
    null,
    '',
    `${location.pathname}${location.search}${fragment === '' ? '' : `#${fragment}`}`,
  );
}

function open(next: Lesson | undefined, list: readonly Action[]): void {
  inTurn(async () => {
    lesson = next;
    actions = list;
    known = [];
    await restart();
    for (const action of actions) await play(action);
    remember();
    show();
  });
}

/** What the address asks for. */
function follow(): void {
  const [kind, ...rest] = location.hash.slice(1).split('=');
  const text = rest.join('=');
  if (kind === 'lesson' || kind === 'steps') {
    try {
      const found = lessons.find(({ id }) => id === text);
      if (kind === 'lesson' && found === undefined) throw new UnreadableLink('There is no such lesson.');
      open(found, found?.actions ?? readActions(text));
      return;
    } catch (error) {
      if (!(error instanceof UnreadableLink)) throw error;
      open(undefined, []);
      inTurn(async () => {
        const text = `This link cannot be read. ${error.message}`;
        lessonBody.replaceChildren(h('p', { class: 'pg-headline bad', id: 'link-error' }, text));
        say(text);
      });
      return;
    }
  }
  if (kind === '') open(undefined, []);
}

function build(root: HTMLElement): void {
  try {
    document.documentElement.dataset.theme = localStorage.getItem('tsd-theme') ?? 'os';
  } catch {
    // A browser that keeps nothing: as the system says.
  }
  root.append(
    h(
      'div',
      { class: 'pg-columns' },
      h(
        'section',
        { class: 'pg-lesson', 'aria-label': 'The lesson and its steps' },
        lessonBody,
        stepsBody,
        player,
      ),
      h('div', { class: 'pg-side' }, outcomeSection, codeSection),
      timeSection,
      h(
        'section',
        { class: 'pg-do', 'aria-labelledby': 'do-title' },
        h('h2', { id: 'do-title' }, 'Do it yourself'),
        controls.element,
      ),
    ),
    keysSection,
    recordSection,
    journalSection,
  );
  new ResizeObserver(draw).observe(drawn);
  addEventListener('hashchange', follow);
  follow();
}

const root = document.getElementById('playground');
if (root !== null) build(root);
