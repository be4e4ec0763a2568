// A program that creates a key, runs a load test with it and waits for the report, against the reference with the routes beside
// it. The clock of the reference passes the ten minutes, and a fault in the middle shows whether the program survives it.
import { BlazeMeterClient } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import routes from './routes.mjs';

const reference = createReference({ routes });
const { keys } = reference.seed();
const member = new BlazeMeterClient({ credentials: keys.member, fetch: reference.fetch });

const { apiKey, secret } = await member.apiKeys.create({ name: 'load test', expiresIn: { days: 1 } });
const client = member.withOptions({ credentials: { id: apiKey.id, secret } });
reference.faults.add({ operation: 'GET /masters/{id}/status', effect: 'status', status: 503, nth: 3 });

const test = await client.request({ method: 'POST', path: '/tests', json: { name: 'Checkout' } });
const master = await client.request({ method: 'POST', path: `/tests/${test.id}/start` });
let polls = 0;
for (;;) {
  polls++;
  const { status } = await client.request({ path: `/masters/${master.id}/status` });
  if (status === 'ENDED') break;
  reference.clock.advance({ minutes: 2 }); // in a real program: wait
}
const { summary } = await client.request({ path: `/masters/${master.id}/reports/main/summary` });

console.log(`${summary[0].hits} hits in ${summary[0].duration} s, ${polls} polls`);
console.log(
  `${reference.journal.count('GET /masters/{id}/status')} requests for the status, one of them failed`,
);
reference.journal.assertNoUnhandled();
