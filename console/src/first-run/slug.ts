/** A slug and first namespace, from a name. */
export const slugOf = (name: string): string => {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 24)
  return slug.length < 2 ? 'shop' : slug
}
