// A call of the client inside a span of its own. Errors of the client hold no secret, so they can be recorded.
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { BlazeMeterClient } from 'blazemeter-client';

const client = new BlazeMeterClient({
  baseUrl: process.env.BLAZEMETER_URL ?? 'https://a.blazemeter.com/api/v4',
});
const tracer = trace.getTracer('my-app');

await tracer.startActiveSpan('create a key', async (span) => {
  try {
    const { apiKey } = await client.apiKeys.create({ name: 'nightly build', expiresIn: '1 month' });
    span.setAttribute('blazemeter.key.id', apiKey.id); // the id; never the secret
  } catch (error) {
    span.setAttribute('blazemeter.error.code', error.code ?? error.name);
    span.recordException(error);
    span.setStatus({ code: SpanStatusCode.ERROR });
    process.exitCode = 1;
  } finally {
    span.end();
  }
});
