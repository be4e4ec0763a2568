// An independent check: the client's read operations against Prism, which serves docs/openapi.yaml and refuses, with
// `--errors`, every request that the document does not allow. Ends with 1 where one was refused or Prism did not start.
import { BlazeMeterClient } from 'blazemeter-client';
import { prism } from './others.mjs';

const server = await prism('--errors');
if (server.problem !== undefined) {
  console.error(server.problem);
  process.exit(1);
}
let violations = 0;
let requests = 0;
try {
  const client = new BlazeMeterClient({
    credentials: { id: '7e57ed000000000000000000', secret: 'prism-takes-any' },
    baseUrl: `http://127.0.0.1:${server.port}`,
    maxRetries: 0,
    fetch: async (url, init) => {
      requests += 1;
      const response = await fetch(url, init);
      const said = response.headers.get('sl-violations');
      if (said === null && response.status < 400) return response;
      violations += 1;
      console.log(
        `${init.method} ${new URL(url).pathname}: ${response.status} ${said ?? (await response.clone().text())}`,
      );
      return response;
    },
  });
  const [account] = (await client.accounts.list({ sort: 'name', limit: 1000 })).items;
  const [key] = (await client.apiKeys.list({ sort: ['name', '-created'], textFilter: 'ci' })).items;
  if (account === undefined || key === undefined) throw new Error('The document has no examples of lists.');
  await client.user.get();
  await client.accounts.get(account.id);
  await client.accounts.users(account.id, { enabled: true, roles: ['admin'], excludeRoles: ['billing'] });
  await client.accounts.apiKeyPolicy.get(account.id);
  await client.accounts.apiKeyPolicy.get();
  await client.apiKeys.get(key.id);
  let seen = 0;
  for await (const _ of client.apiKeys.list()) seen += 1;
  console.log(`${server.name}: ${requests} requests, ${violations} violations, ${seen} keys listed`);
} catch (error) {
  violations += 1;
  console.log(String(error));
} finally {
  server.stop();
}
process.exitCode = violations === 0 ? 0 : 1;
