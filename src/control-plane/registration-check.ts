/** The registry's rules, asked of the state as it is: refusing with the first finding, or telling all of them (C.11.2). */
import { ClarionError } from '../codes.ts'
import { canonicalName } from '../events/names.ts'
import { checkRegistration, type RegistrationCheck, type RegistrationInput } from '../registry/check-registration.ts'
import type { Validators } from '../registry/validators.ts'
import type { DecisionView } from './overlay.ts'
import { registrationsUsed } from './plan-usage.ts'
import type { Organization, Registration } from './records.ts'

export interface NewRegistration extends RegistrationInput {
  /** Draft unless said. */
  status?: 'draft' | 'published'
  description?: string | null
}

/** What the rules found out about a version that may be registered. */
export type CheckedTemplate = Pick<Registration, 'canonicalName' | 'payloadSchema' | 'schemaHash' | 'schemaFlavour' | 'semverBump'> & {
  depth: number
  propertyCount: number
}

type Reading = Pick<DecisionView, 'event' | 'list'>

export interface TemplateChecks {
  check(
    input: NewRegistration,
    organization: Organization,
    view: Reading,
  ): { ok: true; facts: CheckedTemplate } | { ok: false; refusal: ClarionError }
  /** PX-20, and all findings. */
  dryRun(input: NewRegistration, organization: Organization, view: Reading): DryRun
}

export interface DryRun {
  valid: boolean
  canonicalName: string | null
  semverBump: Registration['semverBump'] | null
  schemaHash: string | null
  schemaFlavour: Registration['schemaFlavour']
  schemaDepth: number
  schemaPropertyCount: number
  findings: Array<{ code: string; message: string; details: NonNullable<ClarionError['details']> }>
}

export function createTemplateChecks({ validators }: { validators: Validators }): TemplateChecks {
  function checked(input: NewRegistration, organization: Organization, view: Reading): RegistrationCheck {
    const event = view.event(organization.id, fullNameOf(input))
    const used = registrationsUsed(view.list('registration', organization.id))
    return checkRegistration(input, { organization, event, registrationsUsed: used }, validators)
  }

  return {
    check(input, organization, view) {
      const { findings, semverBump, schemaHash, schemaFlavour, depth, propertyCount } = checked(input, organization, view)
      const [first] = findings
      if (first !== undefined || semverBump === null || schemaHash === null) return { ok: false, refusal: refusalOf(first) }
      const payloadSchema = input.payloadSchema as Registration['payloadSchema']
      const name = canonicalName(organization.id, fullNameOf(input), input.version)
      return { ok: true, facts: { canonicalName: name, payloadSchema, schemaHash, schemaFlavour, semverBump, depth, propertyCount } }
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
        schemaDepth: check.depth,
        schemaPropertyCount: check.propertyCount,
        findings: check.findings.map(({ code, message, details = [] }) => ({ code, message, details })),
      }
    },
  }
}

const fullNameOf = ({ namespace, name }: NewRegistration) => `${namespace}.${name}`

function refusalOf(finding: RegistrationCheck['findings'][number] | undefined): ClarionError {
  if (finding === undefined) throw new Error('a registration without findings must have a bump and a hash')
  return new ClarionError(finding.code, finding.message, finding.details === undefined ? {} : { details: finding.details })
}
