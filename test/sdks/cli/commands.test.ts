/** The command line without a platform: a server that answers as one would. */
import { describeGeneral } from './commands/general.ts'
import { describeSingle } from './commands/single.ts'

describeGeneral()
describeSingle()
