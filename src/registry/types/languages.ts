/** The languages that types are generated for; in a file of its own because the generator is slow to load. */
export const LANGUAGES = ['typescript', 'python', 'go'] as const
export type Language = (typeof LANGUAGES)[number]
