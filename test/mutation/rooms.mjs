// What is mutated, which tests have to notice, and the score that is asked for. The tests are those of the room itself: fast
// ones, in one process. Crashes of real processes, sockets and speed are not asked here.

/** @typedef {{ name: string, goal: 95 | 100, mutate: string[], tests: string[] }} Room */

/** @type {Room[]} */
export const rooms = [
  {
    name: 'signer',
    goal: 100,
    mutate: ['src/auth/basic.ts', 'src/auth/signer.ts', 'src/auth/destination.ts'],
    tests: ['test/unit/signer*.test.ts', 'test/unit/properties-credentials.test.ts'],
  },
  {
    name: 'redaction',
    goal: 100,
    mutate: ['src/text/*.ts'],
    tests: ['test/unit/redaction*.test.ts'],
  },
  {
    name: 'policy dates',
    goal: 100,
    mutate: ['src/api/expiration.ts'],
    tests: ['test/unit/properties-dates.test.ts', 'test/unit/expiration.test.ts'],
  },
  {
    name: 'envelope',
    goal: 95,
    mutate: ['src/api/envelope.ts'],
    tests: ['test/unit/properties-errors.test.ts', 'test/unit/envelope.test.ts'],
  },
  {
    name: 'wire',
    goal: 95,
    mutate: ['src/schemas/index.ts', 'src/api/operations.ts'],
    tests: ['test/unit/{schemas,schemas-extra,operations,overrides,salvage}.test.ts'],
  },
  {
    name: 'auth',
    goal: 95,
    mutate: ['src/auth/cache.ts', 'src/auth/credentials.ts', 'src/auth/secret.ts'],
    tests: [
      'test/unit/credential-cache*.test.ts',
      'test/unit/credentials.test.ts',
      'test/unit/properties-credentials.test.ts',
      'test/unit/secret.test.ts',
      'test/unit/signer.test.ts',
    ],
  },
  {
    name: 'transport parts',
    goal: 95,
    mutate: [
      'src/http/{body,call-promise,deno,failure,headers,log,pagination,path,retry,scope,server-clock,signed-fetch}.ts',
    ],
    tests: [
      'test/unit/transport-{body,call-promise,deno,failure,headers,log,pages,paths,retry,scope,signed-fetch}.test.ts',
    ],
  },
  {
    name: 'transport',
    goal: 95,
    mutate: ['src/http/call.ts'],
    tests: ['test/unit/transport-{attempts,again,signers,time}.test.ts'],
  },
  {
    name: 'rotation record',
    goal: 100,
    mutate: ['src/rotation/{record,record-reader,record-text,span,names,base64}.ts'],
    tests: ['test/rotation/{record,readers-timing,options,window,drain,adopt,clean-up}.test.ts'],
  },
  {
    name: 'rotation parts',
    goal: 100,
    mutate: ['src/rotation/{ledger,lost,options,report,run,service,sink}.ts'],
    tests: ['test/rotation/{lease,store-failures,options,report,clean-up,sinks,two-keys}.test.ts'],
  },
  {
    name: 'rotation machine',
    goal: 100,
    mutate: ['src/rotation/{begin,machine,obtain,rotate}.ts'],
    tests: ['test/rotation/*.test.ts'],
  },
  {
    name: 'rotation stores',
    goal: 100,
    mutate: ['src/rotation/{http,vault,kubernetes,redis}-store.ts'],
    tests: ['test/rotation/stores/{http,vault,kubernetes,redis}*.test.ts'],
  },
  {
    name: 'rotation files',
    goal: 100,
    mutate: ['src/rotation/{store,text-store,file-store,file-lock,sealing,from-store}.ts'],
    tests: [
      'test/rotation/{stores/{conformance,file,sealed-texts,sealing,sealing-keys},readers-refused,readers-timing}.test.ts',
    ],
  },
  {
    name: 'rotation without a record',
    goal: 100,
    mutate: ['src/rotation/unrecorded*.ts'],
    tests: ['test/rotation/unrecorded/*.test.ts'],
  },
];
