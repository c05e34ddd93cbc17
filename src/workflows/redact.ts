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

/** Longer ones first: one value may be part of another. */
function formsOf(values: Iterable<string>): string[] {
  const forms = new Set<string>()
  for (const value of values) {
    if (value.length < CHARACTERS_MIN) continue
    const bytes = Buffer.from(value)
    for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]) forms.add(form)
    forms.add(bytes.toString('base64').replace(/=+$/, ''))
    forms.add(bytes.toString('base64url'))
  }
  return [...forms].sort((a, b) => b.length - a.length)
}
