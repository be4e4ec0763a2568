// A plugin of your own, as small as they come: deletes the keys of a user that have expired.
import { BlazeMeterClient, isBlazeMeterError } from 'blazemeter-client';

export async function deleteExpiredKeys(credentials, now) {
  const client = new BlazeMeterClient({ credentials, logLevel: 'off' });
  try {
    const deleted = [];
    for (const { id, name, expiresAt } of await client.apiKeys.list().toArray()) {
      if (expiresAt === null || expiresAt > now) continue;
      await client.apiKeys.delete(id);
      deleted.push(name);
    }
    return deleted;
  } catch (error) {
    // The message of an error of the client holds no secret.
    throw isBlazeMeterError(error) ? new Error(`Cannot clean up: ${error.message}`) : error;
  }
}
