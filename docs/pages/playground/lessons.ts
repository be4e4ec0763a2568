// The lessons: what to look at, what was done to show it, and the guide that says the rest. Their ids are addresses
// (`#lesson=<id>`) that guides link to, so they stay. Their titles are the links of the page.

import { type Action, readActions } from './actions.ts';

export interface Lesson {
  readonly id: string;
  /** What the steps show, and what to try next. */
  readonly text: readonly string[];
  /** The page of the site that tells more, relative to the playground. */
  readonly guide: string;
  readonly actions: readonly Action[];
}

const lesson = (id: string, guide: string, steps: string, text: readonly string[]): Lesson => ({
  id,
  text,
  guide: `../guides/${guide}.html`,
  actions: readActions(steps),
});

/** Pairs 1 to 3, and keys 1 to 3, are those of Olive (owner), Adam (admin) and Mira (member). What is made counts from 4. */
export const lessons: readonly Lesson[] = [
  lesson('one-time-secret', 'keys', 'generate,pair=1,name=ci,period=3-months', [
    'Olive has generated a key. Its secret stands below, this one time: the service never tells it again, and after your next step this page does not show it either.',
    'Next: list the keys. The new one is there, its secret is not.',
  ]),
  lesson('signing', 'credentials', 'sign,pair=1', [
    'A request is signed with HTTP Basic: the id, a colon and the secret, in Base64. That is a way of writing, not a lock: whoever sees the header has the secret.',
    'Next: sign with the wrong pair, and see what the client makes of the refusal.',
  ]),
  lesson(
    'regenerate',
    'keys',
    'generate,pair=1,name=ci,period=3-months;sign,pair=4;regenerate,pair=1,key=4;sign,pair=4;sign,pair=5',
    [
      'The key “ci” got a second secret. The id and the end stay (assumed); the first secret is refused from that moment on (assumed).',
      'Next: switch S11, “grace”, to 5000 ms, regenerate once more, and sign with the secret before it, before and after the clock has moved.',
    ],
  ),
  lesson(
    'lockout',
    'security',
    'regenerate,pair=1,key=1;regenerate,pair=1,key=1,self=yes;sign,pair=1;sign,pair=4',
    [
      'A call that would kill the key that signs it is refused before anything is sent. Only allowSelf lets it through; then nobody but this client knows the new secret.',
      'Next: delete a key with itself, with and without allowSelf.',
    ],
  ),
  lesson(
    'maximum',
    'policy',
    'maximum,pair=3,account=main,to=3-months;maximum,pair=1,account=main,to=3-months;generate,pair=3,name=too long,period=1-year;generate,pair=3,name=too long,period=1-year,first=yes;generate,pair=3,name=just right,period=max',
    [
      'Mira, a member, may not set the maximum; Olive, the owner, may. A longer key is then refused: by the service, or before it is asked, where the client has read the maximum.',
      'Next: set another maximum as Adam, who is an admin, and read it as Mira.',
    ],
  ),
  lesson(
    'expiry',
    'keys',
    'generate,pair=1,name=short,period=1-month;generate,pair=1,name=long,period=3-months;sign,pair=4;clock,by=next-end;sign,pair=4;regenerate,pair=1,key=4;sign,pair=5',
    [
      'The clock stands at the end of the key “short”. It is refused from that second on, and a new secret would not renew it: such a key needs a successor.',
      'Next: move the clock on to the end of “long”.',
    ],
  ),
  lesson(
    'semantics',
    'api-knowledge',
    'generate,pair=3,name=nightly,period=1-year;switch,row=shrink,to=clamp;maximum,pair=1,account=main,to=1-month',
    [
      'Nobody outside knows what becomes of existing keys when the maximum shrinks. Under this reading (clamp) they end earlier: see the timeline.',
      'Next: go back one step, switch S1 to “revoke” or “block-on-use”, and set the maximum again.',
    ],
  ),
  lesson('lost-answer', 'errors', 'fault,fault=lost-create;generate,pair=1,name=ci,period=3-months;resolve', [
    'The connection broke after the key was made. The client does not send a create twice: it says that the outcome is not known. Resolving found the key by its name and its time, and gave it a secret that somebody has.',
    'Next: do the same with “The answer to the next new secret is lost”.',
  ]),
  lesson('faults', 'testing', 'fault,fault=busy;sign,pair=1;fault,fault=proxy;sign,pair=1', [
    'A reading that meets “429, come back in a second” waits and is sent again: look at the journal. A page of a proxy in place of the answer is told by its name.',
    'Next: inject “The next request is never answered”. This page gives an attempt two seconds.',
  ]),
  lesson(
    'rotation',
    'rotation',
    'rotate,pair=1,reason=schedule;sign,pair=1;sign,pair=4;clock,by=1-hour;clock,by=1-second;resume',
    [
      'Two keys, one after the other: the new one was made, stored, tested and promoted; for an hour both worked; then the old one was deleted. No reader was ever without a key.',
      'Next: go back to the first step, move the clock by a second, sign with the old pair, and end the drain: the old key stays, because somebody still uses it, and the report says so.',
    ],
  ),
  lesson('rotation-crash', 'rotation', 'rotate,pair=1,reason=schedule,crash=create,side=after;resume', [
    'The process died just after the service had made the key, before anybody had written its secret down. The record says “creating” and the name: the next run finds the key, gives it a new secret, and goes on. No second key.',
    'Next: start over, and let it die at any other step, before or after.',
  ]),
  lesson('leak', 'security', 'rotate,pair=1,reason=leak;sign,pair=1', [
    'After a leak there is no time for a drain: a new key is made, and the leaked one is deleted at once, before any sink is told.',
    'Next: start over, and let the process die just after “making the key”. Then resume.',
  ]),
];
