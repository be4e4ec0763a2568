// A call of the client inside a span of its own. Errors of the client hold no secret, so they can be recorded.
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { BlazeMeterClient, isBlazeMeterError } from 'blazemeter-client';

const baseUrl = process.env.BLAZEMETER_URL ?? 'https://a.blazemeter.com/api/v4';
const client = new BlazeMeterClient({ baseUrl });

const span = trace.getTracer('my-app').startSpan('create a key');
try {
  const inSpan = trace.setSpan(context.active(), span);
  const { apiKey } = await context.with(inSpan, () =>
    client.apiKeys.create({ name: 'nightly build', expiresIn: '1 month' }),
  );
  span.setAttribute('blazemeter.key.id', apiKey.id); // the id; never the secret
} catch (error) {
  if (isBlazeMeterError(error)) {
    span.setAttribute('blazemeter.error.code', error.code);
    span.recordException(error);
  }
  span.setStatus({ code: SpanStatusCode.ERROR });
  process.exitCode = 1;
} finally {
  span.end();
}
