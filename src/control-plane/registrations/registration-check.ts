/** The registry's rules, applied to the current state: either the first finding refuses, or all are listed. */
import { ClarionError, type Code, type Finding } from '../../model/codes.ts'
import { canonicalName } from '../../model/names.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import type { ReceiverFinding, Registration } from '../../model/registrations.ts'
import { checkRegistration, type RegistrationCheck, type RegistrationInput } from '../../registry/check-registration.ts'
import { verdictsByMode } from '../../registry/compatibility/modes.ts'
import type { SchemaObject } from '../../registry/schema-positions.ts'
import type { Validators } from '../../registry/validators.ts'
import { excessNames, registrationsUsed } from '../plans/plan-usage.ts'
import type { DecisionView } from '../store/overlay.ts'
import { consequencesOf, type JudgedContract, judgedContracts } from './receiver-contracts.ts'

export interface NewRegistration extends RegistrationInput {
  /** `draft` by default. */
  status?: 'draft' | 'published'
  description?: string | null
}

/** Facts about a version that passed the rules. */
export type CheckedRegistration = Pick<
  Registration,
  'canonicalName' | 'payloadSchema' | 'schemaHash' | 'schemaFlavour' | 'semverBump'
> & {
  depth: number
  propertyCount: number
  /** Of the change from the previous version; paths are pointers into the request body. */
  warnings: ReceiverFinding[]
}

type Reading = Pick<DecisionView, 'event' | 'list'>

export interface RegistrationRules {
  check(
    input: NewRegistration,
    organization: Organization,
    view: Reading,
  ): { ok: true; facts: CheckedRegistration } | { ok: false; refusal: ClarionError }
  /** All findings, and nothing is stored. */
  dryRun(input: NewRegistration, organization: Organization, view: Reading): DryRun
  /** Two versions of one name, as if the later one followed the earlier one. */
  compare(from: Registration, to: Registration, organization: Organization): Comparison
  /** Findings of a payload under the proposed schema; undefined when the schema cannot judge payloads. */
  judge(input: NewRegistration, checked: DryRun): ((payload: unknown) => Finding[]) | undefined
}

/** Findings that leave a schema unable to judge payloads. */
const UNUSABLE = ['schema_too_deep', 'schema_too_wide', 'invalid_json_schema']

export interface DryRun {
  valid: boolean
  canonicalName: string | null
  semverBump: Registration['semverBump'] | null
  schemaHash: string | null
  schemaFlavour: Registration['schemaFlavour']
  /** `schemaDepth` and `schemaPropertyCount` are older names of `depth` and `propertyCount`; answers have both. */
  schemaDepth: number
  schemaPropertyCount: number
  depth: number
  propertyCount: number
  /**
   * One for each code, in the order of docs/specification/registry.md#order-of-registration-checks; `path` and `rule`
   * are those of the first detail.
   */
  findings: Array<Finding & { code: Code; details: Finding[] }>
  /** The codes of the findings: a registration would answer with the first. */
  errors: Code[]
  /** Of the change from the previous version, of formats, and of receivers' contracts. */
  warnings: ReceiverFinding[]
  /** Of the receivers that would get the version. */
  contracts: JudgedContract[]
  /**
   * Whether every payload of the previous version is proved valid under this one; null without a version to compare.
   */
  proof: boolean | null
  /** Of a minor: the verdict under each mode; paths are pointers into the request body. Null otherwise. */
  modes: ReturnType<typeof verdictsByMode> | null
}

interface CheckedWithContracts extends Omit<RegistrationCheck, 'warnings'> {
  warnings: ReceiverFinding[]
  contracts: JudgedContract[]
}

export interface Comparison extends Pick<DryRun, 'findings' | 'warnings' | 'proof'> {
  /** `none`: the same version. */
  bump: 'none' | 'patch' | 'minor' | 'major' | 'downgrade'
  /** Whether the numbers say what the schemas do. */
  legal: boolean
}

export function createRegistrationRules({ validators }: { validators: Validators }): RegistrationRules {
  function checked(input: NewRegistration, organization: Organization, view: Reading): CheckedWithContracts {
    const event = view.event(organization.id, fullNameOf(input))
    const registrations = view.list('registration', organization.id)
    const isReadOnly = excessNames(registrations, planOf(organization.plan).registrations).has(fullNameOf(input))
    const context = { organization, event, registrationsUsed: registrationsUsed(registrations), isReadOnly }
    const check = checkRegistration(input, context, validators)
    if (check.schemaHash === null || check.findings.some(({ code }) => UNUSABLE.includes(code)))
      return { ...check, contracts: [] }
    const receivers = {
      webhooks: view.list('webhook', organization.id),
      queues: view.list('queue', organization.id),
      workflows: view.list('workflow', organization.id),
    }
    const contracts = judgedContracts(receivers, {
      fullName: fullNameOf(input),
      version: input.version,
      canonicalName: canonicalName(organization.id, fullNameOf(input), input.version),
      schema: input.payloadSchema as SchemaObject,
    })
    const { findings, warnings } = consequencesOf(contracts, check.semverBump, organization)
    return {
      ...check,
      findings: [...check.findings, ...findings],
      warnings: [...check.warnings, ...warnings],
      contracts,
    }
  }

  return {
    check(input, organization, view) {
      const { findings, semverBump, schemaHash, schemaFlavour, depth, propertyCount, warnings } = checked(
        input,
        organization,
        view,
      )
      const [first] = findings
      if (first !== undefined || semverBump === null || schemaHash === null)
        return { ok: false, refusal: refusalOf(first) }
      const payloadSchema = input.payloadSchema as Registration['payloadSchema']
      const name = canonicalName(organization.id, fullNameOf(input), input.version)
      const facts = {
        canonicalName: name,
        payloadSchema,
        schemaHash,
        schemaFlavour,
        semverBump,
        depth,
        propertyCount,
        warnings,
      }
      return { ok: true, facts }
    },
    dryRun(input, organization, view) {
      const check = checked(input, organization, view)
      const valid = check.findings.length === 0
      return {
        valid,
        canonicalName: valid ? canonicalName(organization.id, fullNameOf(input), input.version) : null,
        semverBump: check.semverBump,
        schemaHash: check.schemaHash,
        schemaFlavour: check.schemaFlavour,
        ...{
          schemaDepth: check.depth,
          schemaPropertyCount: check.propertyCount,
          depth: check.depth,
          propertyCount: check.propertyCount,
        },
        findings: check.findings.map(presentFinding),
        errors: check.findings.map(({ code }) => code),
        warnings: check.warnings,
        contracts: check.contracts,
        proof: check.proof,
        modes: check.modes && verdictsByMode(check.modes, '/payloadSchema'),
      }
    },
    compare(from, to, organization) {
      const bump = bumpBetween(from.version, to.version)
      if (bump === 'none') return { bump, legal: true, proof: true, findings: [], warnings: [] }
      if (bump === 'downgrade') return { bump, legal: false, proof: null, findings: [], warnings: [] }
      const { namespace, name, payloadSchema } = to
      const fullName = `${namespace}.${name}`
      const event = { fullName, versions: new Map([[from.version, from]]), latestPublished: from }
      const input = { namespace, name, version: nextOf(from.version, bump), payloadSchema }
      const context = {
        organization: { plan: organization.plan, namespaceAllowlist: [namespace], ...strictOf(organization) },
        ...{ event, registrationsUsed: 0 },
      }
      const { findings, warnings, proof } = checkRegistration(input, context, validators)
      const shown = findings.filter(({ code }) => COMPARED.includes(code)).map(presentFinding)
      return { bump, legal: shown.length === 0, proof, findings: shown, warnings }
    },
    judge({ payloadSchema }, { schemaHash, schemaFlavour, errors }) {
      if (schemaHash === null || errors.some(code => UNUSABLE.includes(code))) return undefined
      const schema = { schemaHash, schemaFlavour, payloadSchema: payloadSchema as Registration['payloadSchema'] }
      return payload => validators.validate(schema, payload)
    },
  }
}

const fullNameOf = ({ namespace, name }: NewRegistration) => `${namespace}.${name}`

function refusalOf(finding: RegistrationCheck['findings'][number] | undefined): ClarionError {
  if (finding === undefined) throw new Error('a registration without findings must have a bump and a hash')
  return new ClarionError(
    finding.code,
    finding.message,
    finding.details === undefined ? {} : { details: finding.details },
  )
}

/** The subject of a comparison; a version that is there has passed the other checks. */
const COMPARED: readonly Code[] = ['patch_must_be_byte_equal', 'minor_must_be_backwards_compatible']

const strictOf = ({ strictCompatibility }: Organization) =>
  strictCompatibility === undefined ? {} : { strictCompatibility }

function presentFinding({
  code,
  message,
  details = [],
}: RegistrationCheck['findings'][number]): DryRun['findings'][number] {
  const { path = '', rule = code } = details[0] ?? {}
  return { code, path, rule, message, details }
}

const STEPS = ['major', 'minor', 'patch'] as const

function bumpBetween(from: string, to: string): Comparison['bump'] {
  const [before, after] = [from, to].map(version => version.split('.').map(Number)) as [number[], number[]]
  const at = before.findIndex((part, index) => part !== after[index])
  if (at < 0) return 'none'
  return after[at]! > before[at]! ? STEPS[at]! : 'downgrade'
}

function nextOf(version: string, step: (typeof STEPS)[number]): string {
  const [major, minor, patch] = version.split('.').map(Number) as [number, number, number]
  if (step === 'patch') return `${major}.${minor}.${patch + 1}`
  return step === 'minor' ? `${major}.${minor + 1}.0` : `${major + 1}.0.0`
}
