/**
 * Receiver contracts: schemas of what a receiver needs of an event. A version honours a contract if every payload that it
 * takes satisfies the contract (docs/specification/registry.md#receiver-contracts).
 */
import { compareVersions } from './compatibility/minor.ts'
import { limitProofs } from './compatibility/proof-work.ts'
import type { SchemaObject } from './schema-positions.ts'

export interface ContractVerdict {
  holds: true | false | 'unknown'
  /** Pointer into the contract: the first thing that a payload may lack. Empty where it holds. */
  path: string
}

/** All contracts of one version share this work; what is left over is `unknown`. */
const STEPS_MAX = 15_000

/** In the order of the contracts. */
export function judgeContracts(schema: SchemaObject, contracts: readonly SchemaObject[]): ContractVerdict[] {
  return limitProofs(STEPS_MAX, () => contracts.map(contract => judge(schema, contract)))
}

/** A property that an open version does not list may hold anything: strict, since a receiver needs what it names. */
function judge(schema: SchemaObject, contract: SchemaObject): ContractVerdict {
  const { findings } = compareVersions(schema, contract, { strict: true }).result(['producers'])
  const [first] = findings
  if (!first) return { holds: true, path: '' }
  const shown = findings.find(({ rule }) => rule !== 'not_provable' && rule !== 'pattern_changed')
  return shown ? { holds: false, path: shown.path } : { holds: 'unknown', path: first.path }
}
