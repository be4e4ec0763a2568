// Handlers for msw, in an ES module: they have to be what msw's own ES modules take.

import { createReference } from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { setupServer } from 'msw/node';

export const server = setupServer(...handlers(createReference()));

// @ts-expect-error a reference is needed
handlers({});
