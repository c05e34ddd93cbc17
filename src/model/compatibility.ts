/** The rules that a minor version of an event must hold to (docs/specification/registry.md#modes). */

/**
 * `backward`: what was valid stays valid. `forward`: what consumers rely on holds. `full`: both. `…_transitive`: against
 * every version of the major, not only the one before.
 */
export const COMPATIBILITY_MODES = [
  'full',
  'backward',
  'forward',
  'full_transitive',
  'backward_transitive',
  'forward_transitive',
] as const
export type CompatibilityMode = (typeof COMPATIBILITY_MODES)[number]

export const CONTRACT_POLICIES = ['warn', 'refuse'] as const
export type ContractPolicy = (typeof CONTRACT_POLICIES)[number]

/** `mode` absent: `full`. `names`: modes of single events, by `<namespace>.<name>`. */
export interface Compatibility {
  /** The verdict on a minor that breaks a receiver's contract; `warn` if absent. */
  contractPolicy?: ContractPolicy
  mode?: CompatibilityMode
  names?: Readonly<Record<string, CompatibilityMode>>
}

export interface ModeInForce {
  mode: CompatibilityMode
  /** Nothing was set here: it is the organization's, or the platform's default. */
  inherited: boolean
  /** Of the organization, whichever name it is asked of. */
  contractPolicy: ContractPolicy
}

/** Of one event; of the organization without a name. */
export function modeInForce({ compatibility }: { compatibility?: Compatibility }, fullName?: string): ModeInForce {
  const { mode, names = {}, contractPolicy = 'warn' } = compatibility ?? {}
  if (fullName === undefined) return { mode: mode ?? 'full', inherited: mode === undefined, contractPolicy }
  const own = Object.hasOwn(names, fullName) ? names[fullName] : undefined
  return { mode: own ?? mode ?? 'full', inherited: own === undefined, contractPolicy }
}
