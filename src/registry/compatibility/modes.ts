/** The verdict on a minor under each mode, from one comparison with each version. */
import { finding } from '../../json/json-text.ts'
import { COMPATIBILITY_MODES, type CompatibilityMode } from '../../model/compatibility.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { compareVersions } from './minor.ts'
import { limitProofs } from './proof-work.ts'
import { BOTH, type MinorReport, type MinorResult, type Question } from './report.ts'

export interface EarlierVersion {
  version: string
  payloadSchema: SchemaObject
}

export interface ModeVerdict extends MinorResult {
  /** The version that the findings are about. */
  version: string
}

export interface ModeVerdicts {
  of(mode: CompatibilityMode): ModeVerdict
}

const QUESTIONS: Readonly<Record<string, readonly Question[]>> = {
  full: BOTH,
  backward: ['producers'],
  forward: ['consumers'],
}

export const questionsOf = (mode: CompatibilityMode): readonly Question[] =>
  QUESTIONS[mode.replace('_transitive', '')] ?? BOTH
export const isTransitive = (mode: CompatibilityMode): boolean => mode.endsWith('_transitive')

/** Comparisons with older versions have this share of work together. */
const STEPS_MAX = 15_000
const FINDINGS_MAX = 20

/** `base`: the version before; `earlier`: the others of its major. Each is compared when a mode asks for it. */
export function judgeModes(
  base: EarlierVersion,
  earlier: readonly EarlierVersion[],
  next: SchemaObject,
  options: { strict: boolean },
): ModeVerdicts {
  const compare = (each: EarlierVersion) => ({
    version: each.version,
    report: compareVersions(each.payloadSchema, next, options),
  })
  const withBase = compare(base)
  let withAll: Array<{ version: string; report: MinorReport }> | undefined
  const all = () => {
    withAll ??= limitProofs(STEPS_MAX, () => [withBase, ...earlier.map(compare)])
    return withAll
  }
  return {
    of(mode) {
      const questions = questionsOf(mode)
      const results = (isTransitive(mode) ? all() : [withBase]).map(({ version, report }) => ({
        ...report.result(questions),
        version,
      }))
      const [first] = results
      return results.find(({ findings }) => findings.length > 0) ?? (first as ModeVerdict)
    },
  }
}

/** The findings of every mode, as a dry run answers them; `root`: the pointer of the schema in the request. */
export function verdictsByMode(
  verdicts: ModeVerdicts,
  root: string,
): Record<CompatibilityMode, { valid: boolean; findings: MinorResult['findings'] }> {
  const entries = COMPATIBILITY_MODES.map(mode => {
    const { findings, version } = verdicts.of(mode)
    const about = isTransitive(mode) ? ` (compared with ${version})` : ''
    const named = findings.map(({ path, rule, message }) => finding(root + path, rule, message + about))
    return [mode, { valid: findings.length === 0, findings: named.slice(0, FINDINGS_MAX) }] as const
  })
  return Object.fromEntries(entries) as ReturnType<typeof verdictsByMode>
}
