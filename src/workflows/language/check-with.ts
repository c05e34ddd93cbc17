/** `with` of an action beside its schema: at deploy, where templates have no value yet, and of a step, where they have. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { ExactNumber } from '../../json/exact-number.ts'
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'
import type { FieldSchema } from './action-spec.ts'
import { specOf } from './actions/index.ts'
import { setOwn } from './compile-template.ts'
import type { ActionType } from './definition.ts'
import type { Findings, Rule } from './findings.ts'
import { hasTemplate } from './template-syntax.ts'

/** Adds what is wrong with the literals of `given`, whose pointer is `path`. */
export function checkWith(type: ActionType, given: unknown, path: string, findings: Findings): void {
  const { schema } = specOf(type)
  const validate = validatorOf(type)
  if (validate(given)) return
  const seen = new Set<string>()
  for (const error of validate.errors ?? []) {
    if (isTemplated(schema, error) || isOfBranch(error)) continue
    const [place, rule, message] = describe(error)
    if (seen.has(place + rule)) continue
    seen.add(place + rule)
    findings.error(path + place, rule, message)
  }
}

/** Why a step cannot take what its templates made; undefined when it can. */
export function resolvedProblem(type: ActionType, resolved: unknown): string | undefined {
  const validate = validatorOf(type)
  if (validate(resolved) || validate(withDoubles(resolved))) return undefined
  const error = (validate.errors ?? []).find(each => !isOfBranch(each))
  if (error === undefined) return undefined
  const [place, , message] = describe(error)
  return `${place === '' ? 'with' : `with${place}`} ${message}`
}

const validators = new Map<ActionType, ValidateFunction>()
const ajv = new Ajv2020({ allErrors: true, strict: false, ownProperties: true, verbose: true })

/** Each schema is compiled at its first use. */
function validatorOf(type: ActionType): ValidateFunction {
  let validate = validators.get(type)
  if (validate === undefined) {
    validate = ajv.compile(specOf(type).schema)
    validators.set(type, validate)
  }
  return validate
}

/** A finding about a text whose template decides what it will be. */
const isTemplated = (schema: FieldSchema, { data, instancePath }: ErrorObject): boolean =>
  typeof data === 'string' && hasTemplate(data) && takesTemplates(schema, segmentsOf(instancePath))

function takesTemplates(schema: FieldSchema, [key, ...rest]: readonly string[]): boolean {
  if (schema['x-template'] === 'value' || key === undefined) return schema['x-template'] !== undefined
  const { properties = {}, additionalProperties } = schema
  const below = Object.hasOwn(properties, key) ? properties[key] : additionalProperties
  return typeof below === 'object' && takesTemplates(below, rest)
}

const segmentsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map(segment => segment.replaceAll('~1', '/').replaceAll('~0', '~'))

/** A branch of a choice is no requirement of its own; the choice is reported. */
const isOfBranch = ({ schemaPath, keyword }: ErrorObject): boolean =>
  keyword === 'if' || /\/(?:anyOf|oneOf)\/\d+\//.test(schemaPath)

function describe({
  keyword,
  instancePath,
  params,
  message = 'is wrong',
  parentSchema,
}: ErrorObject): [string, Rule, string] {
  switch (keyword) {
    case 'required':
      return [pointerTo(instancePath, params.missingProperty as string), 'required', 'is missing']
    case 'additionalProperties': {
      const known = Object.keys((parentSchema as FieldSchema).properties ?? {})
      return [
        pointerTo(instancePath, params.additionalProperty as string),
        'unknown_field',
        `is no field of this action: there are ${known.join(', ') || 'none'}`,
      ]
    }
    case 'type':
      return [instancePath, 'type', `must be ${[params.type].flat().join(' or ')}`]
    case 'enum':
      return [instancePath, 'with_invalid', `must be ${(params.allowedValues as unknown[]).join(' or ')}`]
    case 'propertyNames':
      return [pointerTo(instancePath, params.propertyName as string), 'with_invalid', 'is no name that can be here']
    case 'anyOf':
    case 'oneOf':
      return [instancePath, 'with_invalid', choiceMessage(keyword, parentSchema as FieldSchema)]
    case 'minProperties':
      return [instancePath, 'with_invalid', 'must not be empty']
    default:
      return [instancePath, 'with_invalid', message]
  }
}

function choiceMessage(keyword: 'anyOf' | 'oneOf', schema: FieldSchema): string {
  const branches = schema[keyword] as FieldSchema[]
  const fields = branches.flatMap(({ required }) => (required === undefined ? [] : [required.join(' with ')]))
  if (fields.length === 0) return `is none of what can be here: ${schema.description ?? 'see the schema'}`
  return keyword === 'oneOf' ? `needs one of ${fields.join(', ')}, not both` : `needs ${fields.join(' or ')}`
}

/** Numbers beyond double precision are judged by the nearest double. */
function withDoubles(value: unknown): unknown {
  if (value instanceof ExactNumber) return value.nearest
  if (Array.isArray(value)) return value.map(withDoubles)
  if (!isJsonObject(value)) return value
  const made: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) setOwn(made, key, withDoubles(member))
  return made
}
