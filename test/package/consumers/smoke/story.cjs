// What a first program does with the package, whichever way it was loaded.

exports.story = async ({ main, node, rotation, audit, testing }) => {
  const reference = testing.createReference();
  const { keys } = reference.seed();
  const server = await testing.listen(reference);
  try {
    const env = { BLAZEMETER_API_KEY_ID: keys.owner.id, BLAZEMETER_API_KEY_SECRET: keys.owner.secret };
    const credentials = node.fromEnvironment({ env });
    const client = new main.BlazeMeterClient({ credentials, baseUrl: server.url });
    const { apiKey } = await client.apiKeys.create({ name: 'smoke', expiresIn: '1 month' });
    const { secret } = await client.apiKeys.regenerateSecret(apiKey.id);

    const signer = new main.RequestSigner({ id: apiKey.id, secret }, { origins: [server.url] });
    const answer = await signer.fetch(`${server.url}/user`);
    await client.apiKeys.delete(apiKey.id);
    const afterwards = await signer.fetch(`${server.url}/user`);

    const stranger = new main.BlazeMeterClient({ credentials: 'no-id:no-secret', fetch: reference.fetch });
    const refusal = await stranger.user.get().catch((error) => error);

    const store = rotation.memoryStore();
    await rotation.adopt(client, { store, name: 'smoke', credentials: keys.owner });
    const { phase } = await rotation.rotate(client, { store, reason: 'schedule', drain: { hours: 1 } });
    const reader = client.withOptions({ credentials: rotation.fromStore(store) });
    const { findings } = await audit.audit(reader);

    return {
      name: apiKey.name,
      shown: `${secret}`,
      signed: answer.status,
      deleted: afterwards.status,
      refusal: refusal.name,
      recognised: main.isBlazeMeterError(refusal) && refusal instanceof main.AuthenticationError,
      rotated: phase,
      audited: Array.isArray(findings),
    };
  } finally {
    await server.close();
  }
};

/** What it tells where all is well. */
exports.told = {
  name: 'smoke',
  shown: '[secret]',
  signed: 200,
  deleted: 401,
  refusal: 'AuthenticationError',
  recognised: true,
  rotated: 'draining',
  audited: true,
};
