// Signs a call that got sends, with redirects off. An error of got holds the header: none leaves here.
import { RequestSigner } from 'blazemeter-client';
import { defaultCredentials } from 'blazemeter-client/node';
import got from 'got';

const base = process.env.BLAZEMETER_URL ?? 'https://a.blazemeter.com/api/v4';
// Only this origin ever gets the credential.
const signer = new RequestSigner(defaultCredentials(), { origins: [base] });

const url = `${base}/user`;
const { statusCode, body } = await got(url, {
  headers: await signer.headers(url),
  followRedirect: false,
  throwHttpErrors: false,
  retry: { limit: 0 },
  timeout: { request: 30_000 },
}).catch((error) => {
  // Without a `cause`, which would be printed too.
  throw new Error(`BlazeMeter was not reached (${error.code ?? error.name}).`);
});
if (statusCode !== 200) throw new Error(`BlazeMeter answered ${statusCode}.`);
console.log(JSON.parse(body).result.displayName);
