import * as main from 'blazemeter-client';
import * as audit from 'blazemeter-client/audit';
import * as node from 'blazemeter-client/node';
import * as rotation from 'blazemeter-client/rotation';
import * as testing from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { story } from './story.cjs';

const told = await story({ main, node, rotation, audit, testing });
console.log(JSON.stringify({ ...told, handlers: handlers(testing.createReference()).length }));
