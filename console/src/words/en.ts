/** Every text of the console, in English. A second language is a catalogue of the same type. */
import { deliver } from './en/deliver.ts'
import { events } from './en/events.ts'
import { operator } from './en/operator.ts'
import { organization } from './en/organization.ts'
import { shell } from './en/shell.ts'
import { trying } from './en/trying.ts'

export const en = { ...shell, ...events, ...deliver, ...organization, ...operator, ...trying }
export type Words = typeof en
