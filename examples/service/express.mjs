// The same service on Express.
import express from 'express';
import { health, user } from './blazemeter.mjs';

const app = express();
app.disable('x-powered-by');
app.get('/user', user);
app.get('/healthz', health);

const server = app.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '127.0.0.1', () => {
  console.log(`http://${server.address().address}:${server.address().port}`);
});

// What is under way is answered; then the process ends by itself.
process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
