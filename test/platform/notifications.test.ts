/**
 * Notifications on a whole platform: a receiver in the place of Slack and of other programs, and the development
 * mailbox. One minute of the schedule becomes 20 ms.
 */
import { describeChannels } from './notifications/channels.ts'
import { describeNotices } from './notifications/notices.ts'
import { describeProcesses } from './notifications/processes.ts'
import { useNotifications } from './notifications/set-up.ts'

useNotifications()

describeChannels()
describeNotices()
describeProcesses()
