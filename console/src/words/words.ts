/** The catalogue in use. */
import { en, type Words } from './en.ts'

export const w: Words = en
