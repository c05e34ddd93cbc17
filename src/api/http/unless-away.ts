import { ClarionError } from '../../model/codes.ts'

/** For `catch`: undefined while the history is unavailable. Rethrows every other error. */
export function unlessAway(error: unknown): undefined {
  if (!(error instanceof ClarionError) || error.code !== 'service_unavailable') throw error
}
