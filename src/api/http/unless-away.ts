import { ClarionError } from '../../model/codes.ts'

/** For `catch`: undefined in place of what the history cannot tell now. Rethrows everything else. */
export function unlessAway(error: unknown): undefined {
  if (!(error instanceof ClarionError) || error.code !== 'service_unavailable') throw error
}
