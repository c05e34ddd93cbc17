/**
 * Which way imports go. The rooms of the house from the floor up: a room imports its own files and those of rooms below it, never of one
 * above. With one order for all of them no circle of rooms is possible. `npm run imports` checks it; docs/architecture.md lists them.
 */
const ROOMS = [
  {
    name: 'clock',
    path: '^src/(clock|logger)[.]ts$',
    why: 'Everything else is handed a clock and a logger, so they use nothing of it.',
  },
  {
    name: 'process',
    path: '^src/process/',
    why: 'Whose work runs, and how a start waits or stops: needs the clock alone.',
  },
  {
    name: 'model',
    path: '^src/model/',
    why: 'Records, ids, names, codes and plans are the types that every room shares, so they use no room.',
  },
  { name: 'json', path: '^src/json/', why: 'JSON as bytes and as text knows no event.' },
  { name: 'crypto', path: '^src/crypto/', why: 'Sealing and signing know keys and bytes, not what they are for.' },
  { name: 'topics', path: '^topics/', why: 'A topic is a name and a format; who writes and reads it lies above.' },
  {
    name: 'kafka',
    path: '^src/kafka/',
    why: 'The Kafka client and its processors would serve any program: they know no event and no organization.',
  },
  {
    name: 'events',
    path: '^src/events/',
    why: 'What an event is does not depend on who emits, stores or receives it.',
  },
  {
    name: 'observability',
    path: '^src/observability/',
    why: 'Metrics and spans are given their figures and fetch none.',
  },
  {
    name: 'analytics',
    path: '^src/analytics/',
    why: 'The history is written from topics and read by those above; it decides nothing.',
  },
  {
    name: 'registry',
    path: '^src/registry/',
    why: 'Schemas are judged and compared without an organization, a store or a broker.',
  },
  {
    name: 'ingress',
    path: '^src/ingress/',
    why: 'From an emit to its verdict, for HTTP, MCP and workflows alike: so it knows none of them.',
  },
  { name: 'delivery', path: '^src/delivery/', why: 'One signed request and its schedule: no Kafka, no store.' },
  {
    name: 'sinks',
    path: '^src/sinks/',
    why: 'One record in a cluster outside, in the place of a request: the engine above sees no difference.',
  },
  {
    name: 'sandbox',
    path: '^src/sandbox/',
    why: "Organizations' code is a job with a time limit: it knows no workflow, and only its turns are those of deliveries.",
  },
  {
    name: 'notifications',
    path: '^src/notifications/',
    why: 'Mail to owners is sent for the rooms above, and knows none of them.',
  },
  {
    name: 'domain',
    path: '^src/domain/',
    why: 'Records and their transitions are functions of commands and time: they know no store, no broker and no run.',
  },
  {
    name: 'workflows',
    path: '^src/workflows/',
    why: 'What a definition means is pure: it knows no store, no broker and no clock, and all who run it lie above.',
  },
  {
    name: 'queues',
    path: '^src/queues/',
    why: 'The rules of a queue are pure: they know no log, no broker and no clock.',
  },
  {
    name: 'run-calls',
    path: '^src/run-calls/',
    why: 'From a command about a run to its answer, for HTTP, MCP and tools alike: so it knows none of them.',
  },
  {
    name: 'queue-calls',
    path: '^src/queue-calls/',
    why: 'From a call of a queue to its answer, for HTTP and the façade of SQS alike: so it knows neither.',
  },
  {
    name: 'process-reports',
    path: '^src/process-reports/',
    why: 'What processes say of themselves, for limits and the operator; it knows no role and no HTTP.',
  },
  {
    name: 'inspectors',
    path: '^src/inspectors/',
    why: 'What receivers for trying webhooks got, and whether it was signed; HTTP and the control plane lie above.',
  },
  {
    name: 'tables',
    path: '^src/tables/',
    why: 'Rows in PostgreSQL, for HTTP and for steps of workflows alike: so it knows neither.',
  },
  {
    name: 'control-plane',
    path: '^src/control-plane/',
    why: 'What may be changed, and by whom; it uses schemas, ingress and delivery, and none of its callers.',
  },
  {
    name: 'kafka-access',
    path: '^src/kafka-access/',
    why: 'The broker follows the control plane, never the other way round.',
  },
  {
    name: 'ledger',
    path: '^src/ledger/',
    why: 'The books are compared from outside: nothing that is checked may lean on the check.',
  },
  {
    name: 'replay',
    path: '^src/replay/',
    why: 'What is delivered or emitted again comes from the history; the engine that does it lies above.',
  },
  {
    name: 'streaming',
    path: '^src/streaming/',
    why: 'Reading the log from a position is the same for streams, pulls and queues: it knows no HTTP and no consumer group.',
  },
  {
    name: 'processors',
    path: '^processors/',
    why: 'A consumer group is a program of its own: nobody imports it but the composition.',
  },
  { name: 'api', path: '^src/api/', why: 'HTTP is one door of several: nothing below may know that it is there.' },
  {
    name: 'settings',
    path: '^src/settings/',
    why: 'Only the composition hands settings out; a room that reads them itself cannot be tested with others.',
  },
  {
    name: 'embedded',
    path: '^src/embedded/',
    why: 'The broker and ClickHouse that come with the platform are started by the composition alone.',
  },
  {
    name: 'compose',
    path: '^src/compose/',
    why: 'The composition root imports everything, so only the program imports it.',
  },
  { name: 'main', path: '^src/main[.]ts$', why: 'The program is imported by nobody.' },
]

const upwards = ROOMS.slice(0, -1).map(({ name, path, why }, floor) => ({
  name: `${name}-imports-nothing-above`,
  comment: why,
  severity: 'error',
  from: { path },
  to: { path: ROOMS.slice(floor + 1).map(above => above.path) },
}))

/** Of side by side in one layer: neither may import the other, though one of them had to be listed first. */
const apart = [
  { rooms: ['json', 'crypto'], why: 'Signing needs bytes, not JSON.' },
  {
    rooms: ['processors', 'api'],
    why: 'Processors and the API meet in topics and in the history, not in code: each is scaled alone.',
  },
].map(({ rooms: [below, above], why }) => ({
  name: `${above}-imports-no-${below}`,
  comment: why,
  severity: 'error',
  from: { path: roomOf(above).path },
  to: { path: roomOf(below).path },
}))

function roomOf(wanted) {
  return ROOMS.find(({ name }) => name === wanted)
}

/** Files that share types with the one that uses them; each pair is one thought in two files. */
const TYPE_CYCLES = [
  // The interpreter of schemas: nodes hold the rules of their keywords, and rules hold nodes.
  '^src/registry/validation/',
  // A compatibility check hands its own context to the checks of single keywords.
  '^src/registry/compatibility/',
  '^src/registry/check-(registration|schema)[.]ts$',
  // The configuration is what its own combinations are checked on.
  '^src/settings/(config|combinations)[.]ts$',
  // Spans are described in one file and sent by another, which is loaded only where there is a collector.
  '^src/observability/tracing/(otlp|tracing)[.]ts$',
  // A record of a batch is the record of every reader.
  '^src/kafka/(ports|protocol/record-batch|protocol/record-cursor)[.]ts$',
  '^src/kafka/protocol/(cluster|metadata-requests)[.]ts$',
  // Processors whose shards name the dependencies of their index.
  '^processors/record/(index|shard)[.]ts$',
  '^processors/deliver/(delivery|dispatch/lane-table)[.]ts$',
  '^processors/admit/(federate|waiting-relays)[.]ts$',
  // The client's types by resource, over the same basic ones; the request and the answer of an exchange are the transport's.
  '^sdks/typescript/src/client/(types|types-webhooks|types-federation|types-marketplace|exchange|transport)[.]ts$',
]

/** How imports are read, here and in `imports-folders.config.mjs`. */
export const options = {
  // The compiler of TypeScript 7 has no interface that dependency-cruiser reads; swc distinguishes imports of types from those of values, too.
  parser: 'swc',
  doNotFollow: { path: 'node_modules' },
  moduleSystems: ['es6'],
}

export default {
  forbidden: [
    ...upwards,
    ...apart,
    {
      name: 'every-file-has-a-room',
      comment: 'A folder of src/ that is in no rule would be free of all of them: give it a place in ROOMS.',
      severity: 'error',
      from: { path: '^src/', pathNot: ROOMS.map(({ path }) => path) },
      to: {},
    },
    {
      name: 'no-circle-of-files',
      comment: 'Files that call each other load in an order that nobody chose, and are read only together.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unnamed-circle-of-types',
      comment:
        'A type that two files share lies in one of them or below both; TYPE_CYCLES names the exceptions, each with its reason.',
      severity: 'error',
      from: { pathNot: TYPE_CYCLES },
      to: { circular: true },
    },
    {
      name: 'http-knows-no-resource',
      comment: 'src/api/http is what every resource is served by: a resource that it knew would be in every other one.',
      severity: 'error',
      from: { path: '^src/api/(http|shared)/' },
      to: { path: '^src/api/', pathNot: '^src/api/(http|shared)/' },
    },
    {
      name: 'resources-apart',
      comment:
        'A folder of the API imports no other one: what two of them need sinks below the API, or into src/api/shared when it is shown.',
      severity: 'error',
      from: { path: '^src/api/([^/]+)/', pathNot: '^src/api/(http|shared)/' },
      to: { path: '^src/api/', pathNot: '^src/api/($1|http|shared)/' },
    },
    {
      name: 'clients-use-the-public-api',
      comment:
        'The SDKs and the console are installed without the platform: they speak to it over HTTP and import none of it.',
      severity: 'error',
      from: { path: '^(sdks|console)/' },
      to: { path: '^(src|topics|processors|bin|bench|faults|demo|conformance|test)/' },
    },
    {
      name: 'the-platform-uses-no-client',
      comment: 'A platform that imports its own client could not be released without it.',
      severity: 'error',
      from: { path: '^(src|topics|processors)/' },
      to: { path: '^(sdks|console)/' },
    },
    {
      name: 'no-tests-in-the-program',
      comment: 'What tests, benchmarks and the demo need stays with them: the program is installed without it.',
      severity: 'error',
      from: { path: '^(src|topics|processors)/' },
      to: { path: '^(test|bench|faults|demo|conformance|bin)/' },
    },
  ],
  options,
}
