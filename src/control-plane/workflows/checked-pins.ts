/** Pins of a draft: outputs by action key, which debug runs take in place of the actions. A version has none. */
import { ClarionError } from '../../model/codes.ts'
import type { WorkflowDraft } from '../../model/workflows.ts'

export type Pins = NonNullable<WorkflowDraft['pins']>

const PINS_BYTES_MAX = 65_536
const PINS_MAX = 100

/** Throws `workflow_invalid`. */
export function checkedPins(pins: Pins): Pins {
  const bytes = Buffer.byteLength(JSON.stringify(pins))
  if (bytes > PINS_BYTES_MAX || Object.keys(pins).length > PINS_MAX)
    throw refused(`are more than ${PINS_MAX}, or larger than ${PINS_BYTES_MAX} bytes together`)
  if (!JSON.stringify(pins).isWellFormed()) throw refused('hold half of a surrogate pair, which is no character')
  return pins
}

function refused(message: string): ClarionError {
  const details = [{ path: '/pins', rule: 'pins', message }]
  return new ClarionError('workflow_invalid', `The pins ${message}.`, { details })
}
