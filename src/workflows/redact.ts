/** Values of secrets in what is shown or stored of a run. */

/** A shorter value would hide too much that is no secret. */
const CHARACTERS_MIN = 6
const MARK = '***'

/** The text, with each value replaced by `***`, as it is and as base64, in a URL and inside JSON. */
export function redacted(text: string, values: Iterable<string>): string {
  let shown = text
  for (const form of formsOf(values)) shown = shown.replaceAll(form, MARK)
  return shown
}

const NONE: readonly string[] = []

/** Longer ones first: one value may be part of another. */
function formsOf(values: Iterable<string>): readonly string[] {
  let forms: Set<string> | undefined
  for (const value of values) {
    if (value.length < CHARACTERS_MIN) continue
    const bytes = Buffer.from(value)
    forms ??= new Set()
    for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]) forms.add(form)
    forms.add(bytes.toString('base64').replace(/=+$/, ''))
    forms.add(bytes.toString('base64url'))
  }
  return forms === undefined ? NONE : [...forms].sort((a, b) => b.length - a.length)
}
