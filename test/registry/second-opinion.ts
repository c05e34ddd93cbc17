/** The validator of others that ours is compared with: @hyperjump/json-schema, which passes the official suite. */
import { registerSchema, unregisterSchema, type Validator, validate } from '@hyperjump/json-schema/draft-2020-12'
import type { SchemaObject } from '../../src/registry/schema-positions.ts'

let count = 0

/** It does not assert formats. */
export async function createSecondOpinion(schema: SchemaObject): Promise<(value: unknown) => boolean> {
  const uri = `https://second.test/${count++}`
  // It looks at constructors, and copies that Node makes have other ones in a test.
  registerSchema(JSON.parse(JSON.stringify(schema)), uri, 'https://json-schema.org/draft/2020-12/schema')
  try {
    const judge: Validator = await validate(uri)
    return value => judge(JSON.parse(JSON.stringify(value))).valid
  } finally {
    unregisterSchema(uri)
  }
}
