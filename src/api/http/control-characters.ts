/** Control characters in what a caller sends. */
import { pointerTo } from '../../json/json-pointer.ts'
import { ClarionError } from '../../model/codes.ts'

const CONTROLS = /[\u0000-\u001f\u007f]/

/** No id, name or time has control characters, and some readers further on reject them. Throws `validation_failed`. */
export function refuseControls(values: object, path = ''): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'object' && value !== null) refuseControls(value, pointerTo(path, name))
    if (typeof value !== 'string' || !CONTROLS.test(value)) continue
    const details = [
      { path: pointerTo(path, name), rule: 'control_characters', message: 'must not contain control characters' },
    ]
    throw new ClarionError('validation_failed', `'${name}' contains a control character: leave it out.`, { details })
  }
}
