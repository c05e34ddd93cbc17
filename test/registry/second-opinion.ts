/** Validators of others that ours is compared with: @hyperjump/json-schema, which passes the official suite, and ajv. */
import { registerSchema, unregisterSchema, type Validator, validate } from '@hyperjump/json-schema/draft-2020-12'
import { Ajv2020 } from 'ajv/dist/2020.js'
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

/** It does not assert formats either. Undefined where it fails by itself: it loses track of members in nested `oneOf`. */
export function createThirdOpinion(schema: SchemaObject): (value: unknown) => boolean | undefined {
  const options = { strict: false, validateFormats: false, validateSchema: false, logger: false } as const
  const judge = new Ajv2020(options).compile(schema)
  return value => {
    try {
      return judge(value)
    } catch {
      return undefined
    }
  }
}
