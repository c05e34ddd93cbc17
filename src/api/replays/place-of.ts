/** Cursors of the log as the start of a replay: one that retention has passed begins where the log does now. */

import { ClarionError } from '../../model/codes.ts'
import type { Cursors } from '../../streaming/cursor.ts'
import type { Resume } from '../../streaming/resume.ts'
import { logOf } from '../../streaming/streaming.ts'
import type { PlaceOf } from './requested.ts'

export function createPlaceOf({ cursors, resume }: { cursors: Cursors; resume: Resume }): PlaceOf {
  return async (owner, cursor, path) => {
    const position = readAt(path, () => cursors.read(owner, cursor))
    const log = logOf(owner)
    try {
      const { offsets } = await resume.check(log, position)
      return { offsets: offsets.map(Number), isClamped: false }
    } catch (error) {
      if (!(error instanceof ClarionError) || error.code !== 'cursor_expired' || isAhead(error)) throw error
      const { offsets } = (await resume.gap(log, position)).position
      return { offsets: offsets.map(Number), isClamped: true }
    }
  }
}

/** The log ends before the cursor: there is nothing to be cut off. */
const isAhead = ({ facts }: ClarionError): boolean => facts?.reason === 'ahead'

function readAt<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ClarionError)) throw error
    const details = error.details?.map(each => ({ ...each, path }))
    throw new ClarionError(error.code, error.message, { ...(details && { details }) })
  }
}
