/**
 * The accepted JSON Schema: draft 2020-12, by an allow-list of keywords. Keywords of other drafts, typos and keywords
 * that could not be validated as intended are refused with the reason; keywords that validate nothing (annotations,
 * OpenAPI's own words) are removed (docs/specification/registry.md#schemas).
 */

import { isJsonObject, pointerTo } from '../json/json-pointer.ts'
import { finding } from '../json/json-text.ts'
import type { Finding } from '../model/codes.ts'
import type { SchemaDialect } from '../model/registrations.ts'
import { isOpenApiDialect, JSON_SCHEMA_DIALECTS, OPENAPI_KEYWORDS } from './dialect.ts'
import { filterKeywords, type SchemaObject, schemaPositions } from './schema-positions.ts'

const ANNOTATIONS = new Set([
  'title',
  'description',
  'default',
  'examples',
  '$comment',
  'deprecated',
  'readOnly',
  'writeOnly',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
])

const JUDGED = new Set([
  ...[
    '$id',
    '$ref',
    '$anchor',
    '$dynamicRef',
    '$dynamicAnchor',
    '$defs',
    'definitions',
    'type',
    'enum',
    'const',
    'format',
    'pattern',
    'minLength',
    'maxLength',
  ],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...[
    'properties',
    'patternProperties',
    'additionalProperties',
    'propertyNames',
    'required',
    'dependentRequired',
    'dependentSchemas',
  ],
  ...['minProperties', 'maxProperties'],
  ...['unevaluatedProperties', 'unevaluatedItems'],
  ...['items', 'prefixItems', 'contains', 'minContains', 'maxContains', 'minItems', 'maxItems', 'uniqueItems'],
  ...['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'],
])

/** Keywords found in schemas elsewhere, with the reason why they are refused. */
const REFUSED: Readonly<Record<string, string>> = {
  $recursiveRef: 'is not part of draft 2020-12',
  $recursiveAnchor: 'is not part of draft 2020-12',
  $vocabulary: 'is for meta-schemas',
  $async: 'is not part of draft 2020-12',
  dependencies: 'is not part of draft 2020-12: say dependentRequired or dependentSchemas',
  additionalItems: 'is not part of draft 2020-12: say prefixItems and items',
  id: 'is not part of draft 2020-12: say $id',
  nullable: 'is not part of draft 2020-12: add "null" to the type',
}

/** The reasons why a schema is refused; empty when it is accepted. Paths are pointers into the schema. */
export function checkKeywords(schema: SchemaObject, dialect: SchemaDialect): Finding[] {
  const findings: Finding[] = []
  for (const [path, position] of schemaPositions(schema)) {
    for (const [keyword, value] of Object.entries(position)) {
      const reason = whyRefused(keyword, value, path === '', dialect)
      if (reason !== undefined) findings.push(finding(pointerTo(path, keyword), keyword, reason))
      if (namesProto(keyword, value)) findings.push(finding(pointerTo(path, keyword), keyword, PROTO_MESSAGE))
    }
  }
  return findings
}

function whyRefused(keyword: string, value: unknown, isRoot: boolean, dialect: SchemaDialect): string | undefined {
  if (keyword === '$schema') {
    if (!isRoot) return 'is allowed at the root alone'
    return JSON_SCHEMA_DIALECTS.has(value) || isOpenApiDialect(value)
      ? undefined
      : 'must be draft 2020-12 or the dialect of OpenAPI 3.1'
  }
  if (JUDGED.has(keyword) || isAnnotation(keyword, dialect)) return undefined
  return REFUSED[keyword] ?? 'is not a keyword of draft 2020-12'
}

const isAnnotation = (keyword: string, dialect: SchemaDialect): boolean =>
  ANNOTATIONS.has(keyword) || keyword.startsWith('x-') || (dialect === 'openapi-3.1' && OPENAPI_KEYWORDS.has(keyword))

/** Refused as a member's name, because many programs treat it as the prototype. */
const PROTO_MESSAGE = 'must not name a member "__proto__"'

function namesProto(keyword: string, value: unknown): boolean {
  if (keyword === 'required' && Array.isArray(value)) return value.includes('__proto__')
  const named = [
    'properties',
    'patternProperties',
    'dependentRequired',
    'dependentSchemas',
    '$defs',
    'definitions',
  ].includes(keyword)
  return named && isJsonObject(value) && Object.hasOwn(value, '__proto__')
}

/** The schema without the keywords that validate nothing. */
export const onlyJudged = (schema: SchemaObject): SchemaObject =>
  filterKeywords(schema, keyword => JUDGED.has(keyword)) as SchemaObject
