/** The functions of the console that need no browser. */
import { beforeAll, expect, it } from '@jest/globals'
import { patient } from '../support/patience.ts'
import { builtConsole, consoleModule } from './built.ts'

interface Modules {
  exact: { readJson(text: string, members: string[], isAnswer?: boolean): unknown; indented(text: string): string }
  edit: {
    withValue(text: string, path: unknown[], value: string | undefined): string
    isNumberText(text: string): boolean
  }
  fields: {
    fieldsOf(schema: object): Array<{ name: string; kind: string; isRequired: boolean }>
    emptyValueOf(field: object): string
  }
  axis: { createAxis(longestMs: number): (ms: number) => number }
  groups: {
    firstTrouble(deliveries: object[], failingSince: string | null): string | undefined
    groupErrors(deliveries: object[]): Array<{ errorKind: string; count: number; sampleDeliveryId: string }>
  }
  frames: { createFrameReader(): (piece: string) => Array<{ id?: string; event: string; data: string }> }
  address: { addressOf(text: string): string | undefined }
  diff: { linesOf(before: string, after: string): Array<{ kind: string; text: string }> }
  contrast: {
    rgbOf(text: string): Colour | undefined
    contrast(a: Colour, b: Colour): number
    onColour(colour: Colour): Colour
    readableOn(colour: Colour, grounds: Colour[]): Colour
  }
  lineage: {
    placed(of: object): { nodes: Array<{ id: string; column: number; row: number }>; edges: object[]; columns: number }
  }
  places: { placeOf(text: string, pointer: string): { from: number; to: number } | undefined }
  slugs: { slugOf(name: string): string }
  spans: { spanOf(name: string | undefined, now: Date): { from: string; to: string } | undefined }
  search: { parseSearch(text: string): object; stringifySearch(search: object): string }
}

type Colour = readonly [number, number, number]

const on = {} as Modules

beforeAll(async () => {
  // The packages that some of the modules import come with the build.
  await builtConsole()
  const [exact, edit, fields, axis, groups, frames, address, diff, search, contrast, lineage, places, slugs, spans] =
    await Promise.all(
      [
        ...['api/exact-json.ts', 'form/edit-json.ts', 'form/fields.ts', 'event/axis.ts', 'event/groups.ts'],
        ...['live/read-frames.ts', 'shell/id-address.ts', 'parts/line-diff.ts', 'search-text.ts'],
        ...[
          'session/contrast.ts',
          'event/lineage-model.ts',
          'form/place-of.ts',
          'first-run/slug.ts',
          'event/usage-span.ts',
          'event/run-steps.ts',
        ],
      ].map(name => consoleModule<never>(name)),
    )
  Object.assign(on, {
    exact,
    edit,
    fields,
    axis,
    groups,
    frames,
    address,
    diff,
    search,
    contrast,
    lineage,
    places,
    slugs,
    spans,
  })
}, patient(240_000))

it('reads an answer and leaves the named members as the text that they are', () => {
  const text = '{"data":{"payload":{"a":12.50,"b":1e400,"__proto__":1},"n":1,"list":[{"payload":[1.0]}]}}'
  const read = on.exact.readJson(text, ['payload']) as { data: { payload: { text: string }; n: number; list: never } }
  expect(read.data.payload.text).toBe('{"a":12.50,"b":1e400,"__proto__":1}')
  expect(read.data.n).toBe(1)
  expect(read.data.list).toMatchObject([{ payload: { text: '[1.0]' } }])
  const inner = on.exact.readJson('{"data":[{"data":{"a":12.50}}]}', ['data'], true) as {
    data: [{ data: { text: string } }]
  }
  expect(inner.data[0].data.text).toBe('{"a":12.50}')
  expect(() => on.exact.readJson('{"payload":', ['payload'])).toThrow(SyntaxError)
})

it('indents without changing a number, and leaves what is not JSON alone', () => {
  expect(on.exact.indented('{"a":12.50,"b":[1e400]}').replace(/\s/g, '')).toBe('{"a":12.50,"b":[1e400]}')
  expect(on.exact.indented('<b>')).toBe('<b>')
})

it('edits one place of a payload, with numbers as they were typed', () => {
  const text = '{\n  "total": 1,\n  "exact": 12345678901234567890\n}'
  expect(on.edit.withValue(text, ['total'], '12.50')).toBe('{\n  "total": 12.50,\n  "exact": 12345678901234567890\n}')
  const added = on.edit.withValue(text, ['items', 0, 'sku'], '"A-1"')
  expect(JSON.parse(added)).toMatchObject({ items: [{ sku: 'A-1' }] })
  expect(added).toContain('12345678901234567890')
  expect(on.edit.withValue(text, ['total'], undefined)).not.toContain('total')
  expect(on.edit.withValue('{', ['total'], '1')).toBe('{')
  expect(['1', '-0.50', '1e400', '12345678901234567890'].map(on.edit.isNumberText)).toEqual([true, true, true, true])
  expect(['', '01', '1.', '+1', 'NaN', '0x1', '1 '].map(on.edit.isNumberText)).toEqual(Array(7).fill(false))
})

it('makes fields of a schema, required ones first, and text of what a form cannot express', () => {
  const schema = {
    required: ['total'],
    properties: {
      note: { type: ['string', 'null'] },
      total: { type: 'number' },
      currency: { enum: ['EUR', 1.5] },
      either: { oneOf: [{ type: 'string' }] },
      customer: { type: 'object', required: ['id'], properties: { id: { type: 'string' }, vip: { type: 'boolean' } } },
      items: { type: 'array', items: { type: 'object', properties: {} } },
    },
  }
  const fields = on.fields.fieldsOf(schema)
  expect(fields.map(({ name, kind }) => [name, kind])).toEqual([
    ...[
      ['total', 'number'],
      ['note', 'text'],
      ['currency', 'choice'],
      ['either', 'island'],
    ],
    ...[
      ['customer', 'object'],
      ['items', 'list'],
    ],
  ])
  expect(on.fields.emptyValueOf(fields.find(({ name }) => name === 'customer')!)).toBe('{"id": ""}')
  expect(on.fields.fieldsOf({ type: 'string' })).toEqual([])
})

it('draws 4 ms and 12 h on one axis, both of them visible, in order', () => {
  const twelveHours = 12 * 3_600_000
  const axis = on.axis.createAxis(twelveHours)
  expect(axis(0)).toBe(0)
  expect(axis(4)).toBeGreaterThan(0.02)
  expect(axis(twelveHours)).toBe(1)
  expect(axis(60_000)).toBeLessThan(axis(300_000))
  expect(axis(2 * twelveHours)).toBe(1)
})

it.each(['#ffcc00', '#000000', '#ffffff', '#1f5fbf', '#ff0000', '#777777', '#00ff88'])(
  'an accent of %s can be read as text and under text, in both modes',
  accent => {
    const { rgbOf, contrast, onColour, readableOn } = on.contrast
    const colour = rgbOf(accent)!
    expect(contrast(colour, onColour(colour))).toBeGreaterThanOrEqual(4.5)
    for (const grounds of [
      ['#ffffff', '#e5edf8'],
      ['#16181b', '#25344a'],
    ])
      for (const ground of grounds.map(each => rgbOf(each)!))
        expect(
          contrast(
            readableOn(
              colour,
              grounds.map(each => rgbOf(each)!),
            ),
            ground,
          ),
        ).toBeGreaterThanOrEqual(4.5)
  },
)

it('places a lineage in columns by depth, and what follows beside its cause', () => {
  const node = (id: string, depth: number, kind = 'event') => ({
    ...{ id, kind, depth, type: id, status: null, at: null, closed: false },
  })
  const { nodes, edges, columns } = on.lineage.placed({
    nodes: [node('b2', 1), node('a', 0), node('run', 0, 'run'), node('hook', 0, 'webhook'), node('b1', 1)],
    edges: [
      { from: 'a', to: 'hook', kind: 'delivered' },
      { from: 'a', to: 'run', kind: 'ran' },
      { from: 'run', to: 'b1', kind: 'caused' },
      { from: 'gone', to: 'b2', kind: 'caused' },
    ],
  })
  expect(columns).toBe(3)
  expect(nodes.map(({ id, column, row }) => [id, column, row])).toEqual([
    ['a', 0, 0],
    ['run', 1, 0],
    ['hook', 1, 1],
    ['b1', 2, 0],
    ['b2', 2, 1],
  ])
  expect(edges).toHaveLength(3)
})

it('finds the place of a finding in a text, or what is around it', () => {
  const text = '{ "a/b": [1, { "0": 22 }], "payload": 3 }'
  const shown = (pointer: string) => {
    const place = on.places.placeOf(text, pointer)
    return place === undefined ? undefined : text.slice(place.from, place.to)
  }
  expect(
    ['/a~1b/1/0', '/a~1b/0', '/payloadSchema/a~1b/0', '/payload/payload', '/a~1b/7/x', '/none', ''].map(shown),
  ).toEqual([...['22', '1', '1', '3', '[1, { "0": 22 }]', '{', '{']])
  expect(on.places.placeOf('', '/a')).toBeUndefined()
})

it('knows the last month, quarter and year in UTC, across the turn of the year', () => {
  const of = (name: string, now: string) =>
    Object.values(on.spans.spanOf(name, new Date(now)) ?? {}).map(each => each.slice(0, 10))
  expect(of('quarter', '2026-12-01T00:00:00Z')).toEqual(['2026-07-01', '2026-10-01'])
  expect(of('quarter', '2026-02-28T23:00:00Z')).toEqual(['2025-10-01', '2026-01-01'])
  expect(of('month', '2026-01-31T12:00:00Z')).toEqual(['2025-12-01', '2026-01-01'])
  expect(of('year', '2026-03-01T00:00:00Z')).toEqual(['2025-03-01', '2026-03-01'])
  expect(on.spans.spanOf(undefined, new Date())).toBeUndefined()
})

it('makes a slug of any name', () => {
  expect(['Shop', 'Ärzte & Co.', '123', '', 'A very long name of a company'].map(on.slugs.slugOf)).toEqual([
    ...['shop', 'rzte-co', 'shop', 'shop', 'a-very-long-name-of-a-co'],
  ])
})

it('groups errors by kind and status, the most frequent first, each with a delivery to look at', () => {
  const delivery = (id: string, lastErrorKind: string | null, responseStatus: number | null, createdAt: string) => ({
    ...{ id, lastErrorKind, responseStatus, createdAt, completedAt: null },
  })
  const groups = on.groups.groupErrors([
    ...[delivery('d1', 'timeout', null, '2026-12-01T03:00:00Z'), delivery('d2', 'status', 503, '2026-12-01T02:00:00Z')],
    ...[delivery('d3', 'status', 503, '2026-12-01T01:00:00Z'), delivery('d4', null, 200, '2026-12-01T00:00:00Z')],
  ])
  expect(groups).toMatchObject([
    { errorKind: 'status', responseStatus: 503, count: 2, sampleDeliveryId: 'd2', firstAt: '2026-12-01T01:00:00Z' },
    { errorKind: 'timeout', responseStatus: null, count: 1, sampleDeliveryId: 'd1' },
  ])
})

it('begins a recovery with the first event that went wrong, although the webhook was failing later', () => {
  const delivery = (lastErrorKind: string | null, createdAt: string) => ({ lastErrorKind, createdAt })
  const rows = [delivery('status', '2026-12-01T02:00:00Z'), delivery(null, '2026-12-01T01:00:00Z')]
  expect(on.groups.firstTrouble(rows, '2026-12-01T02:30:00Z')).toBe('2026-12-01T02:00:00Z')
  expect(on.groups.firstTrouble([], '2026-12-01T02:30:00Z')).toBe('2026-12-01T02:30:00Z')
  expect(on.groups.firstTrouble([], null)).toBeUndefined()
})

it('reads frames of a stream however they are cut', () => {
  const text = ': hello\n\nid: c1\nevent: shop.paid\ndata: {"a":\ndata: 1}\n\nevent: ping\n\n'
  const read = on.frames.createFrameReader()
  const frames = [...text].flatMap(character => read(character))
  expect(frames).toEqual([{ id: 'c1', event: 'shop.paid', data: '{"a":\n1}' }])
})

it('knows the page of an id by its prefix, and of nothing else', () => {
  expect(on.address.addressOf(' evt_06h30097tg00000000000 ')).toBe('/events/evt_06h30097tg00000000000')
  expect(on.address.addressOf('wh_01m8r021973v5jbqq00gdg6fbh')).toBe('/webhooks/wh_01m8r021973v5jbqq00gdg6fbh')
  for (const text of ['', 'evt_', 'evt_1/../../x', 'javascript:alert(1)', 'order-7', 'xyz_06h30097tg00000000000'])
    expect(on.address.addressOf(text)).toBeUndefined()
})

it('compares texts line by line', () => {
  expect(on.diff.linesOf('a\nb\nc', 'a\nx\nc').map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    ...['same a', 'removed b', 'added x', 'same c'],
  ])
  expect(on.diff.linesOf('a', 'a')).toEqual([{ kind: 'same', text: 'a' }])
})

it('keeps search parameters as texts: an id that looks like a number stays what it is', () => {
  expect(on.search.parseSearch('?q=1e400&subject=007')).toEqual({ q: '1e400', subject: '007' })
  expect(on.search.stringifySearch({ q: '1e400', empty: '', gone: undefined, sign: 'a&b=c' })).toBe(
    '?q=1e400&sign=a%26b%3Dc',
  )
})
