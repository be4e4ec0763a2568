// What the service asks BlazeMeter. One client for the life of the process: it signs with the credentials that the record of the
// rotation holds, reads it again every few minutes, and at once where BlazeMeter refuses the credentials that it has.
import { BlazeMeterClient, isBlazeMeterError } from 'blazemeter-client';
import { fileStore, fromStore } from 'blazemeter-client/rotation';

const { KEY_RECORD = '/var/lib/blazemeter/service.json', BLAZEMETER_URL } = process.env;

const client = new BlazeMeterClient({
  credentials: fromStore(fileStore(KEY_RECORD)),
  totalTimeout: 20_000,
  ...(BLAZEMETER_URL === undefined ? {} : { baseUrl: BLAZEMETER_URL }),
});

function say(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify(value)}\n`);
}

/** What the caller may know. Where the credentials could not be had, the code says why: of the record, for instance. */
function codeOf(error) {
  if (!isBlazeMeterError(error)) return 'unknown';
  const { code, cause } = error;
  return code === 'credentials' && isBlazeMeterError(cause) ? cause.code : code;
}

/** The user whose key it is. Takes what node:http gives, which is what Express gives, too. */
export async function user(_request, response) {
  // The caller has gone: the call to BlazeMeter ends as well.
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const { id, displayName } = await client.user.get({ signal: gone.signal });
    say(response, 200, { id, displayName });
  } catch (error) {
    if (gone.signal.aborted) return;
    // Errors of the library hold no secret. What they say is for you, and the code for the caller.
    console.error(error);
    say(response, 502, { error: codeOf(error) });
  }
}

/** Whether the process lives. It asks nobody: an outage of BlazeMeter is no reason to restart. */
export function health(_request, response) {
  say(response, 200, { ok: true });
}
