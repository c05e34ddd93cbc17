/** Every text of the console, in English. A second language is a catalogue of the same type. */
import { automate } from './en/automate.ts'
import { deliver } from './en/deliver.ts'
import { events } from './en/events.ts'
import { exchange } from './en/exchange.ts'
import { operator } from './en/operator.ts'
import { organization } from './en/organization.ts'
import { shell } from './en/shell.ts'
import { trying } from './en/trying.ts'

export const en = { ...shell, ...events, ...deliver, ...organization, ...operator, ...trying, ...automate, ...exchange }
export type Words = typeof en
