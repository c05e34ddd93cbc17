/** A schema, and payloads that it takes, as text: `1.0` and `1e3` are numbers that only a text can hold. */
import { readJson } from '../../src/json/read-json.ts'
import { checkSchema } from '../../src/registry/check-schema.ts'
import type { SchemaObject } from '../../src/registry/schema-positions.ts'
import { createValidators } from '../../src/registry/validators.ts'

export interface TypesCase {
  title: string
  schema: SchemaObject
  payloads: string[]
}

const validators = createValidators({ cacheMax: 1_000 })

/** Whether the schema can be registered. */
export const isRegistrable = (schema: SchemaObject): boolean =>
  checkSchema({ payloadSchema: schema } as never, validators).findings.length === 0

/** The platform's findings about a payload; none: it is accepted. */
export function findingsOf(schema: SchemaObject, payload: string): Array<{ path: string; message: string }> {
  const { dialect, hash } = checkSchema({ payloadSchema: schema } as never, validators)
  return validators.validate(
    { schemaHash: hash as string, payloadSchema: schema, schemaFlavour: dialect },
    readJson(payload),
  )
}
