/** From a call to its answer, and to the change that it makes, if it makes one. */
import type { OwnBooks } from './books.ts'
import type { Change, Given, Situation } from './change.ts'
import { COMMANDS, isCommandName } from './commands.ts'
import type { Entry } from './kinds.ts'
import { read } from './read.ts'
import { shown } from './shown.ts'

export interface Settled {
  /** To be applied; undefined: it was a read. */
  change: Change | undefined
  status: number
  body: unknown
}

/** Throws `ClarionError` for what is refused. */
export function settle(name: string, given: Given, books: OwnBooks, situation: Situation): Settled {
  if (!isCommandName(name)) {
    const { id, body } = given
    return { change: undefined, status: 200, body: read({ name, id, body }, books, situation) }
  }
  const change = COMMANDS[name](given, situation)
  return { change, status: change.status ?? 200, body: bodyOf(change) }
}

const isEntry = (answer: Change['answer']): answer is Entry => 'createdAtMs' in answer

/** A record as it is shown after the change. */
const bodyOf = ({ answer }: Change): unknown => (isEntry(answer) ? shown(answer) : answer)
