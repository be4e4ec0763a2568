// What is shown of the last step: what came of it, the secret this one time, the header taken apart, the code; and beside
// it the record of the rotation, and the journal.

import type { RotationRecord } from 'blazemeter-client/rotation';
import { program } from './code.ts';
import { button, h, table } from './dom.ts';
import { day, type Step } from './outcome.ts';
import type { World } from './world.ts';

/** Where a text goes that the reader wants to keep. */
export type CopyText = (text: string, what: string) => void;

function secretBox({ secret }: Step['outcome'], copy: CopyText): Element | null {
  if (secret === undefined) return null;
  const box = h(
    'div',
    { class: 'pg-secret', id: 'secret-box' },
    h('p', {}, h('strong', {}, 'The secret. It is shown this one time:')),
    h('p', {}, h('code', { id: 'secret-text' }, secret.text)),
  );
  const hide = () => {
    const said = h(
      'p',
      { id: 'secret-gone', tabindex: -1 },
      'It is not shown again. Whoever loses it regenerates the key.',
    );
    box.replaceChildren(said);
    said.focus();
  };
  box.append(
    h(
      'p',
      { class: 'pg-buttons' },
      button('copy-secret', 'Copy the pair', () =>
        copy(`${secret.id}:${secret.text}`, 'The pair is copied.'),
      ),
      button('hide-secret', 'I have stored it', hide),
    ),
  );
  return box;
}

function anatomy({ header }: Step['outcome']): Element | null {
  if (header === undefined) return null;
  const [scheme = '', base64 = ''] = header.authorization.split(' ');
  const part = (name: string, ...values: readonly (Node | string)[]) =>
    h('div', {}, h('dt', {}, name), h('dd', {}, h('code', {}, ...values)));
  return h(
    'div',
    { class: 'pg-anatomy', id: 'anatomy' },
    h('h3', {}, 'The header, taken apart'),
    h(
      'dl',
      {},
      part('Header', `authorization: ${header.authorization}`),
      part('Scheme', scheme),
      part('Base64 text', base64),
      part(
        'What it says',
        h('span', { class: 'pg-id' }, header.id),
        h('span', { class: 'pg-colon' }, ':'),
        h('span', { class: 'pg-pair-secret' }, header.secret),
      ),
    ),
    h('p', {}, 'The id, a colon, the secret. Base64 hides nothing.'),
  );
}

/** What came of the last step. */
export function outcomePanel(step: Step | undefined, copy: CopyText): readonly (Node | null)[] {
  if (step === undefined)
    return [h('p', {}, 'Nothing has happened yet. Take a lesson, or do something yourself.')];
  const { outcome, title } = step;
  const mark = { good: '✓', bad: '✗', neutral: '•' }[outcome.tone];
  return [
    h('p', { class: 'pg-title' }, title),
    h(
      'p',
      { class: `pg-headline ${outcome.tone}`, id: 'headline' },
      h('span', { 'aria-hidden': 'true' }, `${mark} `),
      outcome.headline,
    ),
    h('ul', { class: 'pg-lines', id: 'lines' }, ...outcome.lines.map((line) => h('li', {}, line))),
    secretBox(outcome, copy),
    anatomy(outcome),
  ];
}

/** The code of the last step, and of all of them. */
export function codePanel(steps: readonly Step[], copy: CopyText): readonly Node[] {
  const block = (id: string, label: string, text: string) =>
    h('pre', { id, tabindex: 0, role: 'group', 'aria-label': label }, h('code', {}, text));
  const whole = program(steps);
  return [
    block('code', 'Code of this step', steps.at(-1)?.code ?? '// The code of each step stands here.'),
    h(
      'details',
      { id: 'program-details' },
      h('summary', {}, 'The whole program'),
      h('p', {}, 'It runs as it stands, on Node: npm install blazemeter-client.'),
      block('program', 'The whole program', whole),
      h(
        'p',
        { class: 'pg-buttons' },
        button('copy-program', 'Copy the program', () => copy(whole, 'The program is copied.')),
      ),
    ),
  ];
}

/** The record of the rotation: printed as JSON, its secrets show themselves as [secret]. */
export function recordPanel(record: RotationRecord | undefined, world: World): readonly Node[] {
  if (record === undefined) return [h('p', {}, 'There is no record yet: rotate a key.')];
  return [
    h(
      'p',
      {},
      'Phase ',
      h('strong', { id: 'phase' }, record.phase),
      `, epoch ${record.epoch}. The sink holds ${world.sink === null ? 'nothing' : `the pair of ${world.sink}`}. As JSON, a record shows no secret:`,
    ),
    h(
      'pre',
      { id: 'record', tabindex: 0, role: 'group', 'aria-label': 'The record' },
      h('code', {}, JSON.stringify(record, null, 2)),
    ),
  ];
}

/** The newest first. */
export function journalPanel({ reference }: World): Element {
  const entries = reference.journal.entries.slice(-100).reverse();
  if (entries.length === 0) return h('p', {}, 'Nobody has asked for anything yet.');
  return table(
    'What was asked, newest first',
    ['No.', 'Time', 'Call', 'Method and path', 'Status', 'Changed', 'Answer', 'Fault', 'Key'],
    entries.map((entry) => [
      String(entry.number),
      day(entry.time),
      entry.operation ?? 'unknown',
      `${entry.method} ${entry.path}`,
      String(entry.status),
      entry.committed ? 'yes' : 'no',
      { whole: 'arrived', part: 'in part', nothing: 'lost' }[entry.delivered],
      entry.fault ?? '',
      h('code', {}, entry.keyId ?? ''),
    ]),
  );
}
