/** Schemas of real events: those that the demo has by hand, and one inferred from all payloads that GitHub sends of each event. */
import { readCorpus } from '../../demo/corpus.ts'
import { SCHEMAS } from '../../demo/schemas.ts'
import type { SchemaObject } from '../../src/registry/schema-positions.ts'
import { findingsOf, type TypesCase } from './case.ts'

/** As far as the registry lets a schema go; what lies deeper is left open. */
const LEVELS = 5
const NAMES = 50

export function realCases(): TypesCase[] {
  const byEvent = Map.groupBy(readCorpus(), ({ event }) => event)
  const inferred = [...byEvent].map(([event, seen]): TypesCase => {
    const payloads = seen.map(({ payload }) => payload)
    return {
      title: `${event}, inferred`,
      schema: infer(payloads),
      payloads: payloads.map(payload => JSON.stringify(payload)),
    }
  })
  const byHand = Object.entries(SCHEMAS).map(([event, schema]): TypesCase => {
    const payloads = (byEvent.get(event) ?? []).map(({ payload }) => JSON.stringify(payload))
    return {
      title: `${event}, by hand`,
      schema,
      payloads: payloads.filter(payload => findingsOf(schema, payload).length === 0),
    }
  })
  return [...byHand, ...inferred]
}

/** Level by level, so that the names that are left go to what lies on top. */
function infer(payloads: unknown[]): SchemaObject {
  const root: SchemaObject = {}
  let names = 0
  let level: Array<{ schema: SchemaObject; values: unknown[] }> = [{ schema: root, values: payloads }]
  for (let depth = 1; depth <= LEVELS; depth++) {
    const next: typeof level = []
    for (const { schema, values } of level) {
      schema.type = typesOf(values)
      if (depth === LEVELS) continue
      const items = values.flatMap(value => (Array.isArray(value) ? value : []))
      if (items.length > 0) {
        const item = {}
        schema.items = item
        next.push({ schema: item, values: items })
      }
      const objects = values.filter(isObject)
      const keys = [...new Set(objects.flatMap(Object.keys))]
      if (keys.length === 0 || names + keys.length > NAMES) continue
      names += keys.length
      schema.required = keys.filter(key => objects.every(object => Object.hasOwn(object, key)))
      schema.properties = Object.fromEntries(
        keys.map(key => {
          const member = {}
          next.push({
            schema: member,
            values: objects.flatMap(object => (Object.hasOwn(object, key) ? [object[key]] : [])),
          })
          return [key, member]
        }),
      )
    }
    level = next
  }
  return root
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One type, or several; a number that is whole every time is an integer. */
function typesOf(values: unknown[]): string | string[] {
  const types = new Set(values.map(typeOf))
  if (types.has('number')) types.delete('integer')
  return types.size === 1 ? ([...types][0] as string) : [...types]
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
