// Signs a call that axios sends, with redirects off. An AxiosError shows the header to whoever prints it: none leaves here.
import axios from 'axios';
import { RequestSigner } from 'blazemeter-client';
import { defaultCredentials } from 'blazemeter-client/node';

const base = process.env.BLAZEMETER_URL ?? 'https://a.blazemeter.com/api/v4';
// Only this origin ever gets the credential.
const signer = new RequestSigner(defaultCredentials(), { origins: [base] });

const url = `${base}/user`;
const { status, data } = await axios
  .get(url, {
    headers: await signer.headers(url),
    maxRedirects: 0,
    validateStatus: () => true,
    timeout: 30_000,
  })
  .catch((error) => {
    // Without a `cause`, which would be printed too.
    throw new Error(`BlazeMeter was not reached (${error.code ?? error.name}).`);
  });
if (status !== 200) throw new Error(`BlazeMeter answered ${status}.`);
console.log(data.result.displayName);
