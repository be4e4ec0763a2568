// A stand-in for the four packages of OpenTelemetry that the recipe for tracing uses: it makes spans of what undici's diagnostics
// channels report, as the real instrumentation does, and prints them.

import { subscribe } from 'node:diagnostics_channel';

let processors = [];
const end = (span) => {
  for (const processor of processors) processor.onEnd(span);
};

export class ConsoleSpanExporter {
  export(span) {
    console.log(JSON.stringify(span));
  }
}

export class SimpleSpanProcessor {
  constructor(exporter) {
    this.onEnd = (span) => exporter.export(span);
  }
}

export class NodeTracerProvider {
  constructor({ spanProcessors }) {
    this.register = () => {
      processors = spanProcessors;
    };
  }
}

/** undici gives headers as name, value, name, value; those of a response as bytes. */
function named(list, names, prefix) {
  const found = {};
  for (let at = 0; at < list.length; at += 2) {
    const name = String(list[at]).toLowerCase();
    if (names.includes(name)) found[`${prefix}.${name}`] = String(list[at + 1]);
  }
  return found;
}

export class UndiciInstrumentation {
  constructor({ headersToSpanAttributes: { requestHeaders, responseHeaders } }) {
    const spans = new WeakMap();
    this.enable = () => {
      subscribe('undici:request:create', ({ request }) => {
        const { method, origin, path } = request;
        const attributes = { 'http.request.method': method, 'url.full': `${origin}${path}` };
        spans.set(request, { name: method, attributes });
      });
      subscribe('undici:client:sendHeaders', ({ request }) => {
        const { attributes } = spans.get(request);
        Object.assign(attributes, named(request.headers, requestHeaders, 'http.request.header'));
      });
      subscribe('undici:request:headers', ({ request, response }) => {
        const { attributes } = spans.get(request);
        attributes['http.response.status_code'] = response.statusCode;
        Object.assign(attributes, named(response.headers, responseHeaders, 'http.response.header'));
      });
      subscribe('undici:request:trailers', ({ request }) => end(spans.get(request)));
      subscribe('undici:request:error', ({ request, error }) =>
        end({ ...spans.get(request), error: error.message }),
      );
    };
  }
}

export function registerInstrumentations({ instrumentations }) {
  for (const instrumentation of instrumentations) instrumentation.enable();
}

export const SpanStatusCode = { ERROR: 2 };

export const context = { active: () => ({}), with: (_, work) => work() };

export const trace = {
  setSpan: (context) => context,
  getTracer: () => ({
    startSpan(name) {
      const span = { name, attributes: {}, events: [] };
      span.setAttribute = (key, value) => {
        span.attributes[key] = value;
      };
      span.recordException = ({ message, stack }) => span.events.push({ message, stack });
      span.setStatus = (status) => {
        span.status = status;
      };
      span.end = () => end(span);
      return span;
    },
  }),
};
