// The code that does what the reader did. Each step gives a few lines; together with the head they are a program that
// runs as it stands.

import type { FaultRule } from 'blazemeter-client/testing';
import { SEED, START } from './world.ts';

/** A value as somebody would write it in a program. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(
    ([name, field]) => `${/^[A-Za-z_]\w*$/.test(name) ? name : literal(name)}: ${literal(field)}`,
  );
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** One level of an object on lines of its own. */
const opened = (value: object, indent: string, depth: number): string =>
  `{\n${Object.entries(value)
    .map(([name, field]) => {
      const text =
        depth > 1 && typeof field === 'object' ? opened(field, `${indent}  `, depth - 1) : literal(field);
      return `${indent}  ${name}: ${text},`;
    })
    .join('\n')}\n${indent}}`;

/** A process that dies at a step, for programs that play a crash. */
const DYING = `
// A process that dies before or after its n-th step that changes something. Nothing it does from then on arrives.
function dying({ step, side }) {
  let [count, dead, died] = [0, false];
  const death = new Promise((resolve) => { died = resolve; });
  const die = () => { dead = true; died('died'); return new Promise(() => {}); };
  const pass = async (work) => {
    if (dead) return new Promise(() => {});
    const last = ++count === step;
    if (last && side === 'before') return die();
    const result = await work();
    return last ? die() : result;
  };
  const changes = ({ method }) => method === 'POST' || method === 'DELETE';
  const mortalFetch = (url, init) =>
    dead || changes(init) ? pass(() => reference.fetch(url, init)) : reference.fetch(url, init);
  return {
    death,
    fetch: mortalFetch,
    store: { read: () => store.read(), write: (...all) => pass(() => store.write(...all)) },
    sink: { name: sink.name, put: (...all) => pass(() => sink.put(...all)) },
  };
}
`;

const ROTATION = `
const store = memoryStore(); // yours: a file, Vault, Kubernetes, Redis
const sink = { name: 'ci secret', put: async ({ id }) => console.log('the sink got', id) };
const run = { owner: 'job-1', timing: { lookAgainMs: 10, testWithinMs: 1_000 } };
`;

/** What stands above the steps of a program. */
export function head(steps: readonly string[]): string {
  const body = steps.join('\n');
  const uses = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(body);
  const rotation = ['adopt', 'resume', 'rotate'].filter(uses);
  const signer = uses('RequestSigner') ? ', RequestSigner' : '';
  const lines = [
    `import { BlazeMeterClient${signer} } from 'blazemeter-client';`,
    ...(rotation.length > 0
      ? [`import { ${[...rotation, 'memoryStore'].sort().join(', ')} } from 'blazemeter-client/rotation';`]
      : []),
    "import { createReference } from 'blazemeter-client/testing';",
    '',
    '// An in-memory BlazeMeter whose clock stands still until it is moved. Leave `fetch` out, and it is the real one.',
    `const reference = createReference({ clock: { at: '${START}', frozen: true }, randomSeed: 'playground' });`,
    `const { keys, accounts } = reference.seed(${opened(SEED, '', 2)});`,
    `const as = (credentials, fetch = reference.fetch) =>`,
    `  new BlazeMeterClient({ credentials, fetch, timeout: 2_000 });`,
    'const told = (error) => {',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code that is shown.
    '  console.log(`${error.name}: ${error.message}`);',
    '  return error;',
    '};',
  ];
  const wrong = uses('wrong')
    ? "\nconst wrong = { id: '7e57ed1d'.padEnd(24, '0'), secret: '7e57ed5e'.padEnd(72, '0') };\n"
    : '';
  return `${lines.join('\n')}\n${wrong}${rotation.length > 0 ? ROTATION : ''}${uses('dying') ? DYING : ''}`;
}

/** The whole program. */
export function program(steps: readonly { readonly title: string; readonly code: string }[]): string {
  const parts = steps.map(({ title, code }, index) => `// ${index + 1}. ${title}\n${code}`);
  return `${head(parts)}\n${parts.join('\n\n')}\n`;
}

/** A rule for the code and for the reference. */
export const addFault = (rule: FaultRule): string => `reference.faults.add(${literal(rule)});`;
