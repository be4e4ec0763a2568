// Servers that quote secrets: the one that signed and the one that they have just made, in every encoding, at every place
// of a response that anybody is shown.
import { type EncodingName, encodingNames, encodings } from './detector.ts';
import type { Failure } from './failures.ts';
import { basic, type Stage } from './stage.ts';

/** What is quoted: a whole secret, a piece as short as counts, or the header. */
const quotes = {
  'the whole': (text: string) => text,
  'the beginning': (text: string) => text.slice(0, 8),
  'the end': (text: string) => text.slice(-12),
};

/** Headers of the response, where they can carry the text. */
const headersWith = (text: string): Record<string, string> =>
  /^[\x20-\x7e\xa0-\xff]*$/.test(text)
    ? Object.fromEntries(
        ['server', 'vary', 'cache-control', 'content-type', 'x-ratelimit-limit', 'expires'].map((name) => [
          name,
          `${text} ${name}`,
        ]),
      )
    : {};

interface Place {
  readonly name: string;
  readonly ends?: string;
  /** `text` is the quote. */
  readonly reply: (text: string, stage: Stage) => { status: number; body: string };
}

const json = (status: number, body: object): { status: number; body: string } => ({
  status,
  body: JSON.stringify(body),
});

const places: Place[] = [
  {
    name: 'its error message and request id',
    ends: 'BadRequestError',
    reply: (text) =>
      json(400, { error: { code: 400, message: `Bad Request: ${text}, indeed` }, request_id: text }),
  },
  {
    name: 'an error that is a text',
    ends: 'ServerError',
    reply: (text) => json(500, { error: text, result: null }),
  },
  {
    name: 'a message beside a 401',
    ends: 'AuthenticationError',
    reply: (text) => json(401, { message: `no: "${text}"` }),
  },
  { name: 'its content type', ends: 'InvalidResponseError', reply: (text) => ({ status: 200, body: text }) },
  {
    name: 'the headers of a good response',
    reply: (text) => json(200, { result: { id: 7 }, request_id: text }),
  },
];

const madePlaces: Place[] = [
  {
    name: 'an error inside a 200',
    ends: 'UndeliveredSecretError',
    reply: (text, { made }) =>
      json(200, { error: { code: 500, message: text }, result: { secret: made }, request_id: text }),
  },
  {
    name: 'a response without an id',
    ends: 'UndeliveredSecretError',
    reply: (text, { made }) => json(201, { result: { name: text, secret: made }, request_id: text }),
  },
  {
    name: 'the headers of a good response to a create',
    reply: (text, { made }) =>
      json(201, { result: { id: 'a', name: 'n', created: 1_900_000_000, secret: made }, request_id: text }),
  },
];

const respond = (stage: Stage, { reply }: Place, text: string): Response => {
  const { status, body } = reply(text, stage);
  return new Response(body, { status, headers: headersWith(text) });
};

const echo = (place: Place, quote: keyof typeof quotes, encoding: EncodingName): Failure => ({
  name: `a server that quotes ${quote} of the secret, ${encoding}, in ${place.name}`,
  ...(place.ends === undefined ? {} : { ends: place.ends }),
  run: (stage) => {
    const text = encodings[encoding].write(quotes[quote](stage.credentials.secret));
    return stage.client({ fetch: async () => respond(stage, place, text) }).user.get();
  },
});

const madeEcho = (place: Place, quote: keyof typeof quotes, encoding: EncodingName): Failure => ({
  name: `a server that quotes ${quote} of the new secret, ${encoding}, in ${place.name}`,
  ...(place.ends === undefined ? {} : { ends: place.ends }),
  run: (stage) => {
    const text = encodings[encoding].write(quotes[quote](stage.made));
    return stage
      .client({
        fetch: async (url, init) =>
          init.method === 'POST' ? respond(stage, place, text) : stage.fetch(url, init),
      })
      .apiKeys.create({ name: 'ci', expiresIn: '3 months' });
  },
});

const header = (place: Place): Failure => ({
  name: `a server that quotes the header in ${place.name}`,
  ...(place.ends === undefined ? {} : { ends: place.ends }),
  run: (stage) =>
    stage.client({ fetch: async () => respond(stage, place, basic(stage.credentials)) }).user.get(),
});

/** What goes over a wire; the others are what a dump of bytes in memory looks like. */
const onTheWire = encodingNames.filter((name) => !name.includes('inspected') && !name.startsWith('bytes'));

const quoteNames = ['the whole', 'the beginning', 'the end'] as const;

export const echoes: readonly Failure[] = [
  ...places.map(header),
  ...onTheWire.flatMap((encoding) =>
    quoteNames.flatMap((quote) => [
      ...places.map((place) => echo(place, quote, encoding)),
      ...madePlaces.map((place) => madeEcho(place, quote, encoding)),
    ]),
  ),
];
