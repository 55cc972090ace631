// What a program for @deepstream/client sees differently, on purpose. `heading` is where docs/migration.md says so.

/** What is different wherever it appears: a pattern in what is said with @deepstream/client, and what is said instead. */
export const rules = [
  {
    theirs: / was rejected with (.*)$/,
    ours: ' was rejected with { error: $1 }',
    heading: 'Promises are rejected with errors',
  },
];

/** What is different in one place: the lines there, in order, by scene. */
const byScene = {
  'too many attempts': [
    {
      theirs: [],
      ours: ['state CLOSED'],
      heading: 'close() and pause() take effect within the call',
    },
  ],
  'a lazy client': [
    {
      theirs: ['after new INITIALISING'],
      ours: ['after new CLOSED', 'state INITIALISING'],
      heading: 'A lazy client is CLOSED until it connects',
    },
  ],
  'the listeners of a client': [
    {
      theirs: ['second'],
      ours: [],
      heading: 'A listener that was removed is not called any more',
    },
    {
      theirs: ['on without a listener returned'],
      ours: ['on without a listener threw true'],
      heading: 'Wrong arguments throw',
    },
  ],
  'events': [
    {
      theirs: ['the second'],
      ours: [],
      heading: 'A listener that was removed is not called any more',
    },
  ],
  'events that are denied': [
    {
      theirs: ['[]'],
      ours: ["[ 'secret/b' ]"],
      heading: 'What the server has refused is asked for again',
    },
  ],
  'remote procedure calls': [
    {
      theirs: ['[]'],
      ours: ["[ 'secret/b' ]"],
      heading: 'What the server has refused is asked for again',
    },
  ],
  'a record': [
    {
      theirs: [],
      ours: ['ready 1'],
      heading: 'Records tell what they announce',
    },
    {
      theirs: ["{ title: 'Shopping!' } the same false"],
      ours: ["{ title: 'Shopping!' } the same true"],
      heading: 'What is read is the same object until it is different',
    },
    {
      theirs: ['delete 0'],
      ours: ['delete 1'],
      heading: 'Records tell what they announce',
    },
  ],
  'letting go of a record': [
    {
      theirs: [],
      ours: ['other is discarded'],
      heading: 'Records tell what they announce',
    },
  ],
  'records that are denied': [
    {
      theirs: [],
      ours: ["secret says 'MESSAGE_DENIED' object"],
      heading: 'Errors of the client are errors',
    },
    {
      theirs: ["secret says 'MESSAGE_DENIED' 'SUBSCRIBECREATEANDREAD'"],
      ours: [],
      heading: 'Errors of the client are errors',
    },
    {
      theirs: ["fixed says 'MESSAGE_DENIED'"],
      ours: ['ann is told of the error RECORD MESSAGE_DENIED'],
      heading: 'A failure is told once',
    },
  ],
  'lists and others': [
    {
      theirs: [],
      ours: ['n undefined'],
      heading: 'An anonymous record tells that there is nothing',
    },
    {
      theirs: [],
      ours: ['n undefined'],
      heading: 'An anonymous record tells that there is nothing',
    },
  ],
  'what changes on two sides': [
    {
      theirs: [
        'asked to merge mine { ann: 1, start: 1 } 2 { bob: 1, start: 1 } 2',
        'in the end mine { ann: 1, start: 1 } { bob: 1, start: 1 }',
      ],
      ours: ['in the end mine { ann: 1, start: 1 } { ann: 1, start: 1 }'],
      heading: 'What was merged is written',
    },
    {
      theirs: [
        'asked to merge both { ann: 1, bob: 1, start: 1 } 2 { bob: 1, start: 1 } 2',
        'in the end both { ann: 1, bob: 1, start: 1 } { bob: 1, start: 1 }',
      ],
      ours: ['in the end both { ann: 1, bob: 1, start: 1 } { ann: 1, bob: 1, start: 1 }'],
      heading: 'What was merged is written',
    },
  ],
  'providing records': [
    {
      theirs: [],
      ours: ['provided true'],
      heading: 'Records tell what they announce',
    },
  ],
  'pause and resume': [
    {
      theirs: ["set while paused called back at once 'client offline' 'paused'"],
      ours: [],
      heading: 'What has to wait is kept',
    },
    {
      theirs: [],
      ours: ['bob hears while paused', "set while paused called back null 'paused'"],
      heading: 'What has to wait is kept',
    },
  ],
  'a lost connection': [
    {
      theirs: ['what bob sees resolved to { a: 0 }'],
      ours: ['what bob sees resolved to { a: 1 }'],
      heading: 'What has to wait is kept',
    },
  ],
  'giving up': [
    {
      theirs: [],
      ours: ['state ERROR'],
      heading: 'Reconnecting does not give up',
    },
    {
      theirs: ['state CLOSING'],
      ours: [],
      heading: 'close() and pause() take effect within the call',
    },
  ],
  'after close': [
    {
      theirs: ['CLOSING'],
      ours: [],
      heading: 'close() and pause() take effect within the call',
    },
    {
      theirs: [],
      ours: ['CLOSED'],
      heading: 'close() and pause() take effect within the call',
    },
    {
      theirs: ['ann is told of the error CONNECTION IS_CLOSED', 'state CLOSING'],
      ours: [],
      heading: 'close() and pause() take effect within the call',
    },
    {
      theirs: [
        "call was rejected with { error: 'client offline' }",
        "call called back at once 'client offline'",
        "presence was rejected with { error: 'client offline' }",
      ],
      ours: [
        "call was rejected with { error: 'IS_CLOSED' }",
        "call called back 'IS_CLOSED'",
        "presence was rejected with { error: 'IS_CLOSED' }",
      ],
      heading: 'A closed client says so',
    },
  ],
};

export const differences = Object.entries(byScene).flatMap(([scene, places]) =>
  places.map((place) => ({ scene, ...place })),
);
