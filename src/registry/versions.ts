/**
 * Versions of one event name: strict MAJOR.MINOR.PATCH, one step at a time (docs/specification/registry.md#versions).
 */
import { compare } from 'semver'
import type { Code } from '../model/codes.ts'
import type { RegisteredEvent } from '../model/control-view.ts'
import type { Registration } from '../model/registrations.ts'

export type SemverBump = Registration['semverBump']

/** `base`: the registration that the new version follows; undefined for an initial one. */
export type BumpCheck =
  | { bump: SemverBump; base: Registration | undefined }
  | { code: Code; message: string; existing?: Registration }

const INITIAL_VERSIONS = ['0.1.0', '1.0.0']

/** The step of a well-formed version from the highest one registered in any status, or why the version is refused. */
export function checkBump(event: RegisteredEvent | undefined, version: string): BumpCheck {
  const existing = event?.versions.get(version)
  if (existing) return { code: 'version_already_exists', message: `Version ${version} is taken.`, existing }
  const base = highest(event)
  if (!base) {
    if (INITIAL_VERSIONS.includes(version)) return { bump: 'initial', base }
    return { code: 'version_invalid_jump', message: `The first version must be ${INITIAL_VERSIONS.join(' or ')}.` }
  }
  if (compare(version, base.version) < 0) {
    return { code: 'version_downgrade', message: `Version ${version} is lower than ${base.version}.` }
  }
  const steps = stepsFrom(base.version)
  const bump = (['patch', 'minor', 'major'] as const).find(step => steps[step] === version)
  if (bump) return { bump, base }
  return {
    code: 'version_invalid_jump',
    message: `After ${base.version} come ${steps.patch}, ${steps.minor} or ${steps.major}.`,
  }
}

function highest(event: RegisteredEvent | undefined): Registration | undefined {
  let found: Registration | undefined
  for (const registration of event?.versions.values() ?? []) {
    if (!found || compare(registration.version, found.version) > 0) found = registration
  }
  return found
}

function stepsFrom(version: string): Record<'patch' | 'minor' | 'major', string> {
  const [major, minor, patch] = version.split('.').map(Number) as [number, number, number]
  return { patch: `${major}.${minor}.${patch + 1}`, minor: `${major}.${minor + 1}.0`, major: `${major + 1}.0.0` }
}
