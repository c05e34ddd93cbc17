/**
 * Locates the formats and patterns of a schema that cannot be validated: compiling reports only the reason, and a
 * person needs the place.
 */

import { isJsonObject, pointerTo } from '../json/json-pointer.ts'
import { finding } from '../json/json-text.ts'
import { createPatterns } from '../json/patterns.ts'
import type { Finding } from '../model/codes.ts'
import type { SchemaDialect } from '../model/registrations.ts'
import { formatOf, formatsOf } from './formats.ts'
import { type SchemaObject, schemaPositions } from './schema-positions.ts'

/** Every unknown format and every refused pattern; empty when there are none. Paths are pointers into the schema. */
export function unjudgeableIn(schema: SchemaObject, dialect: SchemaDialect): Finding[] {
  const patternOf = createPatterns(() => undefined)
  const findings: Finding[] = []
  const tryPattern = (pattern: string, path: string): void => {
    try {
      patternOf(pattern)
    } catch (error) {
      findings.push(
        finding(path, 'pattern', `cannot be taken: ${error instanceof Error ? error.message : String(error)}`),
      )
    }
  }
  for (const [path, { format, pattern, patternProperties }] of schemaPositions(schema)) {
    if (typeof format === 'string' && !formatOf(format, dialect)) {
      findings.push(finding(pointerTo(path, 'format'), 'format', `must be one of ${formatsOf(dialect).join(', ')}`))
    }
    if (typeof pattern === 'string') tryPattern(pattern, pointerTo(path, 'pattern'))
    if (!isJsonObject(patternProperties)) continue
    for (const key of Object.keys(patternProperties))
      tryPattern(key, pointerTo(pointerTo(path, 'patternProperties'), key))
  }
  return findings
}
