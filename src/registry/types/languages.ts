/** The languages that types are generated for; apart from the generator, which is slow to load. */
export const LANGUAGES = ['typescript', 'python', 'go'] as const
export type Language = (typeof LANGUAGES)[number]
