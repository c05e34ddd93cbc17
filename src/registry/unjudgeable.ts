/**
 * Locates the patterns of a schema that cannot be run and the formats that are not asserted: compiling reports only the
 * reason, and a person needs the place.
 */

import { isJsonObject, pointerTo } from '../json/json-pointer.ts'
import { finding } from '../json/json-text.ts'
import { createPatterns } from '../json/patterns.ts'
import type { Finding } from '../model/codes.ts'
import { formatOf, isKnownFormat } from './formats.ts'
import { type SchemaObject, schemaPositions } from './schema-positions.ts'

/** Every format that asserts nothing here because nobody here knows it; it is noted, or refused. */
export function unknownFormatsIn(schema: SchemaObject): Finding[] {
  return [...schemaPositions(schema)].flatMap(([path, { format }]) =>
    typeof format === 'string' && !isKnownFormat(format)
      ? [finding(pointerTo(path, 'format'), 'unknown_format', 'is not a known format, so no payload is held to it')]
      : [],
  )
}

/** Every refused pattern; empty when there are none. Paths are pointers into the schema. */
export function unjudgeableIn(schema: SchemaObject): Finding[] {
  const patternOf = createPatterns(() => undefined)
  const findings: Finding[] = []
  const tryPattern = (pattern: string, path: string, format?: unknown): void => {
    try {
      patternOf(pattern)
    } catch (error) {
      findings.push(
        finding(
          path,
          'pattern',
          `cannot be taken: ${error instanceof Error ? error.message : String(error)}${remedyFor(format)}`,
        ),
      )
    }
  }
  for (const [path, { format, pattern, patternProperties }] of schemaPositions(schema)) {
    if (typeof pattern === 'string') tryPattern(pattern, pointerTo(path, 'pattern'), format)
    if (!isJsonObject(patternProperties)) continue
    for (const key of Object.keys(patternProperties))
      tryPattern(key, pointerTo(pointerTo(path, 'patternProperties'), key))
  }
  return findings
}

/** Some exporters, zod among them, write a pattern beside each format. */
const remedyFor = (format: unknown): string =>
  typeof format === 'string' && formatOf(format) ? `: leave it out, the format ${format} beside it is asserted` : ''
