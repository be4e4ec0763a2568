// The service on node:http.
import { createServer } from 'node:http';
import { health, user } from './blazemeter.mjs';

const routes = { '/user': user, '/healthz': health };

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://service');
  const handler = request.method === 'GET' && Object.hasOwn(routes, pathname) ? routes[pathname] : undefined;
  if (handler === undefined) response.writeHead(404).end();
  else handler(request, response);
});
server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '127.0.0.1', () => {
  console.log(`http://${server.address().address}:${server.address().port}`);
});

// What is under way is answered; then the process ends by itself.
process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
