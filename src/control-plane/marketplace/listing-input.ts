/** The fields that a publisher writes: their form, and how they are stored. */
import { finding } from '../../json/json-text.ts'
import { ClarionError, type Code } from '../../model/codes.ts'
import type { License, Listing } from '../../model/marketplace.ts'

export interface LicenseInput {
  spdx?: string
  custom?: string
  requiresAcceptance?: boolean
}

export interface ListingFields {
  title: string
  description?: string
  tags?: string[]
  license?: LicenseInput | null
  changelog?: string | null
}

type Written = Pick<Listing, 'title' | 'description' | 'tags' | 'license' | 'changelog'>

/** Throws `invalid_title`, `invalid_tag`, or `validation_failed` for a license that is none or two. */
export function checkedFields(fields: Partial<ListingFields>): Partial<Written> {
  const { title, description, tags, license, changelog } = fields
  return {
    ...(title === undefined ? {} : { title: checkedTitle(title) }),
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags: checkedTags(tags) }),
    ...(license === undefined ? {} : { license: license === null ? null : checkedLicense(license) }),
    ...(changelog === undefined ? {} : { changelog }),
  }
}

const TITLE_CHARACTERS = { min: 3, max: 120 } as const

function checkedTitle(text: string): string {
  const title = text.trim()
  const { length } = [...title]
  if (length >= TITLE_CHARACTERS.min && length <= TITLE_CHARACTERS.max) return title
  throw refused(
    'invalid_title',
    '/title',
    `must have ${TITLE_CHARACTERS.min} to ${TITLE_CHARACTERS.max} characters after trimming`,
  )
}

export const TAG_PATTERN = /^[a-z0-9-]{2,30}$/
const TAGS_MAX = 10

/** The same tag twice is one. */
function checkedTags(given: readonly string[]): string[] {
  const tags = [...new Set(given)]
  if (tags.length > TAGS_MAX) throw refused('invalid_tag', '/tags', `must be at most ${TAGS_MAX} tags`)
  const at = given.findIndex(tag => !TAG_PATTERN.test(tag))
  if (at < 0) return tags
  throw refused('invalid_tag', `/tags/${at}`, 'must be 2 to 30 lower-case letters, digits or hyphens')
}

function checkedLicense({ spdx, custom, requiresAcceptance = false }: LicenseInput): License {
  if ((spdx === undefined) !== (custom === undefined))
    return { spdx: spdx ?? null, custom: custom ?? null, requiresAcceptance }
  throw refused(
    'validation_failed',
    '/license',
    'must have either spdx, an identifier of the SPDX list, or custom, the text itself',
  )
}

function refused(code: Code, path: string, message: string): ClarionError {
  return new ClarionError(code, `${path} ${message}.`, { details: [finding(path, code, message)] })
}

/** Identifiers of licenses that let anybody pass the work on unchanged. */
const REDISTRIBUTABLE: ReadonlySet<string> = new Set([
  ...['0BSD', 'AFL-3.0', 'AGPL-3.0-only', 'AGPL-3.0-or-later', 'Apache-2.0', 'Artistic-2.0', 'BSD-2-Clause'],
  ...['BSD-3-Clause', 'BSL-1.0', 'CC0-1.0', 'CC-BY-4.0', 'CC-BY-SA-4.0', 'ECL-2.0', 'EPL-2.0', 'EUPL-1.2'],
  ...['GPL-2.0-only', 'GPL-2.0-or-later', 'GPL-3.0-only', 'GPL-3.0-or-later', 'ISC', 'LGPL-2.1-only'],
  ...['LGPL-2.1-or-later', 'LGPL-3.0-only', 'LGPL-3.0-or-later', 'MIT', 'MIT-0', 'MPL-2.0', 'ODbL-1.0'],
  ...['PDDL-1.0', 'Unlicense', 'UPL-1.0', 'WTFPL', 'Zlib'],
])

export const isRedistributable = (license: License | null): boolean =>
  license?.spdx !== null && license?.spdx !== undefined && REDISTRIBUTABLE.has(license.spdx)
