// A plugin of your own, as small as they come: creates the key of a build, and deletes it after the build.
import { BlazeMeterClient } from 'blazemeter-client';

/** `fetch` is what the tests replace; without it the client uses the network. */
export async function withBuildKey(credentials, build, { fetch } = {}) {
  const client = new BlazeMeterClient({ credentials, logLevel: 'off', ...(fetch && { fetch }) });
  const { apiKey, secret } = await client.apiKeys.create({ name: 'build', expiresIn: { days: 1 } });
  try {
    return await build({ id: apiKey.id, secret });
  } finally {
    await client.apiKeys.delete(apiKey.id);
  }
}
