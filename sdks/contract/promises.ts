/**
 * What a released document promises, one fact a line. A fact that is missing in a later document is a breaking change;
 * a new one is not. Answers may get fields and values of enums, requests may lose rules.
 */
import { type Document, operationsOf, type Schema } from '../generate/document.ts'

export function promisesOf(document: Document): string[] {
  const facts = new Set<string>()
  const { schemas } = document.components
  const isClosed = (name: string) => schemas[name]?.additionalProperties === false

  for (const { method, path, operation } of operationsOf(document)) {
    const { operationId: id, parameters, requestBody } = operation
    facts.add(`operation ${id} is ${method} ${path} at ${operation['x-clarion-call']}`)
    facts.add(`operation ${id} repeats ${operation['x-clarion-repeat']}`)
    for (const { name, in: place, required } of parameters) {
      facts.add(`operation ${id} takes ${place} ${name}`)
      if (required !== true) facts.add(`operation ${id} needs no ${place} ${name}`)
    }
    if (requestBody !== undefined)
      facts.add(`operation ${id} takes ${typeText(requestBody.content['application/json']?.schema)}`)
    if (requestBody?.required !== true) facts.add(`operation ${id} needs no body`)
    for (const code of operation['x-clarion-codes']) facts.add(`operation ${id} may refuse with ${code}`)
    const success = Object.entries(operation.responses).find(
      // A dry run is an answer besides that of the call.
      ([status, each]) => /^[12]/.test(status) && each['x-clarion-dry-run'] !== true,
    )
    const data = success?.[1].content?.['application/json']?.schema.properties?.data
    facts.add(`operation ${id} answers ${success?.[0]} ${typeText(data)}`)
  }
  for (const [name, schema] of Object.entries(schemas))
    for (const fact of isClosed(name) ? requestFacts(name, schema) : answerFacts(name, schema)) facts.add(fact)
  return [...facts].sort()
}

/** A request may not lose a field or a value, and an optional field may not become required. */
function requestFacts(name: string, { properties = {}, required = [] }: Schema): string[] {
  return Object.entries(properties).flatMap(([field, schema]) => [
    `request ${name}.${field} takes ${typeText(schema)}`,
    ...(required.includes(field) ? [] : [`request ${name}.${field} is optional`]),
    ...(schema.enum ?? []).map(value => `request ${name}.${field} takes the value ${value}`),
  ])
}

/** An answer may not lose a field, and one that is always there stays. */
function answerFacts(name: string, { properties = {}, required = [], anyOf }: Schema): string[] {
  if (anyOf !== undefined) return [`answer ${name} is one of ${anyOf.map(typeText).join(' | ')}`]
  return Object.entries(properties).flatMap(([field, schema]) => [
    `answer ${name}.${field} is ${typeText(schema)}`,
    ...(required.includes(field) ? [`answer ${name}.${field} is always there`] : []),
  ])
}

function typeText(schema: Schema | undefined): string {
  if (schema === undefined) return 'nothing'
  const { $ref, anyOf, type, items, format, additionalProperties } = schema
  if ($ref !== undefined) return $ref.slice($ref.lastIndexOf('/') + 1)
  if (anyOf !== undefined) return anyOf.map(typeText).sort().join(' or ')
  if (type === 'array') return `a list of ${typeText(items)}`
  if (typeof additionalProperties === 'object') return `a map of ${typeText(additionalProperties)}`
  return [[type ?? 'anything'].flat().join(' or '), ...(format === undefined ? [] : [format])].join(' ')
}

/** Facts of the release that the document does not have any more. */
export function brokenPromises(released: readonly string[], document: Document): string[] {
  const now = new Set(promisesOf(document))
  const named = new Set([...now].map(fact => /^answer \S+ is (?!always there)/.exec(fact)?.[0]))
  // A client that reads anything can read one type.
  const isNarrower = (fact: string) => {
    const field = /^(answer .* is )anything$/.exec(fact)?.[1]
    return field !== undefined && named.has(field)
  }
  return released.filter(fact => !now.has(fact) && !isNarrower(fact))
}
