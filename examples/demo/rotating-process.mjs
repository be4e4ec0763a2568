// The process of the second part of the demo. It rotates the key of a record, and kills itself, as `kill -9` would, when
// the service has created the new key and before anything of the response was stored.

import { BlazeMeterClient } from 'blazemeter-client';
import { fileStore, rotate } from 'blazemeter-client/rotation';

const [baseUrl, path] = process.argv.slice(2);

const client = new BlazeMeterClient({
  credentials: 'not-used:rotation-signs-with-the-credentials-of-its-record',
  baseUrl,
  logLevel: 'off',
  fetch: async (url, init) => {
    const response = await fetch(url, init);
    if (init.method === 'POST') process.kill(process.pid, 'SIGKILL');
    return response;
  },
});
await rotate(client, { store: fileStore(path), reason: 'schedule', owner: 'nightly job' });
