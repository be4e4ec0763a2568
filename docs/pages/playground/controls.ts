// Everything that a reader can turn. Each button makes one action of what is chosen beside it.

import { semanticsSwitches } from 'blazemeter-client/testing';
import { type Action, type Choice, choices, isChoice, isName } from './actions.ts';
import { button, h } from './dom.ts';
import { shortName } from './timeline.ts';
import { readPair, roles, type World } from './world.ts';

export interface Controls {
  readonly element: HTMLElement;
  /** Offers the pairs and keys that there are now. */
  update(world: World): void;
}

type Options = readonly (readonly [value: string, text: string])[];

/** Offers options, and keeps the one that was chosen where it is still there. */
function offer(select: HTMLSelectElement, options: Options): void {
  const { value } = select;
  select.replaceChildren(...options.map(([key, text]) => h('option', { value: key }, text)));
  if (options.some(([key]) => key === value)) select.value = value;
}

const labelled = (text: string, control: HTMLElement): HTMLElement =>
  h('label', { class: 'pg-field' }, h('span', {}, text), control);

function choose(id: string, text: string, options: Options = []): [HTMLElement, HTMLSelectElement] {
  const select = h('select', { id });
  offer(select, options);
  return [labelled(text, select), select];
}

function chooseFrom<Name extends keyof typeof choices>(
  id: string,
  text: string,
  name: Name,
  first: Choice<Name>,
): [HTMLElement, () => Choice<Name>] {
  const [field, select] = choose(id, text, Object.entries(choices[name]));
  select.value = first;
  return [field, () => (isChoice(name, select.value) ? select.value : first)];
}

function tick(id: string, text: string): [HTMLElement, () => boolean] {
  const box = h('input', { type: 'checkbox', id });
  return [h('label', { class: 'pg-tick' }, box, h('span', {}, text)), () => box.checked];
}

const group = (legend: string, ...parts: readonly (Node | null)[]): HTMLElement =>
  h('fieldset', {}, h('legend', {}, legend), ...parts);

const buttons = (...all: readonly Node[]): HTMLElement => h('p', { class: 'pg-buttons' }, ...all);

/** The pasted pair: taken only with the reference's marker, and never kept. */
function pasting(find: (id: string, secret: string) => number | undefined, take: (number: number) => void) {
  const said = h('p', { class: 'pg-said', id: 'paste-said', role: 'status' });
  const input = h('input', {
    id: 'paste',
    type: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
    maxlength: 120,
    'aria-describedby': 'paste-said',
  });
  const read = (): void => {
    const pair = readPair(input.value);
    input.value = '';
    const number = pair === undefined ? undefined : (find(pair.id, pair.secret) ?? 0);
    said.textContent =
      number === undefined
        ? 'Not taken. Only pairs that the reference made are (id:secret, both begin with 7e57ed). A real key never belongs in a web page.'
        : number === 0
          ? 'No pair of this world: a wrong pair is chosen in its place.'
          : 'Taken: it is chosen above.';
    if (number !== undefined) take(number);
  };
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') read();
  });
  return h(
    'details',
    { id: 'paste-details' },
    h('summary', {}, 'or paste a pair of this page'),
    labelled('id:secret', input),
    buttons(button('do-paste', 'Take the pair', read)),
    said,
  );
}

export function makeControls(act: (action: Action) => void, world: () => World): Controls {
  const [pairField, pairSelect] = choose('pair', 'Sign with');
  const pair = (): number => Number(pairSelect.value);
  const paste = pasting(
    (id, secret) => world().find(id, secret),
    (number) => {
      pairSelect.value = String(number);
    },
  );

  const name = h('input', {
    id: 'name',
    type: 'text',
    value: 'ci',
    maxlength: 30,
    autocomplete: 'off',
    'aria-describedby': 'name-said',
  });
  const nameSaid = h('p', { class: 'pg-said', id: 'name-said', role: 'status' });
  const [periodField, period] = chooseFrom('period', 'It lives for', 'period', '3-months');
  const [firstField, first] = tick('first', 'read the maximum first');
  const generate = (): void => {
    const fine = isName(name.value);
    nameSaid.textContent = fine
      ? ''
      : 'A letter first, then letters, digits, blanks, dots and dashes; nothing that looks like a key.';
    name.setAttribute('aria-invalid', String(!fine));
    if (fine) act({ do: 'generate', pair: pair(), name: name.value, period: period(), first: first() });
    else name.focus();
  };

  const [keyField, keySelect] = choose('key', 'The key');
  const [selfField, self] = tick('self', 'even the one that signs (allowSelf)');
  const key = (): number => Number(keySelect.value);

  const [accountField, account] = chooseFrom('account', 'Of', 'account', 'main');
  const [toField, to] = chooseFrom('maximum', 'The maximum', 'maximum', '3-months');

  const [byField, by] = chooseFrom('by', 'By', 'by', '30-days');

  const [rowField, rowSelect] = choose(
    'row',
    'Row',
    semanticsSwitches.map(({ id, name }) => [name, `${id} ${name}`]),
  );
  const [valueField, value] = choose('value', 'Value');
  const behaviour = h('p', { class: 'pg-said', id: 'behaviour' });
  const values = (): void => {
    const row = semanticsSwitches.find(({ name }) => name === rowSelect.value);
    const now = row === undefined ? null : world().reference.semantics[row.name];
    offer(
      value,
      (row?.values ?? []).map((one) => [String(one), `${one ?? 'no limit'}${one === now ? ' (now)' : ''}`]),
    );
    behaviour.textContent = row === undefined ? '' : `Decides: ${row.behaviour}.`;
  };
  rowSelect.addEventListener('change', values);
  const turn = (): void => {
    if (isChoice('row', rowSelect.value)) act({ do: 'switch', row: rowSelect.value, to: value.value });
  };

  const [faultField, fault] = chooseFrom('fault', 'What goes wrong', 'fault', 'lost-create');

  const [reasonField, reason] = chooseFrom('reason', 'Why', 'reason', 'schedule');
  const [crashField, crash] = chooseFrom('crash', 'The process dies', 'crash', 'none');
  const [sideField, side] = chooseFrom('side', 'When', 'side', 'after');

  const element = h(
    'div',
    { class: 'pg-controls', id: 'controls' },
    group(
      'Who signs',
      pairField,
      paste,
      buttons(
        button('do-sign', 'Sign a request', () => act({ do: 'sign', pair: pair() })),
        button('do-list', 'List the keys', () => act({ do: 'list', pair: pair() })),
      ),
    ),
    group(
      'A new key',
      labelled('Name', name),
      nameSaid,
      periodField,
      firstField,
      buttons(button('do-generate', 'Generate', generate)),
    ),
    group(
      'A key that is there',
      keyField,
      selfField,
      buttons(
        button('do-regenerate', 'Regenerate its secret', () =>
          act({ do: 'regenerate', pair: pair(), key: key(), self: self() }),
        ),
        button('do-delete', 'Delete it', () => act({ do: 'delete', pair: pair(), key: key(), self: self() })),
      ),
    ),
    group(
      'The account’s maximum',
      accountField,
      toField,
      buttons(
        button('do-maximum', 'Set', () => act({ do: 'maximum', pair: pair(), account: account(), to: to() })),
        button('do-policy', 'Read', () => act({ do: 'policy', pair: pair(), account: account() })),
      ),
    ),
    group(
      'The clock',
      byField,
      buttons(button('do-clock', 'Move the clock', () => act({ do: 'clock', by: by() }))),
    ),
    group(
      'Where BlazeMeter is silent',
      rowField,
      valueField,
      behaviour,
      buttons(button('do-switch', 'Switch', turn)),
    ),
    group(
      'Faults',
      faultField,
      buttons(
        button('do-fault', 'Inject', () => act({ do: 'fault', fault: fault() })),
        button('do-mend', 'Take all away', () => act({ do: 'mend' })),
        button('do-resolve', 'Resolve what is in doubt', () => act({ do: 'resolve' })),
      ),
    ),
    group(
      'Rotation',
      reasonField,
      crashField,
      sideField,
      h(
        'p',
        { class: 'pg-said' },
        'The first rotation puts the pair that signs on record. The drain is an hour.',
      ),
      buttons(
        button('do-rotate', 'Rotate', () =>
          act({ do: 'rotate', pair: pair(), reason: reason(), crash: crash(), side: side() }),
        ),
        button('do-resume', 'Resume', () => act({ do: 'resume', crash: crash(), side: side() })),
      ),
    ),
  );

  return {
    element,
    update({ view }) {
      offer(
        pairSelect,
        [...view.copies.slice(1), ...view.copies.slice(0, 1)].map(({ number, person, keyName, nth }) => [
          String(number),
          person === null ? 'A wrong pair' : `${roles[person]}: ${shortName(keyName)}, secret ${nth}`,
        ]),
      );
      offer(
        keySelect,
        view.keys.map(({ name: text, gone }, index) => [
          String(index + 1),
          `${shortName(text)}${gone ? ' (deleted)' : ''}`,
        ]),
      );
      values();
    },
  };
}
