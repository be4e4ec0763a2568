// Signs a call that undici's `request` sends. It follows no redirect unless an interceptor makes it.
import { RequestSigner } from 'blazemeter-client';
import { defaultCredentials } from 'blazemeter-client/node';
import { request } from 'undici';

const base = process.env.BLAZEMETER_URL ?? 'https://a.blazemeter.com/api/v4';
// Only this origin ever gets the credential.
const signer = new RequestSigner(defaultCredentials(), { origins: [base] });

const url = `${base}/user`;
const { statusCode, body } = await request(url, {
  headers: await signer.headers(url),
  signal: AbortSignal.timeout(30_000),
}).catch((error) => {
  throw new Error(`BlazeMeter was not reached (${error.code ?? error.name}).`);
});
if (statusCode !== 200) {
  await body.dump();
  throw new Error(`BlazeMeter answered ${statusCode}.`);
}
const { result } = await body.json();
console.log(result.displayName);
