/** Functions of the console about schemas and runs that need no browser. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { patient } from '../support/patience.ts'
import { builtConsole, consoleModule } from './built.ts'

interface Modules {
  complete: {
    completionsAt(text: string, offset: number, schema: object): { from: number; options: Option[] } | undefined
    SCHEMA_OF_SCHEMAS: object
  }
  fix: { madeOptional(text: string, finding: object, before: string | undefined): string | undefined }
  audit: { auditLines(entry: object): Array<{ kind: string; name: string; value?: string }> }
  runSteps: {
    linesOfSteps(
      steps: object[],
    ): Array<{ path: string; iterations: number; failed: number; from: number; width: number }>
  }
}

interface Option {
  label: string
  apply: string
  detail?: string
}

const on = {} as Modules

beforeAll(async () => {
  await builtConsole()
  const [complete, fix, runSteps, audit] = await Promise.all(
    ['form/complete.ts', 'form/quick-fix.ts', 'event/run-steps.ts', 'event/audit-diff.ts'].map(name =>
      consoleModule<never>(name),
    ),
  )
  Object.assign(on, { complete, fix, runSteps, audit })
}, patient(240_000))

/** The completions at the bar. */
function at(marked: string, schema: object) {
  const offset = marked.indexOf('|')
  const text = marked.replace('|', '')
  const found = on.complete.completionsAt(text, offset, schema)
  return found === undefined ? [] : found.options.map(({ apply }) => `${text.slice(found.from, offset)} > ${apply}`)
}

describe('completion', () => {
  const schema = {
    properties: {
      total: { type: 'number', description: 'Amount with tax.' },
      currency: { enum: ['EUR', 'USD'] },
      paid: { type: 'boolean' },
      items: { type: 'array', items: { properties: { sku: {}, kind: { const: 'parcel' } } } },
    },
  }

  it('of a name are the properties of the place, with what describes them', () => {
    expect(at('{"cu|"}', schema)).toEqual([
      '"cu > "total": ',
      '"cu > "currency": ',
      '"cu > "paid": ',
      '"cu > "items": ',
    ])
    expect(at('{"items": [{"|": 1}]}', schema)).toEqual(['" > "sku"', '" > "kind"'])
    expect(on.complete.completionsAt('{"t"}', 3, schema)!.options[0]).toMatchObject({ detail: 'Amount with tax.' })
  })

  it('of a value are those that its schema takes, and none where any is taken', () => {
    expect(at('{"currency": "|"}', schema)).toEqual(['" > "EUR"', '" > "USD"'])
    expect(at('{"paid": |}', schema)).toEqual([' > true', ' > false'])
    expect(at('{"items": [{"kind": |}]}', schema)).toEqual([' > "parcel"'])
    for (const nowhere of ['{"total": |}', '{"unknown": {"|"}}', '|', '{"items": [|]}'])
      expect([nowhere, at(nowhere, schema)]).toEqual([nowhere, []])
  })

  it('of a schema are its keywords, at any depth', () => {
    const { SCHEMA_OF_SCHEMAS: schemas } = on.complete
    expect(at('{"properties": {"total": {"type": "|"}}}', schemas)).toContain('" > "integer"')
    expect(at('{"allOf": [{"items": {"|"}}]}', schemas)).toContain('" > "uniqueItems": ')
  })
})

describe('a finding that a property is required', () => {
  const before = '{"type":"object","required":["a"],"properties":{"a":{}}}'
  const fixed = (text: string, rule: string, path: string, old: string | undefined = before) =>
    on.fix.madeOptional(text, { path, rule }, old)?.replace(/\s/g, '')

  it('is settled by making it optional, and nothing else is touched', () => {
    const both = '{"type":"object","required":["a","b"],"properties":{"a":{"maximum":12.50},"b":{}}}'
    const wanted = '{"type":"object","required":["a"],"properties":{"a":{"maximum":12.50},"b":{}}}'
    expect(fixed(both, 'required_added', '/payloadSchema/required')).toBe(wanted)
    expect(fixed(both, 'property_required', '/properties/b')).toBe(wanted)
    const inner = '{"properties":{"o":{"required":["x"],"properties":{"x":{}}}}}'
    expect(fixed(inner, 'property_required', '/properties/o/properties/x')).toBe(
      '{"properties":{"o":{"properties":{"x":{}}}}}',
    )
  })

  it('has no repair where another rule is broken, it is settled already, or the text is not JSON', () => {
    expect(fixed(before, 'type_narrowed', '/properties/a')).toBeUndefined()
    expect(fixed(before, 'required_added', '/required')).toBeUndefined()
    expect(fixed(before, 'property_required', '/properties/b')).toBeUndefined()
    expect(fixed('{"required":', 'required_added', '/required')).toBeUndefined()
  })
})

it('puts the steps of a run on one axis, and folds the iterations of a loop with those that failed', () => {
  const step = (number: number, path: string, atMs: number, durationMs: number, status = 'succeeded') => ({
    ...{ number, path, durationMs, status },
    startedAt: new Date(atMs).toISOString(),
  })
  const loop = [0, 1, 2].flatMap(at => [
    step(3 + 2 * at, `each[${at}]/ask`, 1_000 + at * 100, 50, at === 1 ? 'failed' : 'succeeded'),
    step(4 + 2 * at, `each[${at}]/tell`, 1_050 + at * 100, 50),
  ])
  const lines = on.runSteps.linesOfSteps([...loop, step(2, 'find', 500, 500), step(1, 'begin', 0, 500)])
  expect(lines.map(({ path, iterations, failed }) => [path, iterations, failed])).toEqual([
    ['begin', 0, 0],
    ['find', 0, 0],
    ['each[…]', 3, 1],
  ])
  expect(lines.map(({ from, width }) => [from.toFixed(2), width.toFixed(2)])).toEqual([
    ['0.00', '0.38'],
    ['0.38', '0.38'],
    ['0.77', '0.23'],
  ])
  expect(on.runSteps.linesOfSteps(loop.slice(0, 4)).map(({ path }) => path)).toEqual([
    ...['each[0]/ask', 'each[0]/tell', 'each[1]/ask', 'each[1]/tell'],
  ])
  expect(on.runSteps.linesOfSteps([])).toEqual([])
})

it('shows a change of the audit trail as what was and what is, or by its fields alone', () => {
  const data = { changed: ['partitions', 'url'], previousPartitions: 3, partitions: 6 }
  const lines = on.audit.auditLines({ previousStatus: 'active', status: 'paused', data })
  expect(lines.map(({ kind, name, value }) => `${kind} ${name} ${value ?? ''}`.trim())).toEqual([
    ...['removed status active', 'added status paused', 'removed partitions 3', 'added partitions 6', 'changed url'],
  ])
  for (const nothing of [null, 'text', {}])
    expect(on.audit.auditLines({ previousStatus: null, status: null, data: nothing })).toEqual([])
})
