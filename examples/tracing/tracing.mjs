// Records a span for each request of this process: node --import ./tracing.mjs main.mjs
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { ConsoleSpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';

const provider = new NodeTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())], // or the exporter of your backend
});
provider.register();
registerInstrumentations({
  instrumentations: [
    new UndiciInstrumentation({
      // A list of what is recorded. `authorization`, which holds the secret, must never be in it.
      headersToSpanAttributes: {
        requestHeaders: ['user-agent'],
        responseHeaders: ['content-type', 'retry-after'],
      },
    }),
  ],
});
