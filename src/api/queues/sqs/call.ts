import type { Owner } from '../../../model/environments.ts'
import type { Input } from './input.ts'

/** One request, signed by a key of its organization. */
export interface SqsCall {
  owner: Owner
  /** The caller may not see payloads. */
  isWithheld: boolean
  input: Input
  /** By which the caller came: `https://clarion.example`. */
  base: string
  signal: AbortSignal
}
