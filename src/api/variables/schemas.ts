import { environment, object, stored, string } from '../http/schema-parts.ts'

export const NAME = '^[A-Z][A-Z0-9_]{0,62}$'

/** The bytes are checked by the control plane. */
export const valueInput = object({ value: { type: 'string', maxLength: 16_384 } })

const { id: _id, ...facts } = stored
export const variable = object({ ...facts, name: string, environment, value: string })
/** Never with its value. */
export const secret = object({ ...facts, name: string, environment })
