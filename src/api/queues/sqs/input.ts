/** Members of a request of SQS: a JSON object, with the names and bounds of AWS. */
import { isJsonObject } from '../../../json/json-pointer.ts'
import { SqsError } from './errors.ts'

export type Input = Record<string, unknown>

export function parseInput(body: Buffer): Input {
  if (body.length === 0) return {}
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'))
    if (isJsonObject(parsed)) return parsed
  } catch {
    // The message is the same for all that is no object.
  }
  throw new SqsError('InvalidParameterValue', 'The body must be a JSON object.')
}

export function textOf(input: Input, name: string): string {
  const text = optionalText(input, name)
  if (text === undefined || text === '')
    throw new SqsError('MissingParameter', `The request must contain the parameter ${name}.`)
  return text
}

export function optionalText(input: Input, name: string): string | undefined {
  const value = input[name] ?? undefined
  if (value === undefined || typeof value === 'string') return value
  throw invalid(name, value, 'Must be a string.')
}

export function numberOf(
  input: Input,
  name: string,
  [minimum, maximum]: readonly [number, number],
): number | undefined {
  const value = input[name] ?? undefined
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) return value
  throw invalid(name, value, `Must be an integer between ${minimum} and ${maximum}, if provided.`)
}

const LIST_MAX = 1_000

export function textsOf(input: Input, name: string): string[] {
  const value = input[name] ?? []
  if (Array.isArray(value) && value.length <= LIST_MAX && value.every(each => typeof each === 'string')) return value
  throw invalid(name, value, 'Must be a list of strings.')
}

export interface Entry extends Input {
  Id: string
}

const ENTRIES_MAX = 100
const ENTRY_ID = /^[A-Za-z0-9_-]{1,80}$/

/** Of a batch. */
export function entriesOf(input: Input): Entry[] {
  const entries = input.Entries ?? []
  if (!Array.isArray(entries) || !entries.every(isJsonObject))
    throw invalid('Entries', entries, 'Must be a list of objects.')
  if (entries.length === 0)
    throw new SqsError('EmptyBatchRequest', 'There should be at least one entry in the request.')
  if (entries.length > ENTRIES_MAX)
    throw new SqsError('TooManyEntriesInBatchRequest', `Maximum number of entries per request is ${ENTRIES_MAX}.`)
  const ids = entries.map(({ Id }) => Id)
  if (!ids.every((id): id is string => typeof id === 'string' && ENTRY_ID.test(id)))
    throw new SqsError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores, up to 80 of them.',
    )
  const twice = ids.find((id, at) => ids.indexOf(id) !== at)
  if (twice !== undefined) throw new SqsError('BatchEntryIdsNotDistinct', `Id ${twice} repeated.`)
  return entries as Entry[]
}

const SHOWN_MAX = 100

export const invalid = (name: string, value: unknown, reason: string): SqsError =>
  new SqsError(
    'InvalidParameterValue',
    `Value ${JSON.stringify(value)?.slice(0, SHOWN_MAX)} for parameter ${name} is invalid. Reason: ${reason}`,
  )
