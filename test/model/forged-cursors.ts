/** Cursors that no list ever gave out, of every kind that a caller may come by or make up. */
import { hash } from 'node:crypto'
import fc from 'fast-check'
import { listOfRows } from '../../src/api/tables/handlers.ts'
import { LISTS, type ListName, orderedValue, type Place, writeCursor } from '../../src/model/cursors.ts'

type Parts = Array<string | number>

const digits = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyz'), minLength: length, maxLength: length })
const id = (prefix: string, length = 26) => digits(length).map(text => `${prefix}_${text}`)
const time = fc
  .date({ min: new Date('1970-01-01T00:00:00.000Z'), max: new Date('2199-12-31T23:59:59.999Z'), noInvalidDate: true })
  .map(date => date.toISOString())
const record = fc.tuple(time, id('wh'))
const event = fc.oneof(id('evt', 26), id('evt', 32))

/** Places that each list may give out. */
export const PLACES: { [L in ListName]: fc.Arbitrary<Place<L>> } = {
  organizations: fc.tuple(time, id('org')),
  keys: fc.tuple(time, id('key')),
  registrations: fc.tuple(time, id('cer')),
  webhooks: record,
  inspectors: fc.tuple(time, id('ins')),
  sinks: fc.tuple(time, id('snk')),
  replays: fc.tuple(time, id('rpl')),
  queues: fc.tuple(time, id('que')),
  'queue-dead': fc.tuple(fc.nat({ max: Number.MAX_SAFE_INTEGER })),
  'notification-channels': fc.tuple(time, id('chn')),
  workflows: fc.tuple(time, id('wf')),
  routes: fc.tuple(time, id('rte')),
  runs: fc.tuple(time, id('run')),
  'workflow-runs': fc.tuple(time, id('run')),
  'workflow-versions': fc.tuple(fc.nat({ max: Number.MAX_SAFE_INTEGER })),
  variables: fc.tuple(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,62}$/)),
  secrets: fc.tuple(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,62}$/)),
  'mail-templates': fc.stringMatching(/^mail:[a-z][a-z0-9-]{0,20}$/).map(each => [each] as [string]),
  connections: fc.tuple(digits(8).map(name => `connection:c${name}`)),
  'kafka-credentials': fc.tuple(time, id('key')),
  'federation-groups': fc.tuple(time, id('cefg')),
  'federation-invitations': fc.tuple(time, id('cefm')),
  'federation-members': fc.tuple(time, id('cefm')),
  'federation-pushes': fc.tuple(time, id('cefp')),
  listings: fc.tuple(
    fc.constantFrom('recent', 'forks', 'title'),
    fc.string({ maxLength: 40 }).map(key => orderedValue(key)),
    id('mkl'),
  ),
  forks: fc.tuple(time, id('mkf')),
  'drift-findings': fc.tuple(time, id('drf')),
  emits: fc.tuple(id('cee', 32)),
  quarantine: fc.tuple(id('cee', 32)),
  deliveries: fc.tuple(time, event, id('dlv', 32)),
  'dead-letters': fc.tuple(time, event, id('dlv', 32)),
  'replay-items': fc.tuple(
    fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    fc.constantFrom('wh', 'cefm', 'que').chain(prefix => id(prefix)),
  ),
  relays: fc.tuple(time, id('cefr', 32)),
  notifications: fc.tuple(time, id('ntf')),
  orders: fc.tuple(id('ord')),
  resources: fc.tuple(id('res')),
  clusters: fc.tuple(id('clu')),
  invoices: fc.tuple(id('inv')),
  'usage-plans': fc.tuple(id('usp')),
  'alert-rules': fc.tuple(id('alr')),
  instances: fc.tuple(id('ins')),
  deployments: fc.tuple(id('dep')),
  'health-checks': fc.tuple(id('hck')),
  domains: fc.tuple(id('dom')),
  designs: fc.tuple(id('dsg')),
  changes: fc.tuple(
    time,
    fc.oneof(
      id('chg'),
      id('cee', 32).map(emit => `CUSTOM_EVENT_FEDERATION_RELAYED/${emit}`),
    ),
  ),
  tables: fc.tuple(digits(8).map(name => `name:t${name}`)),
  // Of the table `stock`, newest first: a cursor of another condition or order is refused.
  'table-rows': fc
    .nat({ max: Number.MAX_SAFE_INTEGER - 1 })
    .map(row => [listOfRows('stock', '{}', undefined), orderedValue(String(row + 1)), `row:${row + 1}`]),
  'emit-steps': fc.tuple(
    time,
    fc
      .tuple(
        id('cee', 32),
        fc.oneof(
          fc.constantFrom('0', '1', '1f', '3'),
          id('wh').map(webhook => `2.${webhook}`),
        ),
      )
      .map(both => both.join('.')),
  ),
}

export const LIST_NAMES = Object.keys(LISTS) as ListName[]

export const cursorOf = (list: ListName): fc.Arbitrary<string> =>
  (PLACES[list] as fc.Arbitrary<Parts>).map(place => writeCursor(list, place as never))

/** As `writeCursor` makes one, of anything: the sum alone protects nothing. */
export function sealed(text: string): string {
  return Buffer.concat([hash('sha256', text, 'buffer').subarray(0, 6), Buffer.from(text)]).toString('base64url')
}

const IMPOSSIBLE: unknown[] = [
  '2026-11-31T00:00:00.000Z',
  '2026-02-29T00:00:00.000Z',
  '2026-13-01T00:00:00.000Z',
  '2026-01-01T24:00:00.000Z',
  '2026-01-01T23:59:60.000Z',
  '2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00.000+00:00',
  '2026-01-01 00:00:00.000Z',
  '1969-12-31T23:59:59.999Z',
  '9999-12-31T23:59:59.999Z',
  '+010000-01-01T00:00:00.000Z',
  '-000001-01-01T00:00:00.000Z',
  ...[
    '',
    ' ',
    '\0',
    '\\N',
    "'",
    'null',
    'cee_',
    `cee_${'i'.repeat(32)}`,
    `cee_${'0'.repeat(33)}`,
    `evt_${'0'.repeat(31)}\0`,
  ],
  ...[
    `dlv_${'0'.repeat(32)}\n`,
    `cee_${'0'.repeat(32)}.4`,
    `cee_${'0'.repeat(32)}.2.`,
    '0',
    '1',
    '9'.repeat(400),
    '\ud800',
    'é',
  ],
  ...[-1, 0.5, 2 ** 53, 1e308, -0.1, null, true, false, [], [[]], {}, { length: 1 }],
]

/** The same place with one part that cannot be. */
const withAnImpossiblePart = (list: ListName) =>
  fc.tuple(PLACES[list] as fc.Arbitrary<Parts>, fc.nat(), fc.constantFrom(...IMPOSSIBLE)).map(([place, at, part]) => {
    // Any text without spaces and controls may be the id of a change, but no time.
    const index = list === 'changes' ? 0 : at % place.length
    return sealed(JSON.stringify([list, ...place.with(index, part as string)]))
  })

const withAnotherNumberOfParts = (list: ListName) =>
  fc
    .tuple(PLACES[list] as fc.Arbitrary<Parts>, fc.boolean())
    .map(([place, more]) => sealed(JSON.stringify([list, ...(more ? [...place, place[0]] : place.slice(1))])))

const withHugeNumbers = (list: ListName) =>
  fc
    .constantFrom('1e999', '-1e999', '123456789012345678901234567890', '9007199254740993')
    .map(number => sealed(`["${list}",${number}]`))

const cutOff = (list: ListName) =>
  fc.tuple(cursorOf(list), fc.nat()).map(([cursor, at]) => cursor.slice(0, at % cursor.length))

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/%\0 '
const changed = (list: ListName) =>
  fc.tuple(cursorOf(list), fc.nat(), fc.constantFrom(...ALPHABET)).map(([cursor, at, letter]) => {
    const index = at % cursor.length
    const other = cursor[index] === letter ? '~' : letter
    return cursor.slice(0, index) + other + cursor.slice(index + 1)
  })

const ofAnotherList = (list: ListName) => fc.constantFrom(...LIST_NAMES.filter(name => name !== list)).chain(cursorOf)

/** The places of another list under this one's name, where they are of another form. */
const inAnotherForm = (list: ListName) =>
  fc
    .constantFrom(...(LIST_NAMES.filter(name => LISTS[name].length !== LISTS[list].length) as ListName[]))
    .chain(name => (PLACES[name] as fc.Arbitrary<Parts>).map(place => sealed(JSON.stringify([list, ...place]))))

/** As releases before had them. */
const inTheOldForm = (list: ListName) =>
  fc
    .tuple(PLACES[list] as fc.Arbitrary<Parts>, fc.boolean())
    .map(([place, bySlash]) =>
      Buffer.from(bySlash ? place.join('/') : JSON.stringify(place.map(String))).toString('base64url'),
    )

const otherwiseWritten = (list: ListName) => cursorOf(list).map(cursor => `${cursor}=`)

export const forgedCursor = (list: ListName): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 400 }).map(bytes => Buffer.from(bytes).toString('base64url')),
    fc.json().map(text => Buffer.from(text).toString('base64url')),
    fc.json().map(sealed),
    fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }).map(parts => sealed(JSON.stringify([...parts, list]))),
    withAnImpossiblePart(list),
    withAnotherNumberOfParts(list),
    withHugeNumbers(list),
    cutOff(list),
    changed(list),
    ofAnotherList(list),
    inAnotherForm(list),
    inTheOldForm(list),
    otherwiseWritten(list),
  )
