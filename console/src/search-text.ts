/** Search parameters are texts, as they are in the URL: an id that looks like a number stays what it is. */
export type SearchTexts = Record<string, string>

export function parseSearch(text: string): SearchTexts {
  return Object.fromEntries(new URLSearchParams(text))
}

export function stringifySearch(search: Record<string, unknown>): string {
  const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== '')
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? '' : `?${text}`
}

/** Takes the named parameters that are there; every other one is dropped. */
export const only =
  <const Names extends readonly string[]>(...names: Names) =>
  (search: Record<string, unknown>): { [Name in Names[number]]?: string | undefined } => {
    const taken: Record<string, string> = {}
    for (const name of names) if (typeof search[name] === 'string' && search[name] !== '') taken[name] = search[name]
    return taken as { [Name in Names[number]]?: string | undefined }
  }
