// How the demo prints: steps, what went over the wire, and the result, on a terminal of 80 columns. What is shown of a
// response is chosen by a list of harmless fields; a secret is shown as [secret], and the header that carries it never is.

import { STATUS_CODES } from 'node:http';

const WIDTH = 78;
const SHOWN = new Set([
  'apiKeyExpiration',
  'code',
  'displayName',
  'email',
  'expiration',
  'id',
  'lastUsed',
  'message',
  'name',
]);

/** Only the fields that may be seen. */
function excerpt(value) {
  if (Array.isArray(value)) return value.map(excerpt);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).flatMap(([name, field]) => {
    if (name === 'secret') return [[name, '[secret]']];
    return SHOWN.has(name) && field !== undefined ? [[name, excerpt(field)]] : [];
  });
  return Object.fromEntries(fields);
}

const flat = (value) => JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');

/** An excerpt as lines: a list has a line for each item. */
function lines(name, value) {
  const shown = Array.isArray(value) ? value.map(flat) : [flat(value)];
  return shown.map((text, at) => (Array.isArray(value) ? `${name}[${at}] ${text}` : `${name} ${text}`));
}

/** Breaks a sentence into lines. */
function wrapped(text, indent) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Tells a story on standard output, and remembers every word of it. */
export function createTelling(stream = process.stdout, env = process.env) {
  const coloured = stream.isTTY === true && !env.NO_COLOR;
  const paint = (code) => (text) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
  const bold = paint(1);
  const dim = paint(2);
  const green = paint(32);
  const cyan = paint(36);
  let told = '';
  let steps = 0;
  let sent = 0;

  const print = (line = '') => {
    told += `${line}\n`;
    stream.write(`${line}\n`);
  };

  const excerpts = (name, value) => {
    for (const line of lines(name, excerpt(value))) print(`       ${dim(wrapped(line, 9))}`);
  };

  return {
    /** A heading. */
    title: (text) => print(`\n${bold(text)}`),
    /** Sentences. */
    say: (text, indent = 0) => print(`${' '.repeat(indent)}${wrapped(text, indent)}`),
    /** The next step, in a sentence. */
    step(text) {
      steps += 1;
      const number = `${String(steps).padStart(2)}. `;
      print(`\n${bold(`${number}${wrapped(text, number.length)}`)}`);
    },
    /** What came of it. */
    result: (text) => print(`    ${green('=')} ${wrapped(text, 6)}`),
    /** What went wrong. */
    failure: (text) => print(`\n${paint(31)(`FAILED: ${text}`)}`),
    /** How many requests have been sent. */
    get sent() {
      return sent;
    },
    /** Whether any of these texts, or a piece of eight characters of one, was printed. */
    hasTold: (secrets) =>
      secrets.some((secret) =>
        Array.from(secret.slice(7), (_, at) => secret.slice(at, at + 8)).some((piece) =>
          told.includes(piece),
        ),
      ),
    /** A fetch that tells what it sends and what comes back. */
    fetch: async (input, init) => {
      const { url, method } = input instanceof Request ? input : { url: input, method: init.method };
      const { pathname, search } = new URL(url);
      sent += 1;
      print(`    ${cyan('->')} ${method} ${pathname}${dim(decodeURIComponent(search))}`);
      if (typeof init?.body === 'string') excerpts('body', JSON.parse(init.body));
      const response = await fetch(input, init);
      print(`    ${cyan('<-')} ${response.status} ${STATUS_CODES[response.status]}`);
      const text = await response.clone().text();
      if (text === '') return response;
      const { error, result, total } = JSON.parse(text);
      if (total !== undefined) excerpts('total', total);
      excerpts(error ? 'error' : 'result', error ?? result);
      return response;
    },
  };
}
