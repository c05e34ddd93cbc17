import type { RunOptions } from '../../src/workflows/run-options.ts'
import type { RunFacts } from '../../topics/run-journal.ts'
import { exactJson } from './facts.ts'

const NONE: RunOptions = {}

/** Numbers of mocks and copied answers keep their digits. */
export const optionsOf = ({ options }: Pick<RunFacts, 'options'>): RunOptions =>
  options === null ? NONE : (exactJson(options) as RunOptions)
